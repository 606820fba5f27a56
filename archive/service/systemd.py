"""The archive as a systemd service, of a user or of the machine."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path

from archive.errors import ConfigError
from archive.service import NAME, Remove, Run, Services, Step, Wanted, Write

UNIT = f"{NAME}.service"
OWN_USER = NAME
SYSTEM_FOLDER = Path("/var/lib") / NAME
SYSTEM_UNITS = Path("/etc/systemd/system")
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))  # what systemd's ProtectHome= hides
GROWING_PAUSE = 254  # the version of systemd that knows RestartSteps=

_TEMPLATE = Path(__file__).with_name(f"{UNIT}.in")
_PLAIN = re.compile(r"[A-Za-z0-9_/.:@=+,-]+")

_WALLS = """\
ProtectSystem=strict
ProtectHome={home}
ReadWritePaths={folder}
PrivateTmp=yes
"""
# These need rights that only the machine's own manager has.
_SYSTEM_WALLS = """\
CapabilityBoundingSet=
DevicePolicy=closed
PrivateDevices=yes
PrivateIPC=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
"""
# A user's manager walls a service in only inside a user namespace.
_USER_WALLS = "PrivateUsers=yes\n"
_NO_WALLS = "# No walls: this kernel lets no user have namespaces. `archive service install --system` has them.\n"


class Systemd:
    """systemd's services: this user's own, or the machine's."""

    def __init__(self, *, is_system: bool, version: int = 0, has_namespaces: bool = True) -> None:
        self._is_system = is_system
        self._version = version
        self._has_namespaces = has_namespaces
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        self.path = (SYSTEM_UNITS if is_system else config / "systemd/user") / UNIT

    def install(self, wanted: Wanted) -> list[Step]:
        steps: list[Step] = []
        if wanted.user == OWN_USER and not _exists(OWN_USER):
            home = ("--home-dir", str(wanted.folder), "--no-create-home", "--shell", "/usr/sbin/nologin")
            steps.append(Run(("useradd", "--system", "--user-group", *home, OWN_USER)))
        if wanted.user is not None:
            steps.append(Run(("install", "-d", "-m", "0750", "-o", wanted.user, str(wanted.folder))))
        else:
            steps.append(Run(("install", "-d", "-m", "0750", str(wanted.folder))))  # walls need what they stand round
        steps += [
            Write(self.path, self.unit(wanted)),
            Run((*self._systemctl, "daemon-reload")),
            Run((*self._systemctl, "enable", UNIT)),
            Run((*self._systemctl, "restart", UNIT)),
        ]
        if not self._is_system:
            name = pwd.getpwuid(os.getuid()).pw_name
            steps.append(
                Run(
                    ("loginctl", "enable-linger", name),
                    else_say="Without this it ends when you log out and starts when you log in. "
                    f"An administrator can allow it: sudo loginctl enable-linger {name}",
                )
            )
        return steps

    def uninstall(self) -> list[Step]:
        return [
            Run((*self._systemctl, "disable", "--now", UNIT), else_say="It was not running, or not known."),
            Remove(self.path),
            Run((*self._systemctl, "daemon-reload")),
        ]

    def status(self) -> tuple[str, ...]:
        return (*self._systemctl, "status", "--no-pager", UNIT)

    def logs(self, *, lines: int, follow: bool) -> tuple[str, ...]:
        whose = ("--unit",) if self._is_system else ("--user-unit",)
        return ("journalctl", "--no-pager", *whose, UNIT, "--lines", str(lines), *(["--follow"] if follow else []))

    def unit(self, wanted: Wanted) -> str:
        """The unit file."""
        folder = _quoted(str(wanted.folder))
        is_at_home = any(
            path.is_relative_to(home) for home in HOMES for path in (wanted.folder, Path(wanted.program[0]))
        )
        walls = _WALLS.format(home="read-only" if is_at_home or not self._is_system else "yes", folder=folder)
        if self._is_system:
            walls += _SYSTEM_WALLS
        else:
            walls = walls + _USER_WALLS if self._has_namespaces else _NO_WALLS
        grows = self._version >= GROWING_PAUSE
        return _TEMPLATE.read_text("utf-8").format(
            name=NAME,
            edit="edit" if self._is_system else "--user edit",
            folder_in_words=str(wanted.folder).replace("%", "%%"),
            unit=f"Wants=network-online.target\nAfter=network-online.target\nRequiresMountsFor={folder}\n"
            if self._is_system
            else "",
            command=" ".join(map(_quoted, (*wanted.program, "serve", str(wanted.folder)))),
            identity=f"User={wanted.user}" if wanted.user else "",
            pause="RestartSec=2\nRestartSteps=8\nRestartMaxDelaySec=5min" if grows else "RestartSec=15",
            walls=walls,
            wanted_by="multi-user.target" if self._is_system else "default.target",
        )

    @property
    def _systemctl(self) -> tuple[str, ...]:
        return ("systemctl",) if self._is_system else ("systemctl", "--user")


def _quoted(word: str) -> str:
    """*word* as one word of a unit file, taken literally."""
    if "\n" in word:
        raise ConfigError(f"{word!r} has a line's end in its name, which no unit file can hold")
    literal = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return literal if _PLAIN.fullmatch(literal) else f'"{literal}"'


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


_: type[Services] = Systemd
