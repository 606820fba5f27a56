"""The way to the address: its name, a connection, and the certificates, as a small device takes them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from yarl import URL
from zeroconf import AddressResolverIPv4, Error  # type: ignore[attr-defined]  # it names no exports
from zeroconf.asyncio import AsyncZeroconf

from archive.doctor.certificate import Certificate, read
from archive.doctor.findings import Finding, found
from archive.doctor.looking import Looked
from archive.errors import Malformed

SLOW_S = 2.0  # to find and reach the address: a camera's own deadline for a whole request is thirty
MDNS_MS = 3000

KEY_MAX_BITS = 4096  # what the chip's own arithmetic takes
KEY_MIN_BITS = {"RSA": 2048, "ECDSA": 256}  # below, mbedTLS refuses
CHAIN_MAX = 4
CHAIN_MAX_BYTES = 8192
SOON = timedelta(days=14)

# What OpenSSL answers, by its number (x509_vfy.h).
_EXPIRED = {9, 10}
_OTHER_NAME = {62, 64}
_WEAK = {66, 67, 68}


class Reached(msgspec.Struct):
    """The address as far as it is known, filled in step by step."""

    url: URL
    patience_s: float = 10.0  # with each step of the way
    addresses: list[str] = []
    trusted: ssl.SSLContext | None = None  # for an https address, once its certificate was found good

    @property
    def host(self) -> str:
        return self.url.host or ""

    @property
    def port(self) -> int:
        return self.url.port or 80


async def look_up(reached: Reached) -> Looked:
    """Ask for the name's addresses, as programs do and then as cameras do."""
    findings = []
    began_s = time.perf_counter()
    addresses = await _resolved(reached)
    took_s = time.perf_counter() - began_s
    if not addresses and reached.host.endswith(".local"):
        addresses = await _resolved_by_mdns(reached.host)
        if addresses:
            findings.append(found("name-by-mdns-only", f"{reached.host} is {', '.join(addresses)}"))
    if not addresses:
        return Looked(findings=[found("name-unknown", f"no host is known as {reached.host}")], may_go_on=False)
    if all(ipaddress.ip_address(address).is_loopback for address in addresses):
        findings.append(found("address-here-only", f"{reached.host} is {addresses[0]}"))
    if took_s > SLOW_S:
        findings.append(found("address-slow", f"asking for {reached.host} took {took_s:.1f} s"))
    reached.addresses = addresses
    return Looked(findings=findings, seen=f"{reached.host} is {', '.join(addresses[:4])}")


async def connect(reached: Reached) -> Looked:
    """Open a connection and close it again."""
    refused = False
    for address in reached.addresses:
        began_s = time.perf_counter()
        try:
            async with asyncio.timeout(reached.patience_s):
                _, writer = await asyncio.open_connection(address, reached.port)
        except (OSError, TimeoutError) as exc:
            refused |= isinstance(exc, ConnectionRefusedError)
            continue
        took_s = time.perf_counter() - began_s
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        findings = []
        if took_s > SLOW_S:
            findings.append(found("address-slow", f"connecting to {address} took {took_s:.1f} s"))
        if is_in_the_open(reached.url, address):
            findings.append(found("not-encrypted", f"{reached.url.origin()} is an address of the internet"))
        reached.addresses = [address, *(other for other in reached.addresses if other != address)]
        return Looked(findings=findings, seen=f"{address} port {reached.port}")
    where = f"{', '.join(reached.addresses[:4])} port {reached.port}"
    return Looked(findings=[found("connection-refused" if refused else "connection-silent", where)], may_go_on=False)


def is_in_the_open(url: URL, address: str) -> bool:
    """Whether who carries what goes to *url*, at *address*, can read it, and may be anybody."""
    return url.scheme == "http" and ipaddress.ip_address(address).is_global


async def shake_hands(reached: Reached, roots: Sequence[bytes]) -> Looked:
    """Open a connection by TLS 1.2, as the firmware does, trusting *roots* or, without them, those of this computer."""
    trusting = ssl.create_default_context(cadata=b"".join(roots)) if roots else ssl.create_default_context()
    error, sent, chain = await _handshake(reached, _at_most_12(trusting))
    if error is None:
        reached.trusted = trusting
        return of_chain(sent, chain, is_pinned=bool(roots))
    if not isinstance(error, ssl.SSLCertVerificationError):
        if (await _handshake(reached, _unverified()))[0] is None:
            return Looked(findings=[found("tls-too-new", "a handshake by TLS 1.3 alone succeeds")], may_go_on=False)
        return Looked(
            findings=[found("tls-fails", _in_words(error) or f"no answer within {reached.patience_s:.0f} s")],
            may_go_on=False,
        )
    _, sent, _ = await _handshake(reached, _at_most_12(_unverified()))
    return Looked(findings=[_of_error(error, sent)], may_go_on=False)


def _of_error(error: ssl.SSLCertVerificationError, sent: Sequence[Certificate]) -> Finding:
    leaf = sent[0] if sent else None
    about = f"“{leaf.subject}”, issued by “{leaf.issuer}”" if leaf else error.verify_message
    if error.verify_code in _EXPIRED and leaf:
        return found("tls-expired", f"{about}, is valid from {leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}")
    if error.verify_code in _OTHER_NAME:
        return found("tls-wrong-name", f"{about}: {error.verify_message}")
    if error.verify_code in _WEAK:
        return found("tls-weak", f"{about}: {error.verify_message}")
    if leaf and len(sent) == 1 and not leaf.is_own_issuer:
        return found("tls-incomplete", f"{about}, comes alone")
    return found("tls-own-root", f"{about}: {error.verify_message}")


def of_chain(sent: Sequence[Certificate], chain: Sequence[Certificate], *, is_pinned: bool) -> Looked:
    """What a camera would meet in what was *sent*, which led to a *chain* that this computer takes, the root last."""
    findings = []
    now = datetime.now(UTC)
    leaf, root = chain[0], chain[-1]
    left = leaf.not_after - now
    if left < min(SOON, max((leaf.not_after - leaf.not_before) / 4, timedelta(days=1))):
        findings.append(found("tls-expires-soon", f"“{leaf.subject}” ends in {max(0, left.days)} days"))
    for one in chain:
        findings += _of_key(one)
    size_bytes = sum(one.size_bytes for one in sent)
    if len(sent) > CHAIN_MAX or size_bytes > CHAIN_MAX_BYTES:
        findings.append(found("tls-heavy", f"{len(sent)} certificates, together {size_bytes} bytes"))
    if not is_pinned:
        findings.append(found("tls-root", f"“{root.subject if root.is_own_issuer else root.issuer}”"))
    return Looked(findings=findings, seen=f"TLS 1.2; “{leaf.subject}”, {_key(leaf)}, {left.days} days left")


def _of_key(one: Certificate) -> list[Finding]:
    about = f"“{one.subject}”: {_key(one)}"
    if one.key not in KEY_MIN_BITS or not one.key_bits:
        return [found("tls-key-unknown", about)]
    if one.key_bits < KEY_MIN_BITS[one.key]:
        return [found("tls-weak", about)]
    if one.weak_digest and not one.is_own_issuer:  # nobody checks what a root says of itself
        return [found("tls-weak", f"“{one.subject}” is signed with {one.weak_digest}")]
    return [found("tls-heavy", about)] if one.key_bits > KEY_MAX_BITS else []


def _key(one: Certificate) -> str:
    return f"{one.key} {one.key_bits}" if one.key_bits else f"a key of kind {one.key}"


def _unverified() -> ssl.SSLContext:
    """For looking at certificates that cannot be trusted; nothing is ever sent through it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _at_most_12(context: ssl.SSLContext) -> ssl.SSLContext:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _handshake(
    reached: Reached, context: ssl.SSLContext
) -> tuple[Exception | None, list[Certificate], list[Certificate]]:
    """How a handshake ends: why it fails, else the certificates as they were sent, and as they led to a root."""
    try:
        async with asyncio.timeout(reached.patience_s):
            _, writer = await asyncio.open_connection(
                reached.addresses[0], reached.port, ssl=context, server_hostname=reached.host
            )
    except (OSError, TimeoutError) as exc:
        return exc, [], []
    try:
        tls = writer.get_extra_info("ssl_object")
        sent = _chain(tls, is_verified=False)
        return None, sent, _chain(tls, is_verified=True) if context.verify_mode != ssl.CERT_NONE else []
    except Malformed as exc:
        return exc, [], []
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _chain(tls: ssl.SSLObject, *, is_verified: bool) -> list[Certificate]:
    # Before Python 3.13 only the inner object tells the chain, and in a form of its own.
    inner: Any = getattr(tls, "_sslobj", tls)
    chain = inner.get_verified_chain() if is_verified else inner.get_unverified_chain()
    ders = [one if isinstance(one, bytes) else ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in chain or ()]
    return [read(der) for der in ders]


async def _resolved(reached: Reached) -> list[str]:
    ask = asyncio.get_running_loop().getaddrinfo
    try:
        async with asyncio.timeout(reached.patience_s):
            answers = await ask(reached.host, reached.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return []
    # IPv4 first: the firmware knows no other.
    in_order = sorted(answers, key=lambda one: one[0] != socket.AF_INET)
    return list(dict.fromkeys(str(one[4][0]) for one in in_order))


async def _resolved_by_mdns(host: str) -> list[str]:
    try:
        async with AsyncZeroconf() as asking:
            resolver = AddressResolverIPv4(f"{host}.")
            if await resolver.async_request(asking.zeroconf, MDNS_MS):
                return resolver.parsed_addresses()
    except (OSError, Error):
        pass
    return []


def _in_words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or str(error)).lower().replace("_", " ")
    return "the connection was closed" if isinstance(error, ConnectionError) else str(error)
