"""`render` makes a small JPEG of every picture we keep, truly coloured and upright, and measures what it saw."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw

from archive.thumbs.placeholder import PLACEHOLDER
from archive.thumbs.worker import PAPER, SIGNATURE_SIZE, difference, render
from tests.pictures import bmp, gif, jpeg, png

MAX_PIXELS = 20_000_000
QUADRANTS = {(0, 0): (200, 30, 30), (1, 0): (30, 160, 40), (0, 1): (40, 50, 190), (1, 1): (220, 220, 220)}


def quadrants(width: int, height: int) -> Image.Image:
    """Red and green above blue and light grey."""
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    for (x, y), colour in QUADRANTS.items():
        draw.rectangle((x * width // 2, y * height // 2, (x + 1) * width // 2, (y + 1) * height // 2), fill=colour)
    return picture


def saved(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=["JPEG"])
    picture.load()
    return picture


def colours(picture: Image.Image) -> dict[tuple[int, int], tuple[int, ...]]:
    """The colour in the middle of each quadrant."""
    rgb = picture.convert("RGB")
    found = {}
    for x, y in QUADRANTS:
        pixel = rgb.getpixel((rgb.width * (2 * x + 1) // 4, rgb.height * (2 * y + 1) // 4))
        assert isinstance(pixel, tuple)
        found[x, y] = pixel
    return found


def near(got: tuple[int, ...], expected: tuple[int, ...], by: int = 8) -> bool:
    return all(abs(a - b) <= by for a, b in zip(got, expected, strict=True))


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 48), (64, 48)),
        ((320, 240), (320, 240)),
        ((639, 480), (639, 480)),
        ((640, 480), (320, 240)),
        ((641, 481), (321, 241)),
        ((800, 600), (400, 300)),
        ((1600, 1200), (400, 300)),
        ((2592, 1944), (324, 243)),
        ((5200, 100), (325, 7)),
        ((300, 10_240), (38, 1280)),
        ((1, 1), (1, 1)),
    ],
)
def test_a_thumbnail_is_the_smallest_whole_fraction_of_at_least_320_px(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """... unless the picture is smaller, or so tall that the thumbnail would be no thumbnail."""
    got = opened(render(jpeg(*size), "image/jpeg", MAX_PIXELS).data)

    assert got.size == expected


@pytest.mark.parametrize(
    ("media_type", "make"), [("image/jpeg", jpeg), ("image/png", png), ("image/gif", gif), ("image/bmp", bmp)]
)
def test_every_kind_of_picture_has_a_thumbnail(media_type: str, make: Callable[[int, int], bytes]) -> None:
    """JPEG, PNG, GIF and BMP; what comes out is always a JPEG."""
    got = opened(render(make(700, 500), media_type, MAX_PIXELS).data)

    assert got.size == (350, 250)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(saved(quadrants(640, 480), quality=90), id="jfif"),
        pytest.param(saved(quadrants(640, 480), quality=90, subsampling=0), id="4:4:4"),
        pytest.param(saved(quadrants(640, 480), quality=90, subsampling=1), id="4:2:2"),
        pytest.param(saved(quadrants(640, 480), quality=90, progressive=True), id="progressive"),
        pytest.param(saved(quadrants(640, 480), quality=90, keep_rgb=True), id="coded as RGB"),
        pytest.param(saved(quadrants(640, 480).convert("CMYK"), quality=90), id="cmyk"),
    ],
)
def test_colours_stay_true(data: bytes) -> None:
    """However the JPEG codes its colours, the thumbnail shows the same."""
    got = colours(opened(render(data, "image/jpeg", MAX_PIXELS).data))

    assert all(near(got[place], QUADRANTS[place]) for place in QUADRANTS), got


def test_a_grey_jpeg_stays_grey() -> None:
    """One channel in, one channel out."""
    got = opened(render(saved(quadrants(640, 480).convert("L")), "image/jpeg", MAX_PIXELS).data)

    assert got.mode == "L"
    assert near(colours(got)[1, 1], QUADRANTS[1, 1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_phones_picture_is_turned_upright(orientation: int) -> None:
    """EXIF says how the phone was held; all eight ways give the same thumbnail, without the EXIF."""
    as_held = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = quadrants(640, 480)
    if orientation in as_held:
        picture = picture.transpose(as_held[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation

    got = opened(render(saved(picture, quality=90, exif=exif), "image/jpeg", MAX_PIXELS).data)

    assert got.size == (320, 240)
    assert all(near(colours(got)[place], QUADRANTS[place]) for place in QUADRANTS)
    assert "exif" not in got.info


def test_a_thumbnail_carries_nothing_but_the_picture() -> None:
    """Comments, EXIF with a position, profiles: nothing of them is shown to visitors."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    data = saved(quadrants(640, 480), exif=exif, comment=b"secret", icc_profile=b"profile")

    got = opened(render(data, "image/jpeg", MAX_PIXELS).data)

    assert not {"exif", "comment", "icc_profile", "xmp"} & got.info.keys()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_paper_shows_through_a_transparent_picture(mode: str) -> None:
    """What is transparent has the page's colour, not black."""
    picture = quadrants(640, 480).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 320, 240))

    got = colours(opened(render(saved(picture.convert(mode), "PNG"), "image/png", MAX_PIXELS).data))

    assert near(got[0, 0], PAPER)


def test_sixteen_bits_of_grey_are_scaled() -> None:
    """A 16-bit PNG's middle grey is middle grey, not white."""
    picture = Image.new("I;16", (64, 48), 0x8000)

    got = render(saved(picture, "PNG"), "image/png", MAX_PIXELS)

    assert got.mean_luma == pytest.approx(0.5, abs=0.01)


def test_the_first_picture_of_an_animation_is_shown() -> None:
    """A GIF that moves stands still."""
    first, second = Image.new("RGB", (64, 48), "white"), Image.new("RGB", (64, 48), "black")

    got = render(saved(first, "GIF", save_all=True, append_images=[second]), "image/gif", MAX_PIXELS)

    assert got.mean_luma == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("media_type", "form", "options"),
    [
        ("image/jpeg", "JPEG", {}),
        ("image/jpeg", "JPEG", {"progressive": True}),
        ("image/png", "PNG", {}),
        ("image/bmp", "BMP", {}),
    ],
)
def test_half_a_picture_is_shown_as_far_as_it_goes(media_type: str, form: str, options: dict[str, object]) -> None:
    """A truncated frame is worth seeing: what arrived is there, in its place."""
    picture = Image.effect_noise((640, 480), 20).convert("RGB")
    picture.paste((200, 30, 30), (0, 0, 640, 120))
    data = saved(picture, form, **options)
    data = data[: len(data) * (9 if options else 5) // 10]
    if media_type == "image/bmp":  # rows come from the bottom
        picture = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        data = saved(picture, form)[: 640 * 480 * 3 // 2]

    got = opened(render(data, media_type, MAX_PIXELS).data).convert("RGB")

    top = got.height - 1 - got.height // 8 if media_type == "image/bmp" else got.height // 8
    red = got.getpixel((160, top))
    assert isinstance(red, tuple)
    assert near(red, (200, 30, 30), by=12)


def test_a_jpeg_broken_off_anywhere_is_shown_or_raises() -> None:
    """Cut at every hundredth byte: once its first scan has begun there is a thumbnail."""
    data = jpeg(320, 240)
    begun = data.index(b"\xff\xda") + 14

    for cut in range(begun, len(data), 100):
        assert opened(render(data[:cut], "image/jpeg", MAX_PIXELS).data).size == (320, 240)
    for cut in range(0, begun - 14, 20):
        with pytest.raises((OSError, SyntaxError)):
            render(data[:cut], "image/jpeg", MAX_PIXELS)


def test_a_picture_of_which_nothing_could_be_decoded_is_no_black_thumbnail() -> None:
    """A coding that the decoder does not know raises: showing black would claim that it was night."""
    data = bytearray(jpeg(64, 48))
    frame_header = data.index(b"\xff\xc0")
    data[frame_header + 4] = 12  # bits a sample

    with pytest.raises((OSError, SyntaxError)):
        render(bytes(data), "image/jpeg", MAX_PIXELS)


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("image/jpeg", b""),
        ("image/jpeg", b"\xff\xd8\xff\xd9"),
        ("image/jpeg", png()),
        ("image/png", jpeg()),
        ("image/gif", bmp()),
        ("image/bmp", gif()),
    ],
)
def test_only_the_decoder_that_was_named_looks(media_type: str, data: bytes) -> None:
    """A PNG that calls itself a JPEG reaches no PNG decoder."""
    with pytest.raises((OSError, SyntaxError)):
        render(data, media_type, MAX_PIXELS)


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    """The limit is exact."""
    assert render(jpeg(100, 50), "image/jpeg", 5000)

    with pytest.raises(ValueError, match="5000"):
        render(jpeg(100, 51), "image/jpeg", 5000)


@pytest.mark.parametrize(("level", "expected"), [(0, 0.0), (128, 0.5), (255, 1.0)])
def test_an_even_picture_has_its_luma_and_no_contrast(level: int, expected: float) -> None:
    """Mean luma goes from 0, black, to 1, white."""
    got = render(saved(Image.new("RGB", (640, 480), (level,) * 3)), "image/jpeg", MAX_PIXELS)

    assert got.mean_luma == pytest.approx(expected, abs=0.01)
    assert got.contrast == pytest.approx(0, abs=0.01)


def test_half_black_and_half_white_is_the_greatest_contrast() -> None:
    """... which is called 1."""
    picture = Image.new("L", (640, 480), 0)
    picture.paste(255, (0, 0, 320, 480))

    got = render(saved(picture, quality=95), "image/jpeg", MAX_PIXELS)

    assert got.contrast == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (120, 60, 200), (10, 200, 30)])
def test_an_even_picture_has_its_colour(colour: tuple[int, int, int]) -> None:
    """The mean colour of a picture of one colour is that one, and of a grey one grey."""
    got = render(saved(Image.new("RGB", (640, 480), colour)), "image/jpeg", MAX_PIXELS).colour
    grey = render(saved(Image.new("L", (640, 480), 99)), "image/jpeg", MAX_PIXELS).colour

    assert near(tuple(got.to_bytes(3)), colour, by=3)
    assert near(tuple(grey.to_bytes(3)), (99, 99, 99), by=3)


@pytest.mark.parametrize(
    ("share", "colour", "expected"),
    [(1.0, (0, 255, 0), 1.0), (1.0, (255, 0, 255), -1.0), (0.95, (40, 90, 40), 50 / 255), (0.75, (0, 255, 0), 0.0)],
)
def test_green_is_what_nearly_all_of_it_leans_to(share: float, colour: tuple[int, int, int], expected: float) -> None:
    """Where a tenth is grey the rest is told, above 0 green and below magenta; where more is, nothing is."""
    picture = Image.new("RGB", (320, 240), (128, 128, 128))
    picture.paste(colour, (0, 0, 320, round(240 * share)))

    got = render(saved(picture, quality=100), "image/jpeg", MAX_PIXELS).green

    assert got == pytest.approx(expected, abs=0.02)


def test_a_signature_is_the_picture_in_192_bytes() -> None:
    """16 columns, 12 rows, row by row."""
    picture = Image.new("L", (640, 480), 0)
    picture.paste(255, (320, 240, 640, 480))

    got = render(saved(picture, quality=95), "image/jpeg", MAX_PIXELS).signature

    columns, rows = SIGNATURE_SIZE
    bright = {(at % columns >= 8 and at // columns >= 6): level > 128 for at, level in enumerate(got)}
    assert len(got) == columns * rows
    assert bright == {False: False, True: True}


def test_a_difference_goes_from_nothing_to_one() -> None:
    """The same is 0, black and white are 1, and a change of brightness as a whole counts."""
    black, grey, white = bytes(192), bytes([51]) * 192, b"\xff" * 192

    assert difference(grey, grey) == 0
    assert difference(black, white) == difference(white, black) == 1
    assert difference(black, grey) == pytest.approx(0.2)


def test_a_thumbnails_own_signature_is_that_of_its_picture() -> None:
    """After a restart the signature of the frame before is taken from its stored thumbnail."""
    whole = render(jpeg(1600, 1200, seed=3), "image/jpeg", MAX_PIXELS)

    again = render(whole.data, "image/jpeg", MAX_PIXELS)

    assert difference(whole.signature, again.signature) < 0.01


def test_the_placeholder_is_paper() -> None:
    """320 by 240 pixels of the page's colour."""
    got = opened(PLACEHOLDER)

    assert got.size == (320, 240)
    assert all(near(colour, PAPER, by=2) for colour in colours(got).values())
