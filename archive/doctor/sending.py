"""The doctor as a camera: it knocks without a key, announces a large frame, and sends two that are kept."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from datetime import datetime
from email.utils import parsedate_to_datetime

import msgspec
from yarl import URL

from archive import fields, scene
from archive.doctor.asking import Answer, Asker, Broken
from archive.doctor.findings import CAMERA, Finding, found
from archive.doctor.looking import Looked
from archive.errors import Malformed
from archive.fields import Answer as Word
from archive.frame import FrameClaim, MediaType

SMALL_BYTES = 60_000  # about a frame as cameras send by default
LARGE_BYTES = 2 * 2**20  # about the largest that a sensor of 5 megapixels gives
SIZES = (2**20, 2 * 2**20, 4 * 2**20, 8 * 2**20)  # the limits one meets
CLOCK_OFF_MS = 5000

_HOPS_MAX = 5
_NO_PICTURE = b"The doctor knocks: this is no picture, and no key came with it.\n"
_END = b"\xff\xd9"


class Door(msgspec.Struct):
    """The archive's door, as it shows itself to who knocks."""

    url: URL  # where frames go, at the end of redirects
    is_open: bool = False  # to who has no key
    is_public: bool = False  # everybody may see
    takes_large: bool = True  # nobody in between refuses such a frame


class Sent(msgspec.Struct, kw_only=True):
    """A frame of the doctor's that was kept."""

    boot: str
    number: int
    body: bytes
    location: str


async def knock(asker: Asker, door: Door) -> Looked:
    """Send what is neither a frame nor has a key: the archive says so in its own words, and keeps nothing."""
    headers = {"Content-Type": MediaType.JPEG}
    origin, findings = door.url.origin(), list[Finding]()
    for _ in range(_HOPS_MAX + 1):
        try:
            answer = await asker.ask(door.url, method="POST", headers=headers, body=_NO_PICTURE)
        except Broken as exc:
            return Looked(findings=[*findings, found("not-the-archive", str(exc))], may_go_on=False)
        target = answer.headers.get("Location")
        if answer.status not in (301, 302, 303, 307, 308) or target is None:
            break
        if fault := _redirects_badly(answer, target):
            return Looked(findings=[fault], may_go_on=False)
        door.url = door.url.join(URL(target))
    else:
        return Looked(findings=[found("redirect-endless", f"at last to {door.url}")], may_go_on=False)
    if door.url.origin() != origin:
        findings.append(found("redirected", f"from {origin} to {door.url.origin()}"))
    if fault := _no_archive(answer):
        return Looked(findings=[*findings, fault], may_go_on=False)
    door.is_open = answer.status == 415
    return Looked(findings=findings, seen=f"at {door.url}")


def _redirects_badly(answer: Answer, target: str) -> Finding | None:
    seen = f"{answer.status} to {target[:200]}"
    try:
        hop = answer.url.join(URL(target))
    except ValueError:
        return found("not-the-archive", seen)
    if answer.status not in (307, 308):
        return found("redirect-loses-frame", seen)
    is_downgrade = answer.url.scheme == "https" and hop.scheme == "http"
    return found("redirect-elsewhere", seen) if hop.host != answer.url.host or is_downgrade else None


def _no_archive(answer: Answer) -> Finding | None:
    """Why this is not what the archive says to who knocks."""
    if answer.problem is not None:
        # To who has no key: 401, or 415 where none is needed.
        if answer.status in (401, 415):
            return None
        return found("not-now" if answer.status in (429, 503, 507) else "archive-refuses", str(answer))
    if answer.status in (502, 503, 504) or 520 <= answer.status <= 530:
        return found("gateway-error", str(answer))
    return found("warning-page-for-cameras" if answer.is_page else "not-the-archive", str(answer))


async def announce(asker: Asker, door: Door, most_bytes: int) -> Looked:
    """Ask whether a frame of *most_bytes* would be let through. Not one of its bytes goes out."""
    refused = None
    for size_bytes in sorted({*(size for size in SIZES if size < most_bytes), most_bytes}):
        headers = {"Content-Type": MediaType.JPEG, "Content-Length": str(size_bytes)}
        try:
            answer = await asker.announce(door.url, headers)
        except Broken as exc:
            refused = f"{_mb(size_bytes)}: {exc}"
        else:
            refused = f"{_mb(size_bytes)}: {answer}" if answer and answer.status == 413 and not answer.problem else None
        if refused:
            door.takes_large = size_bytes > LARGE_BYTES
            limit = "body-limit-high" if door.takes_large else "body-limit"
            return Looked(findings=[found(limit, f"announced {refused}")])
    return Looked(seen=f"{_mb(most_bytes)} would pass")


async def send(asker: Asker, door: Door, key: str | None, sent: list[Sent]) -> Looked:
    """Send a frame as cameras do by default, and a large one; what was kept goes into *sent*."""
    boot, findings, clocks_ms = secrets.token_hex(8), list[Finding](), list[int]()
    for number, size_bytes in enumerate((SMALL_BYTES, LARGE_BYTES) if door.takes_large else (SMALL_BYTES,)):
        body = await asyncio.to_thread(_picture, number, size_bytes)
        claim = FrameClaim(boot=boot, number=number, taken_ms=_now_ms())
        headers = {
            "Content-Type": MediaType.JPEG,
            fields.DIGEST: fields.render_digest(hashlib.sha256(body).digest()),
            fields.FRAME: fields.render_claim(claim),
            fields.STATUS: fields.render_status(id=CAMERA),
        }
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        before_ms = _now_ms()
        try:
            answer = await asker.ask(door.url, method="POST", headers=headers, body=body)
        except Broken as exc:
            # A proxy with a limit often breaks the line off instead of saying so.
            kind = "body-limit" if number else "no-answer"
            findings.append(found(kind, f"{_mb(size_bytes)}: {exc}"))
            break
        if off_ms := _clock_off_ms(answer, before_ms, _now_ms()):
            clocks_ms.append(off_ms)
        fault = _not_kept(answer, boot, number, size_bytes, has_key=key is not None)
        if fault is not None:
            findings.append(fault)
            break
        sent.append(Sent(boot=boot, number=number, body=body, location=answer.headers.get("Location", "")))
    if clocks_ms:
        findings.append(found("clock-wrong", _off_in_words(min(clocks_ms, key=abs))))
    return Looked(findings=findings, seen=" and ".join(_mb(len(one.body)) for one in sent))


def _not_kept(answer: Answer, boot: str, number: int, size_bytes: int, *, has_key: bool) -> Finding | None:
    echo, problem = answer.echo, answer.problem
    is_echoed = echo is not None and (echo.boot, echo.number) == (boot, number)
    if is_echoed and echo is not None and echo.answer is Word.KEPT:
        return None
    if answer.status in (200, 201) and not answer.is_page:
        return found("echo-lost", f"{answer.status}, Camera-Frame: {answer.headers.get(fields.FRAME, 'missing')[:100]}")
    if problem is None:
        kind = "body-limit" if answer.status == 413 else "warning-page-for-cameras" if answer.is_page else "no-answer"
        return found(kind, f"{_mb(size_bytes)}: {answer}")
    kinds = {
        401: "key-refused",
        403: "key-refused",
        422: "bytes-changed",
        408: "not-now",
        503: "not-now",
        507: "not-now",
    }
    if has_key and answer.status == 401 and "a camera's key is needed" in str(problem.get("detail")):
        return found("key-lost", str(answer))
    return found(kinds.get(answer.status, "frame-refused"), str(answer))


def _clock_off_ms(answer: Answer, before_ms: int, after_ms: int) -> int:
    """How far the archive's clock is ahead of ours, beyond what the way there and back explains; 0 where it is not."""
    now_ms = _clock_ms(answer)
    if now_ms is None:
        return 0
    off_ms = now_ms - after_ms if now_ms > after_ms else min(0, now_ms - before_ms)
    return off_ms if abs(off_ms) > CLOCK_OFF_MS else 0


def _clock_ms(answer: Answer) -> int | None:
    """The archive's own clock as it tells cameras; else whoever wrote the `Date`."""
    if clock := answer.headers.get(fields.CLOCK):
        try:
            said = fields.parse_line(clock).get("now")
        except Malformed:
            said = None
        if isinstance(said, int):
            return said
    try:
        return round(parsedate_to_datetime(answer.headers.get("Date", "")).timestamp() * 1000)
    except ValueError:
        return None


def _off_in_words(off_ms: int) -> str:
    off_s = abs(off_ms) / 1000
    figure = f"{off_s:.0f} s" if off_s < 120 else f"{off_s / 60:.0f} min" if off_s < 7200 else f"{off_s / 3600:.0f} h"
    return f"the archive's is {figure} {'ahead of' if off_ms > 0 else 'behind'} ours"


def _picture(number: int, size_bytes: int) -> bytes:
    """A picture of the doctor's, filled up before its end with noise no one can compress: viewers get all of it."""
    drawn = scene.draw(CAMERA, datetime.now().astimezone(), 800, 600, frame_number=number).removesuffix(_END)
    more = secrets.token_bytes(max(0, size_bytes - len(drawn) - len(_END))).replace(b"\xff", b"\x00")
    return drawn + more + _END


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"


def described(*, is_own: bool) -> str:
    """What is going to be sent, for a person to know beforehand; with the doctor's own key, or with another."""
    whose = f"camera `{CAMERA}`" if is_own else "the key's camera"
    return f"2 frames of {whose}, {_mb(SMALL_BYTES)} and {_mb(LARGE_BYTES)}"
