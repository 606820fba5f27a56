"""Drawn pictures are JPEGs as cameras take them: of their hour, of their place, and the same for the same arguments."""

import hashlib
import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image, ImageChops, ImageStat

from archive import scene
from archive.frame import MediaType
from archive.jpeg import inspect

NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 21, 0, 0, tzinfo=UTC)


def luma(jpeg: bytes) -> Image.Image:
    """The picture in grey."""
    return Image.open(io.BytesIO(jpeg), formats=["JPEG"]).convert("L")


@pytest.mark.parametrize("camera", [*scene.CAMERAS, "camera-7", "x"])
def test_every_camera_draws_a_whole_jpeg(camera: str) -> None:
    """Named places and made-up names alike give a whole SVGA picture in 4:2:2."""
    jpeg = scene.draw(camera, NOON, frame_number=0)

    info = inspect(jpeg)
    assert (info.media_type, info.width, info.height, info.is_whole) == (MediaType.JPEG, 800, 600, True)
    with Image.open(io.BytesIO(jpeg)) as picture:
        sampling = [component[1:3] for component in picture.layer]  # type: ignore[attr-defined]
    assert sampling == [(2, 1), (1, 1), (1, 1)]


def test_equal_arguments_draw_equal_bytes() -> None:
    """Also in another process: nothing depends on chance, on caches or on the order of drawing."""
    ours = scene.draw("garden", NOON, 320, 240, frame_number=8)

    program = (
        "import hashlib; from datetime import UTC, datetime; from archive import scene;"
        "print(hashlib.sha256(scene.draw('garden', datetime(2026, 6, 21, 12, tzinfo=UTC), 320, 240, frame_number=8))"
        ".hexdigest())"
    )
    environ = os.environ | {"PYTHONHASHSEED": "7"}
    theirs = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, check=True, text=True)
    assert theirs.stdout.strip() == hashlib.sha256(ours).hexdigest()


@pytest.mark.parametrize("camera", scene.CAMERAS)
def test_night_is_darker_than_day(camera: str) -> None:
    """The hour is to be seen, with lamps or without."""
    night, day = (
        ImageStat.Stat(luma(scene.draw(camera, at, 320, 240, frame_number=0))).mean[0] for at in (MIDNIGHT, NOON)
    )

    assert night < day * 0.7


def test_something_moves_between_two_frames() -> None:
    """Two frames of one camera, ten minutes apart, show the same place and are not the same picture."""
    first = luma(scene.draw("garden", NOON, frame_number=1))
    second = luma(scene.draw("garden", NOON + timedelta(minutes=10), frame_number=2))

    differing = ImageStat.Stat(ImageChops.difference(first, second)).mean[0]
    assert 0.2 < differing < 20


def test_somebody_passes_by_now_and_then() -> None:
    """Of a hundred frames of one moment without noise some show a passer-by, and most do not."""
    pictures = [scene.draw("porch", NOON, 160, 120, frame_number=n, noisy=0) for n in range(100)]

    empty = max(pictures.count(picture) for picture in set(pictures))
    assert 50 <= empty <= 95


def test_cameras_look_at_different_places() -> None:
    """No two cameras of a small household send the same picture."""
    pictures = {scene.draw(f"camera-{i}", NOON, 160, 120, frame_number=0) for i in range(1, 13)}

    assert len(pictures) == 12


@pytest.mark.parametrize(("width", "height", "least_kb", "most_kb"), [(800, 600, 45, 80), (1600, 1200, 150, 260)])
def test_files_weigh_what_a_cameras_do(width: int, height: int, least_kb: int, most_kb: int) -> None:
    """About 60 kB of SVGA and 200 kB of UXGA, so that a bench with them says something about cameras."""
    sizes_kb = [len(scene.draw(camera, NOON, width, height, frame_number=0)) / 1000 for camera in ("garden", "window")]

    assert all(least_kb < size_kb < most_kb for size_kb in sizes_kb), sizes_kb


def test_noise_makes_files_heavier() -> None:
    """A restless sensor costs bytes."""
    quiet, restless = (len(scene.draw("shed", NOON, frame_number=0, noisy=noisy)) for noisy in (0.05, 0.2))

    assert restless > quiet * 1.3
