"""What must hold of an archive's folder after any crash: index and files are read as they lie, without the server."""

import hashlib
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.crash.cameras import Name

_FRAMES = """
    SELECT cameras.id, boots.boot, frames.number, lower(hex(frames.sha256)), frames.name, frames.size_bytes
    FROM frames JOIN cameras ON cameras.no = frames.camera_no JOIN boots ON boots.no = frames.boot_no
    ORDER BY frames.id
"""


def violations(folder: Path, kept: Mapping[Name, str]) -> list[str]:
    """Every broken promise found.

    *kept* frames that are not there, frames twice, rows without their whole file, an index that disagrees with itself.
    """
    # A copy, so that looking neither replays the log in the folder nor leaves a file there.
    with tempfile.TemporaryDirectory() as copy:
        for file in folder.glob("index.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, copy)
        index = Path(copy, "index.db")
        if not index.exists():
            return ["there is no index"]
        try:
            with closing(sqlite3.connect(index)) as connection:
                return list(_violations(connection, folder, kept))
        except sqlite3.DatabaseError as exc:
            return [f"the index cannot be read: {exc}"]


def _violations(index: sqlite3.Connection, folder: Path, kept: Mapping[Name, str]) -> Iterator[str]:
    for (finding,) in index.execute("PRAGMA integrity_check").fetchall():
        if finding != "ok":
            yield f"integrity_check: {finding}"
    for row in index.execute("PRAGMA foreign_key_check").fetchall():
        yield f"foreign_key_check: {row}"

    rows = index.execute(_FRAMES).fetchall()
    held = Counter((Name(camera, boot, number), digest) for camera, boot, number, digest, _, _ in rows)
    for name, digest in kept.items():
        if not held[name, digest]:
            yield f"lost: {name} was acknowledged and has no row"
    for name, often in Counter(name for name, _ in held.elements()).items():
        if often > 1:
            yield f"doubled: {name} has {often} rows"
    for camera, _, _, digest, name, size_bytes in rows:
        yield from _violations_of_file(folder, camera, name, digest, size_bytes)
    yield from _violations_of_counts(index)
    yield from _violations_of_log(index)


def _violations_of_file(folder: Path, camera: str, name: str, digest: str, size_bytes: int) -> Iterator[str]:
    path = folder / "photos" / camera / name[0:4] / name[4:6] / name[6:8] / name
    try:
        body = path.read_bytes()
    except OSError as exc:
        yield f"row without file: {name}: {exc}"
        return
    if len(body) != size_bytes:
        yield f"row without whole file: {name} has {len(body)} of {size_bytes} bytes"
    elif hashlib.sha256(body).hexdigest() != digest:
        yield f"row with other bytes: {name}"


def _violations_of_counts(index: sqlite3.Connection) -> Iterator[str]:
    (zone,) = index.execute("SELECT timezone FROM archive").fetchone() or ("UTC",)
    counted: Counter[tuple[int, int]] = Counter()
    frames: Counter[int] = Counter()
    for camera_no, taken_at_ms in index.execute("SELECT camera_no, taken_at_ms FROM frames"):
        taken_at = datetime.fromtimestamp(taken_at_ms / 1000, UTC).astimezone(ZoneInfo(zone))
        frames[camera_no] += 1
        for whose in (0, camera_no):
            counted[whose, int(f"{taken_at:%Y%m%d}")] += 1
    days = {
        (camera_no, day): often
        for camera_no, day, often in index.execute("SELECT camera_no, day, frames FROM days WHERE frames != 0")
    }
    if days != dict(counted):
        yield f"days say {days}, frames {dict(counted)}"
    for camera_no, often in index.execute("SELECT no, frames FROM cameras"):
        if often != frames[camera_no]:
            yield f"camera {camera_no} counts {often} frames, there are {frames[camera_no]}"
    for boot, often, arrived, highest, top in index.execute(
        "SELECT boots.no, boots.frames, count(DISTINCT number), boots.highest_number, max(number)"
        " FROM boots JOIN frames ON frames.boot_no = boots.no GROUP BY boots.no"
    ):
        if (often, highest) != (arrived, top):
            yield f"boot {boot} counts {often} frames up to {highest}, there are {arrived} up to {top}"


def _violations_of_log(index: sqlite3.Connection) -> Iterator[str]:
    told = [row[0] for row in index.execute("SELECT frame_id FROM changes WHERE kind = 'frame' ORDER BY seq")]
    there = [row[0] for row in index.execute("SELECT id FROM frames ORDER BY id")]
    if told != there:
        yield f"the log of changes tells of {len(told)} frames, there are {len(there)}: not each once, in order"
