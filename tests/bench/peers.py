"""Our durable uploads beside programs that people use for this, each as it is usually run, where it is installed."""

import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tests.bench.bench import Bench, median, wait_until
from tests.bench.keeping import Sample, upload
from tests.bench.programs import MeasureError, Server, archive, baseline, free_port, installed
from tests.bench.report import Row


class Peer(NamedTuple):
    name: str
    server: Server | None  # None: not installed
    options: dict[str, str]


def peers(bench: Bench) -> list[Row]:
    """Durable, indexed uploads of ours ÷ uploads of each peer: 64 connections, 60 KB."""
    return [_beside(bench, peer) for peer in _peers(bench)]


def _beside(bench: Bench, peer: Peer) -> Row:
    what = f"uploads ÷ {peer.name}: 64 connections, 60 KB"
    if peer.server is None:
        return Row(what=what, at_least=1, note="not installed")
    photos, frames = bench.photos("60 KB"), bench.amount(4000)
    with archive(bench.folder("ours"), makes_thumbnails=False) as ours, peer.server as other:

        def to_peer(count: int = frames) -> Sample:
            return upload(other, photos, count, **peer.options)

        wait_until(lambda: _takes_one(lambda: to_peer(1)), f"{peer.name} takes no upload", every_s=0.5)
        to_peer(500)
        upload(ours, photos, 500)
        seen = bench.alternate({peer.name: to_peer, "ours": lambda: upload(ours, photos, frames)})
    return Row(
        what=what,
        ours=median(s.frames_per_s for s in seen["ours"]),
        baseline=median(s.frames_per_s for s in seen[peer.name]),
        unit="frames/s",
        at_least=1,
        note="CPU per frame "
        f"{median(s.cpu_ms for s in seen['ours']):.2f} ms beside {median(s.cpu_ms for s in seen[peer.name]):.2f} ms.",
    )


def _takes_one(send: Callable[[], Sample]) -> bool:
    try:
        send()
    except MeasureError:
        return False
    return True


def _peers(bench: Bench) -> list[Peer]:
    put = {"expect": "", "method": "PUT"}
    return [
        Peer("copyparty (no fsync)", _copyparty(bench.folder("copyparty")), put | {"path": "/inbox/%s.jpg"}),
        Peer(
            "SeaweedFS with fsync", _seaweedfs(bench.folder("seaweedfs")), put | {"path": "/frames/%s.jpg?fsync=true"}
        ),
        Peer(
            "Flask's development server (no fsync)",
            baseline("flask_server", bench.folder("flask")) if find_spec("flask") else None,
            {"expect": "", "path": "/upload", "multipart": "photo"},
        ),
    ]


def _copyparty(folder: Path) -> Server | None:
    if not find_spec("copyparty"):
        return None
    return Server(
        lambda port: [
            sys.executable,
            "-m",
            "copyparty",
            "-q",
            "-i",
            "127.0.0.1",
            "-p",
            str(port),
            "-v",
            f"{folder}:inbox:rw",
        ]
    )


def _seaweedfs(folder: Path) -> Server | None:
    weed = installed("weed")
    if weed is None:
        return None
    ports = {name: free_port() for name in ("filer.port.grpc", "master.port", "master.port.grpc", "volume.port")}
    ports["volume.port.grpc"] = free_port()

    def command(port: int) -> Sequence[str]:
        others = [f"-{name}={other}" for name, other in ports.items()]
        return [weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-filer", f"-filer.port={port}", *others]

    return Server(command)
