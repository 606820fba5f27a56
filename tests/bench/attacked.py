"""What honest cameras feel of attackers and of each other: slow connections, and a fleet on the same second."""

import contextlib
import resource
import socket
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

from tests.bench.bench import Bench, median
from tests.bench.programs import Server, archive, load
from tests.bench.report import Row

ATTACKERS = 400
FLEET = 9000


class Attackers:
    """Slow heads and slow bodies, half and half, a byte a second each; hung up on they come again."""

    def __init__(self, server: Server, count: int) -> None:
        self._port = server.port
        self._lines = [self._begun(number) for number in range(count)]
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        for line in self._lines:
            line.close()

    def _begun(self, number: int) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self._port), 20)
        host = f"Host: 127.0.0.1:{self._port}\r\n"
        upload = f"POST /api/frames HTTP/1.1\r\n{host}Content-Type: image/jpeg\r\nContent-Length: 60000\r\n\r\n"
        line.sendall((upload if number % 2 else f"GET / HTTP/1.1\r\n{host}X-Slow: ").encode())
        return line

    def _go_on(self) -> None:
        while not self._is_over.wait(1):
            for number, line in enumerate(self._lines):
                try:
                    line.sendall(b"x")
                except OSError:
                    line.close()
                    with contextlib.suppress(OSError):
                        self._lines[number] = self._begun(number)


def slow(bench: Bench) -> list[Row]:
    """An honest upload's answer beside 400 slow connections ÷ none."""
    photos, frames = bench.photos("60 KB"), bench.amount(1000)
    with archive(bench.folder("ours"), makes_thumbnails=False) as ours:

        def alone() -> float:
            seen = load(ours, connections=1, requests=frames, photos=photos).p50_ms
            ours.settle()
            return seen

        def beside() -> float:
            with Attackers(ours, ATTACKERS):
                return alone()

        alone()
        seen = bench.alternate({"alone": alone, f"beside {ATTACKERS} slow connections": beside})
    return [
        Row(
            what=f"an upload's answer p50, beside {ATTACKERS} slow connections ÷ alone",
            ours=median(seen[f"beside {ATTACKERS} slow connections"]),
            baseline=median(seen["alone"]),
            unit="ms",
            at_most=2,
            note="60 KB, one camera. The attackers send heads and bodies at a byte a second, and come again when they "
            "are hung up on.",
        )
    ]


class Served(NamedTuple):
    seconds: float
    most_mb: float


def fleet(bench: Bench) -> list[Row]:
    """9,000 cameras that connect on the same second: how long until the last is answered, and the memory it takes."""
    cameras = bench.amount(FLEET)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    photos = bench.photos("8 KB")

    def once() -> Served:
        with archive(bench.folder("ours")) as ours:
            load(ours, connections=1, requests=50, photos=photos)
            before = ours.rss_bytes()
            with _watched(ours) as seen_bytes:
                began = time.monotonic()
                load(ours, connections=cameras, requests=cameras, photos=photos)
                seconds = time.monotonic() - began
            return Served(seconds, (max(seen_bytes) - before) / 1e6)

    seen = bench.alternate({f"{cameras} cameras at once": once})[f"{cameras} cameras at once"]
    return [
        Row(
            what=f"{cameras:,} cameras on the same second, until the last one is answered",
            ours=median(one.seconds for one in seen),
            unit="s",
            per_baseline=False,
            at_most=30,
            note="8 KB each, thumbnails made meanwhile; none was told to come back.",
        ),
        Row(
            what="memory that takes, at most",
            ours=max(one.most_mb for one in seen),
            unit="MB",
            per_baseline=False,
            at_most=200,
            note="Resident memory of the server's process, beside what it had.",
        ),
    ]


@contextlib.contextmanager
def _watched(server: Server) -> Iterator[list[int]]:
    """The memory of *server*, looked at again and again while inside."""
    seen = [server.rss_bytes()]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.05):
            seen.append(server.rss_bytes())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        is_over.set()
        looking.join()
