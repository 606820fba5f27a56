"""What looking at the archive costs: pages and calendars of a large one, its start, and thumbnails."""

import http.client
import itertools
import os
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, create_engine, func, insert, select, update

from archive.frame import MediaType, frame_name, unix_ms
from archive.index.quarters import EMPTY
from archive.index.tables import boots, cameras, changes, days, frames
from tests.bench.bench import Bench, median
from tests.bench.programs import MeasureError, Server, archive, installed, load
from tests.bench.report import Row

SMALL, LARGE = 10_000, 1_000_000
CAMERAS = 10
DAYS = 365
FIRST_DAY = datetime(2025, 6, 1, tzinfo=UTC)
CHANGES_KEPT = 100_000
THUMBNAILS = 200


def large(bench: Bench) -> list[Row]:
    """A page of 100, a year's calendar and a start with a million frames ÷ with ten thousand, over the same year."""
    big = bench.amount(LARGE)
    folders = {"small": _filled(bench, SMALL), "large": _filled(bench, big)}
    pages = bench.folder("paths") / "pages"
    months = [FIRST_DAY + timedelta(days=30 * month, hours=7) for month in range(1, 13)]
    lines = ["/api/frames?limit=100", *(f"/api/frames?limit=100&before={at:%Y-%m-%dT%H:%M:%SZ}" for at in months)]
    lines += [f"{line}&camera=cam-3" for line in lines]
    pages.write_text("\n".join(lines))
    calendar = pages.with_name("calendar")
    calendar.write_text("/api/days\n")

    rows = []
    with archive(folders["small"]) as small, archive(folders["large"]) as large_one:
        for what, paths, goal in (("page of 100", pages, 1.2), ("a year's calendar", calendar, 1.2)):

            def ask(server: Server, paths: Path = paths) -> float:
                return load(server, connections=1, requests=len(lines) * 20, paths=paths, expect="200").p50_ms

            ask(small), ask(large_one)
            seen = bench.alternate({"small": lambda: ask(small), "large": lambda: ask(large_one)})
            rows.append(
                Row(
                    what=f"{what} through HTTP, {big:,} frames ÷ {SMALL:,}",
                    ours=median(seen["large"]),
                    baseline=median(seen["small"]),
                    unit="ms",
                    at_most=goal,
                    note=f"p50 of one connection; {DAYS} days and {CAMERAS} cameras in both, pages of the whole year.",
                )
            )
    seen = bench.alternate({name: lambda folder=folder: _start_s(folder) for name, folder in folders.items()})  # type: ignore[misc]
    rows.append(
        Row(
            what=f"start, {big:,} frames ÷ {SMALL:,}",
            ours=median(seen["large"]),
            baseline=median(seen["small"]),
            unit="s",
            at_most=2,
            note="From the process's birth to its first answer at /healthz.",
        )
    )
    return rows


def _start_s(folder: Path) -> float:
    began = time.monotonic()
    with archive(folder) as server:
        _get(server, "/healthz")
        return time.monotonic() - began


def _filled(bench: Bench, count: int) -> Path:
    """An archive whose index knows *count* frames, spread evenly over a year; their files do not exist."""
    folder = bench.folder(f"{count}-frames")
    with archive(folder) as server:
        _get(server, "/healthz")
    engine = create_engine(f"sqlite:///{_index_file(folder)}")
    with engine.begin() as connection:
        _fill(connection, count)
    engine.dispose()
    _start_s(folder)  # the first start after such a writer is not like the others
    return folder


def _index_file(folder: Path) -> Path:
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.open("rb").read(15) == b"SQLite format 3":
            return path
    raise MeasureError("the archive's folder holds no index")


def _fill(connection: Connection, count: int) -> None:
    at_ms = unix_ms(FIRST_DAY)
    for no in range(1, CAMERAS + 1):
        connection.execute(
            insert(cameras), {"no": no, "id": f"cam-{no}", "created_at_ms": at_ms, "frames": 0, "status": "{}"}
        )
        boot = {
            "no": no,
            "camera_no": no,
            "boot": f"{no:016x}",
            "is_ours": 0,
            "highest_number": count // CAMERAS,
            "frames": count // CAMERAS,
        }
        connection.execute(insert(boots), boot | {"first_received_at_ms": at_ms, "last_received_at_ms": at_ms})
    per_day: Counter[tuple[int, int]] = Counter()
    rows = _rows(count, per_day)
    while group := list(itertools.islice(rows, 20_000)):
        connection.execute(insert(frames), group)
    connection.execute(
        insert(days),
        [
            {"camera_no": no, "day": day, "frames": number, "quarters": EMPTY}  # which a calendar does not ask for
            for (no, day), number in per_day.items()
        ],
    )
    newest = range(max(1, count - CHANGES_KEPT + 1), count + 1)
    connection.execute(
        insert(changes),
        [{"seq": number, "kind": "frame", "camera_no": number % CAMERAS + 1, "frame_id": number} for number in newest],
    )
    latest = select(func.max(frames.c.id)).where(frames.c.camera_no == cameras.c.no).scalar_subquery()
    connection.execute(update(cameras).values(frames=count // CAMERAS, latest_frame_id=latest, seen_at_ms=at_ms))


def _rows(count: int, per_day: Counter[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    first_ms, step_ms = unix_ms(FIRST_DAY), DAYS * 86_400_000 / count
    for number in range(count):
        at_ms = first_ms + int(number * step_ms)
        no = (number + 1) % CAMERAS + 1
        day = int(f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y%m%d}")
        per_day[no, day] += 1
        per_day[0, day] += 1
        yield {
            "id": number + 1,
            "camera_no": no,
            "boot_no": no,
            "number": number // CAMERAS,
            "name": frame_name(at_ms, f"{no:016x}", number // CAMERAS, MediaType.JPEG),
            "taken_at_ms": at_ms,
            "taken_at_source": "camera-clock",
            "taken_at_uncertainty_ms": 40,
            "hangs_on_boot": 0,
            "received_at_ms": at_ms + 300,
            "size_bytes": 60_000,
            "width": 800,
            "height": 600,
            "media_type": "image/jpeg",
            "sha256": number.to_bytes(32, "big"),
            "verdict": "whole",
            "is_measured": 1,
            "mean_luma": 0.41,
            "contrast": 0.2,
            "difference": 0.03,
        }


def thumbnails(bench: Bench) -> list[Row]:
    """Warm thumbnails per second ÷ nginx with sendfile, each on one core."""
    if not (nginx := installed("nginx")) or not installed("taskset"):
        return [Row(what="thumbnail GET, warm ÷ nginx", at_least=0.35, note="nginx or taskset is not installed.")]
    folder, requests = bench.folder("ours"), bench.amount(30_000)
    with archive(folder, core=0) as ours:
        load(ours, connections=20, requests=THUMBNAILS, photos=bench.photos("60 KB"))
        ours.settle()
        page = msgspec.json.decode(_get(ours, f"/api/frames?limit={THUMBNAILS}"))
        paths = bench.folder("paths") / "thumbnails"
        paths.write_text("\n".join(frame["thumbnail_url"] for frame in page["frames"]))
        settings = paths.with_name("nginx.conf")
        with Server(lambda port: [nginx, "-p", folder, "-c", _nginx(settings, port, folder)], core=0) as other:

            def get(server: Server) -> tuple[float, float]:
                before = server.cpu_s()
                seen = load(server, connections=16, requests=requests, paths=paths, expect="200", core=1)
                return requests / seen.seconds, (server.cpu_s() - before) * 1e6 / requests

            load(ours, connections=16, requests=2 * THUMBNAILS, paths=paths, expect="200")
            load(other, connections=16, requests=2 * THUMBNAILS, paths=paths, expect="200")
            seen = bench.alternate({"nginx": lambda: get(other), "ours": lambda: get(ours)})
    return [
        Row(
            what="thumbnail GET, warm ÷ nginx sendfile, one core each",
            ours=median(rate for rate, _ in seen["ours"]),
            baseline=median(rate for rate, _ in seen["nginx"]),
            unit="GET/s",
            at_least=0.35,
            note=f"16 connections, {THUMBNAILS} different thumbnails, the client on the other core.",
        ),
        Row(
            what="the same, CPU per GET",
            ours=median(cpu for _, cpu in seen["ours"]),
            baseline=median(cpu for _, cpu in seen["nginx"]),
            unit="µs",
        ),
    ]


def _nginx(path: Path, port: int, root: Path) -> Path:
    owner = "user root;" if os.geteuid() == 0 else ""
    path.write_text(
        textwrap.dedent(f"""
        {owner} worker_processes 1; daemon off; pid {path}.pid; error_log {path}.log;
        events {{ worker_connections 1024; }}
        http {{
          access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; types {{ image/jpeg jpg; }}
          server {{ listen 127.0.0.1:{port}; root {root}; }}
        }}
        """)
    )
    return path


def _get(server: Server, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise MeasureError(f"GET {path} was answered {answer.status}: {body[:200]!r}")
        return body
    finally:
        connection.close()
