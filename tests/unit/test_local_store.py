"""What only the store in a folder promises: the order of its calls to the kernel, and what is left when one fails."""

# Names are plain strings here because the calls under test take them so.
# ruff: noqa: PTH110, PTH112, PTH120, PTH208

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.errors import ConfigError, DiskFull, Unavailable
from archive.store.local import Calls, LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = "photos/garden/2026/11/23"
NEW, NEW_2 = f"{DAY}/new.jpg", f"{DAY}/new-2.jpg"
ELSEWHERE = "photos/shed/2026/11/23/new.jpg"
PENDING = "photos/garden/2026/11/22/pending.jpg"
SETTLED = "photos/garden/2026/11/22/settled.jpg"
BEGUN = "photos/garden/2026/11/22/begun.jpg"
TAKEN = "photos/garden/2026/11/22/taken.jpg"
THUMBNAIL = "thumbnails/320/garden/2026/11/23/new.jpg"

CODES = [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.EROFS]
FULL = [errno.ENOSPC, errno.EDQUOT]


class Watched(Calls):
    """The kernel's calls, written down, of which those named in *failing* fail, by their place in the order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: list[tuple[str, str]] = []  # what succeeded, by name and by path under the folder
        self.count = 0
        self.failing = range(0)
        self.code = errno.EIO
        self.write_at_most: int | None = None
        self._counting = threading.Lock()
        self._paths: dict[int, str] = {}

    def _call(self, name: str, path: str) -> None:
        with self._counting:
            self.count += 1
            fails = self.count in self.failing
        if fails:
            raise OSError(self.code, os.strerror(self.code), path)
        if path.startswith(str(self.folder)):
            self.done.append((name, os.path.relpath(path, self.folder)))

    def open(self, path: str, flags: int) -> int:
        if not (flags & os.O_EXCL and os.path.exists(path)):  # a name that is there is news, not a failure
            self._call("open", path)
        fd = super().open(path, flags)
        self._paths[fd] = path
        return fd

    def write(self, fd: int, data: bytes | memoryview) -> int:
        self._call("write", self._paths[fd])
        return super().write(fd, data[: self.write_at_most])

    def start_writing(self, fd: int) -> None:
        self.done.append(("start_writing", os.path.relpath(self._paths[fd], self.folder)))

    def sync_file(self, fd: int) -> None:
        self._call("sync_file", self._paths[fd])

    def close(self, fd: int) -> None:
        super().close(fd)  # a descriptor is gone even where its close failed
        self._call("close", self._paths.pop(fd))

    def link(self, path: str, name: str) -> None:
        if not os.path.exists(name):
            self._call("link", name)
        super().link(path, name)

    def rename(self, path: str, name: str) -> None:
        self._call("rename", name)
        super().rename(path, name)

    def unlink(self, path: str) -> None:
        self._call("unlink", path)
        super().unlink(path)

    def mkdir(self, path: str) -> None:
        if os.path.isdir(os.path.dirname(path)) and not os.path.isdir(path):
            self._call("mkdir", path)
        super().mkdir(path)

    def sync_directory(self, path: str) -> None:
        self._call("sync_directory", path)

    def sync_file_system(self, path: str) -> None:
        self._call("sync_file_system", path)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def incoming(key: str) -> str:
    return "incoming/" + key.replace("/", "%2F")


def open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0


# -- the order


def test_a_name_is_given_to_synced_bytes_only_and_then_synced(folder: Path) -> None:
    """Write, fsync, link, then fsync of every directory from the key's up to the folder: in this order."""
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    calls.done.clear()

    store.put([(NEW, b"1")])

    begun = incoming(NEW)
    assert calls.done == [
        *((name, begun) for name in ("open", "write", "start_writing", "sync_file", "close")),
        *(("mkdir", way) for way in ("photos", "photos/garden", "photos/garden/2026", "photos/garden/2026/11", DAY)),
        ("link", NEW),
        ("sync_directory", DAY),
        *(
            ("sync_directory", way)
            for way in ("photos/garden/2026/11", "photos/garden/2026", "photos/garden", "photos")
        ),
        ("sync_directory", "."),
    ]


def test_a_group_syncs_each_directory_once(folder: Path) -> None:
    """Directories are synced once a group, and their parents only when this process first uses them."""
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    store.put([(NEW, b"1")])
    calls.done.clear()

    store.put([(f"{DAY}/{n}.jpg", b"1") for n in range(5)] + [(ELSEWHERE, b"1"), (NEW_2, b"1")])

    synced = [path for name, path in calls.done if name == "sync_directory"]
    assert sorted(synced) == sorted(
        [DAY, *("photos/shed/2026/11/23", "photos/shed/2026/11", "photos/shed/2026", "photos/shed", "photos")]
    )
    last_link = max(at for at, (name, _) in enumerate(calls.done) if name == "link")
    assert calls.done.index(("sync_directory", DAY)) > last_link


def test_a_directory_that_exists_proves_nothing(folder: Path) -> None:
    """The next process syncs the way up to the folder again: the last one may have died before it could."""
    LocalStore(folder).put([(NEW, b"1")])
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    calls.done.clear()

    store.put([(NEW_2, b"1")])

    assert [path for name, path in calls.done if name == "sync_directory"] == [
        DAY, "photos/garden/2026/11", "photos/garden/2026", "photos/garden", "photos", ".",
    ]  # fmt: skip


def test_the_folders_own_name_is_made_durable(tmp_path: Path) -> None:
    """Opening a store syncs the parents of its folder, which may have been made with it."""
    calls = Watched(tmp_path)

    LocalStore(tmp_path / "new" / "archive", calls=calls)

    assert [path for name, path in calls.done if name == "sync_directory"] == ["new", "."]


def test_the_same_bytes_again_are_synced_again(folder: Path) -> None:
    """A key that is there is visible, perhaps not durable: its file and its directory are synced before None."""
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    store.put([(NEW, b"1")])
    calls.done.clear()

    answers = store.put([(NEW, b"1")])

    assert answers == [None]
    assert calls.done == [("open", NEW), ("sync_file", NEW), ("close", NEW), ("sync_directory", DAY)]


def test_pending_keys_are_synced_before_they_are_listed(folder: Path) -> None:
    """What a dead process left visible is made durable before `pending` calls it put."""
    LocalStore(folder).put([(NEW, b"1")])
    calls = Watched(folder)

    keys = LocalStore(folder, calls=calls).pending()

    assert keys == [NEW]
    assert calls.done[-1] == ("sync_file_system", ".")


def test_short_writes_are_carried_on(folder: Path) -> None:
    """A kernel that takes three bytes at a time gets them all; one that takes none is a failure."""
    calls = Watched(folder)
    calls.write_at_most = 3
    store = LocalStore(folder, calls=calls)

    store.put([(NEW, b"0123456789")])
    store.put_derived(THUMBNAIL, b"0123456789")
    calls.write_at_most = 0
    stuck = store.put([(NEW_2, b"0123456789")])

    assert store.get(NEW) == store.get(THUMBNAIL) == b"0123456789"
    assert isinstance(stuck[0], Unavailable)
    assert ("sync_file", incoming(NEW_2)) not in calls.done


def test_deleting_again_syncs_again(folder: Path) -> None:
    """A key that is gone may have been unlinked without being durably so: its directory is synced all the same."""
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    store.put([(NEW, b"1")])
    store.delete([NEW])
    calls.done.clear()

    store.delete([NEW])

    assert ("sync_directory", DAY) in calls.done


# -- failure of the n-th call


def prepared(folder: Path) -> list[tuple[str, bytes]]:
    """A folder in which a process died at every point, and a group that meets all it left."""
    shutil.rmtree(folder, ignore_errors=True)
    store = LocalStore(folder, calls=Watched(folder))
    store.put([(PENDING, b"pending"), (SETTLED, b"settled"), (TAKEN, b"taken")])
    store.settle([SETTLED, TAKEN])
    (folder / incoming(BEGUN)).write_bytes(b"beg")
    return [
        (NEW, b"new"),
        (NEW_2, b"new 2"),
        (PENDING, b"pending"),
        (SETTLED, b"settled"),
        (BEGUN, b"begun"),
        (TAKEN, b"other bytes"),
        (ELSEWHERE, b"elsewhere"),
    ]


def assert_durable(calls: Watched, key: str) -> None:
    """The calls that succeeded make *key* durable: its bytes before its name, its name and its way afterwards."""
    done = calls.done
    linked = [at for at, call in enumerate(done) if call in {("link", key), ("rename", key)}]
    synced = [at for at, call in enumerate(done) if call[0] == "sync_file" and call[1] in {key, incoming(key)}]
    assert synced
    if linked:
        assert synced[0] < linked[0]
    named = max(linked + synced)
    name = key
    while name:
        directory = os.path.dirname(name)
        assert any(at > named for at, call in enumerate(done) if call == ("sync_directory", directory or ".")), name
        name = directory
        named = max((at for at, call in enumerate(done) if call == ("mkdir", name)), default=-1)


@pytest.mark.parametrize(("code", "slow_sync_s"), [*((code, 60.0) for code in CODES), (errno.EIO, 0.0)])
def test_every_call_of_a_put_may_fail_once(folder: Path, code: int, slow_sync_s: float) -> None:
    """Whichever call fails: no false None, nothing left of what failed, no descriptor open, and the next put works."""
    for n in range(1, 200):
        items = prepared(folder)
        calls = Watched(folder)
        store = LocalStore(folder, calls=calls, slow_sync_s=slow_sync_s)
        calls.failing, calls.code = range(calls.count + n, calls.count + n + 1), code
        opened = open_files()

        answers = store.put(items)

        failed = calls.count >= calls.failing.start
        assert open_files() == opened
        assert isinstance(answers[5], Unavailable)  # other bytes, whatever else happens
        for (key, data), answer in zip(items, answers, strict=True):
            where = f"call {n}, {key}: {answer}"
            if answer is None:
                assert store.get(key) == data, where
                assert (folder / incoming(key)).samefile(folder / key), where
                assert_durable(calls, key)
            elif key == TAKEN:
                assert store.get(key) == b"taken", where
            elif key in {PENDING, SETTLED}:
                assert store.get(key) == data, where
            else:
                assert type(answer) is (DiskFull if code in FULL else Unavailable), where
                assert not (folder / key).exists(), where
                assert key == BEGUN or not (folder / incoming(key)).exists(), where
        if PENDING not in {key for (key, _), answer in zip(items, answers, strict=True) if answer is None}:
            assert (folder / incoming(PENDING)).samefile(folder / PENDING)

        again = store.put(items)

        assert [answer is None for answer in again] == [key != TAKEN for key, _ in items]
        for key, _ in items:
            if key != TAKEN:
                assert_durable(calls, key)
        next_life = LocalStore(folder)
        assert sorted(next_life.pending()) == sorted(key for key, _ in items if key != TAKEN)
        assert next_life.swept() == 0
        store.close()
        if not failed:
            assert n > 30  # the loop has met every call of the group
            return
    pytest.fail("the calls of one group never ended")


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC], ids=errno.errorcode.get)
def test_every_call_from_one_on_may_fail(folder: Path, code: int) -> None:
    """A disk that dies at any point, so that nothing can be tidied either: no false None, and all is well later."""
    for n in range(1, 200):
        items = prepared(folder)
        calls = Watched(folder)
        store = LocalStore(folder, calls=calls)
        calls.failing, calls.code = range(calls.count + n, sys.maxsize), code
        opened = open_files()

        answers = store.put(items)

        failed = calls.count >= calls.failing.start
        assert open_files() == opened
        for (key, data), answer in zip(items, answers, strict=True):
            if answer is None:
                assert_durable(calls, key)
            if (folder / key).exists():
                assert (folder / key).read_bytes() == (b"taken" if key == TAKEN else data)
        next_life = LocalStore(folder)
        next_life.pending()
        again = next_life.put(items)
        assert [answer is None for answer in again] == [key != TAKEN for key, _ in items]
        if not failed:
            return
    pytest.fail("the calls of one group never ended")


def test_every_call_of_a_derived_put_may_fail(folder: Path) -> None:
    """A thumbnail is there whole, or as it was, or not at all; nothing of it stays behind."""
    for n in range(1, 50):
        shutil.rmtree(folder, ignore_errors=True)
        calls = Watched(folder)
        store = LocalStore(folder, calls=calls)
        calls.failing, calls.code = range(calls.count + n, calls.count + n + 1), errno.ENOSPC
        opened = open_files()
        try:
            store.put_derived(THUMBNAIL, b"small")
        except DiskFull:
            assert not (folder / THUMBNAIL).exists()
        else:
            assert n > 5
            assert store.get(THUMBNAIL) == b"small"
            return
        assert open_files() == opened
        assert list((folder / "incoming").iterdir()) == []
        store.put_derived(THUMBNAIL, b"small")
        assert store.get(THUMBNAIL) == b"small"
    pytest.fail("the calls of one thumbnail never ended")


def test_every_call_of_a_delete_may_fail(folder: Path) -> None:
    """A failed delete is Unavailable, and the same delete again finishes it, durably."""
    keys = [NEW, ELSEWHERE]
    for n in range(1, 50):
        shutil.rmtree(folder, ignore_errors=True)
        calls = Watched(folder)
        store = LocalStore(folder, calls=calls)
        store.put([(key, b"1") for key in keys])
        calls.failing = range(calls.count + n, calls.count + n + 1)
        try:
            store.delete(keys)
        except Unavailable:
            calls.done.clear()
            store.delete(keys)
        else:
            assert n > 5
            return
        assert list(store.keys()) == []
        assert LocalStore(folder).pending() == []
        assert {("sync_directory", os.path.dirname(key)) for key in keys} <= set(calls.done)
    pytest.fail("the calls of one delete never ended")


def test_a_failed_settling_only_leaves_a_key_pending(folder: Path) -> None:
    """The index knows the key whatever becomes of its mark: settling raises nothing, and can be done again."""
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    store.put([(NEW, b"1")])
    calls.failing = range(calls.count + 1, calls.count + 2)

    store.settle([NEW])

    assert store.pending() == [NEW]
    store.settle([NEW])
    assert store.pending() == []


def test_what_cannot_be_read_is_unavailable(folder: Path) -> None:
    """Failures of `pending`, `sync` and opening are sentences of ours, never the kernel's exception."""
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    store.put([(NEW, b"1")])
    calls.failing = range(calls.count + 1, sys.maxsize)

    with pytest.raises(Unavailable, match="Input/output error"):
        store.pending()
    with pytest.raises(Unavailable, match="Input/output error"):
        store.sync()
    with pytest.raises(Unavailable, match="Input/output error"):
        LocalStore(folder, calls=calls)


def test_a_directory_lost_behind_our_back_is_made_and_synced_again(folder: Path) -> None:
    """Where somebody removed the photos of a running archive, one put may fail, and the next keeps durably."""
    calls = Watched(folder)
    store = LocalStore(folder, calls=calls)
    store.put([(NEW, b"1")])
    shutil.rmtree(folder / "photos")
    first = store.put([(NEW_2, b"2")])
    calls.done.clear()

    second = store.put([(NEW_2, b"2")])

    assert isinstance(first[0], Unavailable)
    assert second == [None]
    assert_durable(calls, NEW_2)


def test_an_unmounted_disk_is_not_replaced_by_a_folder(folder: Path) -> None:
    """When the folder itself is gone, puts are Unavailable and no new one grows where the disk was mounted."""
    store = LocalStore(folder)
    store.put([(NEW, b"1")])
    folder.rename(folder.with_name("away"))

    answers = store.put([(NEW_2, b"2")])
    with pytest.raises(Unavailable):
        store.put_derived(THUMBNAIL, b"small")
    with pytest.raises(Unavailable):
        store.free_bytes()

    assert isinstance(answers[0], Unavailable)
    assert not folder.exists()


# -- slow disks


class Meeting(Calls):
    """A disk on which two fsyncs end together, or not at all."""

    def __init__(self) -> None:
        self._both = threading.Barrier(2, timeout=30)

    def sync_file(self, fd: int) -> None:
        self._both.wait()
        super().sync_file(fd)


def test_on_a_slow_disk_fsyncs_wait_together(folder: Path) -> None:
    """Once fsyncs are slow, those of one group run at the same time, so that the disk can share its flushes."""
    store = LocalStore(folder, calls=Meeting(), slow_sync_s=0)

    answers = store.put([(NEW, b"1"), (NEW_2, b"2")])

    assert answers == [None, None]
    assert store.sync_s > 0
    store.close()


class Stepping(Calls):
    """Notes the threads that sync."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def sync_file(self, fd: int) -> None:
        self.threads.add(threading.get_ident())
        super().sync_file(fd)


def test_on_a_fast_disk_no_threads_are_paid_for(folder: Path) -> None:
    """While fsyncs are quick they run in the caller's thread."""
    calls = Stepping()
    store = LocalStore(folder, calls=calls, slow_sync_s=60)

    store.put([(NEW, b"1"), (NEW_2, b"2")])
    store.put([(ELSEWHERE, b"3"), (PENDING, b"4")])

    assert calls.threads == {threading.get_ident()}


# -- file systems without hard links


class Linkless(Watched):
    def link(self, path: str, name: str) -> None:
        raise OSError(self.code, os.strerror(self.code), path, None, name)


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_without_hard_links_a_rename_publishes(folder: Path, code: int) -> None:
    """On such a disk keys are kept just as durably and never replaced; only nothing is pending."""
    calls = Linkless(folder)
    calls.code = code
    store = LocalStore(folder, calls=calls)

    first = store.put([(NEW, b"1"), (ELSEWHERE, b"2")])
    assert_durable(calls, NEW)
    second = store.put([(NEW, b"1"), (ELSEWHERE, b"other")])

    assert first == [None, None]
    assert second[0] is None
    assert isinstance(second[1], Unavailable)
    assert (store.get(NEW), store.get(ELSEWHERE)) == (b"1", b"2")
    assert LocalStore(folder).pending() == []
    assert list((folder / "incoming").iterdir()) == []


# -- what a dead process left


def test_what_was_only_begun_is_swept(folder: Path) -> None:
    """A name in `incoming/` whose file is not at its key is swept and counted; whatever is not ours stays."""
    LocalStore(folder).put([(PENDING, b"pending"), (TAKEN, b"taken")])
    (folder / incoming(BEGUN)).write_bytes(b"beg")
    (folder / "incoming" / ".derived-7").write_bytes(b"sma")
    (folder / incoming(TAKEN)).unlink()
    (folder / incoming(TAKEN)).write_bytes(b"begun again")
    (folder / incoming(NEW)).write_bytes(b"a backup's link")
    (folder / "backup").hardlink_to(folder / incoming(NEW))
    (folder / "incoming" / "note to myself.txt").write_text("keep")

    store = LocalStore(folder)
    pending = store.pending()

    assert pending == [PENDING]
    assert store.swept() == 4
    assert sorted(path.name for path in (folder / "incoming").iterdir()) == sorted(
        ["note to myself.txt", Path(incoming(PENDING)).name]
    )
    assert store.get(TAKEN) == b"taken"


def test_a_beginning_does_not_hinder_a_put(folder: Path) -> None:
    """What an earlier failure left under the incoming name is not what is kept."""
    store = LocalStore(folder)
    (folder / incoming(NEW)).write_bytes(b"longer than the frame")

    answers = store.put([(NEW, b"1")])

    assert answers == [None]
    assert store.get(NEW) == b"1"


def test_an_empty_file_holds_no_bytes(folder: Path) -> None:
    """A power cut can leave a thumbnail's name without its bytes: it counts as missing, and can be made again."""
    store = LocalStore(folder)
    store.put_derived(THUMBNAIL, b"small")
    (folder / THUMBNAIL).write_bytes(b"")

    with pytest.raises(KeyError):
        store.get(THUMBNAIL)
    with pytest.raises(KeyError):
        store.path(THUMBNAIL)

    store.put_derived(THUMBNAIL, b"small")
    assert store.get(THUMBNAIL) == b"small"


# -- a folder that people use


def test_only_what_looks_like_a_key_is_listed(folder: Path) -> None:
    """Hidden files, foreign names, links and the archive's other files are no keys."""
    store = LocalStore(folder)
    store.put([(NEW, b"1")])
    (folder / DAY / ".DS_Store").write_bytes(b"x")
    (folder / DAY / "copy of new.jpg").write_bytes(b"x")
    (folder / DAY / "link.jpg").symlink_to(folder / NEW)
    (folder / "photos" / ".trash").mkdir()
    (folder / "photos" / ".trash" / "x.jpg").write_bytes(b"x")
    (folder / "index.db").write_bytes(b"x")

    assert list(store.keys()) == [(NEW, 1)]


def test_photographs_are_not_for_everybody(folder: Path) -> None:
    """Others than the owner and the group can read neither files nor directories, however wide the umask."""
    before = os.umask(0)
    try:
        store = LocalStore(folder)
        store.put([(NEW, b"1")])
        store.put_derived(THUMBNAIL, b"small")
    finally:
        os.umask(before)

    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*")} | {folder.stat().st_mode & 0o777}
    assert modes == {0o640, 0o750}


def test_a_folder_that_cannot_be_made_is_a_setting_to_change(tmp_path: Path) -> None:
    """A folder below a file is a ConfigError that names it."""
    (tmp_path / "file").write_bytes(b"x")

    with pytest.raises(ConfigError, match="file/archive"):
        LocalStore(tmp_path / "file" / "archive")


# -- a disk that is really full


@pytest.fixture(name="small_disk", params=["size=1m", "size=64m,nr_inodes=40"])
def _small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT RUN: a disk of one megabyte can only be mounted by root on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", disk], check=False, capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"NOT RUN: no disk of one megabyte could be mounted: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk_keeps_what_it_promised(small_disk: Path) -> None:
    """Out of bytes or inodes: DiskFull, nothing left of what failed, what was kept is whole; with room, puts work."""
    store = LocalStore(small_disk / "archive")
    frame = os.urandom(60_000)
    items = [(f"photos/garden/2026/11/{n:02d}/x.jpg", frame + b"%d" % n) for n in range(30)]

    answers = [answer for at in range(0, 30, 5) for answer in store.put(items[at : at + 5])]

    kept = [item for item, answer in zip(items, answers, strict=True) if answer is None]
    refused = [item for item, answer in zip(items, answers, strict=True) if isinstance(answer, DiskFull)]
    assert len(kept) + len(refused) == 30
    assert len(kept) >= 5
    assert len(refused) >= 5
    assert [store.get(key) for key, _ in kept] == [data for _, data in kept]
    assert sorted(dict(store.keys("photos"))) == sorted(dict(kept))
    assert sorted(store.pending()) == sorted(dict(kept))
    assert store.swept() == 0
    store.delete([kept[0][0], kept[1][0]])
    assert store.put([(kept[2][0].replace("x.jpg", "y.jpg"), frame)]) == [None]
    store.close()
