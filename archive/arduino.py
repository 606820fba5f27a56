"""arduino-cli: the commands that put the firmware on a board, run and watched, and what their failures mean."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from archive import programs
from archive.errors import ArchiveError, ConfigError
from archive.firmware import IMAGE_MAX_BYTES

PROGRAM = "arduino-cli"
LISTING_TIMEOUT_S = 30

HOW_TO_GET_IT = (
    "arduino-cli is not installed. It brings the compiler and everything else by itself.\n"
    "  macOS     brew install arduino-cli\n"
    "  Linux     curl -fsSL https://raw.githubusercontent.com/arduino/arduino-cli/master/install.sh"
    " | BINDIR=~/.local/bin sh\n"
    "  others    https://arduino.github.io/arduino-cli/latest/installation/"
)


class FlashFailed(ArchiveError):
    """The firmware could not be put on the board; the text says why, where that is known, and what to do."""


class Symptom(NamedTuple):
    """How a failure shows itself, and its cure. The table in docs/guide/flashing.md has the same rows."""

    seen: str  # as the guide names it
    pattern: re.Pattern[str]
    cure: str


def _symptom(seen: str, pattern: str, cure: str) -> Symptom:
    return Symptom(seen, re.compile(pattern, re.IGNORECASE), cure)


INTO_BOOT_LOADER = "hold BOOT, tap RESET, let go of BOOT: a new port appears. Upload to that one, then tap RESET"
NO_PORT = (
    "no board is to be seen on any port. Does the cable carry data? Many only charge. "
    f"If the program on the board has no USB port or sleeps: {INTO_BOOT_LOADER}"
)

# The first that fits counts, so the more special stand first.
SYMPTOMS = (
    _symptom(
        "permission denied",
        r"permission denied|permissionerror|errno 13",
        "your user may not use serial ports: sudo usermod -aG dialout $USER, then log out and in"
        if sys.platform == "linux"
        else "your user may not use this serial port",
    ),
    _symptom(
        "wrong chip",
        r"this chip is (?!esp32-s3)[\w-]+,? not esp32-?s3|wrong --chip argument",
        "this board has another chip than an ESP32-S3 and cannot be a camera of this firmware",
    ),
    _symptom(
        "detected size",
        r"detected size\(?\d+k\)? smaller than|larger than the (detected )?flash|does not fit in .*flash",
        "the board has less flash than the 8 MB that the partition table needs, so it cannot be used",
    ),
    _symptom(
        "no serial data received",
        r"no serial data received|failed to connect to esp32|wrong boot mode|timed out waiting for packet|"
        r"invalid head of packet|serial noise|no more data|chip stopped responding",
        f"the chip is not in its boot loader, or the cable is too bad for the speed: {INTO_BOOT_LOADER}; "
        "or try `archive flash --slow`",
    ),
    _symptom(
        "the port is busy",
        r"resource busy|port is busy(?! or doesn)|errno 16|access is denied|could not exclusively lock",
        "another program has the port open, perhaps a serial monitor: close it",
    ),
    _symptom(
        "it uploads once, then the port is gone",
        r"could not open .*port|port is busy or doesn't exist|no such file or directory: '?/dev/(tty|cu)|"
        r"the port doesn't exist|no upload port|failed to open.*port|device not configured",
        "the port went away: the program on the board took the USB port over (TinyUSB) or sleeps. " + INTO_BOOT_LOADER,
    ),
    _symptom(
        "PSRAM",
        r"psram id read error|wrong psram line mode|no psram|psram.*(not found|init failed)|failed to init.*psram",
        "the build has the wrong kind of PSRAM, octal or quad: name the board that it is with --board",
    ),
    _symptom(
        "mount or partition errors",
        r"partition cfg cannot be opened|failed to (verify|find|load) partition|partition table.*(invalid|mismatch)|"
        r"littlefs.*(mount|corrupt)|mount failed|invalid magic byte",
        "what an older partition table left in flash: `archive flash --erase` once; it wipes Wi-Fi and key too",
    ),
    _symptom(
        "no room in the image",
        r"text section exceeds|sketch too big|will not fit in region",
        "the image is larger than its place in flash: use the firmware as it comes, or take out what you put in",
    ),
    _symptom(
        "no network",
        r"dial tcp|no such host|error (down|re)?loading|download.* failed|tls handshake|connection refused|i/o timeout",
        "the compiler and the core are downloaded the first time, and that failed: is this computer online?",
    ),
    _symptom(
        "unknown profile",
        r"profile .* not found|unknown flag: --profile|unknown flag: --json",
        "this arduino-cli is older than 1.1.0: get a newer one",
    ),
    _symptom(
        "no room on this computer",
        r"no space left on device",
        "the disk of this computer is full: the core needs some 6 GB the first time",
    ),
)


def cure_for(output: str) -> Symptom | None:
    """What *output*, of arduino-cli or of a board that starts, is a sign of."""
    return next((symptom for symptom in SYMPTOMS if symptom.pattern.search(output)), None)


class Port(NamedTuple):
    """A serial port that has something on it."""

    address: str  # such as /dev/ttyACM0
    name: str  # of the board as far as arduino-cli can tell, or of the port
    core_name: str  # the board's name in the core, as far as arduino-cli can tell: `esp32_family` is any
    serial_number: str  # of the USB device; empty where it has none


# What `arduino-cli board list --json` says, as far as we read it.
class _PortSaid(msgspec.Struct):
    address: str
    label: str = ""
    protocol: str = ""
    properties: dict[str, str] | None = None


class _Matching(msgspec.Struct):
    name: str = ""
    fqbn: str = ""


class _Found(msgspec.Struct):
    port: _PortSaid
    matching_boards: list[_Matching] | None = None


class _Listing(msgspec.Struct):
    detected_ports: list[_Found] | None = None


class Command(NamedTuple):
    """One command of arduino-cli, as a person could type it."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return shlex.join(self.words)


def compile_command(folder: Path, profile: str) -> Command:
    """Compile the sketch in *folder*. The first time, the pinned core is downloaded."""
    return Command((PROGRAM, "compile", "--profile", profile, _readable(folder)))


def upload_command(folder: Path, profile: str, port: str, *, erase: bool = False, slow: bool = False) -> Command:
    """Put what was compiled on the board at *port*; with *erase* everything else there goes, settings and keys too."""
    # The properties that the menus EraseFlash and UploadSpeed set: a profile fixes the menus, not these.
    more = [("--upload-property", "upload.erase_cmd=-e")] if erase else []
    more += [("--upload-property", "upload.speed=115200")] if slow else []
    options = [word for pair in more for word in pair]
    return Command((PROGRAM, "upload", "--profile", profile, "-p", port, *options, _readable(folder)))


def require_arduino_cli() -> None:
    """Raises ConfigError, which says how to get it, where arduino-cli is missing."""
    if shutil.which(PROGRAM) is None:
        raise ConfigError(HOW_TO_GET_IT)


async def run(command: Command, say: Callable[[str], None]) -> list[str]:
    """Run *command*; each line of its output to *say* as it comes. Its last lines. Raises FlashFailed with the cure."""
    ended = await programs.run(command.words, say)
    if ended.status != 0:
        raise FlashFailed(_why(command, ended))
    return ended.lines


def require_image_fits(output: Sequence[str]) -> None:
    """Hold the size that the compiler told against the app slot. Raises FlashFailed."""
    sizes = [int(match[1]) for line in output if (match := re.search(r"Sketch uses (\d+) bytes", line))]
    if sizes and sizes[-1] > IMAGE_MAX_BYTES:
        raise FlashFailed(
            f"the image has {sizes[-1]} bytes, and its slot in flash {IMAGE_MAX_BYTES}: it would not start. "
            "Use the firmware as it comes, or take out what you put in"
        )


async def ports() -> list[Port]:
    """Every serial port on which there is something. Raises FlashFailed."""
    command = Command((PROGRAM, "board", "list", "--json"))
    try:
        ended = await programs.run(command.words, lambda _: None, timeout_s=LISTING_TIMEOUT_S)
    except TimeoutError as exc:
        raise FlashFailed(
            f"`{command}` did not answer within {LISTING_TIMEOUT_S} s; name the port with --port"
        ) from exc
    if ended.status != 0:
        raise FlashFailed(_why(command, ended))
    try:
        listing = msgspec.json.decode("\n".join(ended.lines), type=_Listing)
    except msgspec.DecodeError as exc:
        raise FlashFailed(f"`{command}` said something unexpected; name the port with --port") from exc
    # A port without a USB id is the computer's own: there is nothing on it, or nothing of ours.
    return [
        _port(found)
        for found in listing.detected_ports or []
        if found.port.protocol == "serial" and found.port.properties
    ]


def _port(found: _Found) -> Port:
    board = found.matching_boards[0] if found.matching_boards else _Matching()
    return Port(
        address=found.port.address,
        name=board.name or found.port.label,
        core_name=board.fqbn.rpartition(":")[2],
        serial_number=(found.port.properties or {}).get("serialNumber", ""),
    )


def _why(command: Command, ended: programs.Ended) -> str:
    symptom = cure_for("\n".join(ended.lines))
    cure = symptom.cure if symptom else "the lines above are all that it said; docs/guide/flashing.md may know more"
    last = (f"  {line}" for line in ended.lines[-12:])
    return "\n".join([f"`{command}` failed ({ended.status}):", *last, f"What to do: {cure}."])


def _readable(folder: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(folder.relative_to(Path.cwd()))
    return str(folder)
