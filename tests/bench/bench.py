"""What every measurement needs: a folder, photographs, the number of rounds, and fairness between two ways."""

import itertools
import os
import platform
import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import PIL
import psutil
from PIL import features

from tests.bench.photos import make_photos
from tests.bench.programs import SETTLE_TIMEOUT_S, MeasureError

FREE_FLOOR_BYTES = 2 * 10**9

T = TypeVar("T")


class Bench:
    """One run of the benchmark, in a *folder* of its own."""

    def __init__(self, folder: Path, *, rounds: int, is_quick: bool, step: Callable[[str], None]) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._step = step
        self.rounds = rounds
        self.is_quick = is_quick

    def folder(self, name: str) -> Path:
        """A new folder. Nothing is deleted before the whole run ends: deleting slows down what is measured next."""
        self.require_room()
        folder = self._folder / f"{next(self._numbers)}-{name}"
        folder.mkdir(parents=True)
        return folder

    def photos(self, kind: str) -> list[Path]:
        folder = self._folder / "photos"
        folder.mkdir(exist_ok=True)
        return make_photos(folder, kind)

    def amount(self, full: int) -> int:
        """*full*, or a fifth of it in a quick run."""
        return full // 5 if self.is_quick else full

    def require_room(self) -> None:
        """Raises MeasureError before the disk gets full."""
        free = shutil.disk_usage(self._folder).free
        if free < FREE_FLOOR_BYTES:
            raise MeasureError(f"only {free / 1e9:.1f} GB are free; {FREE_FLOOR_BYTES / 1e9:.0f} GB must stay so")

    def alternate(self, ways: dict[str, Callable[[], T]]) -> dict[str, list[T]]:
        """Each way's figures, one per round; every other round in reverse, so that no way always comes first."""
        seen: dict[str, list[T]] = {name: [] for name in ways}
        for number in range(self.rounds):
            for name in list(ways) if number % 2 == 0 else list(reversed(ways)):
                self.require_room()
                self._step(f"{name}, round {number + 1} of {self.rounds}")
                seen[name].append(ways[name]())
        return seen


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def wait_until(is_so: Callable[[], bool], what: str, *, every_s: float = 0.02) -> None:
    """Return once *is_so*. Raises MeasureError, saying *what*, when that never happens."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise MeasureError(what)
        time.sleep(every_s)


class Noise:
    """What else the machine did while we measured."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._before = psutil.cpu_times()

    def facts(self) -> list[str]:
        now = psutil.cpu_times()
        passed = sum(now[:8]) - sum(self._before[:8])
        steal = (getattr(now, "steal", 0.0) - getattr(self._before, "steal", 0.0)) / passed if passed else 0.0
        return [
            f"load average at the start {self._load:.2f}; {steal:.1%} of the processor time stolen by other machines"
        ]


def machine_facts(folder: Path) -> list[str]:
    """The kind of machine and the versions, without naming the machine."""
    mounts = sorted(psutil.disk_partitions(all=True), key=lambda mount: len(mount.mountpoint))
    kind = next((mount.fstype for mount in reversed(mounts) if folder.is_relative_to(mount.mountpoint)), "unknown")
    cores, memory_gb = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    kernel = platform.release().split("-")[0]
    versions = {
        "Python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "Pillow": PIL.__version__,
        "libjpeg-turbo in it": features.version("libjpeg_turbo"),
        "SQLite": sqlite3.sqlite_version,
        "SQLAlchemy": version("SQLAlchemy"),
    }
    return [
        f"{cores} cores, {memory_gb:.0f} GB of memory, {platform.system()} {kernel}, the archive on {kind}",
        ", ".join(f"{name} {number}" for name, number in versions.items()),
    ]
