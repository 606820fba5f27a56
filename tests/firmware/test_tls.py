"""The camera's TLS, compiled for the desktop, talks to real servers and trusts only what it was told to."""

import fcntl
import json
import socket
import ssl
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.authority import Authority
from tests.firmware.building import HERE, require
from tests.firmware.compiling import MBEDTLS, SRC, compiled, require_mbedtls

FLAGS = ["-std=gnu++2b", "-fno-rtti", "-fno-exceptions", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

Served = Callable[[ssl.SSLSocket], None]


@pytest.fixture(name="client", scope="session")
def _client() -> Path:
    require("openssl")
    require_mbedtls()
    sources = [HERE / "tls_client.cpp", SRC / "esp" / "EspTls.cpp"]
    sources += [SRC / "port" / name for name in ("SocketTransport.cpp", "Resolver.cpp")]
    return compiled("tls", sources, *FLAGS, *SANITIZERS, libraries=MBEDTLS)


@pytest.fixture(name="authority", scope="session")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(name="stranger", scope="session")
def _stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "theirs")


@pytest.fixture(name="serve")
def _serve() -> Iterator[Callable[[ssl.SSLContext | None, Served, int], int]]:
    threads: list[threading.Thread] = []
    listeners: list[socket.socket] = []

    def serve(context: ssl.SSLContext | None, story: Served, connections: int = 1) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.settimeout(20)
        listeners.append(listener)

        def run() -> None:
            for _ in range(connections):
                try:
                    peer, _address = listener.accept()
                    peer.settimeout(20)
                    with context.wrap_socket(peer, server_side=True) if context else peer as connection:
                        story(connection)  # type: ignore[arg-type]  # a plain socket has all that a story uses
                except OSError:  # the client's view is what counts
                    return

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        return int(listener.getsockname()[1])

    yield serve
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def receive(connection: ssl.SSLSocket, size: int) -> int:
    """How many of *size* bytes came."""
    count = 0
    while count < size:
        part = connection.recv(65536)
        if not part:
            break
        count += len(part)
    return count


def readable(connection: ssl.SSLSocket) -> int:
    """Bytes that have come and nobody has read, as the kernel counts them."""
    (count,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.FIONREAD, b"\0" * 4))
    return int(count)


def connect(client: Path, port: int, host: str, *, roots: Path | str, size: int = 1, times: int = 1,
            kind: str = "tls", patience: int = 500) -> dict[str, Any]:  # fmt: skip
    """What the camera's side saw."""
    words = [client, "127.0.0.1", str(port), host, roots, str(size), str(times), kind, str(patience)]
    done = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, timeout=60)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


# A record of the client's is 4,096 bytes: whole ones, one byte less and one more, and more than a socket takes at once.
@pytest.mark.parametrize("size", [1, 4095, 4096, 4097, 3 * 4096, 3_000_000])
def test_all_bytes_arrive(client: Path, authority: Authority, serve: Any, size: int) -> None:
    """Whatever their number, and the answer comes back."""

    def story(connection: ssl.SSLSocket) -> None:
        connection.sendall(b"%d" % receive(connection, size))

    port = serve(authority.context("archive.test"), story)

    seen = connect(client, port, "archive.test", roots=authority.root, size=size)

    assert (seen["connect"], seen["heard"]) == ("done", str(size))


def test_a_reader_that_stalls_gets_all_bytes_too(client: Path, authority: Authority, serve: Any) -> None:
    """Records that are sent in halves are finished, not begun again."""
    size = 9_000_000  # more than the buffers of both ends

    def story(connection: ssl.SSLSocket) -> None:
        # Until nothing more fits on the way: a client that is merely slow goes on within these turns.
        waiting, still = -1, 0
        for _ in range(1500):
            before, waiting = waiting, readable(connection)
            still = still + 1 if waiting == before > 0 else 0
            if still == 50:
                break
            threading.Event().wait(0.02)
        connection.sendall(b"%d" % receive(connection, size))

    port = serve(authority.context("archive.test"), story)

    seen = connect(client, port, "archive.test", roots=authority.root, size=size)

    assert seen["heard"] == str(size)
    assert seen["stalls"] > 0


def test_a_strange_root_is_not_trusted(client: Path, authority: Authority, stranger: Authority, serve: Any) -> None:
    """The log names the reason."""
    port = serve(stranger.context("archive.test"), lambda _connection: None)

    seen = connect(client, port, "archive.test", roots=authority.root)

    assert seen["connect"] == "failed"
    assert "does not lead to a root that was set" in seen["log"]


def test_a_certificate_for_another_host_is_refused(client: Path, authority: Authority, serve: Any) -> None:
    """A trusted root is not enough."""
    port = serve(authority.context("elsewhere.test"), lambda _connection: None)

    seen = connect(client, port, "archive.test", roots=authority.root)

    assert seen["connect"] == "failed"
    assert "another host name" in seen["log"]


def test_without_a_root_https_fails(client: Path, authority: Authority, serve: Any) -> None:
    """Nothing is sent to a server that nobody vouches for."""
    port = serve(authority.context("archive.test"), lambda _connection: None, 0)

    seen = connect(client, port, "archive.test", roots="-")

    assert (seen["connect"], seen["sent"]) == ("failed", 0)
    assert "no root certificate is set" in seen["log"]


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_two_roots_can_be_trusted_at_once(
    client: Path, authority: Authority, stranger: Authority, serve: Any, tmp_path: Path, *, form: str
) -> None:
    """For the days in which a server changes over. DER is what a note has room for."""
    roots = [authority.root, stranger.root]
    if form == "DER":
        for i, root in enumerate(roots):
            roots[i] = tmp_path / f"{root.stem}.der"
            subprocess.run(["openssl", "x509", "-in", root, "-outform", "DER", "-out", roots[i]], check=True)

    for signer in (authority, stranger):
        port = serve(signer.context("archive.test"), lambda connection: connection.sendall(b"hello"))
        assert connect(client, port, "archive.test", roots=",".join(map(str, roots)))["heard"] == "hello"


def test_rubbish_is_no_root(client: Path, tmp_path: Path) -> None:
    """A certificate cut in half is refused when it is set, not when it is needed."""
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")

    seen = connect(client, 1, "archive.test", roots=broken)

    assert seen["connect"] == "untrusted"
    assert "reading the root certificate" in seen["log"]


def test_a_connection_can_be_made_again(client: Path, authority: Authority, serve: Any) -> None:
    """After a close, with the same memory."""
    port = serve(authority.context("archive.test"), lambda connection: connection.sendall(b"!"), 3)

    seen = connect(client, port, "archive.test", roots=authority.root, times=3)

    assert seen["heard"] == "!!!"


def test_an_early_answer_is_heard(client: Path, authority: Authority, serve: Any) -> None:
    """A server that answers and closes in mid-body is heard, whatever became of the sending."""

    def story(connection: ssl.SSLSocket) -> None:
        receive(connection, 10_000)
        connection.sendall(b"413")
        connection.unwrap()

    port = serve(authority.context("archive.test"), story)

    seen = connect(client, port, "archive.test", roots=authority.root, size=9_000_000)

    assert seen["heard"] == "413"
    assert seen["sent"] < 9_000_000


def test_bytes_at_hand_are_no_reason_to_spin(client: Path, authority: Authority, serve: Any) -> None:
    """Between two requests nobody reads what a server had more to say: each wait is one all the same."""
    port = serve(authority.context("archive.test"), lambda connection: connection.sendall(b"x" * 1050))

    seen = connect(client, port, "archive.test", roots=authority.root)

    assert len(seen["heard"]) == 1050
    assert seen["idle_waits"] == 10


def test_a_reset_is_no_end(client: Path, authority: Authority, serve: Any) -> None:
    """A connection that breaks is told from one that ends."""

    def story(connection: ssl.SSLSocket) -> None:
        receive(connection, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    port = serve(authority.context("archive.test"), story)

    seen = connect(client, port, "archive.test", roots=authority.root)

    assert (seen["end"], seen["heard"]) == ("failed", "")


def test_a_silent_server_keeps_nobody(client: Path, authority: Authority, serve: Any) -> None:
    """A handshake that gets no word is pending, again and again, and never waits by itself."""
    over = threading.Event()
    port = serve(None, lambda _connection: over.wait(20))

    try:
        seen = connect(client, port, "archive.test", roots=authority.root, size=0, patience=25)
    finally:
        over.set()

    assert seen["connect"] == "pending"
    assert seen["pending"] == 25


def test_http_passes_through(client: Path, serve: Any) -> None:
    """A peer without TLS is served in the clear by the same transport."""

    def story(connection: ssl.SSLSocket) -> None:
        connection.sendall(b"%d" % receive(connection, 50_000))

    port = serve(None, story)

    seen = connect(client, port, "archive.test", roots="-", size=50_000, kind="plain")

    assert seen["heard"] == "50000"
