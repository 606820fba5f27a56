"""The twin: the camera's own code built for this computer, a real camera without hardware."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from archive import programs
from archive.errors import ArchiveError, ConfigError
from archive.firmware import firmware_folder

BUILD_TIMEOUT_S = 600
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 10


class TwinFailed(ArchiveError):
    """The twin could not be built or started; the text says why."""


def cache_folder() -> Path:
    """Where twins are built and where their spools lie: nothing there is needed by an archive."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "esp32-camera-archive"


async def build(say: Callable[[str], None]) -> Path:
    """The program, built anew where its sources changed. Raises ConfigError without the tools, TwinFailed."""
    missing = [program for program in ("cmake", "g++") if shutil.which(program) is None]
    if missing:
        raise ConfigError(
            f"the twin is built on this computer and {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            "missing: as root, apt-get install cmake g++ make (on a Mac: xcode-select --install, brew install cmake)"
        )
    sources = firmware_folder() / "twin"
    folder = (
        cache_folder() / f"twin-{hashlib.sha256(bytes(sources)).hexdigest()[:12]}"
    )  # CMake wants one for each place
    folder.mkdir(parents=True, exist_ok=True)
    await _run(("cmake", "-S", str(sources), "-B", str(folder)), say)
    await _run(("cmake", "--build", str(folder), "--parallel"), say)
    return folder / "camera-twin"


async def _run(words: Sequence[str], say: Callable[[str], None]) -> None:
    try:
        ended = await programs.run(words, say, timeout_s=BUILD_TIMEOUT_S)
    except TimeoutError as exc:
        raise TwinFailed(f"building the twin took longer than {BUILD_TIMEOUT_S} s") from exc
    if ended.status != 0:
        raise TwinFailed("\n".join(["the twin could not be built:", *ended.lines[-15:]]))


class RunningTwin:
    """A twin that runs; `port` is the pseudo-terminal that stands for its serial port."""

    def __init__(self, process: asyncio.subprocess.Process, port: str) -> None:
        self._process = process
        self.port = port

    async def lines(self) -> AsyncIterator[str]:
        """What it says, until it ends."""
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        async for raw in self._process.stdout:
            yield raw.decode("utf-8", "replace").rstrip()

    def press(self) -> None:
        """Its first button."""
        self._process.send_signal(signal.SIGUSR1)

    async def wait(self) -> int:
        """Its exit status."""
        return await self._process.wait()


@contextlib.asynccontextmanager
async def running(program: Path, *words: str) -> AsyncIterator[RunningTwin]:
    """A twin as *program* with these words on its command line, for as long as inside. Raises TwinFailed."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield RunningTwin(process, await _port_of(process))
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _port_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    said: list[str] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_TIMEOUT_S):
            async for raw in process.stdout:
                said.append(raw.decode("utf-8", "replace").rstrip())
                if match := re.fullmatch(r"serial (\S+)", said[-1]):
                    return match[1]
    own_words = [line.removeprefix("camera-twin: ") for line in said if line.startswith("camera-twin: ")]
    raise TwinFailed("\n".join(["the twin did not start:", *(own_words or said[-5:])]))
