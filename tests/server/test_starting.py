"""`archive serve` where it cannot start: exit status 1 and a sentence with the cure, each under its real condition."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from archive.app import INDEX_NAME
from archive.lock import FolderLock
from tests.conftest import READY_S, ArchiveServer
from tests.pictures import jpeg
from tests.server.serving import config_of, serving


def serve(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`archive serve` in a process of its own, until it ends by itself."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVE_")}
    environ = {f"ARCHIVE_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "archive", "serve", str(folder), "--host", "127.0.0.1", "--port", "0", *words],
        capture_output=True,
        check=False,
        text=True,
        timeout=READY_S,
        env={**clean, "ARCHIVE_DISK_FLOOR_BYTES": "0", "ARCHIVE_ANNOUNCE": "false", **environ},
    )


@pytest_asyncio.fixture(name="kept", scope="module", loop_scope="module")
async def _kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that an archive has filled and left."""
    folder = tmp_path_factory.mktemp("kept") / "archive"
    async with serving(config_of(folder)) as archive:
        assert (await archive.send(jpeg(), camera="garden")).status == 201
    return folder


@pytest.fixture(name="folder")
def _folder(kept: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(kept, tmp_path / "archive"))


@contextlib.contextmanager
def mounted(at: Path, *words: str | Path) -> Iterator[None]:
    """Something mounted, for a while."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT RUN: only root on Linux can mount")
    tried = subprocess.run(["mount", *words, at], check=False, capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"NOT RUN: nothing could be mounted: {tried.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", at], check=True)


@contextlib.contextmanager
def port_taken(folder: Path) -> Iterator[list[str]]:
    del folder
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield ["--port", str(taken.getsockname()[1])]


@contextlib.contextmanager
def in_use(folder: Path) -> Iterator[list[str]]:
    with FolderLock(folder):
        yield []


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[list[str]]:
    with mounted(folder, "--bind", folder):  # root may write anywhere but here
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield []


@contextlib.contextmanager
def anothers(folder: Path) -> Iterator[list[str]]:
    if os.geteuid() != 0:
        pytest.skip("NOT RUN: only root can give a file away")
    os.chown(folder / INDEX_NAME, 12_345, -1)
    yield []


@contextlib.contextmanager
def written_in_the_future(folder: Path) -> Iterator[list[str]]:
    os.utime(folder / INDEX_NAME, (time.time() + 2 * 86_400,) * 2)
    yield []


@contextlib.contextmanager
def of_a_newer_program(folder: Path) -> Iterator[list[str]]:
    with contextlib.closing(sqlite3.connect(folder / INDEX_NAME)) as index, index:
        index.execute("UPDATE alembic_version SET version_num = '9999'")
    yield []


@contextlib.contextmanager
def a_file(folder: Path) -> Iterator[list[str]]:
    shutil.rmtree(folder)
    folder.touch()
    yield []


@contextlib.contextmanager
def without_any_room(folder: Path) -> Iterator[list[str]]:
    shutil.rmtree(folder)
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        yield []


Hindrance = Callable[[Path], contextlib.AbstractContextManager[list[str]]]
HINDRANCES: dict[Hindrance, tuple[str, str]] = {
    port_taken: ("is taken by process", "archive serve --port "),
    in_use: ("is in use by process", "stop that first, or choose another folder"),
    read_only: ("is on a disk that is mounted read-only", "Mount it for writing, or choose another folder"),
    anothers: ("belongs to user 12345 and you are root", "chown -R root"),
    written_in_the_future: ("this machine's clock says", "timedatectl set-ntp true"),
    of_a_newer_program: ("was written by a newer program (9999)", "install that one again"),
    a_file: ("is a file, not a folder", "choose another"),
    without_any_room: ("no room for the index", "make room on its disk"),
}


@pytest.mark.parametrize("hindrance", HINDRANCES, ids=lambda hindrance: str(hindrance.__name__))
def test_what_hinders_a_start_is_a_sentence_with_its_cure(folder: Path, hindrance: Hindrance) -> None:
    """Exit status 1, the fault and the cure in the last line, and no traceback."""
    fault, cure = HINDRANCES[hindrance]

    with hindrance(folder) as words:
        ended = serve(folder, *words)

    last = ended.stderr.splitlines()[-1]
    assert ended.returncode == 1
    assert last.startswith("error: ")
    assert fault in last
    assert cure in last
    assert "Traceback" not in ended.stderr + ended.stdout


def test_a_clock_that_was_wrong_before_does_not_hinder_for_good(
    archive_servers: Callable[..., ArchiveServer], tmp_path: Path, kept: Path
) -> None:
    """One start without the check, and the next needs none."""
    folder = Path(shutil.copytree(kept, tmp_path / "archive"))
    os.utime(folder / INDEX_NAME, (time.time() + 2 * 86_400,) * 2)
    assert serve(folder).returncode == 1

    server = archive_servers(check_clock="false")
    assert server.stop() == 0
    server.environ.pop("ARCHIVE_CHECK_CLOCK")
    server.start()

    assert server.stop() == 0


async def test_on_a_full_disk_the_archive_starts_and_says_so(archive_servers: Callable[..., ArchiveServer]) -> None:
    """Else nobody could look at it to make room; what is sent is told to come back."""
    server = await asyncio.to_thread(archive_servers, "--open-uploads", disk_floor_bytes=str(10**15))

    said = server.log.read_text()

    assert "is nearly full: " in said
    assert "Make room, or lower disk_floor_bytes" in said
