"""Pictures for the tests, the same bytes for the same words: soft random colours that code like a photograph."""

import io
from random import Random

from PIL import Image


def jpeg(width: int = 64, height: int = 48, *, seed: int = 0, quality: int = 80, progressive: bool = False) -> bytes:
    """A JPEG file."""
    return saved(_picture(width, height, seed), "JPEG", quality=quality, progressive=progressive)


def png(width: int = 64, height: int = 48, *, seed: int = 0) -> bytes:
    """A PNG file."""
    return saved(_picture(width, height, seed), "PNG")


def gif(width: int = 64, height: int = 48, *, seed: int = 0) -> bytes:
    """A GIF file."""
    return saved(_picture(width, height, seed), "GIF")


def bmp(width: int = 64, height: int = 48, *, seed: int = 0) -> bytes:
    """A BMP file."""
    return saved(_picture(width, height, seed), "BMP")


def _picture(width: int, height: int, seed: int) -> Image.Image:
    across, down = width // 16 + 2, height // 16 + 2
    grey = bytes([128]) * (across * 3)  # above, so that chance makes no picture green or magenta all over
    patches = Image.frombytes("RGB", (across, down), grey + Random(seed).randbytes(across * (down - 1) * 3))
    return patches.resize((width, height), Image.Resampling.BICUBIC)


def saved(picture: Image.Image, form: str, **options: int) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()
