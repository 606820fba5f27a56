"""Out of file descriptors: who comes is answered or told to come back, and when there are some again all is well."""

from __future__ import annotations

import contextlib
import socket

import pytest

from tests.attack.conftest import MakeVictim
from tests.attack.victim import Victim
from tests.server.serving import PATIENCE_S, until

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="NOT RUN: only Linux has prlimit")

CALLS_MAX_LINES = 100


def _idle(victim: Victim) -> socket.socket:
    return socket.create_connection(("127.0.0.1", victim.port), PATIENCE_S)


def _answer(victim: Victim, said: bytes) -> bytes:
    """The first line of the answer; nothing when the connection was closed without one."""
    with _idle(victim) as line, contextlib.suppress(ConnectionError):
        line.sendall(said)
        return line.recv(65_536).partition(b"\r\n")[0]
    return b""


async def test_connections_beyond_the_descriptors_are_told_to_come_back(make_victim: MakeVictim) -> None:
    """200 idle connections and room for some: 503 for the others, few log lines, and all is well after it."""
    victim = make_victim("prlimit", "--nofile=120:120")
    upload = victim.upload()

    with contextlib.ExitStack() as attack:
        idle = [attack.enter_context(_idle(victim)) for _ in range(200)]
        answers = [_answer(victim, upload) for _ in range(20)]
        turned_away = [line.recv(1024) for line in idle[100:]]
    await until(lambda: not victim.connections)

    assert {answer.partition(b" ")[2][:3] for answer in answers} <= {b"503", b""}
    assert all(answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 5" in answer for answer in turned_away)
    assert victim.keeps_a_frame()
    assert len(victim.said()) < CALLS_MAX_LINES
    assert victim.complaints(but=["told to come back"]) == []
