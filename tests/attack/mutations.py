"""Requests that were honest once: cut, doubled, flipped and spliced by chance. The same seed gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.pictures import jpeg
from tests.server.serving import head, request

SMALL = jpeg(16, 16)
FORM = {"Content-Type": "multipart/form-data; boundary=b0undary"}
PARTS = (
    b'--b0undary\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    b'--b0undary\r\nContent-Disposition: form-data; name="imageFile"; filename="a.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n" + SMALL + b"\r\n--b0undary--\r\n"
)
WORDS = (
    *(b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b" ", b"\t", b":", b",", b";", b"=", b'"', b"%", b"%00", b"../", b"{}"),
    *(
        b"0",
        b"-1",
        b"9" * 20,
        b"0x10",
        b"1e9",
        b"HTTP/1.1",
        b"HTTP/2.0",
        b"GET ",
        b"POST ",
        b"PUT ",
        b"HEAD ",
        b"DELETE ",
    ),
    *(
        b"Content-Length: 0\r\n",
        b"Content-Length: 99\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
    ),
    *(
        b"Connection: close\r\n",
        b"Connection: Upgrade\r\nUpgrade: x\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Host: x\r\n",
    ),
    *(b"Content-Type: multipart/form-data; boundary=x\r\n", b"Range: bytes=0-0\r\n", b"If-None-Match: *\r\n"),
    *(b"5\r\nhello\r\n0\r\n\r\n", b"--b0undary\r\n", b"--b0undary--\r\n", b"x" * 5000, b"X: y\r\n" * 100),
)


def honest(host: str) -> Sequence[bytes]:
    """What is mutated."""
    names = head(camera="mutant", boot="00000000000000aa", number=1, up_ms=5, now_ms=9)

    def get(path: str) -> bytes:
        return request({"Host": host}, method="GET", path=path)

    upload = request({"Host": host, **names, "Repr-Digest": "sha-256=:AAAA:"}, SMALL)
    report = {"Host": host, "Camera-Report": 'boot="00000000000000aa", number=1', "Camera-Lost": "from=1"}
    return (
        request({"Host": host, **names}, SMALL),
        request({"Host": host, **names}, SMALL, method="PUT"),
        request({"Host": host, **names, "Expect": "100-continue"}, SMALL),
        request({"Host": host, **names, **FORM}, PARTS),
        upload + upload,
        request(report, path="/api/reports"),
        get("/api/frames?camera=mutant&limit=5&before=2026-11-22T13:00:00Z&hour=6-9&verdict=dark&difference=0.1"),
        get("/api/frames?order=oldest&after=2026-11-22T13:00:00Z&cursor=MTc5NTM0NTM0NTAwMC4x"),
        get("/api/changes?after=0"),
        get("/api/days/2026-11-27?camera=mutant"),
        get("/api/cameras/mutant/health?points=5") + get("/api/cameras/mutant/gaps?limit=1"),
        get("/photos/mutant/2026/11/27/20261127T000000.000Z-00000000000000aa-1.jpg?download=1"),
        get("/thumbnails/320/mutant/2026/11/27/20261127T000000.000Z-00000000000000aa-1.jpg"),
        get("/api/cameras/nobody/slits/2026-11-27"),
        get("/api/photos?limit=3"),
        get("/js/main.js") + get("/css/all.css"),
        get("/"),
        request({"Host": host, "Content-Type": "application/json"}, b'{"interval_s": 5}', method="PATCH",
                path="/api/cameras/mutant/settings"),
        request({"Host": host, "Transfer-Encoding": "chunked"}, b"3\r\nabc\r\n0\r\n\r\n", path="/api/reports"),
    )  # fmt: skip


def mutant(sources: Sequence[bytes], dice: Random) -> bytes:
    """One of *sources*, wounded some times."""
    data = bytearray(dice.choice(sources))
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        dice.choice(_WOUNDS)(data, sources, dice)
        if not data:
            data += dice.choice(sources)
    return bytes(data[:100_000])


def _at(data: bytearray, dice: Random) -> int:
    # The head is where parsers fail, and most of a request is its body.
    most = data.find(b"\r\n\r\n") + 4 if dice.random() < 0.8 else len(data)
    return dice.randrange(max(1, min(most, len(data))))


def _flip(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    data[_at(data, dice)] ^= 1 << dice.randrange(8)


def _set(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    data[_at(data, dice)] = dice.randrange(256)


def _insert(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    at = _at(data, dice)
    data[at:at] = dice.choice(WORDS)


def _insert_line(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    at = data.find(b"\r\n", _at(data, dice)) + 2
    data[at:at] = dice.choice(WORDS)


def _cut_out(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    at = _at(data, dice)
    del data[at : at + dice.choice((1, 2, 5, 30, 200))]


def _cut_off(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    del data[_at(data, dice) :]


def _double(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    at = _at(data, dice)
    data[at:at] = data[at : at + dice.choice((1, 5, 30, 200))] * dice.choice((1, 1, 2, 50))


def _splice(data: bytearray, sources: Sequence[bytes], dice: Random) -> None:
    other = dice.choice(sources)
    data[_at(data, dice) :] = other[dice.randrange(len(other)) :]


def _replace(data: bytearray, _: Sequence[bytes], dice: Random) -> None:
    at = _at(data, dice)
    word = dice.choice(WORDS)
    data[at : at + len(word)] = word


_WOUNDS: Sequence[Callable[[bytearray, Sequence[bytes], Random], None]] = (
    *(_flip, _set, _insert, _insert_line, _cut_out, _cut_off, _double, _splice, _replace),
)
