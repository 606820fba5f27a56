"""The archive as a process of its own, that a test can kill."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

ARCHIVE = (sys.executable, "-m", "archive")
SETTINGS = {
    "ARCHIVE_DISK_FLOOR_BYTES": "4000000",  # the disks of these tests are small
    "ARCHIVE_CHANGES_KEPT": "10000000",  # the log is compared from its first row on
    "ARCHIVE_THUMBNAIL_WORKERS": "1",
    "ARCHIVE_TIMEZONE": "Europe/Berlin",
}


class Server:
    """`archive serve` on *folder*. Killed and started again it is the same archive at the same address."""

    def __init__(self, folder: Path, says: Path, *, program: tuple[str, ...] = ARCHIVE) -> None:
        self.folder = folder
        self._says = says
        self._program = program
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended: a signal as a negative number, None while it runs."""
        return self._process.poll() if self._process else None

    def start(self, *, within_s: float = 30) -> None:
        """Start it; when this returns it answers. Raises RuntimeError, with what it said."""
        address = ("--host", "127.0.0.1", "--port", str(self._port), "--open-uploads", "--public")
        with self._says.open("ab") as output:
            self._process = subprocess.Popen(
                [*_dies_with_us(), *self._program, "serve", str(self.folder), *address],
                cwd=self._says.parent,  # nothing may hang on where it was started
                env=os.environ | SETTINGS,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        until = time.monotonic() + within_s
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}: {self.said()}")
            if time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"the server did not answer within {within_s} s: {self.said()}")
            time.sleep(0.01)

    def ended(self, *, within_s: float) -> int:
        """Its exit status, once it has ended of itself. Raises TimeoutExpired."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.wait(within_s)

    def kill(self) -> None:
        """SIGKILL; when this returns it is gone. A server that has ended already is left alone."""
        self._end(signal.SIGKILL, within_s=30)

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        return self._end(signal.SIGTERM, within_s=30)

    def said(self) -> str:
        """The end of what it wrote to its standard output and error, over all its lives."""
        return self._says.read_text("utf-8", errors="replace")[-4000:]

    def check(self) -> subprocess.CompletedProcess[str]:
        """`archive check --deep` of the folder; the server must have ended."""
        return subprocess.run(
            [*ARCHIVE, "check", str(self.folder), "--deep"],
            cwd=self._says.parent,
            env=os.environ | SETTINGS,
            check=False,
            capture_output=True,
            text=True,
            timeout=1000,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status == http.HTTPStatus.OK
        connection.close()
        return False

    def _end(self, how: signal.Signals, *, within_s: float) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(within_s)
            raise
        return self._process.returncode


def _dies_with_us() -> tuple[str, ...]:
    # A test run that is itself killed must not leave a server behind that keeps its disk mounted.
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
