"""Where the archive listens and by which names it is asked for: known only once it does."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit
from zlib import crc32

import msgspec

from archive.fields import Addresses


class Door(msgspec.Struct):
    """The addresses of a running archive; port 0 while only its owner's socket is open."""

    host: str = ""
    port: int = 0
    is_tls: bool = False
    outside_port: int = 0  # a second listener, on loopback: what comes in by it was brought by a tunnel
    is_configured: bool = False  # whether the owner named the public address
    public_url: str = ""  # the address the world uses, if there is one
    local_url: str = ""  # in its own network
    hosts: frozenset[str] = frozenset()  # the names of this machine, and those the owner set
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    def is_ours(self, host: str) -> bool:
        """Whether a request for *host* (a Host field) is meant for this archive.

        Every address is: a page of another site reaches us by a name of its own that it lets point here (DNS
        rebinding), never by an address, for then the browser knows it as ours.
        """
        name = hostname(host)
        return name in self.hosts or _is_address(name) or self.is_public(host)

    def reached_at(self, address: str) -> None:
        """A tunnel brings what is asked for at *address*; that is the public one, unless the owner named another."""
        self.hosts |= {hostname(urlsplit(address).netloc)}
        if not self.is_configured:
            self.public_url = address

    def is_public(self, host: str) -> bool:
        """Whether *host* is that of the public address."""
        return bool(self.public_url) and hostname(host) == (urlsplit(self.public_url).hostname or "")

    def addresses(self) -> Addresses | None:
        """What cameras are told of this; None without a public address, which alone is news to them.

        The version is drawn from the addresses, so it is the same after a restart that changed none of them.
        """
        if not self.public_url.startswith("https://"):  # in the clear a key would be shown to everybody on the way
            return None
        version = crc32(f"{self.public_url}\n{self.local_url}".encode()) & 0x7FFF_FFFF
        return Addresses(version=version or 1, public=self.public_url, local=self.local_url or None)


def names_of_this_machine() -> set[str]:
    """The names under which others in the network may know this machine."""
    name = socket.gethostname().lower().rstrip(".")
    short = name.partition(".")[0]
    return {"localhost", "camera-archive.local", name, short, f"{short}.local"} - {""}


def hostname(host: str) -> str:
    """The name or address in a Host field, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
