"""What is counted and timed is true, bounded, documented, and told only to who may know it."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archive.metrics import MAX_CAMERAS, CameraSeen, Metrics, Standing
from archive.server import keys
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Served, head, new_boot, request, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "correct-horse-battery"
PAGE = Path(__file__).parents[2] / "docs" / "ref" / "metrics.md"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    """Every sample by its name and its labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class Told:
    """What an archive's metrics say at the moment."""

    def __init__(self, found: Samples) -> None:
        self.found = found

    def __call__(self, name: str, **labels: str) -> float:
        return self.found.get((name, frozenset(labels.items())), 0)


async def told(archive: Served) -> Told:
    async with archive.owner() as owner, owner.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return Told(samples(await answer.text()))


async def test_a_frame_is_counted_and_each_of_its_steps_timed(archive: Served, camera: str) -> None:
    """New once, known when it comes again; the steps of a known one end before its bytes."""
    before = await told(archive)
    frame, boot = jpeg(seed=1), new_boot()

    for _ in range(2):
        assert (await archive.send(frame, camera=camera, boot=boot, number=1)).status < 300
    after = await told(archive)

    def more(name: str, **labels: str) -> float:
        return after(name, **labels) - before(name, **labels)

    assert more("archive_frames_kept_total", was="new") == 1
    assert more("archive_frames_kept_total", was="known") == 1
    assert more("archive_frame_bytes_total") == len(frame)
    assert more("archive_answers_total", method="POST", status="201") == 1
    assert more("archive_answers_total", method="POST", status="200") == 1
    assert more("archive_fsync_seconds_count") == 1
    assert more("archive_step_seconds_count", step="inspect") == 2
    assert more("archive_step_seconds_count", step="put") == 1
    assert more("archive_step_seconds_count", step="index") == 1
    assert more("archive_step_seconds_count", step="total") == 2
    assert 0 < more("archive_step_seconds_sum", step="put") < more("archive_step_seconds_sum", step="total")
    assert after("archive_camera_frames", camera=camera) == 1
    assert abs(after("archive_camera_seen_timestamp_seconds", camera=camera) - time.time()) < 3600
    assert after("archive_frames") == archive.index.total


async def test_refusals_are_counted_by_their_status(archive: Served) -> None:
    """What is no picture is no frame, and an invented method is no series of its own."""
    before = await told(archive)

    assert (await archive.send(b"no picture")).status == 415
    assert (await archive.ask("/api/frames", method="PROPFIND")).status == 405
    after = await told(archive)

    assert after("archive_answers_total", method="POST", status="415") == 1 + before(
        "archive_answers_total", method="POST", status="415"
    )
    assert after("archive_answers_total", method="other", status="405") >= 1
    assert "PROPFIND" not in str(after.found)


async def test_hang_ups_are_counted(archive: Served, camera: str) -> None:
    """A camera that is cut off in the middle of its frame."""
    before = await told(archive)
    frame = jpeg() + bytes(100_000)

    async with archive.connected() as line:
        await line.say(request(head(camera=camera, boot=new_boot(), number=0), frame[:1000], length=len(frame)))
        await until(lambda: archive.app[keys.BUDGET].taken_bytes)

    async def counted() -> bool:
        name = "archive_hang_ups_total"
        return (await told(archive))(name, method="POST") == 1 + before(name, method="POST")

    await until(counted)


async def test_how_things_stand_is_told(make_archive: MakeArchive) -> None:
    """Listeners, disk, budget and floor, as they are when asked."""
    archive = await make_archive(disk_floor_bytes=1234, body_budget_bytes=5678)

    async with archive.connected() as line:
        await line.say(request({}, method="GET", path="/api/events"))
        await until(lambda: archive.app[keys.EVENTS].listeners)
        found = await told(archive)

    assert found("archive_listeners") == 1
    assert found("archive_disk_floor_bytes") == 1234
    assert found("archive_disk_free_bytes") > 10**6
    assert found("archive_body_budget_bytes") == 5678
    assert found("process_open_fds") > 3


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer  {TOKEN} "}, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer \xfc"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
    ],
)
async def test_the_token_is_the_only_way_in_from_outside(
    make_archive: MakeArchive, headers: dict[str, str], status: int
) -> None:
    """Any other is refused in the one shape of errors."""
    archive = await make_archive(metrics_token=TOKEN)

    reply = await archive.ask("/metrics", headers=headers)

    assert reply.status == status
    assert (b"archive_frames" in reply.body) is (status == 200)
    assert status == 200 or reply.is_problem(status)


async def test_without_a_token_nobody_gets_in_by_one(archive: Served) -> None:
    """Not with an empty one either."""
    for said in ("Bearer ", "Bearer x", ""):
        assert (await archive.ask("/metrics", headers={"Authorization": said})).status == 401


async def test_every_metric_has_its_sentence(archive: Served, camera: str) -> None:
    """docs/ref/metrics.md lists exactly the metrics there are, with their labels."""
    assert (await archive.send(jpeg(), camera=camera)).status == 201
    found = await told(archive)
    ours: dict[str, set[str]] = {}
    for name, labels in found.found:
        plain = re.sub(r"_(bucket|sum|count)$", "", name)
        ours.setdefault(plain, set()).update(label for label, _ in labels if label != "le")
    ours.setdefault("archive_hang_ups_total", {"method"})  # may not have happened yet

    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", await asyncio.to_thread(PAGE.read_text, "utf-8"), re.MULTILINE)

    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows} == ours


async def test_a_fleet_does_not_flood_prometheus() -> None:
    """Of many cameras those seen last are told one by one; all are counted."""
    many = {
        f"camera-{number:05d}": CameraSeen(frames=number, seen_at_ms=number * 1000)
        for number in range(MAX_CAMERAS + 500)
    }
    standing = Standing(
        version="1",
        frames=0,
        cameras={**many, "never": CameraSeen(frames=0, seen_at_ms=None)},
        writer_waiting=0,
        thumbnails_waiting=0,
        body_bytes=0,
        body_budget_bytes=0,
        listeners=0,
        disk_free_bytes=None,
        disk_floor_bytes=0,
    )

    found = Told(samples((await asyncio.to_thread(Metrics().written, standing)).decode()))

    seen = [labels for name, labels in found.found if name == "archive_camera_seen_timestamp_seconds"]
    assert len(seen) == MAX_CAMERAS
    assert found("archive_camera_frames", camera="camera-01499") == 1499
    assert frozenset({("camera", "camera-00000")}) not in seen
    assert found("archive_cameras") == MAX_CAMERAS + 501
    assert ("archive_disk_free_bytes", frozenset()) not in found.found
