"""Cameras send to an archive on a recorded disk; then the power is cut, at many moments, and each disk is looked at."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.crash.blocklog import START, Disk, Recording, State, mounted, recorded_disk
from tests.crash.cameras import Camera, Ledger, Name, client, post
from tests.crash.examine import violations
from tests.crash.server import ARCHIVE, Server

FOLDER = "archive"  # on the recorded disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What one recording holds: the disk's log, and the cameras that sent."""

    recording: Recording
    cameras: Sequence[Camera]

    def kept_before(self, state: State) -> dict[Name, str]:
        """What cameras had been told was kept when the power went."""
        marks = (json.loads(text) for text in self.recording.marks_before(state))
        return {Name(*name): digest for *name, digest in marks}

    def picture(self, name: Name) -> bytes:
        """The bytes of a frame that was sent."""
        return next(camera for camera in self.cameras if camera.boot == name.boot).picture(name.number)


@contextmanager
def recorded(says: Path, *, seed: int, answers: int, program: tuple[str, ...] = ARCHIVE) -> Iterator[Take]:
    """Four cameras sending to `archive serve`, recorded from when it listens to the *answers*-th `kept`."""
    cameras = [Camera(f"camera-{number}", seed) for number in range(4)]
    with recorded_disk() as disk:
        with Server(disk.root / FOLDER, says, program=program) as server:
            server.start()
            subprocess.run(["sync", "--file-system", disk.root], check=True, timeout=30)
            disk.mark(START)
            asyncio.run(_send(server, disk, cameras, answers))
        recording = disk.finish()
        try:
            yield Take(recording=recording, cameras=cameras)
        finally:
            recording.close()


async def _send(server: Server, disk: Disk, cameras: Iterable[Camera], answers: int) -> None:
    left = answers

    def mark(name: Name, digest: str) -> None:
        # Only now, with the answer read, must the frame be on the platter.
        nonlocal left
        disk.mark(json.dumps([*name, digest]).encode())
        left -= 1
        if left == 0:
            server.kill()

    async with asyncio.timeout(60), client(server.url) as session, asyncio.TaskGroup() as sending:
        for camera in cameras:
            sending.create_task(camera.send_on(session, Ledger(), mark))
    if left > 0:
        raise RuntimeError(f"the server ended {left} answers early, with {server.exit_status}: {server.said()}")


def findings(take: Take, states: Sequence[State]) -> Iterator[tuple[State, list[str]]]:
    """For each power cut, the promises that the disk it leaves breaks."""
    for state, image in take.recording.disks(states):
        try:
            with mounted(image) as root:
                yield state, violations(root / FOLDER, take.kept_before(state))
        except subprocess.CalledProcessError as exc:
            yield state, [f"{exc.cmd[0]} fails on this disk: {exc.stderr}"]


def findings_of_a_server(take: Take, state: State, says: Path) -> list[str]:
    """Start the archive on the disk that a power cut leaves and send everything again: what is not kept, or doubled."""
    before = take.kept_before(state)
    for _, image in take.recording.disks([state]):
        with mounted(image) as root, Server(root / FOLDER, says) as server:
            server.start()
            ledger = Ledger()
            asyncio.run(_send_again(server, take, before, ledger))
            server.kill()
            found = violations(server.folder, before)
            found += [f"not kept again: {name}" for name in before if name not in ledger.kept]
            return found
    raise AssertionError("one state is one disk")


async def _send_again(server: Server, take: Take, names: Iterable[Name], ledger: Ledger) -> None:
    async with asyncio.timeout(60), client(server.url) as session:
        for name in names:
            await post(session, ledger, name, take.picture(name))


def lost_in_two_steps(says: Path, *, seed: int, program: tuple[str, ...] = ARCHIVE) -> list[str]:
    """The two-step crash; what it loses.

    The server is killed when a commit is written to the log but not synced, before any answer. Started again it sees
    the row, for the kernel still has the pages; the frame is sent again and acknowledged. Then the power is cut.
    """
    camera = Camera("camera", seed)
    ledger = Ledger()
    with ExitStack() as stack:
        disk = stack.enter_context(recorded_disk())
        server = stack.enter_context(Server(disk.root / FOLDER, says, program=program))
        server.start()
        disk.mark(START)
        for _ in range(3):
            asyncio.run(_send_one(server, camera, ledger))
        asyncio.run(_kill_before_sync(server, camera, says.with_suffix(".strace")))
        server.start()
        if not asyncio.run(_send_one(server, camera, ledger)):
            raise RuntimeError(f"the frame was not kept after the restart: {ledger.answers}")
        disk.mark(b"answered")
        server.kill()
        recording = disk.finish()
        stack.callback(recording.close)
        for _, image in recording.disks([recording.at_last_mark()]):
            with mounted(image) as root:
                return violations(root / FOLDER, ledger.kept)
    raise AssertionError("one state is one disk")


async def _send_one(server: Server, camera: Camera, ledger: Ledger) -> bool:
    async with asyncio.timeout(30), client(server.url) as session:
        number = camera.number
        while camera.number == number:  # a camera may choose to repeat an older frame first
            if not await camera.send(session, ledger):
                return False
        return True


async def _kill_before_sync(server: Server, camera: Camera, says: Path) -> None:
    wal = server.folder / "index.db-wal"
    number = camera.number
    name = Name(camera.camera, camera.boot, number)
    ledger = Ledger()
    hold = ("-P", str(wal), "-e", "inject=fsync,fdatasync:delay_enter=20000000")
    with attached_strace(server.pid, says, *hold) as strace:
        async with asyncio.timeout(15), client(server.url) as session:
            sending = asyncio.create_task(_try(session, ledger, name, camera.picture(number)))
            try:
                while not _is_written(server.folder, name):
                    if sending.done():
                        raise RuntimeError(f"the sync was not held back: {ledger.answers}")
                    await asyncio.sleep(0.01)
            finally:
                os.kill(server.pid, signal.SIGKILL)
                strace.kill()  # or the server would be gone only when the time it is held for is over
                server.kill()
            await sending
    if ledger.kept:
        raise RuntimeError("the frame was acknowledged before its sync")


async def _try(session: aiohttp.ClientSession, ledger: Ledger, name: Name, body: bytes) -> None:
    with suppress(aiohttp.ClientError, OSError):
        await post(session, ledger, name, body)


def _is_written(folder: Path, name: Name) -> bool:
    """Whether a process that opens the index anew would see that frame."""
    with tempfile.TemporaryDirectory() as copy:
        for file in ("index.db", "index.db-wal"):
            shutil.copy(folder / file, copy)
        with closing(sqlite3.connect(Path(copy, "index.db"))) as index, suppress(sqlite3.DatabaseError):
            asked = "SELECT 1 FROM frames JOIN boots ON boots.no = boot_no WHERE boot = ? AND number = ?"
            return index.execute(asked, (name.boot, name.number)).fetchone() is not None
    return False


@contextmanager
def attached_strace(pid: int, says: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Every thread of *pid* is under strace, from when it holds them; what it prints goes to *says*."""
    attached = says.with_suffix(".attached")
    with attached.open("wb") as errors:
        strace = subprocess.Popen(["strace", "-f", "-y", "-o", says, *arguments, "-p", str(pid)], stderr=errors)
    try:
        until = time.monotonic() + 10
        while b"attached" not in attached.read_bytes():
            if strace.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"strace did not attach: {attached.read_text('utf-8')}")
            time.sleep(0.005)
        yield strace
    finally:
        strace.terminate()  # it lets go of the process
        strace.wait(30)


def why_no_strace(folder: Path) -> str | None:
    """Why strace cannot make calls fail here, or None when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        with attached_strace(sleeper.pid, folder / "strace.txt", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO"):
            return None
    except RuntimeError as exc:
        return str(exc)
    finally:
        os.kill(sleeper.pid, signal.SIGKILL)
        sleeper.wait(10)
