"""The turnstile listens as asyncio's own listener does: on every address of a name, and with TLS."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from pathlib import Path

import aiohttp
import pytest

from archive.server.turnstile import Turnstile
from tests.server.serving import PATIENCE_S, Served, connected

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(name="tls", scope="module")
def _tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context, and that of a client which trusts it."""
    if shutil.which("openssl") is None:
        pytest.skip("NOT RUN: openssl is missing")
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(["openssl", *words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))


async def test_a_name_is_listened_on_at_every_address(archive: Served) -> None:
    """`localhost` is 127.0.0.1 and, where there is IPv6, ::1 as well, on one port."""
    turnstile = Turnstile(archive.archive.runner, "localhost", 0, idle_s=PATIENCE_S)
    await turnstile.start()

    for listener in turnstile._listeners:
        host, port = listener.getsockname()[:2]
        assert port == turnstile.port
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()

    await turnstile.stop()
    with pytest.raises(OSError, match=str(turnstile.port)):
        await asyncio.open_connection("127.0.0.1", turnstile.port)


async def test_a_port_that_is_taken_is_an_error(archive: Served) -> None:
    """... before anything is listened on."""
    with pytest.raises(OSError, match="in use"):
        await Turnstile(archive.archive.runner, "127.0.0.1", archive.port, idle_s=PATIENCE_S).start()


async def test_tls_is_spoken_with_who_speaks_it(archive: Served, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """HTTPS is answered; who speaks plain HTTP to it, or nothing, is hung up on, and nothing is logged."""
    turnstile = Turnstile(archive.archive.runner, "127.0.0.1", 0, idle_s=0.5, tls=tls[0])
    await turnstile.start()

    async with connected(turnstile.port) as plain, connected(turnstile.port) as silent:
        await plain.say(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connector = aiohttp.TCPConnector(ssl=tls[1])
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.get(f"https://localhost:{turnstile.port}/healthz") as answer,
        ):
            assert answer.status == 200
        with contextlib.suppress(ConnectionError):
            assert b"200 OK" not in await plain.rest()
        with contextlib.suppress(ConnectionError):
            assert await silent.rest() == b""

    await turnstile.stop()
    assert not turnstile._entering
