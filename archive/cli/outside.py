"""What `archive serve` has for the world outside: a tunnel to it, a certificate of its own, and who may come in."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import segno
from rich.console import Console

from archive import tunnel
from archive.app import Archive
from archive.config import Config
from archive.errors import ConfigError
from archive.tls import certified

LOOPBACK = "127.0.0.1"


def require_tunnel(config: Config) -> None:
    """Before the folder is opened and recovered. Raises ConfigError when the tunnel wanted cannot be had here."""
    if config.tunnel:
        tunnel.require_tunnel(config.tunnel)


async def require_rights(config: Config, has_owner: Callable[[], Awaitable[bool]]) -> None:
    """Before the world is let in. Raises ConfigError where nobody has said who may see what the archive holds."""
    if not config.tunnel or config.public or await has_owner():
        return
    raise ConfigError(
        "a tunnel opens this archive to the world, and nobody could sign in to it yet. Start it once without --tunnel "
        "and sign in by the link that it prints, or set a password; if everybody may look, say so with --public"
    )


@contextlib.asynccontextmanager
async def reached_from_outside(config: Config, archive: Archive) -> AsyncIterator[None]:
    """The archive has a public address while inside, where the settings want a tunnel; it is printed when it is known.

    What comes by the tunnel comes in at a door of its own, so that a stranger is never taken for a neighbour.
    """
    if not config.tunnel:
        yield
        return
    console = Console(highlight=False, soft_wrap=True)
    before = ""

    def tell(address: str) -> None:
        nonlocal before
        archive.door.reached_at(address)
        now = "has moved to" if before else "is reached from anywhere at"
        console.print(f"\n[bold]{config.title}[/bold] {now} {address}/")
        if before:
            console.print(f"  cameras that sent to {before} learn the new address only while that one answers")
        before = address
        if console.is_terminal:
            segno.make(f"{address}/", error="l").terminal(compact=True)

    port = await archive.listen(LOOPBACK, 0, is_outside=True)
    async with tunnel.opened_tunnel(config.tunnel, port, tell):
        yield


@contextlib.asynccontextmanager
async def certificate(config: Config) -> AsyncIterator[ssl.SSLContext | None]:
    """The TLS that the settings want, kept up with its files while inside; None for plain HTTP. Raises ConfigError."""
    if config.tls_cert is None and config.tls_key is None:
        yield None
    elif config.tls_cert is None or config.tls_key is None:
        raise ConfigError("a certificate needs its key and a key its certificate: give both --tls-cert and --tls-key")
    else:
        async with certified(config.tls_cert.expanduser(), config.tls_key.expanduser()) as tls:
            yield tls
