"""Pictures as cameras would take them, without a camera: for `simulate`, for benches, for a page that is not empty."""

# ruff: noqa: S311 - a picture is made of numbers, and needs the same accidents each time, not secrets

import io
import re
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from random import Random

import msgspec
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from archive.scene.canvas import Colour, Painted
from archive.scene.passers import figure
from archive.scene.places import PLACES, Place, Track, paint
from archive.scene.sky import Light, draw_sky, light_at

CAMERAS = tuple(PLACES)

_FRAMES_PER_WALK = 4  # who passes by is seen on up to so many frames
_WALKS = 0.3  # the share of those stretches in which somebody passes by


def draw(
    camera: str,
    at: datetime,
    width: int = 800,
    height: int = 600,
    *,
    frame_number: int,
    seed: int = 0,
    noisy: float = 0.05,
) -> bytes:
    """A JPEG (quality 80, 4:2:2) of what *camera* sees at *at*, by *at*'s own clock.

    Equal arguments draw equal bytes. A camera named after a place of `CAMERAS` sees that place, any other one of
    them, mirrored and in colours of its own. *noisy* is how restless the sensor is, and the file grows with it: 0.05
    makes about 60 kB of 800 x 600 and 200 kB of 1600 x 1200, as a camera by daylight does; 0.2 half as much again.
    """
    view = _view(camera)
    place, painted, light = PLACES[view.place], _painted(view.place, width, height, seed), light_at(at, seed)
    lit = _lit(painted, light, _lamp_level(place, light, at))
    picture = draw_sky((width, height), light, at, seed)
    picture.paste(lit, (0, 0), painted.covers)
    walk = Random(f"{camera} {seed} walk {frame_number // _FRAMES_PER_WALK}")
    if walk.random() < _WALKS:
        track = walk.choice(place.tracks)
        _pass_by(picture, track, light, walk, frame_number % _FRAMES_PER_WALK)
        picture.paste(lit, (0, 0), painted.front)
    if view.is_mirrored:
        picture = ImageOps.mirror(picture).point(view.levels)
    picture = ImageChops.multiply(picture, _vignette((width, height)))
    if noisy > 0:
        accidents = Random(f"{camera} {seed} {frame_number} {at.isoformat()}")
        picture = _disturbed(picture, noisy * (1 + light.is_dark), accidents)
    _write_time(picture, f"{camera}  {at:%Y-%m-%d %H:%M:%S}")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80, subsampling="4:2:2")
    return file.getvalue()


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Which place a camera looks at, and what its own eye makes of it."""

    place: str
    is_mirrored: bool = False
    levels: list[int] = []  # of red, green and blue, as Image.point wants them


@lru_cache(maxsize=1024)
def _view(camera: str) -> View:
    if camera in PLACES:
        return View(place=camera)
    # All cameras share the few painted places: painting one takes several times as long as lighting it.
    accidents = Random(sha256(camera.encode()).digest())
    ending = re.search(r"\d+$", camera)
    place = CAMERAS[(int(ending[0]) - 1 if ending else accidents.randrange(1000)) % len(CAMERAS)]
    levels = [
        min(255, round(255 * (v / 255) ** bend * gain))
        for bend, gain in [(accidents.uniform(0.86, 1.16), accidents.uniform(0.9, 1.08)) for _ in range(3)]
        for v in range(256)
    ]
    return View(place=place, is_mirrored=True, levels=levels)


@lru_cache(maxsize=12)
def _painted(place: str, width: int, height: int, seed: int) -> Painted:
    return paint(PLACES[place], width, height, Random(f"{place} {seed}"))


def _lamp_level(place: Place, light: Light, at: datetime) -> float:
    hour = at.hour + at.minute / 60
    is_late = (hour if hour > 12 else hour + 24) > place.lamps_until_h
    return light.is_dark * (0.25 if is_late else 1.0)


def _lit(painted: Painted, light: Light, lamp_level: float) -> Image.Image:
    sunny = Image.blend(painted.morning, painted.evening, light.across)
    lit = ImageChops.multiply(painted.colours, ImageOps.colorize(sunny, light.sky, _sum(light.sky, light.sun)))
    if lamp_level > 0:
        lit = ImageChops.add(lit, painted.lamps.point([round(v * lamp_level) for v in range(256)] * 3))
    return lit


def _pass_by(picture: Image.Image, track: Track, light: Light, walk: Random, step: int) -> None:
    kx, ky = picture.width / 800, picture.height / 600
    share = (step + walk.uniform(0.3, 0.7)) / _FRAMES_PER_WALK
    is_leftwards = walk.random() < 0.5
    who = figure(track.who, round(track.tall * ky), share * 5.3, walk)
    if is_leftwards:
        who, share = ImageOps.mirror(who), 1 - share
    x = round((track.left + share * (track.right - track.left)) * kx - who.width / 2)
    y = round(track.y * ky) - who.height
    if track.who != "bird":
        shadow = Image.new("L", (who.width, max(4, who.height // 7)))
        ImageDraw.Draw(shadow).ellipse(
            (who.width * 0.08, shadow.height * 0.3, who.width * 0.92, shadow.height * 0.8), fill=120
        )
        soft = shadow.filter(ImageFilter.GaussianBlur(shadow.height / 6))
        picture.paste((0, 0, 0), (x, y + who.height - shadow.height // 2), soft)
    tone = Image.new("RGB", who.size, _sum(light.sky, light.sun))
    picture.paste(ImageChops.multiply(who.convert("RGB"), tone), (x, y), who.getchannel("A"))


def _disturbed(picture: Image.Image, noisy: float, accidents: Random) -> Image.Image:
    noise = _noise(picture.size, round(noisy, 3))
    x, y = accidents.randrange(noise.width - picture.width), accidents.randrange(noise.height - picture.height)
    return ImageChops.add(picture, noise.crop((x, y, x + picture.width, y + picture.height)), 1, -128)


@lru_cache(maxsize=8)
def _noise(size: tuple[int, int], noisy: float) -> Image.Image:
    wide, high = size[0] + 64, size[1] + 64
    accidents = Random(f"noise {size}")
    bells = [Image.frombytes("L", (wide, high), accidents.randbytes(wide * high)) for _ in range(4)]
    luma = Image.blend(Image.blend(bells[0], bells[1], 0.5), Image.blend(bells[2], bells[3], 0.5), 0.5)
    tint = Image.frombytes("L", (wide // 2 + 1, high // 2 + 1), accidents.randbytes((wide // 2 + 1) * (high // 2 + 1)))
    soft_tint = tint.filter(ImageFilter.GaussianBlur(1.2)).resize((wide, high))
    blue = Image.blend(luma, soft_tint, 0.35)
    red = Image.blend(luma, ImageOps.invert(soft_tint), 0.3)
    levels = [max(0, min(255, round(128 + (v - 128) * noisy))) for v in range(256)]
    return Image.merge("RGB", (red.point(levels), luma.point(levels), blue.point(levels)))


@lru_cache(maxsize=8)
def _vignette(size: tuple[int, int]) -> Image.Image:
    fall = Image.radial_gradient("L").point([round(255 - 44 * (v / 255) ** 2.2) for v in range(256)]).resize(size)
    return Image.merge("RGB", (fall, fall, fall))


def _write_time(picture: Image.Image, text: str) -> None:
    size = max(8, picture.height // 42)
    pen, font = ImageDraw.Draw(picture), _font(size)
    where = (size * 0.7, picture.height - size * 1.8)
    pen.text(where, text, (255, 255, 255), font=font, stroke_width=max(1, size // 10), stroke_fill=(20, 20, 24))


@lru_cache(maxsize=4)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _sum(one: Colour, other: Colour) -> Colour:
    r, g, b = (min(255, a + z) for a, z in zip(one, other, strict=True))
    return (r, g, b)
