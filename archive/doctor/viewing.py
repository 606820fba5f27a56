"""The doctor as a viewer: it fetches a frame back, opens the page, listens, and tries what strangers may do."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence

import aiohttp
import msgspec
from yarl import URL

from archive.doctor.asking import PATIENCE_S, Answer, Asker, Broken, why
from archive.doctor.findings import CAMERA, Finding, found
from archive.doctor.looking import Looked
from archive.doctor.sending import Door, Sent

AT_ONCE_S = 5.0  # after which the page takes a stream for held back, as web/js/live.js does
HEARTBEAT_S = 15.0  # where `hello` does not say it
GRACE_S = 3.0
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"

_PRIVATE = (401, 403)


async def try_rights(asker: Asker, base: URL, door: Door) -> Looked:
    """What somebody may do who has no right at all."""
    findings = []
    if door.is_open:
        findings.append(found("stranger-sends", "a frame without a key would be kept"))
    try:
        seen = await asker.ask(base.join(URL("/api/frames?limit=1")))
        run = await asker.ask(base.join(URL(f"/api/cameras/{CAMERA}/settings")))
    except Broken as exc:
        return Looked(findings=[*findings, found("picture-missing", str(exc))])
    if run.status not in _PRIVATE and (run.is_ours or run.problem is not None):
        # 404 too: whoever hears that there is no such camera was let through to ask.
        findings.append(found("stranger-runs", f"GET {run.url.path} answers {run.status}"))
    door.is_public = seen.status == 200
    if door.is_public:
        findings.append(found("stranger-sees"))
    may = [word for word, so in (("send", door.is_open), ("see", door.is_public)) if so]
    return Looked(
        findings=findings, seen=f"they may {' and '.join(may)}" if may else "they are asked for a key or a sign-in"
    )


async def enter(asker: Asker, base: URL, secret: str) -> Mapping[str, str]:
    """Open a share link as a browser does; what it shows from then on. Nothing where the link is not taken."""
    with contextlib.suppress(Broken):
        answer = await asker.ask(
            base.join(URL("/api/session")),
            method="POST",
            headers={"Content-Type": "application/json"},
            body=msgspec.json.encode({"secret": secret}),
        )
        if answer.status == 200 and (cookie := answer.headers.get("Set-Cookie")):
            return {"Cookie": cookie.partition(";")[0]}
    return {}


async def fetch(asker: Asker, base: URL, sent: Sequence[Sent], right: Mapping[str, str]) -> Looked:
    """Fetch the frames that were kept, and hold each against what was sent."""
    took = []
    for one in sent:
        try:
            about = await asker.ask(base.join(URL(one.location)), headers=right)
            original = about.json.get("url")
            if about.status != 200 or not isinstance(original, str):
                return Looked(findings=[found("picture-missing", f"GET {one.location}: {about}")])
            picture = await asker.ask(base.join(URL(original)), headers=right)
        except Broken as exc:
            return Looked(findings=[found("picture-missing", str(exc))])
        if picture.status != 200 or picture.is_page:
            return Looked(findings=[found("picture-missing", f"GET {original}: {picture}")])
        if picture.body != one.body:
            seen = f"{len(one.body)} bytes were sent and {len(picture.body)} came back, others"
            return Looked(findings=[found("picture-changed", seen)])
        took.append(len(picture.body))
    return Looked(seen=" and ".join(f"{size_bytes} bytes" for size_bytes in took))


async def open_page(asker: Asker, base: URL, right: Mapping[str, str]) -> Looked:
    """Open the page as a browser does, for whom tunnels keep their warnings."""
    headers = {"User-Agent": BROWSER, "Accept": "text/html,application/xhtml+xml", "Accept-Language": "en", **right}
    url = base.join(URL("/"))
    try:
        answer = await asker.ask(url, headers=headers)
        if answer.status in (302, 303, 307) and answer.is_ours:  # to where one signs in
            url = url.join(URL(answer.headers["Location"]))
            answer = await asker.ask(url, headers=headers)
    except (Broken, KeyError, ValueError) as exc:
        return Looked(findings=[found("page-missing", str(exc))])
    if answer.problem is not None and answer.status in _PRIVATE:
        return Looked(seen="it asks for a sign-in")
    if answer.is_ours and answer.is_page:
        return Looked(seen=f"{url}, {len(answer.body)} bytes")
    return Looked(
        findings=[found("warning-page" if answer.is_page or answer.status < 400 else "page-missing", str(answer))]
    )


class Listening(msgspec.Struct):
    """What an event stream brought so far."""

    opened_s: float
    hello_s: float | None = None  # after it was opened
    heartbeat_s: float = HEARTBEAT_S
    last_seq: int = 0
    heard: set[str] = set()  # the kinds of events
    ended: str = ""  # why it ended; empty while it has not
    greeted: asyncio.Event = msgspec.field(default_factory=asyncio.Event)  # or ended
    news: asyncio.Event = msgspec.field(default_factory=asyncio.Event)  # or ended
    beat: asyncio.Event = msgspec.field(default_factory=asyncio.Event)  # or ended


@contextlib.asynccontextmanager
async def listening(asker: Asker, base: URL, right: Mapping[str, str]) -> AsyncIterator[Listening]:
    """An event stream, open while inside."""
    heard = Listening(time.monotonic())
    task = asyncio.create_task(_listen(asker, base.join(URL("/api/events")), right, heard))
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _listen(asker: Asker, url: URL, right: Mapping[str, str], heard: Listening) -> None:
    timeout = aiohttp.ClientTimeout(total=None, connect=PATIENCE_S)
    try:
        async with asker.session.get(
            url, headers={"Accept": "text/event-stream", **right}, timeout=timeout, allow_redirects=False
        ) as reply:
            if reply.status != 200:
                heard.ended = f"the answer is {reply.status}"
                return
            kind = ""
            async for line in reply.content:
                name, _, value = line.decode("utf-8", "replace").strip().partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind:
                    _hear(heard, kind, value)
            heard.ended = "it ended"
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        heard.ended = why(exc)
    finally:
        heard.greeted.set()
        heard.news.set()
        heard.beat.set()


def _hear(heard: Listening, kind: str, data: str) -> None:
    heard.heard.add(kind)
    if kind == "hello":
        heard.hello_s = time.monotonic() - heard.opened_s
        said = Answer(URL(), 200, {}, data.encode()).json
        heard.heartbeat_s = float(said.get("heartbeat_s", HEARTBEAT_S))
        heard.last_seq = int(said.get("last_seq", 0))
        heard.greeted.set()
    elif kind == "frame":
        heard.news.set()
    elif kind == "heartbeat":
        heard.beat.set()


async def judge(
    asker: Asker,
    base: URL,
    right: Mapping[str, str],
    heard: Listening,
    *,
    expects_frame: bool,
    at_once_s: float = AT_ONCE_S,
) -> Looked:
    """Whether changes are told at once, whether the stream outlives a quiet while, and whether asking works too."""
    polled = await _poll(asker, base, right, heard)
    await _within(heard.greeted, heard.opened_s + at_once_s)
    if expects_frame and heard.hello_s is not None:
        await _within(heard.news, time.monotonic() + at_once_s)
    if (
        heard.hello_s is None
        or heard.hello_s > at_once_s
        or (expects_frame and not heard.ended and "frame" not in heard.heard)
    ):
        seen = heard.ended or f"nothing came within {at_once_s:.0f} s"
        if heard.hello_s is not None:
            seen = "a frame that was kept was not told of"
        if polled is None:
            return Looked(findings=[found("stream-buffered", seen)])
        return Looked(findings=[found("no-changes", f"{seen}; asking: {polled.seen}")])
    findings = [] if polled is None else [polled]
    # Until the second heartbeat could have come: the first may be near, for they come to all listeners at once.
    await _within(heard.beat, heard.opened_s + heard.heartbeat_s + GRACE_S)
    if heard.ended:
        findings.append(found("stream-cut", f"{heard.ended} after {time.monotonic() - heard.opened_s:.0f} s"))
    elif "heartbeat" not in heard.heard:
        findings.append(found("stream-buffered", f"no heartbeat within {heard.heartbeat_s + GRACE_S:.0f} s"))
    return Looked(findings=findings, seen=f"the first after {heard.hello_s * 1000:.0f} ms, and a heartbeat")


async def _within(event: asyncio.Event, deadline_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, deadline_s - time.monotonic())):
            await event.wait()


async def _poll(asker: Asker, base: URL, right: Mapping[str, str], heard: Listening) -> Finding | None:
    """What keeps the page from asking for changes where the stream is held back."""
    url = base.join(URL(f"/api/changes?after={heard.last_seq}&wait_s=1"))
    try:
        answer = await asker.ask(url, headers=right)
    except Broken as exc:
        return found("polling-fails", str(exc))
    return None if answer.status == 200 and "changes" in answer.json else found("polling-fails", str(answer))
