"""What every test may ask for: a real archive in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

READY_S = 30


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ArchiveServer:
    """`archive serve` as a child process, on loopback; restarts take the same folder and port."""

    def __init__(self, folder: Path, *options: str, environ: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = options
        self.environ = {
            "ARCHIVE_DISK_FLOOR_BYTES": "0",
            "ARCHIVE_PUBLIC": "true",
            "ARCHIVE_CAMERA_FRAMES_PER_S": "0",
            **(environ or {}),
        }
        self.log = folder.with_name(folder.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        serve = ["serve", str(self.folder), "--host", "127.0.0.1", "--port", str(self.port)]
        return [sys.executable, "-m", "archive", *serve, *self.options]

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, *prefix: str) -> None:
        """Start it and return when it answers. *prefix* is a command to run it under."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVE_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *self.command], stdout=log, stderr=log, env={**environ, **self.environ}
            )
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url + "/healthz", timeout=5):
                return
            time.sleep(0.02)
        raise AssertionError(f"the archive did not start:\n{self.log.read_text()[-4000:]}")

    def kill(self) -> None:
        """As a crash: no word of warning."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As its owner does; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@pytest.fixture(name="archive_servers")
def _archive_servers(tmp_path: Path) -> Iterator[Callable[..., ArchiveServer]]:
    """Makes archives that are ended after the test; each call is another one, started."""
    servers: list[ArchiveServer] = []

    def make(*options: str, name: str = "archive", **settings: str) -> ArchiveServer:
        environ = {f"ARCHIVE_{setting.upper()}": value for setting, value in settings.items()}
        server = ArchiveServer(tmp_path / name, *options, environ=environ)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., ArchiveServer]) -> ArchiveServer:
    """One archive with open uploads."""
    return archive_servers("--open-uploads")
