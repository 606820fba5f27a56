"""Camera twins for tests: building one, running it, and reading what it says of its frames."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from pathlib import Path

from archive import twin
from tests.firmware.building import require

_TOLD = re.compile(r"^[DW] (taken|lost) ([0-9a-f]{16}) (\d+)", re.MULTILINE)


def build_twin() -> Path:
    """The program `camera-twin`, built as `archive twin` builds it. Skips, aloud, without the tools."""
    require("cmake", "g++")
    return asyncio.run(twin.build(lambda _: None))


class Twin:
    """One run of the twin; runs on the same *spool* are one camera across power cuts."""

    def __init__(self, program: Path, spool: Path, log: Path, *words: object) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(program), "--spool", str(spool), "--log", "debug", *map(str, words)], stdout=out, stderr=out
            )

    def wait(self, timeout_s: float) -> int | None:
        """Its exit status; None when it is still running after *timeout_s*."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """As a power cut."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def told(log: Path) -> dict[str, set[int]]:
    """Every number that the runs of *log* told of, by boot."""
    numbers: dict[str, set[int]] = {}
    for match in _TOLD.finditer(log.read_text("utf-8", "replace")):
        numbers.setdefault(match[2], set()).add(int(match[3]))
    return numbers


def wait_until_taken(log: Path, frames: int, twin: Twin, timeout_s: float) -> None:
    """Return when the runs of *log* have taken *frames*, or *twin* has ended, or *timeout_s* are over."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and twin.process.poll() is None:
        if sum(map(len, told(log).values())) >= frames:
            return
        time.sleep(0.02)
