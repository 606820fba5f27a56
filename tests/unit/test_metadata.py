"""What is cut out of a picture before somebody else sees it, and that the picture stays."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from archive import metadata
from archive.errors import Forbidden
from archive.frame import MediaType
from tests.pictures import gif, jpeg, png

SECRET = b"48.2082N 16.3738E"
EXIF = Image.Exif()
EXIF[0x010E] = SECRET.decode()


def segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + struct.pack(">H", len(body) + 2) + body


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def photo(**options: object) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((48, 32)).save(file, "JPEG", **options)
    return file.getvalue()


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


HIDING = [
    segment(0xE1, b"Exif\x00\x00" + SECRET),
    segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + SECRET),
    segment(0xED, b"Photoshop 3.0\x00" + SECRET),
    segment(0xE2, b"MPF\x00" + SECRET),
    segment(0xE0, b"JFXX\x00" + SECRET),
    segment(0xEC, b"Ducky" + SECRET),
    segment(0xFE, SECRET),
]


@pytest.mark.parametrize("hidden", HIDING, ids=range(len(HIDING)))
@pytest.mark.parametrize("is_progressive", [False, True])
def test_nothing_hides_in_a_jpeg(hidden: bytes, is_progressive: bool) -> None:
    """EXIF, XMP, IPTC, previews, comments: before the picture, between its scans and behind its end."""
    whole = photo(progressive=is_progressive)
    scan = whole.rindex(b"\xff\xda")

    for data in (whole[:2] + hidden + whole[2:], whole[:scan] + hidden + whole[scan:], whole + SECRET):
        bare = metadata.without(data, MediaType.JPEG)

        assert SECRET not in bare
        assert bare == whole
        assert pixels(bare) == pixels(whole)


def test_a_jpeg_with_exif_as_phones_write_it_loses_it() -> None:
    """Pillow finds no EXIF any more, and the colour profile is still there."""
    data = photo(exif=EXIF, icc_profile=b"a profile", comment=SECRET)

    bare = metadata.without(data, MediaType.JPEG)

    assert dict(Image.open(io.BytesIO(data)).getexif())
    assert dict(Image.open(io.BytesIO(bare)).getexif()) == {}
    assert Image.open(io.BytesIO(bare)).info["icc_profile"] == b"a profile"
    assert pixels(bare) == pixels(data)


def test_a_cameras_own_frame_stays_as_it_is() -> None:
    """The same bytes, not a copy: padding of zeros behind the end too, and a frame that was cut off."""
    for data in (jpeg(64, 48), jpeg(64, 48) + bytes(100), jpeg(64, 48)[:-200]):
        assert metadata.without(data, MediaType.JPEG) is data


def test_nothing_hides_in_a_png() -> None:
    """Text, EXIF, times and what lies behind the end go; what the picture looks like stays."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET.decode())
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG", pnginfo=info, exif=EXIF)
    data = file.getvalue() + SECRET
    data = data[:33] + chunk(b"tIME", SECRET) + data[33:]

    bare = metadata.without(data, MediaType.PNG)

    assert SECRET not in bare
    assert pixels(bare) == pixels(data)
    assert metadata.without(png(), MediaType.PNG) == png()


def test_nothing_hides_in_a_gif() -> None:
    """Comments and foreign extensions go; frames, their times and how often they loop stay."""
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], loop=0, duration=50, comment=SECRET)
    data = file.getvalue()[:-1] + b"\x21\xff\x0bXMP DataXMP\x11" + SECRET + b"\x00;" + SECRET

    bare = metadata.without(data, MediaType.GIF)

    assert data.count(SECRET) == 3
    assert SECRET not in bare
    assert getattr(Image.open(io.BytesIO(bare)), "n_frames", 0) == 3
    assert Image.open(io.BytesIO(bare)).info["loop"] == 0
    assert metadata.without(gif(), MediaType.GIF) == gif()


def test_a_preview_in_a_jpegs_first_segment_goes_with_it() -> None:
    """JFIF has a place for a small picture, which may show what was cropped out of the large one."""
    whole = photo()
    body = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x08\x08" + SECRET.ljust(3 * 8 * 8)
    end = 4 + int.from_bytes(whole[4:6])

    bare = metadata.without(whole[:2] + segment(0xE0, body) + whole[end:], MediaType.JPEG)

    assert SECRET not in bare
    assert pixels(bare) == pixels(whole)


def test_a_length_that_leads_behind_the_end_leaves_the_picture() -> None:
    """A frame cut off within a segment: what is kept lies within it, and is as long as it is said to be."""
    whole = photo()
    data = whole[:-2] + b"\xff\xe1\xff\xffExif\x00\x00" + SECRET

    assert metadata.stretches(data, MediaType.JPEG) == [(0, len(whole) - 2)]


def test_pieces_side_by_side_are_one() -> None:
    """Each stretch is read and sent by itself, so a film with one comment is two of them and not a thousand."""
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), (shade, 0, 0)) for shade in range(50)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], comment=SECRET)

    kept = metadata.stretches(file.getvalue(), MediaType.GIF)

    assert kept is not None
    assert len(kept) <= 3


@pytest.mark.parametrize("piece", [b"\x21\xf9\x00\x21\xfe\x00", b"\x21\xfe" + b"\x01a" * 1000 + b"\x00"])
def test_a_gif_of_too_many_pieces_is_its_owners(piece: bytes) -> None:
    """Millions fit into a frame: walking and sending them one by one would hold up everybody else."""
    data = gif()[:-1] + piece * (3_000_000 // len(piece)) + b";"

    with pytest.raises(Forbidden, match="too many parts"):
        metadata.stretches(data, MediaType.GIF)


def test_nothing_hides_behind_a_bmp() -> None:
    """It says how long it is; what lies behind that goes."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "BMP")

    assert metadata.without(file.getvalue() + SECRET, MediaType.BMP) == file.getvalue()
    assert metadata.stretches(file.getvalue(), MediaType.BMP) is None


@settings(max_examples=300)
@given(
    st.sampled_from([(photo(exif=EXIF), MediaType.JPEG), (png(), MediaType.PNG), (gif(), MediaType.GIF)]),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8),
    st.integers(0, 4000),
)
def test_damage_is_survived(picture: tuple[bytes, MediaType], damage: list[tuple[int, int]], size: int) -> None:
    """Whatever bytes: a shorter or equal picture, or Forbidden; never another error, never longer."""
    data, media_type = bytearray(picture[0]), picture[1]
    for at, value in damage:
        data[at % len(data)] = value
    try:
        bare = metadata.without(bytes(data[:size]), media_type)
    except Forbidden:
        return

    assert len(bare) <= len(data[:size])
