"""What the archive writes as `Camera-Settings` the camera takes: every default, every extreme, all of them together."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from archive.fields import _parse, _value, render_settings
from archive.frame import MAX_NUMBER
from archive.settings import SETTINGS, SHOT, Flag, Value, Whole, Windows, Word
from tests.firmware.building import built

LONGEST_WINDOWS = "00:00-01:00 02:00-03:00 04:00-05:00 06:00-07:00 "


def extremes(name: str) -> list[Value]:
    """The ends of what that setting may be; of words all."""
    match SETTINGS[name].kind:
        case Whole(least=least, most=most):
            return [least, most]
        case Word(words=words):
            return [*words]
        case Flag():
            return [False, True]
        case Windows():
            return ["", LONGEST_WINDOWS]
        case kind:
            raise AssertionError(f"{kind} is tested nowhere")


def taken(offers: list[Mapping[str, Value]]) -> list[dict[str, object]]:
    """What is in force in a new camera after each of *offers*, as version 1. Fails where the camera refuses."""
    lines = "".join(f"{render_settings(1, values).encode().hex()}\n" for values in offers)
    done = subprocess.run(
        [built() / "settings_probe"], input=lines, capture_output=True, text=True, check=True, timeout=60
    )
    answers = done.stdout.splitlines()
    assert len(answers) == len(offers)
    assert [answer for answer in answers if answer.startswith("refused")] == []
    return [{name: _value(member) for name, member in _parse("settings", answer).items()} for answer in answers]


def test_a_new_camera_goes_by_the_defaults_that_are_told() -> None:
    """The defaults in the archive's table are those in the camera's code."""
    told = {name: setting.default for name, setting in SETTINGS.items()}

    [unset, set_] = taken([{}, told])

    assert unset == {"version": 1, **told, SHOT: 0}
    assert set_ == unset


def test_the_camera_takes_every_extreme_as_it_is_meant() -> None:
    """One setting at a time, at each of its ends."""
    offers: list[Mapping[str, Value]] = [{name: value} for name in SETTINGS for value in extremes(name)]

    for offer, in_force in zip(offers, taken([*offers]), strict=True):
        assert offer.items() <= in_force.items()


def test_the_camera_takes_all_settings_at_their_longest() -> None:
    """Everything set at once, in as many letters as it can have, fits into what the camera has room for."""
    longest = {name: max(extremes(name), key=lambda value: len(str(value))) for name in SETTINGS}
    longest[SHOT] = MAX_NUMBER

    [in_force] = taken([longest])

    assert in_force == {"version": 1, **longest}
