"""Out of file descriptors: who comes is answered or told to come back, and when there are some again all is well."""

from __future__ import annotations

import contextlib
import json
import random
import resource
import socket
import urllib.request

import pytest

from tests.attack.conftest import MakeVictim
from tests.attack.victim import Victim
from tests.pictures import jpeg
from tests.server.serving import PATIENCE_S, request, until

pytestmark = pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="NOT RUN: only Linux has prlimit")

MAX_LINES = 100
LARGE = jpeg(64, 48) + random.Random(5).randbytes(3_000_000)


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
    assert len(victim.said()) < MAX_LINES
    assert victim.complaints(but=["told to come back"]) == []


async def test_files_on_their_way_count_too(make_victim: MakeVictim) -> None:
    """Originals asked for and not taken hold a connection and a file each: who comes is answered or told to wait."""
    victim = make_victim("prlimit", "--nofile=120:120", idle_s="3")
    url = _kept(victim, LARGE)
    said = request({"Host": victim.host}, method="GET", path=url)

    with contextlib.ExitStack() as attack:
        for _ in range(60):
            line = attack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", victim.port))
            with contextlib.suppress(ConnectionError):
                line.sendall(said)
        await until(lambda: victim.descriptors > 60)
        answers = [_answer(victim, victim.upload()) for _ in range(20)]
        await until(lambda: not victim.connections)  # they took nothing for too long
        assert victim.keeps_a_frame()

    assert {answer.partition(b" ")[2][:3] for answer in answers} <= {b"201", b"503", b""}  # some were cut off already
    assert victim.complaints(but=["told to come back"]) == []


async def test_descriptors_that_others_took_are_waited_for(make_victim: MakeVictim) -> None:
    """Where not even the spare ones are left nobody is answered, and nobody logs about it; later everybody is."""
    victim = make_victim()
    most = resource.prlimit(victim.pid, resource.RLIMIT_NOFILE)

    with contextlib.ExitStack() as attack:
        resource.prlimit(victim.pid, resource.RLIMIT_NOFILE, (5, most[1]))
        waiting = [attack.enter_context(_idle(victim)) for _ in range(50)]
        for line in waiting:
            line.sendall(request({"Host": victim.host}, method="GET", path="/healthz"))
        await until(lambda: any("told to come back" in line for line in victim.said()))
        resource.prlimit(victim.pid, resource.RLIMIT_NOFILE, most)
        answers = [line.recv(65_536) for line in waiting]

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    assert len(victim.said()) < MAX_LINES
    assert victim.complaints(but=["told to come back"]) == []


def _kept(victim: Victim, body: bytes) -> str:
    """Where the original of a frame is, once it is kept."""
    with _idle(victim) as line:
        line.sendall(victim.upload(camera="large", body=body))
        assert line.recv(65_536).startswith(b"HTTP/1.1 201 ")
    with urllib.request.urlopen(f"{victim.url}/api/frames?camera=large", timeout=PATIENCE_S) as answer:
        url: str = json.load(answer)["frames"][0]["url"]
        return url
