"""The header fields say on both sides what the contract says, and nothing hostile gets past them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import Malformed
from archive.fields import (
    MAX_CHARS,
    MAX_SAID,
    MAX_STRING,
    MAX_UP_MS,
    Addresses,
    Answer,
    Echo,
    parse_addresses,
    parse_digest,
    parse_echo,
    parse_frame,
    parse_lost,
    parse_next_key,
    parse_status,
    render_addresses,
    render_claim,
    render_clock,
    render_digest,
    render_echo,
    render_lost,
    render_next_key,
    render_renew,
    render_settings,
    render_status,
    render_taken,
)
from archive.frame import FrameClaim, Lost, Status, TimeSource

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "fields.json").read_text("utf-8"))
BOOT = "9f3a61c0e2b47d18"

FIELDS = {
    "claim": "Camera-Frame",
    "echo": "Camera-Frame",
    "lost": "Camera-Lost",
    "digest": "Repr-Digest",
    "status": "Camera-Status",
    "addresses": "Camera-Address",
    "next_key": "Camera-Key",
}
PARSERS: dict[str, Callable[[str], object]] = {
    "claim": parse_frame,
    "echo": parse_echo,
    "lost": parse_lost,
    "digest": parse_digest,
    "status": parse_status,
    "addresses": parse_addresses,
    "next_key": parse_next_key,
}
RENDERERS: dict[str, Callable[[Any], str]] = {
    "claim": render_claim,
    "echo": lambda echo: render_echo(echo.boot, echo.number, echo.answer),
    "lost": render_lost,
    "digest": render_digest,
    "status": lambda status: render_status(**status.said),
    "addresses": render_addresses,
    "next_key": lambda key: render_next_key(*key),
}

# What the grammar can carry: whole numbers have at most 15 digits.
BOOTS = st.text("0123456789abcdef", min_size=16, max_size=16)
NUMBERS = st.integers(0, 10**15 - 1)
UPS = st.integers(0, MAX_UP_MS)
WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=MAX_STRING)
KEYS = st.from_regex(r"[a-z*][a-z0-9_*.-]{0,20}", fullmatch=True)


def value_of(kind: str, vector: dict[str, Any]) -> object:
    """What the vector says that its text means."""
    match kind:
        case "claim":
            return FrameClaim(
                boot=vector.get("boot"),
                number=vector.get("number"),
                up_ms=vector.get("up"),
                now_ms=vector.get("now"),
                taken_ms=vector.get("taken"),
            )
        case "echo":
            return Echo(boot=vector["boot"], number=vector["number"], answer=Answer(vector["answer"]))
        case "lost":
            return Lost(boot=vector["boot"], first=vector["first"], last=vector["last"], reason=vector["reason"])
        case "status":
            return Status(id=vector.get("id"), settings_version=vector.get("settings"), said=vector["said"])
        case "addresses":
            return Addresses(version=vector["version"], public=vector.get("public"), local=vector.get("local"))
        case _:
            sha256 = bytes.fromhex(vector["sha256"]) if "sha256" in vector else None
            return (vector["prefix"], sha256) if kind == "next_key" else sha256


READ = [(kind, vector) for kind in PARSERS for vector in VECTORS[kind]]


@pytest.mark.parametrize(("kind", "vector"), READ, ids=[f"{kind}: {vector['text']!r}" for kind, vector in READ])
def test_vectors_mean_what_they_say(kind: str, vector: dict[str, Any]) -> None:
    """Each text is read as its values, or refused with a sentence that names the field and what is wrong with it."""
    parse = PARSERS[kind]

    if "fault" in vector:
        with pytest.raises(Malformed, match=rf"{FIELDS[kind]}\b.*\b{vector['fault']}\b"):
            parse(vector["text"])
    else:
        assert parse(vector["text"]) == value_of(kind, vector)


WRITTEN = [(kind, vector) for kind, vector in READ if "canonical" in vector]


@pytest.mark.parametrize(("kind", "vector"), WRITTEN, ids=[vector["text"] for _, vector in WRITTEN])
def test_vectors_are_written_as_they_stand(kind: str, vector: dict[str, Any]) -> None:
    """What we write is, to the letter, what the camera's parser is tested with."""
    assert RENDERERS[kind](value_of(kind, vector)) == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["settings"], ids=lambda vector: vector["text"])
def test_settings_are_written_as_they_stand(vector: dict[str, Any]) -> None:
    """The version leads, and the owner's values follow in their order."""
    assert render_settings(vector["version"], vector["values"]) == vector["text"]


@pytest.mark.parametrize("vector", VECTORS["clock"], ids=lambda vector: vector["text"])
def test_the_clock_is_written_as_it_stands(vector: dict[str, Any]) -> None:
    """Unix milliseconds, without a name for the unit on the wire."""
    assert render_clock(vector["now"]) == vector["text"]


def test_the_archives_words_on_keys_name_a_key_by_its_prefix() -> None:
    """What the camera's parser is tested with."""
    assert render_renew("5f0c19ab") == 'renew="5f0c19ab"'
    assert render_taken("5f0c19ab") == 'taken="5f0c19ab"'


def test_a_setting_cannot_change_the_version() -> None:
    """A value of that name gives way."""
    assert render_settings(8, {"version": 9, "quality": 12}) == "version=8, quality=12"


@given(boot=BOOTS | st.none(), number=NUMBERS, up=UPS | st.none(), waited=UPS, taken=NUMBERS | st.none())
@settings(deadline=None)
def test_a_claim_survives_the_way(
    boot: str | None, number: int, up: int | None, waited: int, taken: int | None
) -> None:
    """Written and read again it is the same claim."""
    now = None if up is None else min(up + waited, MAX_UP_MS)
    claim = FrameClaim(boot=boot, number=number, up_ms=up, now_ms=now, taken_ms=taken)

    assert parse_frame(render_claim(claim)) == claim


@given(boot=BOOTS, number=NUMBERS, answer=st.sampled_from(Answer))
@settings(deadline=None)
def test_an_echo_survives_the_way(boot: str, number: int, answer: Answer) -> None:
    """Written and read again it is the same echo, and nothing less acknowledges a frame."""
    text = render_echo(boot, number, answer)

    assert parse_echo(text) == Echo(boot=boot, number=number, answer=answer)
    for length in range(len(text)):
        with pytest.raises(Malformed):
            parse_echo(text[:length])


@given(boot=BOOTS, first=NUMBERS, more=st.integers(0, 10**6), reason=WORDS.filter(bool))
@settings(deadline=None)
def test_a_confession_survives_the_way(boot: str, first: int, more: int, reason: str) -> None:
    """Written and read again it is the same confession, quotes and backslashes too."""
    lost = Lost(boot=boot, first=first, last=min(first + more, 10**15 - 1), reason=reason)

    assert parse_lost(render_lost(lost)) == lost


@given(sha256=st.binary(min_size=32, max_size=32))
@settings(deadline=None)
def test_a_digest_survives_the_way(sha256: bytes) -> None:
    """Written and read again it is the same digest."""
    assert parse_digest(render_digest(sha256)) == sha256


@given(
    said=st.dictionaries(
        KEYS.filter(lambda key: key not in {"id", "settings"}),
        WORDS | st.booleans() | st.integers(1 - 10**15, 10**15 - 1) | st.integers(-(10**6), 10**6).map(lambda n: n / 8),
        max_size=12,
    )
)
@settings(deadline=None)
def test_a_status_survives_the_way(said: dict[str, Any]) -> None:
    """Written and read again it is the same status; fractions keep three digits."""
    text = render_status(id="garden", **said)

    assert parse_status(text) == Status(id="garden", said={"id": "garden", **said})


def test_what_is_none_is_left_out_of_a_status() -> None:
    """A camera that does not know its battery says nothing of it."""
    assert render_status(id=None, battery=None, rssi=-61) == "rssi=-61"


def test_a_chatty_status_is_cut_and_not_refused() -> None:
    """64 values are remembered, 200 characters of each; a frame is not lost to a debug message."""
    many = ", ".join(f"k{n}={n}" for n in range(MAX_SAID + 10))
    long = f'message="{"x" * (MAX_STRING + 1)}"'

    assert list(parse_status(many).said.values()) == list(range(MAX_SAID))
    assert parse_status(long).said == {"message": "x" * MAX_STRING}


def test_what_the_archive_acts_on_is_read_behind_any_chatter() -> None:
    """The bound on what is remembered does not hide the settings' version."""
    many = ", ".join(f"k{n}={n}" for n in range(MAX_SAID))

    assert parse_status(f"{many}, settings=7").settings_version == 7


def test_nothing_unprintable_is_remembered() -> None:
    """A display string may carry any character; NUL and line ends stay out of the index and the log."""
    said = parse_status('place=%"G%c3%a4rten%00%0a", reason=%"a%0db"').said

    assert said == {"place": "Gärten", "reason": "ab"}
    assert parse_lost(f'boot="{BOOT}", from=0, to=1, reason=%"a%0ab"').reason == "ab"


def test_a_field_longer_than_any_camera_writes_is_refused() -> None:
    """The library's work grows with the square of the length."""
    for field, parse in PARSERS.items():
        with pytest.raises(Malformed, match=FIELDS[field]):
            parse(", ".join(["a"] * MAX_CHARS))


SNIPPETS = st.sampled_from(
    [
        BOOT,
        "boot",
        "number",
        "answer",
        "kept",
        "sha-256",
        "id",
        "=",
        '"',
        ":",
        "?1",
        "@1",
        "%",
        ";",
        ",",
        " ",
        "(",
        ")",
        "\\",
        "\t",
        "\r\n",
        "-",
        "1",
        "0.5",
        "*",
        "\0",
        "é",
        "\udcff",
        "9" * 20,
        "@99999999999999",
        "-@1",
        "AA==",
    ]
)


@given(text=st.text(max_size=200) | st.lists(SNIPPETS, max_size=30).map("".join))
@settings(deadline=None, max_examples=500)
def test_arbitrary_text_is_read_or_malformed(text: str) -> None:
    """Whatever the library raises on hostile input, ours is the only error that comes out."""
    for field, parse in PARSERS.items():
        try:
            parse(text)
        except Malformed as exc:
            assert str(exc).startswith(FIELDS[field])  # noqa: PT017 - the other outcome is no error at all


@pytest.mark.parametrize("render", [lambda v: render_settings(1, {"a": v}), lambda v: render_status(a=v)])
@pytest.mark.parametrize("value", ["ü", "a\r\nSet-Cookie: b", "\0", 10**15, float("nan"), float("inf"), 1e300, -1e13])
def test_a_value_the_grammar_cannot_carry_is_not_written(render: Callable[[object], str], value: object) -> None:
    """Malformed instead of a header of someone else's making."""
    with pytest.raises(Malformed, match="cannot carry"):
        render(value)


@pytest.mark.parametrize("key", ["", "Quality", "a b", "ü", "a\r\nb", "1a", "a=b"])
def test_a_key_the_grammar_cannot_carry_is_not_written(key: str) -> None:
    """As with values."""
    with pytest.raises(Malformed, match="Camera-Settings"):
        render_settings(1, {key: 1})


def test_an_empty_claim_is_not_written() -> None:
    """A field that says nothing should not be sent."""
    with pytest.raises(Malformed, match="Camera-Frame"):
        render_claim(FrameClaim())


@pytest.mark.parametrize("source", TimeSource)
def test_where_a_files_time_comes_from_survives_the_way(source: TimeSource) -> None:
    """As a token."""
    claim = FrameClaim(taken_ms=1, source=source)

    assert f"source={source.value}" in render_claim(claim)
    assert parse_frame(render_claim(claim)) == claim


@pytest.mark.parametrize("value", ['"exif"', "horoscope", "7", "?1", "(exif)"])
def test_an_unknown_source_is_passed_over(value: str) -> None:
    """A sender of another age says where a time comes from in its own words; the frame is kept."""
    assert parse_frame(f"taken=1, source={value}") == FrameClaim(taken_ms=1)
