"""What touches the chip compiles against strict declarations of its API, and nothing in it is known to be wrong."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.firmware.building import FIRMWARE, HERE, require
from tests.firmware.compiling import DIALECT, STUBS, require_mbedtls

WRONG = sorted((HERE / "must_not_compile" / "esp").glob("*.cpp"))
SKETCH = FIRMWARE / "firmware.ino"
ESP = sorted((FIRMWARE / "src" / "esp").glob("*.cpp"))
PORTABLE = sorted([*(FIRMWARE / "src" / "core").glob("*.cpp"), *(FIRMWARE / "src" / "port").glob("*.cpp")])

# Ours, beside the dialect of the board's compiler.
WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wold-style-cast",
    "-Wnon-virtual-dtor",
    "-Werror",
]

INCLUDE = re.compile(r'^#include\s+(["<])([^">]+)[">]', re.MULTILINE)


def compiles(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """What g++ says of these files, without making anything of them."""
    command = ["g++", "-fsyntax-only", *DIALECT, *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})


def reaches_mbedtls(source: Path) -> bool:
    """Whether this file, or a header of ours that it includes, needs the real mbedTLS."""
    listed = subprocess.run(["g++", "-MM", "-MG", *DIALECT, source], check=True, capture_output=True, text=True).stdout
    return "EspTls.h" in listed or "mbedtls/x509" in listed or "mbedtls/ssl" in listed


@pytest.fixture(name="bits", params=["64", "32"])
def _bits(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    flag = f"-m{request.param}"
    probe = tmp_path / "probe.cpp"
    probe.write_text("#include <cstdio>\n")
    if compiles(flag, probe).returncode != 0:
        pytest.skip(f"NOT RUN: no compiler for {request.param} bits, which the chip has: apt-get install g++-multilib")
    return flag


@pytest.fixture(autouse=True)
def _compiler() -> None:
    require("g++")


@pytest.mark.parametrize("source", ESP, ids=lambda source: source.name)
def test_what_touches_the_chip_compiles(source: Path, bits: str) -> None:
    """Every name exists in the API and every argument fits, at the desktop's width and at the chip's."""
    if reaches_mbedtls(source):
        require_mbedtls()

    assert compiles(bits, *WARNINGS, source).stderr == ""


def test_the_sketch_compiles_as_arduino_joins_it(tmp_path: Path) -> None:
    """Arduino.h before it, prototypes after its includes, and a name that ends in .cpp."""
    require_mbedtls()
    text = SKETCH.read_text("utf-8")
    end = [match.end() for match in INCLUDE.finditer(text)][-1]
    joined = tmp_path / "firmware.ino.cpp"
    joined.write_text(f"#include <Arduino.h>\n{text[:end]}\nvoid setup();\nvoid loop();\n{text[end:]}")

    assert compiles(*WARNINGS, "-I", FIRMWARE, joined).stderr == ""


def test_what_is_portable_compiles_in_the_boards_dialect() -> None:
    """The core is C++17 on the desktop; on the board the same files are gnu++2b."""
    assert PORTABLE

    assert compiles("-Wall", "-Wextra", "-Werror", *PORTABLE).stderr == ""


@pytest.mark.parametrize("program", WRONG, ids=lambda program: program.stem)
def test_a_wrong_call_does_not_compile(program: Path) -> None:
    """Each program is refused for the reason in its first line, and for nothing else: put right, it compiles."""
    (reason,) = re.findall(r"^// refused: (.+)$", program.read_text("utf-8"), re.MULTILINE)

    wrong, right = compiles("-Wall", "-Werror", program), compiles("-Wall", "-Werror", "-DRIGHT", program)

    assert wrong.returncode != 0
    assert reason in wrong.stderr
    assert right.stderr == ""


def test_no_stub_declares_what_nobody_calls() -> None:
    """A stub proves something about the calls we make; more of it would only be copying."""
    users = "".join(path.read_text("utf-8") for path in [SKETCH, *(FIRMWARE / "src" / "esp").iterdir(), *WRONG])
    kept = {"setup", "loop", "getArduinoLoopTaskStackSize"}
    unused = []
    for stub in sorted(STUBS.rglob("*.h")):
        text = re.sub(r"//.*|\\\n|^#.*$|__attribute__\(\(.*?\)\)+", "", stub.read_text("utf-8"), flags=re.MULTILINE)
        classes = set(re.findall(r"class (\w+)", text)) | {"String"}
        for name in re.findall(r"\b(\w+)\((?!\*)[^;{}]*\)[^;{}]*;", text):
            is_operator = name.startswith("operator") or name in {"decltype", "function", "uint32_t"}
            if is_operator or name in classes or name in kept:
                continue
            if not re.search(rf"\b{name}\b", users):
                unused.append(f"{stub.relative_to(STUBS)}: {name}")
    assert not unused, "\n".join(unused)


def test_no_stub_header_stands_idle() -> None:
    """Every stub is included by the firmware, by a program that must not compile, or by another stub."""
    sources = [SKETCH, *(FIRMWARE / "src" / "esp").iterdir(), *WRONG, *STUBS.rglob("*.h")]
    included = {name for path in sources for _, name in INCLUDE.findall(path.read_text("utf-8"))}

    for stub in STUBS.rglob("*.h"):
        name = stub.relative_to(STUBS).as_posix()
        assert name in included or stub.name in included, name


def test_the_sketch_is_setup_and_loop_and_nothing_else() -> None:
    """All else has a file of its own, which the desktop can compile."""
    functions = re.findall(r"^[\w:<>&* ]+\b(\w+)\([^)]*\) *\{", SKETCH.read_text("utf-8"), re.MULTILINE)

    assert functions == ["setup", "loop"]
    assert [path.name for path in FIRMWARE.glob("*.ino")] == ["firmware.ino"]
    assert not list((FIRMWARE / "src").rglob("*.ino"))


def test_every_include_travels_with_the_sketch() -> None:
    """Arduino copies the folder elsewhere, leaves .inc files behind, and looks into its root before the core."""
    for path in [SKETCH, *(FIRMWARE / "src").rglob("*.h"), *(FIRMWARE / "src").rglob("*.cpp")]:
        for quote, name in INCLUDE.findall(path.read_text("utf-8")):
            if quote == "<":
                continue
            target = (path.parent / name).resolve()
            assert target.is_file(), f"{path.name}: {name}"
            assert target.suffix == ".h", f"{path.name}: {name}"
            assert target.is_relative_to(FIRMWARE / "src"), f"{path.name}: {name}"
    assert {path.name for path in FIRMWARE.glob("*.h")} == {"build_opt.h"}


def test_only_src_esp_knows_the_chip() -> None:
    """Core is the standard library, port is POSIX; neither has heard of Arduino or ESP-IDF."""
    ours = {path.relative_to(STUBS).as_posix() for path in STUBS.rglob("*.h")}
    for folder in ("core", "port"):
        for path in (FIRMWARE / "src" / folder).iterdir():
            included = {name for _, name in INCLUDE.findall(path.read_text("utf-8"))}
            assert not included & ours, path.name
            assert not any("esp/" in name or "mbedtls" in name for name in included), path.name


def test_build_options_are_one_flag_a_line() -> None:
    """The compiler reads the file as arguments: no comments, no blanks, nothing that a space would split."""
    lines = (FIRMWARE / "build_opt.h").read_text("utf-8").splitlines()

    assert lines
    assert all(re.fullmatch(r"-[\w=+-]+", line) for line in lines)


def test_the_portals_form_is_what_it_reads_and_shows_no_secret() -> None:
    """Every field of the page is read and every argument has a field; none comes filled in, secrets are not shown."""
    portal = (FIRMWARE / "src" / "esp" / "EspPortal.cpp").read_text("utf-8")
    fields = re.findall(r"<(?:input|select|textarea)\b[^>]*\bname=(\w+)([^>]*)>", portal)

    assert {name for name, _ in fields} == set(re.findall(r'pages_\.arg\("(\w+)"\)', portal))
    assert {name for name, rest in fields if "type=password" in rest} == {"password", "key"}
    assert "value=" not in portal


def test_no_secret_is_in_the_source() -> None:
    """No password, key or network is compiled in, and no default one exists."""
    pattern = re.compile(r'(?i)\b(ssid|password|passphrase|secret|key|token)\w*\s*(?:=|\{)\s*"[^"]+"')
    for path in [SKETCH, *(FIRMWARE / "src").rglob("*.h"), *(FIRMWARE / "src").rglob("*.cpp")]:
        assert not pattern.search(re.sub(r"//.*", "", path.read_text("utf-8"))), path.name
