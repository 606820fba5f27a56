"""One process owns an archive folder: a lock that the kernel takes back when the process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import psutil

from archive.errors import ConfigError, Locked
from archive.starting import cannot_write

if TYPE_CHECKING:
    from pathlib import Path

LOCK_NAME = "archive.lock"

_held: set[int] = set()


class FolderLock:
    """The right to write in *folder* while the `with` block lasts; the folder is made if missing.

    *what* and *port* tell a person who holds it. Entering raises Locked, which names the holder, and ConfigError where
    the folder cannot be locked at all. Child processes do not share the lock, so they cannot outlive it.
    """

    def __init__(self, folder: Path, *, what: str = "archive", port: int | None = None) -> None:
        self._folder = folder
        self._what = what
        self._port = port
        self._fd = -1

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(0o750, parents=True, exist_ok=True)
            fd = os.open(self._folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as exc:
            raise ConfigError(f"{cannot_write(self._folder, exc)}, or choose another folder") from exc
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(_text(fd))
            os.close(fd)
            raise Locked(
                f"{self._folder} is in use by {holder}; stop that first, or choose another folder with --folder"
            ) from None
        except OSError as exc:
            os.close(fd)
            raise ConfigError(
                f"{self._folder} cannot be locked: {exc.strerror}; an archive needs a disk of this machine"
            ) from exc
        self._fd = fd
        _held.add(fd)
        _say(fd, f"{os.getpid()}\n{self._what}\n{self._port or ''}\n")
        return self

    def __exit__(self, *_: object) -> None:
        # The file stays: were it removed, a process that opened it just before would hold a lock on a file nobody sees.
        fd, self._fd = self._fd, -1
        _held.discard(fd)
        _say(fd, "")
        os.close(fd)


def _say(fd: int, text: str) -> None:
    with suppress(OSError):  # for people only: an archive must be able to start on a full disk, or none can make room
        os.ftruncate(fd, 0)
        os.pwrite(fd, text.encode(), 0)


def _text(fd: int) -> str:
    return os.pread(fd, 1000, 0).decode("utf-8", "replace")


def _holder(text: str) -> str:
    """Who holds the lock, in words; the text may be missing, half written, or of a process that is gone."""
    pid, what, port = (*text.splitlines(), "", "", "")[:3]
    if not pid.isdecimal():
        return "another process"
    says = [what or "archive"]
    if port:
        says.append(f"port {port}")
    try:
        command = " ".join(" ".join(psutil.Process(int(pid)).cmdline()).split())
    except (psutil.Error, OverflowError):
        command = ""  # another user's, or gone this moment
    if command:
        says.append(f"started as: {command[:200]}")
    return f"process {pid} ({', '.join(says)})"


def _let_go_in_child() -> None:
    """A forked child shares its parent's locks until it closes them: it would keep the folder from the next parent."""
    for fd in _held:
        os.close(fd)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
