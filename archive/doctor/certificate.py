"""What a certificate says of itself, as far as a camera must be able to chew it: a small reader of DER. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from archive.errors import Malformed

_SEQUENCE, _SET, _INTEGER, _BITS, _OID = 0x30, 0x31, 0x02, 0x03, 0x06
_UTC_TIME, _VERSION = 0x17, 0xA0
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}

_RSA = "1.2.840.113549.1.1.1"
_EC = "1.2.840.10045.2.1"
_CURVES = {  # those the chip's library knows
    "1.2.840.10045.3.1.7": 256,
    "1.3.132.0.34": 384,
    "1.3.132.0.35": 521,
}
_WEAK_SIGNATURES = {
    "1.2.840.113549.1.1.4": "MD5",
    "1.2.840.113549.1.1.5": "SHA-1",
    "1.2.840.10045.4.1": "SHA-1",
}
_NAMES = ("2.5.4.3", "2.5.4.11", "2.5.4.10")  # common name, unit, organisation: the first there is


class Certificate(NamedTuple):
    """One certificate of a chain."""

    subject: str
    issuer: str
    is_own_issuer: bool
    not_before: datetime
    not_after: datetime
    key: str  # RSA, ECDSA, or the number of another kind
    key_bits: int  # 0 where the kind is another, or its curve
    weak_digest: str  # that its signature is made with; empty where it is strong
    size_bytes: int


def read(der: bytes) -> Certificate:
    """What *der* says. Raises Malformed."""
    try:
        return _read(der)
    except (IndexError, ValueError, StopIteration, KeyError) as exc:
        raise Malformed("this is no certificate in DER") from exc


def _read(der: bytes) -> Certificate:
    _, whole = next(_items(der))
    (_, inner), (_, signed_with), *_ = _items(whole)
    fields = [item for item in _items(inner) if item[0] != _VERSION]
    _serial, _algorithm, (_, issuer), (_, validity), (_, subject), (_, public_key) = fields[:6]
    not_before, not_after = (_moment(*item) for item in _items(validity))
    key, key_bits = _key(public_key)
    return Certificate(
        subject=_name(subject),
        issuer=_name(issuer),
        is_own_issuer=subject == issuer,
        not_before=not_before,
        not_after=not_after,
        key=key,
        key_bits=key_bits,
        weak_digest=_WEAK_SIGNATURES.get(_oid(next(_items(signed_with))[1]), ""),
        size_bytes=len(der),
    )


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each value in *data*, with its tag."""
    at = 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[at : at + count], "big")
            at += count
        if at + size > len(data):
            raise ValueError("it ends too early")
        yield tag, data[at : at + size]
        at += size


def _key(public_key: bytes) -> tuple[str, int]:
    (_, algorithm), (_, bits) = _items(public_key)
    (_, kind), *parameters = _items(algorithm)
    match _oid(kind):
        case name if name == _RSA:
            modulus = next(_items(next(_items(bits[1:]))[1]))[1]  # behind the count of unused bits
            return "RSA", int.from_bytes(modulus, "big").bit_length()
        case name if name == _EC:
            tag, curve = parameters[0]
            return "ECDSA", _CURVES.get(_oid(curve), 0) if tag == _OID else 0
        case name:
            return name, 0


def _name(name: bytes) -> str:
    said = {}
    for _, part in _items(name):
        for _, pair in _items(part):
            (_, kind), (tag, text) = _items(pair)
            said[_oid(kind)] = text.decode(_TEXTS.get(tag, "latin-1"), "replace")
    return next((said[kind] for kind in _NAMES if kind in said), "nameless")


def _moment(tag: int, text: bytes) -> datetime:
    said = text.decode("ascii")
    if tag == _UTC_TIME:  # RFC 5280, 4.1.2.5.1
        said = ("19" if said[:2] >= "50" else "20") + said
    return datetime.strptime(said, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _oid(data: bytes) -> str:
    numbers, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))
