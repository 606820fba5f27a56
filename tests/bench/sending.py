"""What a frame costs the camera on its way from the driver's buffer to the socket, beside a bare loop over a socket."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.bench.bench import Bench, median
from tests.bench.programs import BUILD, MeasureError
from tests.bench.report import Row

KIND, SMALL_KIND = "60 KB", "8 KB"
MOST = 1.3  # times what the bare loop takes
PLANTED = 0.95  # of a copy, at least: so much of a planted one must be seen


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What sending cost."""

    frames_per_s: float
    cpu_us: float  # per frame, of the sender alone
    written_bytes: float  # per frame; 0 where nobody counts


def uplink(bench: Bench) -> list[Row]:
    """The whole camera over loopback ÷ a bare loop that sends the same bytes."""
    photo, frames = bench.photos(KIND)[0], bench.amount(20_000)

    def way(name: str, *, on_one_core: bool = False) -> Callable[[], Sent]:
        return lambda: _send(photo, frames, name, on_one_core=on_one_core)

    seen = bench.alternate(
        {
            "bare loop": way("bare"),
            "camera": way("camera"),
            "camera with digest": way("digest"),
            "bare loop on one core": way("bare", on_one_core=True),
            "camera on one core": way("camera", on_one_core=True),
        }
    )
    cpu = {name: median(s.cpu_us for s in sent) for name, sent in seen.items()}
    return [
        Row(
            what=f"camera to loopback, one frame at a time, {KIND}",
            ours=median(s.frames_per_s for s in seen["camera"]),
            baseline=median(s.frames_per_s for s in seen["bare loop"]),
            unit="frames/s",
            at_least=round(1 / MOST, 2),
            note="From the driver's buffer through the ring to the answer; the firmware's own code, without card and "
            "digest. Baseline: a loop that sends one of the camera's requests, head and body in one buffer, and waits "
            "for the answer with poll(). "
            "The sender has a core of its own, and so has the server.",
        ),
        Row(
            what="the same, CPU per frame, of the sender",
            ours=cpu["camera"],
            baseline=cpu["bare loop"],
            unit="µs",
            at_most=MOST,
            note="Mostly the kernel's, which must wake the other core.",
        ),
        Row(
            what="the same, with a digest of each frame",
            ours=cpu["camera with digest"],
            baseline=cpu["bare loop"],
            unit="µs",
            note="SHA-256 in plain C++; the chip has hardware for it.",
        ),
        Row(
            what="the same without digest, sender and server on one core",
            ours=cpu["camera on one core"],
            baseline=cpu["bare loop on one core"],
            unit="µs",
            note="Nobody is woken: the bare loop is little more than one copy by the kernel.",
        ),
    ]


def copies(bench: Bench) -> list[Row]:
    """How often a frame's bytes are written into memory between driver and socket."""
    large, small = bench.photos(KIND)[0], bench.photos(SMALL_KIND)[0]
    frames = bench.amount(500)
    difference = large.stat().st_size - small.stat().st_size

    def count(way: str) -> tuple[float, float]:
        of_large, of_small = (_send(photo, frames, way, program="copies").written_bytes for photo in (large, small))
        times = (of_large - of_small) / difference
        return times, of_large - times * large.stat().st_size

    (ours, beside_bytes), (planted, _) = count("camera"), count("copying")
    if planted - ours < PLANTED:
        raise MeasureError(f"a copy was planted and not counted: {ours:.2f} copies without it, {planted:.2f} with it")
    return [
        Row(
            what="a frame's bytes are copied, from driver to socket",
            ours=ours,
            unit="times",
            per_baseline=False,
            at_most=1.05,
            note="Once, into the ring. Counted is every store and memcpy of the camera's code, "
            f"{KIND} frames less {SMALL_KIND} ones; with a copy planted in the driver the count says {planted:.2f}. "
            f"Head, status and answer take {beside_bytes / 1000:.1f} KB more, whatever the frame's size.",
        )
    ]


def _send(photo: Path, frames: int, way: str, *, on_one_core: bool = False, program: str = "uplink") -> Sent:
    cores = sorted(os.sched_getaffinity(0))
    command: list[str | Path] = [
        BUILD / program,
        photo,
        str(frames),
        way,
        str(cores[0]),
        str(cores[0 if on_one_core else -1]),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise MeasureError(f"{program} {way} failed: {ran.stderr.strip()[-600:]}")
    return msgspec.json.decode(ran.stdout, type=Sent)
