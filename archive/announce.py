"""The archive announces itself in the local network by mDNS (RFC 6762, 6763), so that cameras find it by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence

from zeroconf import (  # type: ignore[attr-defined]  # two of them are documented, and not in its __all__
    AddressResolverIPv4,
    DNSAddress,
    Error,
    IPVersion,
    RecordUpdate,
    RecordUpdateListener,
    Zeroconf,
)
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE = "_camera-archive._tcp.local."
PLAIN_HOST = "camera-archive.local"  # for people, where there is one archive
PROBE_MS = 750  # RFC 6762, 8.1: three questions, a quarter of a second apart
LABEL_MAX_BYTES = 63  # RFC 6763, 4.1.1
ID_DIGITS = 6  # enough to tell the archives of one network apart

log = logging.getLogger(__name__)


def host_name(id: str) -> str:  # noqa: A002 - the index's own word
    """The name of the archive with this *id* in the local network: it stays when the address changes."""
    return f"archive-{id[:ID_DIGITS]}.local"


@contextlib.asynccontextmanager
async def announced(
    title: str,
    id: str,  # noqa: A002 - as above
    addresses: Sequence[str],
    port: int,
) -> AsyncIterator[str | None]:
    """*title* is found at *addresses* while inside. The name by which people reach it: `PLAIN_HOST`, or a longer one.

    Cameras find it by its service, under `host_name(id)`. Where the network does not let us, a warning is logged;
    without addresses nothing is announced, and there is no name.
    """
    if not addresses:
        yield None
        return
    label = title.encode()[: LABEL_MAX_BYTES - ID_DIGITS - 3].decode("utf-8", "ignore").replace(".", " ").strip()
    label = f"{label} ({id[:ID_DIGITS]})"

    def service(kind: str, host: str, path: str) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            kind,
            f"{label}.{kind}",
            parsed_addresses=list(addresses),
            port=port,
            server=f"{host}.",
            properties={"path": path},
        )

    name: str | None = None
    async with contextlib.AsyncExitStack() as stack:
        try:
            responder = AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
            stack.push_async_callback(responder.async_close)  # says goodbye: nobody shall look for us where we are not
            own = service(SERVICE, host_name(id), "/api/frames")
            await (await responder.async_register_service(own, allow_name_change=True))
            name = host_name(id)
            plain = service("_http._tcp.local.", PLAIN_HOST, "/")
            if await _is_ours(responder, addresses):
                watch = _Watch(responder, plain, host_name(id))
                stack.push_async_callback(watch.close)
                responder.zeroconf.async_add_listener(watch, None)
                await (await responder.async_register_service(plain, allow_name_change=True))
                watch.is_registered.set()
                name = host_name(id) if watch.is_lost else PLAIN_HOST
        except (OSError, Error) as exc:
            log.warning("cameras will not find the archive by themselves: %s", exc)
        yield name


async def _is_ours(responder: AsyncZeroconf, addresses: Sequence[str]) -> bool:
    """Whether nobody else has the plain name: asked before it is used (RFC 6762, 8.1)."""
    holder = AddressResolverIPv4(f"{PLAIN_HOST}.")
    if not await holder.async_request(responder.zeroconf, PROBE_MS):
        return True
    return set(holder.parsed_addresses()) <= set(
        addresses
    )  # another archive on this machine: the port tells them apart


class _Watch(RecordUpdateListener):
    """Gives the plain name up when another machine has it too: both asked at once, or two networks became one."""

    def __init__(self, responder: AsyncZeroconf, plain: AsyncServiceInfo, longer: str) -> None:
        self._responder = responder
        self._plain = plain
        self._longer = longer
        self._ending: asyncio.Task[None] | None = None
        self.is_registered = asyncio.Event()  # nothing can be taken back before

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        del zc, now
        ours = self._plain.addresses
        for update in records:
            record = update.new
            if (
                isinstance(record, DNSAddress)
                and record.name.lower() == f"{PLAIN_HOST}."
                and record.ttl
                and record.address not in ours
                and record.address > max(ours)  # one of two must give way, and both must know which (8.2)
                and not self.is_lost
            ):
                self._ending = asyncio.create_task(self._give_up())

    @property
    def is_lost(self) -> bool:
        return self._ending is not None

    async def close(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            await asyncio.wait([self._ending])

    async def _give_up(self) -> None:
        log.warning("another archive is %s; this one is %s", PLAIN_HOST, self._longer)
        await self.is_registered.wait()
        with contextlib.suppress(OSError, Error):
            await (await self._responder.async_unregister_service(self._plain))
