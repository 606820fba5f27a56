"""Which files are pictures, whose they are and when they were taken; whatever stands in their names or in a zip."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.frame import CAMERA_ID, FrameClaim, TimeSource, frame_name, photo_key
from archive.frame import MediaType as M
from archive.importing import Passed, Picture, camera_id_of, files, named, picture
from tests.arriving import BOOT, NOW_MS
from tests.pictures import bmp, gif, jpeg, png
from tests.unit.test_exif import with_exif

BERLIN = ZoneInfo("Europe/Berlin")
MOST_BYTES = 100_000
HOUR_MS = 3_600_000


def found(place: Path, *, camera: str | None = None, zips: bool = True) -> list[Picture | Passed]:
    """What becomes of everything below *place*."""
    return [
        file
        if isinstance(file, Passed)
        else picture(file, most_bytes=MOST_BYTES, zone=BERLIN, now_ms=NOW_MS, camera=camera)
        for file in files(place, zone=BERLIN, zips=zips)
    ]


def only(place: Path) -> Picture:
    """The one picture below *place*."""
    [one] = found(place)
    assert isinstance(one, Picture), one
    return one


def why(place: Path) -> str:
    """Why the one file below *place* is no frame."""
    [one] = found(place)
    assert isinstance(one, Passed), one
    return one.why


def put(path: Path, body: bytes = jpeg(), *, changed_ms: int = NOW_MS - HOUR_MS) -> Path:
    """A file with that body, last changed then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, ns=(changed_ms * 10**6,) * 2)
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    """A zip of these members."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in members.items():
            made.writestr(name, body)
    return path


# -- which files


def test_pictures_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    """JPEG, PNG, GIF and BMP, in upper case too, in folders however deep; other files are left out."""
    for name in ("b.JPG", "a/2.png", "a/1.gif", "a/deep/er/3.bmp", "notes.txt", "film.mp4", "a/noending"):
        put(tmp_path / name)

    assert [Path(one.shown).relative_to(tmp_path).as_posix() for one in found(tmp_path)] == [
        "b.JPG",
        "a/1.gif",
        "a/2.png",
        "a/deep/er/3.bmp",
    ]


@pytest.mark.parametrize("name", [".hidden.jpg", "._photo.jpg", ".Trash/photo.jpg", "photos%2Fgarden%2F1.jpg"])
def test_what_programs_keep_for_themselves_is_left_out(tmp_path: Path, name: str) -> None:
    """Hidden files and folders, what macOS puts beside a file, and our own store's beginnings."""
    put(tmp_path / name)

    assert found(tmp_path) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Neither out of the folder, nor round in circles; a linked picture is told of."""
    put(tmp_path / "elsewhere" / "secret.jpg")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "round").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "photo.jpg").symlink_to(tmp_path / "elsewhere" / "secret.jpg")

    assert why(tmp_path / "in") == "it is a link; name what it points to"


def test_the_place_itself_may_be_a_link(tmp_path: Path) -> None:
    """Who names a link means what it points to."""
    put(tmp_path / "card" / "1.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "card")

    assert only(tmp_path / "link").guess == "card"


def test_what_is_no_plain_file_is_told(tmp_path: Path) -> None:
    """A pipe that nobody writes into is not waited for, and a folder called like a picture is a folder."""
    os.mkfifo(tmp_path / "pipe.jpg")
    put(tmp_path / "folder.jpg" / "1.jpg")

    assert [one.why if isinstance(one, Passed) else one.guess for one in found(tmp_path)] == [
        "it is no plain file",
        "folder-jpg",
    ]


def test_a_file_that_goes_while_it_is_looked_at_is_told(tmp_path: Path) -> None:
    """As is a folder."""
    put(tmp_path / "1.jpg")
    looking = files(tmp_path, zone=BERLIN)
    file = next(looking)
    (tmp_path / "1.jpg").unlink()

    assert not isinstance(file, Passed)
    assert picture(file, most_bytes=MOST_BYTES, zone=BERLIN, now_ms=NOW_MS) == Passed(
        shown=str(tmp_path / "1.jpg"), why="it is gone"
    )
    assert why(tmp_path / "nowhere") == "it is gone"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "only JPEG, PNG, GIF and BMP pictures are kept, and this is empty"),
        (b"<html>", "looks like an HTML page"),
        (jpeg() + bytes(MOST_BYTES), "it is larger than the 100000 bytes this archive takes"),
    ],
    ids=["empty", "text", "huge"],
)
def test_what_is_no_frame_says_why(tmp_path: Path, body: bytes, sentence: str) -> None:
    """The name alone makes no picture."""
    put(tmp_path / "1.jpg", body)

    assert sentence in why(tmp_path)


def test_a_picture_is_what_its_bytes_say(tmp_path: Path) -> None:
    """Its ending does not matter, and a damaged one is one still."""
    for name, body in {"1.png": jpeg(), "2.jpg": png(), "3.jpg": gif(), "4.jpg": bmp(), "5.jpg": jpeg()[:600]}.items():
        put(tmp_path / name, body)

    infos = [one.info for one in found(tmp_path) if isinstance(one, Picture)]
    assert [info.media_type for info in infos] == [M.JPEG, M.PNG, M.GIF, M.BMP, M.JPEG]
    assert [info.is_whole for info in infos] == [True, True, True, True, False]


@pytest.mark.parametrize("name", [b"\xff\xfe.jpg", b"new\nline.jpg", b"\x1b[31mred.jpg", "t\u202egpj.jpg".encode()])
def test_odd_names_are_shown_on_one_line(tmp_path: Path, name: bytes) -> None:
    """Bytes that are no text, line ends, what a terminal would obey; the file is read all the same."""
    (tmp_path / os.fsdecode(name)).write_bytes(jpeg())

    one = only(tmp_path)
    assert one.shown.isprintable()
    assert one.body == jpeg()


def test_an_archives_thumbnails_are_left_out(tmp_path: Path) -> None:
    """They bear the names of frames that they are not."""
    name = frame_name(NOW_MS, BOOT, 1, M.JPEG)
    put(tmp_path / "thumbnails/320/garden/2026/11/22" / name)
    put(tmp_path / photo_key("garden", name))

    assert only(tmp_path).camera == "garden"


# -- zips


def test_a_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    """Nothing of it is written anywhere; one that lies in a folder is read where zips are wanted."""
    path = zipped(tmp_path / "Trip.zip", {"beach/1.jpg": jpeg(), "2.png": png(), "readme.txt": b"hello"})

    became = [one for one in found(path) if isinstance(one, Picture)]

    assert [(one.guess, one.body) for one in became] == [("trip", png()), ("beach", jpeg())]
    assert [path.name for path in tmp_path.iterdir()] == ["Trip.zip"]
    assert (len(found(tmp_path)), len(found(tmp_path, zips=False))) == (2, 0)


@pytest.mark.parametrize("name", ["../../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "C:\\evil.jpg"])
def test_a_path_in_a_zip_leads_nowhere(tmp_path: Path, name: str) -> None:
    """It is a picture with an odd name, of a camera with an id."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as made:
        made.writestr(name, jpeg())

    one = only(tmp_path / "z.zip")
    assert CAMERA_ID.fullmatch(one.guess)
    assert [path.name for path in tmp_path.iterdir()] == ["z.zip"]


def test_a_zip_cannot_blow_up(tmp_path: Path) -> None:
    """Pictures are inflated to a hundred times the zip's size and no further, the rest is told."""
    large = b"BM" + bytes(90_000)  # weighs nothing in a zip
    path = zipped(tmp_path / "z.zip", {f"{i:03}.jpg": large for i in range(300)})
    size_bytes = path.stat().st_size
    assert 300 * len(large) > 2 * 100 * size_bytes

    taken = sum("more than 100 times" not in one.why for one in found(path) if isinstance(one, Passed))

    assert 100 * size_bytes < taken * len(large) <= 100 * size_bytes + 2 * len(large)


def test_what_is_no_picture_is_not_inflated(tmp_path: Path) -> None:
    """Of a bomb only its first bytes."""
    path = zipped(tmp_path / "z.zip", {"bomb.jpg": bytes(10 * MOST_BYTES)})

    assert "begins with the bytes 00 00" in why(path)


def test_a_zip_in_a_zip_is_told(tmp_path: Path) -> None:
    """With what to do."""
    zipped(tmp_path / "outer.zip", {"inner.zip": _ZIP})

    assert why(tmp_path) == "it is a zip in a zip; take it out first"


def test_an_encrypted_zip_is_told(tmp_path: Path) -> None:
    """Each of its pictures."""
    put(tmp_path / "z.zip", _ZIP.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"))

    assert {one.why for one in found(tmp_path) if isinstance(one, Passed)} == {"it is encrypted"}


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 no more", zlib.compress(b"x")])
def test_a_broken_zip_is_told(tmp_path: Path, body: bytes) -> None:
    """It is one line, and the files beside it go on."""
    put(tmp_path / "a.zip", body)
    put(tmp_path / "b.jpg")

    became = found(tmp_path)
    assert [isinstance(one, Passed) for one in became] == [True, False]


@given(st.integers(min_value=0), st.integers(0, 255))
def test_a_damaged_zip_does_no_harm(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int) -> None:
    """Whatever byte of it is another, what comes out is a picture or a sentence."""
    data = bytearray(_ZIP)
    data[at % len(data)] = byte
    path = put(tmp_path_factory.getbasetemp() / "damaged.zip", bytes(data))

    assert all(isinstance(one, Picture | Passed) for one in found(path))


def _a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a/1.jpg", jpeg(16, 16))
        made.writestr("a/2.png", png(16, 16))
    return file.getvalue()


_ZIP = _a_zip()


# -- when


def test_our_own_name_tells_the_time(tmp_path: Path) -> None:
    """Before EXIF and the file's own time; boot and number are the name's."""
    body = with_exif(x9003="2026:06:21 12:00:00")
    put(tmp_path / frame_name(NOW_MS - 1, BOOT, 7, M.JPEG), body)

    assert only(tmp_path).claim == FrameClaim(boot=BOOT, number=7, taken_ms=NOW_MS - 1, source=TimeSource.NAME)


def test_a_cameras_own_name_tells_what_the_camera_knew(tmp_path: Path) -> None:
    """On its card, `taken` is 0 where no clock was set; then its count dates the frame, and no file's time."""
    put(tmp_path / "00000042" / f"{BOOT}-3-5000-{NOW_MS - 9}.jpg")
    put(tmp_path / "00000042" / f"{BOOT}-4-6000-0.jpg")

    claims = [one.claim for one in found(tmp_path) if isinstance(one, Picture)]
    assert claims == [
        FrameClaim(boot=BOOT, number=3, up_ms=5000, taken_ms=NOW_MS - 9, source=TimeSource.CAMERA_CLOCK),
        FrameClaim(boot=BOOT, number=4, up_ms=6000, source=TimeSource.SERVER_CLOCK),
    ]


def test_exif_tells_the_time_where_no_name_does(tmp_path: Path) -> None:
    """In the archive's zone."""
    put(tmp_path / "1.jpg", with_exif(x9003="2026:06:21 12:00:00"))

    assert only(tmp_path).claim == FrameClaim(taken_ms=1_782_036_000_000, source=TimeSource.EXIF)


@pytest.mark.parametrize("time", ["0000:00:00 00:00:00", "1970:01:01 00:00:00", "2039:01:01 00:00:00"])
def test_an_impossible_time_is_passed_over(tmp_path: Path, time: str) -> None:
    """A clock nobody set, or one in the future: the file's own time counts."""
    put(tmp_path / "1.jpg", with_exif(x9003=time))

    assert only(tmp_path).claim == FrameClaim(taken_ms=NOW_MS - HOUR_MS, source=TimeSource.MTIME)


def test_where_nothing_tells_it_is_the_arrival(tmp_path: Path) -> None:
    """A file of 1980, as a card without a clock has them."""
    put(tmp_path / "1.jpg", changed_ms=315_532_800_000)

    assert only(tmp_path).claim == FrameClaim(source=TimeSource.ARRIVAL)


def test_a_name_with_an_impossible_time_still_names_its_frame(tmp_path: Path) -> None:
    """Boot and number are told by it; the time is the file's."""
    put(tmp_path / f"20261345T000000.000Z-{BOOT}-7.jpg")

    assert only(tmp_path).claim == FrameClaim(boot=BOOT, number=7, taken_ms=NOW_MS - HOUR_MS, source=TimeSource.MTIME)


def test_a_zip_tells_when_its_members_were_changed(tmp_path: Path) -> None:
    """By the clock of who zipped it, in the archive's zone; in UTC where that stands beside it."""
    member = zipfile.ZipInfo("1.jpg", (2026, 6, 21, 12, 0, 0))
    precise = zipfile.ZipInfo("2.jpg", (2026, 6, 21, 12, 0, 0))
    precise.extra = struct.pack("<HHBi", 0x5455, 5, 1, 1_782_000_001)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as made:
        for info in (member, precise):
            made.writestr(info, jpeg())

    times = [one.claim.taken_ms for one in found(tmp_path) if isinstance(one, Picture)]
    assert times == [1_782_036_000_000, 1_782_000_001_000]


@given(st.text(max_size=80))
def test_any_name_is_ours_or_none(name: str) -> None:
    """No name raises."""
    assert named(name) is None or named(name)


# -- whose


@pytest.mark.parametrize(
    ("path", "camera"),
    [
        ("1.jpg", "place"),
        ("garden/1.jpg", "garden"),
        ("garden/2026/11/1.jpg", "garden"),
        ("2026-11-22/1.jpg", "place"),
        ("DCIM/100CANON/1.jpg", "place"),
        ("2026/Back garden!/1.jpg", "back-garden"),
        ("Größe/1.jpg", "groe"),
        ("\u732b/1.jpg", "imported"),
    ],
)
def test_a_folder_names_the_camera(tmp_path: Path, path: str, camera: str) -> None:
    """The first one below the place given that is no date, number or what cameras make; else the place itself."""
    put(tmp_path / "place" / path)

    one = only(tmp_path / "place")
    assert (one.camera, one.guess) == (camera, camera)


def test_a_single_file_is_of_its_folders_camera(tmp_path: Path) -> None:
    """As if the folder had been given."""
    assert only(put(tmp_path / "porch" / "1.jpg")).camera == "porch"


def test_an_archives_own_layout_names_the_camera(tmp_path: Path) -> None:
    """Wherever one begins to look."""
    key = photo_key("garden", frame_name(NOW_MS - 1, BOOT, 7, M.JPEG))
    put(tmp_path / "old" / key)

    for place in ("old", "old/photos", "old/photos/garden/2026", f"old/{key}"):
        assert only(tmp_path / place).camera == "garden"


def test_the_camera_of_a_named_frame_is_its_boots(tmp_path: Path) -> None:
    """So it is left open for the index to say; the folder is only a guess."""
    put(tmp_path / "card" / frame_name(NOW_MS - 1, BOOT, 7, M.JPEG))

    one = only(tmp_path / "card")
    assert (one.camera, one.guess) == (None, "card")


def test_who_says_the_camera_is_believed(tmp_path: Path) -> None:
    """Before anything else."""
    put(tmp_path / photo_key("garden", frame_name(NOW_MS - 1, BOOT, 7, M.JPEG)))

    assert [one.camera for one in found(tmp_path, camera="barn") if isinstance(one, Picture)] == ["barn"]


@given(st.text(max_size=80))
def test_any_folders_name_makes_an_id(name: str) -> None:
    """Whatever stands in it."""
    assert CAMERA_ID.fullmatch(camera_id_of(name))
