"""Running without anybody logged in: a systemd unit on Linux, a task of the Task Scheduler on Windows.

A Windows service proper must answer the Service Control Manager, which Python alone does not do. A task that starts
with the machine, runs as LocalService, is started again when it ends, and may run for ever needs nothing but Windows.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from hub_connector.config import Config
from hub_connector.texts import Text, Trouble

NAME = "hub-connector"
UNIT = Path("/etc/systemd/system/hub-connector.service")
_FAILED = Text(
    "«{command}» gikk ikke: {why}. Kjør kommandoen som administrator (root).",
    "`{command}` failed: {why}. Run the command as an administrator (root).",
)
_INSTALLED_SYSTEMD = Text(
    "Tjenesten er i gang som {user}. Logg: journalctl -u hub-connector. Stopp: systemctl stop hub-connector.",
    "The service runs as {user}. Log: journalctl -u hub-connector. Stop it: systemctl stop hub-connector.",
)
_INSTALLED_TASK = Text(
    "Oppgaven er i gang som LocalService. Logg: {log}. Gi LocalService fulle rettigheter til mappene.",
    "The task runs as LocalService. Log: {log}. Give LocalService full rights to the folders.",
)
_NOT_ROOT = Text(
    "Velg en bruker uten særlige rettigheter med --user, for eksempel en laget med «useradd --system hub-connector».",
    "Choose a user without special rights with --user, for instance one made with `useradd --system hub-connector`.",
)
_NO_USER = Text("Det er ingen bruker {user} på denne maskinen.", "There is no user {user} on this machine.")
_REMOVED = Text(
    "Tjenesten er fjernet. Mapper og journal er som de var.", "The service is removed. Folders and journal stay."
)

Run = Callable[[Sequence[str]], None]


def run(command: Sequence[str]) -> None:
    """Run a command of the system; raises Trouble."""
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own, with fixed names
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise Trouble(_FAILED.of(command=" ".join(command), why=said)) from error


def install(config: Config, log: Path, user: str | None, execute: Run = run, platform: str = sys.platform) -> Text:
    """Install it and start it; returns what to say. Raises Trouble."""
    if platform == "win32":
        _install_task(config, execute)
        return _INSTALLED_TASK.of(log=log)
    owner = config.key_file.owner()
    if user is None and owner == "root":
        raise Trouble(_NOT_ROOT)
    user = user or owner
    if user != owner:
        _give(config, user)
    _write_unit(unit(config, user))
    for command in (("daemon-reload",), ("enable", NAME), ("restart", NAME)):
        execute(["systemctl", *command])
    return _INSTALLED_SYSTEMD.of(user=user)


def uninstall(execute: Run = run, platform: str = sys.platform) -> Text:
    """Stop it and remove it; returns what to say. Raises Trouble."""
    if platform == "win32":
        execute(["schtasks", "/End", "/TN", NAME])
        execute(["schtasks", "/Delete", "/F", "/TN", NAME])
        return _REMOVED
    execute(["systemctl", "disable", "--now", NAME])
    UNIT.unlink(missing_ok=True)
    execute(["systemctl", "daemon-reload"])
    return _REMOVED


def unit(config: Config, user: str) -> str:
    """Return the systemd unit: started with the machine and again whenever it ends, with no more rights than needed."""
    folders = {*config.folders.named().values(), config.data}
    written = " ".join(sorted(_quoted(folder) for folder in folders))
    return f"""\
[Unit]
Description=Sends invoices to the hub and fetches what comes
Wants=network-online.target
After=network-online.target

[Service]
ExecStart={_quoted(sys.executable)} -m hub_connector --config {_quoted(config.path.absolute())} watch
User={user}
Restart=always
RestartSec=5
UMask=0027
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={written}
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target
"""


def task(config: Config, python: Path) -> str:
    """Return the Task Scheduler's XML (schema of 2004, version 1.2): no time limit, started again every minute."""
    arguments = f'-m hub_connector --config "{config.path.absolute()}" watch'
    return f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Sends invoices to the hub and fetches what comes</Description></RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Repetition><Interval>PT1M</Interval></Repetition>
    </BootTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author"><UserId>S-1-5-19</UserId><RunLevel>LeastPrivilege</RunLevel></Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec><Command>{escape(str(python))}</Command><Arguments>{escape(arguments)}</Arguments></Exec>
  </Actions>
</Task>
"""


def _give(config: Config, user: str) -> None:
    """Make configuration, key, journal and folders the user's."""
    journal = config.data.iterdir() if config.data.is_dir() else ()
    try:
        for path in (config.path, config.key_file, *config.folders.named().values(), config.data, *journal):
            shutil.chown(path, user)
    except (LookupError, OSError) as error:
        raise Trouble(
            _NO_USER.of(user=user) if isinstance(error, LookupError) else _FAILED.of(command="chown", why=error)
        ) from error


def _install_task(config: Config, execute: Run) -> None:
    python = Path(sys.executable).with_name("pythonw.exe")  # opens no window
    with tempfile.TemporaryDirectory() as folder:
        definition = Path(folder) / "task.xml"
        definition.write_text(task(config, python), "utf-16")
        execute(["schtasks", "/Create", "/F", "/TN", NAME, "/XML", str(definition)])
    execute(["schtasks", "/Run", "/TN", NAME])


def _write_unit(content: str) -> None:
    try:
        UNIT.write_text(content, "utf-8")
    except OSError as error:
        raise Trouble(_FAILED.of(command=UNIT, why=error.strerror)) from error


def _quoted(path: os.PathLike[str] | str) -> str:
    """Quote a path for a unit: spaces, and the per cent sign that systemd reads as a specifier."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"' if " " in text else text
