"""Who may do what: the rights, and how much of the archive they reach. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import IntEnum
from zoneinfo import ZoneInfo

import msgspec

from archive.errors import Forbidden
from archive.frame import Change, ChangeKind, Frame, unix_ms

DAY_MS = 86_400_000


class Right(IntEnum):
    """What somebody may do; each includes those below it. Sending is none of them: a camera's key says who sends."""

    NONE = 0
    SEE = 1  # what the scope reaches
    SEE_ALL = 2  # every frame, and how cameras fare
    RUN = 3  # settings, cameras, sharing: the owner


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the archive: one camera's frames, those of a span of time, or both. Without either, all of it."""

    camera: str | None = None
    after_ms: int | None = None  # taken then or later
    before_ms: int | None = None  # taken before

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == EVERYTHING

    @property
    def is_span(self) -> bool:
        """Whether a time limits it."""
        return self.after_ms is not None or self.before_ms is not None

    def holds(self, frame: Frame) -> bool:
        """Whether that frame is of it."""
        return (
            self.camera in {None, frame.camera}
            and (self.after_ms is None or frame.taken_at_ms >= self.after_ms)
            and (self.before_ms is None or frame.taken_at_ms < self.before_ms)
        )

    def part_of(self, day: date, zone: ZoneInfo) -> Scope | None:
        """The part of that day which this reaches: everything where all of it, None where nothing."""
        begin_ms = _midnight_ms(day, zone)
        # Python's years end with the last day, and that is as long as most are.
        end_ms = begin_ms + DAY_MS if day == date.max else _midnight_ms(day + timedelta(days=1), zone)
        after_ms = begin_ms if self.after_ms is None else max(begin_ms, self.after_ms)
        before_ms = end_ms if self.before_ms is None else min(end_ms, self.before_ms)
        if after_ms >= before_ms:
            return None
        return (
            EVERYTHING if (after_ms, before_ms) == (begin_ms, end_ms) else Scope(after_ms=after_ms, before_ms=before_ms)
        )

    def tells(self, change: Change) -> bool:
        """Whether a change may be told to who sees no more than this: of frames that are of it, and of nothing else."""
        if change.frame is not None:
            return self.holds(change.frame)
        return change.kind is ChangeKind.FRAME_DELETED and self.camera in {None, change.camera}

    def narrowed(self, camera: str | None, after_ms: int | None, before_ms: int | None) -> Scope:
        """What is asked for, as far as this reaches. Raises Forbidden for another camera."""
        if camera is not None and self.camera not in {None, camera}:
            raise Forbidden(f"this link shows camera {self.camera} and no other")
        return Scope(
            camera=camera or self.camera,
            after_ms=max((at for at in (after_ms, self.after_ms) if at is not None), default=None),
            before_ms=min((at for at in (before_ms, self.before_ms) if at is not None), default=None),
        )


EVERYTHING = Scope()


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who asks, and what he may."""

    right: Right = Right.NONE
    scope: Scope = EVERYTHING
    mark: bytes | None = None  # the digest of the session or the share link he shows
    ends_at_ms: int | None = None  # when that ends, whatever he does
    share: str | None = None  # what the owner called the share link

    def sees(self, frame: Frame) -> bool:
        """Whether that frame may be shown to him."""
        return self.right >= Right.SEE and self.scope.holds(frame)


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return unix_ms(datetime.combine(day, time(), zone))
