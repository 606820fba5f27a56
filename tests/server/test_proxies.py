"""Behind the proxies of deploy/ all is as without: frames and their answers, pictures, events as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from tests.authority import Authority
from tests.conftest import free_port
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.proxies import Proxy, caddy, nginx
from tests.server.serving import PATIENCE_S, Served, new_boot, until
from tests.server.streams import listening

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEARTBEAT_S = 0.3
LIE = {"X-Forwarded-For": "192.0.2.7"}
LIMIT_BYTES = 2 * 2**20

MakeProxy = Callable[[Path, Authority, int], AbstractContextManager[Proxy]]


class Behind(NamedTuple):
    """An archive, and the same through a proxy."""

    archive: Served
    visitor: Served
    proxy: Proxy


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(name="make_proxy", params=[caddy, nginx], ids=["caddy", "nginx"])
def _make_proxy(request: pytest.FixtureRequest) -> MakeProxy:
    made: MakeProxy = request.param
    return made


@pytest_asyncio.fixture(name="behind", loop_scope="module")
async def _behind(
    make_archive: MakeArchive, make_proxy: MakeProxy, authority: Authority, tmp_path: Path
) -> AsyncIterator[Behind]:
    archive = await make_archive(heartbeat_s=HEARTBEAT_S, max_frame_bytes=LIMIT_BYTES)
    with make_proxy(tmp_path, authority, archive.port) as proxy:
        async with session_to(proxy, authority) as session:
            yield Behind(archive, Served(archive.archive, archive.port, session), proxy)


@contextlib.asynccontextmanager
async def session_to(proxy: Proxy, authority: Authority) -> AsyncIterator[aiohttp.ClientSession]:
    """A session that trusts the proxy's certificate."""
    tls = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=authority.root))
    timeout = aiohttp.ClientTimeout(PATIENCE_S)
    async with aiohttp.ClientSession(proxy.url, connector=tls, timeout=timeout) as session:
        yield session


async def test_a_frame_is_kept_and_its_answer_comes_back_whole(behind: Behind) -> None:
    """The contract's fields both ways, the picture byte for byte, and its thumbnail."""
    body = jpeg(1600, 1200, quality=90)
    boot = new_boot()

    reply = await behind.visitor.send(body, camera="garden", boot=boot, number=3)
    [frame] = await behind.visitor.frames("garden")
    thumbnail = await behind.visitor.ask(frame["thumbnail_url"])

    assert reply.status == 201
    assert reply.echo is not None
    assert (reply.echo.boot, reply.echo.number, reply.echo.answer) == (boot, 3, "kept")
    assert "Camera-Clock" in reply.headers
    assert await behind.visitor.original(frame) == body
    assert (thumbnail.status, thumbnail.media_type) == (200, "image/jpeg")


async def test_the_page_comes_as_it_is_served(behind: Behind) -> None:
    """With its policy, compressed, and not again when it has not changed."""
    page = await behind.visitor.ask("/")
    script = await behind.visitor.ask("/js/main.js", headers={"Accept-Encoding": "br"})
    again = await behind.visitor.ask(
        "/js/main.js", headers={"Accept-Encoding": "br", "If-None-Match": script.headers["ETag"]}
    )

    assert page.status == 200
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert script.headers["Content-Encoding"] == "br"
    assert again.status == 304


async def test_too_large_a_frame_is_refused_by_the_archive_itself(behind: Behind) -> None:
    """By name, so that the camera gives it up; a proxy's own 413 would say nothing to it."""
    boot = new_boot()

    reply = await behind.visitor.send(jpeg() + bytes(LIMIT_BYTES), camera="large", boot=boot, number=0)

    assert reply.is_problem(413)
    assert reply.echo is not None
    assert reply.echo.answer == "refused"


async def test_events_come_the_moment_they_happen(behind: Behind) -> None:
    """The greeting at once, a frame while nothing else does, and one change after another."""
    async with listening(behind.visitor.session) as stream:
        assert (await stream.next()).kind == "hello"
        for number in range(3):
            await behind.archive.send(jpeg(seed=number), camera="garden", boot="00000000000000cc", number=number)
            await stream.until("frame", number=number)


async def test_a_listener_that_leaves_is_gone(behind: Behind) -> None:
    """The proxy does not keep its stream for it."""
    async with listening(behind.visitor.session) as stream:
        await stream.next()
        assert (await behind.archive.get("/healthz"))["listeners"] == 1

    await until(lambda: is_alone(behind.archive))


async def is_alone(archive: Served) -> bool:
    """Whether nobody listens."""
    listeners: int = (await archive.get("/healthz"))["listeners"]
    return listeners == 0


async def test_a_question_for_news_is_answered_when_there_are_some(behind: Behind) -> None:
    """The page's other way, where a stream is held back."""
    last_seq = behind.archive.index.last_seq

    asking = asyncio.ensure_future(behind.visitor.get("/api/changes", after=last_seq, wait_s=20))
    await behind.archive.send(jpeg(seed=9), camera="news", boot=new_boot(), number=0)

    assert (await asking)["changes"][0]["type"] == "camera"


@pytest.mark.parametrize(("beat_s", "is_cut"), [(HEARTBEAT_S, False), (60.0, True)])
async def test_a_silent_stream_lives_by_its_heartbeat(
    make_archive: MakeArchive, authority: Authority, tmp_path: Path, beat_s: float, *, is_cut: bool
) -> None:
    """Where a proxy cuts what is silent for longer than it waits, the heartbeat keeps a stream without news."""
    archive = await make_archive(heartbeat_s=beat_s)
    with nginx(tmp_path, authority, archive.port, **{"proxy_read_timeout 75s": "proxy_read_timeout 1s"}) as proxy:
        async with session_to(proxy, authority) as session, listening(session) as stream:
            heard = [await stream.next()]
            with contextlib.suppress(EOFError, aiohttp.ClientError):
                while len(heard) < 2 / HEARTBEAT_S:
                    heard.append(await stream.next())

    assert (len(heard) == 1) == is_cut


async def test_a_camera_that_was_told_http_is_led_to_https(
    make_archive: MakeArchive, make_proxy: MakeProxy, authority: Authority, tmp_path: Path
) -> None:
    """By 308, which keeps a POST a POST; Caddy's own way is the same."""
    archive = await make_archive()
    with make_proxy(tmp_path, authority, archive.port) as proxy:
        async with (
            aiohttp.ClientSession(proxy.plain_url) as session,
            session.post("/api/frames", data=jpeg(), allow_redirects=False) as reply,
        ):
            assert reply.status == 308
            led_to = URL(reply.headers["Location"])
    assert (led_to.scheme, led_to.host, led_to.path) == ("https", "localhost", "/api/frames")


async def test_who_asked_is_the_proxys_word_alone(make_proxy: MakeProxy, authority: Authority, tmp_path: Path) -> None:
    """What a stranger writes into X-Forwarded-For does not come through, so that `trusted_proxies` can be believed."""
    seen: list[dict[str, str]] = []

    async def note(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        return web.Response()

    app = web.Application()
    app.router.add_get("/", note)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        with make_proxy(tmp_path, authority, port) as proxy:
            async with session_to(proxy, authority) as session, session.get("/", headers=LIE):
                pass
    finally:
        await runner.cleanup()

    [headers] = seen
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["Host"] == proxy.url.removeprefix("https://")
