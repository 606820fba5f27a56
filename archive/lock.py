"""One process owns an archive folder: a lock that the kernel takes back when the process dies, however it dies."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING, Self

import psutil

from archive.errors import ConfigError, Locked

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
        self._text = f"{os.getpid()}\n{what}\n{port or ''}\n"
        self._fd = -1

    def __enter__(self) -> Self:
        path = self._folder / LOCK_NAME
        try:
            self._folder.mkdir(0o750, parents=True, exist_ok=True)
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as exc:
            raise ConfigError(f"the folder {self._folder} cannot be used: {exc.strerror}; choose another") from exc
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, self._text.encode(), 0)
        except BlockingIOError:
            holder = _holder(os.pread(fd, 1000, 0).decode("utf-8", "replace"))
            os.close(fd)
            raise Locked(
                f"{self._folder} is in use by {holder}; stop that first, or choose another folder with --folder"
            ) from None
        except OSError as exc:
            os.close(fd)
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ConfigError(f"the disk of {self._folder} is full; make room on it") from exc
            raise ConfigError(
                f"{self._folder} cannot be locked: {exc.strerror}; an archive needs a disk of this machine"
            ) from exc
        self._fd = fd
        _held.add(fd)
        return self

    def __exit__(self, *_: object) -> None:
        # The file stays: were it removed, a process that opened it just before would hold a lock on a file nobody sees.
        fd, self._fd = self._fd, -1
        _held.discard(fd)
        os.ftruncate(fd, 0)
        os.close(fd)


def _holder(text: str) -> str:
    """Who holds the lock, in words; the text may be half written, or of a process that is gone."""
    pid, what, port = (*text.splitlines(), "", "", "")[:3]
    if not pid.isdecimal():
        return "another process"
    says = [what or "archive"]
    if port:
        says.append(f"port {port}")
    try:
        if command := " ".join(psutil.Process(int(pid)).cmdline()):
            says.append(f"started as: {command}")
    except (psutil.Error, OverflowError):
        pass  # another user's, or gone this moment
    return f"process {pid} ({', '.join(says)})"


def _let_go_in_child() -> None:
    """A forked child shares its parent's locks until it closes them, and would keep the folder after the parent died."""
    for fd in _held:
        os.close(fd)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
