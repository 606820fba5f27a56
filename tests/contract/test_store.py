"""What every store promises, on every backend."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from archive.errors import ConfigError, Unavailable
from archive.store import open_store
from archive.store.base import MAX_KEY_BYTES, is_key
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.store import Store

KEY = "photos/garden/2026/11/23/20261123T091500.000Z-00000000000000aa-1.jpg"
OTHER = "photos/garden/2026/11/24/20261124T091500.000Z-00000000000000aa-2.jpg"
SHED = "photos/shed/2026/11/23/20261123T091500.000Z-00000000000000bb-1.jpg"
THUMBNAIL = "thumbnails/320/garden/2026/11/23/20261123T091500.000Z-00000000000000aa-1.jpg"

HOSTILE_KEYS = [
    "",
    "/",
    ".",
    "..",
    "photos",
    "photos/",
    "photos//x.jpg",
    "photos/x.jpg/",
    "/photos/x.jpg",
    "/etc/passwd",
    "photos/../archive.toml",
    "photos/./x.jpg",
    "photos/garden/..",
    "photos/.hidden",
    "photos/x\0.jpg",
    "photos/x.jpg\n",
    "photos\\x.jpg",
    "photos/a\\b",
    "photos/a%2Fb",
    "photos/ä.jpg",
    "photos/\ud800.jpg",
    "index.db",
    "incoming/x",
    "thumbnails",
    "photos/" + "x" * MAX_KEY_BYTES,
    "photos" + "/x" * 16,
]


def test_what_is_put_can_be_got(store: Store) -> None:
    """A key put answers None, and its bytes come back untouched."""
    answers = store.put([(KEY, b"\xff\xd8 bytes \x00\xff\xd9")])

    assert answers == [None]
    assert store.get(KEY) == b"\xff\xd8 bytes \x00\xff\xd9"


def test_a_group_is_answered_in_order(store: Store) -> None:
    """Each item of a group has its own bytes and its own answer."""
    items = [(f"photos/garden/2026/11/23/{n}.jpg", b"%d" % n) for n in range(64)]

    answers = store.put(items)

    assert answers == [None] * 64
    assert [store.get(key) for key, _ in items] == [data for _, data in items]


def test_an_empty_group_is_no_work(store: Store) -> None:
    """Putting nothing answers nothing."""
    assert store.put([]) == []


def test_one_failure_leaves_the_group_alone(store: Store) -> None:
    """An item that cannot be kept fails by itself; those before and after it are kept."""
    store.put([(OTHER, b"first")])

    answers = store.put([(KEY, b"1"), (OTHER, b"second"), (SHED, b"3")])

    assert [type(answer) for answer in answers] == [type(None), Unavailable, type(None)]
    assert OTHER in str(answers[1])
    assert [store.get(key) for key in (KEY, OTHER, SHED)] == [b"1", b"first", b"3"]


def test_the_same_bytes_again_are_harmless(store: Store) -> None:
    """Putting what is there already answers None, pending or settled, and is one key."""
    store.put([(KEY, b"same")])

    while_pending = store.put([(KEY, b"same")])
    store.settle([KEY])
    after_settling = store.put([(KEY, b"same")])

    assert (while_pending, after_settling) == ([None], [None])
    assert list(store.keys()) == [(KEY, 4)]
    assert store.get(KEY) == b"same"


def test_other_bytes_never_replace_a_key(store: Store) -> None:
    """Other bytes under a key are Unavailable, pending or settled, and the first stay."""
    store.put([(KEY, b"first")])

    while_pending = store.put([(KEY, b"second")])
    store.settle([KEY])
    after_settling = store.put([(KEY, b"second")])

    assert isinstance(while_pending[0], Unavailable)
    assert isinstance(after_settling[0], Unavailable)
    assert store.get(KEY) == b"first"


def test_a_key_twice_in_one_group_is_one_key(store: Store) -> None:
    """The same key in a group again: the same bytes are kept once, other bytes are not kept."""
    answers = store.put([(KEY, b"first"), (KEY, b"first"), (KEY, b"second")])

    assert [type(answer) for answer in answers] == [type(None), type(None), Unavailable]
    assert store.get(KEY) == b"first"
    assert store.pending() == [KEY]


def test_a_key_is_pending_until_settled(store: Store, reopen: Callable[[], Store]) -> None:
    """After a restart the keys put and never settled are known, and only those."""
    store.put([(KEY, b"1"), (OTHER, b"2"), (SHED, b"3")])
    store.settle([OTHER])

    again = reopen()

    assert sorted(again.pending()) == [KEY, SHED]
    assert again.swept() == 0
    again.settle([KEY, SHED])
    assert reopen().pending() == []
    assert again.get(KEY) == b"1"


def test_put_again_is_pending_again(store: Store, reopen: Callable[[], Store]) -> None:
    """A settled key that is put once more is pending until it is settled once more."""
    store.put([(KEY, b"1")])
    store.settle([KEY])

    store.put([(KEY, b"1")])

    assert reopen().pending() == [KEY]


def test_a_refused_key_stays_as_it_was(store: Store, reopen: Callable[[], Store]) -> None:
    """Other bytes under a key change nothing of what is pending."""
    store.put([(KEY, b"pending"), (OTHER, b"settled")])
    store.settle([OTHER])

    store.put([(KEY, b"else"), (OTHER, b"else")])

    assert reopen().pending() == [KEY]


def test_only_what_was_put_newly_is_taken_back(store: Store) -> None:
    """Taking back forgets what this put made, and neither what was settled nor what was never put."""
    store.put([(KEY, b"settled")])
    store.settle([KEY])
    store.put([(KEY, b"settled"), (OTHER, b"new")])

    store.take_back([KEY, OTHER, SHED])

    assert dict(store.keys()) == {KEY: 7}
    assert OTHER not in store.pending()


def test_what_another_process_put_is_not_taken_back(store: Store, reopen: Callable[[], Store]) -> None:
    """A key that was there when the store was opened is not new, even when it is put again."""
    store.put([(KEY, b"old")])
    again = reopen()
    again.put([(KEY, b"old")])

    again.take_back([KEY])

    assert again.get(KEY) == b"old"


def test_settling_what_is_unknown_is_passed_over(store: Store) -> None:
    """Settling a key twice, or one that was never put, is no error."""
    store.put([(KEY, b"1")])

    store.settle([KEY, KEY, OTHER])

    assert store.pending() == []


def test_derived_bytes_can_be_replaced(store: Store) -> None:
    """A thumbnail put again is the new one, is never pending, and is listed."""
    store.put_derived(THUMBNAIL, b"small")

    store.put_derived(THUMBNAIL, b"smaller")

    assert store.get(THUMBNAIL) == b"smaller"
    assert list(store.keys("thumbnails")) == [(THUMBNAIL, 7)]
    assert store.pending() == []


def test_originals_and_derived_do_not_mix(store: Store) -> None:
    """`put` takes no thumbnails and `put_derived` no originals, so nothing can replace an original."""
    store.put([(KEY, b"original")])

    with pytest.raises(ValueError, match="thumbnails/"):
        store.put_derived(KEY, b"else")
    with pytest.raises(ValueError, match="photos/"):
        store.put([(THUMBNAIL, b"small")])

    assert store.get(KEY) == b"original"


def test_what_is_missing_is_a_key_error(store: Store) -> None:
    """`get` and `path` raise KeyError for a key without bytes, also for one that only begins others."""
    store.put([(KEY, b"1")])

    for key in (OTHER, "photos/garden", f"{KEY}/x", THUMBNAIL):
        with pytest.raises(KeyError):
            store.get(key)
        with pytest.raises(KeyError):
            store.path(key)


def test_a_path_holds_the_bytes(store: Store) -> None:
    """Where a store names a local file, it holds the key's bytes."""
    store.put([(KEY, b"1")])

    path = store.path(KEY)

    assert path is None or path.read_bytes() == b"1"


def test_deleted_keys_are_gone(store: Store, reopen: Callable[[], Store]) -> None:
    """Deleting forgets keys, pending or settled or derived, passes over those that are gone, and frees their names."""
    store.put([(KEY, b"1"), (OTHER, b"2"), (SHED, b"3")])
    store.settle([OTHER])
    store.put_derived(THUMBNAIL, b"small")

    store.delete([KEY, OTHER, THUMBNAIL, "photos/never/was.jpg"])
    store.delete([KEY])

    again = reopen()
    assert again.pending() == [SHED]
    assert again.swept() == 0
    assert list(again.keys()) == [(SHED, 1)]
    assert again.put([(KEY, b"new")]) == [None]
    assert again.get(KEY) == b"new"


def test_keys_are_listed_by_whole_parts(store: Store) -> None:
    """A prefix takes whole parts: `photos/garden` is not `photos/garden-2`, and a key is not under itself."""
    garden_2 = "photos/garden-2/2026/11/23/x.jpg"
    store.put([(KEY, b"1"), (OTHER, b"22"), (SHED, b"333"), (garden_2, b"4444")])
    store.put_derived(THUMBNAIL, b"small")

    assert sorted(store.keys("photos/garden")) == [(KEY, 1), (OTHER, 2)]
    assert sorted(store.keys("photos")) == sorted([(KEY, 1), (OTHER, 2), (SHED, 3), (garden_2, 4)])
    assert len(list(store.keys())) == 5
    assert list(store.keys("photos/nobody")) == []
    assert list(store.keys(KEY)) == []


def test_free_space_is_a_number_or_unknown(store: Store) -> None:
    """`free_bytes` is None or a count of bytes."""
    free = store.free_bytes()

    assert free is None or free > 0


def test_sync_and_close_may_be_repeated(store: Store) -> None:
    """Syncing changes nothing that can be read, and closing twice is harmless."""
    store.put([(KEY, b"1")])

    store.sync()
    store.sync()

    assert store.get(KEY) == b"1"
    store.close()
    store.close()


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_hostile_keys_are_refused_everywhere(store: Store, key: str) -> None:
    """A key outside the grammar is a ValueError in every method, and nothing of its group is kept."""
    assert not is_key(key)

    with pytest.raises(ValueError, match="cannot be a key"):
        store.put([(KEY, b"1"), (key, b"2")])
    with pytest.raises(ValueError, match="cannot be a key"):
        store.put_derived(key, b"1")
    with pytest.raises(ValueError, match="cannot be a key"):
        store.get(key)
    with pytest.raises(ValueError, match="cannot be a key"):
        store.path(key)
    with pytest.raises(ValueError, match="cannot be a key"):
        store.delete([key])
    with pytest.raises(ValueError, match="cannot be a key"):
        store.settle([key])

    assert list(store.keys()) == []
    assert store.pending() == []


@pytest.mark.parametrize("prefix", ["/", "..", "photos/", "photos/..", "photos/garden/", "incoming", "pho"])
def test_hostile_prefixes_are_refused(store: Store, prefix: str) -> None:
    """A prefix that is not the whole first parts of keys is a ValueError, before the first key is asked for."""
    with pytest.raises(ValueError, match="cannot be the first parts"):
        store.keys(prefix)


def test_the_longest_key_is_kept(store: Store) -> None:
    """A key of the greatest length, with as many parts as it can have, is a key like others."""
    longest = "photos" + "/y" * 14 + "/" + "x" * (MAX_KEY_BYTES - 35)
    assert len(longest) == MAX_KEY_BYTES

    assert store.put([(longest, b"1")]) == [None]

    assert store.get(longest) == b"1"
    assert store.pending() == [longest]


def test_empty_bytes_are_refused(store: Store) -> None:
    """There is nothing to keep in no bytes: a ValueError."""
    with pytest.raises(ValueError, match="no bytes"):
        store.put([(KEY, b"1"), (KEY, b"")])
    with pytest.raises(ValueError, match="no bytes"):
        store.put_derived(THUMBNAIL, b"")


def test_threads_may_put_the_same_key(store: Store) -> None:
    """Of several threads that put other bytes under one key, exactly one is answered None, and its bytes are kept."""
    bodies = [b"%d" % n for n in range(8)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda body: store.put([(KEY, body)])[0], bodies))

    assert answers.count(None) == 1
    assert store.get(KEY) == bodies[answers.index(None)]


def test_a_url_names_its_backend(tmp_path: Path) -> None:
    """`file:///…`, escaped or not, is a folder, `memory:` is none."""
    folder = tmp_path / "with space"

    local = open_store(folder.as_uri())
    memory = open_store("memory:")

    assert isinstance(local, LocalStore)
    assert folder.is_dir()
    assert isinstance(memory, MemoryStore)
    local.close()


@pytest.mark.parametrize(
    "url", ["", "photos", "/var/photos", "s3://bucket", "file://host/folder", "file:", "file:x", "//["]
)
def test_a_url_of_no_backend_says_which_there_are(url: str) -> None:
    """Any other URL is a ConfigError that shows what can be written."""
    with pytest.raises(ConfigError, match=r"file:///absolute/folder|not a URL"):
        open_store(url)


def test_a_memory_store_fails_as_told() -> None:
    """What `fail` raises is `put`'s answer for that key alone, and what any other operation raises."""

    def fail(operation: str, key: str) -> None:
        if key == KEY or operation == "sync":
            raise Unavailable(f"{operation} {key}")

    store = MemoryStore(fail=fail, room_bytes=5)

    answers = store.put([(KEY, b"1"), (SHED, b"2")])

    assert [str(answer) for answer in answers] == [f"put {KEY}", "None"]
    assert list(store.keys()) == [(SHED, 1)]
    assert store.free_bytes() == 5
    with pytest.raises(Unavailable, match="sync"):
        store.sync()
