"""What a supervisor hears is what sd_notify(3) says, over a real socket; without one nobody is told."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.supervisor import Supervisor


@pytest.fixture(name="heard", params=["path", "abstract"])
def _heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@archive-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(name if name[0] == "/" else "\0" + name[1:])
        listening.settimeout(10)
        yield listening, name


def test_each_thing_is_one_datagram(heard: tuple[socket.socket, str]) -> None:
    """In systemd's words."""
    listening, name = heard
    supervisor = Supervisor({"NOTIFY_SOCKET": name})

    supervisor.does("opening")
    supervisor.is_ready()
    supervisor.is_alive("3 frames")
    supervisor.is_stopping()

    told = [listening.recv(1000) for _ in range(4)]
    assert told == [b"STATUS=opening", b"READY=1", b"WATCHDOG=1\nSTATUS=3 frames", b"STOPPING=1"]


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "unix:/x", "@nobody-listens-here"])
def test_where_nobody_listens_nothing_happens(address: str) -> None:
    """The archive runs without a supervisor, and outlives one."""
    Supervisor({"NOTIFY_SOCKET": address} if address else {}).is_ready()


@pytest.mark.parametrize(
    ("environ", "patience_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_how_often_it_must_hear_of_us(environ: dict[str, str], patience_s: float | None) -> None:
    """As it says to this process; to another it did not say it to us."""
    assert Supervisor({"NOTIFY_SOCKET": "/x", **environ}).patience_s == patience_s
