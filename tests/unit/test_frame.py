"""Names and keys say what they are made of, ids cannot lead out of the archive, and times keep their milliseconds."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import Malformed
from archive.frame import (
    MAX_NUMBER,
    NAME,
    MediaType,
    camera_id,
    frame_name,
    photo_key,
    thumbnail_key,
    unix_ms,
    utc,
)

CAMERAS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True)
BOOTS = st.text("0123456789abcdef", min_size=16, max_size=16)
TIMES = st.integers(0, 253_402_300_799_999)  # from 1970 to the end of 9999
KINDS = st.sampled_from(MediaType)
DIGESTS = st.binary(min_size=32, max_size=32)


def test_the_name_of_a_frame_reads_as_time_boot_and_number() -> None:
    """The example that the documents give."""
    name = frame_name(1_795_352_587_412, "9f3a61c0e2b47d18", 182, MediaType.JPEG)

    assert name == "20261122T130307.412Z-9f3a61c0e2b47d18-182.jpg"
    assert photo_key("garden", name) == f"photos/garden/2026/11/22/{name}"
    assert thumbnail_key("garden", name) == f"thumbnails/320/garden/2026/11/22/{name}"


def test_every_thumbnail_is_a_jpeg() -> None:
    """Whatever the frame is."""
    name = frame_name(0, "0" * 16, 0, MediaType.PNG)

    assert name.endswith("-0.png")
    assert thumbnail_key("garden", name, width=640).endswith("-0.jpg")
    assert thumbnail_key("garden", name, width=640).startswith("thumbnails/640/garden/1970/01/01/")


@given(at_ms=TIMES, boot=BOOTS, number=st.integers(0, MAX_NUMBER), kind=KINDS, apart=DIGESTS | st.none())
def test_a_name_tells_everything_it_was_made_of(
    at_ms: int, boot: str, number: int, kind: MediaType, apart: bytes | None
) -> None:
    """The index can be rebuilt from names."""
    name = frame_name(at_ms, boot, number, kind, apart=apart)

    parts = NAME.fullmatch(name)
    assert parts is not None
    at = datetime.strptime(f"{parts['day']}{parts['time']}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    assert unix_ms(at) + int(parts["ms"]) == at_ms
    assert (parts["boot"], int(parts["number"]), parts["suffix"]) == (boot, number, kind.suffix)
    assert parts["digest"] == (apart[:4].hex() if apart else None)


@given(camera=CAMERAS, at_ms=TIMES, boot=BOOTS, number=st.integers(0, MAX_NUMBER), kind=KINDS)
def test_a_key_is_a_plain_relative_path(camera: str, at_ms: int, boot: str, number: int, kind: MediaType) -> None:
    """Camera, year, month and day, then the name; nothing in it leads anywhere else."""
    name = frame_name(at_ms, boot, number, kind)

    day = f"{utc(at_ms):%Y/%m/%d}" if at_ms >= 0 else ""
    for key, root in ((photo_key(camera, name), "photos"), (thumbnail_key(camera, name), "thumbnails/320")):
        assert key.startswith(f"{root}/{camera}/{day}/")
        assert re.fullmatch(r"[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*", key)
        assert not {"", ".", ".."} & set(key.split("/"))


@given(a=st.tuples(TIMES, BOOTS, st.integers(0, MAX_NUMBER)), b=st.tuples(TIMES, BOOTS, st.integers(0, MAX_NUMBER)))
def test_different_frames_have_different_names(a: tuple[int, str, int], b: tuple[int, str, int]) -> None:
    """And names sort as their times do."""
    one, other = frame_name(*a, MediaType.JPEG), frame_name(*b, MediaType.JPEG)

    assert (one == other) == (a == b)
    assert a[0] == b[0] or (one < other) == (a[0] < b[0])


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "20261122T130307.412Z-9f3a61c0e2b47d18-182",
        "20261122T130307.412Z-9f3a61c0e2b47d18-182.exe",
        "20261122T130307.412Z-9f3a61c0e2b47d18-182.jpg\n",
        "20261122T130307.412Z-9f3a61c0e2b47d18-182.jpg.part",
        "20261122T130307.412Z-9F3A61C0E2B47D18-182.jpg",
        "20261122T130307Z-9f3a61c0e2b47d18-182.jpg",
        "x/20261122T130307.412Z-9f3a61c0e2b47d18-182.jpg",
        "20261122T130307.412Z-9f3a61c0e2b47d18--1.jpg",
    ],
)
def test_what_is_no_name_of_ours_is_told_apart(name: str) -> None:
    """Strange files in the folder are left alone."""
    assert NAME.fullmatch(name) is None


@given(camera=CAMERAS)
def test_a_proper_id_is_a_cameras_id(camera: str) -> None:
    """It comes back unchanged."""
    assert camera_id(camera) == camera


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "../garden",
        "a/b",
        "/garden",
        "a\\b",
        "garden\0",
        "garden\n",
        "%2e%2e",
        "a%2fb",
        "Garden",
        "gärten",
        "a b",
        "-garden",
        "_garden",
        "a.b",
        "٣",
        "x" * 33,
    ],
)
def test_an_id_that_could_lead_elsewhere_is_refused(text: str) -> None:
    """Ids become folders and parts of URLs."""
    with pytest.raises(Malformed, match="camera's id"):
        camera_id(text)


@given(text=st.text(max_size=40))
def test_any_other_id_is_refused(text: str) -> None:
    """What passes is made of small ASCII letters, figures, `-` and `_`, and nothing else."""
    try:
        camera_id(text)
    except Malformed:
        return
    assert 1 <= len(text) <= 32
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


@given(ms=TIMES)
def test_a_time_survives_the_way_to_utc_and_back(ms: int) -> None:
    """To the millisecond, up to the year 9999."""
    moment = utc(ms)

    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond == ms % 1000 * 1000
    assert unix_ms(moment) == ms


def test_a_time_of_any_zone_is_the_same_moment() -> None:
    """Only aware times have Unix milliseconds."""
    berlin = timezone(timedelta(hours=1))

    assert unix_ms(datetime(2026, 11, 22, 14, 3, 7, 412_000, tzinfo=berlin)) == 1_795_352_587_412
