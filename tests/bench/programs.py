"""The programs a measurement runs: compiled clients and baselines, and servers whose CPU and memory can be read."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec
import psutil

OPEN = ("--open-uploads", "--public")
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "bench"
FIRMWARE = ROOT / "firmware"
C = ("cc", "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
CPP = (
    *("g++", "-O2", "-std=c++17", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
    *("-fno-exceptions", "-fno-rtti"),  # as on the chip
)
# Every store calls a function, as for the kernel's address sanitizer, and every memcpy is led through copies.cpp.
COUNTED = (
    *("-fno-builtin", "-fsanitize=kernel-address", "--param=asan-instrumentation-with-call-threshold=0"),
    *("--param=asan-instrument-reads=0", "--param=asan-stack=0", "--param=asan-globals=0"),
    "-Wl,--wrap=memcpy,--wrap=memmove",
)
CAMERA = (
    *sorted(FIRMWARE.glob("src/core/*.cpp")),
    *sorted(FIRMWARE.glob("src/port/*.cpp")),
    *(FIRMWARE / "twin" / f"{part}.cpp" for part in ("Terminal", "TwinClock", "TwinMachine")),
)
START_TIMEOUT_S = 60.0
SETTLE_TIMEOUT_S = 60.0


class MeasureError(Exception):
    """This figure could not be measured; the others still can."""


class Program(NamedTuple):
    """How one program is compiled."""

    compiler: tuple[str, ...]
    sources: tuple[Path, ...]
    libraries: tuple[str, ...] = ()


PROGRAMS = {
    "bare": Program(C, (HERE / "bare.c",), ("-lturbojpeg", "-lpthread")),
    "thumb": Program(C, (HERE / "thumb.c",), ("-lturbojpeg",)),
    "load": Program(C, (HERE / "load.c",)),
    "listeners": Program(C, (HERE / "listeners.c",)),
    "uplink": Program(CPP, (HERE / "uplink.cpp", *CAMERA), ("-lpthread",)),
    "copies": Program((*CPP, *COUNTED), (HERE / "uplink.cpp", HERE / "copies.cpp", *CAMERA), ("-lpthread",)),
}


def build() -> None:
    """Compile the programs that are older than their source. Raises MeasureError with the compiler's words."""
    BUILD.mkdir(parents=True, exist_ok=True)
    headers = [*HERE.glob("*.h"), *FIRMWARE.glob("src/*/*.h"), *FIRMWARE.glob("twin/*.h")]
    for name, (compiler, sources, libraries) in PROGRAMS.items():
        made = BUILD / name
        if made.exists() and made.stat().st_mtime > max(path.stat().st_mtime for path in (*sources, *headers)):
            continue
        ran = subprocess.run([*compiler, "-o", made, *sources, *libraries], capture_output=True, text=True, check=False)
        if ran.returncode:
            raise MeasureError(f"{name} does not compile (g++ and libturbojpeg0-dev are needed):\n{ran.stderr}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Server:
    """A server process on a port of its own, up from `with` to its end."""

    def __init__(
        self,
        command: Callable[[int], Sequence[str | Path]],
        *,
        environ: dict[str, str] | None = None,
        folder: Path | None = None,
        core: int | None = None,
    ) -> None:
        self.port = free_port()
        self.folder = folder
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        self._command = [*pinned, *map(str, command(self.port))]
        self._environ = os.environ | (environ or {})
        self._log = BUILD / f"{Path(self._command[-1]).stem}-{self.port}.log"
        self.start_s = 0.0

    def __enter__(self) -> Self:
        began = time.monotonic()
        with self._log.open("wb") as log:
            self._popen = subprocess.Popen(
                self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._environ, cwd=ROOT
            )
        self._process = psutil.Process(self._popen.pid)
        while not self._answers():
            if self._popen.poll() is not None or time.monotonic() - began > START_TIMEOUT_S:
                said = self._log.read_text(errors="replace")[-600:]
                self.__exit__(None, None, None)
                raise MeasureError(f"{' '.join(self._command[:4])} … did not start: {said}")
            time.sleep(0.005)
        self.start_s = time.monotonic() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._popen.terminate()
        try:
            self._popen.wait(20)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._log.unlink()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def cpu_s(self) -> float:
        """CPU seconds of the process and its children so far, those ended included."""
        own = self._process.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for child in self._process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = child.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return float(total)

    def rss_bytes(self) -> int:
        """Resident memory of the server process itself, without its children."""
        return int(self._process.memory_info().rss)

    def settle(self) -> None:
        """Return once the server does nothing any more. Raises MeasureError when it never rests."""
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        before = self.cpu_s()
        while time.monotonic() < deadline:
            time.sleep(0.4)
            now = self.cpu_s()
            if now - before <= 0.02:
                return
            before = now
        raise MeasureError("the server did not come to rest")


def archive(folder: Path, *, core: int | None = None, makes_thumbnails: bool = True) -> Server:
    """Our own server on *folder*, open to uploads, with the default settings."""
    program: list[str | Path] = [Path(sys.executable).with_name("archive")]
    if not makes_thumbnails:
        program = [sys.executable, "-m", "tests.bench.keeping_server"]
    return Server(
        lambda port: [*program, "serve", folder, "--host", "127.0.0.1", "--port", str(port), *OPEN],
        environ={"ARCHIVE_LOG_LEVEL": "warning"},
        folder=folder,
        core=core,
    )


def bare(folder: Path, *, thumbnail_threads: int, is_synced: bool = True) -> Server:
    """The limit, on *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    sync = [] if is_synced else ["nosync"]
    return Server(lambda port: [BUILD / "bare", str(port), folder, str(thumbnail_threads), *sync], folder=folder)


def baseline(name: str, *arguments: str | Path) -> Server:
    """One of the Python baselines beside this file."""
    return Server(lambda port: [sys.executable, "-m", f"tests.bench.{name}", str(port), *arguments])


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What the load client saw."""

    requests: int
    failures: int
    seconds: float
    cpu_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float


def load(
    server: Server,
    *,
    connections: int,
    requests: int,
    photos: Sequence[Path] = (),
    expect: str = "answer=kept",
    core: int | None = None,
    **options: str | float | Path,
) -> Load:
    """Send *requests* to the server. Raises MeasureError when one is not answered as it should be."""
    command: list[str | Path] = [BUILD / "load", "--port", str(server.port), "--expect", expect]
    command += ["--connections", str(connections), "--requests", str(requests)]
    for photo in photos:
        command += ["--photo", photo]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    ran = subprocess.run([*pinned, *command], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise MeasureError(f"the load client failed: {ran.stderr.strip()[-600:]}")
    seen = msgspec.json.decode(ran.stdout, type=Load)
    if seen.failures:
        raise MeasureError(f"{seen.failures} of {requests} requests failed: {ran.stderr.strip()[-600:]}")
    return seen


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What many listeners have received so far."""

    least_frames: int
    frames: int
    bytes: int
    last_frame_s: float
    cpu_s: float


class Listeners:
    """*count* listeners in a process of their own, the last *stuck* of which never read; up from `with` to its end."""

    def __init__(self, server: Server, count: int, *, stuck: int = 0, path: str = "/api/events") -> None:
        self._command: list[str | Path] = [BUILD / "listeners", str(server.port), path, str(count), str(stuck)]

    def __enter__(self) -> Self:
        self._popen = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._popen.communicate()

    def heard(self) -> Heard:
        assert self._popen.stdin
        self._popen.stdin.write("\n")
        self._popen.stdin.flush()
        return self._read()

    def wait_for(self, frames: int) -> Heard:
        """Return once every listener has received *frames*. Raises MeasureError when that never happens."""
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        while (heard := self.heard()).least_frames < frames:
            if time.monotonic() > deadline:
                raise MeasureError(f"a listener received {heard.least_frames} of {frames} events")
            time.sleep(0.02)
        return heard

    def _read(self) -> Heard:
        assert self._popen.stdout
        line = self._popen.stdout.readline()
        if not line:
            raise MeasureError("a listener was refused or hung up on")
        return msgspec.json.decode(line, type=Heard)


def installed(name: str) -> str | None:
    """Where a program is, if it is."""
    return shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
