"""The whole sketch, setup() and loop() and both tasks, on a chip that is not there, sends to a real archive."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import ArchiveServer
from tests.firmware.building import HERE
from tests.firmware.compiling import DIALECT, MBEDTLS, SRC, compiled, require_mbedtls
from tests.pictures import jpeg

# Two tasks share the camera: a race between them is an error here.
SANITIZERS = ["-g1", "-O1", "-fsanitize=thread"]

WIFI = 'wifi ssid0="attic", password0="correct horse"'
CAMERA = 'camera id="chip-1", board="esp32s3-cam"'
OFTEN = 'settings version=1, interval_s=1, size="VGA", settle_ms=0, settle_frames=1'

KEPT, ASLEEP, RESTARTED = 0, 42, 75


@pytest.fixture(name="run", scope="session")
def _run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    require_mbedtls()
    folder = tmp_path_factory.mktemp("sketch")
    sources = [HERE / "chip_camera.cpp", HERE / "chip_fakes.cpp"]
    sources += [path for part in ("esp", "core", "port") for path in sorted((SRC / part).glob("*.cpp"))]
    program = compiled("sketch", sources, *DIALECT, *SANITIZERS, libraries=MBEDTLS)
    picture = folder / "picture.jpg"
    picture.write_bytes(jpeg(640, 480))

    def run(*notes: str, typed: str = "", frames: int = 1) -> subprocess.CompletedProcess[str]:
        """What the sketch says on USB, and how it ends."""
        noted = folder / "notes"
        noted.write_text("".join(f"{note}\n" for note in notes))
        command = [str(word) for word in (program, picture, noted, typed, frames)]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)

    return run


def server(archive: ArchiveServer) -> str:
    """The note that names this archive."""
    return f'server url="{archive.url}", key=""'


def frames_of(archive: ArchiveServer) -> list[dict[str, Any]]:
    """What the archive has, newest first."""
    with urllib.request.urlopen(f"{archive.url}/api/frames", timeout=10) as answer:
        listed: list[dict[str, Any]] = json.load(answer)["frames"]
    return listed


def test_frames_of_the_sketch_are_kept(run: Any, archive_server: ArchiveServer) -> None:
    """Taken by one task and sent by the other, each byte for byte, with numbers from 0 and the board's own name."""
    done = run(WIFI, server(archive_server), CAMERA, OFTEN, frames=3)

    assert done.returncode == KEPT, done.stdout + done.stderr
    frames = frames_of(archive_server)
    assert sorted(frame["number"] for frame in frames)[:3] == [0, 1, 2]
    assert {frame["camera"] for frame in frames} == {"chip-1"}
    with urllib.request.urlopen(archive_server.url + frames[0]["url"], timeout=10) as photo:
        assert photo.read() == jpeg(640, 480)
    assert "proven 1" in done.stdout, "an image that has sent a frame is a good one"


def test_no_word_on_usb_is_a_secret(run: Any, archive_server: ArchiveServer) -> None:
    """Neither in the log nor in an answer."""
    done = run(WIFI, server(archive_server), CAMERA, OFTEN, typed="status\n")

    assert done.returncode == KEPT, done.stdout + done.stderr
    assert re.search(r'^ok id="chip-1".*machine="camera-3f2a"', done.stdout, re.MULTILINE)
    assert "correct horse" not in done.stdout


def test_a_bare_board_is_set_up_over_usb(run: Any) -> None:
    """Each line is answered by one; after `commit` it starts anew, and before it nothing is taken."""
    lines = [
        "status",
        'wifi ssid="attic", password="correct horse"',
        'camera id="chip-1", board="no-such-board"',
        'camera id="chip-1", board="esp32s3-cam"',
        'server url="http://archive.test:5555", key="secret"',
        "commit",
    ]

    done = run(typed="".join(f"{line}\n" for line in lines))

    assert done.returncode == RESTARTED, done.stdout + done.stderr
    answers = [line for line in done.stdout.splitlines() if line.startswith(("ok", "error"))]
    assert [answer.split()[0] for answer in answers] == ["ok", "ok", "error", "ok", "ok", "ok"]
    assert "secret" not in done.stdout
    assert "taken" not in done.stdout


def test_a_camera_that_sleeps_has_sent_first(run: Any, archive_server: ArchiveServer) -> None:
    """Deep sleep comes after the frame was kept, and lasts until the next is due."""
    rarely = OFTEN.replace("interval_s=1", "interval_s=60, sleep=?1")

    done = run(WIFI, server(archive_server), CAMERA, rarely, frames=9)

    assert done.returncode == ASLEEP, done.stdout + done.stderr
    assert len(frames_of(archive_server)) == 1
    (sleep_s,) = re.findall(r"^sleeps (\d+) s$", done.stdout, re.MULTILINE)
    assert 10 <= int(sleep_s) <= 60
    assert "cannot cut its sensor's supply" in done.stdout
