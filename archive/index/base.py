"""What an index promises: facts, durable when answered, and answers whose cost does not grow with the archive."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

import msgspec

from archive.errors import Corrupt
from archive.frame import Camera, Change, Frame, Lost, Measures, NewFrame, Report, Verdict
from archive.rights import Scope


class Shelf(Protocol):
    """Where the bytes of frames go before their rows. Called in the index's writer thread, a group at a time."""

    def put(self, frames: Sequence[NewFrame]) -> Sequence[Exception | None]:
        """Make the frames' bytes durable; one answer per frame, None for done."""

    def settle(self, frames: Sequence[NewFrame]) -> None:
        """These frames have durable rows now. Never raises."""

    def discard(self, frames: Sequence[NewFrame]) -> None:
        """These frames were put and will certainly have no row. Never raises."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `add`: the frame exists, durably."""

    frame: Frame
    is_new: bool
    is_further: bool = False  # another frame bears the same camera, boot and number: a fault of the camera
    settings: Settings | None = None  # the camera's settings of record, whatever version it has


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a camera's owner wants of it; version 0 while that is nothing."""

    version: int
    values: dict[str, str | int | float | bool]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A camera's settings of record, and what it last said of them."""

    settings: Settings
    reported_version: int | None = None  # the version it has; None: it never said
    refused_version: int | None = None  # a version it did not take, or gave up


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of which somebody asks whether it is kept; `boot` and `number` where it names a frame.

    Without a camera it is looked for at the camera whose boot that was.
    """

    camera: str | None
    sha256: bytes
    boot: str | None = None
    number: int | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The camera that a picture belongs to (None: nobody knows), and its frame's id where it is kept."""

    camera: str | None
    frame_id: int | None


class CameraKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a camera, as the archive stores it: never the key itself."""

    prefix: str  # public, names the key
    camera: str
    sha256: bytes
    created_at_ms: int
    revoked_at_ms: int | None = None
    used_at_ms: int | None = None  # when it was last shown, within the hour
    renewal_asked_at_ms: int | None = None  # when its owner wanted another in its place


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser in which the owner has signed in, as the archive stores it: never what the browser shows."""

    sha256: bytes
    created_at_ms: int
    used_at_ms: int  # within the hour
    browser: str


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which somebody else may see a part of the archive, as the archive stores it: never the link."""

    no: int = 0  # drawn by the index
    sha256: bytes
    label: str
    scope: Scope
    created_at_ms: int
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of frames in the order asked for."""

    frames: list[Frame]
    next: tuple[int, int] | None  # the cursor of the next page, up to which everything was looked at; None at the end
    total: int | None  # of everything that matches, not of this page; None where counting would cost more than the page
    last_seq: int  # the newest change that this page knows


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """How many frames one day of the archive's time zone holds."""

    day: date
    camera: str | None
    frames: int


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Every day that holds frames, newest first, as of the change `last_seq`."""

    days: list[Day]
    last_seq: int


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """The frames of one day, as of the change `last_seq`."""

    frames: int
    quarters: list[int]  # in each of the 96 quarter hours that the archive's clock shows
    cameras: dict[str, int]  # by the camera's id
    last_seq: int


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of a boot, both ends included, that have not arrived."""

    boot: str
    first: int
    last: int
    at_ms: int  # when it opened or was confessed
    reason: str | None  # why they will not come, in the camera's word; None while they are missing
    taken_after_ms: int | None  # when the boot's frame before was taken
    taken_before_ms: int | None  # when the one after was


class Gaps(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger of a camera, a page of its gaps, newest first."""

    missing: int  # numbers, of all gaps
    confessed: int
    status: dict[str, str | int | float | bool]  # what the camera said of itself last
    gaps: list[Gap]
    next: tuple[int, int] | None  # the cursor of the next page


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the log of changes, oldest first; `last_seq` is the newest there is."""

    changes: list[Change]
    last_seq: int


class Admission(Protocol):
    """Who is let in. Every write is durable when it returns; any may raise Unavailable, as the index's own."""

    async def password(self) -> str | None:
        """The owner's password as argon2id's encoded hash; None while none is set."""

    async def set_password(self, argon2id: str | None) -> None:
        """Set it, or with None take it away."""

    async def sessions(self) -> list[Session]:
        """All there are, ended ones too until `end_sessions`."""

    async def open_session(self, session: Session) -> None:
        """A digest is a session's alone: raises Unavailable for one that is there."""

    async def use_session(self, sha256: bytes, at_ms: int) -> None:
        """Note that it was shown. One that is not there is not made."""

    async def end_sessions(self, digests: list[bytes]) -> None:
        """Forget them. One that is not there changes nothing."""

    async def shares(self) -> list[Share]:
        """Every share link ever made, in order."""

    async def add_share(self, share: Share) -> int:
        """Keep it; its number, which was given to no other before."""

    async def revoke_share(self, no: int, at_ms: int) -> None:
        """Raises ShareNotFound for one that is not there or was revoked before."""

    async def use_key(self, prefix: str, at_ms: int) -> None:
        """Note that a camera's key was shown."""


class Index(Protocol):
    """Facts about frames. Every answer is a committed fact; every write is durable when it returns.

    Methods are for the event loop; the work is done in the index's own threads. Any may raise Unavailable, and
    Corrupt when the index itself is broken.
    """

    id: str  # 16 hex digits drawn when the archive was made: tells one from another
    last_seq: int  # the newest change there is
    total: int  # how many frames are kept
    admission: Admission

    @property
    def waiting(self) -> int:
        """How many writes wait for their turn."""

    def on_change(self, listener: Callable[[Sequence[Change]], None]) -> None:
        """Call *listener* on the event loop with every group of committed changes, in the order of their `seq`."""

    def on_fatal(self, listener: Callable[[Corrupt], None]) -> None:
        """Call *listener* on the event loop when the index fails for good; the process should end and start anew."""

    async def add(self, frame: NewFrame) -> Kept:
        """Keep *frame*: its bytes on the shelf, then its row, its losses and its counts in one transaction.

        The same (camera, boot, number) with the same digest twice is one row and not put again; with another digest
        it is a second frame, under a name of its own. A frame from a file (`claim.source`) that names none
        (no `claim.boot`) is known by its camera and digest alone, and one that does by those of a frame without a name.
        Raises what the shelf answered for it, or DiskFull, and then nothing of the frame exists.
        Concurrent calls share one group: one put, one commit.
        """

    async def hear(self, report: Report) -> Settings | None:
        """Note what a camera reports: its status, when we heard it, its loss. Answers its settings of record.

        A camera nobody knew is made, as with its first frame; a loss heard before is not told of again.
        """

    async def measure(self, frame_id: int, measures: Measures | None, verdict: Verdict | None = None) -> None:
        """Note what the thumbnail worker saw (None: nothing could be seen). A new verdict becomes a change."""

    async def frame(self, frame_id: int) -> Frame:
        """Raises FrameNotFound."""

    async def frame_status(self, frame_id: int) -> dict[str, str | int | float | bool]:
        """What the camera said of itself when it sent that frame. Raises FrameNotFound."""

    async def frame_named(self, camera: str, name: str, boot: str, number: int) -> Frame:
        """The frame of that file name, which holds *boot* and *number*. Raises FrameNotFound."""

    async def find(self, sought: Sequence[Sought]) -> list[Found]:
        """Which of these pictures are kept: by camera, boot, number and digest, else by camera and digest.

        One that names its frame is not found in a frame that has another name. An answer for each, in order.
        """

    async def frame_before(self, frame: Frame) -> Frame | None:
        """The same camera's frame taken just before."""

    async def frames(
        self,
        *,
        camera: str | None = None,
        before_ms: int | None = None,
        after_ms: int | None = None,
        cursor: tuple[int, int] | None = None,
        limit: int = 100,
        oldest_first: bool = False,
        hours: tuple[int, int] | None = None,
        verdicts: Collection[Verdict] = (),
        difference: float | None = None,
    ) -> Page:
        """Frames taken in [`after_ms`, `before_ms`), newest first, from below `cursor` (taken_at_ms, id) on.

        With `oldest_first` the other way round. Only those taken in `hours` of the day (from, up to), of one of these
        `verdicts`, at least so much different from the frame before. A page may then hold fewer than `limit`, even
        none, and there be more: one question looks at a few thousand frames and no further.
        """

    async def spread(
        self, camera: str, *, after_ms: int | None = None, before_ms: int | None = None, parts: int
    ) -> list[tuple[Frame, dict[str, str | int | float | bool]]]:
        """The first frame in each of *parts* equal parts of [`after_ms`, `before_ms`), with what its camera said.

        Without an end it is the camera's newest frame; without a beginning it is a day before the end. Parts without a
        frame are left out. Raises CameraNotFound.
        """

    async def unmeasured(self, *, after_id: int, limit: int) -> list[Frame]:
        """Frames no worker has looked at yet, by rising id, above `after_id`."""

    async def days(self, *, camera: str | None = None) -> Calendar:
        """How many frames each day holds, of one camera or of all together."""

    async def day(self, day: date, *, camera: str | None = None) -> Activity:
        """How many frames the quarter hours of a day hold, of one camera or of all together."""

    async def cameras(self) -> list[Camera]:
        """Every camera with its newest frame, by id."""

    async def changes(self, *, after: int, limit: int = 1000) -> Log:
        """The log after `seq` *after*. Raises LogTooOld."""

    async def gaps(self, camera: str, *, cursor: tuple[int, int] | None = None, limit: int = 100) -> Gaps:
        """Which of a camera's numbers have not arrived, from below `cursor` on. Raises CameraNotFound."""

    async def add_camera(self, camera: str, key: CameraKey | None) -> None:
        """Raises CameraExists when a camera of that id has a key that is not revoked."""

    async def add_key(self, key: CameraKey, *, makes_camera: bool) -> None:
        """Allow one more key of `key.camera`; a camera nobody knew is made, if *makes_camera*.

        Raises KeysFull when two are allowed already, or there is one of that prefix; CameraNotFound.
        """

    async def renew_key(self, camera: str, at_ms: int) -> str:
        """Note that the camera's one key shall be replaced; its prefix. Raises KeyNotFound; KeysFull with two."""

    async def revoke_key(self, camera: str, prefix: str, at_ms: int) -> None:
        """Allow one key no more. Raises KeyNotFound when the camera has no such key that is allowed."""

    async def revoke_camera(self, camera: str, at_ms: int) -> int:
        """Revoke the camera's keys; how many that were. Raises CameraNotFound."""

    async def keys(self) -> list[CameraKey]:
        """Every key, revoked ones too."""

    async def settings(self, camera: str) -> Standing:
        """Raises CameraNotFound."""

    async def set_settings(
        self, camera: str, changes: Mapping[str, str | int | float | bool | None]
    ) -> tuple[Settings, Settings]:
        """Change some of *camera*'s settings, None taking one back; those of record before and after.

        What *changes* does not name stays, whoever else changes it at the same moment. A version is new only when a
        value is, and above any that the camera has. Raises CameraNotFound.
        """

    async def ask_shot(self, camera: str) -> tuple[Settings, Settings]:
        """Count `shot` up, so that *camera* takes a frame; the settings of record before and after.

        They are the same while the camera has neither taken over nor refused an earlier request. Raises CameraNotFound.
        """

    async def losses(self, camera: str) -> list[Lost]:
        """What the camera confessed, oldest first. Raises CameraNotFound."""

    # -- for `check`

    async def settled(self) -> None:
        """Return when every `add` begun before this has been answered."""

    async def frames_after(self, frame_id: int, *, limit: int) -> list[Frame]:
        """Frames by rising id, above *frame_id*."""

    async def unknown(self, keys: Sequence[str]) -> list[str]:
        """Those of the store's *keys* that no row has."""

    async def faults(self) -> list[str]:
        """What is wrong with the index's own structure, a sentence each."""

    async def miscounts(self) -> list[str]:
        """Counts that do not agree with the frames they count, a sentence each."""

    async def recount(self) -> None:
        """Make every count anew from the frames."""

    async def close(self) -> None:
        """Finish what is queued, checkpoint, and let go. Twice is harmless."""
