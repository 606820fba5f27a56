"""The store in a folder: originals as plain files that survive a power cut, thumbnails as files that need not.

A frame's bytes are written and synced under a name in `incoming/`, then linked to their key's name, then the key's
directory is synced. The incoming name stays until the key is settled, so a restart finds what a dead process had
begun: a name whose file is also at its key was kept, any other was not.
"""

# Names are plain strings: on the hot path a Path costs as much as the system call it is for.
# ruff: noqa: PTH100, PTH102, PTH103, PTH104, PTH108, PTH116, PTH120, PTH123, PTH208

import ctypes
import errno
import itertools
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from archive.errors import ConfigError, DiskFull, Unavailable
from archive.store.base import Store, checked_bytes, checked_key, checked_prefix, is_key

# Photographs of people's homes: the owner writes, the owner's group (a backup, a web server) reads, nobody else sees.
FILE_MODE = 0o640
DIRECTORY_MODE = 0o750

# Above this an fsync is the disk's wait rather than our CPU, and threads that wait together share its flushes; below it
# threads only cost CPU. Measured on ext4 with flushes of 15 ms, a group of 16: 34 flushes one file after the other,
# 20 with every file on its way before the first is waited for, 8 with threads as well; 40, 23 and 11 ms a frame.
SLOW_SYNC_S = 0.002
SYNC_THREADS = 8

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)
_T = TypeVar("_T")
_R = TypeVar("_R")

_DERIVED = ".derived-"  # no key's part begins with a dot, so none can be mistaken for it
_SYNC_FILE_RANGE_WRITE = 2

_libc = ctypes.CDLL(None, use_errno=True)


def sync_file(fd: int) -> None:
    """Return once the file's bytes survive a power cut. Raises OSError, and then no second try can be believed."""
    os.fsync(fd)


def sync_directory(path: str) -> None:
    """Return once the directory's names survive a power cut. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def start_writing(fd: int) -> None:
    """Ask the kernel to begin writing the file's bytes out, without waiting. Advice: it cannot fail."""
    if _sync_file_range is not None:
        _sync_file_range(fd, 0, 0, _SYNC_FILE_RANGE_WRITE)


def sync_file_system(path: str) -> None:
    """Return once all that the file system of *path* shows survives a power cut. Raises OSError."""
    if _syncfs is None:
        os.sync()
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        if _syncfs(fd) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(fd)


def _linux_only(name: str, *argtypes: type) -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    call = getattr(_libc, name)
    call.argtypes = argtypes
    return call  # type: ignore[no-any-return]  # ctypes has no types for what a library holds


_sync_file_range = _linux_only("sync_file_range", ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
_syncfs = _linux_only("syncfs", ctypes.c_int)


class Calls:
    """What the store asks of the kernel when it writes, by name: a test's subclass records a call or makes it fail."""

    def open(self, path: str, flags: int) -> int:
        return os.open(path, flags, FILE_MODE)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        return os.write(fd, data)

    def start_writing(self, fd: int) -> None:
        start_writing(fd)

    def sync_file(self, fd: int) -> None:
        sync_file(fd)

    def close(self, fd: int) -> None:
        os.close(fd)

    def link(self, path: str, name: str) -> None:
        os.link(path, name)

    def rename(self, path: str, name: str) -> None:
        os.rename(path, name)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def mkdir(self, path: str) -> None:
        os.mkdir(path, DIRECTORY_MODE)

    def sync_directory(self, path: str) -> None:
        sync_directory(path)

    def sync_file_system(self, path: str) -> None:
        sync_file_system(path)


@dataclass(slots=True)
class _Item:
    key: str
    data: bytes
    incoming: str
    final: str
    directory: str
    fd: int = -1
    made_incoming: bool = False
    made_final: bool = False
    answer: Unavailable | None = None


class LocalStore:
    """A store in *folder*, which is made if missing. One process at a time. Raises ConfigError, Unavailable."""

    def __init__(
        self,
        folder: Path,
        *,
        calls: Calls | None = None,
        slow_sync_s: float = SLOW_SYNC_S,
        on_sync: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._folder = os.path.abspath(folder)
        self._incoming = f"{self._folder}/incoming"
        self._calls = calls or Calls()
        self._slow_sync_s = slow_sync_s
        self._on_sync = on_sync
        self._putting = threading.Lock()
        self._numbers = itertools.count()
        self._swept = 0
        self._sync_s = 0.0
        self._pool: ThreadPoolExecutor | None = None
        # Directories whose own names this process has seen synced. That a directory exists proves nothing: the process
        # that made it may have died, or failed, before its name was durable.
        self._durable: set[str] = set()
        self._new: set[str] = set()  # keys that did not exist before this process put them, and are not settled
        try:
            os.makedirs(self._folder, DIRECTORY_MODE, exist_ok=True)
            with suppress(FileExistsError):
                self._calls.mkdir(self._incoming)
        except OSError as exc:
            raise ConfigError(f"the folder {self._folder} cannot be used: {exc.strerror}; choose another") from exc
        try:
            self._sync_way_to_folder()
        except OSError as exc:
            raise _unavailable(f"the folder {self._folder} cannot be made durable", exc) from exc

    @property
    def sync_s(self) -> float:
        """How long a file's fsync takes, in seconds: a moving average, 0 before the first."""
        return self._sync_s

    # -- originals

    def put(self, items: Sequence[tuple[str, bytes]]) -> list[Exception | None]:
        group: dict[str, _Item] = {}
        for key, data in items:
            checked_bytes(checked_key(key, "photos/"), data)
            if key not in group:
                group[key] = self._item(key, data)
        with self._putting:
            self._put(list(group.values()))
            self._new.update(item.key for item in group.values() if item.made_final and item.answer is None)
        return [
            group[key].answer if data == group[key].data else _other_bytes(key)  # a key may be there twice
            for key, data in items
        ]

    def settle(self, keys: Iterable[str]) -> None:
        for key in keys:
            # A mark that cannot be removed only makes the key pending once more, which the index recognises.
            self._remove(self._incoming_name(checked_key(key)))
            self._new.discard(key)

    def take_back(self, keys: Iterable[str]) -> None:
        mine = self._new.intersection(keys)
        self.delete(mine)
        self._new -= mine

    def pending(self) -> list[str]:
        try:
            keys = list(self._swept_incoming())
            if keys:
                self._calls.sync_file_system(self._folder)  # their names were visible; only now they are durable
        except OSError as exc:
            raise _unavailable("what was begun cannot be listed", exc) from exc
        return keys

    def swept(self) -> int:
        return self._swept

    # -- thumbnails

    def put_derived(self, key: str, data: bytes) -> None:
        final = self._final_name(checked_key(key, "thumbnails/"))
        checked_bytes(key, data)
        temporary = f"{self._incoming}/{_DERIVED}{next(self._numbers)}"
        try:
            fd = self._calls.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                self._write(fd, data)
            finally:
                self._calls.close(fd)
            try:
                self._calls.rename(temporary, final)
            except FileNotFoundError:
                self._make_directory(os.path.dirname(final))
                self._calls.rename(temporary, final)
        except OSError as exc:
            self._remove(temporary)
            raise _unavailable(f"{key} could not be written", exc) from exc

    # -- reading, for both

    def get(self, key: str) -> bytes:
        try:
            with open(self._final_name(checked_key(key)), "rb") as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise KeyError(key) from None
        except OSError as exc:
            raise _unavailable(f"{key} cannot be read", exc) from exc
        if not data:  # a thumbnail's name can outlive a power cut without its bytes
            raise KeyError(key)
        return data

    def path(self, key: str) -> Path | None:
        name = self._final_name(checked_key(key))
        try:
            found = os.stat(name)
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(key) from None
        except OSError as exc:
            raise _unavailable(f"{key} cannot be found", exc) from exc
        if not (stat.S_ISREG(found.st_mode) and found.st_size):
            raise KeyError(key)
        return Path(name)

    def keys(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        places = [checked_prefix(prefix)] if prefix else ["photos", "thumbnails"]
        return self._walk(places)

    def free_bytes(self) -> int | None:
        try:
            found = os.statvfs(self._folder)
        except OSError as exc:
            raise _unavailable("the free space cannot be told", exc) from exc
        return found.f_bavail * found.f_frsize

    # -- everything else

    def delete(self, keys: Iterable[str]) -> None:
        directories = set()
        try:
            for key in keys:
                final = self._final_name(checked_key(key))
                for name in (self._incoming_name(key), final):
                    with suppress(FileNotFoundError, NotADirectoryError):
                        self._calls.unlink(name)
                # Also where nothing was found: an earlier unlink may be visible and not yet durable.
                directories.add(os.path.dirname(final))
            for directory in directories:
                with suppress(FileNotFoundError, NotADirectoryError):
                    self._calls.sync_directory(directory)
        except OSError as exc:
            raise _unavailable("not everything could be deleted", exc) from exc

    def sync(self) -> None:
        try:
            self._calls.sync_file_system(self._folder)
        except OSError as exc:
            raise _unavailable("what is in the folder cannot be made durable", exc) from exc

    def close(self) -> None:
        with self._putting:
            if self._pool is not None:
                self._pool.shutdown()
                self._pool = None

    # -- one group, step by step

    def _put(self, group: list[_Item]) -> None:
        for item in group:
            self._begin(item)
        self._sync_files([item for item in group if item.fd >= 0])
        for item in group:
            if item.answer is None:
                self._publish(item)
        self._sync_directories([item for item in group if item.answer is None])

    def _begin(self, item: _Item) -> None:
        """Write the item's bytes under its incoming name, unless its key is there and pending.

        This comes before any directory is made: on a disk that was unmounted it fails, and no second archive grows.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            try:
                item.fd = self._calls.open(item.incoming, flags)
            except FileExistsError:
                if _is_same_file(item.incoming, item.final):
                    return
                self._calls.unlink(item.incoming)
                item.fd = self._calls.open(item.incoming, flags)
            item.made_incoming = True
            self._write(item.fd, item.data)
            # So all of a group are on their way before the first is waited for, and one commit of the file system's
            # journal carries most of them.
            self._calls.start_writing(item.fd)
        except OSError as exc:
            self._close(item)
            self._fail(item, exc)

    def _sync_files(self, group: list[_Item]) -> None:
        if not group:
            return
        taken_s = sum(self._each(self._sync_item, group)) / len(group)
        self._sync_s += (taken_s - self._sync_s) / (8 if self._sync_s else 1)

    def _sync_item(self, item: _Item) -> float:
        started = time.perf_counter()
        try:
            self._calls.sync_file(item.fd)
        except OSError as exc:
            # Never tried again: the kernel may have dropped the pages, and a second fsync would then "succeed".
            self._fail(item, exc)
        self._close(item)
        took_s = time.perf_counter() - started
        self._on_sync(took_s)
        return took_s

    def _publish(self, item: _Item) -> None:
        """Give the synced bytes their key's name; a name taken is proven to hold the same bytes, and synced again."""
        try:
            if item.directory not in self._durable:
                self._make_directory(item.directory)
            if item.made_incoming:
                try:
                    self._link(item)
                except FileExistsError:
                    pass
                else:
                    return
            if not self._sync_again(item):
                item.answer = _other_bytes(item.key)
                self._undo(item)
        except OSError as exc:
            self._durable.discard(item.directory)  # it may have been removed behind our back: look again next time
            self._fail(item, exc)

    def _link(self, item: _Item) -> None:
        try:
            self._calls.link(item.incoming, item.final)
        except OSError as exc:
            if exc.errno not in _NO_HARD_LINKS:
                raise
            # FAT, exFAT and some network shares have no hard links. A rename publishes as well, but overwrites in
            # silence, so look first (nobody else writes here: the folder is locked, and puts wait for each other);
            # and it takes the incoming name along, so nothing is pending on such a disk: a frame whose index row was
            # lost in a crash is found by `check` instead.
            if os.path.lexists(item.final):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), item.final) from exc
            self._calls.rename(item.incoming, item.final)
            item.made_incoming = False
        item.made_final = True

    def _sync_again(self, item: _Item) -> bool:
        """Whether the key's file holds the item's bytes; if so they are durable again, and the key is pending."""
        fd = self._calls.open(item.final, os.O_RDONLY)
        try:
            with open(fd, "rb", closefd=False) as file:
                if file.read() != item.data:
                    return False
            self._calls.sync_file(fd)
        finally:
            self._calls.close(fd)
        if item.made_incoming:
            self._calls.unlink(item.incoming)
            try:
                self._calls.link(item.final, item.incoming)
            except OSError as exc:
                if exc.errno not in _NO_HARD_LINKS:
                    raise
                item.made_incoming = False
        return True

    def _sync_directories(self, group: list[_Item]) -> None:
        """Make the group's names durable: each directory touched once, with its parents where it is new to us."""
        ways = {item.directory: self._way_to(item.directory) for item in group}
        directories = list(dict.fromkeys(itertools.chain.from_iterable(ways.values())))
        failures = dict(zip(directories, self._each(self._sync_directory, directories), strict=True))
        for item in group:
            failure = next(filter(None, map(failures.__getitem__, ways[item.directory])), None)
            if failure is None:
                self._durable.update(ways[item.directory])
            else:
                self._durable.discard(item.directory)
                self._fail(item, failure)

    def _way_to(self, directory: str) -> list[str]:
        """*directory*, then every parent that must be synced before a name in it is durable."""
        way = [directory]
        while way[-1] not in self._durable:
            way.append(os.path.dirname(way[-1]))
        return way

    def _sync_directory(self, directory: str) -> OSError | None:
        try:
            self._calls.sync_directory(directory)
        except OSError as exc:
            return exc
        return None

    def _fail(self, item: _Item, exc: OSError) -> None:
        item.answer = _unavailable(f"{item.key} could not be kept", exc)
        item.answer.__cause__ = exc
        self._undo(item)

    def _undo(self, item: _Item) -> None:
        """Remove what this put made, the key's name first: an incoming name alone is swept at the next start."""
        if item.made_final:
            self._remove(item.final)
        if item.made_incoming:
            self._remove(item.incoming)

    # -- small things

    def _item(self, key: str, data: bytes) -> _Item:
        final = self._final_name(key)
        return _Item(key, data, self._incoming_name(key), final, os.path.dirname(final))

    def _final_name(self, key: str) -> str:
        return f"{self._folder}/{key}"

    def _incoming_name(self, key: str) -> str:
        return f"{self._incoming}/{key.replace('/', '%2F')}"

    def _write(self, fd: int, data: bytes) -> None:
        written = self._calls.write(fd, data)
        while written < len(data):
            more = self._calls.write(fd, memoryview(data)[written:])
            if more == 0:
                raise OSError(errno.EIO, "the disk takes no more bytes")
            written += more

    def _close(self, item: _Item) -> None:
        if item.fd < 0:
            return
        fd, item.fd = item.fd, -1
        try:
            self._calls.close(fd)
        except OSError as exc:
            self._fail(item, exc)

    def _remove(self, path: str) -> None:
        """Try to remove what nobody was promised; what stays is swept at the next start."""
        with suppress(OSError):
            self._calls.unlink(path)

    def _make_directory(self, directory: str) -> None:
        with suppress(FileExistsError):
            try:
                self._calls.mkdir(directory)
            except FileNotFoundError:
                self._make_directory(os.path.dirname(directory))
                self._calls.mkdir(directory)
            self._durable.discard(directory)  # it is new, also where one of that name was there before

    def _sync_way_to_folder(self) -> None:
        """Make the folder's own name durable, and those of its parents, which may have been made with it."""
        directory = self._folder
        while not os.path.ismount(directory):
            directory = os.path.dirname(directory)
            with suppress(PermissionError):  # who may not read it did not make a folder in it
                self._calls.sync_directory(directory)
        self._durable.add(self._folder)

    def _each(self, act: Callable[[_T], _R], things: Sequence[_T]) -> list[_R]:
        """*act*'s answer for each: in this thread while the disk is quick, in several that wait together else."""
        if self._sync_s < self._slow_sync_s or len(things) == 1:
            return [act(thing) for thing in things]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(SYNC_THREADS, thread_name_prefix="store-sync")
        return list(self._pool.map(act, things))

    def _swept_incoming(self) -> Iterator[str]:
        for name in os.listdir(self._incoming):
            path = f"{self._incoming}/{name}"
            key = name.replace("%2F", "/")
            if is_key(key) and _is_same_file(path, self._final_name(key)):
                yield key
            elif is_key(key) or name.startswith(_DERIVED):
                self._calls.unlink(path)
                self._swept += 1

    def _walk(self, places: list[str]) -> Iterator[tuple[str, int]]:
        while places:
            place = places.pop()
            try:
                with os.scandir(f"{self._folder}/{place}") as entries:
                    for entry in entries:
                        key = f"{place}/{entry.name}"
                        if not is_key(key):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            places.append(key)
                        elif entry.is_file(follow_symlinks=False):
                            with suppress(FileNotFoundError):  # deleted since it was listed
                                yield key, entry.stat(follow_symlinks=False).st_size
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as exc:
                raise _unavailable(f"{place} cannot be listed", exc) from exc


def _is_same_file(path: str, other: str) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.lstat(other))
    except (FileNotFoundError, NotADirectoryError):
        return False


def _unavailable(what: str, exc: OSError) -> Unavailable:
    kind = DiskFull if exc.errno in _FULL else Unavailable
    return kind(f"{what}: {exc.strerror or exc}")


def _other_bytes(key: str) -> Unavailable:
    return Unavailable(f"{key} holds other bytes already, which are kept; send the frame under another name")


_: type[Store] = LocalStore
