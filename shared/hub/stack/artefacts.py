"""The jars that Sentral fetches by name: pinned in deploy/artefacts.toml, checked, kept and unpacked in one folder.

A jar counts only once its SHA-256 is the pinned one, so it does not matter which server it came from. After the first
time nothing here needs a network.
"""

import contextlib
import fcntl
import fnmatch
import hashlib
import os
import shutil
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hub.stack.errors import StackError

Progress = Callable[[str], None]

PARALLEL = 4  # most of a small jar's download is waiting for the server
ATTEMPTS = 3
RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Jar:
    """A pinned jar: Maven coordinate `group:artifact:version` and the SHA-256 of its bytes (lower-case hex)."""

    coordinate: str
    sha256: str

    @property
    def module(self) -> str:
        """`group:artifact`."""
        return self.coordinate.rpartition(":")[0]

    @property
    def path(self) -> Path:
        """Where the jar lies below the cache folder."""
        group, artifact, version = self.coordinate.split(":")
        return Path("jars") / group / f"{artifact}-{version}.jar"


@dataclass(frozen=True)
class RuleSet:
    """The stylesheets that judge documents on the days `valid_from` to `valid_to` (inclusive; None: still in force).

    `stylesheets` maps a document type (`invoice`, `creditnote`, `invoice_response`) to paths below the folder that
    `ensure_rules` gives, in the order in which they judge.
    """

    name: str
    valid_from: date
    valid_to: date | None
    module: str
    stylesheets: Mapping[str, tuple[Path, ...]]

    def in_force(self, day: date) -> bool:
        """Whether documents validated on this day are judged by it."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Pins:
    """What deploy/artefacts.toml says. `files` maps `group:artifact` to the patterns unpacked from that jar."""

    groups: Mapping[str, tuple[Jar, ...]]
    files: Mapping[str, tuple[str, ...]]
    rule_sets: tuple[RuleSet, ...]


def pins_file() -> Path:
    """Find the list of pins: deploy/artefacts.toml in a source tree, hub/artefacts.toml in an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "artefacts.toml", package.parents[1] / "deploy" / "artefacts.toml")
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise StackError(f"The list of pinned jars is missing; looked for {' and '.join(map(str, candidates))}. Reinstall.")


@cache
def pins(file: Path | None = None) -> Pins:
    """Read the list of pins (once per process and file)."""
    content = tomllib.loads((file or pins_file()).read_text(encoding="utf-8"))
    groups = {
        name: tuple(Jar(coordinate, sha256) for coordinate, sha256 in table["jars"].items())
        for name, table in content.items()
        if isinstance(table, dict) and "jars" in table
    }
    files = {module: tuple(patterns) for module, patterns in content.get("rules", {}).get("files", {}).items()}
    return Pins(groups, files, tuple(map(_rule_set, content.get("rule_sets", []))))


def _rule_set(entry: Mapping[str, Any]) -> RuleSet:
    stylesheets = {kind: tuple(map(Path, paths)) for kind, paths in entry["stylesheets"].items()}
    return RuleSet(entry["name"], entry["valid_from"], entry.get("valid_to"), entry["jar"], stylesheets)


def rule_sets() -> tuple[RuleSet, ...]:
    """Every dated rule set that is listed, oldest first."""
    return tuple(sorted(pins().rule_sets, key=lambda rules: rules.valid_from))


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where fetched files are kept: HUB_CACHE_DIR, else $XDG_CACHE_HOME/sentral, else ~/.cache/sentral.

    An account without a usable home (a container's numeric user) gets a folder of its own in the temporary folder.
    """
    if configured := environment.get("HUB_CACHE_DIR"):
        return Path(configured).expanduser().absolute()
    if (xdg := environment.get("XDG_CACHE_HOME")) and Path(xdg).is_absolute():
        return Path(xdg) / "sentral"
    home = environment.get("HOME", "")
    if home not in ("", "/") and Path(home).is_absolute() and os.access(home, os.W_OK):
        return Path(home) / ".cache" / "sentral"
    own = Path(tempfile.gettempdir()) / f"sentral-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    if own.lstat().st_uid != os.getuid():  # anybody may make a folder of this name there
        raise StackError(f"{own} belongs to another user. Set HUB_CACHE_DIR to a folder of your own.")
    return own


def ensure(group: str, folder: Path, progress: Progress | None = None, *, listed: Pins | None = None) -> list[Path]:
    """Have every jar of a group (`kafka`, `rules`) in the cache folder, checked, and give their paths.

    What is missing is downloaded, with a line of progress per jar. Every call checks every hash (0.1 s for 45 jars).
    Raises StackError, naming the jar and the remedy, when a hash differs or a download fails.
    """
    jars = (listed or pins()).groups[group]
    if _missing(jars, folder):  # else no lock: a finished cache folder may be read-only, as in an image
        with _locked(folder):
            _fetch(_missing(jars, folder), folder, progress or _silent)
    for jar in jars:
        _check(jar, folder / jar.path, kept=True)
    return [folder / jar.path for jar in jars]


def ensure_rules(folder: Path, progress: Progress | None = None, *, listed: Pins | None = None) -> Path:
    """Have the schemas and stylesheets unpacked, and give the folder below which they lie as in their jars.

    The folder's name is a hash of the pins: it appears whole by one rename, a changed list unpacks anew beside it, and
    a running process never sees its rules change.
    """
    listed = listed or pins()
    paths = ensure("rules", folder, progress, listed=listed)
    unpacked = folder / "rules" / _fingerprint(listed)
    if unpacked.is_dir():
        return unpacked
    with _locked(folder):
        if not unpacked.is_dir():  # another process may have done it meanwhile
            unpacked.parent.mkdir(exist_ok=True)
            scratch = _scratch(folder)
            for jar, path in zip(listed.groups["rules"], paths, strict=True):
                _unpack(path, _wanted(jar.module, listed), scratch)
            scratch.chmod(0o755)
            scratch.rename(unpacked)
            (progress or _silent)("Unpacked the validation rules")
    return unpacked


def _silent(_line: str) -> None:
    """Show no progress."""


def _missing(jars: Iterable[Jar], folder: Path) -> list[Jar]:
    return [jar for jar in jars if not (folder / jar.path).is_file()]


def _fetch(jars: list[Jar], folder: Path, progress: Progress) -> None:
    with ThreadPoolExecutor(PARALLEL) as pool:
        try:
            for done, jar in enumerate(pool.map(lambda jar: _download(jar, folder), jars), start=1):
                progress(f"Downloaded {jar.coordinate} ({done} of {len(jars)})")
        except BaseException:  # else the rest would be downloaded before the caller hears of it
            pool.shutdown(cancel_futures=True)
            raise


def _download(jar: Jar, folder: Path) -> Jar:
    """Fetch into a folder of its own, because a broken download would else pass for the jar; then move it in."""
    target = folder / jar.path
    target.parent.mkdir(parents=True, exist_ok=True)
    fetched = _resolve(jar, _scratch(folder))
    _check(jar, fetched, kept=False)
    fetched.rename(target)
    return jar


def _resolve(jar: Jar, scratch: Path) -> Path:
    # Imported here because they take 0.3 s, which only the first run needs.
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    group, artifact, version = jar.coordinate.split(":")
    for attempt in range(1, ATTEMPTS + 1):
        context = MavenContext(repo_cache=scratch / str(attempt), resolver=PythonResolver())
        try:
            return Path(context.project(group, artifact).at_version(version).artifact().resolve())
        except (RequestException, RuntimeError, OSError) as error:
            if attempt == ATTEMPTS:
                raise StackError(
                    f"Could not download {jar.coordinate}: {error}. Check that this machine reaches Maven Central "
                    "(HTTPS_PROXY is respected), or copy the cache folder from a machine where Sentral has run "
                    "(HUB_CACHE_DIR says where it lies)."
                ) from error
            time.sleep(RETRY_SECONDS * attempt)
    raise AssertionError


def _check(jar: Jar, path: Path, *, kept: bool) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found == jar.sha256:
        return
    remedy = (
        f"Delete {path} and start again."
        if kept
        else "It was not kept. If a proxy or mirror altered it, reach Maven Central another way; if the publisher "
        "replaced it, do not use it until you know why."
    )
    raise StackError(
        f"The jar {jar.coordinate} is not the pinned one: expected SHA-256 {jar.sha256}, found {found}. {remedy}"
    )


def _wanted(module: str, listed: Pins) -> tuple[str, ...]:
    sheets = {
        sheet.as_posix()
        for rules in listed.rule_sets
        if rules.module == module
        for paths in rules.stylesheets.values()
        for sheet in paths
    }
    return (*listed.files.get(module, ()), *sorted(sheets))


def _unpack(jar: Path, patterns: tuple[str, ...], target: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        names = archive.namelist()
        for pattern in patterns:
            matching = [
                name for name in names if name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern)
            ]
            if not matching:
                raise StackError(f"{jar.name} holds no file {pattern}; correct deploy/artefacts.toml.")
            archive.extractall(target, matching)


def _fingerprint(listed: Pins) -> str:
    lines = [
        f"{jar.coordinate} {jar.sha256} {pattern}"
        for jar in listed.groups["rules"]
        for pattern in _wanted(jar.module, listed)
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _scratch(folder: Path) -> Path:
    """Make a folder for work in progress; the lock's next holder or its release removes what is left of it."""
    return Path(tempfile.mkdtemp(prefix=".part-", dir=folder))


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time fetch or unpack; the others wait and then find the work done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / ".lock").open("a")
    except OSError as error:
        raise StackError(
            f"The cache folder {folder} cannot be written ({error.strerror}). Set HUB_CACHE_DIR to a folder that can."
        ) from error
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        _sweep(folder)  # what a killed process left
        try:
            yield
        finally:
            _sweep(folder)


def _sweep(folder: Path) -> None:
    for left in folder.glob(".part-*"):
        shutil.rmtree(left, ignore_errors=True)
