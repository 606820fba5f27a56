"""Cameras find the archive by themselves: it is announced by mDNS while it runs, and only where it can be reached."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from zeroconf import (  # type: ignore[attr-defined]  # one of them is documented, and not in its __all__
    AddressResolverIPv4,
    IPVersion,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from archive.announce import PLAIN_HOST, SERVICE, announced, host_name
from archive.cli.addresses import reachable_at
from tests.server.networks import ADDRESSES, two_machines
from tests.server.serving import PATIENCE_S, config_of, serving, until

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


async def test_where_there_is_one_archive_it_has_the_plain_name() -> None:
    """And a second one on the same machine too: the port tells them apart."""
    async with announced("Garden", ID, [LOOPBACK], 5601) as name:
        resolver = AddressResolverIPv4("camera-archive.local.")
        network = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
        try:
            assert await resolver.async_request(network.zeroconf, PATIENCE_S * 1000)
        finally:
            await network.async_close()
        async with announced("Shed", "ff" * 8, [LOOPBACK], 5602) as second:
            pass

    assert (name, second) == (PLAIN_HOST, PLAIN_HOST)
    assert resolver.parsed_addresses() == [LOOPBACK]


@pytest.fixture(name="machines")
def _machines() -> Iterator[tuple[str, str]]:
    """Two machines in one network, where that can be made."""
    with contextlib.ExitStack() as stack:
        try:
            machines = stack.enter_context(two_machines())
        except OSError as exc:
            pytest.skip(f"NOT RUN: names were not tried between machines: {exc}")
        yield machines


ANNOUNCE = """
import asyncio, sys
from archive.announce import announced

async def main(address, id):
    async with announced("Garden", id, [address], 5601) as name:
        print(name, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"""

FETCH = """
import asyncio, sys, urllib.request
from zeroconf import AddressResolverIPv4
from zeroconf.asyncio import AsyncZeroconf

async def main(address, name, port):
    network = AsyncZeroconf(interfaces=[address])
    found = AddressResolverIPv4(name + ".")
    print(await found.async_request(network.zeroconf, 10_000), *found.parsed_addresses())
    await network.async_close()
    if port:
        print(urllib.request.urlopen(f"http://{found.parsed_addresses()[0]}:{port}/healthz").status)

asyncio.run(main(*sys.argv[1:]))
"""


async def on(machine: str, code: str, *words: str) -> asyncio.subprocess.Process:
    """A program on one of the machines."""
    return await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", machine, sys.executable, "-c", code, *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def first_line(program: asyncio.subprocess.Process) -> str:
    """What it says first."""
    assert program.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        return (await program.stdout.readline()).decode().strip()


async def test_the_page_is_found_by_its_name_from_another_machine(machines: tuple[str, str], tmp_path: Path) -> None:
    """`archive serve` here, `http://camera-archive.local:5555` there."""
    command = [sys.executable, "-m", "archive", "serve", str(tmp_path / "archive")]
    server = await asyncio.create_subprocess_exec(
        *("ip", "netns", "exec", machines[0], *command), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            said = (await server.stdout.readuntil(b"by name, too:")) + await server.stdout.readline()
        asking = await on(machines[1], FETCH, ADDRESSES[1], PLAIN_HOST, "5555")
        found, errors = await asking.communicate()
    finally:
        server.terminate()
        await server.wait()

    assert b"http://camera-archive.local:5555/" in said
    assert found.decode().split() == ["True", ADDRESSES[0], "200"], errors.decode()


async def test_a_name_that_another_has_stays_the_others(machines: tuple[str, str]) -> None:
    """The second archive of a network is reached by its longer name."""
    first = await on(machines[0], ANNOUNCE, ADDRESSES[0], ID)
    name = await first_line(first)
    second = await on(machines[1], ANNOUNCE, ADDRESSES[1], "ff" * 8)

    other_name = await first_line(second)
    for program in (first, second):
        await program.communicate(b"")

    assert (name, other_name) == (PLAIN_HOST, "archive-ffffff.local")


async def test_of_two_that_begin_at_once_one_gives_way(machines: tuple[str, str]) -> None:
    """As after a power cut: in the end the name leads to one machine, whoever asks, and the other one says so."""
    both = await asyncio.gather(
        on(machines[0], ANNOUNCE, ADDRESSES[0], ID), on(machines[1], ANNOUNCE, ADDRESSES[1], "ff" * 8)
    )
    names = [await first_line(program) for program in both]

    async def is_settled() -> bool:
        asking = [await on(*asker, PLAIN_HOST, "") for asker in zip(machines, [FETCH, FETCH], ADDRESSES, strict=True)]
        found = [(await program.communicate())[0].decode().split() for program in asking]
        return found == [["True", ADDRESSES[1]]] * 2

    await until(is_settled, within_s=2 * PATIENCE_S)
    told = [(await program.communicate(b""))[1].decode() for program in both]

    assert names[1] == PLAIN_HOST
    assert "another archive is camera-archive.local; this one is archive-3f2a9c.local" in told[0]
    assert "another archive" not in told[1]


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
