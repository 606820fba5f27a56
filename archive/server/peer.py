"""Where a request comes from: from which address, from the LAN or from outside, and by which scheme.

The rules of this file:
* `X-Forwarded-For` is believed from the proxies that the owner named, and on the listener that a tunnel feeds; its
  right-most address that is not theirs counts, for the rest is what anybody may have written.
* What came through either of them came from outside, whatever address it bears.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from aiohttp import hdrs, web

from archive.errors import ConfigError
from archive.server.door import Door

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PASSED_ON = ("Forwarded", hdrs.X_FORWARDED_FOR, "Via")  # what a proxy adds
NOWHERE = ipaddress.IPv4Address(0)


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks from a setting. Raises ConfigError."""
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise ConfigError(
            f"trusted_proxies are addresses or networks such as 127.0.0.1 or 10.0.0.0/8: {error}"
        ) from None


def is_owner(request: web.BaseRequest) -> bool:
    """Whether the request came through the socket in the archive's folder, which only its owner can open."""
    peer = request.get_extra_info("socket")
    return peer is not None and peer.family == socket.AF_UNIX


def address_of(request: web.BaseRequest, door: Door) -> Address:
    """Who asks: the peer, or whoever the trusted proxy says it asks for. 0.0.0.0 where that is not an address."""
    peer = _address(request.remote or "")
    if not is_through_proxy(request, door):
        return peer
    said = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ()))  # some proxies add a field of their own
    for text in reversed(said.split(",")):
        address = _address(text.strip())
        if not any(address in network for network in door.trusted_proxies):
            return address
    return NOWHERE


def is_local(request: web.BaseRequest, door: Door) -> bool:
    """Whether the request comes from this machine or its network, and not through a proxy or a tunnel."""
    address = _address(request.remote or "")
    return address != NOWHERE and (address.is_private or address.is_link_local) and not is_passed_on(request, door)


def is_passed_on(request: web.BaseRequest, door: Door) -> bool:
    """Whether somebody else brought it, also one that the owner did not name: then its address says nothing."""
    return any(name in request.headers for name in _PASSED_ON) or is_through_proxy(request, door)


def is_through_proxy(request: web.BaseRequest, door: Door) -> bool:
    """Whether a tunnel or a proxy the owner named brought it."""
    if door.outside_port and _port(request) == door.outside_port:
        return True
    return bool(door.trusted_proxies) and any(
        _address(request.remote or "") in network for network in door.trusted_proxies
    )


def is_https(request: web.BaseRequest, door: Door) -> bool:
    """Whether the one who asks speaks TLS: to us, or to what stands before us."""
    if request.secure:
        return True
    if door.public_url.startswith("https://") and door.is_public(request.host):
        return True
    return is_through_proxy(request, door) and request.headers.get(hdrs.X_FORWARDED_PROTO, "").lower() == "https"


def _address(text: str) -> Address:
    try:
        found = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return NOWHERE
    return getattr(found, "ipv4_mapped", None) or found


def _port(request: web.BaseRequest) -> int:
    ours = request.get_extra_info("sockname")
    return int(ours[1]) if isinstance(ours, tuple) and len(ours) > 1 else 0
