"""The doctor inside: what the archive itself knows of its promises, its disk, its program and its cameras."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec

from archive.check import Finding as Broken
from archive.check import check
from archive.doctor import disk
from archive.doctor.findings import CAMERA, Finding, found
from archive.doctor.looking import Looked, Told, step
from archive.frame import Camera, utc
from archive.index import Index
from archive.store import Store

DAY_MS = 86_400_000
SAMPLE = 1000  # frames by which their size is reckoned
POINTS = 24  # of a camera's last day
SHOWN = 3  # of what is found in numbers

OUT_DAYS, SHORT_DAYS, YEARS_DAYS = 2, 30, 3650
MADE_AT_MS = 1_767_225_600_000  # 2026: no clock that is right stands before

# As web/js/cameras.js has it.
FRAMES_LATE, LATE_MS = 3, 60_000
WIFI_WEAK_DBM = -75
HEAP_LOW_BYTES = 20_000
SPOOL_MANY = 200
CRASHES = {"panic": "crashed", "watchdog": "hung"}

# The bug was there from 3.7.0 on; these are the first of their lines without it.
WAL_RESET_MENDED = ((3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 0))


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The archive that is to be looked at."""

    folder: Path
    store: Store
    index: Index
    disk_floor_bytes: int
    is_page_old: Callable[[], bool] = lambda: False
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000  # Unix milliseconds


async def examine(body: Body) -> AsyncIterator[Told]:
    """Everything that can be found from inside."""
    taken = list[Looked]()
    ways: dict[str, Callable[[], Awaitable[Looked]]] = {
        "program": lambda: _program(body),
        "disk": lambda: asyncio.to_thread(_disk, body.folder),
        "space": lambda: _space(body),
        "cameras": lambda: _cameras(body.index, body.clock()),
        "promises": lambda: _promises(body),
    }
    for name, look in ways.items():
        async for told in step(name, look, taken):
            yield told


async def _program(body: Body) -> Looked:
    findings = []
    if body.clock() < MADE_AT_MS:
        findings.append(found("clock-implausible", f"{utc(body.clock()):%Y-%m-%d %H:%M} UTC"))
    if await asyncio.to_thread(body.is_page_old):
        findings.append(found("restart-needed", "the page's files are others than those that are served"))
    if has_wal_reset_bug(sqlite3.sqlite_version_info):
        findings.append(found("sqlite-wal-reset", f"SQLite {sqlite3.sqlite_version}"))
    return Looked(findings=findings, seen=f"SQLite {sqlite3.sqlite_version}")


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether SQLite of that *version* can damage a file that two connections checkpoint at once."""
    if version < (3, 7, 0) or version >= (3, 51, 3):
        return False
    return not any(version[:2] == mended[:2] and version >= mended for mended in WAL_RESET_MENDED)


def _disk(folder: Path) -> Looked:
    try:
        known = disk.disk_of(folder)
        times_s = disk.sync_times(folder)
    except OSError as exc:
        return Looked(findings=[found("folder-not-writable", f"{folder}: {exc.strerror}")])
    return Looked(findings=disk.judge(known, times_s), seen=disk.described(known, times_s))


async def _space(body: Body) -> Looked:
    free_bytes = await asyncio.to_thread(body.store.free_bytes)
    if free_bytes is None:
        return Looked(seen="the store does not say how much")
    page = await body.index.frames(after_ms=body.clock() - DAY_MS, limit=SAMPLE)
    if page.total is None:
        # Too many to be counted one by one; the calendar has counted them.
        days = (await body.index.days()).days[:2]
        count = max((day.frames for day in days), default=0)
    else:
        count = page.total
    mean_bytes = statistics.fmean(frame.size_bytes for frame in page.frames) if page.frames else 0.0
    left_bytes = free_bytes - body.disk_floor_bytes
    rate = f"{count} frames in the last day, {count * mean_bytes / 1e6:.0f} MB"
    seen = f"{free_bytes / 1e9:.1f} GB free; {rate}"
    if not count * mean_bytes:
        out = [found("space-out", seen)] if left_bytes <= 0 else []
        return Looked(findings=out, seen=f"{free_bytes / 1e9:.1f} GB free; no frame came in the last day")
    days_left = left_bytes / (count * mean_bytes)
    lasts = f"{seen}: {_lasts(days_left)}"
    kind = "space-out" if days_left < OUT_DAYS else "space-short" if days_left < SHORT_DAYS else None
    return Looked(findings=[found(kind, lasts)] if kind else [], seen=lasts)


def _lasts(days: float) -> str:
    return "many years" if days > YEARS_DAYS else f"{max(0.0, days):.0f} days"


async def _cameras(index: Index, now_ms: int) -> Looked:
    findings: list[Finding] = []
    known = [camera for camera in await index.cameras() if camera.id != CAMERA]
    for camera in known:
        findings += _of_latest(camera, now_ms)
        if camera.latest is not None:
            findings += await _of_last_day(index, camera)
            findings += await _of_ledger(index, camera, now_ms)
    return Looked(findings=findings, seen=f"{len(known)} of them" if known else "there is none yet")


def _of_latest(camera: Camera, now_ms: int) -> list[Finding]:
    """What the camera's last word and the time since it tell."""
    findings = []
    status = camera.status
    if camera.latest is None and camera.keys:
        findings.append(found("camera-never-heard", camera.id))
    if camera.latest is not None and camera.every_ms is not None:
        # A report counts too: a camera at night has nothing to send.
        heard_ms = max(camera.latest.received_at_ms, camera.seen_at_ms or 0)
        since_ms = now_ms - heard_ms
        if since_ms > max(LATE_MS, FRAMES_LATE * camera.every_ms):
            usual = f"usually one in {_span(camera.every_ms)}"
            findings.append(found("camera-silent", f"{camera.id}: nothing for {_span(since_ms)}, {usual}"))
    if status.get("sensor_fault"):
        findings.append(found("sensor-fault", f"{camera.id}: {status['sensor_fault']}"))
    waiting = sum(_number(status.get(name)) or 0 for name in ("spooled", "waiting"))
    if waiting >= SPOOL_MANY:
        findings.append(found("spool-filling", f"{camera.id}: {waiting:.0f} frames"))
    return findings


async def _of_last_day(index: Index, camera: Camera) -> list[Finding]:
    """What the camera said of itself in the day up to its newest frame."""
    said = [status for _, status in await index.spread(camera.id, parts=POINTS)] + [camera.status]
    findings = []
    resets = {status.get("reset") for status in said}
    # The last word holds most; a figure that rose within the day tells of starts between two points.
    brownouts = [value for status in said if (value := _number(status.get("brownouts"))) is not None]
    if "brownout" in resets or (brownouts and brownouts[-1] > brownouts[0]):
        findings.append(found("brown-out", camera.id))
    if crashed := [word for reset, word in CRASHES.items() if reset in resets]:
        findings.append(found("crashes", f"{camera.id} {' and '.join(crashed)}"))
    heaps = [value for status in said if (value := _number(status.get("heap"))) is not None]
    if heaps and min(heaps) < HEAP_LOW_BYTES:
        findings.append(found("heap-low", f"{camera.id}: {min(heaps) / 1e3:.0f} kB at the least"))
    rssi = [value for status in said if (value := _number(status.get("rssi"))) is not None]
    if rssi and statistics.median(rssi) < WIFI_WEAK_DBM:
        findings.append(found("wifi-weak", f"{camera.id}: {statistics.median(rssi):.0f} dBm"))
    return findings


async def _of_ledger(index: Index, camera: Camera, now_ms: int) -> list[Finding]:
    page = await index.gaps(camera.id)
    findings = []
    given_up = Counter[str]()
    for gap in page.gaps:
        if gap.reason is not None and gap.at_ms > now_ms - DAY_MS:
            given_up[gap.reason] += gap.last - gap.first + 1
    if given_up:
        reasons = ", ".join(f"{count} by {reason}" for reason, count in given_up.most_common())
        findings.append(found("frames-given-up", f"{camera.id}: {reasons}"))
    held = sum(_number(page.status.get(name)) or 0 for name in ("spooled", "waiting"))
    if page.missing > held:
        findings.append(found("frames-missing", f"{camera.id}: {page.missing} missing, {held:.0f} held"))
    return findings


async def _promises(body: Body) -> Looked:
    broken = [told async for told in check(body.store, body.index) if isinstance(told, Broken)]
    if not broken:
        return Looked(seen=f"{body.index.total} frames")
    more = f"; and {len(broken) - SHOWN} more" if len(broken) > SHOWN else ""
    return Looked(findings=[found("promise-broken", "; ".join(one.what for one in broken[:SHOWN]) + more)])


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _span(ms: float) -> str:
    s = ms / 1000
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if s >= 2 * size:
            return f"{s / size:.0f} {unit}"
    return f"{s:.0f} s"
