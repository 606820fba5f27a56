"""The frame contract's header fields ⇄ values: dictionaries of RFC 9651, read and written by `http_sfv`. Pure."""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from http_sfv.dictionary import Dictionary
from http_sfv.item import Item
from http_sfv.types import DisplayString, Token

from archive.errors import Malformed
from archive.frame import BOOT_ID, MAX_NUMBER, FrameClaim, Lost, Status, TimeSource, camera_id

Scalar = str | int | float | bool
T = TypeVar("T")

FRAME: Final = "Camera-Frame"
STATUS: Final = "Camera-Status"
LOST: Final = "Camera-Lost"
REPORT: Final = "Camera-Report"
SETTINGS: Final = "Camera-Settings"
CLOCK: Final = "Camera-Clock"
ADDRESS: Final = "Camera-Address"
KEY: Final = "Camera-Key"
DIGEST: Final = "Repr-Digest"

MAX_CHARS = 8192  # of a field; the library copies the rest of the text at every member
MAX_UP_MS = 100 * 366 * 86_400_000  # no boot lasts a century, and every date reckoned from less can be written
MAX_SAID = 64
MAX_STRING = 200
_SHA256_BYTES = 32
_PREFIX = re.compile(r"[0-9a-f]{8}")  # of a key: the part that is no secret


class Answer(StrEnum):
    """What a camera shall do with the frame it sent."""

    KEPT = "kept"  # forget it: it is durable here
    REFUSED = "refused"  # forget it: sending it again cannot help
    AGAIN = "again"  # hold it, and come back after `Retry-After`


class Echo(msgspec.Struct, frozen=True, kw_only=True):
    """The archive's word on one frame, or one report. A reply without it acknowledges nothing, whatever its status."""

    boot: str
    number: int
    answer: Answer


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where a camera finds its archive when the address that was set up fails. Another version, other addresses."""

    version: int
    public: str | None = None
    local: str | None = None


# -- reading. Unknown keys are passed over, so that cameras and archives of different ages understand each other.


def parse_frame(text: str) -> FrameClaim:
    """What `Camera-Frame` claims of a frame; any part may be missing. Raises Malformed."""
    members = _parse(FRAME, text)
    claim = FrameClaim(
        boot=_boot(FRAME, members),
        number=_integer(FRAME, members, "number"),
        up_ms=_integer(FRAME, members, "up", at_most=MAX_UP_MS),
        now_ms=_integer(FRAME, members, "now", at_most=MAX_UP_MS),
        taken_ms=_integer(FRAME, members, "taken"),
        source=_source(members),
    )
    if claim.up_ms is not None and claim.now_ms is not None and claim.up_ms > claim.now_ms:
        raise Malformed(
            f"{FRAME}: up={claim.up_ms} is later than now={claim.now_ms}; a frame is sent after it is taken"
        )
    return claim


def parse_status(text: str) -> Status:
    """What `Camera-Status` tells: the camera's `id` and `settings` proven, and everything it said. Raises Malformed.

    `said` holds strings, tokens, numbers and booleans (not dates, bytes and lists), the first 64 of them, strings cut
    after 200 characters: chatter is no reason to refuse a frame.
    """
    members = _parse(STATUS, text)
    said: dict[str, Scalar] = {}
    for key, member in members.items():
        value = _scalar(member)
        if value is not None and len(said) < MAX_SAID:
            said[key[:MAX_STRING]] = value
    name = _string(STATUS, members, "id")
    try:
        name = None if name is None else camera_id(name)
    except Malformed as exc:
        raise Malformed(f"{STATUS}: {exc}") from exc
    return Status(id=name, settings_version=_integer(STATUS, members, "settings"), said=said)


def parse_lost(text: str) -> Lost:
    """The numbers that `Camera-Lost` confesses, both ends included. Raises Malformed.

    A missing `reason` reads `unknown`; a long one is cut after 200 characters.
    """
    members = _parse(LOST, text)
    lost = Lost(
        boot=_required(LOST, "boot", _boot(LOST, members)),
        first=_required(LOST, "from", _integer(LOST, members, "from")),
        last=_required(LOST, "to", _integer(LOST, members, "to")),
        reason=_bounded(_string(LOST, members, "reason") or "unknown"),
    )
    if lost.first > lost.last:
        raise Malformed(f"{LOST}: from={lost.first} is above to={lost.last}")
    return lost


def parse_report(text: str) -> tuple[str, int]:
    """The boot and the number that `Camera-Report` gives a report. Raises Malformed."""
    members = _parse(REPORT, text)
    return (
        _required(REPORT, "boot", _boot(REPORT, members)),
        _required(REPORT, "number", _integer(REPORT, members, "number")),
    )


def parse_digest(text: str) -> bytes | None:
    """The SHA-256 that `Repr-Digest` gives of the body; None where it has other algorithms only. Raises Malformed."""
    value = _value(_parse(DIGEST, text).get("sha-256"))
    if value is None:
        return None
    if not isinstance(value, bytes) or len(value) != _SHA256_BYTES:
        raise Malformed(f"{DIGEST}: sha-256 must be {_SHA256_BYTES} bytes in base64 between colons")
    return value


def parse_echo(text: str, *, field: str = FRAME) -> Echo:
    """The archive's answer in `Camera-Frame`, or in another *field*. Raises Malformed: then nothing is acknowledged."""
    members = _parse(field, text)
    answer = _value(members.get("answer"))
    if not isinstance(answer, Token) or answer not in {known.value for known in Answer}:
        raise Malformed(f"{field}: answer must be one of {', '.join(Answer)}")
    return Echo(
        boot=_required(field, "boot", _boot(field, members)),
        number=_required(field, "number", _integer(field, members, "number")),
        answer=Answer(answer),
    )


def parse_addresses(text: str) -> Addresses:
    """What `Camera-Address` tells. Raises Malformed: then a camera keeps what it knows."""
    members = _parse(ADDRESS, text)
    addresses = Addresses(
        version=_required(ADDRESS, "version", _integer(ADDRESS, members, "version")),
        public=_string(ADDRESS, members, "public"),
        local=_string(ADDRESS, members, "local"),
    )
    if addresses.version == 0:
        raise Malformed(f"{ADDRESS}: version counts from 1; 0 is that of a camera that was told nothing")
    if addresses.public is not None and not addresses.public.startswith("https://"):
        raise Malformed(f"{ADDRESS}: public must begin with https://: a key goes into the world by TLS alone")
    if addresses.local is not None and not addresses.local.startswith(("http://", "https://")):
        raise Malformed(f"{ADDRESS}: local must begin with http:// or https://")
    return addresses


def parse_next_key(text: str) -> tuple[str, bytes]:
    """The prefix and the SHA-256 of the key that `Camera-Key` of a report says the camera drew. Raises Malformed."""
    members = _parse(KEY, text)
    prefix = _required(KEY, "prefix", _string(KEY, members, "prefix"))
    if not _PREFIX.fullmatch(prefix):
        raise Malformed(f"{KEY}: prefix must be 8 of 0-9 and a-f in double quotes")
    sha256 = _value(members.get("sha-256"))
    if not isinstance(sha256, bytes) or len(sha256) != _SHA256_BYTES:
        raise Malformed(f"{KEY}: sha-256 must be {_SHA256_BYTES} bytes in base64 between colons")
    return prefix, sha256


# -- writing. What the grammar cannot carry (a number above 15 digits, a letter outside ASCII) raises Malformed.


def render_echo(boot: str, number: int, answer: Answer, *, field: str = FRAME) -> str:
    """The echo of a frame in an answer's `Camera-Frame`, or of a report in its *field*."""
    return _render(field, {"boot": boot, "number": number, "answer": Token(answer.value)})


def render_clock(now_ms: int) -> str:
    """`Camera-Clock`: the archive's Unix time in milliseconds."""
    return _render(CLOCK, {"now": now_ms})


def render_settings(version: int, values: Mapping[str, Scalar]) -> str:
    """`Camera-Settings`: what the camera's owner wants of it. A value called `version` gives way to *version*."""
    return _render(SETTINGS, {"version": version, **{key: value for key, value in values.items() if key != "version"}})


def render_addresses(addresses: Addresses) -> str:
    """`Camera-Address` in an answer."""
    return _render(ADDRESS, {"version": addresses.version, "public": addresses.public, "local": addresses.local})


def render_next_key(prefix: str, sha256: bytes) -> str:
    """`Camera-Key` as a camera sends it with a report."""
    return _render(KEY, {"prefix": prefix, "sha-256": sha256})


def render_renew(prefix: str) -> str:
    """`Camera-Key` in an answer to who showed the key with that *prefix*: it shall draw another."""
    return _render(KEY, {"renew": prefix})


def render_taken(prefix: str) -> str:
    """`Camera-Key` in the answer to a report that told of the next key: the archive knows it, so it may be shown."""
    return _render(KEY, {"taken": prefix})


def render_claim(claim: FrameClaim) -> str:
    """`Camera-Frame` as a camera sends it. A claim of nothing at all raises Malformed: leave the field out."""
    return _render(
        FRAME,
        {
            "boot": claim.boot,
            "number": claim.number,
            "up": claim.up_ms,
            "now": claim.now_ms,
            "taken": claim.taken_ms,
            "source": None if claim.source is None else Token(claim.source.value),
        },
    )


def render_status(*, id: str | None = None, **said: Scalar | None) -> str:  # noqa: A002 - the field's own word
    """`Camera-Status` as a camera sends it. What is None is left out."""
    return _render(STATUS, {"id": id, **said})


def render_lost(lost: Lost) -> str:
    """`Camera-Lost` as a camera sends it."""
    return _render(LOST, {"boot": lost.boot, "from": lost.first, "to": lost.last, "reason": lost.reason})


def render_report(boot: str, number: int) -> str:
    """`Camera-Report` as a camera sends it."""
    return _render(REPORT, {"boot": boot, "number": number})


def render_digest(sha256: bytes) -> str:
    """`Repr-Digest` of a body."""
    return _render(DIGEST, {"sha-256": sha256})


# -- the serial port of a camera: the same grammar behind a word


def render_line(word: str, members: Mapping[str, Scalar | bytes]) -> str:
    """A line of set-up: *word* and a dictionary. Text outside ASCII is a display string (RFC 9651, 3.3.8)."""
    if not members:
        return word
    carried = {
        key: DisplayString(value) if isinstance(value, str) and not (value.isascii() and value.isprintable()) else value
        for key, value in members.items()
    }
    return f"{word} {_render(word, carried)}"


def parse_line(text: str) -> dict[str, Scalar]:
    """What stands behind the word of an answer. Raises Malformed."""
    members = _parse("the camera's answer", text)
    return {key: value for key, member in members.items() if (value := _scalar(member)) is not None}


def _parse(field: str, text: str) -> Mapping[str, object]:
    if len(text) > MAX_CHARS:
        raise Malformed(f"{field} is longer than {MAX_CHARS} characters")
    members = Dictionary()
    if not text.strip(" "):
        return members  # RFC 9651, 4.2: an empty field is an empty dictionary. The library does not know.
    try:
        members.parse(text.encode("ascii"))
    except ValueError as exc:  # the library's only one, also for text outside ASCII
        raise Malformed(f"{field} is not a dictionary of RFC 9651: {text[:80]!r}") from exc
    return members


def _render(field: str, values: Mapping[str, Scalar | bytes | None]) -> str:
    members = Dictionary()
    members.update({key: value for key, value in values.items() if value is not None})
    try:
        return str(members)
    except (ValueError, ArithmeticError, IndexError) as exc:  # the last two: infinities, and a key without a letter
        raise Malformed(f"{field} cannot carry these values: {exc}") from exc


def _value(member: object) -> object:
    return member.value if isinstance(member, Item) else member


def _scalar(member: object) -> Scalar | None:
    match _value(member):
        case bool() | int() as number:
            return number
        case Decimal() as number:
            return float(number)
        case str() as text:
            return _bounded(text)
        case _:
            return None


def _bounded(text: str) -> str:
    # A display string may hold NUL and line ends, which a database or a terminal would stumble over.
    return "".join(filter(str.isprintable, text[:MAX_STRING]))


def _integer(field: str, members: Mapping[str, object], key: str, *, at_most: int = MAX_NUMBER) -> int | None:
    if key not in members:
        return None
    value = _value(members[key])
    # A bool is an int to Python, and a key without a value is true.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= at_most:
        raise Malformed(f"{field}: {key} must be a whole number from 0 to {at_most}")
    return value


def _string(field: str, members: Mapping[str, object], key: str) -> str | None:
    if key not in members:
        return None
    value = _value(members[key])
    if not isinstance(value, str):
        raise Malformed(f"{field}: {key} must be a string in double quotes")
    return str(value)


def _source(members: Mapping[str, object]) -> TimeSource | None:
    value = _value(members.get("source"))
    known = {source.value for source in TimeSource}
    return TimeSource(value) if isinstance(value, Token) and value in known else None


def _boot(field: str, members: Mapping[str, object]) -> str | None:
    boot = _string(field, members, "boot")
    if boot is not None and not BOOT_ID.fullmatch(boot):
        raise Malformed(f"{field}: boot must be 16 of 0-9 and a-f in double quotes, not {boot[:64]!r}")
    return boot


def _required(field: str, key: str, value: T | None) -> T:
    if value is None:
        raise Malformed(f"{field}: {key} is missing")
    return value
