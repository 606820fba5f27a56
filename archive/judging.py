"""What a frame's measures say of it: every threshold of a verdict, each with its reason. Pure.

Judged on drawn scenes at every hour of summer and winter and on real frames of an OV2640, spoilt on purpose: what is
said below of honest and spoilt frames was measured on those. A verdict is a quiet word; where it is in doubt it is not
said.
"""

from archive.frame import Measures, Verdict

# Black, and evenly so: the darkest drawn night has 0.11 and 0.09. One lit window in a black yard, a hundredth of the
# picture, has a contrast of 0.2: something is to be seen there, so that frame is not dark.
DARK_LUMA = 0.06
DARK_CONTRAST = 0.06

# White, and evenly so: the sun in the lens, or an exposure that ran away. The brightest drawn room has 0.61 and 0.25,
# a field of snow with a fence about 0.85 and 0.1.
BRIGHT_LUMA = 0.92
BRIGHT_CONTRAST = 0.08

# Nine tenths of the picture lean to green, or to magenta. A lawn does too, but not the sky, the path and the fence
# beside it: honest frames stay below 0.03, however green their garden. A white balance that is off by half leans by
# 0.14 to 0.29, a sensor that read nothing (luma and chroma 0) by 0.53. Between them a slight cast goes unsaid, so that
# a camera above a meadow is not called broken.
GREEN = 0.08

# The very same picture again. A sensor's noise never repeats: of a still view taken twice at half a level of noise and
# the coarsest JPEG at least 8 of the signature's 192 parts differed, so only no difference at all is frozen.
FROZEN_DIFFERENCE = 0.0


def judge(measures: Measures) -> Verdict:
    """The verdict on a frame that is whole and could be drawn; of several the one that explains the others."""
    if measures.mean_luma < DARK_LUMA and measures.contrast < DARK_CONTRAST:
        return Verdict.DARK  # and at night one dark frame may well be like the other
    if measures.mean_luma > BRIGHT_LUMA and measures.contrast < BRIGHT_CONTRAST:
        return Verdict.BRIGHT
    if measures.green is not None and abs(measures.green) > GREEN:
        return Verdict.GREEN
    if measures.difference is not None and measures.difference <= FROZEN_DIFFERENCE:
        return Verdict.FROZEN
    return Verdict.WHOLE
