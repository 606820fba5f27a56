"""How the archive becomes a service of this machine: which files that takes and which commands, as steps to be shown.

Nothing is done here: `archive service` prints each step and then takes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

NAME = "camera-archive"


class Write(msgspec.Struct, frozen=True):
    """A file to be written; the folders above it are made."""

    path: Path
    text: str


class Remove(msgspec.Struct, frozen=True):
    """A file to be removed."""

    path: Path


class Run(msgspec.Struct, frozen=True):
    """A command to be run. Where it may fail, `else_say` is what follows for the owner."""

    command: tuple[str, ...]
    else_say: str | None = None


Step = Write | Remove | Run


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The service that is wanted."""

    program: tuple[str, ...]  # absolute; `serve FOLDER` follows
    folder: Path
    user: str | None = None  # None: the service is this user's own


class Services(Protocol):
    """What starts services here: systemd or launchd, for one user or for the machine."""

    path: Path  # the file that describes the service; it is there while the service is installed

    def install(self, wanted: Wanted) -> list[Step]:
        """Describe the service, start it now and at every start of the machine; again, what was there is replaced."""

    def uninstall(self) -> list[Step]:
        """End it and forget it. What the archive keeps is not touched."""

    def status(self) -> tuple[str, ...]:
        """The command that says how it fares."""

    def logs(self, *, lines: int, follow: bool) -> tuple[str, ...]:
        """The command that shows its log."""
