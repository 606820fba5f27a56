"""HTTPS with a certificate of one's own: renewed without a restart, refused with a sentence where it cannot work."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from archive.cli.outside import certificate
from archive.config import Config
from archive.errors import ConfigError
from archive.tls import certified
from tests.authority import Authority, Certified
from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import PATIENCE_S, Served, until
from tests.server.streams import listening

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUICKLY_S = 0.02


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(name="pair")
def _pair(authority: Authority, tmp_path: Path) -> Certified:
    """A certificate for localhost, where a server finds it."""
    return install(authority.certify("localhost"), Certified(tmp_path / "cert.pem", tmp_path / "key.pem"))


def install(pair: Certified, to: Certified) -> Certified:
    """Put the files where the server looks."""
    shutil.copy(pair.cert, to.cert)
    shutil.copy(pair.key, to.key)
    to.key.chmod(0o600)
    return to


def trusting(authority: Authority) -> ssl.SSLContext:
    """A client's TLS that trusts nobody else."""
    return ssl.create_default_context(cafile=authority.root)


async def shown(port: int, authority: Authority) -> bytes:
    """The certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=trusting(authority), server_hostname="localhost", ssl_handshake_timeout=PATIENCE_S
    )
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return shown


async def test_all_goes_over_https(make_archive: MakeArchive, authority: Authority, pair: Certified) -> None:
    """A frame, an event, the page."""
    archive = await make_archive()
    async with certified(*pair) as tls:
        port = await archive.archive.listen("127.0.0.1", 0, tls=tls)
        connector = aiohttp.TCPConnector(ssl=trusting(authority))
        async with aiohttp.ClientSession(f"https://localhost:{port}/", connector=connector) as session:
            visitor = Served(archive.archive, port, session)
            async with listening(session) as stream:
                reply = await visitor.send(jpeg(), camera="garden", boot="00000000000000aa", number=0)
                await stream.until("frame", number=0)
            page = await visitor.ask("/")

    assert reply.status == 201
    assert page.status == 200
    assert archive.archive.door.is_tls


async def test_a_camera_sends_over_https(authority: Authority, pair: Certified, tmp_path: Path) -> None:
    """`archive serve --tls-cert --tls-key`, and the reference client, which trusts what its machine trusts."""
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    options = ["--open-uploads", "--tls-cert", str(pair.cert), "--tls-key", str(pair.key)]
    server = ArchiveServer(tmp_path / "archive", *options)
    send = [sys.executable, "-m", "archive", "send", str(tmp_path / "photo.jpg")]
    send += ["--to", f"https://localhost:{server.port}"]
    log = tmp_path / "log"
    environ = {**os.environ, **server.environ}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*server.command, stdout=output, stderr=output, env=environ)

    try:
        trusting = await ran(*send, SSL_CERT_FILE=str(authority.root))
        not_trusting = await ran(*send, "--give-up-after", "0")
    finally:
        process.terminate()
        await process.wait()

    assert trusting.returncode == 0, trusting.stdout
    assert not_trusting.returncode == 1
    assert b"certificate of localhost is not trusted here" in not_trusting.stdout
    assert f"is live at https://127.0.0.1:{server.port}/" in log.read_text()


async def ran(*words: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """A command, run to its end."""
    return await asyncio.to_thread(
        subprocess.run, words, env={**os.environ, **environ}, capture_output=True, check=False, timeout=60
    )


async def test_a_renewed_certificate_is_taken_without_a_restart(
    archive: Served, authority: Authority, pair: Certified
) -> None:
    """By connections to come; one that is open goes on with what it has."""
    async with certified(*pair, check_s=QUICKLY_S) as tls:
        port = await archive.archive.listen("127.0.0.1", 0, tls=tls)
        connector = aiohttp.TCPConnector(ssl=trusting(authority))
        before = await shown(port, authority)
        async with (
            aiohttp.ClientSession(f"https://localhost:{port}/", connector=connector) as session,
            listening(session) as stream,
        ):
            await stream.next()
            install(authority.certify("localhost"), pair)
            await until(lambda: differs(port, authority, before))

            await archive.send(jpeg(seed=77), camera="renewed", boot="00000000000000bb", number=0)
            await stream.until("frame", camera="renewed")


async def differs(port: int, authority: Authority, before: bytes) -> bool:
    """Whether another certificate is shown now."""
    return await shown(port, authority) != before


async def test_half_a_renewal_changes_nothing(
    archive: Served, authority: Authority, pair: Certified, caplog: pytest.LogCaptureFixture
) -> None:
    """A certificate whose key has not come yet is not taken; that it does not come is said, once."""
    async with certified(*pair, check_s=QUICKLY_S) as tls:
        port = await archive.archive.listen("127.0.0.1", 0, tls=tls)
        before = await shown(port, authority)
        new = authority.certify("localhost")
        shutil.copy(new.cert, pair.cert)

        await until(lambda: "the old one stays" in caplog.text)
        for _ in range(10):
            assert await shown(port, authority) == before
            await asyncio.sleep(QUICKLY_S)
        warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
        shutil.copy(new.key, pair.key)
        await until(lambda: differs(port, authority, before))

    assert len(warnings) == 1
    assert "is the key of another certificate" in caplog.text


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda pair: pair.cert.unlink(), "cert.pem cannot be read: No such file"),
        (lambda pair: pair.key.unlink(), "key.pem cannot be read: No such file"),
        (lambda pair: pair.cert.write_text("nothing"), "not a certificate and its key in PEM form"),
        (lambda pair: pair.key.write_text("nothing"), "not a certificate and its key in PEM form"),
        (lambda pair: lock(pair.key), "locked with a password"),
    ],
)
async def test_what_is_no_pair_is_refused(pair: Certified, spoil: Callable[[Certified], None], sentence: str) -> None:
    """Before anything listens, with what is wrong."""
    spoil(pair)

    with pytest.raises(ConfigError, match=sentence):
        async with certified(*pair):
            pass


def lock(key: Path) -> None:
    """Encrypt it."""
    words = [
        "openssl",
        "pkey",
        "-in",
        str(key),
        "-aes128",
        "-passout",
        "pass:x",
        "-out",
        f"{key.with_suffix('.locked')}",
    ]
    subprocess.run(words, check=True, capture_output=True)
    key.with_suffix(".locked").replace(key)


async def test_a_key_of_another_certificate_is_refused(authority: Authority, pair: Certified) -> None:
    """By name."""
    shutil.copy(authority.certify("elsewhere").key, pair.key)

    with pytest.raises(ConfigError, match="key of another certificate"):
        async with certified(*pair):
            pass


async def test_one_of_the_two_is_not_enough(pair: Certified) -> None:
    """A certificate without a key cannot serve, and plain HTTP is not what was asked for."""
    for config in (Config(tls_cert=pair.cert), Config(tls_key=pair.key)):
        with pytest.raises(ConfigError, match="give both"):
            async with certificate(config):
                pass


async def test_a_key_that_everybody_can_read_is_told_of(pair: Certified, caplog: pytest.LogCaptureFixture) -> None:
    """And used all the same."""
    pair.key.chmod(0o644)

    async with certified(*pair):
        pass

    assert "can read the key" in caplog.text


async def test_who_speaks_no_modern_tls_is_turned_away(archive: Served, pair: Certified) -> None:
    """TLS 1.1, and plain HTTP; neither harms the next one, nor fills the log."""
    async with certified(*pair) as tls:
        port = await archive.archive.listen("127.0.0.1", 0, tls=tls)
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1

        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=old)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: archive\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read()
        writer.close()

    assert not answer.startswith(b"HTTP")
