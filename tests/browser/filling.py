"""A year of frames in an archive, without sending them: rows in its index, and originals that share a few files."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, func, insert, select, update

from archive.frame import MediaType, frame_name, unix_ms
from archive.index.counting import recount
from archive.index.tables import boots, cameras, frames
from archive.scene import draw

CAMERAS = ("garden", "courtyard", "window", "kitchen", "porch", "shed")
BUSY = (2, 2, 2, 2, 2, 3, 4, 8, 9, 8, 6, 5, 6, 7, 7, 6, 6, 5, 4, 3, 3, 3, 2, 2)  # how full the hours of a day are
VERDICTS = ("truncated", "frozen", "green")
DRAWN_HOURS = 3  # a picture is drawn for each camera and so many hours, and serves them all
AWAY = timedelta(days=7)  # in July nobody was there


def fill(folder: Path, count: int, newest: datetime, *, days: int = 297) -> None:
    """Put about *count* frames of six cameras into the archive in *folder*, which no server may have open.

    The newest is taken at *newest*, the others on the *days* days before it. The same arguments make the same archive.
    """
    pictures = _Pictures(folder.with_name(folder.name + "-pictures"), newest)
    engine = create_engine(f"sqlite:///{folder / 'index.db'}")
    zone = newest.tzinfo
    assert isinstance(zone, ZoneInfo)
    with engine.begin() as connection:
        first_ms = unix_ms(newest - timedelta(days=days))
        for no, camera in enumerate(CAMERAS, 1):
            row = {"no": no, "id": camera, "created_at_ms": first_ms, "frames": 0, "status": "{}"}
            connection.execute(insert(cameras), row)
            boot = {"no": no, "camera_no": no, "boot": _boot(no), "is_ours": 0, "highest_number": count, "frames": 0}
            connection.execute(
                insert(boots), boot | {"first_received_at_ms": first_ms, "last_received_at_ms": unix_ms(newest)}
            )
        rows = []
        for number, taken in enumerate(_moments(count, newest, days)):
            rows.append(row := _row(number, taken))
            pictures.lay(folder / _key(row), CAMERAS[row["camera_no"] - 1], taken.hour)
        connection.execute(insert(frames), rows)
        recount(connection, zone)
        latest = select(func.max(frames.c.id)).where(frames.c.camera_no == cameras.c.no).scalar_subquery()
        connection.execute(update(cameras).values(latest_frame_id=latest, seen_at_ms=unix_ms(newest)))
    engine.dispose()


def _moments(count: int, newest: datetime, days: int) -> Iterator[datetime]:
    random = Random(4)
    for day in range(days, -1, -1):
        date = newest - timedelta(days=day)
        if timedelta() <= date - date.replace(month=7, day=21) < AWAY:
            continue
        today = round(count / (days + 1) * random.uniform(0.3, 1.7))
        moments = [
            date.replace(hour=hour, minute=random.randrange(60), second=random.randrange(60))
            for hour in random.choices(range(24), BUSY, k=today)
        ]
        yield from sorted(moment for moment in moments if moment < newest)
    yield newest


def _row(number: int, taken: datetime) -> dict[str, Any]:
    random = Random(number)
    no = random.choices(range(1, len(CAMERAS) + 1), (4, 3, 3, 2, 1, 2))[0]
    taken_ms = unix_ms(taken)
    is_night = not 5 <= taken.hour < 21
    return {
        "id": number + 1,
        "camera_no": no,
        "boot_no": no,
        "number": number,
        "name": frame_name(taken_ms, _boot(no), number, MediaType.JPEG),
        "taken_at_ms": taken_ms,
        "taken_at_source": "camera-clock",
        "taken_at_uncertainty_ms": 40,
        "hangs_on_boot": 0,
        "received_at_ms": taken_ms + 574,
        "size_bytes": random.randrange(30_000, 70_000),
        "width": 800,
        "height": 600,
        "media_type": "image/jpeg",
        "sha256": number.to_bytes(32, "big"),
        "verdict": "dark" if is_night and random.random() < 0.5 else _verdict(random),
        "is_measured": 1,
        "mean_luma": 0.4,
        "contrast": 0.2,
        "difference": round(random.random() ** 3 * 0.6, 3),
        "colour": 0x1C2026 if is_night else random.choice((0x6D7A5C, 0x7C746A, 0x5F6E7D)),
    }


def _verdict(random: Random) -> str:
    return random.choice(VERDICTS) if random.random() < 0.01 else "whole"


def _boot(no: int) -> str:
    return f"{no:x}f3a61c0e2b47d18"


def _key(row: dict[str, Any]) -> str:
    day = datetime.fromtimestamp(row["taken_at_ms"] / 1000, UTC)
    return f"photos/{CAMERAS[row['camera_no'] - 1]}/{day:%Y/%m/%d}/{row['name']}"


class _Pictures:
    """A few pictures that many names share."""

    def __init__(self, folder: Path, day: datetime) -> None:
        folder.mkdir()
        self._made: set[Path] = set()
        self._files = {}
        for camera in CAMERAS:
            for hour in range(0, 24, DRAWN_HOURS):
                file = folder / f"{camera}-{hour}.jpg"
                file.write_bytes(draw(camera, day.replace(hour=hour, minute=40), frame_number=hour))
                self._files[camera, hour] = file

    def lay(self, path: Path, camera: str, hour: int) -> None:
        """Put the picture of *camera* at *hour* at *path*."""
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        os.link(self._files[camera, hour // DRAWN_HOURS * DRAWN_HOURS], path)
