"""Programs for tests that need no CMake: compiled two files at a time, and only what has changed since the last run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.firmware.building import FIRMWARE, HERE, alone, build_folder, require, run

STUBS = HERE / "stubs"
SRC = FIRMWARE / "src"

# As the board's compiler: its dialect, exceptions on, RTTI off.
DIALECT = ["-std=gnu++2b", "-fexceptions", "-fno-rtti", "-DESP_PLATFORM", "-isystem", str(STUBS)]
MBEDTLS = ["-lmbedtls", "-lmbedx509", "-lmbedcrypto", "-lpthread"]


def require_mbedtls() -> None:
    """Skips the test, and says so, where the real mbedTLS is missing."""
    if not Path("/usr/include/mbedtls/ssl.h").exists():
        pytest.skip("NOT RUN: the camera's TLS was not compiled: apt-get install libmbedtls-dev")


def compiled(name: str, sources: Sequence[Path], *flags: str, libraries: Sequence[str] = ()) -> Path:
    """The program *name* made of *sources*, up to date."""
    require("g++")
    folder = build_folder(name)
    headers = [*SRC.rglob("*.h"), *HERE.rglob("*.h"), *FIRMWARE.glob("*.ino"), Path(__file__)]
    newest = max(header.stat().st_mtime for header in headers)
    with alone(folder):
        objects = [folder / f"{source.parent.name}-{source.stem}.o" for source in sources]

        def compile_one(source: Path, target: Path) -> bool:
            if target.exists() and target.stat().st_mtime > max(newest, source.stat().st_mtime):
                return False
            run("g++", *flags, "-c", source, "-o", target)
            return True

        with ThreadPoolExecutor(2) as pool:
            fresh = list(pool.map(compile_one, sources, objects))
        program = folder / name
        if any(fresh) or not program.exists():
            run("g++", *flags, *objects, "-o", program, *libraries)
    return program
