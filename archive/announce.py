"""The archive announces itself in the local network by mDNS (RFC 6762, 6763), so that cameras find it by themselves."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence

from zeroconf import Error, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE = "_camera-archive._tcp.local."
LABEL_MAX_BYTES = 63  # RFC 6763, 4.1.1
ID_DIGITS = 6  # enough to tell the archives of one network apart

log = logging.getLogger(__name__)


def host_name(id: str) -> str:  # noqa: A002 - the index's own word
    """The name of the archive with this *id* in the local network: it stays when the address changes."""
    return f"archive-{id[:ID_DIGITS]}.local"


@contextlib.asynccontextmanager
async def announced(title: str, id: str, addresses: Sequence[str], port: int) -> AsyncIterator[None]:  # noqa: A002
    """*title* is found at *addresses*, under `host_name(id)`, while inside.

    Where the network does not let us, a warning is logged; without addresses nothing is announced.
    """
    if not addresses:
        yield
        return
    label = title.encode()[: LABEL_MAX_BYTES - ID_DIGITS - 3].decode("utf-8", "ignore").replace(".", " ").strip()
    info = AsyncServiceInfo(
        SERVICE,
        f"{label} ({id[:ID_DIGITS]}).{SERVICE}",
        parsed_addresses=list(addresses),
        port=port,
        server=f"{host_name(id)}.",
        properties={"path": "/api/frames"},
    )
    async with contextlib.AsyncExitStack() as stack:
        try:
            responder = AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
            stack.push_async_callback(responder.async_close)  # says goodbye: nobody shall look for us where we are not
            await (await responder.async_register_service(info, allow_name_change=True))
        except (OSError, Error) as exc:
            log.warning("cameras will not find the archive by themselves: %s", exc)
        yield
