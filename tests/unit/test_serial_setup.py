"""The line to a camera that is set up: late answers, log in between, ports that go and come back."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.errors import ConfigError
from archive.serial_setup import CameraSilent, Installation, SerialSetup, SetupRefused, read_roots


class Wire:
    """A serial port at *path* with a scripted camera behind it: *reply* gives what it writes for each line it hears."""

    def __init__(self, path: Path, reply: Callable[[str], str]) -> None:
        self.heard: list[str] = []
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(self._theirs))
        self._reply = reply
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        held = ""
        while not self._is_closed.is_set():
            if not select.select([self._ours], [], [], 0.02)[0]:
                continue
            *lines, held = (held + os.read(self._ours, 4096).decode()).split("\n")
            for line in filter(None, lines):
                self.heard.append(line)
                os.write(self._ours, self._reply(line).encode())

    def close(self) -> None:
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        self._thread.join()  # before closing: a read that waits would hold the port open
        os.close(self._theirs)
        os.close(self._ours)


@pytest.fixture(name="wire")
def _wire(tmp_path: Path) -> Iterator[Callable[[Callable[[str], str]], Wire]]:
    """Makes wires at `port`; each takes the place of the one before."""
    wires: list[Wire] = []

    def make(reply: Callable[[str], str]) -> Wire:
        wires.append(Wire(tmp_path / "port", reply))
        return wires[-1]

    yield make
    for wire in wires:
        wire.close()


async def test_an_answer_stands_out_of_the_log(wire: Callable[[Callable[[str], str]], Wire], tmp_path: Path) -> None:
    """Lines that are neither `ok` nor `error` are handed on, and whatever is no dictionary is no answer's fault."""
    wire(lambda _: 'I booting\r\nW okay, no sensor\r\nok id="barn", kept=3, online\r\n')
    log: list[str] = []

    async with SerialSetup(str(tmp_path / "port"), on_log=log.append) as line:
        facts = await line.wait_for_camera()

    assert facts == {"id": "barn", "kept": 3, "online": True}
    assert log == ["I booting", "W okay, no sensor"]


async def test_a_late_answer_is_not_taken_for_the_next(
    wire: Callable[[Callable[[str], str]], Wire], tmp_path: Path
) -> None:
    """A camera answers its first question with the second; the refusal that follows is still heard."""
    asked: list[str] = []

    def reply(line: str) -> str:
        asked.append(line)
        if line != "status":
            return 'error reason="no such network"\r\n'
        return "" if len(asked) == 1 else 'ok id="late"\r\nok id="punctual"\r\n'

    wire(reply)

    async with SerialSetup(str(tmp_path / "port")) as line:
        await line.wait_for_camera()
        with pytest.raises(SetupRefused, match="no such network"):
            await line.install(Installation(ssid="Barn"))


async def test_a_port_that_goes_comes_back(wire: Callable[[Callable[[str], str]], Wire], tmp_path: Path) -> None:
    """A restart takes the port away; the line finds it again at its place."""
    first = wire(lambda _: "ok kept=0\r\n")

    async with SerialSetup(str(tmp_path / "port")) as line:
        before = await line.wait_for_camera()
        first.close()
        wire(lambda _: "ok kept=1\r\n")
        after = await line.wait_for_camera()

    assert (before, after) == ({"kept": 0}, {"kept": 1})


async def test_a_port_that_stays_away_is_told(tmp_path: Path) -> None:
    """With why it could not be opened."""
    async with SerialSetup(str(tmp_path / "nowhere")) as line:
        with pytest.raises(CameraSilent, match="No such file"):
            await line.wait_for_camera(patience_s=0.5)


async def test_all_of_an_installation_is_told_in_lines_that_fit(
    wire: Callable[[Callable[[str], str]], Wire], tmp_path: Path
) -> None:
    """Names of any letter, a root in pieces, and a commit at the end; a line has at most 512 characters."""
    camera = wire(lambda _: "ok\r\n")
    root = bytes(range(256)) * 5

    async with SerialSetup(str(tmp_path / "port")) as line:
        await line.install(
            Installation(
                ssid='Café "1"', password="grüße", server_url="https://a", key="k", id="barn", board="x", roots=(root,)
            )
        )

    words = [heard.split(" ", 1)[0] for heard in camera.heard]
    assert words == ["wifi", *["root"] * 5, "server", "camera", "commit"]
    assert camera.heard[0] == 'wifi ssid=%"Caf%c3%a9 %221%22", password=%"gr%c3%bc%c3%9fe"'
    assert camera.heard[-2] == 'camera id="barn", board="x"'
    assert max(map(len, camera.heard)) <= 512


def test_what_is_no_certificate_is_no_root(tmp_path: Path) -> None:
    """None, junk, and three at once are told with what a file must hold."""
    block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for text, why in (("", "holds 0"), (block, "no certificate"), (block * 3, "holds 3")):
        path = tmp_path / "root.pem"
        path.write_text(text)
        with pytest.raises(ConfigError, match=why):
            read_roots(path)
