"""A disk that remembers every write, flush and mark in order, so that a test can cut its power at any of them.

A FUSE file system with two files, served by a process of its own (this file, run as a program), one request at a time:
`disk`, whose writes and fsyncs are appended to a log, and `mark`, where setting an attribute appends a mark. A loop
device lies on `disk`, ext4 on the loop device, and what is tested on ext4. All three kinds of record pass through one
thread, so the log's order is the order in which things happened.

Why not the kernel's dm-log-writes: few kernels carry it. Why writes after the last flush may be lost, torn or
reordered: a disk with a write cache promises no more.
"""

import errno
import mmap
import os
import random
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Literal

DISK_BYTES = 160 * 2**20
PIECE_BYTES = 4096  # what a disk writes whole
START = b"start"
PREFIX = "archive-blocklog-"

_HEAD = struct.Struct("<cQI")  # kind, offset, how many bytes follow
_WRITE, _FLUSH, _MARK = b"w", b"f", b"m"

Fate = Literal["lost", "kept", "some"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the log: a write (with its place in the log file), a flush, or a mark."""

    kind: bytes
    offset: int
    at: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One power cut: after the first `after` records, and what became of the writes since the last flush."""

    after: int
    fate: Fate
    seed: int

    def __str__(self) -> str:
        return f"cut after record {self.after}, unflushed writes {self.fate} (seed {self.seed})"


def why_not() -> str | None:
    """Why this machine cannot record a disk, or None when nothing seems to be missing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "mounting needs root on Linux"
    missing = [
        program for program in ("losetup", "mkfs.ext4", "mount", "umount", "fusermount3") if not _program(program)
    ]
    missing += [device for device in ("/dev/fuse", "/dev/loop-control") if not Path(device).exists()]
    if find_spec("mfusepy") is None:
        missing.append("mfusepy (Python)")
    if missing:
        return f"missing here: {', '.join(missing)}"
    return _why_not_mount()


class Disk:
    """A fresh ext4 at `root`, every block write to which is recorded; `finish` gives the recording."""

    def __init__(self, root: Path, folder: Path, log: Path, unmount: Callable[[], None]) -> None:
        self.root = root
        self._mark_file = folder / "mark"
        self._log = log
        self._unmount = unmount

    def mark(self, text: bytes) -> None:
        """Put *text* into the log: everything the disk was told before stands before it."""
        os.setxattr(self._mark_file, "user.mark", text)

    def finish(self) -> "Recording":
        """Unmount, and read what was recorded. Whoever used `root` must be gone."""
        self._unmount()
        return Recording(self._log)


@contextmanager
def recorded_disk() -> Iterator[Disk]:
    """A `Disk`, cleaned up whatever happens; so are those that a killed run of ours left behind."""
    sweep()
    with ExitStack() as stack:
        folder = _working_folder()
        stack.callback(shutil.rmtree, folder)
        fuse, root, log = folder / "fuse", folder / "root", folder / "log"
        fuse.mkdir()
        root.mkdir()
        undo = stack.enter_context(ExitStack())
        with (folder / "daemon.txt").open("wb") as says:
            daemon = subprocess.Popen([sys.executable, __file__, folder], stdout=says, stderr=says)
        undo.callback(_end, daemon)
        undo.callback(_quietly, "fusermount3", "-u", "-z", fuse)
        _wait_for_file(fuse / "disk", daemon, folder / "daemon.txt")
        device = _run("losetup", "--find", "--show", fuse / "disk")
        undo.callback(_quietly, "losetup", "--detach", device)
        cache = Path("/sys/block", Path(device).name, "queue/write_cache").read_text("ascii").strip()
        if cache != "write back":  # then no flush would ever be sent, and nothing could be proven
            raise RuntimeError(f"{device} has a {cache!r} cache")
        _run("mkfs.ext4", "-q", "-E", "nodiscard,lazy_itable_init=1", device)
        _run("mount", "-t", "ext4", "-o", "nodiscard", device, root)  # a discard would pass the log by
        undo.callback(_unmount, root)
        yield Disk(root, fuse, log, undo.close)


class Recording:
    """What a disk was told, in order, and the disks that power cuts would have left of it."""

    def __init__(self, log: Path) -> None:
        with log.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.records: list[Record] = []
        at = 0
        while at < len(self._bytes):
            kind, offset, size_bytes = _HEAD.unpack_from(self._bytes, at)
            at += _HEAD.size
            self.records.append(Record(kind=kind, offset=offset, at=at, size_bytes=size_bytes))
            if kind != _FLUSH:
                at += size_bytes
        self._flushes = [place for place, record in enumerate(self.records) if record.kind == _FLUSH]
        self.marks = [
            (place, self._bytes[record.at : record.at + record.size_bytes])
            for place, record in enumerate(self.records)
            if record.kind == _MARK
        ]

    def __str__(self) -> str:
        return f"{len(self.records)} records, {len(self._flushes)} flushes, {len(self.marks)} marks"

    def marks_before(self, state: State) -> list[bytes]:
        """What had been marked when the power went."""
        return [text for place, text in self.marks if place < state.after and text != START]

    def choose(self, count: int, seed: int) -> list[State]:
        """*count* power cuts between START and the last mark, earliest first.

        A third falls right after a mark, a third right after a flush, a third anywhere: bugs of order sit near both.
        """
        rng = random.Random(seed)
        first = next(place for place, text in self.marks if text == START) + 1
        last = self.marks[-1][0] + 1
        places = (
            [place + 1 for place, text in self.marks if text != START] or [last],
            [place + 1 for place in self._flushes if first <= place < last] or [last],
            range(first, last + 1),
        )
        fates: tuple[Fate, ...] = ("lost", "some", "lost", "kept")
        states = [
            State(after=rng.choice(places[turn % 3]), fate=fates[turn // 3 % 4], seed=rng.getrandbits(32))
            for turn in range(count)
        ]
        return sorted(states, key=lambda state: state.after)

    def at_last_mark(self) -> State:
        """The power cut right after the last mark, with everything lost that may be."""
        return State(after=self.marks[-1][0] + 1, fate="lost", seed=0)

    def disks(self, states: Sequence[State]) -> Iterator[tuple[State, Path]]:
        """For each state, earliest first as given, an image file of the disk; it lives until the next one."""
        folder = _working_folder()
        try:
            rolling, image = folder / "rolling", folder / "image"
            with rolling.open("wb") as file:
                file.truncate(DISK_BYTES)
            done = 0
            with rolling.open("r+b", buffering=0) as file:
                for state in states:
                    flushes = bisect_right(self._flushes, state.after - 1)
                    flushed = self._flushes[flushes - 1] if flushes else 0
                    for record in self.records[done:flushed]:
                        self._write(file, record)
                    done = max(done, flushed)
                    _copy_sparse(rolling, image)
                    self._write_unflushed(image, self.records[flushed : state.after], state)
                    yield state, image
        finally:
            shutil.rmtree(folder)

    def close(self) -> None:
        self._bytes.close()

    def _write(self, file: BinaryIO, record: Record) -> None:
        if record.kind == _WRITE:
            os.pwrite(file.fileno(), self._bytes[record.at : record.at + record.size_bytes], record.offset)

    def _write_unflushed(self, image: Path, records: Sequence[Record], state: State) -> None:
        if state.fate == "lost":
            return
        rng = random.Random(state.seed)
        with image.open("r+b", buffering=0) as file:
            for record in records:
                if record.kind != _WRITE:
                    continue
                for begin in range(0, record.size_bytes, PIECE_BYTES):
                    if state.fate == "some" and rng.random() < 0.5:
                        continue
                    end = min(begin + PIECE_BYTES, record.size_bytes)
                    os.pwrite(file.fileno(), self._bytes[record.at + begin : record.at + end], record.offset + begin)


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """*image* as a machine finds it when its power is back: ext4 replays its journal. Raises CalledProcessError."""
    with ExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix=PREFIX + "mount-", dir=image.parent))
        stack.callback(root.rmdir)
        device = _run("losetup", "--find", "--show", image)
        stack.callback(_quietly, "losetup", "--detach", device)
        _run("mount", "-t", "ext4", "-o", "nodiscard", device, root)
        stack.callback(_unmount, root)
        yield root


def sweep() -> None:
    """Unmount and remove what runs of ours that were killed have left."""
    for base in _bases():
        for folder in base.glob(PREFIX + "[0-9]*"):
            owner = re.match(re.escape(PREFIX) + r"(\d+)-", folder.name)
            if owner is None or Path("/proc", owner[1]).exists():
                continue
            _undo_mounts(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _undo_mounts(folder: Path) -> None:
    loops = _run("losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE")
    table = Path("/proc/mounts").read_text("utf-8").splitlines()
    mounts = [line.split()[1:3] for line in table if line.split()[1].startswith(f"{folder}/")]
    for place, kind in reversed(mounts):
        if not kind.startswith("fuse"):
            _quietly("umount", "--lazy", place)
    for line in loops.splitlines():
        device, _, backing = line.strip().partition(" ")
        if backing.strip().startswith(f"{folder}/"):
            _quietly("losetup", "--detach", device)
    for place, kind in reversed(mounts):
        if kind.startswith("fuse"):
            _quietly("fusermount3", "-u", "-z", place)


def _bases() -> list[Path]:
    # Memory first: the images are rebuilt for every state, and a real disk's flushes would only cost time.
    memory = Path("/dev/shm")
    return [memory, Path(tempfile.gettempdir())] if memory.is_dir() else [Path(tempfile.gettempdir())]


def _working_folder() -> Path:
    base = next((base for base in _bases() if shutil.disk_usage(base).free > 4 * DISK_BYTES), _bases()[-1])
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))


def _why_not_mount() -> str | None:
    folder = _working_folder()
    try:
        image = folder / "try"
        with image.open("wb") as file:
            file.truncate(2 * 2**20)
        _run("mkfs.ext4", "-q", image)
        with mounted(image):
            return None
    except subprocess.CalledProcessError as exc:
        return f"{exc.cmd[0]} is not allowed here: {exc.stderr.strip()}"
    finally:
        shutil.rmtree(folder)


def _copy_sparse(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("wb") as written:
        size_bytes = os.fstat(read.fileno()).st_size
        written.truncate(size_bytes)
        end = 0
        while True:
            try:
                begin = os.lseek(read.fileno(), end, os.SEEK_DATA)
            except OSError as exc:
                if exc.errno == errno.ENXIO:  # no more data
                    return
                raise
            end = os.lseek(read.fileno(), begin, os.SEEK_HOLE)
            os.lseek(written.fileno(), begin, os.SEEK_SET)
            sent = begin
            while sent < end:
                sent += os.sendfile(written.fileno(), read.fileno(), sent, end - sent)


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _run(program: str, *arguments: str | Path) -> str:
    command = [_program(program) or program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.strip()


def _quietly(program: str, *arguments: str | Path) -> None:
    with suppress(subprocess.SubprocessError):
        _run(program, *arguments)


def _unmount(root: Path) -> None:
    # A process that was just reaped can hold a file for a moment longer.
    for _ in range(50):
        try:
            _run("umount", root)
        except subprocess.CalledProcessError:
            time.sleep(0.05)
        else:
            return
    _run("umount", "--lazy", root)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait(10)


def _wait_for_file(path: Path, daemon: subprocess.Popen[bytes], says: Path) -> None:
    until = time.monotonic() + 10
    while not path.exists():
        if daemon.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the recorded disk did not come up: {says.read_text('utf-8')}")
        time.sleep(0.01)


def _serve(folder: Path) -> None:
    # Imported here: loading it needs libfuse, and only the serving process has to have it.
    from mfusepy import FUSE, Operations  # type: ignore[import-untyped]  # noqa: PLC0415

    file_stat = {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_uid": 0, "st_gid": 0}
    stats: dict[str, dict[str, int]] = {
        "/": {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2, "st_size": 0},
        "/disk": file_stat | {"st_size": DISK_BYTES},
        "/mark": file_stat | {"st_size": 0},
    }

    class Recorder(Operations):  # type: ignore[misc] # the package has no types
        use_ns = True

        def __init__(self, backing: int, log: BinaryIO) -> None:
            self._backing = backing
            self._log = log

        def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:  # noqa: ARG002 - FUSE's signature
            if path not in stats:
                raise OSError(errno.ENOENT, path)
            return stats[path]

        def readdir(self, path: str, fh: int) -> list[str]:  # noqa: ARG002 - FUSE's signature
            return [".", "..", "disk", "mark"]

        def open(self, path: str, flags: int) -> int:  # noqa: ARG002 - FUSE's signature
            return 0

        def read(self, path: str, size: int, offset: int, fh: int) -> bytes:  # noqa: ARG002 - FUSE's signature
            return os.pread(self._backing, size, offset)

        def write(self, path: str, data: bytes, offset: int, fh: int) -> int:  # noqa: ARG002 - FUSE's signature
            self._log.write(_HEAD.pack(_WRITE, offset, len(data)))
            self._log.write(data)
            return os.pwrite(self._backing, data, offset)

        def fsync(self, path: str, datasync: int, fh: int) -> int:  # noqa: ARG002 - FUSE's signature
            self._log.write(_HEAD.pack(_FLUSH, 0, 0))
            return 0

        def setxattr(self, path: str, name: str, value: bytes, *options: int) -> int:  # noqa: ARG002 - FUSE's signature
            self._log.write(_HEAD.pack(_MARK, 0, len(value)))
            self._log.write(value)
            return 0

    options: dict[str, Any] = {"foreground": True, "nothreads": True, "fsname": "blocklog"}
    with (folder / "log").open("wb", buffering=2**20) as log, (folder / "backing").open("w+b") as backing:
        backing.truncate(DISK_BYTES)
        FUSE(Recorder(backing.fileno(), log), str(folder / "fuse"), **options)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
