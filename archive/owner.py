"""The socket in the archive's folder, which only its owner can open: how it is made and how it is found."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

SOCKET_NAME = "archive.sock"
PATH_MAX_BYTES = 100  # what every system takes as the address of a Unix socket; deep folders are longer


@contextlib.contextmanager
def reachable(folder: Path) -> Iterator[str]:
    """An address for the socket in *folder* that is short enough, good while inside."""
    path = folder / SOCKET_NAME
    if len(os.fsencode(path)) <= PATH_MAX_BYTES or sys.platform != "linux":
        yield str(path)
        return
    folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder_fd}/{SOCKET_NAME}"
    finally:
        os.close(folder_fd)


def is_running(folder: Path) -> bool:
    """Whether an archive answers in *folder* just now. Raises PermissionError when it is another user's."""
    if not folder.is_dir():
        return False
    with reachable(folder) as address, socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[socket.socket]:
    """The socket, bound; gone afterwards. Only for the holder of the folder's lock: one left behind is replaced."""
    path = folder / SOCKET_NAME
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as bound:
        before = os.umask(0o177)  # it must not be open to others even for a moment
        try:
            with reachable(folder) as address:
                bound.bind(address)
        finally:
            os.umask(before)
        try:
            yield bound
        finally:
            path.unlink(missing_ok=True)
