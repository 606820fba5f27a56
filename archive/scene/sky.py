"""What hangs over a place at an hour: the sky, and the light that falls from it."""

import math
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

import msgspec
from PIL import Image, ImageChops, ImageDraw, ImageOps

from archive.scene.canvas import Colour, clouded

SUNRISE_H, SUNSET_H = 6.5, 20.0

# The sun's height (-1 midnight … 1 noon), then the sky above and at the horizon, the light of the sky, that of the sun.
_HOURS: tuple[tuple[float, Colour, Colour, Colour, Colour], ...] = (
    (-1.00, (10, 15, 36), (30, 40, 70), (44, 54, 84), (0, 0, 0)),
    (-0.32, (16, 26, 60), (54, 62, 98), (52, 62, 94), (0, 0, 0)),
    (-0.12, (32, 48, 104), (196, 112, 92), (74, 72, 96), (6, 4, 2)),
    (0.03, (72, 100, 162), (250, 170, 104), (112, 102, 116), (84, 48, 24)),
    (0.16, (98, 146, 208), (250, 214, 168), (128, 130, 142), (112, 84, 52)),
    (0.40, (98, 158, 224), (212, 230, 240), (152, 160, 174), (103, 93, 72)),
    (1.00, (84, 148, 222), (200, 224, 242), (158, 164, 174), (97, 91, 78)),
)


class Light(msgspec.Struct, frozen=True, kw_only=True):
    """The light of one moment."""

    height: float  # of the sun: -1 at midnight, 0 at the horizon, 1 at noon
    across: float  # of the sun or the moon, from 0 (left, rising) to 1 (right, setting)
    overhead: Colour
    horizon: Colour
    sky: Colour  # what the whole sky gives, to shadows too
    sun: Colour  # what the sun adds where it arrives
    cover: float  # clouds: 0 none, 1 all

    @property
    def is_dark(self) -> float:
        """0 by day, 1 when lamps are needed."""
        return min(1.0, max(0.0, (0.08 - self.height) / 0.2))


def light_at(at: datetime, seed: int) -> Light:
    """The light at *at*, by its own clock. The weather is the day's; all cameras of one seed share it."""
    hour = at.hour + at.minute / 60 + at.second / 3600
    day_h = SUNSET_H - SUNRISE_H
    if SUNRISE_H <= hour <= SUNSET_H:
        across = (hour - SUNRISE_H) / day_h
        height = math.sin(math.pi * across)
    else:
        across = ((hour - SUNSET_H) % 24) / (24 - day_h)
        height = -math.sin(math.pi * across)
    rows = list(_HOURS)
    after = next(i for i, row in enumerate(rows) if row[0] >= height or i == len(rows) - 1)
    low, high = rows[max(0, after - 1)], rows[after]
    share = (height - low[0]) / (high[0] - low[0]) if high[0] > low[0] else 0.0
    overhead, horizon, sky, sun = (_mix(a, b, share) for a, b in zip(low[1:], high[1:], strict=True))
    cover = _cover(at, seed)
    grey = max(0.0, cover - 0.5) * 1.5  # an overcast sky takes colour and sun away
    dull = sum(overhead) // 3
    return Light(
        height=height,
        across=across,
        overhead=_mix(overhead, (dull, dull, min(255, dull + 8)), grey * 0.8),
        horizon=_mix(horizon, (dull, dull, min(255, dull + 8)), grey * 0.5),
        sky=sky,
        sun=_mix(sun, (0, 0, 0), grey * 0.8),
        cover=cover,
    )


def draw_sky(size: tuple[int, int], light: Light, at: datetime, seed: int) -> Image.Image:
    """The sky alone, RGB, with stars, sun or moon, and clouds that drift."""
    ramp = Image.new("RGB", (1, 8))
    ramp.putdata([_mix(light.overhead, light.horizon, min(1.0, i / 4.4) ** 1.1) for i in range(8)])
    sky = ramp.resize(size, Image.Resampling.BICUBIC)
    if light.height < -0.1:
        level = min(1.0, (-0.1 - light.height) * 3)
        sky = ImageChops.add(sky, _stars(size, seed).point([round(v * level) for v in range(256)] * 3))
    _draw_disc(sky, light)
    _draw_clouds(sky, light, at, seed)
    return sky


def _draw_disc(sky: Image.Image, light: Light) -> None:
    wide, high = sky.size
    by_day = light.height > -0.06
    x = wide * (0.04 + 0.92 * light.across)
    y = high * (0.50 - 0.44 * abs(light.height) ** 0.8)
    colour = _mix((255, 190, 110), (255, 248, 226), min(1, max(0, light.height * 3))) if by_day else (226, 230, 240)
    for reach, strength in (
        (0.42 if by_day else 0.16, 0.55 * (1 - light.cover * 0.6)),
        (0.10 if by_day else 0.05, 0.6),
    ):
        far = round(wide * reach)
        sky.paste(colour, (round(x - far), round(y - far)), _halo(far, round(strength * 255)))
    r = wide * (0.017 if by_day else 0.014)
    mask = Image.new("L", (round(r * 8), round(r * 8)))
    ImageDraw.Draw(mask).ellipse((r * 0.2, r * 0.2, r * 7.8, r * 7.8), fill=255)
    sky.paste(colour, (round(x - r), round(y - r)), mask.reduce(4))


def _draw_clouds(sky: Image.Image, light: Light, at: datetime, seed: int) -> None:
    wide, high = sky.size
    band = (wide, round(high * 0.72))
    drifted = (at - at.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(hours=3) + seed % 7 * 0.31
    noise = _cloud_noise(band, seed)
    left = round(drifted % 1 * noise.width / 2)
    part = noise.crop((left, 0, left + wide, band[1]))
    edge = 190 - light.cover * 120
    mask = part.point([round(min(235, max(0, (v - edge) * 3.4))) for v in range(256)])
    lit = _mix(_mix(light.overhead, (255, 255, 255), 0.16 if light.height < -0.1 else 0.86), light.horizon, 0.35)
    shade = _mix(_mix(lit, light.overhead, 0.45), (120, 124, 134), 0.2 if light.height > 0 else 0.0)
    tones = part.point([min(255, max(0, round((v - edge) * 2.4))) for v in range(256)])
    sky.paste(ImageOps.colorize(tones, lit, shade), (0, 0), ImageChops.multiply(mask, _fading(band)))


@lru_cache(maxsize=8)
def _cloud_noise(band: tuple[int, int], seed: int) -> Image.Image:
    rng = Random(f"clouds {seed}")  # noqa: S311 - weather, no secret
    flat = ImageOps.autocontrast(clouded((band[0] // 4, band[1] // 2), rng, 3, 5), cutoff=1)
    stretched = flat.resize(band, Image.Resampling.BICUBIC)
    both = Image.new("L", (band[0] * 2, band[1]))
    both.paste(stretched, (0, 0))
    both.paste(ImageOps.mirror(stretched), (band[0], 0))
    return both


@lru_cache(maxsize=8)
def _fading(band: tuple[int, int]) -> Image.Image:
    ramp = Image.new("L", (1, 6))
    ramp.putdata([255, 255, 250, 225, 150, 0])
    return ramp.resize(band, Image.Resampling.BICUBIC)


@lru_cache(maxsize=8)
def _stars(size: tuple[int, int], seed: int) -> Image.Image:
    rng = Random(f"stars {seed}")  # noqa: S311 - stars, no secret
    stars = Image.new("RGB", size)
    for _ in range(170):
        tone = round(40 + 190 * rng.random() ** 3)
        stars.putpixel(
            (rng.randrange(size[0]), round(size[1] * 0.7 * rng.random() ** 1.3)), (tone, tone, min(255, tone + 12))
        )
    return stars


@lru_cache(maxsize=32)
def _halo(radius: int, strength: int) -> Image.Image:
    fall = Image.radial_gradient("L").point([round(strength * max(0.0, 1 - v / 180) ** 2.4) for v in range(256)])
    return fall.resize((radius * 2, radius * 2))


def _cover(at: datetime, seed: int) -> float:
    weather = Random(f"weather {seed} {at.date()}")  # noqa: S311 - weather, no secret
    drawn: float = weather.random() ** 1.6
    return 0.15 + 0.7 * drawn


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return (r, g, b)
