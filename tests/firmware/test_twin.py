"""The twin as a person meets it: set up over its serial port, told what it cannot do, ended by a signal."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ArchiveServer
from tests.firmware.twins import Twin, build_twin
from tests.server.serving import command

PATIENCE_S = 30


@pytest.fixture(name="program", scope="session")
def _program() -> Path:
    return build_twin()


@pytest.fixture(name="start")
def _start(program: Path, tmp_path: Path) -> Iterator[Callable[..., Twin]]:
    twins: list[Twin] = []

    def start(*words: object) -> Twin:
        twins.append(Twin(program, tmp_path / "spool", tmp_path / "twin.log", *words))
        return twins[-1]

    yield start
    for twin in twins:
        twin.kill()


def serial_of(twin: Twin) -> str:
    """The device that stands for its serial port."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = re.findall(r"^serial (\S+)$", twin.log.read_text(), re.MULTILINE)
        if found:
            return str(found[-1])
        time.sleep(0.01)
    raise AssertionError(f"no serial port:\n{twin.log.read_text()}")


def say(port: int, line: str) -> str:
    """The answer to *line*: the first line that begins with `ok` or `error`; the others are log."""
    os.write(port, line.encode() + b"\n")
    heard = b""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if not select.select([port], [], [], 0.1)[0]:
            continue
        heard += os.read(port, 4096)
        for answer in heard.split(b"\n")[:-1]:
            if answer.startswith((b"ok", b"error")):
                return answer.decode().rstrip("\r")
    raise AssertionError(f"no answer to {line.partition(' ')[0]}: {heard!r}")


def frames_of(server: ArchiveServer, at_least: int) -> list[dict[str, object]]:
    """The archive's frames, once there are so many."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with urllib.request.urlopen(server.url + "/api/frames", timeout=PATIENCE_S) as answer:
            frames: list[dict[str, object]] = json.load(answer)["frames"]
        if len(frames) >= at_least or time.monotonic() > deadline:
            return frames
        time.sleep(0.02)


def test_a_twin_is_set_up_over_its_serial_port(start: Callable[..., Twin], archive_server: ArchiveServer) -> None:
    """Network, archive, name: its first frame arrives, and it is set up for good."""
    twin = start("--interval-s", 1, "--size", "QVGA")
    port = os.open(serial_of(twin), os.O_RDWR | os.O_NOCTTY)
    try:
        assert say(port, 'wifi ssid="Barn", password="correct horse"') == "ok networks=1"
        assert say(port, f'server url="{archive_server.url}"') == "ok"
        assert say(port, 'camera id="barn", board="twin"') == "ok"
        assert say(port, "commit") == "ok"
        frames = frames_of(archive_server, 1)
        status = say(port, "status")
    finally:
        os.close(port)
    assert frames[0]["camera"] == "barn"
    assert 'id="barn"' in status
    assert "horse" not in twin.log.read_text() + status

    twin.kill()
    start("--interval-s", 1, "--size", "QVGA")

    assert {frame["camera"] for frame in frames_of(archive_server, len(frames) + 2)} == {"barn"}


def test_pictures_of_a_folder_arrive_byte_for_byte(
    start: Callable[..., Twin], archive_server: ArchiveServer, tmp_path: Path
) -> None:
    """What lies in the folder is what the archive has."""
    from tests.pictures import jpeg  # noqa: PLC0415 - Pillow is slow to import and needed here alone

    folder = tmp_path / "frames"
    folder.mkdir()
    pictures = [jpeg(800, 600, seed=seed) for seed in range(3)]
    for place, picture in enumerate(pictures):
        (folder / f"{place}.jpg").write_bytes(picture)
    words = ("--server", archive_server.url, "--id", "barn", "--interval-s", 1, "--speed", 20)

    assert start(*words, "--frames", folder, "--count", 3).wait(PATIENCE_S) == 0

    frames = sorted(frames_of(archive_server, 3), key=lambda frame: str(frame["number"]))
    for frame, picture in zip(frames, pictures, strict=True):
        with urllib.request.urlopen(archive_server.url + str(frame["url"]), timeout=PATIENCE_S) as answer:
            assert answer.read() == picture


def test_a_button_makes_a_frame_after_its_delay(start: Callable[..., Twin], archive_server: ArchiveServer) -> None:
    """SIGUSR1 presses the first button: thirty seconds of the camera later there is another frame."""
    twin = start("--server", archive_server.url, "--id", "barn", "--interval-s", 86400, "--speed", 20, "--size", "QVGA")
    assert len(frames_of(archive_server, 1)) == 1

    twin.process.send_signal(signal.SIGUSR1)

    assert len(frames_of(archive_server, 2)) == 2


def camera_command(server: ArchiveServer, *words: str) -> str:
    """What `archive camera …` prints."""
    ran = command("camera", *words, "--folder", server.folder)
    assert ran.status == 0, ran.stderr
    return ran.stdout


def press(twin: Twin, server: ArchiveServer) -> int:
    """The first button, so that the camera meets the archive; how many frames there are once that one is kept."""
    before = len(frames_of(server, 1))
    twin.process.send_signal(signal.SIGUSR1)
    return len(frames_of(server, before + 1))


def widths_of(server: ArchiveServer, at_least: int) -> list[object]:
    """The widths of the archive's frames in the order they were taken, which at 20 times the speed no clock tells."""
    return [
        frame["width"] for frame in sorted(frames_of(server, at_least), key=lambda frame: int(str(frame["number"])))
    ]


def test_settings_reach_the_camera_with_its_next_answer(
    start: Callable[..., Twin], archive_server: ArchiveServer
) -> None:
    """`archive camera set` → frames come as often and as large as wanted, and the camera says that it knows."""
    twin = start("--server", archive_server.url, "--id", "garden", "--interval-s", 86400, "--speed", 20)
    frames_of(archive_server, 1)

    set_ = camera_command(archive_server, "set", "garden", "interval_s=20", "size=QVGA")
    waiting = camera_command(archive_server, "settings", "garden")
    assert press(twin, archive_server) == 2
    widths = widths_of(archive_server, 4)  # which nobody but the new interval asks for
    taken_over = camera_command(archive_server, "settings", "garden")

    assert "garden gets version 1 with its next frame." in set_
    assert "garden has version 0; it gets version 1 with its next frame." in waiting
    assert widths[:4] == [800, 800, 320, 320]
    assert "garden has taken over version 1." in taken_over


def test_a_shot_is_one_more_frame(start: Callable[..., Twin], archive_server: ArchiveServer) -> None:
    """`archive camera shot` → when the camera next sends something, one frame more; and no further one after that."""
    twin = start("--server", archive_server.url, "--id", "garden", "--interval-s", 86400, "--speed", 20)
    frames_of(archive_server, 1)

    camera_command(archive_server, "set", "garden", "interval_s=86400", "size=QVGA", "delay1_s=1")
    camera_command(archive_server, "shot", "garden")
    press(twin, archive_server)
    with_shot = len(frames_of(archive_server, 3))
    taken_over = camera_command(archive_server, "settings", "garden")
    after = press(twin, archive_server)
    camera_command(archive_server, "shot", "garden")
    press(twin, archive_server)
    with_second_shot = len(frames_of(archive_server, 6))

    assert "garden has taken over version 2." in taken_over
    assert (with_shot, after, with_second_shot) == (3, 4, 6)
    assert press(twin, archive_server) == 7


def test_refused_settings_are_told_of_and_better_ones_are_taken(
    start: Callable[..., Twin], archive_server: ArchiveServer
) -> None:
    """A value that the camera does not know, as a newer archive may have it: refused, said, and put right."""
    twin = start("--server", archive_server.url, "--id", "garden", "--interval-s", 86400, "--speed", 20)
    frames_of(archive_server, 1)
    archive_server.stop()
    with closing(sqlite3.connect(archive_server.folder / "index.db")) as index, index:
        values = json.dumps({"interval_s": 86400, "size": "HUGE", "delay1_s": 1})
        index.execute('INSERT INTO settings (camera_no, version, "values", set_at_ms) VALUES (1, 1, ?, 0)', (values,))
    archive_server.start()

    press(twin, archive_server)
    press(twin, archive_server)
    refused = camera_command(archive_server, "settings", "garden")
    camera_command(archive_server, "set", "garden", "size=QVGA")
    press(twin, archive_server)
    press(twin, archive_server)
    taken_over = camera_command(archive_server, "settings", "garden")

    assert "garden refused version 1 and keeps version 0" in refused
    assert "garden has taken over version 2." in taken_over
    widths = widths_of(archive_server, 5)
    assert widths == [800] * widths.count(800) + [320] * widths.count(320), "once taken over, no way back"
    assert widths.count(800) >= 3, "what was refused changed nothing"
    assert widths.count(320) >= 1


@pytest.mark.parametrize(
    "words",
    [
        ("--fault", "plague"),
        ("--fault", "cut="),
        ("--server", "ftp://x"),
        ("--id", "No"),
        ("--size", "HUGE"),
        ("--speed", "0"),
        ("--interval-s", "soon"),
        ("--frames", "/nowhere/at/all"),
        ("--count",),
        ("--what", "1"),
    ],
)
def test_what_cannot_be_is_said_and_ends_with_2(program: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """A wrong word on the command line is no reason to guess."""
    done = subprocess.run(
        [program, "--spool", tmp_path / "spool", *words], capture_output=True, timeout=PATIENCE_S, check=False
    )

    assert done.returncode == 2
    assert done.stderr.startswith(b"camera-twin: ")
