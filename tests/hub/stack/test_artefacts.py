import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from hub.stack import artefacts
from hub.stack.artefacts import Jar, Pins, RuleSet
from hub.stack.errors import StackError

CONTENT = b"not a jar, but bytes with a hash"
JAR = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest())


def _serve(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    def resolve(_jar: Jar, scratch: Path) -> Path:
        (scratch / "fetched.jar").write_bytes(content)
        return scratch / "fetched.jar"

    monkeypatch.setattr(artefacts, "_resolve", resolve)


def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr(artefacts, "RETRY_SECONDS", 0)


def _pins(*jars: Jar, files: dict[str, tuple[str, ...]] | None = None) -> Pins:
    return Pins({"kafka": jars, "rules": jars}, files or {}, ())


def test_a_jar_is_fetched_once_and_its_progress_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(monkeypatch, CONTENT)
    lines: list[str] = []
    for _ in range(2):
        (path,) = artefacts.ensure("kafka", folder, lines.append, listed=_pins(JAR))
        assert path.read_bytes() == CONTENT
    assert lines == ["Downloaded org.example:thing:1.0 (1 of 1)"]
    assert not list(folder.glob(".part-*"))


def test_a_download_with_the_wrong_hash_is_refused_and_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(monkeypatch, b"something else")
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(StackError) as refused:
        artefacts.ensure("kafka", folder, listed=_pins(JAR))
    assert all(word in str(refused.value) for word in ("org.example:thing:1.0", JAR.sha256, found, "not kept"))
    assert not (folder / JAR.path).exists()
    assert not list(folder.glob(".part-*"))


def test_a_kept_jar_that_was_altered_is_refused_with_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _serve(monkeypatch, CONTENT)
    (path,) = artefacts.ensure("kafka", folder, listed=_pins(JAR))
    path.write_bytes(CONTENT + b"!")
    with pytest.raises(StackError, match=f"Delete {path} and start again"):
        artefacts.ensure("kafka", folder, listed=_pins(JAR))


def test_after_the_first_time_no_network_is_needed(
    cache: Path, jars: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    artefacts.ensure_rules(cache)
    _no_network(monkeypatch)
    assert artefacts.ensure("kafka", cache) == jars
    assert artefacts.ensure_rules(cache).is_dir()


def test_without_a_network_the_first_time_the_operator_is_told_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _no_network(monkeypatch)
    with pytest.raises(StackError, match=r"Could not download org\.example:thing:1\.0.*HTTPS_PROXY.*HUB_CACHE_DIR"):
        artefacts.ensure("kafka", folder, listed=_pins(JAR))


def test_every_stylesheet_and_schema_that_is_listed_is_unpacked(cache: Path) -> None:
    root = artefacts.ensure_rules(cache)
    for rules in artefacts.rule_sets():
        assert rules.stylesheets
        for paths in rules.stylesheets.values():
            assert all((root / path).is_file() for path in paths)
    assert (root / "external/schemas/ubl22/maindoc/UBL-Invoice-2.2.xsd").is_file()
    assert (root / "schemas/xmldsig-core-schema.xsd").is_file()


def test_each_day_since_the_first_rule_set_of_a_document_type_has_exactly_one() -> None:
    for kind in ("invoice", "creditnote", "invoice_response", "mls", "reminder", "payment_request", "forward_billing"):
        sets = [rules for rules in artefacts.rule_sets() if kind in rules.stylesheets]
        for earlier, later in pairwise(sets):
            assert earlier.valid_to is not None
            assert (later.valid_from - earlier.valid_to).days == 1
        assert sets[-1].valid_to is None


def test_a_rule_set_is_in_force_on_its_first_and_last_day() -> None:
    rules = RuleSet("x", date(2026, 1, 1), date(2026, 1, 31), "m", {})
    assert rules.in_force(date(2026, 1, 1))
    assert rules.in_force(date(2026, 1, 31))
    assert not rules.in_force(date(2025, 12, 31))
    assert not rules.in_force(date(2026, 2, 1))
    assert replace(rules, valid_to=None).in_force(date(2099, 1, 1))


def test_a_changed_list_unpacks_anew_and_leaves_the_old_rules_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(folder / "source.jar", "w") as archive:
        archive.writestr("a/one.xsd", "1")
        archive.writestr("a/b/two.xsd", "2")
    content = (folder / "source.jar").read_bytes()
    _serve(monkeypatch, content)
    jar = Jar("org.example:thing:1.0", hashlib.sha256(content).hexdigest())
    before = artefacts.ensure_rules(folder, listed=_pins(jar, files={jar.module: ("a/*.xsd",)}))
    after = artefacts.ensure_rules(folder, listed=_pins(jar, files={jar.module: ("a/*.xsd", "a/b/*.xsd")}))
    assert [path.name for path in before.rglob("*.xsd")] == ["one.xsd"]
    assert {path.name for path in after.rglob("*.xsd")} == {"one.xsd", "two.xsd"}
    with pytest.raises(StackError, match=r"holds no file a/none\.xsd"):
        artefacts.ensure_rules(folder, listed=_pins(jar, files={jar.module: ("a/none.xsd",)}))


def test_processes_that_unpack_at_once_all_get_whole_rules(folder: Path, cache: Path) -> None:
    (folder / "jars").symlink_to(cache / "jars")
    code = "import sys, pathlib; from hub.stack.artefacts import ensure_rules as e; print(e(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(folder)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    roots = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0, 0]
    assert len(roots) == 1
    assert len(list(Path(roots.pop()).rglob("*.xslt"))) > 5


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HUB_CACHE_DIR": "/srv/cache", "HOME": "{folder}"}, "/srv/cache"),
        ({"XDG_CACHE_HOME": "/srv/xdg", "HOME": "{folder}"}, "/srv/xdg/sentral"),
        ({"HOME": "{folder}"}, "{folder}/.cache/sentral"),
        ({"HOME": "/"}, "{folder}/sentral-{uid}"),
        ({"HOME": "/nonexistent"}, "{folder}/sentral-{uid}"),
        ({}, "{folder}/sentral-{uid}"),
    ],
)
def test_the_cache_folder_follows_the_settings_and_does_without_a_home(
    environment: dict[str, str], expected: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    given = {name: value.format(folder=folder) for name, value in environment.items()}
    assert artefacts.cache_folder(given) == Path(expected.format(folder=folder, uid=os.getuid()))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders to others")
def test_a_temporary_cache_folder_of_somebody_else_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    (folder / f"sentral-{os.getuid()}").mkdir()
    os.chown(folder / f"sentral-{os.getuid()}", 65534, 65534)
    with pytest.raises(StackError, match="belongs to another user"):
        artefacts.cache_folder({})


def test_a_cache_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / "file").write_text("in the way")
    with pytest.raises(StackError, match="HUB_CACHE_DIR"):
        artefacts.ensure("kafka", folder / "file", listed=_pins(JAR))
