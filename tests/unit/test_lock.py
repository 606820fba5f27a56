"""One process owns an archive folder, and the kernel takes the lock back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from archive.errors import ConfigError, Locked
from archive.lock import LOCK_NAME, FolderLock

# Takes the lock, says so, and holds it until its standard input ends or it is killed.
HOLD = """
import sys
from pathlib import Path
from archive.lock import FolderLock

with FolderLock(Path(sys.argv[1]), what="archive serve", port=5555):
    print("held", flush=True)
    sys.stdin.read()
"""

# The same, and forks a child that says its pid and lives on after it, until its standard input ends.
FORK = """
import os, sys
from pathlib import Path
from archive.lock import FolderLock

with FolderLock(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        print(os.getpid(), flush=True)
        sys.stdin.read()
        os._exit(0)
    os._exit(1)
"""


def started(program: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    """Locked names the process, what it is, its port, its command line, and what to do."""
    with started(HOLD, tmp_path) as holder:
        assert line_of(holder.stdout) == "held"

        with pytest.raises(Locked) as caught, FolderLock(tmp_path):
            pass

        holder.communicate(timeout=30)
    sentence = str(caught.value)
    assert str(tmp_path) in sentence
    assert f"process {holder.pid} (archive serve, port 5555, started as: {sys.executable} -c" in sentence
    assert "stop that first, or choose another folder" in sentence


def test_a_killed_process_gives_the_folder_back(tmp_path: Path) -> None:
    """SIGKILL leaves the file and its text, but no lock."""
    with started(HOLD, tmp_path) as holder:
        assert line_of(holder.stdout) == "held"
        holder.kill()
        holder.wait(30)

    with FolderLock(tmp_path, what="archive check"):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\narchive check\n\n"


def test_a_child_does_not_hold_its_dead_parents_folder(tmp_path: Path) -> None:
    """A forked worker that outlives its parent does not keep the next process out."""
    with started(FORK, tmp_path) as parent:
        worker = int(line_of(parent.stdout))
        assert parent.wait(30) == 1
        os.kill(worker, 0)  # it lives

        with FolderLock(tmp_path):
            os.kill(worker, 0)  # and still does, while the folder is ours

        parent.communicate(timeout=30)  # ends the worker's input, and waits until it has closed its output


def test_the_lock_is_free_after_the_block(tmp_path: Path) -> None:
    """One lock after another works, also of one object, and nothing is said of a holder that left."""
    lock = FolderLock(tmp_path)

    with lock:
        pass
    with lock:
        pass

    assert (tmp_path / LOCK_NAME).read_text() == ""


def test_one_process_cannot_hold_a_folder_twice(tmp_path: Path) -> None:
    """A second lock of the same process is Locked too, and the first is not disturbed."""
    with FolderLock(tmp_path, what="archive serve"):
        with pytest.raises(Locked, match=f"process {os.getpid()} "), FolderLock(tmp_path):
            pass
        with pytest.raises(Locked), FolderLock(tmp_path):
            pass


@pytest.mark.parametrize("text", ["", "\n", "no pid\nwhat\n80\n", "99999999999999999999\n", "\xff\xfe"])
def test_a_strange_text_still_makes_a_sentence(tmp_path: Path, text: str) -> None:
    """Whatever the file says, a folder in use is Locked with a sentence."""
    with FolderLock(tmp_path):
        (tmp_path / LOCK_NAME).write_text(text, "latin-1")

        with pytest.raises(Locked, match=r"is in use by .*process.*; stop that first"), FolderLock(tmp_path):
            pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: only Linux has a file that is always full")
def test_a_full_disk_does_not_keep_the_owner_out(tmp_path: Path) -> None:
    """The text is for people: a disk without room for it is locked all the same, so that room can be made."""
    (tmp_path / LOCK_NAME).symlink_to("/dev/full")

    with FolderLock(tmp_path), pytest.raises(Locked, match="another process"), FolderLock(tmp_path):
        pass


def test_the_folder_is_made_for_its_owner(tmp_path: Path) -> None:
    """A missing folder is made, with its parents, and closed to others."""
    folder = tmp_path / "new" / "archive"

    with FolderLock(folder):
        assert folder.stat().st_mode & 0o027 == 0


def test_a_folder_that_cannot_be_used_is_a_setting_to_change(tmp_path: Path) -> None:
    """Below a file there is no folder: a ConfigError, not Locked."""
    (tmp_path / "file").write_bytes(b"x")

    with (
        pytest.raises(ConfigError, match="nothing can be written in") as caught,
        FolderLock(tmp_path / "file" / "archive"),
    ):
        pass

    assert not isinstance(caught.value, Locked)
