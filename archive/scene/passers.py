"""Who passes by now and then: small figures, drawn in their own colours, to be lit and set into a place."""

import math
from random import Random

from PIL import Image, ImageDraw

from archive.scene.canvas import Colour, Point

_FINE = 4  # drawn this much larger, then reduced


def figure(who: str, tall_px: int, stride: float, rng: Random) -> Image.Image:
    """*who* (`cat`, `sitting cat`, `person`, `car`, `bird`), RGBA, walking right; *stride* is how far into a step."""
    ratio, draw_it = _FIGURES[who]
    high = max(2, tall_px) * _FINE
    picture = Image.new("RGBA", (round(high * ratio), high))
    draw_it(_Pen(picture), stride, rng)
    return picture.reduce(_FINE)


class _Pen:
    """Draws in units of the figure's height."""

    def __init__(self, picture: Image.Image) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._scale = picture.height

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        box = [v * self._scale for v in (x - rx, y - ry, x + rx, y + ry)]
        self._draw.ellipse(box, fill=colour)

    def box(self, box: tuple[float, float, float, float], colour: Colour, radius: float = 0) -> None:
        self._draw.rounded_rectangle([v * self._scale for v in box], radius * self._scale, fill=colour)

    def area(self, points: list[Point], colour: Colour) -> None:
        self._draw.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=colour)

    def limb(self, points: list[Point], colour: Colour, thick: float) -> None:
        scaled = [(x * self._scale, y * self._scale) for x, y in points]
        self._draw.line(scaled, fill=colour, width=max(1, round(thick * self._scale)), joint="curve")
        r = thick * self._scale / 2
        for x, y in (scaled[0], scaled[-1]):
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _cat(pen: _Pen, stride: float, rng: Random) -> None:
    fur = rng.choice(((214, 138, 76), (70, 66, 68), (176, 168, 160)))
    dark: Colour = (fur[0] * 7 // 10, fur[1] * 7 // 10, fur[2] * 7 // 10)
    swing = 0.09 * math.sin(stride * math.tau)
    for x, side, tone in ((0.52, swing, dark), (1.2, -swing, dark), (0.6, -swing, fur), (1.28, swing, fur)):
        pen.limb([(x, 0.62), (x + side, 0.94)], tone, 0.11)
    pen.limb([(0.46, 0.52), (0.26, 0.42), (0.18, 0.24), (0.24, 0.08)], fur, 0.09)
    pen.oval(0.9, 0.55, 0.5, 0.19, fur)
    pen.oval(0.6, 0.54, 0.22, 0.19, fur)
    for x in (0.7, 0.88, 1.06):
        pen.limb([(x, 0.4), (x + 0.03, 0.52)], dark, 0.05)
    pen.oval(1.46, 0.38, 0.19, 0.17, fur)
    for x in (1.36, 1.52):
        pen.area([(x - 0.07, 0.28), (x + 0.02, 0.08), (x + 0.1, 0.27)], fur)


def _sitting_cat(pen: _Pen, _stride: float, rng: Random) -> None:
    fur = rng.choice(((96, 88, 86), (206, 134, 78), (60, 58, 62)))
    dark: Colour = (fur[0] * 7 // 10, fur[1] * 7 // 10, fur[2] * 7 // 10)
    pen.limb([(0.5, 0.94), (0.72, 0.95), (0.82, 0.86)], dark, 0.08)
    pen.oval(0.42, 0.72, 0.26, 0.27, fur)
    pen.oval(0.42, 0.5, 0.18, 0.22, fur)
    pen.oval(0.42, 0.26, 0.18, 0.16, fur)
    for x in (0.3, 0.54):
        pen.area([(x - 0.08, 0.2), (x, 0.01), (x + 0.08, 0.2)], fur)
    pen.limb([(0.34, 0.7), (0.33, 0.95)], dark, 0.05)
    pen.limb([(0.5, 0.7), (0.51, 0.95)], dark, 0.05)


def _person(pen: _Pen, stride: float, rng: Random) -> None:
    coat = rng.choice(((74, 96, 132), (156, 70, 62), (92, 110, 84), (190, 160, 96)))
    shade: Colour = (coat[0] * 3 // 4, coat[1] * 3 // 4, coat[2] * 3 // 4)
    skin, hair, cloth, shoe = (206, 160, 132), (70, 52, 42), (62, 62, 74), (44, 38, 36)
    swing = 0.11 * math.sin(stride * math.tau)
    for side, tone in ((-swing, (50, 50, 60)), (swing, cloth)):
        knee = (0.25 + side * 0.6 + abs(side) * 0.25, 0.74)
        pen.limb([(0.25, 0.52), knee, (0.25 + side * 1.2, 0.95)], tone, 0.085)
        pen.limb([(0.25 + side * 1.2, 0.965), (0.29 + side * 1.2, 0.97)], shoe, 0.05)
    pen.limb([(0.25, 0.24), (0.25 + swing * 0.7, 0.38), (0.28 + swing, 0.5)], shade, 0.06)
    pen.area([(0.18, 0.19), (0.32, 0.19), (0.34, 0.3), (0.335, 0.56), (0.165, 0.56), (0.16, 0.3)], coat)
    pen.oval(0.25, 0.2, 0.075, 0.04, coat)
    pen.limb([(0.25, 0.25), (0.24 - swing * 0.7, 0.39), (0.27 - swing, 0.5)], shade, 0.06)
    pen.oval(0.275 - swing, 0.515, 0.025, 0.025, skin)
    pen.limb([(0.255, 0.12), (0.25, 0.18)], skin, 0.05)
    pen.oval(0.26, 0.085, 0.056, 0.068, skin)
    pen.oval(0.245, 0.065, 0.058, 0.058, hair)


def _car(pen: _Pen, _stride: float, rng: Random) -> None:
    paint = rng.choice(((156, 52, 50), (60, 84, 120), (206, 206, 204), (70, 92, 80)))
    dark: Colour = (paint[0] * 7 // 10, paint[1] * 7 // 10, paint[2] * 7 // 10)
    pen.area([(0.55, 0.45), (0.85, 0.08), (1.65, 0.08), (2.05, 0.45)], paint)
    pen.area([(0.68, 0.44), (0.91, 0.15), (1.22, 0.15), (1.22, 0.44)], (74, 92, 104))
    pen.area([(1.28, 0.44), (1.28, 0.15), (1.6, 0.15), (1.89, 0.44)], (92, 112, 124))
    pen.box((0.12, 0.42, 2.66, 0.82), paint, 0.12)
    pen.box((0.12, 0.66, 2.66, 0.84), dark, 0.06)
    pen.limb([(1.25, 0.48), (1.25, 0.76)], dark, 0.015)
    pen.box((2.5, 0.5, 2.66, 0.6), (250, 240, 206), 0.03)
    pen.box((0.12, 0.5, 0.22, 0.6), (190, 40, 36), 0.03)
    for x in (0.62, 2.14):
        pen.oval(x, 0.8, 0.2, 0.2, (34, 34, 38))
        pen.oval(x, 0.8, 0.1, 0.1, (150, 150, 154))


def _bird(pen: _Pen, stride: float, _rng: Random) -> None:
    lift = 0.34 * math.sin(stride * math.tau * 3)
    dark = (52, 54, 60)
    pen.oval(1.0, 0.55, 0.3, 0.11, dark)
    pen.area([(0.72, 0.55), (0.5, 0.46), (0.52, 0.66)], dark)
    pen.area([(0.86, 0.52), (0.4, 0.5 - lift - 0.12), (1.08, 0.52)], dark)
    pen.area([(0.96, 0.52), (1.5, 0.5 - lift - 0.12), (1.2, 0.54)], dark)


_FIGURES = {
    "cat": (1.7, _cat),
    "sitting cat": (0.86, _sitting_cat),
    "person": (0.52, _person),
    "car": (2.75, _car),
    "bird": (1.6, _bird),
}
