"""The places the cameras look at, each painted once in units of 800 x 600."""

from collections.abc import Callable
from random import Random

import msgspec

from archive.scene.canvas import Box, Canvas, Colour, Painted, Point

WARM = (255, 188, 104)


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """Where something may pass: its feet at height *y*, from *left* to *right*, so many units tall."""

    who: str  # `cat`, `person`, `car`, `bird`
    y: float
    left: float
    right: float
    tall: float


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a camera looks at."""

    paint: Callable[[Canvas], None]
    tracks: tuple[Track, ...]
    lamps_until_h: float = 24.0  # then one lamp in four is left, until morning


def paint(place: Place, width: int, height: int, rng: Random) -> Painted:
    """The layers of *place*, in the variety that *rng* draws."""
    canvas = Canvas(width, height, rng)
    place.paint(canvas)
    return canvas.finish()


def _garden(c: Canvas) -> None:
    _far_trees(c, 262, (92, 122, 110))
    c.fade((0, 318, 800, 600), (146, 172, 96), (94, 134, 58))
    for i in range(26):
        x = i * 33 - 20 + c.rng.uniform(-8, 8)
        c.leaves((x, 252 + c.rng.uniform(-8, 6), x + 64, 350), (88, 124, 62), 120, 6)
    c.strokes((0, 350, 800, 600), (120, 158, 74), 3600, 7)
    _lawn_shadow(c)
    path: list[Point] = [(318, 600), (342, 520), (420, 450), (520, 412), (596, 392), (640, 392), (574, 420), (508, 462)]
    c.area([*path, (470, 520), (472, 600)], (190, 178, 156))
    for _ in range(60):
        t = c.rng.random() ** 1.5
        x, y = 395 + t * t * 190 + c.rng.uniform(-62, 62) * (1 - t), 594 - t * 190
        c.oval((x - 15 * (1.1 - t), y - 5 * (1.1 - t), x + 15 * (1.1 - t), y + 5 * (1.1 - t)), (168, 158, 140))
    _shed(c, (560, 232, 742, 392), (150, 112, 78))
    c.shade([(560, 392), (742, 392), (800, 430), (680, 452), (600, 420)], morning=0.45)
    c.shade([(560, 392), (742, 392), (560, 440), (420, 432)], evening=0.45)
    _tree(c, 118, 404, (-80, 18, 286, 276), (100, 142, 66))
    c.shade([(110, 404), (140, 404), (330, 452), (540, 470), (520, 520), (300, 500)], morning=0.4, soft=5)
    c.shade([(110, 404), (140, 404), (90, 470), (0, 500), (0, 440)], evening=0.4, soft=5)
    _flowers(c, (-30, 480, 232, 640), ((214, 84, 96), (240, 196, 92), (232, 226, 236)))
    _flowers(c, (640, 520, 860, 660), ((170, 120, 206), (236, 232, 240), (232, 140, 70)))
    c.bulb((652, 246, 666, 266), (255, 226, 170), radius=5)
    c.light(659, 330, 230, WARM, flat=0.8)
    c.light(590, 430, 260, (190, 130, 70), flat=0.34)


def _porch(c: Canvas) -> None:
    _far_trees(c, 236, (104, 130, 116))
    _house(c, (470, 176, 660, 330), (206, 196, 178))
    c.fade((0, 318, 800, 452), (150, 172, 104), (108, 142, 70))
    c.area([(0, 352), (800, 336), (800, 366), (0, 388)], (150, 148, 146))
    c.leaves((-60, 268, 250, 372), (84, 120, 64), 420, 8)
    c.leaves((640, 280, 880, 364), (92, 126, 66), 320, 7)
    c.strokes((0, 380, 800, 440), (118, 152, 76), 900, 6)
    c.blur((0, 100, 800, 440), 1.6)
    floor = (172, 138, 104)
    for i in range(19):
        a, b = i / 19, (i + 1) / 19
        far, near = (-40 + a * 880, -40 + b * 880), (-480 + a * 1760, -480 + b * 1760)
        tone = _tone(floor, c.rng.uniform(0.86, 1.1))
        c.area([(far[0], 446), (far[1], 446), (near[1], 600), (near[0], 600)], tone)
        c.line([(far[1], 446), (near[1], 600)], _tone(floor, 0.5), 1.6)
    c.shade([(0, 446), (800, 446), (800, 600), (0, 600)], morning=0.55, evening=0.55)
    c.shade([(100, 448), (420, 448), (300, 600), (-80, 600)], evening=0.7)
    c.shade([(420, 448), (700, 448), (900, 600), (560, 600)], morning=0.7)
    rail = (226, 222, 212)
    for i in range(27):
        x = 92 + i * 24
        c.box((x, 350, x + 8, 446), _tone(rail, c.rng.uniform(0.88, 0.98)), front=True)
    c.box((60, 336, 740, 352), rail, front=True)
    c.box((60, 430, 740, 442), _tone(rail, 0.92), front=True)
    for x in (44, 716):
        c.box((x, 58, x + 44, 470), _tone(rail, 0.94), front=True)
        c.box((x, 58, x + 10, 470), _tone(rail, 1.04), front=True)
        c.box((x + 34, 58, x + 44, 470), _tone(rail, 0.78), front=True)
        c.box((x - 8, 452, x + 52, 474), _tone(rail, 0.9), front=True)
    c.boards((0, 0, 800, 58), (150, 126, 100), 5, upright=False, front=True)
    c.box((0, 52, 800, 66), (196, 188, 172), front=True)
    c.shade([(0, 0), (800, 0), (800, 66), (0, 66)], morning=0.3, evening=0.3)
    _pot(c, 612, 560, 74, (186, 104, 74))
    c.leaves((556, 372, 674, 506), (96, 146, 74), 260, 10, front=True)
    c.area([(196, 560), (420, 560), (450, 594), (170, 594)], (120, 92, 76), front=True)
    c.area([(206, 564), (412, 564), (436, 590), (186, 590)], (140, 110, 88), front=True)
    c.line([(238, 60), (238, 96)], (50, 46, 42), 3, front=True)
    c.box((222, 96, 254, 142), (60, 54, 48), radius=5, front=True)
    c.box((227, 102, 249, 136), (236, 222, 190), radius=3, front=True)
    c.bulb((227, 102, 249, 136), (255, 222, 160), radius=3)
    c.light(238, 120, 420, WARM)
    c.light(300, 520, 420, (230, 160, 90), flat=0.42)


def _window(c: Canvas) -> None:
    c.box((0, 0, 800, 600), (204, 188, 168))
    pane = (168, 64, 632, 424)
    c.hole(pane)
    for base, tone, step in ((322, (138, 150, 168), 38), (352, (116, 120, 132), 56)):
        x = 160.0
        while x < 640:
            wide, top = c.rng.uniform(0.8, 1.3) * step, base - c.rng.uniform(0, 46)
            _town_house(c, (x, top, x + wide, 424), _tone(tone, c.rng.uniform(0.85, 1.15)))
            x += wide
    c.leaves((150, 352, 340, 450), (84, 112, 78), 300, 8)
    c.leaves((480, 366, 690, 450), (92, 120, 80), 300, 8)
    c.blur(pane, 1.1)
    frame = (240, 236, 228)
    for bar in (
        (156, 52, 644, 72),
        (156, 52, 174, 430),
        (626, 52, 644, 430),
        (392, 64, 408, 424),
        (168, 196, 632, 206),
    ):
        c.box(bar, frame, front=True)
    for bar in ((156, 70, 644, 74), (172, 72, 176, 424), (624, 72, 628, 424), (388, 72, 391, 424)):
        c.box(bar, _tone(frame, 0.78), front=True)
    _curtain(c, (96, 30, 196, 470), (196, 108, 84))
    _curtain(c, (604, 30, 704, 470), (196, 108, 84))
    c.line([(70, 34), (730, 34)], (96, 76, 60), 7, front=True)
    c.shade([(0, 0), (800, 0), (800, 600), (0, 600)], morning=0.7, evening=0.7)
    c.box((120, 424, 680, 446), (236, 230, 220))
    c.box((120, 446, 680, 454), (170, 160, 148))
    c.fade((0, 454, 800, 600), (190, 172, 152), (160, 144, 128))
    for i in range(12):
        x = 214 + i * 31
        c.box((x, 486, x + 24, 600), (226, 222, 214), radius=8)
        c.box((x + 18, 490, x + 24, 600), (196, 190, 182), radius=3)
    _pot(c, 236, 426, 40, (196, 116, 84))
    c.leaves((192, 292, 284, 388), (104, 156, 84), 170, 9, front=True)
    _pot(c, 580, 426, 32, (116, 140, 150))
    c.box((568, 340, 590, 398), (104, 150, 96), radius=11, front=True)
    c.box((588, 360, 604, 372), (104, 150, 96), radius=6, front=True)
    c.box((594, 346, 604, 368), (104, 150, 96), radius=5, front=True)
    for i, tone in enumerate(((176, 72, 62), (62, 98, 128), (214, 178, 98))):
        c.box((300, 414 - i * 10, 372 - i * 5, 424 - i * 10), tone, radius=1)
    c.light(700, 380, 560, (255, 190, 120))
    c.light(120, 200, 420, (180, 120, 70))


def _kitchen(c: Canvas) -> None:
    c.bricks((0, 0, 800, 392), (226, 226, 216), 24, 48)
    pane = (84, 70, 344, 286)
    c.hole(pane)
    _far_trees(c, 236, (104, 134, 100))
    c.box((84, 258, 344, 286), (122, 152, 88))
    c.blur((84, 70, 344, 286), 1.4)
    for wall in ((0, 144, 84, 392), (344, 144, 800, 392), (84, 288, 344, 392)):
        c.bricks(wall, (226, 226, 216), 24, 48)
    for bar in ((70, 58, 358, 74), (70, 58, 88, 292), (340, 58, 358, 292), (208, 70, 220, 288), (60, 284, 368, 300)):
        c.box(bar, (246, 244, 238))
    c.box((60, 296, 368, 303), (188, 184, 176))
    c.shade([(0, 0), (800, 0), (800, 392), (0, 392)], morning=0.82, evening=0.76)
    for y in (128, 226):
        c.box((430, y, 770, y + 12), (150, 108, 72))
        c.box((430, y + 12, 770, y + 18), (112, 80, 54))
        x = 446.0
        while x < 746:
            wide, tall = c.rng.uniform(22, 34), c.rng.uniform(34, 66)
            tone = c.rng.choice(((206, 120, 84), (96, 132, 140), (232, 208, 150), (120, 146, 96), (196, 196, 190)))
            c.box((x, y - tall, x + wide, y), tone, radius=5)
            c.box((x + 3, y - tall + 4, x + 7, y - 5), _tone(tone, 1.22), radius=2)
            c.box((x + 2, y - tall - 7, x + wide - 2, y - tall + 3), _tone(tone, 0.6), radius=3)
            x += wide + c.rng.uniform(6, 20)
    c.boards((0, 392, 800, 432), (190, 144, 98), 3, upright=False, front=True)
    c.box((0, 428, 800, 600), (70, 72, 68), front=True)
    c.box((0, 428, 800, 440), (120, 88, 60), front=True)
    for i in range(5):
        x = i * 164 - 12
        c.box((x, 440, x + 160, 600), (112, 134, 132), front=True)
        c.box((x + 12, 456, x + 148, 600), (124, 148, 145), radius=4, front=True)
        c.box((x + 62, 466, x + 98, 473), (214, 204, 180), radius=3, front=True)
    c.shade([(0, 432), (800, 432), (800, 600), (0, 600)], morning=0.6, evening=0.6)
    c.box((132, 340, 206, 398), (176, 60, 52), radius=16, front=True)
    c.box((140, 346, 150, 388), (222, 120, 108), radius=5, front=True)
    c.line([(204, 352), (226, 344)], (150, 48, 42), 9, front=True)
    c.line([(146, 340), (152, 318), (188, 318), (194, 340)], (52, 46, 44), 5, front=True)
    for x, tone in ((300, (226, 150, 56)), (330, (204, 70, 58)), (318, (150, 176, 76)), (350, (230, 160, 64))):
        c.oval((x - 17, 346, x + 17, 380), tone, front=True)
        c.oval((x - 10, 350, x - 2, 358), _tone(tone, 1.25), front=True)
    c.area([(268, 368), (384, 368), (362, 400), (290, 400)], (232, 228, 218), front=True)
    c.area([(340, 368), (384, 368), (362, 400), (334, 400)], (200, 196, 188), front=True)
    c.box((640, 300, 664, 400), (70, 96, 70), radius=7, front=True)
    c.box((647, 272, 657, 306), (70, 96, 70), radius=3, front=True)
    c.box((690, 330, 760, 400), (214, 196, 160), radius=4, front=True)
    c.line([(540, 0), (540, 52)], (60, 56, 52), 3)
    c.area([(494, 92), (512, 52), (568, 52), (586, 92)], (62, 84, 92))
    c.oval((518, 80, 562, 104), (250, 236, 206))
    c.bulb((518, 82, 562, 104), (255, 232, 180), radius=11)
    c.light(540, 130, 620, (255, 206, 140))
    c.light(500, 420, 620, (120, 90, 58), flat=0.5)


def _courtyard(c: Canvas) -> None:
    c.fade((0, 380, 800, 600), (176, 166, 152), (140, 132, 122))
    for row in range(20):
        y = 386 + row * row * 0.54 + row * 1.2
        wide = 14 + row * 2.6
        for i in range(int(820 / wide) + 1):
            x = i * wide - row % 2 * wide / 2
            tone = _tone((170, 160, 148), c.rng.uniform(0.8, 1.12))
            c.box((x + 1, y + 1, x + wide - 1, y + 3 + row * 1.05), tone, radius=3 + row * 0.2)
    c.box((214, 128, 590, 396), (206, 184, 150))
    c.area([(200, 132), (240, 84), (566, 84), (604, 132)], (150, 92, 74))
    for i in range(38):
        c.line([(204 + i * 10.6, 132), (242 + i * 8.7, 84)], (126, 76, 62), 1.5)
    c.box((350, 270, 454, 396), (120, 100, 84))
    c.oval((350, 222, 454, 318), (120, 100, 84))
    c.boards((360, 276, 444, 396), (96, 116, 112), 7)
    c.oval((360, 234, 444, 316), (96, 116, 112))
    c.line([(402, 240), (402, 396)], (60, 74, 72), 3)
    for x in (246, 314, 480, 540):
        _pane(c, (x, 166, x + 36, 222), lit=x in (314, 540))
    for x in (252, 290, 486, 538):
        _pane(c, (x, 270, x + 34, 330), lit=x == 486)
    c.area([(0, -40), (216, 92), (216, 398), (0, 470)], (196, 148, 104))
    for i, x in enumerate((22, 96, 164)):
        s, top = 1 - i * 0.17, 60 + i * 42
        _pane(c, (x, top, x + 40 * s, top + 92 * s), lit=i == 1)
        _pane(c, (x, 236 + i * 14, x + 40 * s, 236 + i * 14 + 86 * s), lit=i == 0)
    c.shade([(0, 0), (216, 92), (216, 398), (0, 470)], morning=0.2, soft=1)
    c.shade([(0, 470), (216, 398), (420, 396), (360, 500), (200, 600), (0, 600)], morning=0.3)
    c.bricks((590, -10, 800, 476), (178, 108, 86))
    c.area([(590, 398), (800, 478), (800, 480), (590, 480)], (150, 142, 132))
    for i, x in enumerate((616, 700)):
        _pane(c, (x, 92 - i * 20, x + 52, 190 - i * 6), lit=i == 0)
        _pane(c, (x, 262, x + 54, 356 + i * 8), lit=i == 1)
    c.shade([(590, 0), (800, 0), (800, 480), (590, 400)], evening=0.2, soft=1)
    c.shade([(590, 398), (800, 478), (800, 600), (560, 600), (420, 430)], evening=0.3)
    c.leaves((556, 250, 640, 420), (84, 126, 70), 380, 8)
    _pot(c, 596, 452, 54, (176, 100, 74))
    _bicycle(c, 70, 470)
    c.bulb((470, 240, 484, 258), (255, 224, 160), radius=6)
    c.light(477, 262, 210, WARM)
    c.light(440, 440, 330, (210, 146, 80), flat=0.4)


def _shed_yard(c: Canvas) -> None:
    _far_trees(c, 240, (86, 112, 98))
    for i in range(9):
        x = 300 + i * 66
        c.leaves((x, 170 + c.rng.uniform(-34, 20), x + 120, 330), (86, 118, 72), 240, 8)
    c.fade((0, 322, 800, 600), (176, 168, 148), (158, 148, 130))
    c.area([(380, 322), (800, 322), (800, 352), (380, 340)], (140, 140, 140))
    c.strokes((300, 346, 800, 600), (176, 168, 150), 2600, 1.6)
    c.area([(560, 600), (640, 420), (800, 378), (800, 600)], (122, 150, 78))
    c.strokes((650, 420, 800, 600), (122, 154, 76), 1300, 8)
    c.strokes((580, 520, 800, 600), (122, 154, 76), 700, 8)
    for x in range(420, 800, 44):
        c.box((x, 276, x + 9, 352), (222, 216, 204), front=True)
    for y in (288, 322):
        c.box((404, y, 800, y + 9), (212, 206, 194), front=True)
    c.boards((-20, 132, 330, 444), (142, 98, 72), 19)
    c.area([(-40, 138), (-40, 60), (250, 44), (372, 146), (330, 146), (236, 74)], (84, 80, 84))
    c.area([(-20, 132), (236, 74), (330, 146), (-20, 140)], (128, 88, 64))
    c.boards((86, 196, 206, 446), (110, 138, 132), 6)
    for y in (228, 392):
        c.box((90, y, 202, y + 14), (96, 122, 118))
    c.line([(94, 388), (198, 244)], (96, 122, 118), 11)
    c.oval((186, 314, 196, 324), (40, 40, 40))
    _pane(c, (238, 214, 300, 280), lit=True)
    c.shade([(-20, 60), (330, 140), (330, 446), (-20, 446)], morning=0.45, soft=1)
    c.shade([(0, 446), (330, 444), (560, 480), (430, 540), (0, 520)], morning=0.4)
    c.shade([(0, 446), (330, 444), (250, 476), (0, 490)], evening=0.4)
    for row in range(6):
        for i in range(9 - row % 2):
            x, y = 352 + i * 23 + row % 2 * 11, 444 - row * 20
            tone = _tone((190, 146, 98), c.rng.uniform(0.82, 1.12))
            c.oval((x - 12, y - 11, x + 12, y + 11), _tone(tone, 0.55))
            c.oval((x - 10, y - 9, x + 10, y + 9), tone)
            c.oval((x - 4, y - 4, x + 3, y + 3), _tone(tone, 0.84))
    c.area([(334, 334), (560, 340), (566, 326), (340, 316)], (96, 92, 92))
    c.shade([(340, 456), (560, 456), (700, 490), (500, 500)], morning=0.45)
    c.oval((20, 372, 96, 396), (66, 84, 96), front=True)
    c.box((20, 384, 96, 480), (78, 98, 112), radius=8, front=True)
    for y in (404, 452):
        c.box((18, y, 98, y + 6), (52, 66, 76), front=True)
    _flowers(c, (560, 520, 870, 660), ((236, 206, 96), (226, 108, 88), (238, 236, 230)))
    c.bulb((140, 164, 158, 184), (255, 226, 170), radius=6)
    c.light(149, 220, 300, WARM)
    c.light(200, 480, 380, (220, 152, 84), flat=0.4)


PLACES: dict[str, Place] = {
    "garden": Place(
        paint=_garden,
        tracks=(
            Track(who="cat", y=470, left=-60, right=860, tall=52),
            Track(who="person", y=470, left=-60, right=860, tall=196),
            Track(who="bird", y=150, left=-40, right=840, tall=22),
        ),
    ),
    "porch": Place(
        paint=_porch,
        tracks=(
            Track(who="person", y=424, left=-60, right=860, tall=178),
            Track(who="car", y=382, left=-220, right=1000, tall=76),
            Track(who="cat", y=338, left=90, right=710, tall=50),
        ),
        lamps_until_h=30.0,
    ),
    "window": Place(
        paint=_window,
        tracks=(
            Track(who="sitting cat", y=428, left=430, right=520, tall=112),
            Track(who="bird", y=150, left=150, right=650, tall=18),
        ),
        lamps_until_h=23.2,
    ),
    "kitchen": Place(
        paint=_kitchen,
        tracks=(
            Track(who="person", y=640, left=-120, right=920, tall=470),
            Track(who="sitting cat", y=396, left=400, right=600, tall=104),
        ),
        lamps_until_h=22.6,
    ),
    "courtyard": Place(
        paint=_courtyard,
        tracks=(
            Track(who="person", y=520, left=-80, right=880, tall=236),
            Track(who="cat", y=560, left=-80, right=880, tall=62),
            Track(who="bird", y=60, left=180, right=640, tall=18),
        ),
        lamps_until_h=23.8,
    ),
    "shed": Place(
        paint=_shed_yard,
        tracks=(
            Track(who="car", y=346, left=380, right=1000, tall=80),
            Track(who="person", y=500, left=-60, right=860, tall=210),
            Track(who="cat", y=540, left=-60, right=860, tall=58),
        ),
    ),
}


# -- things that stand about


def _far_trees(c: Canvas, y: float, colour: Colour) -> None:
    c.area(
        [(0, y + 10), (200, y - 26), (420, y + 2), (640, y - 34), (800, y - 8), (800, y + 120), (0, y + 120)], colour
    )
    for _ in range(46):
        x, r = c.rng.uniform(-20, 820), c.rng.uniform(14, 38)
        c.leaves(
            (x - r, y - r * 0.7 + c.rng.uniform(-14, 26), x + r, y + r * 1.5),
            _tone(colour, c.rng.uniform(0.95, 1.15)),
            26,
            9,
        )
    c.blur((0, y - 70, 800, y + 110), 2.2)


def _tree(c: Canvas, x: float, y: float, crown: Box, colour: Colour) -> None:
    bark = (108, 84, 66)
    c.area(
        [
            (x - 14, crown[3] - 110),
            (x + 12, crown[3] - 110),
            (x + 18, y - 10),
            (x + 30, y),
            (x - 30, y),
            (x - 18, y - 12),
        ],
        bark,
    )
    c.area(
        [(x - 14, crown[3] - 110), (x - 2, crown[3] - 110), (x - 4, y), (x - 30, y), (x - 18, y - 12)], _tone(bark, 1.2)
    )
    for dx, dy in ((-76, -74), (84, -60), (20, -130)):
        c.line([(x, crown[3] - 40), (x + dx, crown[3] + dy)], bark, 9)
    x0, y0, x1, y1 = crown
    wide, high = x1 - x0, y1 - y0
    c.leaves((x0 + wide * 0.12, y0 + high * 0.1, x1 - wide * 0.12, y1), _tone(colour, 0.82), 520, 11)
    for _ in range(9):
        left, top = x0 + c.rng.random() * wide * 0.58, y0 + c.rng.random() * high * 0.5
        c.leaves((left, top, left + wide * 0.42, top + high * 0.5), _tone(colour, c.rng.uniform(0.88, 1.12)), 170, 9)


def _shed(c: Canvas, box: Box, colour: Colour) -> None:
    x0, y0, x1, y1 = box
    c.boards(box, colour, 14)
    c.area([(x0, y0 + 1), ((x0 + x1) / 2, y0 - 62), (x1, y0 + 1)], _tone(colour, 0.92))
    roof = (92, 84, 84)
    c.line([(x0 - 14, y0 + 8), ((x0 + x1) / 2, y0 - 66), (x1 + 14, y0 + 8)], roof, 13)
    c.boards((x0 + 62, y0 + 56, x0 + 118, y1), (98, 124, 116), 4)
    c.oval((x0 + 106, y0 + 104, x0 + 113, y0 + 111), (40, 38, 36))
    _pane(c, (x1 - 54, y0 + 48, x1 - 16, y0 + 88), lit=True)
    c.box((x0 + 92, y0 + 14, x0 + 106, y0 + 34), (60, 56, 52), radius=4)
    c.shade([(x0, y0 - 40), (x1, y0 - 40), (x1, y1), (x0, y1)], morning=0.75, soft=1)


def _house(c: Canvas, box: Box, colour: Colour) -> None:
    x0, y0, x1, y1 = box
    c.box(box, colour)
    c.area([(x0 - 14, y0 + 4), ((x0 + x1) / 2, y0 - 70), (x1 + 14, y0 + 4)], (138, 92, 80))
    for x in (x0 + 36, x0 + 100):
        _pane(c, (x, y0 + 50, x + 30, y0 + 88), lit=x > x0 + 50)
    c.box((x1 - 48, y0 + 84, x1 - 20, y1), (110, 84, 70))
    c.box((x0 + 130, y0 - 74, x0 + 146, y0 - 30), (150, 104, 90))


def _town_house(c: Canvas, box: Box, colour: Colour) -> None:
    x0, y0, x1, y1 = box
    c.box(box, colour)
    c.area([(x0 - 2, y0 + 1), ((x0 + x1) / 2, y0 - 16), (x1 + 2, y0 + 1)], _tone(colour, 0.8))
    y = y0 + 10
    while y < y1 - 12:
        x = x0 + 6
        while x < x1 - 8:
            c.box((x, y, x + 5, y + 8), _tone(colour, 0.62))
            if c.rng.random() < 0.34 and 290 < x < 550 and y < 350:  # what stands before them must not glow
                c.bulb((x, y, x + 5, y + 8), (206, 148, 78))
            x += 11
        y += 17


def _pane(c: Canvas, box: Box, *, lit: bool) -> None:
    x0, y0, x1, y1 = box
    c.box((x0 - 4, y0 - 4, x1 + 4, y1 + 4), (228, 224, 214))
    c.fade(box, (120, 146, 166), (66, 80, 92))
    c.area([(x0, y0), (x0 + (x1 - x0) * 0.7, y0), (x0, y1 - (y1 - y0) * 0.3)], (150, 172, 188))
    mid, bar = (x0 + x1) / 2, y0 + (y1 - y0) * 0.45
    c.box((mid - 1.5, y0, mid + 1.5, y1), (228, 224, 214))
    c.box((x0, bar - 1.5, x1, bar + 1.5), (228, 224, 214))
    c.box((x0 - 6, y1 + 4, x1 + 6, y1 + 8), (186, 180, 170))
    if lit:
        for part in (
            (x0, y0, mid - 2, bar - 2),
            (mid + 2, y0, x1, bar - 2),
            (x0, bar + 2, mid - 2, y1),
            (mid + 2, bar + 2, x1, y1),
        ):
            c.bulb(part, (206, 140, 66))


def _curtain(c: Canvas, box: Box, colour: Colour) -> None:
    x0, y0, x1, y1 = box
    folds = 22
    for i in range(folds):
        a, b = i / folds, (i + 1) / folds
        light = (0.78, 0.92, 1.06, 1.0, 0.86)[i % 5] * c.rng.uniform(0.97, 1.03)
        c.box((x0 + a * (x1 - x0), y0, x0 + b * (x1 - x0) + 1, y1), _tone(colour, light), front=True)


def _pot(c: Canvas, x: float, y: float, wide: float, colour: Colour) -> None:
    half, tall = wide / 2, wide * 0.9
    c.area([(x - half, y - tall), (x + half, y - tall), (x + half * 0.72, y), (x - half * 0.72, y)], colour, front=True)
    c.area(
        [(x + half * 0.3, y - tall), (x + half, y - tall), (x + half * 0.72, y), (x + half * 0.2, y)],
        _tone(colour, 0.8),
        front=True,
    )
    c.box((x - half - 4, y - tall - 9, x + half + 4, y - tall + 3), _tone(colour, 1.08), radius=3, front=True)


def _flowers(c: Canvas, box: Box, colours: tuple[Colour, ...]) -> None:
    x0, y0, x1, y1 = box
    c.leaves(box, (82, 122, 62), 520, 9, front=True)
    for _ in range(46):
        x, y = c.rng.gauss((x0 + x1) / 2, (x1 - x0) / 5), c.rng.uniform(y0 + 8, y0 + (y1 - y0) * 0.62)
        tone, r = c.rng.choice(colours), c.rng.uniform(3.5, 7)
        c.oval((x - r, y - r, x + r, y + r), _tone(tone, 0.8), front=True)
        c.oval((x - r * 0.8, y - r, x + r * 0.7, y + r * 0.5), tone, front=True)


def _bicycle(c: Canvas, x: float, y: float) -> None:
    steel = (58, 70, 84)
    for wheel in (x, x + 104):
        c.line([(wheel + 34 * dx, y - 34 + 34 * dy) for dx, dy in _CIRCLE], (46, 46, 50), 4, front=True)
        for dx, dy in _CIRCLE[::3]:
            c.line([(wheel, y - 34), (wheel + 33 * dx, y - 34 + 33 * dy)], (140, 140, 144), 0.8, front=True)
    red = (170, 62, 54)
    c.line([(x, y - 34), (x + 36, y - 78), (x + 88, y - 80), (x + 46, y - 32), (x, y - 34)], red, 4.5, front=True)
    c.line([(x + 46, y - 32), (x + 32, y - 90)], red, 4.5, front=True)
    c.line([(x + 104, y - 34), (x + 84, y - 98), (x + 70, y - 102)], steel, 4.5, front=True)
    c.box((x + 18, y - 97, x + 48, y - 90), (40, 34, 32), radius=3, front=True)
    c.shade([(x - 30, y), (x + 140, y), (x + 220, y + 22), (x + 40, y + 24)], morning=0.6)


def _lawn_shadow(c: Canvas) -> None:
    c.shade([(0, 344), (800, 344), (800, 366), (0, 366)], morning=0.55, evening=0.55)


def _tone(colour: Colour, light: float) -> Colour:
    r, g, b = (min(255, round(v * light)) for v in colour)
    return (r, g, b)


_CIRCLE: list[Point] = [
    (1, 0),
    (0.966, 0.259),
    (0.866, 0.5),
    (0.707, 0.707),
    (0.5, 0.866),
    (0.259, 0.966),
    (0, 1),
    (-0.259, 0.966),
    (-0.5, 0.866),
    (-0.707, 0.707),
    (-0.866, 0.5),
    (-0.966, 0.259),
    (-1, 0),
    (-0.966, -0.259),
    (-0.866, -0.5),
    (-0.707, -0.707),
    (-0.5, -0.866),
    (-0.259, -0.966),
    (0, -1),
    (0.259, -0.966),
    (0.5, -0.866),
    (0.707, -0.707),
    (0.866, -0.5),
    (0.966, -0.259),
    (1, 0),
]
