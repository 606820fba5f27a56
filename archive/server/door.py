"""Where the archive listens and how the world reaches it: known only once it does, for whoever must tell a camera."""

from __future__ import annotations

from zlib import crc32

import msgspec

from archive.fields import Addresses


class Door(msgspec.Struct):
    """The addresses of a running archive; port 0 while only its owner's socket is open."""

    host: str = ""
    port: int = 0
    public_url: str = ""  # from anywhere, by https; empty: only who is in its network reaches it
    local_url: str = ""  # in its own network

    def addresses(self) -> Addresses | None:
        """What cameras are told of this; None without a public address, which alone is news to them.

        The version is drawn from the addresses, so it is the same after a restart that changed none of them.
        """
        if not self.public_url.startswith("https://"):  # in the clear a key would be shown to everybody on the way
            return None
        version = crc32(f"{self.public_url}\n{self.local_url}".encode()) & 0x7FFF_FFFF
        return Addresses(version=version or 1, public=self.public_url, local=self.local_url or None)
