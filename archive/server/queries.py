"""What queries and paths say, as values; what they cannot say is Malformed, in a sentence that says what they can."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import date, datetime

from archive.errors import Malformed
from archive.frame import Verdict, unix_ms

ORDERS = ("newest", "oldest")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOURS = re.compile(r"([0-9]{1,2})-([0-9]{1,2})")
_SHARE = re.compile(r"[0-9](?:\.[0-9]{1,20})?")


def number(values: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number from a query or a path. Raises Malformed."""
    text = values.get(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        raise Malformed(f"{name} is a whole number from {least} to {most}, not {text[:32]!r}")
    return int(text)


def day_of(text: str) -> date:
    """A day from a path. Raises Malformed."""
    try:
        if not _DAY.fullmatch(text):
            raise ValueError  # noqa: TRY301 - Python takes other ways to write a day too
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"a day is written such as 2026-11-22, not {text[:32]!r}") from None


def moment(text: str | None, name: str) -> int | None:
    """A time from a query. Raises Malformed."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError  # noqa: TRY301 - no time zone is as bad as no time
        return unix_ms(at)
    except (ValueError, OverflowError):
        raise Malformed(f"{name} is a time such as 2026-11-22T13:00:00Z, not {text[:40]!r}") from None


def order(text: str | None) -> str:
    """Which way a page is read. Raises Malformed."""
    if text and text not in ORDERS:
        raise Malformed(f"order is one of {', '.join(ORDERS)}, not {text[:32]!r}")
    return text or ORDERS[0]


def hours(text: str | None) -> tuple[int, int] | None:
    """Two hours of the day from a query. Raises Malformed."""
    if not text:
        return None
    found = _HOURS.fullmatch(text)
    if found is None or int(found[1]) % 24 == int(found[2]) % 24 or max(int(found[1]), int(found[2])) > 24:
        raise Malformed(f"hour is two different hours such as 6-9 or, over midnight, 22-4, not {text[:32]!r}")
    return int(found[1]), int(found[2])


def verdicts(text: str | None) -> frozenset[Verdict]:
    """Verdicts from a query; none for any. Raises Malformed."""
    try:
        return frozenset(map(Verdict, text.split(","))) if text else frozenset()
    except ValueError:
        raise Malformed(f"verdict is any of {', '.join(Verdict)}, with commas between, not {text!r:.80}") from None


def share(text: str | None, name: str) -> float | None:
    """A number from 0 to 1 from a query. Raises Malformed."""
    if not text:
        return None
    if not (_SHARE.fullmatch(text) and float(text) <= 1):
        raise Malformed(f"{name} is a number from 0 to 1 such as 0.1, not {text[:32]!r}")
    return float(text)


def cursor_of(position: tuple[int, int]) -> str:
    """The word for a place in the order of frames, for a URL."""
    taken_at_ms, frame_id = position
    return base64.urlsafe_b64encode(f"{taken_at_ms}.{frame_id}".encode()).decode().rstrip("=")


def cursor(text: str) -> tuple[int, int]:
    """The place in the order of frames that `cursor_of` made a word of. Raises Malformed."""
    try:
        taken, frame_id = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).split(b".")
        position = int(taken), int(frame_id)
        if max(map(abs, position)) >= 2**63:
            raise ValueError  # noqa: TRY301 - beyond what the index holds
    except (ValueError, binascii.Error):
        raise Malformed("this cursor is none of ours: take the URL in `next` as it stands") from None
    return position
