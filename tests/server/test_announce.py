"""Cameras find the archive by themselves: it is announced by mDNS while it runs, and only where it can be reached."""

from __future__ import annotations

import asyncio
from pathlib import Path

from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from archive.announce import SERVICE, announced, host_name
from archive.cli.addresses import reachable_at
from tests.server.serving import PATIENCE_S, config_of, serving

ID = "3f2a9c0011223344"
LOOPBACK = "127.0.0.1"


class Listener:
    """What a camera's mDNS hears on loopback."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, ServiceStateChange]] = asyncio.Queue()
        self.network = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
        self._browser = AsyncServiceBrowser(self.network.zeroconf, SERVICE, handlers=[self._hear])

    def _hear(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        del zeroconf, service_type
        self.heard.put_nowait((name, state_change))

    async def next(self, change: ServiceStateChange) -> str:
        """The name of the next service of which *change* is heard."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                name, heard = await self.heard.get()
                if heard is change:
                    return name

    async def close(self) -> None:
        await self._browser.async_cancel()
        await self.network.async_close()


async def test_an_archive_is_found_by_its_service_and_says_goodbye() -> None:
    """With its title, port, address, and a host name that stays when the address changes."""
    listener = Listener()
    try:
        async with announced("The garden. " * 10, ID, [LOOPBACK], 5601):
            name = await listener.next(ServiceStateChange.Added)
            info = AsyncServiceInfo(SERVICE, name)
            assert await info.async_request(listener.network.zeroconf, PATIENCE_S * 1000)

        gone = await listener.next(ServiceStateChange.Removed)
    finally:
        await listener.close()

    assert name.startswith("The garden")
    assert info.port == 5601
    assert info.server == "archive-3f2a9c.local." == f"{host_name(ID)}."
    assert info.parsed_addresses() == [LOOPBACK]
    assert gone == name


async def test_two_archives_of_one_title_are_two() -> None:
    """Each is found under its own name."""
    listener = Listener()
    try:
        async with announced("Garden", ID, [LOOPBACK], 5601), announced("Garden", "ff" * 8, [LOOPBACK], 5602):
            names = {await listener.next(ServiceStateChange.Added) for _ in range(2)}
    finally:
        await listener.close()

    assert len(names) == 2


def test_only_what_can_be_reached_is_announced() -> None:
    """Who listens on loopback alone has no address for others."""
    assert reachable_at("127.0.0.1") == reachable_at("localhost") == reachable_at("::1") == []
    assert reachable_at("192.0.2.7") == ["192.0.2.7"]
    assert not [address for address in reachable_at("0.0.0.0") if address.startswith("127.")]


async def test_an_archive_has_one_id_and_says_where_it_listens(tmp_path: Path) -> None:
    """The id is the same after a restart and another for another archive; the port is the one it got."""
    seen = []
    for folder in ("garden", "garden", "shed"):
        async with serving(config_of(tmp_path / folder)) as served:
            told = await served.get("/api/archive")
            seen.append(told["id"])
            assert (told["host"], told["port"]) == (LOOPBACK, served.port)

    assert seen[0] == seen[1] != seen[2]
    assert len(seen[0]) == 16
