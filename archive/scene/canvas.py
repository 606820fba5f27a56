"""What a place is painted on: its colours, the shadows of morning and evening, its lamps, and what stands in front."""

from random import Random

import msgspec
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]

WIDE, HIGH = 800, 600  # the units every place is drawn in, whatever its size in pixels
_FINE = 2  # paint is drawn this much larger, then reduced: Pillow draws without anti-aliasing
_SOFT = 4  # light is drawn this much smaller, then enlarged: shadows have soft edges anyway


class Painted(msgspec.Struct, frozen=True, kw_only=True):
    """A painted place, all layers of one size: all that is left to do for a frame is to light it."""

    colours: Image.Image  # RGB, as under white light
    covers: Image.Image  # L, where the place hides the sky
    morning: Image.Image  # L, how much of a sun on the left arrives
    evening: Image.Image  # L, how much of a sun on the right arrives
    lamps: Image.Image  # RGB, what the lamps add
    front: Image.Image  # L, what stands before those who pass by


class Canvas:
    """Paints one place of *width* x *height* pixels in units of 800 x 600."""

    def __init__(self, width: int, height: int, rng: Random) -> None:
        self.rng = rng
        self._size = (width, height)
        fine = (width * _FINE, height * _FINE)
        soft = (max(1, width // _SOFT), max(1, height // _SOFT))
        self._paint = Image.new("RGBA", fine)
        self._bulbs = Image.new("RGB", fine)
        self._front = Image.new("L", fine)
        self._morning = Image.new("L", soft, 255)
        self._evening = Image.new("L", soft, 255)
        self._lamps = Image.new("RGB", soft)
        self._draw = ImageDraw.Draw(self._paint)
        self._draw_bulbs = ImageDraw.Draw(self._bulbs)
        self._draw_front = ImageDraw.Draw(self._front)

    # -- paint

    def area(self, points: list[Point], colour: Colour, *, front: bool = False) -> None:
        """A polygon."""
        fine = self._fine(points)
        self._draw.polygon(fine, fill=colour)
        if front:
            self._draw_front.polygon(fine, fill=255)

    def box(self, box: Box, colour: Colour, *, radius: float = 0, front: bool = False) -> None:
        """A rectangle, its corners rounded by *radius*."""
        fine, round_px = self._fine_box(box), radius * self._scale
        self._draw.rounded_rectangle(fine, round_px, fill=colour)
        if front:
            self._draw_front.rounded_rectangle(fine, round_px, fill=255)

    def oval(self, box: Box, colour: Colour, *, front: bool = False) -> None:
        self._draw.ellipse(self._fine_box(box), fill=colour)
        if front:
            self._draw_front.ellipse(self._fine_box(box), fill=255)

    def line(self, points: list[Point], colour: Colour, thickness: float = 2, *, front: bool = False) -> None:
        fine, width = self._fine(points), max(1, round(thickness * self._scale))
        self._draw.line(fine, fill=colour, width=width, joint="curve")
        if front:
            self._draw_front.line(fine, fill=255, width=width)

    def hole(self, box: Box) -> None:
        """Nothing: here the sky shows."""
        self._draw.rectangle(self._fine_box(box), fill=(0, 0, 0, 0))

    def fade(self, box: Box, above: Colour, below: Colour) -> None:
        """A rectangle that goes from one colour to the other."""
        x0, y0, x1, y1 = (round(v) for v in self._fine_box(box))
        for y in range(y0, y1 + 1):
            self._draw.line([(x0, y), (x1, y)], fill=_mix(above, below, (y - y0) / max(1, y1 - y0)))

    def leaves(self, box: Box, colour: Colour, count: int, size: float = 9, *, front: bool = False) -> None:
        """Foliage that fills an oval: dark within and below, light above."""
        x0, y0, x1, y1 = box
        spots: list[tuple[float, float, float]] = []
        for _ in range(count):
            while True:
                u, v = self.rng.uniform(-1, 1), self.rng.uniform(-1, 1)
                if u * u + v * v <= 1:
                    break
            spots.append((0.72 - 0.28 * v + 0.08 * (u * u + v * v) + self.rng.uniform(-0.16, 0.16), u, v))
        for light, u, v in sorted(spots):
            x, y = (x0 + x1 + u * (x1 - x0)) / 2, (y0 + y1 + v * (y1 - y0)) / 2
            r = size * self.rng.uniform(0.5, 1.1)
            self.oval((x - r, y - r * 0.7, x + r, y + r * 0.7), _dim(colour, light), front=front)

    def strokes(self, box: Box, colour: Colour, count: int, length: float, *, lean: float = 0, near: float = 2) -> None:
        """Short upright strokes, longer towards the lower edge: grass, gravel, straw."""
        x0, y0, x1, y1 = box
        for _ in range(count):
            depth = self.rng.random() ** 0.7
            x, y = self.rng.uniform(x0, x1), y0 + depth * (y1 - y0)
            reach = length * (0.3 + depth * near) * self.rng.uniform(0.5, 1)
            tone = _dim(colour, self.rng.uniform(0.72, 1.24))
            self.line([(x, y), (x + lean + self.rng.uniform(-0.4, 0.4) * reach, y - reach)], tone, 0.5 + depth)

    def boards(self, box: Box, colour: Colour, count: int, *, upright: bool = True, front: bool = False) -> None:
        """Planks side by side, no two of one tone, with dark gaps."""
        x0, y0, x1, y1 = box
        for i in range(count):
            tone = _dim(colour, self.rng.uniform(0.86, 1.1))
            a, b = i / count, (i + 1) / count
            plank = (
                (x0 + a * (x1 - x0), y0, x0 + b * (x1 - x0), y1)
                if upright
                else (x0, y0 + a * (y1 - y0), x1, y0 + b * (y1 - y0))
            )
            self.box(plank, tone, front=front)
            edge = (
                [(plank[2], plank[1]), (plank[2], plank[3])]
                if upright
                else [(plank[0], plank[3]), (plank[2], plank[3])]
            )
            self.line(edge, _dim(colour, 0.55), 1.3)
            for _ in range(3):
                along = self.rng.random()
                if upright:
                    x = plank[0] + along * (plank[2] - plank[0])
                    grain = [(x, y0), (x + self.rng.uniform(-1, 1), y1)]
                else:
                    y = plank[1] + along * (plank[3] - plank[1])
                    grain = [(x0, y), (x1, y + self.rng.uniform(-1, 1))]
                self.line(grain, _dim(tone, 0.9), 0.6)

    def bricks(self, box: Box, colour: Colour, high: float = 9, wide: float = 24) -> None:
        """A wall of bricks in running bond."""
        x0, y0, x1, y1 = box
        self.box(box, _dim(colour, 0.78))
        y, row = y0, 0
        while y < y1:
            x = x0 - (row % 2) * wide / 2
            while x < x1:
                brick = (max(x, x0) + 0.7, y + 0.7, min(x + wide, x1) - 0.7, min(y + high, y1) - 0.7)
                if brick[2] > brick[0] and brick[3] > brick[1]:
                    self.box(brick, _dim(colour, self.rng.uniform(0.86, 1.12)))
                x += wide
            y, row = y + high, row + 1

    def blur(self, box: Box, radius: float) -> None:
        """What is painted there so far lies out of focus."""
        x0, y0, x1, y1 = (round(v) for v in self._fine_box(box))
        part = self._paint.crop((x0, y0, x1, y1)).filter(ImageFilter.GaussianBlur(radius * self._scale))
        self._paint.paste(part, (x0, y0))

    # -- light

    def shade(self, points: list[Point], *, morning: float = 1, evening: float = 1, soft: float = 2) -> None:
        """Here a low sun from the left (morning) or from the right (evening) arrives only in part: 0 none, 1 all."""
        for name, arrives in (("_morning", morning), ("_evening", evening)):
            if arrives < 1:
                layer: Image.Image = getattr(self, name)
                veil = Image.new("L", layer.size, 255)
                ImageDraw.Draw(veil).polygon(self._soft(points), fill=round(255 * arrives))
                setattr(self, name, ImageChops.multiply(layer, veil.filter(ImageFilter.GaussianBlur(soft))))

    def light(self, x: float, y: float, reach: float, colour: Colour, *, flat: float = 1) -> None:
        """A lamp lights its surroundings as far as *reach*; on the ground its pool is *flat* (1: round)."""
        ((left, top), (right, bottom)) = self._soft([(x - reach, y - reach * flat), (x + reach, y + reach * flat)])
        size = (max(1, round(right - left)), max(1, round(bottom - top)))
        pool = _falloff().resize(size)
        lit = Image.merge("RGB", [pool.point([v * c // 255 for v in range(256)]) for c in colour])
        whole = Image.new("RGB", self._lamps.size)
        whole.paste(lit, (round(left), round(top)))
        self._lamps = ImageChops.add(self._lamps, whole)

    def bulb(self, box: Box, colour: Colour, *, radius: float = 0) -> None:
        """Something that shines when the lamps are on: a bulb, a lit window."""
        self._draw_bulbs.rounded_rectangle(self._fine_box(box), radius * self._scale, fill=colour)

    def finish(self) -> Painted:
        paint = self._paint.reduce(_FINE)
        red, green, blue, covers = paint.split()
        exposed = Image.merge("RGB", (red, green, blue)).point([round(255 * (v / 255) ** 0.78) for v in range(256)] * 3)
        colours = ImageChops.multiply(exposed, grain(self._size, self.rng))

        def wide(soft: Image.Image) -> Image.Image:
            return soft.resize(self._size, Image.Resampling.BICUBIC)

        bulbs = self._bulbs.reduce(_FINE)
        halo = wide(bulbs.reduce(8).filter(ImageFilter.GaussianBlur(self._size[0] / 260)))
        lamps = ImageChops.multiply(colours, wide(self._lamps))
        return Painted(
            colours=colours,
            covers=covers,
            morning=wide(self._morning),
            evening=wide(self._evening),
            lamps=ImageChops.add(ImageChops.add(lamps, bulbs), halo),
            front=ImageChops.darker(self._front.reduce(_FINE), covers),
        )

    @property
    def _scale(self) -> float:
        return self._size[0] / WIDE * _FINE

    def _fine(self, points: list[Point]) -> list[Point]:
        sx, sy = self._size[0] / WIDE * _FINE, self._size[1] / HIGH * _FINE
        return [(x * sx, y * sy) for x, y in points]

    def _fine_box(self, box: Box) -> Box:
        (x0, y0), (x1, y1) = self._fine([box[:2], box[2:]])
        return (x0, y0, max(x0, x1), max(y0, y1))

    def _soft(self, points: list[Point]) -> list[Point]:
        sx, sy = self._morning.width / WIDE, self._morning.height / HIGH
        return [(x * sx, y * sy) for x, y in points]


def clouded(size: tuple[int, int], rng: Random, finest: int, octaves: int) -> Image.Image:
    """Soft fractal noise (L) whose smallest spots are *finest* pixels, each octave before twice as large."""
    whole, weights = Image.new("L", size, 128), 0.0
    for octave in range(octaves):
        spot = finest * 2 ** (octaves - 1 - octave)
        small = (size[0] // spot + 3, size[1] // spot + 3)
        rough = Image.frombytes("L", small, rng.randbytes(small[0] * small[1]))
        layer = rough.resize(size, Image.Resampling.BICUBIC, box=(1, 1, 1 + size[0] / spot, 1 + size[1] / spot))
        weights += 0.55**octave
        whole = Image.blend(whole, layer, 0.55**octave / weights)
    return whole


def grain(size: tuple[int, int], rng: Random) -> Image.Image:
    """What no painted surface is without (RGB, to multiply with): blotches and specks."""
    blotches = clouded(size, rng, 2, 4).point([min(255, 222 + v * 33 // 180) for v in range(256)])
    return Image.merge("RGB", (blotches, blotches, blotches))


def _falloff() -> Image.Image:
    return Image.radial_gradient("L").point([round(255 * max(0.0, 1 - v / 180) ** 2) for v in range(256)])


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    r, g, b = (round(a + (z - a) * share) for a, z in zip(one, other, strict=True))
    return (r, g, b)


def _dim(colour: Colour, light: float) -> Colour:
    r, g, b = (min(255, round(v * light)) for v in colour)
    return (r, g, b)
