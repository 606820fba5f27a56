"""How fast and at what price listeners hear of a frame."""

import socket
import statistics
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.bench import Bench, median
from tests.bench.probe import Camera, Probe, answer_ms
from tests.bench.programs import BUILD, Listeners, Server, archive, baseline, load
from tests.bench.report import Row

LISTENERS = 1000
EVENTS_PER_S = 20  # one in each of the 50 ms ticks, so that a delivery is a write
STUCK = 20


def latency(bench: Bench) -> list[Row]:
    """POST's last byte → event at a listener, on an idle server ÷ aiohttp's echo and one fsync."""
    photo = bench.photos("60 KB")[0].read_bytes()
    frames = bench.amount(50)
    echo_file = bench.folder("echo") / "frame.jpg"
    with (
        archive(bench.folder("ours")) as ours,
        baseline("echo_server", echo_file) as echo,
        Probe(ours, photo) as probe,
    ):
        camera = Camera(echo, photo, path="/")

        def both() -> tuple[float, float]:
            pairs = []
            for _ in range(frames):
                time.sleep(0.1)  # idle: beyond the tick of the events, the thumbnail made
                pairs.append((probe.event_ms(), answer_ms(camera)))
            return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)

        both()
        seen = bench.alternate({"ours and the echo in turn": both})["ours and the echo in turn"]
        camera.close()
    return [
        Row(
            what="POST's last byte → event at a listener, idle p50",
            ours=median(pair[0] for pair in seen),
            baseline=median(pair[1] for pair in seen),
            unit="ms",
            at_most=2,
            note="The frame is durable by then. Baseline: aiohttp writes the body, syncs it, sends it back.",
        )
    ]


def busy(bench: Bench) -> list[Row]:
    """The answer's p99 at 300 frames/s with 1,000 listeners ÷ with none."""
    photos, frames = bench.photos("60 KB"), bench.amount(3000)
    with archive(bench.folder("ours")) as ours:

        def none() -> float:
            seen = load(ours, connections=50, requests=frames, photos=photos, rate=300).p99_ms
            ours.settle()
            return seen

        def many() -> float:
            with Listeners(ours, LISTENERS) as listeners:
                seen = none()
                listeners.wait_for(frames)
            ours.settle()
            return seen

        none()
        seen = bench.alternate({"no listener": none, f"{LISTENERS} listeners": many})
    return [
        Row(
            what=f"answer p99 at 300 frames/s, {LISTENERS:,} listeners ÷ none",
            ours=median(seen[f"{LISTENERS} listeners"]),
            baseline=median(seen["no listener"]),
            unit="ms",
            at_most=3,
            note="60 KB, 50 cameras, an even pace, thumbnails made all the while. Baseline: ours without listeners.",
        )
    ]


class Delivery(NamedTuple):
    cpu_us: float
    kb_per_listener: float


def deliveries(bench: Bench) -> list[Row]:
    """CPU per event delivered ÷ raw asyncio, and memory per listener."""
    photos, frames = bench.photos("8 KB"), bench.amount(10 * EVENTS_PER_S)
    with archive(bench.folder("ours")) as ours:
        _send(ours, photos, 500)
        event_file = bench.folder("event") / "event"
        event_file.write_bytes(_one_event(ours, photos[0]))

        def through_ours() -> Delivery:
            alone = _send(ours, photos, frames)
            rss_before = ours.rss_bytes()
            with Listeners(ours, LISTENERS) as listeners:
                ours.settle()
                together = _send(ours, photos, frames)
                listeners.wait_for(frames)
                kb = (ours.rss_bytes() - rss_before) / LISTENERS / 1000
            ours.settle()
            return Delivery((together - alone) * 1e6 / frames / LISTENERS, kb)

        with baseline("raw_events_server", event_file) as raw:

            def through_asyncio() -> Delivery:
                rss_before = raw.rss_bytes()
                with Listeners(raw, LISTENERS, path="/") as listeners:
                    cpu_before, heard_before = raw.cpu_s(), listeners.heard().frames
                    time.sleep(frames / EVENTS_PER_S)
                    cpu, heard = raw.cpu_s() - cpu_before, listeners.heard().frames - heard_before
                    kb = (raw.rss_bytes() - rss_before) / LISTENERS / 1000
                raw.settle()
                return Delivery(cpu * 1e6 / heard, kb)

            seen = bench.alternate({"raw asyncio": through_asyncio, "ours": through_ours})
    return [
        Row(
            what="CPU per event delivered",
            ours=median(s.cpu_us for s in seen["ours"]),
            baseline=median(s.cpu_us for s in seen["raw asyncio"]),
            unit="µs",
            at_most=1.2,
            note=f"{LISTENERS:,} listeners, {EVENTS_PER_S} frames/s; ours: with listeners less without. "
            "Baseline: raw asyncio transports, the same bytes.",
        ),
        Row(
            what="memory per listener",
            ours=max(s.kb_per_listener for s in seen["ours"]),  # later rounds reuse what the first one took
            baseline=max(s.kb_per_listener for s in seen["raw asyncio"]),
            unit="KB",
            per_baseline=False,
            at_most=12,
            note="Resident memory of the server's process; the kernel's buffers come on top for both.",
        ),
    ]


def _send(server: Server, photos: list[Path], frames: int) -> float:
    """Send *frames* at an even pace: the CPU seconds they cost the server."""
    before = server.cpu_s()
    load(server, connections=10, requests=frames, photos=photos, rate=EVENTS_PER_S)
    server.settle()
    return server.cpu_s() - before


def _one_event(server: Server, photo: Path) -> bytes:
    """The bytes of one `frame` event as our server writes it."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as listener:
        listener.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        heard = b""
        while b"hello" not in heard:
            heard += listener.recv(65536)
        load(server, connections=1, requests=1, photos=[photo])
        start = -1
        while start < 0 or (end := heard.find(b"\n\n", start)) < 0:
            heard += listener.recv(65536)
            at = heard.find(b"event: frame\n")
            start = heard.rfind(b"\n\n", 0, at) + 2 if at >= 0 else -1
        return heard[start : end + 2]


class Stall(NamedTuple):
    rss_bytes: int
    delay_ms: float


def stuck(bench: Bench) -> list[Row]:
    """What listeners that never read cost, and whether anybody waits for them."""
    photos, frames = bench.photos("8 KB"), bench.amount(10_000)
    photo = photos[0].read_bytes()

    def run(count: int) -> Stall:
        with archive(bench.folder("ours"), makes_thumbnails=False) as ours, Probe(ours, photo) as probe:
            load(ours, connections=50, requests=500, photos=photos)
            probe.event_ms()
            before = ours.rss_bytes()
            with Listeners(ours, STUCK + 1, stuck=count):
                sender = _sender(ours, photos, frames)
                delays, highest = [], before
                while sender.poll() is None:
                    delays.append(probe.event_ms())
                    highest = max(highest, ours.rss_bytes())
                return Stall(highest - before, statistics.quantiles(delays, n=20)[-1])

    seen = bench.alternate({"none stuck": lambda: run(0), f"{STUCK} stuck": lambda: run(STUCK)})
    with_stuck, without = seen[f"{STUCK} stuck"], seen["none stuck"]
    return [
        Row(
            what="one stuck listener costs",
            ours=(median(s.rss_bytes for s in with_stuck) - median(s.rss_bytes for s in without)) / STUCK / 1e6,
            unit="MB",
            per_baseline=False,
            at_most=1,
            note=f"{frames:,} frames; {STUCK} of {STUCK + 1} listeners never read, less the same while all read.",
        ),
        Row(
            what=f"others' p95 delay beside {STUCK} stuck listeners",
            ours=median(s.delay_ms for s in with_stuck),
            baseline=median(s.delay_ms for s in without),
            unit="ms",
            at_most=1.5,
            note="Nobody waits for a listener that does not read; the goal leaves room for noise.",
        ),
    ]


def _sender(server: Server, photos: list[Path], frames: int) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [
        BUILD / "load",
        "--port",
        str(server.port),
        "--connections",
        "10",
        "--requests",
        str(frames),
        "--rate",
        "500",
    ]
    for photo in photos:
        command += ["--photo", photo]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)
