"""The archive under attack: a process of its own, and what can be seen of it from outside."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterable
from pathlib import Path

import psutil

from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.serving import PATIENCE_S, head, new_boot, request

SETTINGS = {"thumbnail_workers": "1"}
HONEST = jpeg(320, 240)


class Victim(ArchiveServer):
    """`archive serve` with open uploads: strangers reach all of it that a camera does."""

    def __init__(self, folder: Path, **settings: str) -> None:
        environ = {f"ARCHIVE_{name.upper()}": value for name, value in {**SETTINGS, **settings}.items()}
        super().__init__(folder, "--open-uploads", environ=environ)

    @property
    def host(self) -> str:
        """What an honest request says in `Host`."""
        return f"127.0.0.1:{self.port}"

    @property
    def rss_bytes(self) -> int:
        """Memory of the server's own process, its workers aside."""
        return int(psutil.Process(self.pid).memory_info().rss)

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208 - not a path a person would name

    @property
    def connections(self) -> int:
        """How many connections from the network it holds."""
        return sum(c.status == psutil.CONN_ESTABLISHED for c in psutil.Process(self.pid).net_connections("tcp"))

    def said(self) -> list[str]:
        """Its log, line by line; a traceback has many."""
        return self.log.read_text("utf-8", errors="replace").splitlines()

    def upload(self, *, camera: str = "honest", body: bytes = HONEST, boot: str = "", number: int = 0) -> bytes:
        """The request of an honest camera."""
        headers = head(camera=camera, boot=boot or new_boot(), number=number)
        return request({"Host": self.host, **headers}, body)

    def keeps_a_frame(self) -> bool:
        """Whether an honest upload is answered `kept`."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as camera:
            camera.sendall(self.upload())
            answer = camera.recv(65_536)
        return answer.startswith(b"HTTP/1.1 201 ") and b"answer=kept" in answer

    def complaints(self, *, but: Iterable[str] = ()) -> list[str]:
        """The lines of its log that tell of something wrong, but for those that hold one of these words."""
        wrong = (line for line in self.said() if "ERROR" in line or "WARNING" in line or "Traceback" in line)
        # What a start says of this machine's SQLite is no attacker's doing.
        return [line for line in wrong if not any(word in line for word in (*but, "SQLite"))]


def may_open(wanted: int) -> None:
    """Let this process have that many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard > 0 else wanted, hard))
