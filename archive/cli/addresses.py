"""At which addresses others in the network reach this machine."""

import contextlib
import socket

import psutil

from archive.server.answers import ArchiveAnswer

NOT_THE_NETWORK = ("lo", "docker", "br-", "veth", "virbr")  # names of interfaces behind which there is no camera


def is_everywhere(host: str) -> bool:
    """Whether who listens at *host* listens at every address of this machine."""
    return host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound


def reachable_at(host: str) -> list[str]:
    """The IPv4 addresses at which who listens at *host* is reached from outside, the best first; none from loopback."""
    if is_everywhere(host):
        return lan_addresses()
    return [] if host == "localhost" or host.startswith(("127.", "::1")) or ":" in host else [host]


def urls_of(archive: ArchiveAnswer) -> list[str]:
    """Where browsers reach a running archive: on this machine, in its networks, and last where the world does."""
    here = "localhost" if is_everywhere(archive.host) else archive.host
    scheme = "https" if archive.is_tls else "http"
    found = [
        f"{scheme}://{f'[{host}]' if ':' in host else host}:{archive.port}"
        for host in dict.fromkeys([here, *reachable_at(archive.host)])
    ]
    return [*found, archive.public_url] if archive.public_url else found


def lan_addresses() -> list[str]:
    """This machine's own IPv4 addresses in its networks, the one that leads outwards first."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup and not name.startswith(NOT_THE_NETWORK)}
    found = [
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if name in up and address.family == socket.AF_INET and not address.address.startswith(("127.", "169.254."))
    ]
    outward = _outward()
    return sorted(found, key=lambda address: address != outward)


def _outward() -> str | None:
    """Our address on the way to anywhere else. Nothing is sent: connecting a UDP socket only chooses a way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody's
        address: str = probe.getsockname()[0]
        return address
    return None
