"""The tables of the index, each column with its sentence.

Times are Unix milliseconds; what a person calls an id is text, what rows point at is a `no`.
"""

from typing import Any

from sqlalchemy import (
    REAL,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData()

# The conditions of the small indexes. SQLite takes such an index for a question that says the same.
HANGING = text("hangs_on_boot = 1")
UNMEASURED = text("is_measured = 0")
JUDGED = text("verdict != 'whole'")


def _column(name: str, kind: Any, says: str, *more: SchemaItem, **options: Any) -> Column[Any]:
    options.setdefault("nullable", False)
    return Column(name, kind, *more, comment=says, **options)


def _table(name: str, *parts: SchemaItem, **options: Any) -> Table:
    # STRICT: SQLite refuses a value of the wrong kind instead of keeping it.
    return Table(name, metadata, *parts, sqlite_strict=True, **options)


archive = _table(
    "archive",
    _column(
        "id", Text, "16 hex digits drawn when the archive was made: tells one archive from another", primary_key=True
    ),
    _column("created_at_ms", Integer, "when the archive was made"),
    _column("timezone", Text, "the IANA zone whose days `days` counts"),
    _column("password", Text, "the owner's, hashed by argon2id; NULL while none is set", nullable=True),
)

cameras = _table(
    "cameras",
    _column("no", Integer, "what other rows point at", primary_key=True),
    _column("id", Text, "the camera's id, such as `garden`", unique=True),
    _column("created_at_ms", Integer, "when the archive first heard of it"),
    _column("frames", Integer, "how many of its frames are kept", default=0),
    _column("latest_frame_id", Integer, "the frame that arrived last", nullable=True),
    _column("seen_at_ms", Integer, "when its latest frame or report arrived", nullable=True),
    _column("status", Text, "what it said of itself then, as JSON"),
    _column("missing", Integer, "how many numbers of its boots have not arrived", server_default=text("0")),
    _column("confessed", Integer, "how many more will not, as it confessed", server_default=text("0")),
)

keys = _table(
    "keys",
    _column("prefix", Text, "the key's public part, by which it is found", primary_key=True),
    _column("camera_no", Integer, "whose key it is", ForeignKey("cameras.no")),
    _column("sha256", LargeBinary, "the hash of the whole key; the key itself is nowhere"),
    _column("created_at_ms", Integer, "when it was made"),
    _column("revoked_at_ms", Integer, "when it stopped being allowed", nullable=True),
    _column("used_at_ms", Integer, "when it was last shown, within the hour", nullable=True),
    _column(
        "renewal_asked_at_ms", Integer, "when its owner wanted the camera to draw another in its place", nullable=True
    ),
)

sessions = _table(
    "sessions",
    _column("sha256", LargeBinary, "the hash of what the owner's browser shows", primary_key=True),
    _column("created_at_ms", Integer, "when the owner signed in"),
    _column("used_at_ms", Integer, "when it was last shown, within the hour"),
    _column("browser", Text, "what signed in, in its own words, cut short"),
)

shares = _table(
    "shares",
    _column("no", Integer, "how the owner names it; never given twice", primary_key=True),
    _column("sha256", LargeBinary, "the hash of the link's secret; the link itself is nowhere", unique=True),
    _column("label", Text, "for whom it is, in the owner's words"),
    _column("camera", Text, "the camera it shows; NULL for all", nullable=True),
    _column("after_ms", Integer, "the moment its frames begin; NULL for the first", nullable=True),
    _column("before_ms", Integer, "the moment they end; NULL for never", nullable=True),
    _column("created_at_ms", Integer, "when it was made"),
    _column("expires_at_ms", Integer, "when it ends by itself; NULL for never", nullable=True),
    _column("revoked_at_ms", Integer, "when its owner ended it", nullable=True),
    sqlite_autoincrement=True,
)

boots = _table(
    "boots",
    _column("no", Integer, "what frames point at", primary_key=True),
    _column("camera_no", Integer, "whose boot it was", ForeignKey("cameras.no")),
    _column(
        "boot",
        Text,
        "64 random bits in hex, drawn at a cold start",
    ),
    _column("epoch_ms", Integer, "the best estimate of when `up` was zero", nullable=True),
    _column("epoch_uncertainty_ms", Integer, "how far off that may be", nullable=True),
    _column("epoch_source", Text, "whose clock it comes from: camera-clock or server-clock", nullable=True),
    _column(
        "is_ours", Integer, "1 when the server drew it for senders without one: a number missing from it is no gap"
    ),
    _column(
        "highest_number", Integer, "the highest number that has arrived; with `frames` it tells how many are missing"
    ),
    _column("frames", Integer, "how many different numbers have arrived"),
    _column("first_received_at_ms", Integer, "when its first frame arrived"),
    _column("last_received_at_ms", Integer, "when its latest frame arrived"),
    UniqueConstraint("camera_no", "boot"),
)

frames = _table(
    "frames",
    _column(
        "id",
        Integer,
        "the frame's number in the inventory; rises as frames arrive and is never given twice",
        primary_key=True,
    ),
    _column("camera_no", Integer, "the camera that took it", ForeignKey("cameras.no")),
    _column("boot_no", Integer, "the boot it was taken in", ForeignKey("boots.no")),
    _column("number", Integer, "counts frames within the boot, from 0"),
    _column("name", Text, "the file name of its original; never changes"),
    _column("up_ms", Integer, "milliseconds since boot when the shutter fired, as the camera said", nullable=True),
    _column("taken_at_ms", Integer, "when the shutter fired, as well as we know"),
    _column(
        "taken_at_source",
        Text,
        "whose clock that comes from: camera-clock, server-clock or arrival; of a file: name, exif or mtime",
    ),
    _column("taken_at_uncertainty_ms", Integer, "how far off it may be; NULL when nobody knows", nullable=True),
    _column("hangs_on_boot", Integer, "1 while its date hangs on its boot's epoch: a better epoch re-dates it"),
    _column("received_at_ms", Integer, "when its last byte arrived"),
    _column("size_bytes", Integer, "the size of the original"),
    _column("width", Integer, "pixels across, by its own header"),
    _column("height", Integer, "pixels down, by its own header"),
    _column("media_type", Text, "image/jpeg, or one of the few others we keep"),
    _column("sha256", LargeBinary, "the digest of the original"),
    _column("verdict", Text, "what the archive thinks of it: a label, never a reason to delete"),
    _column("is_measured", Integer, "1 once a thumbnail worker has looked at it (and perhaps seen nothing)"),
    _column("mean_luma", REAL, "mean brightness, 0 to 1", nullable=True),
    _column("contrast", REAL, "spread of brightness, 0 to 1", nullable=True),
    _column("difference", REAL, "to the same camera's frame before, 0 to 1", nullable=True),
    _column("colour", Integer, "the mean colour, as 0xrrggbb", nullable=True),
    _column("green", REAL, "how far all of it leans to green, or below 0 to magenta, -1 to 1", nullable=True),
    _column("status", Text, "what the camera said of itself with this frame, as JSON", nullable=True),
    # One name, one frame: also between processes. Another digest under the same name is a second frame.
    UniqueConstraint("boot_no", "number", "sha256"),
    Index("frames_by_time", "taken_at_ms", "id"),
    Index("frames_by_camera_and_time", "camera_no", "taken_at_ms", "id"),
    Index("frames_by_digest", "camera_no", "sha256"),
    Index("frames_unmeasured", "id", sqlite_where=UNMEASURED, postgresql_where=UNMEASURED),
    # Most frames are whole, so to find the others costs next to nothing.
    Index("frames_judged", "taken_at_ms", "id", sqlite_where=JUDGED, postgresql_where=JUDGED),
    Index("frames_judged_by_camera", "camera_no", "taken_at_ms", "id", sqlite_where=JUDGED, postgresql_where=JUDGED),
    Index("frames_hanging", "boot_no", sqlite_where=HANGING, postgresql_where=HANGING),
    sqlite_autoincrement=True,
)

changes = _table(
    "changes",
    _column(
        "seq",
        Integer,
        "rises in the order in which changes became visible; the id of a server-sent event",
        primary_key=True,
    ),
    _column("kind", Text, "frame, frame-changed, frame-deleted, camera or gap"),
    _column("camera_no", Integer, "the camera it concerns", ForeignKey("cameras.no")),
    _column("frame_id", Integer, "the frame it concerns", nullable=True),
    _column("loss_no", Integer, "the confession it concerns", nullable=True),
    sqlite_autoincrement=True,
)

losses = _table(
    "losses",
    _column("no", Integer, "what changes point at", primary_key=True),
    _column("camera_no", Integer, "the camera that confessed", ForeignKey("cameras.no")),
    _column("boot", Text, "the boot whose numbers will not come; no frame of it need have arrived"),
    _column("first", Integer, "the first number lost"),
    _column("last", Integer, "the last number lost"),
    _column("reason", Text, "why, in the camera's word"),
    _column("confessed_at_ms", Integer, "when we were told"),
    UniqueConstraint("camera_no", "boot", "first", "last"),
)

gaps = _table(
    "gaps",
    _column("no", Integer, "what a page of gaps goes on from", primary_key=True),
    _column("camera_no", Integer, "whose numbers they are", ForeignKey("cameras.no")),
    _column("boot", Text, "the boot they belong to; no frame of it need have arrived"),
    _column("first", Integer, "the first number that has not arrived"),
    _column("last", Integer, "the last number of this gap; the next has arrived or lies in another one"),
    _column("loss_no", Integer, "the confession that speaks of it; NULL while it is missing", nullable=True),
    _column("at_ms", Integer, "when it opened or was confessed"),
    UniqueConstraint("camera_no", "boot", "first"),
    Index("gaps_by_camera", "camera_no", "at_ms", "no"),
)

days = _table(
    "days",
    _column("camera_no", Integer, "the camera; 0 for all of them together", primary_key=True, autoincrement=False),
    _column("day", Integer, "the day in the archive's time zone, as yyyymmdd", primary_key=True, autoincrement=False),
    _column("frames", Integer, "how many frames were taken on it"),
    _column("quarters", LargeBinary, "how many in each of its 96 quarter hours; `quarters.py` reads it"),
)

settings = _table(
    "settings",
    _column(
        "camera_no", Integer, "the camera they are for", ForeignKey("cameras.no"), primary_key=True, autoincrement=False
    ),
    _column("version", Integer, "counts up from 1 with every change", primary_key=True, autoincrement=False),
    _column("values", Text, "every setting as JSON"),
    _column("set_at_ms", Integer, "when the owner wanted it so"),
)
