"""One camera and one listener in one process with one clock: from a POST's last byte until something is heard."""

import secrets
import socket
import time
from types import TracebackType
from typing import Self

from tests.bench.programs import MeasureError, Server

TIMEOUT_S = 20.0


class Camera:
    """Posts one photograph at a time over one connection."""

    def __init__(self, server: Server, photo: bytes, *, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._photo = photo
        self._path = path

    def send(self) -> tuple[str, float]:
        """Send a frame that was never sent before: its boot, and the moment its last byte went out."""
        boot = secrets.token_hex(8)
        body = self._photo[:2] + b"\xff\xfe\x00\x12" + boot.encode() + self._photo[2:]
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n"
            f'Camera-Frame: boot="{boot}", number=0\r\nCamera-Status: id="probe"\r\n\r\n'
        )
        # Over Wi-Fi all but the last packet has been there for a while.
        self._socket.sendall(head.encode() + body[:-1])
        time.sleep(0.01)
        sent_at = time.monotonic()
        self._socket.sendall(body[-1:])
        return boot, sent_at

    def read_answer(self) -> float:
        """Take the answer in, to its last byte; when that was there."""
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise MeasureError(f"a frame was answered {head[:200]!r}")
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        left = int(fields.get(b"content-length", b"0")) - len(body)
        while left > 0:
            left -= len(self._receive())
        return time.monotonic()

    def _receive(self) -> bytes:
        got = self._socket.recv(2**20)
        if not got:
            raise MeasureError("the server hung up on a camera")
        return got

    def close(self) -> None:
        self._socket.close()


class Probe:
    """A camera, and a listener that hears of its frames."""

    def __init__(self, server: Server, photo: bytes) -> None:
        self._camera = Camera(server, photo, path="/api/frames")
        self._listener = socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S)
        self._listener.sendall(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
        self._hear(b"hello")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._camera.close()
        self._listener.close()

    def event_ms(self) -> float:
        """From the last byte of a POST until its event is heard."""
        boot, sent_at = self._camera.send()
        heard_at = self._hear(boot.encode())
        self._camera.read_answer()
        return (heard_at - sent_at) * 1000

    def _hear(self, what: bytes) -> float:
        heard = b""
        while what not in heard:
            got = self._listener.recv(2**18)
            if not got:
                raise MeasureError("the server hung up on a listener")
            heard = heard[-1000:] + got
        return time.monotonic()


def answer_ms(camera: Camera) -> float:
    """From the last byte of a POST until the last byte of its answer."""
    _, sent_at = camera.send()
    return (camera.read_answer() - sent_at) * 1000
