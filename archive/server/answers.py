"""What the API answers, as types: they encode the answers and make the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta

from archive.frame import (
    MAX_NUMBER,
    Camera,
    Change,
    ChangeKind,
    Frame,
    MediaType,
    TimeSource,
    Verdict,
    utc,
)
from archive.index import CameraKey, Gaps, Settings, Share, Standing
from archive.rights import Right, Visitor
from archive.settings import SETTINGS

Says = msgspec.Meta
Scalar = str | int | float | bool


class FrameAnswer(msgspec.Struct, kw_only=True):
    """One frame, kept."""

    id: Annotated[int, Says(description="the frame's number in the inventory")]
    name: Annotated[str, Says(description="the file name of its original")]
    camera: Annotated[str, Says(description="the camera that took it")]
    boot: Annotated[str, Says(description="the boot it was taken in, 16 hex digits")]
    number: Annotated[int, Says(description="counts the frames of a boot, from 0")]
    taken_at: Annotated[datetime, Says(description="when the shutter fired, as well as we know")]
    taken_at_source: Annotated[TimeSource, Says(description="whose clock that comes from")]
    taken_at_uncertainty_ms: Annotated[int | None, Says(description="how far off it may be; null when nobody knows")]
    received_at: Annotated[datetime, Says(description="when its last byte arrived")]
    size_bytes: Annotated[int, Says(description="the size of the original")]
    width: Annotated[int, Says(description="pixels across")]
    height: Annotated[int, Says(description="pixels down")]
    media_type: Annotated[MediaType, Says(description="what the original is")]
    sha256: Annotated[str, Says(description="the digest of the original, in hex")]
    verdict: Annotated[Verdict, Says(description="what the archive thinks of it")]
    mean_luma: Annotated[float | None, Says(description="mean brightness, 0 to 1; null until measured")]
    contrast: Annotated[float | None, Says(description="spread of brightness, 0 to 1")]
    difference: Annotated[float | None, Says(description="to the same camera's frame before, 0 to 1")]
    colour: Annotated[str | None, Says(description="its mean colour as `#rrggbb`; null until measured")]
    url: Annotated[str, Says(description="the original, for ever")]
    thumbnail_url: Annotated[str, Says(description="a small picture of it, valid at once")]


class FrameDetail(FrameAnswer, kw_only=True):
    """One frame, with what its camera said of itself."""

    status: Annotated[dict[str, Scalar], Says(description="`Camera-Status` as it came with the frame")]


class FramesAnswer(msgspec.Struct, kw_only=True):
    """A page of frames, newest first unless asked for otherwise."""

    frames: list[FrameAnswer]
    next: Annotated[str | None, Says(description="the URL of the next page in this order; null at the end")]
    searched_to: Annotated[
        datetime | None, Says(description="how far was looked: `next` goes on from there; null at the end")
    ]
    total: Annotated[
        int | None,
        Says(description="how many frames match, on all pages; null where counting is dear"),
    ]
    last_seq: Annotated[int, Says(description="follow the events from here and miss nothing")]


class CameraAnswer(msgspec.Struct, kw_only=True):
    """A camera."""

    id: str
    created_at: datetime
    seen_at: Annotated[datetime | None, Says(description="when its latest frame or report arrived")]
    frames: Annotated[int, Says(description="how many of its frames are kept")]
    latest: Annotated[FrameAnswer | None, Says(description="the frame that arrived last")]
    status: Annotated[dict[str, Scalar], Says(description="what it said of itself then")]
    keys: Annotated[int, Says(description="how many keys it has that are allowed")]
    every_s: Annotated[
        float | None,
        Says(description="how far apart its frames usually are taken; null while there are too few to say"),
    ]


class CamerasAnswer(msgspec.Struct, kw_only=True):
    cameras: list[CameraAnswer]


class HealthPoint(msgspec.Struct, kw_only=True):
    """What a camera said of itself with one frame."""

    at: Annotated[datetime, Says(description="when that frame was taken")]
    frame: Annotated[int, Says(description="its id")]
    status: Annotated[dict[str, Scalar], Says(description="`Camera-Status` as it came with the frame")]


class CameraHealthAnswer(msgspec.Struct, kw_only=True):
    """How a camera fared, oldest first."""

    camera: str
    points: list[HealthPoint]


class GapAnswer(msgspec.Struct, kw_only=True, rename={"first": "from", "last": "to"}):
    """Numbers of a boot that have not arrived, both ends included."""

    boot: Annotated[str, Says(description="the boot they belong to, 16 hex digits")]
    first: int
    last: int
    state: Annotated[
        Literal["missing", "confessed"], Says(description="confessed: they will not come, as the camera said")
    ]
    reason: Annotated[str | None, Says(description="why, in the camera's word; null while missing")]
    at: Annotated[datetime, Says(description="when the archive saw it open, or was told")]
    taken_after: Annotated[datetime | None, Says(description="when the boot's frame before was taken")]
    taken_before: Annotated[datetime | None, Says(description="when the boot's frame after was taken")]


class GapsAnswer(msgspec.Struct, kw_only=True):
    """The ledger of a camera, newest gaps first."""

    camera: str
    missing: Annotated[int, Says(description="numbers that have not arrived, of all gaps")]
    on_camera: Annotated[int | None, Says(description="frames that wait on the camera, as it said last")]
    confessed: Annotated[int, Says(description="numbers that will not come, of all gaps")]
    gaps: list[GapAnswer]
    next: Annotated[str | None, Says(description="the URL of the next, older page; null at the end")]


class DayAnswer(msgspec.Struct, kw_only=True):
    day: date
    frames: int


class DaysAnswer(msgspec.Struct, kw_only=True):
    """How many frames each day holds, newest day first."""

    timezone: Annotated[str, Says(description="the IANA zone that says when a day begins")]
    days: list[DayAnswer]
    last_seq: Annotated[int, Says(description="the newest change that these counts know")]


class ActivityAnswer(msgspec.Struct, kw_only=True):
    """The frames of one day."""

    day: date
    timezone: Annotated[str, Says(description="the IANA zone whose clock divides the day")]
    frames: int
    quarters: Annotated[list[int], Says(description="how many in each of the day's 96 quarter hours")]
    cameras: Annotated[dict[str, int], Says(description="how many of each camera")]
    last_seq: Annotated[int, Says(description="the newest change that these counts know")]


class SoughtPicture(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A picture of which the owner asks whether it is kept."""

    sha256: Annotated[str, Says(pattern="^[0-9a-f]{64}$", description="its digest, in hex")]
    camera: Annotated[str | None, Says(description="whose it is; null: of the camera whose boot that was")] = None
    boot: Annotated[Annotated[str, Says(pattern="^[0-9a-f]{16}$")] | None, Says(description="if its name says it")] = (
        None
    )
    number: Annotated[Annotated[int, Says(ge=0, le=MAX_NUMBER)] | None, Says(description="if its name says it")] = None


class SoughtPictures(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    pictures: Annotated[list[SoughtPicture], Says(max_length=1000)]


class FoundPicture(msgspec.Struct, kw_only=True):
    """Whether a picture is kept."""

    camera: Annotated[str | None, Says(description="whose it is; null where nobody knows the boot")]
    frame: Annotated[int | None, Says(description="its frame's id; null while it is not kept")]


class FoundPictures(msgspec.Struct, kw_only=True):
    """An answer for each, in order."""

    pictures: list[FoundPicture]


class ArchiveAnswer(msgspec.Struct, kw_only=True):
    """The archive itself."""

    id: Annotated[str, Says(description="tells one archive from another")]
    title: str
    timezone: Annotated[str, Says(description="the IANA zone the archive lives in")]
    total: int
    last_seq: int
    version: str
    host: Annotated[str, Says(description="the address it listens on; empty while only its owner can reach it")]
    port: Annotated[int, Says(description="the port it listens on; 0 while only its owner can reach it")]
    public_url: Annotated[str, Says(description="the address the world uses; empty: none is known")]
    is_tls: Annotated[bool, Says(description="whether that port speaks HTTPS")]


class ChangeAnswer(msgspec.Struct, kw_only=True):
    seq: Annotated[int, Says(description="the id of the same change on the event stream")]
    type: ChangeKind
    data: Annotated[Any, Says(description="what the event of that type carries; a frame for `frame`")]


class ChangesAnswer(msgspec.Struct, kw_only=True):
    """A stretch of the log of changes, oldest first."""

    changes: list[ChangeAnswer]
    last_seq: Annotated[int, Says(description="go on from here")]
    reset: Annotated[bool, Says(description="true: `after` is older than the log; fetch afresh")] = False


class PhotoAnswer(msgspec.Struct, kw_only=True):
    filename: Annotated[str, Says(description="GET /photos/<filename>")]


class PhotosAnswer(msgspec.Struct, kw_only=True):
    """The student project's list."""

    total: int
    photos: list[PhotoAnswer]


class HealthAnswer(msgspec.Struct, kw_only=True):
    status: str
    listeners: int
    thumbnails_waiting: int


class NewCamera(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, Says(description="1 to 32 of a-z, 0-9, - and _")]


class NewKey(msgspec.Struct, kw_only=True):
    """A camera's key: shown now and never again."""

    camera: str
    key: str


class Revoked(msgspec.Struct, kw_only=True):
    camera: str
    keys: Annotated[int, Says(description="how many keys stopped being allowed")]


class KeyAnswer(msgspec.Struct, kw_only=True):
    """One key of a camera: its name, never the key."""

    key: Annotated[str, Says(description="the key's public part, 8 hex digits")]
    created_at: datetime
    used_at: Annotated[datetime | None, Says(description="when it was last shown, within the hour")]
    revoked_at: datetime | None


class KeysAnswer(msgspec.Struct, kw_only=True):
    camera: str
    keys: list[KeyAnswer]


class Renewing(msgspec.Struct, kw_only=True):
    camera: str
    key: Annotated[str, Says(description="the public part of the key that the camera shall replace")]


class AskingAnswer(msgspec.Struct, kw_only=True):
    """A camera that asks to join."""

    key: Annotated[str, Says(description="the public part of the key it shows, 8 hex digits; names it here")]
    ending: Annotated[str, Says(description="the key's last four characters, which the camera tells its owner")]
    camera: Annotated[str, Says(description="what it calls itself")]
    is_known: Annotated[bool, Says(description="true: there is a camera of that name, which would get another key")]
    board: Annotated[str, Says(description="what board it says it is; empty: it did not say")]
    address: Annotated[str, Says(description="where it asks from")]
    since: datetime
    asked_at: Annotated[datetime, Says(description="when it asked last")]


class JoiningAnswer(msgspec.Struct, kw_only=True):
    cameras: list[AskingAnswer]


class Approval(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str | None, Says(description="the camera's name here; what it calls itself where left out")] = None


class KeyAllowed(msgspec.Struct, kw_only=True):
    camera: str
    key: Annotated[str, Says(description="the public part of the key that is allowed now")]


class KeyRefused(msgspec.Struct, kw_only=True):
    camera: str
    key: Annotated[str, Says(description="the public part of the key that was refused")]


class SignIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    secret: Annotated[str | None, Says(description="what stands behind the # of a link")] = None
    password: str | None = None


class Visit(msgspec.Struct, kw_only=True):
    """Who a browser is to the archive, and what it may do."""

    right: Annotated[
        Literal["none", "see", "see_all", "run"],
        Says(description="nothing; frames of the scope; all frames and how cameras fare; everything"),
    ]
    share: Annotated[str | None, Says(description="for whom the share link is; null without one")] = None
    camera: Annotated[str | None, Says(description="the camera that may be seen; null: all")] = None
    after: Annotated[datetime | None, Says(description="from when on frames may be seen")] = None
    before: Annotated[datetime | None, Says(description="up to when")] = None
    ends_at: Annotated[datetime | None, Says(description="when this ends by itself")] = None
    joining: Annotated[int, Says(description="how many cameras ask to join; 0 for all but the owner")] = 0


class Invitation(msgspec.Struct, kw_only=True):
    """A way in for one browser, for a quarter of an hour."""

    secret: Annotated[str, Says(description="goes behind the # of /sign-in; shown now and never again")]


class NewPassword(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    password: Annotated[str | None, Says(description="8 to 256 characters; null takes it away")]


class PasswordSet(msgspec.Struct, kw_only=True):
    is_set: bool
    ended: Annotated[int, Says(description="how many other browsers must sign in again")]


class SessionAnswer(msgspec.Struct, kw_only=True):
    """A browser in which the owner is signed in."""

    id: Annotated[str, Says(description="names it here, 16 hex digits")]
    browser: Annotated[str, Says(description="what it says it is")]
    is_this: Annotated[bool, Says(description="true: the one that asks")]
    created_at: datetime
    used_at: Annotated[datetime, Says(description="when it was last used, within the hour")]


class SessionsAnswer(msgspec.Struct, kw_only=True):
    sessions: list[SessionAnswer]
    has_password: bool


class NewShare(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A link by which somebody else sees a part of the archive."""

    label: Annotated[str, Meta(max_length=80), Says(description="for whom it is")] = ""
    camera: Annotated[str | None, Says(description="only this camera's frames; null: all")] = None
    after: Annotated[datetime | None, Says(description="only frames taken then or later")] = None
    before: Annotated[datetime | None, Says(description="only frames taken before")] = None
    expires_at: Annotated[datetime | None, Says(description="when the link ends by itself; null: never")] = None


class ShareAnswer(msgspec.Struct, kw_only=True):
    """A share link; never the link itself."""

    no: int
    label: str
    camera: str | None
    after: datetime | None
    before: datetime | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    is_good: Annotated[bool, Says(description="whether it lets anybody in just now")]


class SharesAnswer(msgspec.Struct, kw_only=True):
    shares: list[ShareAnswer]


class ShareMade(msgspec.Struct, kw_only=True):
    share: ShareAnswer
    secret: Annotated[str, Says(description="goes behind the # of /sign-in; shown now and never again")]


class SettingAnswer(msgspec.Struct, kw_only=True):
    """One thing a camera can be told."""

    name: str
    value: Annotated[Scalar, Says(description="what is set; else what a new camera does by itself")]
    is_default: Annotated[bool, Says(description="true: nothing is set, the camera does as it would by itself")]
    allowed: Annotated[str, Says(description="what it may be")]
    says: Annotated[str, Says(description="what it means")]


class SettingsAnswer(msgspec.Struct, kw_only=True):
    """What a camera's owner wants of it, and what the camera said of that."""

    camera: str
    version: Annotated[int, Says(description="of these settings; 0 while nothing was ever set")]
    reported_version: Annotated[int | None, Says(description="the version the camera has; null: it never said")]
    refused_version: Annotated[int | None, Says(description="a version the camera did not take or gave up")]
    settings: list[SettingAnswer]


class SettingChange(msgspec.Struct, kw_only=True):
    name: str
    before: Annotated[Scalar | None, Says(description="null: nothing was set")]
    after: Annotated[Scalar | None, Says(description="null: nothing is set any more")]


class SettingsChanged(msgspec.Struct, kw_only=True):
    """What a change of settings changed."""

    camera: str
    version: Annotated[int, Says(description="what the camera gets with its next frame; as before if nothing changed")]
    changed: list[SettingChange]


class ShotAsked(msgspec.Struct, kw_only=True):
    """A frame that a camera was asked for."""

    camera: str
    version: Annotated[int, Says(description="the version of the settings that asks for it")]
    is_new: Annotated[bool, Says(description="false: the camera has not heard of an earlier request, which counts")]


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, Says(description="names the kind of problem")]
    title: str
    status: int
    detail: Annotated[str, Says(description="what is wrong with this request, and what to do")]


encode = msgspec.json.Encoder().encode


def original_url(frame: Frame) -> str:
    """The path of a frame's original."""
    return quote("/" + frame.key)


def thumbnail_url(frame: Frame) -> str:
    """The path of a frame's thumbnail."""
    return quote("/" + frame.thumbnail_key)


def frame_answer(frame: Frame) -> FrameAnswer:
    """A frame as the API shows it."""
    return FrameAnswer(**_frame_fields(frame))


def frame_detail(frame: Frame, status: dict[str, Scalar]) -> FrameDetail:
    """A frame with its camera's status."""
    return FrameDetail(**_frame_fields(frame), status=status)


def _frame_fields(frame: Frame) -> dict[str, Any]:
    measures = frame.measures
    return {
        "id": frame.id,
        "name": frame.name,
        "camera": frame.camera,
        "boot": frame.boot,
        "number": frame.number,
        "taken_at": utc(frame.taken_at_ms),
        "taken_at_source": frame.taken_at_source,
        "taken_at_uncertainty_ms": frame.taken_at_uncertainty_ms,
        "received_at": utc(frame.received_at_ms),
        "size_bytes": frame.size_bytes,
        "width": frame.width,
        "height": frame.height,
        "media_type": frame.media_type,
        "sha256": frame.sha256.hex(),
        "verdict": frame.verdict,
        "mean_luma": measures.mean_luma if measures else None,
        "contrast": measures.contrast if measures else None,
        "difference": measures.difference if measures else None,
        "colour": None if measures is None or measures.colour is None else f"#{measures.colour:06x}",
        "url": original_url(frame),
        "thumbnail_url": thumbnail_url(frame),
    }


def camera_answer(camera: Camera) -> CameraAnswer:
    """A camera as the API shows it."""
    return CameraAnswer(
        id=camera.id,
        created_at=utc(camera.created_at_ms),
        seen_at=None if camera.seen_at_ms is None else utc(camera.seen_at_ms),
        frames=camera.frames,
        latest=None if camera.latest is None else frame_answer(camera.latest),
        status=camera.status,
        keys=camera.keys,
        every_s=None if camera.every_ms is None else camera.every_ms / 1000,
    )


def gaps_answer(camera: str, page: Gaps, following: str | None) -> GapsAnswer:
    """A page of a camera's ledger as the API shows it."""
    said = [page.status.get(name) for name in ("spooled", "waiting")]
    held = [count for count in said if isinstance(count, int)]
    return GapsAnswer(
        camera=camera,
        missing=page.missing,
        on_camera=sum(held) if held else None,
        confessed=page.confessed,
        gaps=[
            GapAnswer(
                boot=gap.boot,
                first=gap.first,
                last=gap.last,
                state="missing" if gap.reason is None else "confessed",
                reason=gap.reason,
                at=utc(gap.at_ms),
                taken_after=None if gap.taken_after_ms is None else utc(gap.taken_after_ms),
                taken_before=None if gap.taken_before_ms is None else utc(gap.taken_before_ms),
            )
            for gap in page.gaps
        ],
        next=following,
    )


def settings_answer(camera: str, standing: Standing) -> SettingsAnswer:
    """A camera's settings as the API shows them."""
    set_ = standing.settings.values
    return SettingsAnswer(
        camera=camera,
        version=standing.settings.version,
        reported_version=standing.reported_version,
        refused_version=standing.refused_version,
        settings=[
            SettingAnswer(
                name=name,
                value=set_.get(name, setting.default),
                is_default=name not in set_,
                allowed=setting.kind.allowed,
                says=setting.says,
            )
            for name, setting in SETTINGS.items()
        ],
    )


def settings_changed(camera: str, before: Settings, after: Settings) -> SettingsChanged:
    """What lies between two versions of a camera's settings."""
    pairs = [(name, before.values.get(name), after.values.get(name)) for name in SETTINGS]
    return SettingsChanged(
        camera=camera,
        version=after.version,
        changed=[SettingChange(name=name, before=old, after=new) for name, old, new in pairs if old != new],
    )


RIGHTS: dict[Right, Literal["none", "see", "see_all", "run"]] = {
    Right.NONE: "none",
    Right.SEE: "see",
    Right.SEE_ALL: "see_all",
    Right.RUN: "run",
}


def visit(visitor: Visitor, *, joining: int = 0) -> Visit:
    """What a browser is told of itself."""
    return Visit(
        right=RIGHTS[visitor.right],
        share=visitor.share,
        camera=visitor.scope.camera,
        after=_moment(visitor.scope.after_ms),
        before=_moment(visitor.scope.before_ms),
        ends_at=_moment(visitor.ends_at_ms),
        joining=joining,
    )


def share_answer(share: Share, *, is_good: bool) -> ShareAnswer:
    """A share link as its owner sees it."""
    return ShareAnswer(
        no=share.no,
        label=share.label,
        camera=share.scope.camera,
        after=_moment(share.scope.after_ms),
        before=_moment(share.scope.before_ms),
        created_at=utc(share.created_at_ms),
        expires_at=_moment(share.expires_at_ms),
        revoked_at=_moment(share.revoked_at_ms),
        is_good=is_good,
    )


def key_answer(key: CameraKey) -> KeyAnswer:
    """A key of a camera as its owner sees it."""
    return KeyAnswer(
        key=key.prefix,
        created_at=utc(key.created_at_ms),
        used_at=_moment(key.used_at_ms),
        revoked_at=_moment(key.revoked_at_ms),
    )


def _moment(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else utc(at_ms)


def change_data(change: Change) -> dict[str, Any] | FrameAnswer:
    """What a change tells, as an event carries it."""
    if change.lost is not None:
        lost = change.lost
        return {
            "camera": change.camera,
            "boot": lost.boot,
            "from": lost.first,
            "to": lost.last,
            "reason": lost.reason,
        }
    if change.frame is not None and change.kind is not ChangeKind.FRAME_DELETED:
        return frame_answer(change.frame)
    if change.frame_id is not None:
        return {"id": change.frame_id, "camera": change.camera}
    return {"id": change.camera}


def change_answer(change: Change) -> ChangeAnswer:
    """A change as the log shows it. A frame that is gone by now is told of as deleted."""
    return ChangeAnswer(seq=change.seq, type=told_kind(change), data=change_data(change))


def told_kind(change: Change) -> ChangeKind:
    """The type of event a change becomes: a frame that is gone by now is told of as deleted."""
    is_gone = change.frame_id is not None and change.frame is None
    return ChangeKind.FRAME_DELETED if is_gone else change.kind
