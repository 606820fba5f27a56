"""The whole way in one test: a bare camera is set up, takes a picture, and a browser shows that very picture."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat
from playwright.async_api import Page, expect

from tests.conftest import ArchiveServer
from tests.firmware.test_flash import flash
from tests.firmware.test_twin import serial_of
from tests.firmware.twins import Twin, build_twin

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]

CORNERS = ((200, 40, 40), (40, 160, 60), (40, 60, 200), (220, 200, 60))  # no other picture looks so
SIZE = (800, 600)
NEAR = 4  # of 255: two decoders round differently

# What the browser made of the picture: its bytes' digest, its size, and the mean colour of each quarter.
SEEN = """
async (img) => {
  await img.decode();
  const bytes = await (await fetch(img.currentSrc)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const canvas = document.createElement("canvas");
  canvas.width = img.naturalWidth;
  canvas.height = img.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(img, 0, 0);
  const [width, height] = [canvas.width / 2, canvas.height / 2];
  const corners = [[0, 0], [width, 0], [0, height], [width, height]].map(([x, y]) => {
    const { data } = context.getImageData(x, y, width, height);
    const sums = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sums[c] += data[i + c];
    return sums.map((sum) => sum / (data.length / 4));
  });
  return { digest: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
           size: [canvas.width, canvas.height], corners };
}
"""


@pytest.fixture(name="picture")
def _picture(tmp_path: Path) -> bytes:
    """The picture that lies before the camera: four quarters, four colours."""
    picture = Image.new("RGB", SIZE)
    width, height = SIZE[0] // 2, SIZE[1] // 2
    for number, colour in enumerate(CORNERS):
        picture.paste(
            colour, (number % 2 * width, number // 2 * height, (number % 2 + 1) * width, (number // 2 + 1) * height)
        )
    body = io.BytesIO()
    picture.save(body, "JPEG", quality=90)
    folder = tmp_path / "scene"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(body.getvalue())
    return body.getvalue()


@pytest.fixture(name="camera")
def _camera(picture: bytes, tmp_path: Path) -> Iterator[Twin]:
    """A bare camera before that picture."""
    assert picture
    twin = Twin(
        build_twin(), tmp_path / "spool", tmp_path / "twin.log", "--frames", tmp_path / "scene", "--interval-s", 3600
    )
    yield twin
    twin.kill()


async def test_the_picture_on_the_page_is_the_one_the_camera_took(
    page: Page, archive_server: ArchiveServer, camera: Twin, picture: bytes
) -> None:
    """Set up over its serial port by `archive flash`, it appears on the open page, to the byte and to the eye."""
    await page.goto("/")
    await expect(page.get_by_role("heading", name="No frame has arrived yet")).to_be_visible()

    words = ("--port", serial_of(camera), "--name", "garden", "--wifi", "Barn")
    ran = await asyncio.to_thread(flash, archive_server, *words)

    assert ran.returncode == 0, ran.stdout
    link = page.get_by_role("link", name="№ 000 001")
    await expect(link).to_be_visible()
    await expect(page.get_by_role("main")).to_contain_text("garden")
    await link.click()
    shown = page.get_by_role("dialog").get_by_role("img").last
    await expect(shown).to_have_js_property("naturalWidth", SIZE[0])
    seen: dict[str, Any] = await shown.evaluate(SEEN)

    assert seen["digest"] == hashlib.sha256(picture).hexdigest()
    assert seen["size"] == list(SIZE)
    for corner, taken in zip(seen["corners"], _corners(picture), strict=True):
        assert corner == pytest.approx(taken, abs=NEAR)


def _corners(picture: bytes) -> list[list[float]]:
    """The mean colour of each quarter, as Pillow decodes it."""
    with Image.open(io.BytesIO(picture)) as image:
        width, height = image.size[0] // 2, image.size[1] // 2
        boxes = [(x, y, x + width, y + height) for y in (0, height) for x in (0, width)]
        return [ImageStat.Stat(image.convert("RGB").crop(box)).mean for box in boxes]
