"""What the archive counts and times while it runs, and how that is written for Prometheus.

Counters and timings are told as things happen, from any thread; what merely stands somewhere (a queue, the free space)
is looked at when somebody asks. `docs/ref/metrics.md` has a sentence on each.
"""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator, Mapping
from typing import ClassVar

import msgspec
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
MAX_CAMERAS = 1000  # told one by one, those seen last; a series for each is what a time-series database pays for
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")  # what else strangers make up is one series
STEPS = ("inspect", "put", "index", "total")
BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

disable_created_metrics()  # type: ignore[no-untyped-call]  # else each would come with a second one that says since when


class CameraSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one camera."""

    frames: int
    seen_at_ms: int | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand at the moment somebody asks."""

    version: str
    frames: int
    cameras: Mapping[str, CameraSeen]
    writer_waiting: int
    thumbnails_waiting: int
    body_bytes: int
    body_budget_bytes: int
    listeners: int
    disk_free_bytes: int | None
    disk_floor_bytes: int


class Metrics:
    """The counters and timings of one archive. A call costs about a microsecond."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        frames = Counter("archive_frames_kept", "Frames answered `kept`.", ["was"], registry=registry)
        self._new, self._known = frames.labels("new"), frames.labels("known")
        self._bytes = Counter("archive_frame_bytes", "Bytes of new frames.", registry=registry)
        steps = Histogram("archive_step_seconds", "Steps of keeping.", ["step"], buckets=BUCKETS_S, registry=registry)
        self._steps = {step: steps.labels(step) for step in STEPS}
        self._fsync = Histogram("archive_fsync_seconds", "fsync of an original.", buckets=BUCKETS_S, registry=registry)
        self._answers = Counter("archive_answers", "Answers given.", ["method", "status"], registry=registry)
        self._hang_ups = Counter("archive_hang_ups", "Requests left unanswered.", ["method"], registry=registry)

    def kept(self, *, is_new: bool, size_bytes: int) -> None:
        """A frame was answered `kept`."""
        if is_new:
            self._new.inc()
            self._bytes.inc(size_bytes)
        else:
            self._known.inc()

    def took(self, step: str, seconds: float) -> None:
        """A step of keeping took so long."""
        self._steps[step].observe(seconds)

    def synced(self, seconds: float) -> None:
        """An fsync of an original took so long."""
        self._fsync.observe(seconds)

    def answered(self, method: str, status: int) -> None:
        """An answer was begun."""
        self._answers.labels(method if method in METHODS else "other", str(status)).inc()

    def hung_up(self, method: str) -> None:
        """Who asked was gone before the answer."""
        self._hang_ups.labels(method if method in METHODS else "other").inc()

    def written(self, standing: Standing) -> bytes:
        """All of it, in Prometheus's text format. Blocks: it reads what the kernel knows of this process."""
        now = CollectorRegistry()
        now.register(_Standing(standing))
        return generate_latest(self._registry) + generate_latest(now)


class _Standing(Collector):
    """How things stand, as gauges."""

    SAYS: ClassVar = {
        "archive_frames": "Frames in the archive.",
        "archive_cameras": "Cameras the archive knows.",
        "archive_writer_waiting": "Jobs before the index's writer.",
        "archive_thumbnails_waiting": "Frames that wait for their thumbnail.",
        "archive_body_bytes": "Bytes of uploads in memory.",
        "archive_body_budget_bytes": "How many there may be.",
        "archive_listeners": "Open event streams.",
        "archive_disk_free_bytes": "Free on the disk of the originals.",
        "archive_disk_floor_bytes": "What must stay free.",
    }

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        found = self._standing
        versions = {"version": found.version, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
        yield _gauge("archive_info", "What runs here.", {tuple(versions.values()): 1}, tuple(versions))
        for name, says in self.SAYS.items():
            field = name.removeprefix("archive_")
            value = len(found.cameras) if field == "cameras" else getattr(found, field)
            if value is not None:
                yield _gauge(name, says, {(): value})
        cameras = sorted(found.cameras.items(), key=lambda item: item[1].seen_at_ms or 0)[-MAX_CAMERAS:]
        yield _gauge(
            "archive_camera_seen_timestamp_seconds",
            "When it was last heard of.",
            {(name,): camera.seen_at_ms / 1000 for name, camera in cameras if camera.seen_at_ms is not None},
            ("camera",),
        )
        yield _gauge(
            "archive_camera_frames", "Its frames.", {(name,): camera.frames for name, camera in cameras}, ("camera",)
        )


def _gauge(
    name: str, says: str, values: Mapping[tuple[str, ...], float], labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, says, labels=labels)
    for label, value in values.items():
        gauge.add_metric(label, value)
    return gauge
