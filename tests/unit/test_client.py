"""The reference camera against archives, portals and broken lines that say exactly what a test wrote for them."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive.client import Attempt, CameraClient, FrameRefused, KeyRejected, NotKept, Receipt
from archive.errors import ConfigError, Malformed
from archive.fields import Answer, parse_digest, parse_frame, parse_lost, parse_status
from archive.frame import FrameClaim, Lost

BOOT = "9f3a61c0e2b47d18"
CLAIM = FrameClaim(boot=BOOT, number=7, up_ms=1000, now_ms=1500)
BODY = b"\xff\xd8 a frame \xff\xd9"
KEPT = f'201 Created\r\nLocation: /api/frames/12\r\nCamera-Frame: boot="{BOOT}", number=7, answer=kept'


@dataclass
class Request:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Request | None]]


def say(head: str, body: str = "", media_type: str = "text/html") -> Reply:
    """Read the whole request, then answer *head* (status and fields)."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
        request = await _read(reader)
        writer.write(_answer(head, body, media_type))
        await writer.drain()
        return request

    return reply


def problem(status: str, detail: str, more: str = "") -> Reply:
    """The archive's own shape of an error."""
    document = json.dumps({"type": "about:blank", "title": "A title", "status": int(status[:3]), "detail": detail})
    return say(f"{status}{more}", document, "application/problem+json")


async def hang_up_in_mid_body(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> Request | None:
    """Take the head and some of the body, then reset the connection."""
    await reader.readuntil(b"\r\n\r\n")
    await reader.read(1000)
    return None


async def refuse_in_mid_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """Answer 413 before the body is read, and read no more of it."""
    await reader.readuntil(b"\r\n\r\n")
    await reader.read(1000)
    echo = f'413 Too Large\r\nCamera-Frame: boot="{BOOT}", number=7, answer=refused'
    writer.write(_answer(echo, json.dumps({"detail": "frames end at 16 MB"}), "application/problem+json"))
    await writer.drain()
    return None


async def keep_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> Request | None:
    """Read everything and never answer, until the client leaves."""
    request = await _read(reader)
    await reader.read()
    return request


@dataclass
class Script:
    """A server that plays its replies in order, one per connection, and remembers what it was sent."""

    replies: list[Reply]
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    playing: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.playing.add(asyncio.current_task())
        try:
            if self.replies and (request := await self.replies.pop(0)(reader, writer)) is not None:
                self.requests.append(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client may leave whenever it likes
        finally:
            writer.close()


@asynccontextmanager
async def scripted(*replies: Reply, socket: Path | None = None) -> AsyncIterator[Script]:
    """A scripted server on a free port of loopback, or on a Unix socket. On leaving, every reply has been played."""
    script = Script(list(replies))
    if socket is not None:
        server = await asyncio.start_unix_server(script.play, socket)
    else:
        server = await asyncio.start_server(script.play, "127.0.0.1", 0)
        script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield script
    async with asyncio.timeout(10):
        await asyncio.gather(*filter(None, script.playing))


class Time:
    """A clock that moves when somebody sleeps, and by no other means."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits_s: list[float] = []

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, wait_s: float) -> None:
        self.waits_s.append(wait_s)
        self.now_s += wait_s


def client(to: str | Path, time: Time | None = None, key: str | None = "k3y", timeout_s: float = 10.0) -> CameraClient:
    """A client that never really waits between attempts."""
    time = time or Time()
    return CameraClient(
        to, key, "garden", timeout_s=timeout_s, rng=random.Random(1), sleep=time.sleep, clock=time.clock
    )


async def send(script: Script, time: Time | None = None, **more: object) -> Receipt:
    """Send the frame to *script*."""
    async with client(script.url, time) as camera:
        return await camera.send(BODY, "image/jpeg", CLAIM, **more)  # type: ignore[arg-type]


async def test_an_echoed_kept_is_a_receipt() -> None:
    """The archive's own word on this frame is believed, and tells where the frame is."""
    async with scripted(say(KEPT)) as script:
        receipt = await send(script)

    assert (receipt.echo.boot, receipt.echo.number, receipt.echo.answer) == (BOOT, 7, Answer.KEPT)
    assert (receipt.location, receipt.is_new) == ("/api/frames/12", True)


async def test_a_frame_that_was_kept_before_is_not_new() -> None:
    """A 200 with the echo says that a resent frame had been kept."""
    async with scripted(say(KEPT.replace("201 Created", "200 OK"))) as script:
        receipt = await send(script)

    assert not receipt.is_new


async def test_a_request_tells_everything_the_contract_asks_for() -> None:
    """Digest, claim, status, confession and key go with the bytes, which arrive as they were."""
    lost = Lost(boot=BOOT, first=3, last=5, reason="spool-full")

    async with scripted(say(KEPT)) as script:
        await send(script, lost=lost, status={"rssi": -61, "spooled": 2, "firmware": None})

    (request,) = script.requests
    assert request.line == "POST /api/frames HTTP/1.1"
    assert request.body == BODY
    assert request.headers["authorization"] == "Bearer k3y"
    assert request.headers["content-type"] == "image/jpeg"
    assert parse_digest(request.headers["repr-digest"]) is not None
    assert parse_frame(request.headers["camera-frame"]) == CLAIM
    assert parse_lost(request.headers["camera-lost"]) == lost
    assert parse_status(request.headers["camera-status"]).said == {"id": "garden", "rssi": -61, "spooled": 2}


async def test_now_grows_with_every_attempt() -> None:
    """`now` is the moment of this sending, so that a frame sent late is dated rightly."""
    time = Time()

    async with scripted(say("503 Busy\r\nRetry-After: 4"), say(KEPT)) as script:
        await send(script, time)

    first, second = (parse_frame(request.headers["camera-frame"]) for request in script.requests)
    assert (first.now_ms, first.up_ms) == (1500, 1000)
    assert (second.now_ms, second.up_ms) == (1500 + round(1000 * time.now_s), 1000)


@pytest.mark.parametrize(
    "head",
    [
        "200 OK",
        "201 Created",
        "201 Created\r\nCamera-Frame: kept",
        f'201 Created\r\nCamera-Frame: boot="{BOOT}", number=8, answer=kept',
        '201 Created\r\nCamera-Frame: boot="0000000000000000", number=7, answer=kept',
        f'201 Created\r\nCamera-Frame: boot="{BOOT}", number=7, answer="kept"',
        "302 Found\r\nLocation: http://portal.invalid/login",
        "403 Forbidden",
        "502 Bad Gateway",
    ],
)
async def test_a_reply_without_the_echo_acknowledges_nothing(head: str) -> None:
    """A captive portal's page, a proxy's error and an answer to another frame leave the frame with the camera."""
    async with scripted(say(head, "<h1>Welcome to the hotel</h1>"), say(KEPT)) as script:
        receipt = await send(script)

    assert receipt.echo.answer is Answer.KEPT
    assert len(script.requests) == 2


async def test_a_camera_told_to_come_back_comes_no_earlier() -> None:
    """After 503 and `Retry-After` the same frame is sent again, at its time, and kept."""
    time = Time()
    again = f'\r\nRetry-After: 7\r\nCamera-Frame: boot="{BOOT}", number=7, answer=again'

    async with scripted(problem("503 Busy", "too many uploads", again), say(KEPT)) as script:
        await send(script, time)

    assert len(time.waits_s) == 1
    assert time.waits_s[0] >= 7


async def test_waits_grow_and_are_not_alike() -> None:
    """Full jitter: each wait lies between nothing and a ceiling that doubles, so many cameras do not come as one."""
    time, attempts = Time(), list[Attempt]()

    async with scripted(*[say("502 Bad Gateway")] * 9, say(KEPT)) as script:
        await send(script, time, on_attempt=attempts.append, give_up_after_s=1e6)

    assert [attempt.count for attempt in attempts] == list(range(1, 10))
    assert [attempt.wait_s for attempt in attempts] == time.waits_s
    assert all(0 <= wait_s <= min(30, 0.5 * 2**i) for i, wait_s in enumerate(time.waits_s))
    assert len(set(time.waits_s)) == 9


async def test_a_refused_frame_is_not_sent_again() -> None:
    """`refused` ends it at once, with the archive's sentence."""
    echo = f'\r\nCamera-Frame: boot="{BOOT}", number=7, answer=refused'

    async with scripted(problem("415 Unsupported", "this looks like HTML", echo), say(KEPT)) as script:
        with pytest.raises(FrameRefused, match="this looks like HTML") as caught:
            await send(script)

    assert caught.value.status == 415
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
async def test_a_rejected_key_is_said_at_once(status: str) -> None:
    """No waiting mends a wrong key: the archive's sentence goes to the person."""
    async with scripted(problem(status, "this key was revoked")) as script:
        with pytest.raises(KeyRejected, match="this key was revoked"):
            await send(script)

    assert len(script.requests) == 1


async def test_a_connection_reset_in_mid_body_is_tried_again() -> None:
    """A frame whose connection broke is whole in the next attempt."""
    body = bytes(8 * 2**20)

    async with scripted(hang_up_in_mid_body, say(KEPT)) as script, client(script.url) as camera:
        receipt = await camera.send(body, "image/jpeg", CLAIM)

    assert receipt.echo.answer is Answer.KEPT
    assert [len(request.body) for request in script.requests] == [len(body)]


async def test_an_early_answer_in_mid_body_is_heard() -> None:
    """A 413 that comes before the body is read ends the sending, with its reason."""
    async with scripted(refuse_in_mid_body) as script, client(script.url) as camera:
        with pytest.raises(FrameRefused, match="frames end at 16 MB") as caught:
            await camera.send(bytes(8 * 2**20), "image/jpeg", CLAIM)

    assert caught.value.status == 413


async def test_silence_ends_with_the_time_limit() -> None:
    """A server that takes the frame and says nothing has kept nothing."""
    async with scripted(keep_silent) as script, client(script.url, timeout_s=0.5) as camera:
        with pytest.raises(NotKept, match=r"no answer within 0\.5 s"):
            await camera.send(BODY, "image/jpeg", CLAIM, give_up_after_s=0)

    assert len(script.requests) == 1


async def test_giving_up_says_what_was_last_seen() -> None:
    """NotKept names the last reply, and comes before a wait that would lead past the time given."""
    time = Time()

    async with scripted(say("502 Bad Gateway"), say("503 Busy\r\nRetry-After: 3600")) as script:
        with pytest.raises(NotKept, match="503 Busy") as caught:
            await send(script, time, give_up_after_s=60)

    assert caught.value.retry_after_s == 3600
    assert time.now_s < 60


async def test_nobody_listening_is_not_kept() -> None:
    """A port where nothing listens has kept nothing, and the sentence says what is wrong with it."""
    async with scripted() as script:
        url = script.url
    async with client(url) as camera:
        with pytest.raises(NotKept, match="connection refused"):
            await camera.send(BODY, "image/jpeg", CLAIM, give_up_after_s=0)


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_redirect_is_followed_with_method_and_body(status: str) -> None:
    """307 and 308 on the same host lead on, with everything, the key too."""
    async with scripted(say(KEPT)) as other, scripted(say(f"{status}\r\nLocation: {other.url}/cams/frames")) as script:
        receipt = await send(script)

    (request,) = other.requests
    assert receipt.echo.answer is Answer.KEPT
    assert (request.line, request.body) == ("POST /cams/frames HTTP/1.1", BODY)
    assert request.headers["authorization"] == "Bearer k3y"


async def test_the_key_is_not_taken_to_another_host() -> None:
    """A redirect elsewhere goes without the key, and when that fails the sentence says why."""
    async with scripted(problem("401 Unauthorized", "no key")) as other:
        there = other.url.replace("127.0.0.1", "localhost")
        async with scripted(say(f"307 Temporary Redirect\r\nLocation: {there}/")) as script:
            with pytest.raises(KeyRejected, match="the key does not follow"):
                await send(script)

    assert "authorization" not in other.requests[0].headers


async def test_the_key_does_not_come_back_after_a_detour() -> None:
    """Once the key was left behind, another redirect cannot fetch it: whoever redirects may not be trusted."""

    def to(url: str) -> Reply:
        return say(f"307 Temporary Redirect\r\nLocation: {url}/")

    async with (
        scripted(say(KEPT)) as last,
        scripted(to(last.url)) as other,
        scripted(to(other.url.replace("127.0.0.1", "localhost"))) as script,
    ):
        await send(script)

    assert "authorization" not in last.requests[0].headers


async def test_redirects_without_end_are_not_followed_for_ever() -> None:
    """A circle of redirects ends after a few hops."""
    async with scripted(*[say("307 Temporary Redirect\r\nLocation: /round")] * 20) as script:
        with pytest.raises(NotKept, match="redirected more than 5 times"):
            await send(script, give_up_after_s=0)

    assert len(script.requests) == 6


@pytest.mark.parametrize("target", ["ftp://example.org/", "http://[::1", "mailto:someone"])
async def test_a_redirect_to_nowhere_keeps_nothing(target: str) -> None:
    """An address that is none is a failed attempt, not a crash."""
    async with scripted(say(f"308 Permanent Redirect\r\nLocation: {target}")) as script:
        with pytest.raises(NotKept, match="redirected to"):
            await send(script, give_up_after_s=0)


async def test_a_unix_socket_is_an_address_too(tmp_path: Path) -> None:
    """A path instead of a URL leads through a Unix socket."""
    socket = tmp_path / "archive.sock"

    async with scripted(say(KEPT), socket=socket), client(socket, key=None) as camera:
        receipt = await camera.send(BODY, "image/jpeg", CLAIM)

    assert receipt.echo.answer is Answer.KEPT


async def test_a_camera_may_say_nothing_of_itself() -> None:
    """Without id and status there is no `Camera-Status`: the grammar knows no empty field."""
    async with scripted(say(KEPT)) as script, CameraClient(script.url) as camera:
        await camera.send(BODY, "image/jpeg", CLAIM, status={"firmware": None})

    assert "camera-status" not in script.requests[0].headers
    assert "authorization" not in script.requests[0].headers


@pytest.mark.parametrize("to", ["archive.local:5555", "ftp://archive.local", "http://", "http://[::1", ""])
def test_what_is_no_address_is_said_before_anything_is_sent(to: str) -> None:
    """A slip in the address is a sentence for the owner, not a failure per frame."""
    with pytest.raises(ConfigError, match="address"):
        CameraClient(to)


@pytest.mark.parametrize("key", ["", "two\nlines", "schlüssel"])
def test_what_cannot_be_a_key_is_said_and_not_shown(key: str) -> None:
    """A key that would break the header is refused, without being repeated in the sentence."""
    with pytest.raises(ConfigError, match="key") as caught:
        CameraClient("http://archive.local", key)

    assert not key or key not in str(caught.value)


async def test_a_frame_without_a_number_is_not_sent() -> None:
    """No answer could be told to be its own."""
    async with client("http://127.0.0.1:9") as camera:
        with pytest.raises(Malformed, match="number"):
            await camera.send(BODY, "image/jpeg", FrameClaim(boot=BOOT))


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    line, *rest = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (field_line.partition(": ") for field_line in rest)}
    return Request(line, headers, await reader.readexactly(int(headers["content-length"])))


def _answer(head: str, body: str, media_type: str) -> bytes:
    more = f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"HTTP/1.1 {head}\r\n{more}\r\n\r\n{body}".encode()
