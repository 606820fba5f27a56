"""The thumbnails held in memory: those asked for most recently, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256

import msgspec

_OVERHEAD_BYTES = 600  # of an entry, about: key, etag, signature and objects


class Thumbnail(msgspec.Struct, frozen=True):
    """A small JPEG to show, and the ETag of its bytes, quoted as in the header."""

    data: bytes
    etag: str
    is_placeholder: bool = False
    signature: bytes | None = None  # of the picture, while it is known


def thumbnail(data: bytes, *, is_placeholder: bool = False, signature: bytes | None = None) -> Thumbnail:
    """A Thumbnail of these bytes."""
    return Thumbnail(data, f'"{sha256(data).hexdigest()[:20]}"', is_placeholder, signature)


class Cache:
    """Thumbnails by key. Whatever was not asked for longest goes first when room is needed."""

    def __init__(self, room_bytes: int) -> None:
        self.size_bytes = 0
        self._room_bytes = room_bytes
        self._thumbnails: OrderedDict[str, Thumbnail] = OrderedDict()

    def get(self, key: str) -> Thumbnail | None:
        """What is held under *key*, which is thereby the last to go."""
        found = self._thumbnails.get(key)
        if found is not None:
            self._thumbnails.move_to_end(key)
        return found

    def put(self, key: str, thumbnail: Thumbnail) -> None:
        """Hold *thumbnail*, in the place of what was held under *key*."""
        if (old := self._thumbnails.pop(key, None)) is not None:
            self.size_bytes -= _cost_bytes(old)
        self._thumbnails[key] = thumbnail
        self.size_bytes += _cost_bytes(thumbnail)
        while self.size_bytes > self._room_bytes:
            _, oldest = self._thumbnails.popitem(last=False)
            self.size_bytes -= _cost_bytes(oldest)


def _cost_bytes(thumbnail: Thumbnail) -> int:
    # Every placeholder is the same object.
    return _OVERHEAD_BYTES + (0 if thumbnail.is_placeholder else len(thumbnail.data))
