"""The few errors of the archive, each named for the decision it calls for.

`server/problems.py` turns them into statuses.
"""

from typing import ClassVar


class ArchiveError(Exception):
    """What every error of ours is. Its text is a sentence for a person: what is wrong, and what to do."""


class ConfigError(ArchiveError):
    """The owner must change a setting, a flag or a file before this can work."""


class InvalidFrame(ArchiveError):
    """The bytes or their description are wrong, and sending the same again cannot help."""


class UnsupportedMedia(InvalidFrame):
    """The bytes are no picture we keep."""


class TooLarge(InvalidFrame):
    """More bytes than this archive accepts in one frame."""


class LengthRequired(InvalidFrame):
    """The sender did not say beforehand how many bytes will come."""


class TooSlow(ArchiveError):
    """The bytes did not come in time: the sender should send the frame again."""


class DigestMismatch(ArchiveError):
    """The bytes changed on their way: the sender should send the frame again."""


class Malformed(ArchiveError):
    """The request or a field of it breaks its grammar."""


class Unauthorized(ArchiveError):
    """No key, or one that does not name a camera."""


class Pending(Unauthorized):
    """The camera asks to join, and its owner has not said yes: it keeps its frames and asks again."""

    retry_after_s: ClassVar[int] = 15


class Forbidden(ArchiveError):
    """Who asks is known, but not (or no longer) allowed to do this."""


class WrongHost(ArchiveError):
    """The request is for a name that is not this archive's: another site's page may have sent it."""


class TooOften(ArchiveError):
    """More than is allowed in this time: the same request may succeed later."""

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class FrameNotFound(ArchiveError):
    """No such frame, picture or page; asking again will not change that."""


class ShareNotFound(ArchiveError):
    """No such share link is still good."""


class SessionNotFound(ArchiveError):
    """No such browser is signed in."""


class KeyNotFound(ArchiveError):
    """No such key, or no camera asks to join with one."""


class KeysFull(ArchiveError):
    """The camera has two keys that are allowed: one must be revoked before it gets another."""


class CameraExists(ArchiveError):
    """A camera of that id exists: choose another, or use the one there is."""


class CameraNotFound(ArchiveError):
    """No camera of that id is known."""


class LogTooOld(ArchiveError):
    """The change asked for is older than the log, or too far back: fetch afresh, then follow from `last_seq`."""

    def __init__(self, last_seq: int) -> None:
        super().__init__(f"the log of changes no longer reaches back that far; fetch afresh and follow from {last_seq}")
        self.last_seq = last_seq


class Unavailable(ArchiveError):
    """It cannot be done just now; the same request may succeed later."""

    retry_after_s: ClassVar[int] = 5


class DiskFull(Unavailable):
    """No room for another frame without endangering the index; room must be made."""

    retry_after_s: ClassVar[int] = 60


class Corrupt(ArchiveError):
    """A promise of the archive's own files is broken; trying again will not help. `archive check` says more."""


class Locked(ConfigError):
    """Another process owns this archive folder."""


class Undecodable(ArchiveError):
    """The picture cannot be shown as a thumbnail; the original is kept all the same."""
