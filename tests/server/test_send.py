"""`archive send` and `archive simulate` against a real archive, as their users run them."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import scene
from tests.conftest import ArchiveServer, free_port

LIMIT_S = 60
NOON = datetime(2026, 6, 21, 12, 0, tzinfo=UTC)


def archive(*words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ARCHIVE_", "CAMERA_"))}
    return subprocess.run(
        [sys.executable, "-m", "archive", *map(str, words)],
        env=clean | environ,
        capture_output=True,
        check=False,
        text=True,
        timeout=LIMIT_S,
    )


def frames(server: ArchiveServer) -> list[dict[str, Any]]:
    """What the archive holds, newest first."""
    with urllib.request.urlopen(f"{server.url}/api/frames?limit=100", timeout=10) as answer:
        held: list[dict[str, Any]] = json.load(answer)["frames"]
    return held


@pytest.fixture(name="photos")
def _photos(tmp_path: Path) -> list[Path]:
    """Three pictures, last changed on a Sunday noon, a minute apart."""
    paths = []
    for i in range(3):
        path = tmp_path / f"photo-{i}.jpg"
        path.write_bytes(scene.draw("garden", NOON, 160, 120, frame_number=i))
        os.utime(path, (NOON.timestamp() + 60 * i, NOON.timestamp() + 60 * i))
        paths.append(path)
    return paths


def test_files_become_frames_in_their_order(archive_server: ArchiveServer, photos: list[Path]) -> None:
    """Through the owner's socket no key is needed; the files are one boot, numbered and dated by their last change."""
    done = archive("send", *photos, "--camera", "yard", "--folder", archive_server.folder)

    held = frames(archive_server)[::-1]
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[:3]] == [["kept", f"№{i}"] for i in range(3)]
    assert done.stdout.splitlines()[-1] == "3 kept"
    assert [(one["camera"], one["number"]) for one in held] == [("yard", 0), ("yard", 1), ("yard", 2)]
    assert len({one["boot"] for one in held}) == 1
    assert [datetime.fromisoformat(one["taken_at"]) - NOON for one in held] == [timedelta(minutes=i) for i in range(3)]
    assert [_original(archive_server, one) for one in held] == [path.read_bytes() for path in photos]


def test_now_dates_frames_at_their_arrival(archive_server: ArchiveServer, photos: list[Path]) -> None:
    """With `--now` the files' own times stay at home."""
    done = archive("send", photos[0], "--now", "--folder", archive_server.folder)

    (held,) = frames(archive_server)
    assert done.returncode == 0, done.stderr
    assert held["taken_at_source"] == "arrival"


def test_a_key_names_the_camera(archive_server: ArchiveServer, photos: list[Path]) -> None:
    """Over the network with a key from the environment, which is shown nowhere."""
    key = archive("camera", "add", "porch", "--folder", archive_server.folder).stdout.strip()

    done = archive("send", photos[0], "--to", archive_server.url, CAMERA_KEY=key)

    assert done.returncode == 0, done.stderr
    assert [one["camera"] for one in frames(archive_server)] == ["porch"]
    assert key
    assert key not in done.stdout + done.stderr


def test_a_wrong_key_is_an_error_at_once(archive_server: ArchiveServer, photos: list[Path]) -> None:
    """The archive's sentence, exit status 1, and no key in it."""
    done = archive("send", *photos, "--to", archive_server.url, "--key", "cam_wrong_key")

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "cam_wrong_key" not in done.stdout + done.stderr
    assert frames(archive_server) == []


def test_a_file_that_is_no_picture_is_told_and_the_others_are_sent(
    archive_server: ArchiveServer, photos: list[Path], tmp_path: Path
) -> None:
    """One refusal is one line and exit status 1; it leaves no hole in the numbers."""
    text = tmp_path / "notes.jpg"
    text.write_text("no picture")

    done = archive("send", photos[0], text, photos[1], "--folder", archive_server.folder)

    assert done.returncode == 1
    assert re.search(r"^refused +.*notes\.jpg", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1] == "2 kept, 1 refused"
    assert sorted(one["number"] for one in frames(archive_server)) == [0, 1]


@pytest.mark.parametrize(("name", "sentence"), [("missing.jpg", "does not exist"), (".", "is a directory")])
def test_a_slip_on_the_command_line_sends_nothing(
    archive_server: ArchiveServer, photos: list[Path], tmp_path: Path, name: str, sentence: str
) -> None:
    """A missing file or a directory is told before the first file is sent."""
    done = archive("send", photos[0], tmp_path / name, "--folder", archive_server.folder)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert frames(archive_server) == []


def test_no_archive_in_the_folder_is_told_with_what_to_do(photos: list[Path], tmp_path: Path) -> None:
    """Neither a missing folder nor a socket that a dead archive left behind is waited for."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "archive.sock"))

    for folder in (tmp_path / "nowhere", tmp_path):
        done = archive("send", photos[0], "--folder", folder)

        assert done.returncode == 1
        assert "start it with `archive serve`" in done.stderr


def test_giving_up_is_told_and_the_rest_not_tried(photos: list[Path]) -> None:
    """Where nobody listens, the first file says so, and the sum names the others."""
    done = archive("send", *photos, "--to", f"http://127.0.0.1:{free_port()}", "--give-up-after", "0")

    assert done.returncode == 1
    assert "connection refused" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 kept, 1 not kept, 2 not tried"


def test_a_folder_far_down_can_be_sent_to(archive_servers: Callable[..., ArchiveServer], photos: list[Path]) -> None:
    """A path longer than a socket's address may be is no obstacle."""
    server = archive_servers(name="deep-" + "x" * 110)

    done = archive("send", photos[0], "--folder", server.folder)

    assert done.returncode == 0, done.stderr
    assert len(frames(server)) == 1


def test_simulated_cameras_send_all_they_take(archive_server: ArchiveServer) -> None:
    """Each camera's frames arrive, numbered without holes, with what it said of itself."""
    done = archive("simulate", "--cameras", "2", "--every", "0.2", "--count", "3", "--folder", archive_server.folder)

    held = frames(archive_server)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 cameras: 6 frames taken, 6 kept"
    assert sorted((one["camera"], one["number"]) for one in held) == [
        (camera, number) for camera in ("garden", "porch") for number in range(3)
    ]
    with urllib.request.urlopen(f"{archive_server.url}/api/frames/{held[0]['id']}", timeout=10) as answer:
        status = json.load(answer)["status"]
    assert {"rssi", "heap", "spooled"} <= status.keys()


def test_simulated_cameras_outlive_the_archive(archive_server: ArchiveServer) -> None:
    """Killed and started again under them, the archive holds every number in the end."""
    command = [sys.executable, "-m", "archive", "simulate", "--cameras", "1", "--every", "0.3", "--count", "8"]
    with subprocess.Popen(
        [*command, "--folder", archive_server.folder], stdout=subprocess.PIPE, text=True, bufsize=1
    ) as cameras:
        assert cameras.stdout is not None
        assert "kept" in cameras.stdout.readline()
        archive_server.kill()
        while "not kept" not in cameras.stdout.readline():
            assert cameras.poll() is None
        archive_server.start()
        rest, _ = cameras.communicate(timeout=LIMIT_S)

    assert cameras.returncode == 0
    assert rest.splitlines()[-1] == "1 camera: 8 frames taken, 8 kept"
    assert sorted(one["number"] for one in frames(archive_server)) == list(range(8))


def _original(server: ArchiveServer, held: dict[str, Any]) -> bytes:
    with urllib.request.urlopen(server.url + held["url"], timeout=10) as answer:
        original: bytes = answer.read()
    return original
