"""The time in a picture's EXIF is read where it is one, and nothing in its bytes can do harm."""

import io
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archive.exif import taken_ms
from tests.pictures import jpeg, png

BERLIN = ZoneInfo("Europe/Berlin")
NOON_MS = 1_782_036_000_000  # 2026-06-21T12:00:00 in Berlin


def with_exif(*, endian: str = "<", **tags: str) -> bytes:
    """A JPEG with these texts in its EXIF, named by their numbers in hex."""
    exif = Image.Exif()
    exif.endian = endian
    for tag, text in tags.items():
        exif.get_ifd(0x8769)[int(tag[1:], 16)] = text
    file = io.BytesIO()
    Image.open(io.BytesIO(jpeg())).save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("endian", ["<", ">"])
def test_the_shutters_time_is_read(endian: str) -> None:
    """DateTimeOriginal is what a clock in the archive's zone showed, in either order of bytes."""
    assert taken_ms(with_exif(endian=endian, x9003="2026:06:21 12:00:00"), BERLIN) == NOON_MS


@pytest.mark.parametrize("tag", ["x9011", "x9010"])
def test_an_offset_settles_the_zone(tag: str) -> None:
    """With an offset beside it the archive's zone does not matter."""
    picture = with_exif(x9003="2026:06:21 12:00:00", **{tag: "-04:30"})

    assert taken_ms(picture, BERLIN) == NOON_MS + int(6.5 * 3_600_000)


def test_subseconds_are_read() -> None:
    """`5` is half a second, and more than three figures are cut."""
    assert taken_ms(with_exif(x9003="2026:06:21 12:00:00", x9291="5"), BERLIN) == NOON_MS + 500
    assert taken_ms(with_exif(x9003="2026:06:21 12:00:00", x9291="12345"), BERLIN) == NOON_MS + 123


@pytest.mark.parametrize(
    "text",
    ["0000:00:00 00:00:00", "    :  :     :  :  ", "2026:02:30 12:00:00", "2026-06-21 12:00:00", "", "2026:06:21"],
)
def test_what_is_no_time_is_none(text: str) -> None:
    """Zeroes, blanks and days that no month has."""
    assert taken_ms(with_exif(x9003=text), BERLIN) is None


@pytest.mark.parametrize("offset", ["", "Z", "+99:99", "0200"])
def test_an_offset_that_is_none_is_passed_over(offset: str) -> None:
    """Then the archive's zone counts."""
    assert taken_ms(with_exif(x9003="2026:06:21 12:00:00", x9011=offset), BERLIN) == NOON_MS


def test_a_picture_without_exif_has_no_time() -> None:
    """Nor has what is no JPEG, or nothing at all."""
    assert [taken_ms(data, BERLIN) for data in (jpeg(), png(), b"", b"\xff\xd8")] == [None] * 4


@given(st.integers(min_value=0), st.integers(0, 255))
def test_a_damaged_byte_does_no_harm(at: int, byte: int) -> None:
    """Whatever stands in a byte of the structure, the answer is a time or none."""
    data = bytearray(_WHOLE)
    data[at % len(data)] = byte

    taken_ms(bytes(data), BERLIN)


@given(st.integers(min_value=0))
def test_a_picture_that_ends_early_does_no_harm(end: int) -> None:
    """Cut anywhere."""
    taken_ms(_WHOLE[: end % len(_WHOLE)], BERLIN)


_WHOLE = with_exif(x9003="2026:06:21 12:00:00", x9011="+02:00", x9291="12")[:400]
