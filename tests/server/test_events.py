"""Every change is told once, in order, to everybody who listens: across reconnects, restarts and slow listeners."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from archive.events import REPLAY_MAX
from archive.fields import render_lost
from archive.frame import Lost
from archive.server import keys
from archive.server.live import BEHIND_MAX_BYTES, CHANGES_PAGE, SEND_BUFFER_BYTES
from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Served, config_of, new_boot, request, serving, until
from tests.server.streams import Stream, listening

pytestmark = pytest.mark.asyncio(loop_scope="module")

_seeds = itertools.count()


def small() -> bytes:
    """A picture unlike all before: the same one again would get a verdict, which is a change too."""
    return jpeg(16, 16, seed=next(_seeds))


async def fill(archive: Served, camera: str, count: int, *, boot: str | None = None, start: int = 0) -> None:
    """That many frames, kept."""
    boot = boot or new_boot()
    for begin in range(start, start + count, 50):
        numbers = range(begin, min(begin + 50, start + count))
        await asyncio.gather(*(archive.send(small(), camera=camera, boot=boot, number=number) for number in numbers))


@pytest_asyncio.fixture(name="long_log", scope="module", loop_scope="module")
async def _long_log(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """An archive whose log is longer than a page of it, and than a replay may be."""
    async with serving(config_of(tmp_path_factory.mktemp("long"))) as archive:
        await fill(archive, "garden", max(CHANGES_PAGE, REPLAY_MAX) + 50)
        yield archive


# -- one stream


async def test_a_stream_greets_at_once(archive: Served) -> None:
    """`hello` with where the log stands, before anything happens, under headers that no proxy may buffer or change."""
    await fill(archive, "garden", 2)

    async with listening(archive.session) as stream:
        hello = await stream.next()

        assert (hello.kind, hello.id) == ("hello", None)
        assert hello.data == {
            "last_seq": archive.index.last_seq,
            "heartbeat_s": archive.config.heartbeat_s,
            "total": archive.index.total,
        }
        assert stream.retry_ms is not None
        headers = stream.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-cache, no-transform"
        assert headers["X-Accel-Buffering"] == "no"


async def test_a_frame_is_told_as_the_api_shows_it(archive: Served, camera: str) -> None:
    """A new camera, its first frame, a confessed gap: in that order, each with its id, whole."""
    boot = new_boot()
    lost = {"Camera-Lost": render_lost(Lost(boot=boot, first=1, last=4, reason="spool-full"))}

    async with listening(archive.session) as stream:
        last = (await stream.next()).data["last_seq"]
        await archive.send(small(), camera=camera, boot=boot, number=5, headers=lost)
        told = await stream.until("gap")

    assert [event.kind for event in told] == ["camera", "frame", "gap"]
    assert [event.id for event in told] == [last + 1, last + 2, last + 3]
    assert told[0].data == {"id": camera}
    shown = told[1].data
    [frame] = await archive.frames(camera)
    for measured in ("mean_luma", "contrast", "difference"):
        frame[measured] = shown[measured]
    assert shown == frame
    assert told[2].data == {"camera": camera, "boot": boot, "from": 1, "to": 4, "reason": "spool-full"}


async def test_a_heartbeat_says_that_the_stream_lives(make_archive: MakeArchive) -> None:
    """Now and then, without an id, so that a page can tell silence from a dead connection."""
    archive = await make_archive(heartbeat_s=0.05)

    async with listening(archive.session) as stream:
        beats = [(await stream.next()) for _ in range(4)]

    assert [event.kind for event in beats] == ["hello", *["heartbeat"] * 3]
    assert {event.id for event in beats} == {None}
    assert all(beat.data["now"].endswith("Z") for beat in beats[1:])


async def test_the_stream_begins_after_what_the_page_has_seen(archive: Served, camera: str) -> None:
    """`?after=` of a page's `last_seq`, or `Last-Event-ID`, which counts more: what came since, nothing twice."""
    await fill(archive, camera, 3)
    last_seq = (await archive.get("/api/frames"))["last_seq"]
    assert last_seq == archive.index.last_seq
    await fill(archive, camera, 5)
    now = archive.index.last_seq

    for options in ({"after": last_seq}, {"last_id": last_seq}, {"after": now, "last_id": last_seq}):
        async with listening(archive.session, **options) as stream:
            told = [await stream.next() for _ in range(1 + now - last_seq)]
        assert [event.id for event in told] == [None, *range(last_seq + 1, now + 1)]


async def test_who_knows_the_newest_gets_no_replay(archive: Served, camera: str) -> None:
    """After the last change there is only what comes."""
    await fill(archive, camera, 1)
    last_seq = archive.index.last_seq

    async with listening(archive.session, last_id=last_seq) as stream:
        await stream.next()
        await archive.send(small(), camera=camera, boot=new_boot(), number=0)

        assert (await stream.next()).id == last_seq + 1


async def test_a_long_absence_is_replayed_in_one_stream(long_log: Served) -> None:
    """As many changes as a replay may have reach a listener that is slow to read: it is waited for, not dropped."""
    hub = long_log.app[keys.EVENTS]
    last_seq = long_log.index.last_seq
    after = last_seq - REPLAY_MAX

    async with long_log.connected() as line:
        line.throttle(16_384)
        line.stop_reading()
        await line.say(request({"Last-Event-ID": str(after)}, method="GET", path="/api/events"))
        await until(lambda: hub._joining == 1 and _held_bytes(long_log) > SEND_BUFFER_BYTES)
        for _ in range(10):  # who is not waited for would have been written everything by now
            await long_log.get("/api/changes", after=after)
        line.throttle(2**20)
        line.read_on()
        text = b""
        while f"id: {last_seq}\n".encode() not in text:
            text += await line.some()

    ids = [int(part.split(b"\n")[0]) for part in text.split(b"id: ")[1:]]
    assert ids == list(range(after + 1, last_seq + 1))


async def test_too_long_an_absence_is_a_reset(archive: Served, camera: str) -> None:
    """Older than a replay may be, older than the log, or an id of another archive: fetch afresh, and where to go on."""
    await fill(archive, camera, 1)
    last_seq = archive.index.last_seq

    for after in (last_seq + 1, last_seq + 1_000_000, 10**17):
        async with listening(archive.session, last_id=after) as stream:
            told = [await stream.next(), await stream.next()]
        assert [(event.kind, event.id) for event in told] == [("hello", None), ("reset", last_seq)]
        assert told[1].data == {"last_seq": last_seq}
        answer = await archive.get("/api/changes", after=after, wait_s=50)  # at once, not after that time
        assert answer == {"changes": [], "last_seq": last_seq, "reset": True}


async def test_a_log_kept_short_says_so(make_archive: MakeArchive) -> None:
    """Changes beyond `changes_kept` are forgotten some day, and who asks for them hears `reset`; the rest is there."""
    archive = await make_archive(changes_kept=10)
    boot = new_boot()
    for number in range(0, 400, 50):  # each is three changes: a camera, a frame, a gap
        lost = {"Camera-Lost": render_lost(Lost(boot=boot, first=0, last=0, reason="test"))}
        cameras = [f"camera-{number + n}" for n in range(50)]
        await asyncio.gather(
            *(archive.send(small(), camera=camera, boot=boot, number=1, headers=lost) for camera in cameras)
        )
    last_seq = archive.index.last_seq

    async with listening(archive.session, last_id=1) as stream:
        told = [await stream.next(), await stream.next()]
    answer = await archive.get("/api/changes", after=1)
    recent = await archive.get("/api/changes", after=last_seq - 10)

    assert (told[1].kind, told[1].data) == ("reset", {"last_seq": last_seq})
    assert (answer["reset"], answer["last_seq"]) == (True, last_seq)
    assert [change["seq"] for change in recent["changes"]] == list(range(last_seq - 9, last_seq + 1))


async def test_http_1_0_gets_the_stream_unchunked(archive: Served, camera: str) -> None:
    """A proxy that speaks HTTP/1.0, as nginx does unless it is told otherwise, passes plain events on."""
    await fill(archive, camera, 300)
    after = archive.index.last_seq - 300

    async with archive.connected() as line:
        await line.say(f"GET /api/events?after={after} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        text = b""
        while f"id: {after + 300}\n".encode() not in text:
            text += await line.some()

    head, _, body = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200")
    assert b"chunked" not in head.lower()
    assert b"\r" not in body
    assert [event.partition(b"\n")[0] for event in body.split(b"\n\n")[2:302]] == [
        b"id: %d" % seq for seq in range(after + 1, after + 301)
    ]


# -- the same log for who cannot stream


async def test_the_log_can_be_read_page_by_page(long_log: Served) -> None:
    """Following `last_seq` from the start leads through every change once, also where there are more than a page."""
    seen: list[int] = []
    after, pages = 0, 0

    while after < long_log.index.last_seq:
        answer = await long_log.get("/api/changes", after=after, wait_s=1)
        seen += [change["seq"] for change in answer["changes"]]
        after, pages = answer["last_seq"], pages + 1

    assert seen == list(range(1, long_log.index.last_seq + 1))
    assert pages == 2


async def test_a_long_poll_waits_for_news(archive: Served, camera: str) -> None:
    """Asked before anything happens, it answers when it does; asked after, at once; and never waits for the past."""
    await fill(archive, camera, 1)
    last_seq = archive.index.last_seq
    asking = [asyncio.create_task(archive.get("/api/changes", after=last_seq, wait_s=50)) for _ in range(5)]
    await until(lambda: _waiting(archive) == 5)

    await archive.send(small(), camera=camera, boot=new_boot(), number=0)
    answers = await asyncio.gather(*asking)
    at_once = await archive.get("/api/changes", after=last_seq, wait_s=50)

    for answer in (*answers, at_once):
        assert [(change["seq"], change["type"]) for change in answer["changes"]] == [(last_seq + 1, "frame")]
        assert answer["last_seq"] == last_seq + 1
        assert answer["changes"][0]["data"]["camera"] == camera


async def test_a_long_poll_ends_without_news(archive: Served) -> None:
    """After the time it was given: an empty answer, to ask again from."""
    last_seq = archive.index.last_seq

    answer = await archive.get("/api/changes", after=last_seq, wait_s=1)

    assert answer == {"changes": [], "last_seq": last_seq, "reset": False}


# -- many listeners, bad ones among them


async def test_who_never_reads_is_dropped_and_delays_nobody(
    make_archive: MakeArchive, caplog: pytest.LogCaptureFixture
) -> None:
    """A listener that takes nothing costs a bounded amount of memory, then its connection; others hear everything."""
    archive = await make_archive()
    hub = archive.app[keys.EVENTS]
    async with archive.connected() as deaf, listening(archive.session) as stream:
        deaf.throttle(4096)
        deaf.stop_reading()
        await deaf.say(request({}, method="GET", path="/api/events"))
        hello = await stream.next()
        await until(lambda: hub.listeners == 2)
        transports = [listener._transport for listener in hub._listeners]  # type: ignore[attr-defined]
        boot, number, held_bytes = new_boot(), 0, 0

        while hub.listeners == 2:
            assert number < 20_000, "the listener was never dropped"
            await fill(archive, "garden", 100, boot=boot, start=number)
            number += 100
            held_bytes = max(held_bytes, *(transport.get_write_buffer_size() for transport in transports))
        told = await stream.until("frame", number=number - 1)

    ids = [event.id for event in told if event.id is not None]
    assert ids == list(range(hello.data["last_seq"] + 1, ids[-1] + 1))
    assert 0 < held_bytes < 2 * BEHIND_MAX_BYTES
    assert sum(transport.is_closing() for transport in transports) >= 1
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


async def test_listeners_beyond_the_limit_are_sent_away(make_archive: MakeArchive) -> None:
    """503 with `Retry-After` when it is full; room again as soon as one has left."""
    archive = await make_archive(max_listeners=2)
    hub = archive.app[keys.EVENTS]

    async with listening(archive.session) as first:
        await first.next()
        async with listening(archive.session) as second:
            await second.next()
            third = await archive.ask("/api/events")
        await until(lambda: hub.listeners == 1)
        async with listening(archive.session) as again:
            assert (await again.next()).kind == "hello"

    assert third.is_problem(503)
    assert int(third.headers["Retry-After"]) > 0


async def test_listeners_that_all_come_at_once_never_exceed_the_limit(make_archive: MakeArchive) -> None:
    """Forty at the same moment where twenty may: twenty streams that work, twenty whole refusals, nothing else."""
    archive = await make_archive(max_listeners=20)
    await fill(archive, "garden", 30)

    async def come() -> str:
        async with archive.session.get("/api/events", params={"after": 1}) as response:
            if response.status == 503:
                return str((await response.json())["title"])
            event = await Stream(response).next()
            await done.wait()
            return event.kind

    done = asyncio.Event()
    coming = [asyncio.create_task(come()) for _ in range(40)]
    await until(lambda: sum(task.done() for task in coming) == 20)
    done.set()

    assert sorted(await asyncio.gather(*coming)) == ["Not just now"] * 20 + ["hello"] * 20


async def test_eight_writers_and_fifty_restless_readers(make_archive: MakeArchive) -> None:
    """Readers that leave and come back at random, by stream or by poll, each see every change once and in order."""
    archive = await make_archive()
    frames_each, end = 25, [2**62]  # the seq to read up to, once that is known

    async def write(camera: str) -> None:
        boot = new_boot()
        for number in range(frames_each):
            assert (await archive.send(small(), camera=camera, boot=boot, number=number)).status == 201

    async def by_stream(session: aiohttp.ClientSession, after: int, luck: random.Random) -> list[int]:
        seen: list[int] = []
        while after < end[0]:
            async with listening(session, last_id=after) as stream:
                await stream.next()
                for _ in range(luck.randrange(1, 60)):
                    if after >= end[0]:
                        break
                    event = await stream.next()
                    assert event.id is not None
                    assert event.kind != "reset"
                    seen.append(event.id)
                    after = event.id
        return seen

    async def by_poll(session: aiohttp.ClientSession, after: int, luck: random.Random) -> list[int]:
        seen: list[int] = []
        while after < end[0]:
            params = {"after": after, "wait_s": luck.randrange(2)}
            async with session.get("/api/changes", params=params) as response:
                answer: dict[str, Any] = await response.json()
            seen += [change["seq"] for change in answer["changes"]]
            after = answer["last_seq"]
        return seen

    async with aiohttp.ClientSession(archive.url, connector=aiohttp.TCPConnector(limit=0)) as session:
        reading = [
            asyncio.create_task((by_poll if n % 5 == 0 else by_stream)(session, 0, random.Random(n))) for n in range(50)
        ]
        await asyncio.gather(*(write(f"camera-{n}") for n in range(8)))
        end[0] = archive.index.last_seq + 1
        await archive.send(small(), camera="camera-0", boot=new_boot(), number=0)
        found = await asyncio.gather(*reading)

    everything = list(range(1, 8 * frames_each + 8 + 1 + 1))
    assert [seen for seen in found if seen != everything] == []


# -- ends


async def test_closing_ends_every_stream_first(tmp_path: Any) -> None:
    """With streams and long polls open, closing takes a fraction of the time aiohttp would wait for them; all end."""
    async with aiohttp.ClientSession() as session:
        async with serving(config_of(tmp_path)) as archive:
            streams = []
            for _ in range(30):
                response = await session.get(archive.url + "/api/events")
                streams.append(Stream(response))
                await streams[-1].next()
            polls = [
                asyncio.create_task(
                    _poll(session, f"{archive.url}/api/changes?after={archive.index.last_seq}&wait_s=50")
                )
                for _ in range(5)
            ]
            await until(lambda: _waiting(archive) == 5)
            patience_s = archive.archive.runner._shutdown_timeout
            began = time.monotonic()
        took_s = time.monotonic() - began

        assert [await stream.rest() for stream in streams] == [[]] * 30
        assert await asyncio.gather(*polls) == [200] * 5
        assert took_s < patience_s / 2


async def test_a_killed_server_forgets_no_change(archive_servers: Callable[..., ArchiveServer]) -> None:
    """S14: the server dies and comes back; a page that reconnects with its last id misses nothing, doubles nothing."""
    server = await asyncio.to_thread(archive_servers, "--open-uploads")
    boot = new_boot()

    async def send(first: int, last: int) -> None:
        for number in range(first, last):
            headers = {"Camera-Frame": f'boot="{boot}", number={number}', "Camera-Status": 'id="garden"'}
            async with session.post(f"{server.url}/api/frames", data=small(), headers=headers) as answer:
                assert answer.status == 201

    async with aiohttp.ClientSession() as session:
        async with listening(session, f"{server.url}/api/events") as stream:
            after = (await stream.next()).data["last_seq"]
            await send(0, 10)
            seen = [event.id for event in await stream.until("frame", number=4)]
            server.kill()
        await asyncio.to_thread(server.start)
        await send(10, 20)
        async with listening(session, f"{server.url}/api/events", last_id=seen[-1]) as stream:
            await stream.next()
            seen += [event.id for event in await stream.until("frame", number=19)]

    assert seen == list(range(after + 1, after + 1 + 1 + 20))  # the camera, then its frames


async def _poll(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as response:
        await response.read()
        return response.status


def _waiting(archive: Served) -> int:
    hub = archive.app[keys.EVENTS]
    return len(hub._changed._waiters)


def _held_bytes(archive: Served) -> int:
    server = archive.archive.runner.server
    assert server is not None
    transports = [connection.transport for connection in server.connections]
    return max(transport.get_write_buffer_size() for transport in transports if transport is not None)
