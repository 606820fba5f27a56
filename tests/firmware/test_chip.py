"""What touches the chip, run on a chip that is not there: every answer of the hardware is a variable."""

import subprocess
from pathlib import Path

import pytest

from tests.firmware.building import HERE
from tests.firmware.compiling import DIALECT, SRC, compiled

UNDER_TEST = "EspClock EspFrameSource EspLog EspMachine EspNotes EspPins EspRadio EspRandom EspStorage"
SANITIZERS = ["-g1", "-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

CLAIMS = {
    "config": "Every pin of the row reaches the driver; two buffers in PSRAM, the newest first, nothing left unset.",
    "no_jpeg": "A sensor without JPEG is refused in a sentence that names it, and the driver is stopped again.",
    "no_sensor": "A silent sensor is told from one without JPEG, and may come back later.",
    "no_psram": "Without PSRAM the sentence names the right kind and the profile to flash; nothing is ever started.",
    "buffers": "The driver gets every buffer back, once, however a frame ends; a third is not asked to wait for two.",
    "nothing_comes": "NULL from the driver is no frame, and what is no JPEG goes back at once.",
    "times": "A frame's time is its shutter's, through an hour of deep sleep, and a wall time only where there is one.",
    "sensors": "Sizes never exceed the buffers or the sensor; an OV3660 gets its corrections and can stand by.",
    "power": "A power cycle drives the board's own pin the right way, and off is held through deep sleep.",
    "notes": "Notes are in `cfg`, come back as written, and refuse what NVS could not hold.",
    "pins": "Buttons pull down, motion pulls up, both wake the board, and no pin of the board itself is touched.",
    "woken": "A button that ended deep sleep counts as a press, though it was let go before anyone looked.",
    "woken_by_motion": "So does a motion that ended deep sleep, though all is still again.",
    "starts": "Restarts and brown-outs are counted until the power goes, deep sleep not among them.",
    "storage": "A card is tried fast, then slowly, never formatted; without one that takes files frames go to flash.",
    "radio": "Wi-Fi is gentle after a brown-out, keeps no password in the core's flash, and disturbs no visitor.",
    "noise": "A boot is drawn from true noise, with the radio or before it.",
}


@pytest.fixture(name="program", scope="session")
def _program() -> Path:
    sources = [HERE / "chip.cpp", HERE / "chip_fakes.cpp"]
    sources += [SRC / "esp" / f"{name}.cpp" for name in UNDER_TEST.split()]
    sources += [SRC / "core" / name for name in ("Fields.cpp", "Text.cpp")]
    return compiled("chip", sources, f"-I{SRC}", *DIALECT, *SANITIZERS)


def test_every_claim_is_made(program: Path) -> None:
    """The program and this file know the same claims."""
    listed = subprocess.run([program], check=False, capture_output=True, text=True)

    assert listed.stdout.split() == list(CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS)
def test_on_a_chip_that_is_not_there(program: Path, claim: str) -> None:
    """The sentence beside each word holds."""
    done = subprocess.run([program, claim], check=False, capture_output=True, text=True)

    assert done.returncode == 0, f"{CLAIMS[claim]}\n{done.stdout}{done.stderr}"
