"""The reference camera: sends frames over HTTP and believes nothing but the archive's own word on each of them."""

import asyncio
import hashlib
import io
import json
import os
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self

import aiohttp
import msgspec
from aiohttp.client_exceptions import UnixClientConnectorError
from yarl import URL

from archive import fields
from archive.errors import ArchiveError, ConfigError, Malformed
from archive.fields import Answer, Echo, Scalar
from archive.frame import FrameClaim, Lost

_MAX_HOPS = 5
_MAX_REPLY_BYTES = 65_536


class FrameRefused(ArchiveError):
    """The archive refuses this frame: sending it again cannot help."""

    def __init__(self, detail: str, status: int) -> None:
        super().__init__(f"refused: {detail}")
        self.detail = detail
        self.status = status


class KeyRejected(ArchiveError):
    """The archive does not take frames with this key; a person must act."""


class NotKept(ArchiveError):
    """No acknowledgement within the time given: the frame must not be forgotten."""

    def __init__(self, seen: str, retry_after_s: float = 0.0) -> None:
        super().__init__(f"not kept: {seen}")
        self.seen = seen
        self.retry_after_s = retry_after_s


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The archive's promise: the frame survives a power cut there, so the camera may forget it."""

    location: str | None
    echo: Echo
    is_new: bool  # False: it had been kept before


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt that came to nothing."""

    count: int
    seen: str
    wait_s: float  # until the next one


class Backoff:
    """Waits that double, with full jitter: many cameras that lost their archive at once come back spread out."""

    def __init__(self, rng: random.Random, *, first_s: float = 0.5, longest_s: float = 30.0) -> None:
        self._rng = rng
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    def wait_s(self, retry_after_s: float = 0.0) -> float:
        """How long to wait after one more failure, never less than the archive asked for."""
        ceiling_s = min(self._longest_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return retry_after_s + self._rng.uniform(0, ceiling_s)

    def succeeded(self) -> None:
        self._failures = 0


class CameraClient:
    """Sends frames to the archive at *to*: a URL, or the path of a Unix socket. An async context manager.

    *key* says which camera this is; *camera* only introduces one that has no key. Raises ConfigError when *to* or
    *key* cannot be what they should be.
    """

    def __init__(
        self,
        to: str | Path,
        key: str | None = None,
        camera: str | None = None,
        *,
        timeout_s: float = 60.0,
        rng: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._socket = to if isinstance(to, Path) else None
        self._url = _frames_url("http://localhost" if isinstance(to, Path) else to)
        if key is not None and not (key.isascii() and key.isprintable() and key):
            raise ConfigError("the key holds characters that no key has; copy it again")
        self._key = key
        self._camera = camera
        self._timeout_s = timeout_s
        self._rng = rng or random.Random()  # noqa: S311 - spreads waits, guards nothing
        self._sleep = sleep
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path=str(self._socket)) if self._socket else aiohttp.TCPConnector(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity", "User-Agent": "esp32-camera-archive-client"},
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self,
        body: bytes,
        media_type: str,
        claim: FrameClaim,
        *,
        lost: Lost | None = None,
        status: Mapping[str, Scalar | None] | None = None,
        give_up_after_s: float = 120.0,
        on_attempt: Callable[[Attempt], None] | None = None,
    ) -> Receipt:
        """Send one frame until the archive has kept it; sending one again that was kept before is harmless.

        *claim* must name boot and number; `now_ms` is its value at the call, and grows with every attempt. Tries at
        least once, and calls *on_attempt* before each wait. Raises FrameRefused, KeyRejected, Malformed (a field
        cannot carry its value), or NotKept when the next attempt would come later than *give_up_after_s*.
        """
        if claim.boot is None or claim.number is None:
            raise Malformed("a camera's frame needs a boot and a number, or no answer can be told to be its own")
        headers = {"Content-Type": media_type, fields.DIGEST: fields.render_digest(hashlib.sha256(body).digest())}
        said = {"id": self._camera, **(status or {})}
        if any(value is not None for value in said.values()):
            headers[fields.STATUS] = fields.render_status(**said)  # type: ignore[arg-type]
        if lost is not None:
            headers[fields.LOST] = fields.render_lost(lost)
        began_s, backoff, count = self._clock(), Backoff(self._rng), 0
        while True:
            sent = _later(claim, self._clock() - began_s)
            try:
                return await self._attempt(body, headers | {fields.FRAME: fields.render_claim(sent)}, claim)
            except NotKept as failure:
                wait_s, count = backoff.wait_s(failure.retry_after_s), count + 1
                if self._clock() - began_s + wait_s > give_up_after_s:
                    raise
                if on_attempt is not None:
                    on_attempt(Attempt(count=count, seen=failure.seen, wait_s=wait_s))
            await self._sleep(wait_s)

    async def _attempt(self, body: bytes, headers: Mapping[str, str], claim: FrameClaim) -> Receipt:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._follow(body, headers, claim)
        except TimeoutError as exc:
            raise NotKept(f"no answer within {self._timeout_s:g} s") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise NotKept(_why(exc)) from exc

    async def _follow(self, body: bytes, headers: Mapping[str, str], claim: FrameClaim) -> Receipt:
        """One attempt, through a few redirects with method and body; the key stays with the host it was given for."""
        if self._session is None:
            raise RuntimeError("use the client as an async context manager")
        url, may_have_key = self._url, True
        for _ in range(_MAX_HOPS + 1):
            right = {"Authorization": f"Bearer {self._key}"} if self._key and may_have_key else {}
            # As a file the body goes out in pieces, and an answer in the midst of them is heard before the line breaks.
            request = self._session.post(
                url, data=io.BytesIO(body), headers={**headers, **right}, allow_redirects=False
            )
            async with request as reply:
                target = reply.headers.get("Location")
                if reply.status not in (307, 308) or target is None or _echo(reply, claim) is not None:
                    return await self._judge(reply, claim, lost_key=self._key is not None and not may_have_key)
            try:
                hop = url.join(URL(target))
            except ValueError as exc:
                raise NotKept(f"redirected to {target[:200]!r}, which is no address") from exc
            if hop.scheme not in ("http", "https") or hop.host is None:
                raise NotKept(f"redirected to {target[:200]!r}, which is no address of an archive")
            may_have_key &= hop.host == url.host and not (url.scheme == "https" and hop.scheme == "http")
            url = hop
        raise NotKept(f"redirected more than {_MAX_HOPS} times, at last to {url}")

    async def _judge(self, reply: aiohttp.ClientResponse, claim: FrameClaim, *, lost_key: bool) -> Receipt:
        echo = _echo(reply, claim)
        if echo is not None and echo.answer is Answer.KEPT:
            return Receipt(location=reply.headers.get("Location"), echo=echo, is_new=reply.status == 201)
        detail, is_problem = await _said(reply)
        if reply.status in (401, 403) and is_problem:
            if lost_key:
                detail += f" (the key does not follow to {reply.url.origin()}; give that address if you trust it)"
            raise KeyRejected(detail)
        if echo is not None and echo.answer is Answer.REFUSED:
            raise FrameRefused(detail, reply.status)
        said_by_archive = "" if echo is not None or is_problem else ", which is not an archive's answer to this frame"
        raise NotKept(f"{detail}{said_by_archive}", _retry_after_s(reply.headers.get("Retry-After")))


def _why(exc: aiohttp.ClientError | OSError) -> str:
    """A broken connection in words for a person; asyncio's own are made for programmers."""
    if isinstance(exc, UnixClientConnectorError):
        return "the archive is not running just now"
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return f"no host is known as {exc.host}"
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        error = exc.certificate_error
        reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
        return f"the certificate of {exc.host} is not trusted here: {reason}"
    if isinstance(exc, aiohttp.ClientConnectorSSLError):
        return f"no TLS with {exc.host}: {str(exc.os_error.strerror or exc.os_error)[:100]}"
    if isinstance(exc, OSError) and exc.errno is not None and exc.errno > 0:
        return os.strerror(exc.errno).lower()
    return str(exc) or type(exc).__name__


def _frames_url(to: str) -> URL:
    try:
        url = URL(to)
    except ValueError as exc:
        raise ConfigError(f"{to!r} is no address; use one such as http://archive.local:5555") from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"{to!r} is no archive's address; use one such as http://archive.local:5555")
    path = url.path.rstrip("/")
    return url.with_path(path if path.endswith("/api/frames") else f"{path}/api/frames")


def _later(claim: FrameClaim, passed_s: float) -> FrameClaim:
    if claim.now_ms is None:
        return claim
    return msgspec.structs.replace(claim, now_ms=claim.now_ms + round(passed_s * 1000))


def _echo(reply: aiohttp.ClientResponse, claim: FrameClaim) -> Echo | None:
    """The archive's word on this very frame; None when the reply is somebody else's, or about another frame."""
    try:
        echo = fields.parse_echo(", ".join(reply.headers.getall(fields.FRAME, [])))
    except Malformed:
        return None
    return echo if (echo.boot, echo.number) == (claim.boot, claim.number) else None


async def _said(reply: aiohttp.ClientResponse) -> tuple[str, bool]:
    """What the reply says, in a sentence, and whether that is a problem document's own word."""
    summary = f"{reply.status} {reply.reason or ''}".strip()
    if reply.content_type != "application/problem+json":
        return summary, False
    text = bytearray()
    try:
        async for chunk in reply.content.iter_any():
            text += chunk
            if len(text) > _MAX_REPLY_BYTES:
                break
        problem = json.loads(text)
    except (aiohttp.ClientError, OSError, ValueError):
        return summary, True  # the status was heard; the sentence got lost
    if not isinstance(problem, dict):
        return summary, True
    return str(problem.get("detail") or problem.get("title") or summary), True


def _retry_after_s(text: str | None) -> float:
    """RFC 9110, 10.2.3: seconds or a date; what cannot be read asks for nothing."""
    if text is None:
        return 0.0
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return 0.0
