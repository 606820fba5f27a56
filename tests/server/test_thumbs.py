"""Thumbnails are there in time, made once, and never in the way of a frame: over real workers and a store in memory."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from PIL import Image

from archive.errors import Corrupt, Unavailable
from archive.frame import Frame, Measures, MediaType, TimeSource, Verdict, frame_name
from archive.index.base import Index
from archive.jpeg import inspect
from archive.store.memory import MemoryStore
from archive.thumbs import Renderer, Thumbs
from archive.thumbs.placeholder import PLACEHOLDER
from tests.pictures import gif, jpeg, png

BOOT = "0123456789abcdef"
EPOCH_MS = 1_790_000_000_000
MAX_PIXELS = 4_000_000
MAX_SCANS = 12


class FramesOfOneTest:
    """The index, as far as thumbnails ask it: frames in a dict, and what was noted of them."""

    def __init__(self) -> None:
        self.frames: dict[int, Frame] = {}
        self.noted: dict[int, tuple[Measures | None, Verdict | None]] = {}
        self.notes = 0

    async def measure(self, frame_id: int, measures: Measures | None, verdict: Verdict | None = None) -> None:
        self.notes += 1
        self.noted[frame_id] = measures, verdict
        known = self.frames[frame_id]
        self.frames[frame_id] = msgspec.structs.replace(known, measures=measures, verdict=verdict or known.verdict)

    async def frame_before(self, frame: Frame) -> Frame | None:
        earlier = [
            known
            for known in self.frames.values()
            if known.camera == frame.camera and (known.taken_at_ms, known.id) < (frame.taken_at_ms, frame.id)
        ]
        return max(earlier, key=lambda known: (known.taken_at_ms, known.id), default=None)

    async def unmeasured(self, *, after_id: int, limit: int) -> list[Frame]:
        return [
            frame for number, frame in sorted(self.frames.items()) if number > after_id and number not in self.noted
        ][:limit]


class Archive(SimpleNamespace):
    """A store, an index, a renderer, and thumbnails over them."""

    store: MemoryStore
    index: FramesOfOneTest
    renderer: Renderer
    thumbs: Thumbs

    def keep(self, body: bytes, *, at_ms: int | None = None, camera: str = "garden") -> Frame:
        """A frame, kept; nobody has been told."""
        number = len(self.index.frames) + 1
        picture = inspect(body)
        taken_at_ms = EPOCH_MS + (number * 1000 if at_ms is None else at_ms)
        frame = Frame(
            id=number,
            camera=camera,
            boot=BOOT,
            number=number,
            name=frame_name(taken_at_ms, BOOT, number, picture.media_type),
            taken_at_ms=taken_at_ms,
            taken_at_source=TimeSource.CAMERA_CLOCK,
            taken_at_uncertainty_ms=0,
            received_at_ms=taken_at_ms,
            size_bytes=len(body),
            width=picture.width,
            height=picture.height,
            media_type=picture.media_type,
            sha256=bytes(32),
            verdict=Verdict.WHOLE if picture.is_whole else Verdict.TRUNCATED,
        )
        assert self.store.put([(frame.key, body)]) == [None]
        self.index.frames[number] = frame
        return frame

    def arrive(self, body: bytes, *, at_ms: int | None = None, camera: str = "garden") -> Frame:
        """A frame, kept and announced, as intake does it."""
        frame = self.keep(body, at_ms=at_ms, camera=camera)
        self.thumbs.warm(frame, inspect(body), body)
        return frame

    async def noted(self, *frames: Frame) -> list[tuple[Measures | None, Verdict | None]]:
        """What the index has been told of these frames, once it has been told of all."""
        await until(lambda: all(frame.id in self.index.noted for frame in frames))
        return [self.index.noted[frame.id] for frame in frames]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - the store and the workers tell no Event
            await asyncio.sleep(0.002)


@asynccontextmanager
async def opened(
    store: MemoryStore | None = None, index: FramesOfOneTest | None = None, *, cache_bytes: int = 2**20
) -> AsyncIterator[Archive]:
    """An archive that makes thumbnails; over the store and index of an earlier one it is that one, started again."""
    store, index = store or MemoryStore(), index or FramesOfOneTest()
    renderer = Renderer(2, 60, MAX_PIXELS)
    thumbs = Thumbs(
        store=store,
        index=cast("Index", index),
        renderer=renderer,
        cache_bytes=cache_bytes,
        max_pixels=MAX_PIXELS,
        max_scans=MAX_SCANS,
    )
    running = asyncio.create_task(thumbs.run())
    try:
        yield Archive(store=store, index=index, renderer=renderer, thumbs=thumbs)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await renderer.close()


def even(level: int) -> bytes:
    """A picture of one grey."""
    file = io.BytesIO()
    Image.new("RGB", (320, 240), (level,) * 3).save(file, "JPEG")
    return file.getvalue()


def many_scans() -> bytes:
    """A JPEG of 40 scans."""
    data = jpeg(64, 48, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 40 + data[-2:]


def unshowable() -> bytes:
    """A JPEG to who only walks its markers, and nothing to a decoder."""
    data = bytearray(jpeg(64, 48))
    data[data.index(b"\xff\xc0") + 4] = 12
    return bytes(data)


async def test_a_frame_is_warmed_when_it_arrives() -> None:
    """In memory, in the store, and measured, without anyone asking."""
    async with opened() as archive:
        frame = archive.arrive(jpeg(800, 600))

        ((measures, verdict),) = await archive.noted(frame)

        cached = archive.thumbs.cached(frame.thumbnail_key)
        assert cached is not None
        assert Image.open(io.BytesIO(cached.data)).size == (400, 300)
        assert archive.store.get(frame.thumbnail_key) == cached.data
        assert measures is not None
        assert 0 < measures.mean_luma < 1
        assert 0 < measures.contrast < 1
        assert verdict is None
        assert archive.thumbs.backlog == 0


async def test_twenty_who_ask_at_once_wait_for_one_making() -> None:
    """One render and one note a frame, whoever asks; all are given the same."""
    async with opened() as archive:
        frame = archive.arrive(jpeg(800, 600))

        got = await asyncio.gather(*(archive.thumbs.thumbnail(frame) for _ in range(20)))
        await archive.noted(frame)

        assert archive.renderer.renders == 1
        assert archive.index.notes == 1
        assert len({id(thumbnail) for thumbnail in got}) == 1


async def test_who_asks_before_we_are_told_waits_for_the_same_making() -> None:
    """A page that is quicker than our own hand-over makes no second render, nor a second note."""
    async with opened() as archive:
        frame = archive.keep(body := jpeg(800, 600))
        asking = asyncio.create_task(archive.thumbs.thumbnail(frame))
        await asyncio.sleep(0)

        archive.thumbs.warm(frame, inspect(body), body)
        second = archive.arrive(body)
        await asking
        (_, (measures, _)) = await archive.noted(frame, second)

        assert archive.renderer.renders == 2
        assert archive.index.notes == 2
        assert measures is not None
        assert measures.difference == 0


async def test_one_who_goes_away_takes_nothing_from_the_others() -> None:
    """A visitor who hangs up does not cancel the making that others wait for."""
    async with opened() as archive:
        frame = archive.keep(jpeg(800, 600))
        first, second = (asyncio.create_task(archive.thumbs.thumbnail(frame)) for _ in range(2))
        await until(lambda: archive.renderer.renders == 1)

        first.cancel()

        assert not (await second).is_placeholder


async def test_a_thumbnail_of_the_store_is_not_made_again() -> None:
    """After a restart it is read, with the same ETag."""
    async with opened() as archive:
        frame = archive.arrive(jpeg(800, 600))
        before = await archive.thumbs.thumbnail(frame)
        await archive.noted(frame)

    async with opened(archive.store, archive.index) as again:
        got = await again.thumbs.thumbnail(again.index.frames[frame.id])

        assert (got.data, got.etag) == (before.data, before.etag)
        assert again.renderer.renders == 0


async def test_deleted_thumbnails_are_made_again() -> None:
    """They are derived: the same bytes come back, and the index is not told twice."""
    async with opened() as archive:
        frame = archive.arrive(jpeg(800, 600))
        before = await archive.thumbs.thumbnail(frame)
        await archive.noted(frame)
    archive.store.delete([frame.thumbnail_key])

    async with opened(archive.store, archive.index) as again:
        got = await again.thumbs.thumbnail(again.index.frames[frame.id])
        await until(lambda: len(list(again.store.keys("thumbnails"))) == 1)

        assert got == before
        assert again.index.notes == 1


async def test_frames_nobody_looked_at_are_caught_up_with_at_start() -> None:
    """What was kept when the server died is measured by the next one, and compared with the frame before it."""
    async with opened() as archive:
        seen = archive.arrive(even(0))
        await archive.noted(seen)
    missed = [archive.keep(even(51 * (number % 2 + 1))) for number in range(100)]

    async with opened(archive.store, archive.index) as again:
        noted = await again.noted(*missed)

    differences = [measures.difference for measures, _ in noted if measures and measures.difference is not None]
    assert differences == pytest.approx([0.2] * 100, abs=0.02)


async def test_what_does_not_fit_the_queue_is_caught_up_with() -> None:
    """A thousand frames in one burst: the queue is bounded, and every frame is looked at in the end."""
    body = jpeg(16, 12)

    async with opened() as archive:
        frames = [archive.arrive(body) for _ in range(1000)]
        backlog = archive.thumbs.backlog
        noted = await archive.noted(*frames)

        assert 0 < backlog < 1000
        assert all(measures is not None for measures, _ in noted)
        assert archive.thumbs.backlog == 0
        assert archive.renderer.renders < 1100


async def test_the_memory_of_waiting_frames_is_bounded() -> None:
    """Large frames wait in the store rather than in memory."""
    body = jpeg(16, 12) + bytes(5 * 2**20)

    async with opened() as archive:
        frames = [archive.arrive(body) for _ in range(20)]
        backlog = archive.thumbs.backlog
        await archive.noted(*frames)
        late = archive.arrive(body)

        assert backlog == 6  # of 5 MB, in 32
        assert archive.thumbs.backlog == 1  # what was held has been let go
        await archive.noted(late)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(unshowable(), id="no decoder can"),
        pytest.param(many_scans(), id="too many scans"),
        pytest.param(png(1, 1)[:16] + (3000).to_bytes(4) * 2 + png(1, 1)[24:], id="too many pixels"),
    ],
)
@pytest.mark.parametrize("how", ["warmed", "asked", "caught up with"])
async def test_a_picture_that_cannot_be_shown_gets_a_placeholder_and_a_verdict(body: bytes, how: str) -> None:
    """... once and for all: it is not tried again, also not after a restart."""
    async with opened() as archive:
        frame = archive.arrive(body) if how == "warmed" else archive.keep(body)
        if how == "asked":
            await archive.thumbs.thumbnail(frame)
    async with opened(archive.store, archive.index) as archive:
        noted = await archive.noted(frame)
    async with opened(archive.store, archive.index) as again:
        got = await again.thumbs.thumbnail(again.index.frames[frame.id])

        assert noted == [(None, Verdict.UNDECODABLE)]
        assert got.is_placeholder
        assert got.data == PLACEHOLDER
        assert again.renderer.renders == 0
    assert list(archive.store.keys("thumbnails")) == []


@pytest.mark.parametrize("body", [many_scans(), png(1, 1)[:16] + (3000).to_bytes(4) * 2 + png(1, 1)[24:]])
async def test_hostile_pictures_reach_no_worker(body: bytes) -> None:
    """Scans and pixels are counted before a decoder is asked."""
    async with opened() as archive:
        await archive.noted(archive.arrive(body), archive.arrive(body))

        assert archive.renderer.renders == 0


async def test_a_truncated_frame_is_shown_and_keeps_its_verdict() -> None:
    """Half a picture is worth seeing, and stays half a picture."""
    body = jpeg(800, 600)

    async with opened() as archive:
        frame = archive.arrive(body[: len(body) // 2])
        noted = await archive.noted(frame)
        got = await archive.thumbs.thumbnail(frame)

    assert noted[0][0] is not None
    assert noted[0][1] is None
    assert not got.is_placeholder


@pytest.mark.parametrize(("media_type", "make"), [(MediaType.PNG, png), (MediaType.GIF, gif)])
async def test_other_pictures_have_a_jpeg_as_thumbnail(media_type: MediaType, make: Callable[[], bytes]) -> None:
    """A thumbnail's name and bytes are those of a JPEG."""
    async with opened() as archive:
        frame = archive.arrive(make())
        got = await archive.thumbs.thumbnail(frame)

    assert frame.media_type is media_type
    assert frame.thumbnail_key.endswith(".jpg")
    assert inspect(got.data).media_type is MediaType.JPEG


async def test_a_frame_is_compared_with_its_own_cameras_frame_before() -> None:
    """The first has none; two cameras do not mix."""
    async with opened() as archive:
        noted = await archive.noted(
            archive.arrive(even(0)),
            archive.arrive(even(255), camera="porch"),
            archive.arrive(even(51)),
            archive.arrive(even(255), camera="porch"),
            archive.arrive(even(0)),
        )

    differences = [measures.difference for measures, _ in noted if measures]
    assert differences == [None, None, pytest.approx(0.2, abs=0.01), 0, pytest.approx(0.2, abs=0.01)]


async def test_a_late_frame_is_compared_with_the_one_taken_before_it() -> None:
    """A spool delivers old frames after new ones: what counts is when they were taken."""
    async with opened() as archive:
        first = archive.arrive(even(0), at_ms=1000)
        newest = archive.arrive(even(255), at_ms=9000)
        await archive.noted(first, newest)

        late, next_one = archive.arrive(even(51), at_ms=5000), archive.arrive(even(255), at_ms=10_000)
        noted = await archive.noted(late, next_one)

    differences = [measures.difference for measures, _ in noted if measures]
    assert differences == [pytest.approx(0.2, abs=0.01), 0]


async def test_a_spool_sent_newest_first_is_compared_as_well() -> None:
    """Each waits for the one taken before it, which comes after it, and all are measured."""
    async with opened() as archive:
        frames = [archive.arrive(even(51 * (at % 2)), at_ms=-at * 1000) for at in range(60)]
        noted = await archive.noted(*frames)

    differences = [measures.difference for measures, _ in noted if measures]
    assert differences[:-1] == pytest.approx([0.2] * 59, abs=0.02)
    assert differences[-1] is None


async def test_the_first_frame_after_a_restart_is_compared_too() -> None:
    """With the stored thumbnail of the one before it."""
    async with opened() as archive:
        await archive.noted(archive.arrive(even(0)))

    async with opened(archive.store, archive.index) as again:
        ((measures, _),) = await again.noted(again.arrive(even(51)))

    assert measures is not None
    assert measures.difference == pytest.approx(0.2, abs=0.01)


async def test_a_store_that_writes_no_thumbnails_is_not_fatal(caplog: pytest.LogCaptureFixture) -> None:
    """They are shown from memory, measured, and complained about once."""

    def fail(operation: str, _key: str) -> None:
        if operation == "put_derived":
            raise Unavailable("the disk is full")

    async with opened(MemoryStore(fail=fail)) as archive:
        frames = [archive.arrive(jpeg()) for _ in range(5)]
        await archive.noted(*frames)

        assert all(archive.thumbs.cached(frame.thumbnail_key) for frame in frames)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_store_that_cannot_be_read_now_is_said_to_who_asks() -> None:
    """Unavailable: neither a placeholder nor a verdict, and the next who asks is served."""
    is_broken = True

    def fail(operation: str, _key: str) -> None:
        if operation == "get" and is_broken:
            raise Unavailable("try again")

    async with opened(MemoryStore(fail=fail)) as archive:
        frame = archive.keep(jpeg())
        with pytest.raises(Unavailable):
            await archive.thumbs.thumbnail(frame)
        is_broken = False

        assert not (await archive.thumbs.thumbnail(frame)).is_placeholder


async def test_a_missing_original_is_said_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Corrupt to who asks, a line in the log, and the next frame is warmed."""
    async with opened() as archive:
        frame = archive.keep(jpeg())
        archive.store.delete([frame.key])

        with pytest.raises(Corrupt, match=frame.name):
            await archive.thumbs.thumbnail(frame)
        await archive.noted(archive.arrive(jpeg()))

    assert frame.name in caplog.text


async def test_what_nobody_foresaw_is_logged_with_the_frames_name(caplog: pytest.LogCaptureFixture) -> None:
    """The traceback too; and warming goes on."""

    def fail(operation: str, key: str) -> None:
        if operation == "put_derived" and f"-{BOOT}-1." in key:
            raise RuntimeError("nobody foresaw this")

    async with opened(MemoryStore(fail=fail)) as archive:
        unlucky, lucky = archive.arrive(jpeg()), archive.arrive(jpeg())
        await archive.noted(lucky)
        await until(lambda: unlucky.key in caplog.text)

    assert "nobody foresaw this" in caplog.text


async def test_memory_holds_what_was_asked_for_last() -> None:
    """Bounded in bytes; what falls out comes from the store."""
    async with opened(cache_bytes=50_000) as archive:
        frames = [archive.arrive(jpeg(320, 240, seed=seed)) for seed in range(10)]
        await archive.noted(*frames)

        held = [frame for frame in frames if archive.thumbs.cached(frame.thumbnail_key)]
        assert 0 < len(held) < 10
        got = await archive.thumbs.thumbnail(frames[0])
        assert got.data == archive.store.get(frames[0].thumbnail_key)
        assert archive.thumbs.cached(frames[0].thumbnail_key) is got
        assert archive.renderer.renders == 10


async def test_a_frame_after_one_that_cannot_be_shown_has_no_difference() -> None:
    """Paper is nothing to compare with."""
    async with opened() as archive:
        noted = await archive.noted(archive.arrive(unshowable()), archive.arrive(jpeg(), at_ms=9000))
        late = await archive.noted(archive.arrive(jpeg(), at_ms=5000))

    assert [measures and measures.difference for measures, _ in noted + late] == [None, None, None]


async def test_a_verdict_is_told_when_a_frame_is_not_whole() -> None:
    """Of an honest frame nothing is told; a black one, and the same picture again, have their verdicts."""
    async with opened() as archive:
        frames = [archive.arrive(body) for body in (jpeg(320, 240), jpeg(320, 240), even(3), jpeg(320, 240, seed=1))]

        noted = await archive.noted(*frames)

        assert [verdict for _, verdict in noted] == [None, Verdict.FROZEN, Verdict.DARK, None]


async def test_a_frame_seen_before_there_were_colours_is_seen_again() -> None:
    """An archive from before: its frames are measured anew, and judged."""
    async with opened() as archive:
        frames = [archive.arrive(body) for body in (jpeg(320, 240), even(3))]
        await archive.noted(*frames)
    for frame in frames:
        archive.index.noted.pop(frame.id)
        old = Measures(mean_luma=0.9, contrast=0.9)
        archive.index.frames[frame.id] = msgspec.structs.replace(frame, measures=old)

    async with opened(archive.store, archive.index) as archive:
        noted = await archive.noted(*frames)

    assert [measures and measures.colour is not None for measures, _ in noted] == [True, True]
    assert [verdict for _, verdict in noted] == [None, Verdict.DARK]
