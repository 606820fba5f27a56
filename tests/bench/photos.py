"""Photographs to measure with: drawn here, as heavy for an encoder and a decoder as a real camera's."""

import io
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

QUALITY = 80
SIZES = {  # the size in pixels and in bytes that such a camera sends
    "60 KB": (800, 600, 60_000),
    "200 KB": (1600, 1200, 200_000),
    "8 KB": (160, 120, 8_000),
}


def make_photos(folder: Path, kind: str, *, count: int = 4) -> list[Path]:
    """*count* different photographs of that *kind* (a key of SIZES) in *folder*; those already there are taken."""
    paths = [folder / f"{kind.replace(' ', '-')}-{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.exists():
            path.write_bytes(_photo(*SIZES[kind], seed=number))
    return paths


def _photo(width: int, height: int, size_bytes: int, *, seed: int) -> bytes:
    """A JPEG within 2 % of *size_bytes*: the same scene with as much sensor noise as that takes."""
    scene, noise = _scene(width, height, seed), _noise(width, height, seed)
    low, high = 0.0, 1.0
    jpeg = b""
    for _ in range(14):
        amount = (low + high) / 2
        # 4:2:2 is what the OV2640 and OV5640 make
        jpeg = _encode(
            ImageChops.add(scene, noise.point([round((v - 128) * amount + 128) for v in range(256)] * 3), 1, -128)
        )
        if abs(len(jpeg) - size_bytes) < size_bytes // 50:
            break
        low, high = (amount, high) if len(jpeg) < size_bytes else (low, amount)
    return jpeg


def _encode(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling="4:2:2")
    return out.getvalue()


def _scene(width: int, height: int, seed: int) -> Image.Image:
    """Soft light, and things with edges: what a garden looks like to an encoder."""
    chance = random.Random(seed)
    light = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", [light.point([30 + round(v * share) for v in range(256)]) for share in (0.5, 0.6, 0.7)])
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y, size = chance.randrange(width), chance.randrange(height), chance.randrange(4, width // 8)
        colour = tuple(chance.randrange(30, 220) for _ in range(3))
        draw.ellipse((x, y, x + size, y + size * chance.uniform(0.3, 1.5)), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(width / 800))


def _noise(width: int, height: int, seed: int) -> Image.Image:
    """Grain as large as a pixel and as large as a few, as a small sensor's is."""
    chance = random.Random(seed)
    fine = Image.frombytes("RGB", (width, height), chance.randbytes(width * height * 3))
    coarse = Image.frombytes("RGB", (width // 4, height // 4), chance.randbytes((width // 4) * (height // 4) * 3))
    return Image.blend(fine, coarse.resize((width, height), Image.Resampling.BICUBIC), 0.5)
