"""Which camera of the old kind sends from which address, as the setting `legacy_uploads` says. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from archive.errors import ConfigError, Malformed
from archive.frame import camera_id

Address = IPv4Address | IPv6Address


def senders(wanted: Sequence[str]) -> dict[Address, str]:
    """Which camera sends from which address, from settings such as `garden=192.168.1.50`. Raises ConfigError."""
    found: dict[Address, str] = {}
    for one in wanted:
        camera, _, address = one.partition("=")
        try:
            at = plain(ip_address(address.strip()))
            name = camera_id(camera.strip())
        except (ValueError, Malformed) as error:
            raise ConfigError(
                f"{one!r} names no camera of the old kind; say its name and its address, as garden=192.168.1.50"
            ) from error
        if found.setdefault(at, name) != name:
            raise ConfigError(f"from {at} only one camera of the old kind can send, not {found[at]} and {name}")
    return found


def plain(address: Address) -> Address:
    """An IPv4 address as such, also where it comes as one of IPv6."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
