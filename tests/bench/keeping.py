"""How fast frames are kept, beside a C program that does the same without an index and without events."""

import os
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.bench import Bench, median, wait_until
from tests.bench.programs import Listeners, Server, archive, bare, load
from tests.bench.report import Row

CAMERAS = 50


class Sample(NamedTuple):
    frames_per_s: float
    cpu_ms: float  # per frame
    client_cores: float  # CPU of the load client per second


def pipeline(bench: Bench) -> list[Row]:
    """Durable, indexed, thumbnailed and told of ÷ bare C, at both sizes."""
    rows = []
    for kind, frames, least, most_cpu in (("60 KB", 3000, 0.80, 1.35), ("200 KB", 1200, 0.90, 1.15)):
        ours, limit = _pipeline(bench, kind, bench.amount(frames))
        client = max(median(s.client_cores for s in way) for way in (ours, limit))
        what = f"{CAMERAS} cameras, {kind}"
        rows += [
            Row(
                what=f"durable, indexed, thumbnailed, told of: {what}",
                ours=median(s.frames_per_s for s in ours),
                baseline=median(s.frames_per_s for s in limit),
                unit="frames/s",
                at_least=least,
                note="Until the last thumbnail is written and the last event heard; bare C has no events. "
                f"The load client took {client:.0%} of one core.",
            ),
            Row(
                what=f"the same, CPU per frame: {what}",
                ours=median(s.cpu_ms for s in ours),
                baseline=median(s.cpu_ms for s in limit),
                unit="ms",
                at_most=most_cpu,
            ),
        ]
    return rows


def _pipeline(bench: Bench, kind: str, frames: int) -> tuple[list[Sample], list[Sample]]:
    photos = bench.photos(kind)
    with (
        archive(bench.folder("ours")) as ours,
        bare(bench.folder("bare"), thumbnail_threads=2) as limit,
        Listeners(ours, 1) as listener,
    ):
        thumbnails = {ours: 0, limit: 0}

        def send(server: Server, count: int) -> Sample:
            cpu_before, began, began_at = server.cpu_s(), time.monotonic(), time.time()
            seen = load(server, connections=CAMERAS, requests=count, photos=photos)
            thumbnails[server] += count
            wait_until(
                lambda: len(_thumbnails(server)) >= thumbnails[server], "not every thumbnail was made", every_s=0.2
            )
            # Looking seldom disturbs least; the newest file says when it was done.
            seconds = max(entry.stat().st_mtime for entry in _thumbnails(server)) - began_at
            if server is ours:
                seconds = max(seconds, listener.wait_for(thumbnails[server]).last_frame_s - began)
            server.settle()
            return Sample(count / seconds, (server.cpu_s() - cpu_before) * 1000 / count, seen.cpu_s / seconds)

        for server in thumbnails:
            send(server, 3 * CAMERAS)  # fresh memory and folders are dear the first time
        seen = bench.alternate({"bare C": lambda: send(limit, frames), "ours": lambda: send(ours, frames)})
    return seen["ours"], seen["bare C"]


def _thumbnails(server: Server) -> list[os.DirEntry[str]]:
    assert server.folder
    found, folders = [], [str(server.folder / "thumbnails")]
    while folders:
        for entry in os.scandir(folders.pop()):
            if entry.is_dir():
                folders.append(entry.path)
            elif entry.name.endswith(".jpg"):
                found.append(entry)
    return found


def uploads(bench: Bench) -> list[Row]:
    """Durable and indexed uploads ÷ bare C with fsync, without thumbnails."""
    photos, frames = bench.photos("60 KB"), bench.amount(5000)
    with (
        archive(bench.folder("ours"), makes_thumbnails=False) as ours,
        bare(bench.folder("bare"), thumbnail_threads=0) as limit,
    ):

        def send(server: Server) -> Sample:
            return upload(server, photos, frames)

        for server in (ours, limit):
            upload(server, photos, 500)
        seen = bench.alternate({"bare C": lambda: send(limit), "ours": lambda: send(ours)})
    client = max(median(s.client_cores for s in way) for way in seen.values())
    return [
        Row(
            what="durable, indexed uploads: 64 connections, 60 KB",
            ours=median(s.frames_per_s for s in seen["ours"]),
            baseline=median(s.frames_per_s for s in seen["bare C"]),
            unit="frames/s",
            at_least=0.75,
            note=f"No thumbnails on either side; bare C with fsync. The load client took {client:.0%} of one core.",
        ),
        Row(
            what="the same, CPU per frame",
            ours=median(s.cpu_ms for s in seen["ours"]),
            baseline=median(s.cpu_ms for s in seen["bare C"]),
            unit="ms",
        ),
    ]


def upload(server: Server, photos: list[Path], frames: int, **options: str | float) -> Sample:
    """Send *frames* over 64 connections; how fast and at what price they were answered."""
    cpu_before = server.cpu_s()
    seen = load(server, connections=64, requests=frames, photos=photos, **options)  # type: ignore[arg-type]  # one of them is `expect`
    server.settle()
    return Sample(frames / seen.seconds, (server.cpu_s() - cpu_before) * 1000 / frames, seen.cpu_s / seen.seconds)
