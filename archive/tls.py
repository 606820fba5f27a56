"""HTTPS with a certificate of one's own, which is taken anew when its files change: renewals need no restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import stat
from collections.abc import AsyncIterator
from pathlib import Path

from archive.errors import ConfigError

CHECK_S = 10.0
FAILURES_TOLD = 2  # in a row: between two files that are replaced one after the other they do not belong together

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def certified(cert: Path, key: Path, *, check_s: float = CHECK_S) -> AsyncIterator[ssl.SSLContext]:
    """A server's TLS by *cert* (with its chain) and *key*, two PEM files, which it follows while inside.

    Raises ConfigError.
    """
    tls, state = await asyncio.to_thread(_opened, cert, key)
    following = asyncio.create_task(_follow(tls, cert, key, state, check_s))
    try:
        yield tls
    finally:
        following.cancel()
        await asyncio.wait([following])


async def _follow(tls: ssl.SSLContext, cert: Path, key: Path, state: object, check_s: float) -> None:
    failures = 0
    while True:
        await asyncio.sleep(check_s)
        try:
            now = await asyncio.to_thread(_state, cert, key)
            if now == state:
                continue
            await asyncio.to_thread(_opened, cert, key)  # tried elsewhere: half a pair would end all HTTPS
            tls.load_cert_chain(cert, key)  # here, where no handshake is under way; those to come use it
        except (ConfigError, OSError) as exc:
            failures += 1
            if failures == FAILURES_TOLD:
                log.warning("the new certificate cannot be used, so the old one stays: %s", exc)
            continue
        state, failures = now, 0
        log.info("the certificate was read again")


def _opened(cert: Path, key: Path) -> tuple[ssl.SSLContext, object]:
    """TLS by these files, and the state in which they were found. Raises ConfigError."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.set_alpn_protocols(["http/1.1"])
    try:
        state = _state(cert, key)
        tls.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as exc:
        if exc.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"{key} is the key of another certificate than {cert}") from exc
        raise ConfigError(f"{cert} and {key} are not a certificate and its key in PEM form ({exc.reason})") from exc
    except OSError as exc:
        raise ConfigError(f"{exc.filename or cert} cannot be read: {exc.strerror or exc}") from exc
    if key.stat().st_mode & stat.S_IROTH:
        log.warning("everybody on this machine can read the key %s: chmod o-rwx it", key)
    return tls, state


def _state(cert: Path, key: Path) -> object:
    return [(found.st_mtime_ns, found.st_size, found.st_ino) for found in (cert.stat(), key.stat())]


def _no_password() -> str:
    """Asked for only when the key is locked; OpenSSL would ask at the terminal."""
    raise ConfigError("the key is locked with a password; a server needs one without: openssl pkey -in KEY -out NEW")
