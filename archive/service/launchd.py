"""The archive as a launchd job on a Mac: an agent of the user, or a daemon of the machine."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path

from archive.service import NAME, Remove, Run, Services, Step, Wanted, Write

TEN_SECONDS = 10


class Launchd:
    """launchd's jobs. An agent runs while its user is logged in; a daemon from the machine's start on."""

    def __init__(self, *, is_system: bool) -> None:
        home = Path("/") if is_system else Path.home()
        self.path = home / "Library" / ("LaunchDaemons" if is_system else "LaunchAgents") / f"{NAME}.plist"
        self._log = home / "Library" / "Logs" / f"{NAME}.log"
        self._domain = "system" if is_system else f"gui/{os.getuid()}"

    def install(self, wanted: Wanted) -> list[Step]:
        folder = str(wanted.folder)
        owner = ("-o", wanted.user) if wanted.user else ()
        return [
            Run(("install", "-d", "-m", "0750", *owner, folder)),
            Write(self.path, self.plist(wanted)),
            Run(
                ("launchctl", "bootout", f"{self._domain}/{NAME}"),
                else_say="There was none of that name: as it should.",
            ),
            Run(("launchctl", "bootstrap", self._domain, str(self.path))),
        ]

    def uninstall(self) -> list[Step]:
        return [
            Run(("launchctl", "bootout", f"{self._domain}/{NAME}"), else_say="It was not running, or not known."),
            Remove(self.path),
        ]

    def status(self) -> tuple[str, ...]:
        return ("launchctl", "print", f"{self._domain}/{NAME}")

    def logs(self, *, lines: int, follow: bool) -> tuple[str, ...]:
        return ("tail", "-n", str(lines), *(["-F"] if follow else []), str(self._log))

    def plist(self, wanted: Wanted) -> str:
        """The job's file."""
        job = {
            "Label": NAME,
            "ProgramArguments": [*wanted.program, "serve", str(wanted.folder)],
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": TEN_SECONDS,
            "ExitTimeOut": 45,
            "Umask": 0o027,
            "SoftResourceLimits": {"NumberOfFiles": 65_536},
            "StandardOutPath": str(self._log),
            "StandardErrorPath": str(self._log),
            **({"UserName": wanted.user} if wanted.user else {}),
        }
        return plistlib.dumps(job, sort_keys=False).decode()


_: type[Services] = Launchd
