"""A verdict is said of frames that earned it, spoilt as sensors spoil them, and of no honest one."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from PIL import Image, ImageChops, ImageDraw

from archive import scene
from archive.frame import Measures, Verdict
from archive.judging import judge
from archive.thumbs.worker import Rendering, difference, render


@cache
def view(camera: str, month: int, hour: int) -> Image.Image:
    """What a camera sees at that hour."""
    at = datetime(2026, month, 21, hour, 10, tzinfo=UTC)
    return Image.open(io.BytesIO(scene.draw(camera, at, 400, 300, frame_number=hour)))


def seen(picture: Image.Image, quality: int = 80) -> Rendering:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling="4:2:2")
    return render(file.getvalue(), "image/jpeg", 1_000_000)


def verdict(picture: Image.Image, before: Image.Image | None = None, quality: int = 80) -> Verdict:
    found = seen(picture, quality)
    moved = None if before is None else difference(seen(before, quality).signature, found.signature)
    return judge(
        Measures(
            mean_luma=found.mean_luma,
            contrast=found.contrast,
            difference=moved,
            colour=found.colour,
            green=found.green,
        )
    )


def scaled(picture: Image.Image, red: float, green: float, blue: float) -> Image.Image:
    """Each colour by a factor, cut off at white: a white balance that is off."""
    levels = [min(255, round(level * factor)) for factor in (red, green, blue) for level in range(256)]
    return picture.point(levels)


def noisy(picture: Image.Image, sigma: float) -> Image.Image:
    noise = Image.effect_noise(picture.size, sigma)
    return ImageChops.add(picture, Image.merge("RGB", [noise] * 3), offset=-128)


VIEWS = [(camera, month, hour) for camera in scene.CAMERAS for month, hour in [(6, 0), (6, 12), (12, 8), (12, 20)]]


@pytest.mark.parametrize(("camera", "month", "hour"), VIEWS)
def test_an_honest_frame_is_whole(camera: str, month: int, hour: int) -> None:
    """By day and by night, in summer and winter, each drawn place."""
    assert verdict(view(camera, month, hour)) is Verdict.WHOLE


SPOILT: dict[str, tuple[Callable[[Image.Image], Image.Image], Verdict]] = {
    "a cap on the lens": (lambda picture: noisy(Image.new("RGB", picture.size, (6, 6, 8)), 4), Verdict.DARK),
    "far too short": (lambda picture: picture.point(lambda level: level * 0.08), Verdict.DARK),
    "the sun in the lens": (lambda picture: picture.point(lambda level: 235 + level * 0.08), Verdict.BRIGHT),
    "too much green": (lambda picture: scaled(picture, 0.7, 1.3, 0.7), Verdict.GREEN),
    "red and blue missing": (lambda picture: scaled(picture, 0.5, 1, 0.5), Verdict.GREEN),
    "magenta": (lambda picture: scaled(picture, 1.1, 0.5, 1.1), Verdict.GREEN),
    "nothing was read": (lambda picture: Image.new("RGB", picture.size, (0, 135, 0)), Verdict.GREEN),  # YCC of zeros
}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("camera", ["garden", "kitchen", "shed"])
def test_a_spoilt_frame_has_its_verdict(how: str, camera: str) -> None:
    """Whatever the place, at noon."""
    spoil, expected = SPOILT[how]

    assert verdict(spoil(view(camera, 6, 12))) is expected


def test_a_lamp_in_the_dark_is_something_to_see() -> None:
    """A black frame with one lit window, a hundredth of it, is not dark."""
    picture = Image.new("RGB", (400, 300), (4, 4, 5))
    ImageDraw.Draw(picture).rectangle((200, 100, 240, 130), fill=(250, 230, 180))

    assert verdict(picture) is Verdict.WHOLE


@pytest.mark.parametrize("camera", scene.CAMERAS)
def test_the_same_picture_again_is_frozen(camera: str) -> None:
    """Byte for byte, or drawn again from the same pixels."""
    picture = view(camera, 6, 12)

    assert verdict(picture, before=picture) is Verdict.FROZEN


@pytest.mark.parametrize("quality", [30, 80])
@pytest.mark.parametrize("camera", scene.CAMERAS)
def test_a_still_view_is_not_frozen(camera: str, quality: int) -> None:
    """Nothing moves but the sensor's own noise, however little, through the coarsest JPEG."""
    picture = view(camera, 6, 12)

    assert verdict(noisy(picture, 1), noisy(picture, 1), quality) is Verdict.WHOLE


def test_what_was_not_measured_is_not_judged() -> None:
    """A camera's first frame has no difference: nothing says that it is frozen."""
    assert judge(Measures(mean_luma=0.5, contrast=0.2)) is Verdict.WHOLE
