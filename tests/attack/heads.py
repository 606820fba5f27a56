"""What people have tried on servers, written down by hand, and what each must be answered: the statuses in their order.

Everything after the answers is the end of the connection: no request that was hidden in another is ever answered.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.pictures import jpeg

SMALL = jpeg(16, 16)
HOST = b"Host: the.victim:port\r\n"  # of the victim, once it listens; as long as its name and port
HIDDEN = b"GET /api/archive HTTP/1.1\r\n" + HOST + b"\r\n"


class Said(NamedTuple):
    """Bytes, and the statuses that answer them."""

    data: bytes
    statuses: tuple[int, ...]


def _get(*lines: bytes, target: bytes = b"/healthz", version: bytes = b"HTTP/1.1", method: bytes = b"GET") -> bytes:
    return (
        method + b" " + target + b" " + version + b"\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"
    )


def _post(*lines: bytes, body: bytes = b"", target: bytes = b"/api/frames", version: bytes = b"HTTP/1.1") -> bytes:
    return _get(b"Content-Type: image/jpeg", *lines, target=target, version=version, method=b"POST") + body


def _chunked(body: bytes, *lines: bytes) -> bytes:
    return _post(b"Transfer-Encoding: chunked", *lines, body=body)


def _length(text: bytes) -> bytes:
    return _post(b"Content-Length: " + text, body=b"hello")


LENGTH = b"Content-Length: %d" % len(SMALL)
EMPTY_CHUNK = b"0\r\n\r\n"
BAD = (400,)

SMUGGLED = {
    "length and chunks": Said(
        _post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=EMPTY_CHUNK + HIDDEN), BAD
    ),
    "chunks and length": Said(
        _post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=EMPTY_CHUNK + HIDDEN), BAD
    ),
    "two lengths": Said(_post(b"Content-Length: 0", b"Content-Length: 44", body=HIDDEN), BAD),
    "the same length twice": Said(_post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"), BAD),
    "a list of lengths": Said(_length(b"5, 5"), BAD),
    "length +5": Said(_length(b"+5"), BAD),
    "length -5": Said(_length(b"-5"), BAD),
    "length 0x5": Said(_length(b"0x5"), BAD),
    "length 5 5": Said(_length(b"5 5"), BAD),
    "length 1_0": Said(_length(b"1_0"), BAD),
    "no length after the colon": Said(_length(b""), BAD),
    "a length of forty digits": Said(_length(b"9" * 40), BAD),
    "a length in Arabic digits": Said(_length(b"\xd9\xa5"), BAD),
    "a length of 1 TB": Said(_length(b"%d" % 10**12), (413,)),
    "a body to a GET": Said(_get(b"Content-Length: %d" % len(HIDDEN)) + HIDDEN, (200,)),
    "a body to a HEAD": Said(_get(b"Content-Length: %d" % len(HIDDEN), method=b"HEAD") + HIDDEN, (200,)),
    "a body that goes on": Said(_post(LENGTH, body=SMALL + HIDDEN), (201, 200)),
    "chunks coded twice": Said(_chunked(EMPTY_CHUNK, b"Transfer-Encoding: chunked"), BAD),
    "chunked, identity": Said(_post(b"Transfer-Encoding: chunked, identity", body=EMPTY_CHUNK), BAD),
    "identity": Said(_post(b"Transfer-Encoding: identity", body=EMPTY_CHUNK), BAD),
    "xchunked": Said(_post(b"Transfer-Encoding: xchunked", body=EMPTY_CHUNK), BAD),
    "vertical tab before chunked": Said(_post(b"Transfer-Encoding: \x0bchunked", body=EMPTY_CHUNK), BAD),
    "space before the colon": Said(_post(b"Transfer-Encoding : chunked", body=EMPTY_CHUNK), BAD),
    "tab before chunked": Said(_post(b"Transfer-Encoding:\tchunked", body=EMPTY_CHUNK), (411,)),
    "chunks in HTTP/1.0": Said(
        _post(b"Transfer-Encoding: chunked", body=EMPTY_CHUNK + HIDDEN, version=b"HTTP/1.0"), BAD
    ),
    "two hosts": Said(_get(b"Host: evil.example"), BAD),
}

CHUNKS = {
    "a picture in chunks": Said(_chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMALL), SMALL)), (411,)),
    "10,000 chunks of a byte": Said(_chunked(b"1\r\nx\r\n" * 10_000 + EMPTY_CHUNK), (411,)),
    "a chunk of 2^68 bytes": Said(_chunked(b"FFFFFFFFFFFFFFFFF\r\nhello"), BAD),
    "a chunk of -1 bytes": Said(_chunked(b"-1\r\nhello\r\n0\r\n\r\n"), BAD),
    "a chunk of 0x5 bytes": Said(_chunked(b"0x5\r\nhello\r\n0\r\n\r\n"), BAD),
    "a chunk longer than it says": Said(_chunked(b"2\r\nhello\r\n0\r\n\r\n" + HIDDEN), BAD),
    "a chunk's size ended by LF": Said(_chunked(b"5\nhello\r\n0\r\n\r\n"), BAD),
    "a chunk extension": Said(_chunked(b"5;a=b\r\nhello\r\n0\r\n\r\n"), (411,)),
    "a chunk extension of 100 kB": Said(_chunked(b"5;a=" + b"b" * 100_000 + b"\r\nhello\r\n0\r\n\r\n"), (411,)),
    "a chunk extension with LF": Said(_chunked(b"5;a\nhello\r\n0\r\n\r\n" + HIDDEN), BAD),
    "trailers": Said(_chunked(b"0\r\nX: y\r\n\r\n" + HIDDEN), (411, 200)),
    "a length in the trailers": Said(_chunked(b"0\r\nContent-Length: 44\r\n\r\n" + HIDDEN), BAD),
    "10,000 trailers": Said(_chunked(b"0\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"), BAD),
}

HEADS = {
    "a field of 9 kB": Said(_get(b"X: " + b"x" * 9000), BAD),
    "a name of 9 kB": Said(_get(b"x" * 9000 + b": x"), BAD),
    "200 fields": Said(_get(*[b"X: x"] * 200), BAD),
    "100,000 fields": Said(_get(*[b"X: x"] * 100_000), BAD),
    "a target of 9 kB": Said(_get(target=b"/" + b"x" * 9000), BAD),
    "a method of 9 kB": Said(_get(method=b"G" * 9000), BAD),
    "bare LF": Said(_get().replace(b"\r\n", b"\n"), BAD),
    "bare CR": Said(_get(b"X: a\rContent-Length: 5"), BAD),
    "LF within a field": Said(_get(b"X: a\nContent-Length: 5"), BAD),
    "folding": Said(_get(b"X: a", b" b"), BAD),
    "folding of the first field": Said(b"GET /healthz HTTP/1.1\r\n " + HOST + b"\r\n", BAD),
    "NUL in a value": Said(_get(b"X: a\x00b"), BAD),
    "NUL in a name": Said(_get(b"X\x00: a"), BAD),
    "a control letter": Said(_get(b"X: a\x07b"), BAD),
    "DEL": Said(_get(b"X: a\x7fb"), BAD),
    "a name beyond ASCII": Said(_get("Ä: a".encode()), BAD),
    "a value beyond ASCII": Said(_get("X: ä".encode()), (200,)),
    "a value that is no UTF-8": Said(_get(b"X: \xff\xfe"), (200,)),
    "no colon": Said(_get(b"no colon"), BAD),
    "no name": Said(_get(b": x"), BAD),
    "a name with a space": Said(_get(b"X Y: x"), BAD),
    "HTTP/0.9 without a word": Said(b"GET /healthz\r\n\r\n", BAD),
    "HTTP/0.9": Said(_get(version=b"HTTP/0.9"), BAD),
    "HTTP/1.2": Said(_get(version=b"HTTP/1.2"), BAD),
    "HTTP/2.0": Said(_get(version=b"HTTP/2.0"), BAD),
    "HTTP/3.0": Said(_get(version=b"HTTP/3.0"), BAD),
    "HTTP/1.10": Said(_get(version=b"HTTP/1.10"), BAD),
    "http/1.1": Said(_get(version=b"http/1.1"), BAD),
    "HTTP/1.0": Said(_get(version=b"HTTP/1.0"), (200,)),
    "HTTP/2 begun at once": Said(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD),
    "two spaces": Said(_get(target=b" /healthz"), (200,)),
    "tabs for spaces": Said(b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + b"\r\n", BAD),
    "words after the version": Said(_get(version=b"HTTP/1.1 x"), BAD),
    "an empty line before": Said(b"\r\n\r\n" + _get(), (200,)),
    "a method nobody knows": Said(_get(method=b"FROB"), BAD),
    "a method in small letters": Said(_get(method=b"get"), BAD),
    "TRACE": Said(_get(method=b"TRACE"), (405,)),
    "nothing but NULs": Said(bytes(1000), BAD),
    "SSH": Said(b"SSH-2.0-OpenSSH_9.2\r\n", BAD),
    "SMTP": Said(b"EHLO evil.example\r\nMAIL FROM:<a@b>\r\n", BAD),
    "a TLS greeting": Said(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), BAD),
}

TARGETS = {
    "absolute": Said(_get(target=b"http://the.victim:port/healthz"), (200,)),
    "absolute, of no web": Said(_get(target=b"file:///etc/passwd"), BAD),
    "absolute with a password": Said(_get(target=b"http://a:b@the.victim:port/healthz"), (200,)),
    "absolute without a host": Said(_get(target=b"http:///healthz"), BAD),
    "a host only": Said(_get(target=b"the.victim:port"), BAD),
    "CONNECT": Said(_get(target=b"the.victim:port", method=b"CONNECT"), (404,)),
    "CONNECT to a path": Said(_get(method=b"CONNECT"), (404,)),
    "OPTIONS *": Said(_get(target=b"*", method=b"OPTIONS"), (404,)),
    "GET *": Said(_get(target=b"*"), BAD),
    "no slash": Said(_get(target=b"healthz"), BAD),
    "two slashes": Said(_get(target=b"//healthz"), (404,)),
    "two slashes and a host": Said(_get(target=b"//evil.example/healthz"), (404,)),
    "a backslash": Said(_get(target=b"\\healthz"), BAD),
    "a fragment": Said(_get(target=b"/healthz#x"), (200,)),
    "a space": Said(_get(target=b"/a b"), BAD),
    "bytes beyond ASCII": Said(_get(target=b"/\xff"), BAD),
    "%": Said(_get(target=b"/%"), (404,)),
    "%zz": Said(_get(target=b"/%zz"), (404,)),
    "a bracket": Said(_get(target=b"http://[::1/healthz"), BAD),
    "a port of 99999": Said(_get(target=b"http://127.0.0.1:99999/healthz"), BAD),
    "1,000 parameters": Said(_get(target=b"/healthz?" + b"a=b&" * 1000), (200,)),
}

WORDS = {
    "expects 100-continue of a GET": Said(_get(b"Expect: 100-continue"), (100, 200)),
    "expects 100-continue of nowhere": Said(_get(b"Expect: 100-continue", target=b"/nowhere"), (100, 404)),
    "expects something else": Said(_post(b"Expect: 200-ok", LENGTH, body=SMALL), (417,)),
    "expects two things": Said(_post(b"Expect: 100-continue, x", LENGTH, body=SMALL), (417,)),
    "expects something of a GET": Said(_get(b"Expect: x"), (417,)),
    "expects what is no text": Said(_get(b"Expect: 100-\xe9ontinue"), (417,)),
    "expects what is no text, nowhere": Said(_get(b"Expect: \xff", target=b"/nowhere"), (417,)),
    "expects what is no text, with a frame": Said(_post(b"Expect: \xff", LENGTH, body=SMALL), (417,)),
    "expects, with a body too large": Said(_post(b"Expect: 100-continue", b"Content-Length: 99999999"), (413,)),
    "upgrades to a web socket": Said(
        _get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: eA=="),
        (200,),
    ),
    "upgrades to HTTP/2": Said(
        _get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"), (200,)
    ),
    "upgrades and goes on": Said(_get(b"Connection: Upgrade", b"Upgrade: websocket") + HIDDEN, (200, 200)),
    "upgrades with a body": Said(
        _get(b"Connection: Upgrade", b"Upgrade: x", b"Content-Length: %d" % len(HIDDEN)) + HIDDEN, (200,)
    ),
    "goes on after an error": Said(_get(target=b"/nowhere") + _get(), (404, 200)),
    "rubbish after a request": Said(_get() + b"\x00rubbish\r\n\r\n", BAD),
    "closes, and goes on": Said(_get(b"Connection: close") + HIDDEN, BAD),
    "takes back its fields": Said(_post(b"Connection: Content-Length", LENGTH, body=SMALL), (201,)),
    "1,000 requests ahead": Said(_get() * 1000, (200,) * 1000),
    "two types": Said(_post(LENGTH, b"Content-Type: text/html", body=SMALL), BAD),
    "another method by a field": Said(_get(b"X-HTTP-Method-Override: DELETE"), (200,)),
    "a Range of a thousand parts": Said(_get(b"Range: bytes=" + b",".join([b"0-0"] * 1000)), (200,)),
    "a key of 4 kB": Said(_post(b"Authorization: Bearer " + b"x" * 4000, LENGTH, body=SMALL), (401,)),
    "a frame field of 8 kB": Said(_post(b"Camera-Frame: " + b"a=1, " * 1600 + b"b=2", LENGTH, body=SMALL), (400,)),
    "a frame field that nests": Said(_post(b"Camera-Frame: a=" + b"(" * 1000, LENGTH, body=SMALL), (400,)),
    **{
        f"a body in {coding}": Said(_post(b"Content-Encoding: " + coding.encode(), LENGTH, body=SMALL), (415,))
        for coding in ("gzip", "deflate", "br", "zstd", "x-gzip", "gzip, gzip", "GZIP")
    },
}

PLACES = ("/photos/", "/thumbnails/320/", "/js/", "/css/", "/")
# Beside those of `tests/server/test_reading.py`, and with every one of them in `/` too.
TRICKS = (
    "%252e%252e%252findex.db",
    "%c0%ae%c0%ae/index.db",
    "%e0%80%ae%e0%80%ae/index.db",
    "%u002e%u002e/index.db",
    "..;/index.db",
    "....//index.db",
    ".%00./index.db",
    "..%5cindex.db",
    "..%255cindex.db",
    "..\\index.db",
    "./index.db",
    "index.db",
    "archive.toml",
    "archive.sock",
    "incoming/",
    ".git/config",
    "~root/.bashrc",
    "file:///etc/passwd",
    "C:/Windows/win.ini",
    "main.js::$DATA",
    "main.js%00.png",
    "main.js%20",
    "main.js.",
    "main.js/",
    "Main.js",
    "main.js%0d%0aSet-Cookie:%20a=b",
    "main.js;.css",
    "all.css/../../index.html",
    "%2e",
    "..." * 300,
    "../" * 500 + "etc/passwd",
    "a/" * 1000,
    "$(id)",
    "`id`",
    "|id",
    "' OR 1=1 --",
    "<script>",
    "{{7*7}}",
    "%ff%fe",
    "\u202egpj.exe",
)


def path_said(place: str, trick: str) -> bytes:
    """A request for *trick* in *place*, as it stands: only what would end the line is escaped."""
    return _get(target=(place + trick.replace(" ", "%20")).encode())
