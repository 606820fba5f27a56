"""Builds the host tests of the firmware in a cache outside the tree, once per kind of machine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FIRMWARE = HERE.parents[1] / "firmware"
GOOGLETEST = Path("/usr/src/googletest/googletest/src/gtest-all.cc")

MACHINES = {
    "64": [],
    "32": ["-DFIRMWARE_BITS=32", "-DFIRMWARE_UNSIGNED_CHAR=ON"],  # size_t and char as the chip has them
}


def require(*programs: str) -> None:
    """Skips the test, and says so, when one of *programs* is not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"NOT RUN: not installed: {', '.join(missing)}")


def build_folder(name: str) -> Path:
    """Where to build *name*: the same folder every time, not in the tree and not another checkout's."""
    cache = os.environ.get("FIRMWARE_BUILD") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    checkout = hashlib.sha256(str(HERE).encode()).hexdigest()[:12]
    folder = Path(cache) / "camera-firmware" / checkout / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One at a time in *folder*, of all processes."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(
    *command: str | Path, stdin: str | None = None, timeout_s: float = 600, environ: dict[str, str] | None = None
) -> str:
    """What *command* says. Its failure is the test's, with all that it said."""
    done = subprocess.run(
        [str(word) for word in command],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **(environ or {})},
    )
    if done.returncode != 0:
        words = " ".join(str(word) for word in command)
        pytest.fail(f"{words}\nended with {done.returncode}:\n{done.stdout[-12_000:]}", pytrace=False)
    return done.stdout


def built(machine: str = "64") -> Path:
    """The folder with the test programs for *machine*, up to date. Skips, and says so, without the tools."""
    require("cmake", "g++")
    if not GOOGLETEST.exists():
        pytest.skip("NOT RUN: GoogleTest's sources are missing: apt-get install libgtest-dev")
    folder = build_folder(machine)
    if machine == "32" and not _makes_32_bits(folder):
        pytest.skip("NOT RUN: g++ cannot build for 32 bits: apt-get install g++-multilib")
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    with alone(folder):
        run("cmake", "-S", HERE, "-B", folder, *generator, *MACHINES[machine])
        run("cmake", "--build", folder, "--parallel", "2")
    return folder


def _makes_32_bits(folder: Path) -> bool:
    command = ["g++", "-m32", "-fsanitize=address,undefined", "-x", "c++", "-", "-o", str(folder / "probe32")]
    program = "#include <string>\nint main() { return static_cast<int>(std::string().size()); }\n"
    return subprocess.run(command, input=program, capture_output=True, text=True, check=False).returncode == 0
