"""The camera's core keeps its promises on this machine, on one of 32 bits, and to the chip's own compiler."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.firmware.building import FIRMWARE, HERE, MACHINES, alone, build_folder, built, require, run

CORE = sorted((FIRMWARE / "src" / "core").glob("*.cpp"))

# Debian's C++ headers for another chip, of the same GCC; they fit.
XTENSA = "xtensa-lx106-elf-g++"
XTENSA_CPP = Path("/usr/include/newlib/c++/12.2.1")
XTENSA_C = Path("/usr/lib/xtensa-lx106-elf/include")


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("machine", MACHINES)
def test_the_core_holds_under_the_sanitizers(machine: str) -> None:
    """Every *_test.cpp passes, built with every warning as an error, under ASan and UBSan."""
    if machine == "32" and not os.environ.get("FIRMWARE_WIDE"):
        pytest.skip(f"NOT RUN at {machine} bits, which takes minutes to build: make firmware")
    folder = built(machine)

    said = run("ctest", "--test-dir", folder, "--output-on-failure", "--parallel", "2", "--no-tests=error")

    assert "100% tests passed" in said


@pytest.mark.timeout(300)
def test_the_core_compiles_for_xtensa() -> None:
    """The chip's compiler finds nothing wrong with the core: its types have other widths and names than a desktop's."""
    require(XTENSA)
    if not (XTENSA_CPP.exists() and XTENSA_C.exists()):
        pytest.skip("NOT RUN: headers missing: apt-get install picolibc-xtensa-lx106-elf libstdc++-arm-none-eabi-dev")

    said = run(
        *(XTENSA, "-mabi=windowed", "-fsyntax-only", "-std=c++17", "-fno-exceptions", "-fno-rtti"),
        *("-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror"),
        *("-isystem", XTENSA_CPP, "-isystem", XTENSA_CPP / "arm-none-eabi", "-isystem", XTENSA_C),
        # As in Espressif's compiler: a %u for a uint32_t is wrong there.
        *("-U__INT32_TYPE__", "-D__INT32_TYPE__=long int", "-U__UINT32_TYPE__", "-D__UINT32_TYPE__=long unsigned int"),
        *CORE,
    )

    assert said == ""


def test_the_core_includes_the_standard_library_and_itself_only() -> None:
    """What would tie a decision to a chip or an operating system is found by its include."""
    own = {path.name for path in (FIRMWARE / "src" / "core").iterdir()}
    foreign = [
        f"{path.name}: {line}"
        for path in (FIRMWARE / "src" / "core").iterdir()
        for line in path.read_text("utf-8").splitlines()
        if line.startswith("#include")
        and not (line.split()[1].strip('"') in own or (line.split()[1].startswith("<") and "." not in line.split()[1]))
    ]

    assert foreign == []


@pytest.mark.timeout(300)
def test_libfuzzer_breaks_no_parser() -> None:
    """Ten seconds of inputs grown by coverage, where there is a clang; the seeded loop of fuzz_test runs everywhere."""
    clang = next(
        (name for name in ("clang++", *(f"clang++-{n}" for n in range(20, 13, -1))) if shutil.which(name)), None
    )
    if clang is None:
        pytest.skip("NOT RUN: libFuzzer needs clang; fuzz_test's own loop has run instead")
    folder = build_folder("libfuzzer")
    with alone(folder):
        run(
            *(clang, "-std=c++17", "-O1", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"),
            *("-I", FIRMWARE / "src", "-I", HERE, "-o", folder / "fuzz", HERE / "libfuzzer.cc"),
            *(FIRMWARE / "src" / "core" / f"{part}.cpp" for part in ("Address", "Contract", "Fields", "Reply", "Text")),
        )
        said = run(folder / "fuzz", "-max_total_time=10", "-max_len=4096", "-seed=1", f"-artifact_prefix={folder}/")

    assert "Done" in said
