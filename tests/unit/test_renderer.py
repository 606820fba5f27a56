"""The renderer outlives every picture: each gets its thumbnail or an answer why not, and the next is drawn."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from random import Random

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archive.errors import Unavailable, Undecodable
from archive.frame import MediaType
from archive.thumbs.renderer import Renderer
from archive.thumbs.worker import render
from tests.pictures import bmp, gif, jpeg, png

MAX_PIXELS = 20_000_000
MAKERS: dict[MediaType, Callable[[int, int], bytes]] = {
    MediaType.JPEG: jpeg,
    MediaType.PNG: png,
    MediaType.GIF: gif,
    MediaType.BMP: bmp,
}


@asynccontextmanager
async def started(
    workers: int = 1, timeout_s: float = 60, cpu_s: int = 30, memory_bytes: int = 600 * 2**20
) -> AsyncIterator[Renderer]:
    """A renderer with its workers, which are gone afterwards."""
    renderer = Renderer(workers, timeout_s, MAX_PIXELS, cpu_s=cpu_s, memory_bytes=memory_bytes)
    await renderer.start()
    try:
        yield renderer
    finally:
        await renderer.close()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - processes end without telling an Event
            await asyncio.sleep(0.002)


@cache
def progressive() -> bytes:
    file = io.BytesIO()
    Image.new("L", (4400, 4400), 90).save(file, "JPEG", progressive=True)
    return file.getvalue()


def scan_bomb(scans: int = 1000) -> bytes:
    """A progressive JPEG of 19 megapixels that refines itself again and again: 110 kB, and 15 s of decoding."""
    data = progressive()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def with_size(data: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header lies about its size."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2) + width.to_bytes(2) + data[at + 4 :]


@pytest.mark.parametrize("media_type", list(MediaType))
async def test_a_worker_makes_what_render_makes(media_type: MediaType) -> None:
    """Every byte and every measure comes through the socket as it was."""
    data = MAKERS[media_type](700, 500)

    async with started() as renderer:
        got = await renderer.render(data, media_type)

    assert got == render(data, media_type, MAX_PIXELS)


async def test_a_picture_larger_than_the_sockets_buffers_goes_through() -> None:
    """Sixteen megabytes, as many as a frame may have, to two workers at once."""
    data = jpeg(800, 600)
    padded = data + bytes(16 * 2**20 - len(data))

    async with started(workers=2) as renderer:
        got = await asyncio.gather(*(renderer.render(padded, MediaType.JPEG) for _ in range(4)))

    assert got == [render(data, "image/jpeg", MAX_PIXELS)] * 4


async def test_what_is_no_picture_is_undecodable_and_costs_no_worker() -> None:
    """The worker says no, and goes on."""
    async with started() as renderer:
        pids = renderer.pids
        with pytest.raises(Undecodable, match="not a JPEG"):
            await renderer.render(b"<html>", MediaType.JPEG)
        await renderer.render(jpeg(), MediaType.JPEG)

        assert renderer.pids == pids


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        pytest.param(MediaType.JPEG, with_size(jpeg(), 65_500, 65_500), id="JPEG of 65,500 x 65,500"),
        pytest.param(MediaType.PNG, png(1, 1)[:16] + (13_000).to_bytes(4) * 2 + png(1, 1)[24:], id="PNG header"),
        pytest.param(MediaType.GIF, gif()[:6] + b"\xff\xff\xff\xff" + gif()[10:], id="GIF of 65,535 x 65,535"),
    ],
)
async def test_a_bomb_of_pixels_is_undecodable(media_type: MediaType, data: bytes) -> None:
    """Too many pixels are refused by the header, before there is memory for them."""
    async with started() as renderer:
        with pytest.raises(Undecodable):
            await renderer.render(data, media_type)

        assert await renderer.render(jpeg(), MediaType.JPEG)


async def test_a_png_that_unpacks_to_half_a_gigabyte_is_undecodable() -> None:
    """13,000 x 13,000 pixels in some 20 kB, with a header that tells the truth."""
    file = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(file, "PNG")

    async with started() as renderer:
        with pytest.raises(Undecodable, match="13000"):
            await renderer.render(file.getvalue(), MediaType.PNG)


async def test_a_picture_that_needs_too_much_memory_is_undecodable() -> None:
    """Within the limit of pixels, but not of address space: the worker says so, or dies of it."""
    file = io.BytesIO()
    Image.new("RGBA", (4400, 4400)).save(file, "PNG", compress_level=1)

    async with started(memory_bytes=150 * 2**20) as renderer:
        with pytest.raises(Undecodable):
            await renderer.render(file.getvalue(), MediaType.PNG)

        assert await renderer.render(jpeg(), MediaType.JPEG)


async def test_a_picture_that_takes_too_long_is_undecodable() -> None:
    """Its worker is ended by the clock, and the next picture has a new one."""
    async with started(timeout_s=0.5) as renderer:
        (pid,) = renderer.pids
        with pytest.raises(Undecodable, match=r"not drawn within 0\.5 s"):
            await renderer.render(scan_bomb(), MediaType.JPEG)

        assert await renderer.render(jpeg(), MediaType.JPEG)
        assert not psutil.pid_exists(pid)


async def test_a_picture_that_takes_too_much_cpu_is_undecodable() -> None:
    """The worker's own limit ends it, however patient we are; each picture has the whole of it anew."""
    async with started(cpu_s=0) as renderer:
        with pytest.raises(Undecodable, match="CPU"):
            await renderer.render(scan_bomb(), MediaType.JPEG)
        for _ in range(3):
            assert await renderer.render(jpeg(2000, 2000), MediaType.JPEG)


async def test_a_worker_ended_from_outside_says_nothing_against_the_picture() -> None:
    """It is drawn once more, by another worker."""
    async with started() as renderer:
        data = scan_bomb(scans=40)
        drawing = asyncio.create_task(renderer.render(data, MediaType.JPEG))
        await until(lambda: renderer.renders == 1)
        (pid,) = renderer.pids

        os.kill(pid, signal.SIGKILL)

        assert await drawing
        assert renderer.renders == 2
        assert renderer.pids != [pid]


async def test_a_picture_whose_workers_all_die_is_given_up() -> None:
    """A picture that makes the system end its worker twice is not tried a third time."""
    async with started() as renderer:
        drawing = asyncio.create_task(renderer.render(scan_bomb(), MediaType.JPEG))
        for attempt in (1, 2):
            await until(lambda attempt=attempt: renderer.renders == attempt)  # type: ignore[misc]
            os.kill(renderer.pids[0], signal.SIGKILL)

        with pytest.raises(Undecodable):
            await drawing
        assert await renderer.render(jpeg(), MediaType.JPEG)


async def test_an_idle_worker_that_dies_is_replaced() -> None:
    """Nobody notices."""
    async with started() as renderer:
        (pid,) = renderer.pids
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not renderer.pids)

        assert await renderer.render(jpeg(), MediaType.JPEG)


async def test_a_picture_nobody_waits_for_any_more_is_not_drawn_on() -> None:
    """Cancelling ends its worker, and the answer to one picture is never taken for that of another."""
    async with started() as renderer:
        drawing = asyncio.create_task(renderer.render(scan_bomb(), MediaType.JPEG))
        await until(lambda: renderer.renders == 1)

        drawing.cancel()
        await asyncio.wait([drawing])

        assert await renderer.render(jpeg(), MediaType.JPEG) == render(jpeg(), "image/jpeg", MAX_PIXELS)


async def test_many_pictures_are_drawn_by_few_workers_and_not_mixed_up() -> None:
    """Forty at once, two workers, every answer its own."""
    pictures = [jpeg(320, 240, seed=seed) for seed in range(40)]

    async with started(workers=2) as renderer:
        got = await asyncio.gather(*(renderer.render(data, MediaType.JPEG) for data in pictures))

        assert len(renderer.pids) == 2
    assert got == [render(data, "image/jpeg", MAX_PIXELS) for data in pictures]


async def test_who_comes_first_is_drawn_first() -> None:
    """With one worker, pictures are finished in the order in which they came."""
    finished: list[int] = []

    async def draw(renderer: Renderer, number: int) -> None:
        await renderer.render(jpeg(), MediaType.JPEG)
        finished.append(number)

    async with started() as renderer:
        await asyncio.gather(*(draw(renderer, number) for number in range(10)))

    assert finished == list(range(10))


async def test_closing_ends_the_workers_and_disappoints_who_waits() -> None:
    """Unavailable, at once, in the middle of a picture; and no process is left."""
    async with started(workers=2) as renderer:
        pids = renderer.pids
        waiting = [asyncio.create_task(renderer.render(scan_bomb(), MediaType.JPEG)) for _ in range(4)]
        await until(lambda: renderer.renders == 2)

        await renderer.close()

        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 4
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_workers_that_do_not_start_are_not_tried_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three starts that fail make a pause, in which no process is made; after it everything is well."""
    renderer = Renderer(1, 60, MAX_PIXELS, pause_s=0.2)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    for _ in range(3):
        with pytest.raises(Unavailable, match="did not start"):
            await renderer.render(jpeg(), MediaType.JPEG)
    monkeypatch.undo()

    with pytest.raises(Unavailable, match="does not start"):
        await renderer.render(jpeg(), MediaType.JPEG)

    async def draws() -> bool:
        try:
            return bool(await renderer.render(jpeg(), MediaType.JPEG))
        except Unavailable:
            return False

    async with asyncio.timeout(20):
        while not await draws():  # noqa: ASYNC110 - the end of the pause is told to nobody
            await asyncio.sleep(0.01)
    await renderer.close()


async def test_a_worker_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """It decodes what strangers send: the keys in the server's environment are not in its own."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")

    async with started() as renderer:
        environ = psutil.Process(renderer.pids[0]).environ()

    assert environ
    assert "hunter2" not in environ.values()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are read from Linux' proc")
async def test_a_worker_is_confined() -> None:
    """No files written, no core dumps, few descriptors, bounded memory; and it stands back for the server."""
    async with started() as renderer:
        worker = psutil.Process(renderer.pids[0])
        limits = [
            worker.rlimit(limit)[1]
            for limit in (psutil.RLIMIT_FSIZE, psutil.RLIMIT_CORE, psutil.RLIMIT_NOFILE, psutil.RLIMIT_AS)
        ]

        assert limits == [0, 0, 16, 600 * 2**20]
        assert worker.nice() > psutil.Process().nice()


def test_workers_end_when_the_server_is_killed() -> None:
    """Even without a goodbye."""
    program = """
import asyncio, os
from archive.thumbs.renderer import Renderer

async def main():
    renderer = Renderer(2, 60, 10**6)
    await renderer.start()
    print(*renderer.pids, flush=True)
    os._exit(1)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    workers = [psutil.Process(int(pid)) for pid in done.stdout.split() if psutil.pid_exists(int(pid))]
    _, alive = psutil.wait_procs(workers, timeout=20)

    assert len(done.stdout.split()) == 2
    assert alive == []


def test_the_server_loads_no_picture_library() -> None:
    """Pillow is for the workers: the server starts faster without it, and cannot be made to decode."""
    program = "import archive.thumbs, sys; print([name for name in sys.modules if name.startswith('PIL')])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_no_bytes_do_worse_than_undecodable() -> None:
    """A hundred damaged pictures: each is drawn or Undecodable, and a whole one is drawn after them."""
    with asyncio.Runner() as runner:
        renderer = Renderer(1, 60, MAX_PIXELS)
        runner.run(renderer.start())

        @settings(max_examples=100, deadline=None)
        @given(media_type=st.sampled_from(list(MediaType)), seed=st.integers(0, 2**32), wounds=st.integers(1, 20))
        def draw_damaged(media_type: MediaType, seed: int, wounds: int) -> None:
            data, dice = bytearray(MAKERS[media_type](160, 120)), Random(seed)
            for _ in range(wounds):
                data[dice.randrange(len(data) if dice.random() < 0.5 else 700)] = dice.randrange(256)
            if dice.random() < 0.3:
                del data[dice.randrange(len(data)) :]
            with suppress(Undecodable):  # anything else fails the test
                runner.run(renderer.render(bytes(data), media_type))

        try:
            draw_damaged()
            assert runner.run(renderer.render(jpeg(), MediaType.JPEG))
        finally:
            runner.run(renderer.close())
