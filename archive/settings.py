"""What a camera can be told: its settings with their bounds, as the firmware's `core/Settings.cpp` has them. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from archive.errors import Malformed

Value = str | int | bool

SHOT = "shot"  # counts the frames asked for; nobody sets it by hand
WEEK_S = 7 * 86_400


class Kind(Protocol):
    """What a setting may be; `allowed` says it."""

    @property
    def allowed(self) -> str: ...

    def holds(self, value: object) -> bool:
        """Whether *value* is one of these, in type and bounds."""

    def read(self, text: str) -> Value:
        """The value that a person wrote; *text* itself where it is none, which then does not hold."""


class Whole(msgspec.Struct, frozen=True):
    """A whole number, both ends included."""

    least: int
    most: int

    @property
    def allowed(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def holds(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most

    def read(self, text: str) -> Value:
        return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else text


class Word(msgspec.Struct, frozen=True):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"

    def holds(self, value: object) -> bool:
        return value in self.words

    def read(self, text: str) -> Value:
        return text


class Flag(msgspec.Struct, frozen=True):
    """True or false."""

    @property
    def allowed(self) -> str:
        return "true or false"

    def holds(self, value: object) -> bool:
        return isinstance(value, bool)

    def read(self, text: str) -> Value:
        return _FLAGS.get(text.lower(), text)


class Windows(msgspec.Struct, frozen=True):
    """Hours of the day, as `core/Windows.cpp` reads them; an end before its start is on the next day."""

    @property
    def allowed(self) -> str:
        return f'up to {_WINDOWS_MAX} spans such as "06:00-20:00 22:00-04:00"'

    def holds(self, value: object) -> bool:
        if not isinstance(value, str) or len(value) > _WINDOWS_MAX_CHARS:
            return False
        spans = [_SPAN.fullmatch(span) for span in value.split(" ") if span]
        return len(spans) <= _WINDOWS_MAX and all(span is not None and span[1] != span[2] for span in spans)

    def read(self, text: str) -> Value:
        return text


class Setting(msgspec.Struct, frozen=True):
    """One thing a camera can be told."""

    name: str
    kind: Kind
    default: Value  # of a new camera, in force where nothing is set
    says: str


_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_WINDOWS_MAX = 4
_WINDOWS_MAX_CHARS = 48
_SPAN = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
_SIZES = ("QVGA", "VGA", "SVGA", "XGA", "HD", "SXGA", "UXGA", "FHD", "QXGA", "QSXGA")

SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("interval_s", Whole(0, WEEK_S), 30, "seconds between frames; 0: none by interval"),
        Setting("size", Word(_SIZES), "SVGA", "of the picture; what a sensor cannot do becomes its nearest"),
        Setting("quality", Whole(4, 63), 12, "of the JPEG; lower is better and larger"),
        Setting("flip", Flag(), False, "upside down"),
        Setting("mirror", Flag(), False, "left to right"),
        Setting("brightness", Whole(-2, 2), 0, "darker or brighter than the sensor would have it"),
        Setting(
            "settle_ms", Whole(0, 30_000), 1500, "milliseconds to pass before the first frame after a start counts"
        ),
        Setting("settle_frames", Whole(0, 100), 6, "frames to pass before the first one after a start counts"),
        Setting("delay1_s", Whole(0, WEEK_S), 30, "seconds from the first button to its frame"),
        Setting("delay2_s", Whole(0, WEEK_S), 3600, "seconds from the second button to its frame"),
        Setting("delay3_s", Whole(0, WEEK_S), 86_400, "seconds from the third button to its frame"),
        Setting("motion_pause_s", Whole(0, 86_400), 10, "seconds after a frame by motion, before the next"),
        Setting("windows", Windows(), "", "the hours in which interval and motion count; none: always"),
        Setting(
            "utc_offset_min", Whole(-14 * 60, 14 * 60), 0, "minutes by which the clock of the windows is ahead of UTC"
        ),
        Setting("sleep", Flag(), False, "deep sleep between frames"),
        Setting("when_full", Word(("thin", "oldest", "newest")), "thin", "which frames give way in a full spool"),
    )
}


def written(words: Sequence[str]) -> dict[str, Value | None]:
    """What `key=value` words ask for; `key=` is None, the camera's own default. Raises Malformed."""
    changes: dict[str, Value | None] = {}
    for word in words:
        name, equals, text = word.partition("=")
        setting = _known(name)
        if not equals:
            raise Malformed(f"{name} needs a value: {name}={setting.default}; {name}= gives it back to the camera")
        changes[name] = setting.kind.read(text) if text else None
    return proven(changes)


def proven(changes: Mapping[str, object]) -> dict[str, Value | None]:
    """*changes*, each a value that its setting may have, or None for the camera's own default. Raises Malformed."""
    found: dict[str, Value | None] = {}
    for name, value in changes.items():
        setting = _known(name)
        if value is not None and not setting.kind.holds(value):
            raise Malformed(f"{name} is {setting.kind.allowed}; not {str(value)[:40]!r}")
        found[name] = value  # type: ignore[assignment]  # what a kind holds is a Value
    return found


def _known(name: str) -> Setting:
    if name in SETTINGS:
        return SETTINGS[name]
    if name == SHOT:
        raise Malformed("shot is not set by hand; `archive camera shot NAME` asks for a frame")
    if name == "version":
        raise Malformed("version is not set by hand; it counts the changes")
    near = difflib.get_close_matches(name, SETTINGS, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; the settings are {', '.join(SETTINGS)}"
    raise Malformed(f"{name[:40]!r} is not a setting of a camera{hint}")
