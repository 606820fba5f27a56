"""What a person may ask of a camera is what the camera takes; all else gets a sentence that says what is allowed."""

import json
from pathlib import Path
from typing import Any

import pytest
from http_sfv.types import Token

from archive import fields
from archive.errors import Malformed
from archive.settings import SETTINGS, Flag, Whole, Windows, Word, proven, written

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "settings.json").read_text("utf-8"))["settings"]


def values_of(text: str) -> dict[str, object]:
    """The members of a `Camera-Settings`; tokens are strings here."""
    members = {name: fields._value(member) for name, member in fields._parse(fields.SETTINGS, text).items()}
    return {name: str(value) if isinstance(value, Token) else value for name, value in members.items()}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["text"])
def test_what_the_camera_takes_can_be_asked_and_nothing_else(vector: dict[str, Any]) -> None:
    """Each vector is judged as the camera judges it; but what it passes over or counts is not set by hand."""
    text, fault = vector["text"], vector.get("fault", vector.get("not_by_hand"))

    if fault is None:
        assert proven(values_of(text)) == vector["values"]
    elif fault == "dictionary":
        with pytest.raises(Malformed):
            values_of(text)
    else:
        with pytest.raises(Malformed, match=rf"^'?{fault}'? is "):
            proven(values_of(text))


def test_the_defaults_are_values_of_their_settings() -> None:
    """What is in force where nothing is set could be set."""
    defaults = {name: setting.default for name, setting in SETTINGS.items()}

    assert proven(defaults) == defaults


def test_words_become_values_of_their_settings() -> None:
    """`key=value` as a person writes it; `key=` gives the setting back to the camera, and the last of a name counts."""
    words = ["interval_s=30", "size=UXGA", "brightness=-2", "windows=06:00-20:00 22:00-04:00", "quality=", "quality=9"]

    assert written(words) == {
        "interval_s": 30,
        "size": "UXGA",
        "brightness": -2,
        "windows": "06:00-20:00 22:00-04:00",
        "quality": 9,
    }
    assert written(["flip=", "windows="]) == {"flip": None, "windows": None}
    assert written([]) == {}


@pytest.mark.parametrize(("word", "is_on"), [*((w, True) for w in ("true", "yes", "on", "ON")), ("False", False)])
def test_a_switch_has_many_words(word: str, is_on: bool) -> None:
    """Yes and no in the words people use."""
    assert written([f"sleep={word}", f"flip={word}"]) == {"sleep": is_on, "flip": is_on}
    assert written(["sleep=no", "flip=off"]) == {"sleep": False, "flip": False}


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("size=HUGE", "size is QVGA, VGA, SVGA, XGA, HD, SXGA, UXGA, FHD, QXGA or QSXGA; not 'HUGE'"),
        ("interval_s=604801", "interval_s is a whole number from 0 to 604800; not '604801'"),
        ("interval_s=soon", "interval_s is a whole number from 0 to 604800; not 'soon'"),
        ("interval_s=1e3", "interval_s is a whole number from 0 to 604800; not '1e3'"),
        ("interval_s=٣", "interval_s is a whole number from 0 to 604800; not '٣'"),
        ("interval_s= 5", "interval_s is a whole number from 0 to 604800; not ' 5'"),
        ("flip=1", "flip is true or false; not '1'"),
        ("windows=all day", "windows is up to 4 spans such as \"06:00-20:00 22:00-04:00\"; not 'all day'"),
        ("when_full=never", "when_full is thin, oldest or newest; not 'never'"),
        ("intervall_s=5", "'intervall_s' is not a setting of a camera; did you mean interval_s?"),
        ("zzz=5", "'zzz' is not a setting of a camera; the settings are interval_s, size, "),
        ("interval_s", "interval_s needs a value: interval_s=30; interval_s= gives it back to the camera"),
        ("shot=5", "shot is not set by hand; `archive camera shot NAME` asks for a frame"),
        ("version=5", "version is not set by hand; it counts the changes"),
        ("=5", "'' is not a setting of a camera"),
    ],
)
def test_a_wrong_word_is_told_what_is_allowed(word: str, why: str) -> None:
    """The name, what it may be, and what it was; a slip in a name gets the nearest."""
    with pytest.raises(Malformed) as caught:
        written([word])

    assert str(caught.value).startswith(why)


def test_every_bound_is_in_the_vectors() -> None:
    """Both ends of every number and one beyond, every word, switch and hours: the camera's test reads them too."""
    good = {(name, str(value)) for vector in VECTORS for name, value in vector.get("values", {}).items()}
    bad = {vector["text"] for vector in VECTORS if "fault" in vector}

    for name, setting in SETTINGS.items():
        match setting.kind:
            case Whole(least=least, most=most):
                assert {(name, str(least)), (name, str(most))} <= good
                assert {f"{name}={least - 1}", f"{name}={most + 1}"} <= bad
            case Word(words=words):
                assert {(name, word) for word in words} <= good
            case Flag():
                assert {(name, "True"), (name, "False")} <= good
            case Windows():
                assert sum(name == known for known, _ in good) > 5
            case _:
                pytest.fail(f"{name} is of a kind that nobody tests")
