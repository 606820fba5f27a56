"""Tells whoever supervises this process (systemd, by its sd_notify protocol) how it fares; without one, nobody.

The protocol is a datagram of `NAME=value` lines to the socket that `NOTIFY_SOCKET` names: sd_notify(3).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Supervisor:
    """The one that started us and wants to hear of us, if there is one."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._address = environ.get("NOTIFY_SOCKET", "")
        # Meant for one process only: a child that inherited the words shall not answer for its parent.
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "")
        self.patience_s = int(usec) / 1e6 if self._address and is_ours and usec.isdecimal() and int(usec) else None

    def is_ready(self) -> None:
        """We answer requests."""
        self._tell("READY=1")

    def is_alive(self, status: str) -> None:
        """We work; to be said more often than every `patience_s`, or we are ended and started anew."""
        self._tell("WATCHDOG=1", f"STATUS={status}")

    def does(self, status: str) -> None:
        """What we are at, in words for a person."""
        self._tell(f"STATUS={status}")

    def is_stopping(self) -> None:
        """We are ending, as we were asked to."""
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.setblocking(False)
            told.sendto("\n".join(lines).encode(), address)
