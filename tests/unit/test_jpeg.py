"""`inspect` says the truth of whole pictures, never calls a truncated one whole, and nothing makes it fall over."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import UnsupportedMedia
from archive.frame import MediaType, PictureInfo
from archive.jpeg import MAX_PIECES, inspect
from tests.pictures import bmp, gif, jpeg, png

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "jpeg.json").read_text("utf-8"))

BASELINE = jpeg(seed=1)
PROGRESSIVE = jpeg(seed=2, progressive=True)
RICH = jpeg(seed=3, quality=97)  # many stuffed zeros in its coded data


def with_thumbnail(picture: bytes, thumbnail: bytes) -> bytes:
    """*picture* with a whole JPEG inside an EXIF segment, as phones and some sensors write it."""
    body = b"Exif\0\0" + thumbnail
    return b"\xff\xd8\xff\xe1" + (len(body) + 2).to_bytes(2) + body + picture[2:]


NESTED = with_thumbnail(jpeg(seed=4), jpeg(16, 16, seed=5))

JPEGS = pytest.mark.parametrize(
    "picture", [BASELINE, PROGRESSIVE, RICH, NESTED], ids=["baseline", "progressive", "rich", "nested"]
)
PICTURES = pytest.mark.parametrize("picture", [BASELINE, png(), gif(), bmp()], ids=["jpeg", "png", "gif", "bmp"])


def inspected(data: bytes) -> PictureInfo | None:
    """What *data* is; None if it is refused. Any error but the one promised fails the test."""
    try:
        return inspect(data)
    except UnsupportedMedia:
        return None


def cuts(picture: bytes) -> Iterator[bytes]:
    return (picture[:length] for length in range(len(picture)))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["why"] for vector in VECTORS])
def test_vectors_are_read_as_they_say(vector: dict[str, Any]) -> None:
    """The byte vectors, which the camera's own check reads too."""
    expected = {key: value for key, value in vector.items() if key not in {"why", "hex", "refused"}}

    picture = inspected(bytes.fromhex(vector["hex"]))

    got = {key: getattr(picture, key) for key in expected}
    assert (picture is None) == ("refused" in vector)
    assert got == expected


@pytest.mark.parametrize(
    ("make", "media_type"),
    [(jpeg, MediaType.JPEG), (png, MediaType.PNG), (gif, MediaType.GIF), (bmp, MediaType.BMP)],
)
@pytest.mark.parametrize("size", [(1, 1), (64, 48), (1024, 768)])
def test_a_whole_picture_is_whole(make: Any, media_type: MediaType, size: tuple[int, int]) -> None:
    """Kind, size and wholeness of what a real encoder wrote."""
    picture = inspect(make(*size))

    assert picture == PictureInfo(media_type=media_type, width=size[0], height=size[1], is_whole=True)


def test_the_scans_of_a_progressive_picture_are_counted() -> None:
    """A baseline picture is walked once, a progressive one as often as it has scans."""
    assert inspect(BASELINE).scans == 1
    assert inspect(PROGRESSIVE).scans == PROGRESSIVE.count(b"\xff\xda") > 1


@JPEGS
def test_a_truncated_jpeg_is_never_whole(picture: bytes) -> None:
    """Cut at every byte it is refused up to its size, and from there on a truncated picture of that size."""
    seen = [inspected(cut) for cut in cuts(picture)]

    refused = seen.index(next(one for one in seen if one))
    assert 0 < refused < len(picture) // 2 or picture is NESTED
    assert all(one is None for one in seen[:refused])
    assert all(one and (one.width, one.height, one.is_whole) == (64, 48, False) for one in seen[refused:])


def test_a_picture_with_its_frame_header_is_kept_however_short() -> None:
    """The border between refused and truncated is the size in the frame header."""
    size_ends = BASELINE.index(b"\xff\xc0") + 9

    assert inspected(BASELINE[: size_ends - 1]) is None
    assert inspected(BASELINE[:size_ends]) == PictureInfo(
        media_type=MediaType.JPEG, width=64, height=48, is_whole=False, scans=0
    )


@pytest.mark.parametrize("picture", [png(), bmp()], ids=["png", "bmp"])
def test_a_truncated_png_or_bmp_is_never_whole(picture: bytes) -> None:
    """Cut at every byte: refused, or not whole."""
    seen = [inspected(cut) for cut in cuts(picture)]

    assert not any(one.is_whole for one in seen if one)
    assert sum(one is not None for one in seen) > len(picture) * 0.9


def test_a_gif_is_whole_by_its_last_byte() -> None:
    """Its blocks are not walked: what lacks the trailer is truncated."""
    assert inspect(gif()).is_whole
    assert not inspect(gif()[:-1]).is_whole


@JPEGS
def test_a_flipped_byte_never_breaks_the_walk(picture: bytes) -> None:
    """Every byte, three ways: an answer or a refusal; and behind the frame header never a refusal."""
    behind = picture.rindex(b"\xff\xc2" if picture is PROGRESSIVE else b"\xff\xc0") + 9

    for at in range(len(picture)):
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytearray(picture)
            damaged[at] ^= flip
            got = inspected(bytes(damaged))
            assert at < behind or (got is not None and (got.width, got.height) == (64, 48))


@PICTURES
def test_a_flipped_byte_never_breaks_other_headers(picture: bytes) -> None:
    """In the first hundred bytes, every value of every byte: an answer or a refusal."""
    for at in range(100):
        for value in range(256):
            inspected(picture[:at] + bytes([value]) + picture[at + 1 :])


@given(rubbish=st.binary(min_size=1, max_size=200))
@settings(deadline=None)
@JPEGS
def test_bytes_after_the_end_are_counted_and_nothing_else(picture: bytes, rubbish: bytes) -> None:
    """What follows the end-of-image marker, even another picture, changes nothing."""
    plain = inspect(picture)

    for tail in (rubbish, BASELINE):
        got = inspect(picture + tail)
        assert got.trailing_bytes == len(tail)
        assert (got.width, got.height, got.is_whole, got.scans) == (64, 48, True, plain.scans)


def test_bytes_after_a_png_or_bmp_are_counted() -> None:
    """As with JPEG."""
    for picture in (png(), bmp()):
        assert inspect(picture + b"12345").trailing_bytes == 5
        assert inspect(picture + b"12345").is_whole


BEGINNINGS = [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0\0\x11\x08\0\x30\0\x40", png()[:20], gif()[:6], bmp()[:18], b"BM"]
PIECES = st.sampled_from([b"\xff", b"\xd8", b"\xd9", b"\xda", b"\xc0", b"\xc4", b"\xe1", b"\0", b"\0\2", b"IEND"])


@given(
    beginning=st.sampled_from(BEGINNINGS),
    rest=st.binary(max_size=300) | st.lists(PIECES, max_size=60).map(b"".join),
)
@settings(deadline=None, max_examples=500)
def test_arbitrary_bytes_give_an_answer_or_a_refusal(beginning: bytes, rest: bytes) -> None:
    """Nothing but UnsupportedMedia is raised, and every answer makes sense."""
    data = beginning + rest

    got = inspected(data)

    if got is not None:
        assert got.width > 0
        assert got.height > 0
        assert got.scans >= 0
        assert 0 <= got.trailing_bytes < len(data)


@pytest.mark.parametrize("code", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF])
def test_every_kind_of_frame_header_has_a_size(code: int) -> None:
    """Lossless and arithmetic pictures are JPEGs too, though few can show them."""
    picture = inspect(BASELINE.replace(b"\xff\xc0", bytes([0xFF, code])))

    assert (picture.width, picture.height, picture.is_whole) == (64, 48, True)


def test_a_picture_of_endless_pieces_is_refused() -> None:
    """The work on hostile bytes is bounded, whatever the pieces are."""
    sized = BASELINE[: BASELINE.index(b"\xff\xda")]

    for piece in (b"\xff\xfe\0\2", b"\xff\xda\0\2", b"\xff\xd8"):
        with pytest.raises(UnsupportedMedia, match="segments"):
            inspect(sized + piece * (MAX_PIECES + 1) + b"\xff\xd9")
    with pytest.raises(UnsupportedMedia, match="chunks"):
        inspect(png()[:33] + b"\0\0\0\0tEXt\0\0\0\0" * (MAX_PIECES + 1))


def test_many_stuffed_zeros_do_not_count_as_pieces() -> None:
    """Coded data may be nothing but stuffed zeros, fill bytes and restart markers."""
    head = RICH[: RICH.index(b"\xff\xda") + 14]

    for filling in (b"\xff\0", b"\xff", b"\xff\xd3"):
        got = inspect(head + filling * (3 * MAX_PIECES) + b"\xff\xd9")
        assert (got.is_whole, got.scans, got.trailing_bytes) == (True, 1, 0)


def test_a_bmp_may_be_stored_from_the_top() -> None:
    """A negative height is the same picture with its rows the other way round."""
    upright = bmp()
    turned = upright[:22] + (-48).to_bytes(4, "little", signed=True) + upright[26:]

    assert inspect(turned) == inspect(upright)


def test_a_bmp_that_hides_its_length_is_not_proven_whole() -> None:
    """Some writers leave the length at zero: the picture is kept, and labelled with what could be proven."""
    picture = inspect(bmp()[:2] + bytes(4) + bmp()[6:])

    assert (picture.width, picture.height, picture.is_whole, picture.trailing_bytes) == (64, 48, False, 0)


def test_the_oldest_bmp_header_is_read() -> None:
    """OS/2 wrote width and height in two bytes each."""
    header = b"BM" + (26 + 12).to_bytes(4, "little") + bytes(4) + (26).to_bytes(4, "little")
    core = (12).to_bytes(4, "little") + bytes.fromhex("0200 0300 0100 1800")

    picture = inspect(header + core + bytes(12))

    assert picture == PictureInfo(media_type=MediaType.BMP, width=2, height=3, is_whole=True)


@pytest.mark.parametrize(
    "data",
    [
        png()[:16] + bytes(4) + png()[20:],
        gif()[:6] + bytes(2) + gif()[8:],
        bmp()[:18] + (-1).to_bytes(4, "little", signed=True) + bmp()[22:],
    ],
    ids=["png", "gif", "bmp"],
)
def test_a_picture_without_any_pixels_is_refused(data: bytes) -> None:
    """Zero and negative sizes are no sizes."""
    with pytest.raises(UnsupportedMedia, match="pixels"):
        inspect(data)


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>", "an HTML page"),
        (b"\n\n  <html><head>", "an HTML page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"hello", "text"),
        (b'{"error": "not a camera"}', "text"),
        ("grüße".encode(), "text"),
        (b"BM is not always a bitmap", "text"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "a WebP picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "a HEIC picture"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", "an AVIF picture"),
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "a film"),
        (b"RIFF\x10\x00\x00\x00AVI LIST", "a film"),
        (b"II*\x00\x08\x00\x00\x00", "a TIFF picture"),
        (b"%PDF-1.7\n%\x00", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive"),
        (b"\x1f\x8b\x08\x00", "a gzip stream"),
        (b"\x00\x01\x02\x03", "begins with the bytes 00 01 02 03"),
        (BASELINE[1:], "begins with the bytes d8 ff"),
    ],
)
def test_a_refusal_says_what_the_bytes_look_like(data: bytes, looks: str) -> None:
    """The owner reads it in the log, and knows where to look."""
    with pytest.raises(UnsupportedMedia) as caught:
        inspect(data)

    assert looks in str(caught.value)
    assert "JPEG" in str(caught.value)
