"""`archive flash` and `archive twin`: from a bare camera to its first frame, and what is said when that fails."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from archive import arduino
from archive.cli.flash import read_list
from archive.errors import ConfigError
from archive.firmware import BOARDS, firmware_folder
from tests.conftest import ArchiveServer
from tests.firmware.fake_arduino_cli import FakeArduinoCli
from tests.firmware.test_twin import frames_of, serial_of
from tests.firmware.twins import Twin, build_twin

PATIENCE_S = 100
BUILD_S = 400  # where nothing of the twin is built yet
PASSWORD = "correct horse"
ANSWERS = ("--wifi", "Barn", "--board", "esp32s3-cam")


@pytest.fixture(name="program", scope="session")
def _program() -> Path:
    return build_twin()


@pytest.fixture(name="bare")
def _bare(program: Path, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Makes bare cameras: each call starts a twin that nobody has set up, and gives its serial port."""
    twins: list[Twin] = []

    def make(name: str) -> str:
        words = ("--interval-s", 1, "--size", "QVGA")
        twins.append(Twin(program, tmp_path / f"{name}-spool", tmp_path / f"{name}.log", *words))
        return serial_of(twins[-1])

    yield make
    for twin in twins:
        twin.kill()


@pytest.fixture(name="arduino_cli")
def _arduino_cli(tmp_path: Path) -> FakeArduinoCli:
    return FakeArduinoCli(tmp_path / "arduino")


def archive(
    server: ArchiveServer, *words: str, path: Sequence[Path] = (), timeout_s: float = PATIENCE_S, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a command on the machine of *server*, nobody being there to answer questions."""
    folder = ("--folder", str(server.folder))
    return subprocess.run(
        [sys.executable, "-m", "archive", *words, *folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]), **environ},
    )


def flash(server: ArchiveServer, *words: str, path: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
    """`archive flash`, the password in the environment."""
    return archive(server, "flash", *words, path=path, CAMERA_WIFI_PASSWORD=PASSWORD)


def test_a_bare_board_becomes_a_camera(
    archive_servers: Callable[..., ArchiveServer], arduino_cli: FakeArduinoCli, bare: Callable[[str], str]
) -> None:
    """Port found, compiled and uploaded in two commands that are shown, set up, and its first frame told of."""
    server = archive_servers()
    port = arduino_cli.plug_in("ttyACM0", bare("board"))

    ran = flash(server, *ANSWERS, "--name", "garden", path=[arduino_cli.path])

    assert ran.returncode == 0, ran.stdout
    sketch = os.path.relpath(firmware_folder())
    compiled, uploaded = f"compile --profile esp32s3-cam {sketch}", f"upload --profile esp32s3-cam -p {port} {sketch}"
    assert arduino_cli.calls == [compiled, uploaded]
    assert f"$ arduino-cli {compiled}\n" in ran.stdout
    assert f"$ arduino-cli {uploaded}\n" in ran.stdout
    first = min(frames_of(server, 1), key=lambda frame: int(str(frame["id"])))
    assert first["camera"] == "garden"
    assert f"garden is live: {server.url}/?frame={first['id']}" in ran.stdout
    assert PASSWORD not in ran.stdout
    assert "cam_" not in ran.stdout, "no key is shown"


def test_a_person_is_asked_until_the_answer_can_be(
    archive_servers: Callable[..., ArchiveServer], arduino_cli: FakeArduinoCli, bare: Callable[[str], str]
) -> None:
    """Board by number, name, network; the password is not shown while it is typed."""
    server = archive_servers()
    arduino_cli.plug_in("ttyACM0", bare("board"))
    command = [sys.executable, "-m", "archive", "flash", "--folder", str(server.folder)]
    dialogue = [
        ("by its number or name", "12"),
        ("not in the list of boards", "2"),
        ("such as garden", "Garden"),
        ("cannot be a camera's id", "garden"),
        ("The Wi-Fi network", "Barn"),
        ("for an open network): ", PASSWORD),  # the space comes when the echo is off
    ]

    said, status = talk(command, dialogue, PATH=os.pathsep.join([str(arduino_cli.path), os.environ["PATH"]]))

    assert status == 0, said
    assert f"is live: {server.url}/?frame=1" in said
    assert PASSWORD not in said


def talk(command: Sequence[str], dialogue: Sequence[tuple[str, str]], **environ: str) -> tuple[str, int]:
    """Answer what *command* asks at a terminal, question by question. All it said, and its status."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **environ}, start_new_session=True
    )
    os.close(theirs)
    said, seen, left = "", 0, list(dialogue)
    deadline = time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                said += os.read(ours, 4096).decode("utf-8", "replace")
            except OSError:  # it has ended
                break
            if left and left[0][0] in said[seen:]:
                seen = len(said)
                os.write(ours, left.pop(0)[1].encode() + b"\n")
        return said, process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_without_an_archive_nobody_is_asked_anything(tmp_path: Path, arduino_cli: FakeArduinoCli) -> None:
    """What is missing first is told first."""
    server = ArchiveServer(tmp_path / "nobody")

    ran = flash(server, *ANSWERS, "--name", "garden", path=[arduino_cli.path])

    assert ran.returncode == 1
    assert "no archive is running" in ran.stdout


def test_a_twin_needs_no_arduino_cli(archive_servers: Callable[..., ArchiveServer], bare: Callable[[str], str]) -> None:
    """Its port has no flash behind it, so it is set up and nothing else."""
    server = archive_servers()

    ran = flash(server, "--port", bare("twin"), "--name", "garden", "--wifi", "Barn")

    assert ran.returncode == 0, ran.stdout
    assert "garden is live" in ran.stdout
    assert frames_of(server, 1)[0]["camera"] == "garden"


def test_without_arduino_cli_the_way_to_it_is_told(archive_server: ArchiveServer, tmp_path: Path) -> None:
    """Before anything is asked."""
    ran = archive(archive_server, "flash", PATH=str(tmp_path))

    assert ran.returncode == 1
    assert "arduino-cli is not installed" in ran.stdout
    assert "brew install arduino-cli" in ran.stdout


def test_a_failed_upload_is_told_with_its_cure_and_leaves_no_key(
    archive_server: ArchiveServer, arduino_cli: FakeArduinoCli
) -> None:
    """What arduino-cli said, what to do, and the next try finds the name free."""
    arduino_cli.plug_in("ttyACM0", "/dev/null")
    arduino_cli.fail("upload", "A fatal error occurred: Failed to connect to ESP32-S3: No serial data received.")

    ran = flash(archive_server, *ANSWERS, "--name", "garden", "--to", archive_server.url, path=[arduino_cli.path])

    assert ran.returncode == 1
    assert "No serial data received" in ran.stdout
    assert "hold BOOT, tap RESET" in ran.stdout
    assert "garden" not in archive(archive_server, "camera", "list").stdout


def test_a_silent_board_is_told_and_leaves_no_key(archive_server: ArchiveServer) -> None:
    """Nobody answers on the port."""
    ours, theirs = os.openpty()
    words = ("--port", os.ttyname(theirs), "--name", "garden", "--wifi", "Barn", "--wait", "2")
    try:
        ran = flash(archive_server, *words)
    finally:
        os.close(ours)
        os.close(theirs)

    assert ran.returncode == 1
    assert "no camera answers" in ran.stdout
    assert "garden" not in archive(archive_server, "camera", "list").stdout


def test_an_archive_that_no_board_can_reach_is_told_of(
    archive_server: ArchiveServer, arduino_cli: FakeArduinoCli
) -> None:
    """It listens on loopback, and a board is not on this machine."""
    arduino_cli.plug_in("ttyACM0", "/dev/null")

    ran = flash(archive_server, *ANSWERS, "--name", "garden", path=[arduino_cli.path])

    assert ran.returncode == 1
    assert "--host 0.0.0.0" in ran.stdout
    assert arduino_cli.calls == []


def test_an_image_that_would_not_start_is_not_uploaded(
    archive_server: ArchiveServer, arduino_cli: FakeArduinoCli
) -> None:
    """The compiler allows more than the slot holds; we do not."""
    arduino_cli.plug_in("ttyACM0", "/dev/null")
    arduino_cli.size(0x200001)

    ran = flash(archive_server, *ANSWERS, "--name", "garden", "--to", archive_server.url, path=[arduino_cli.path])

    assert ran.returncode == 1
    assert "2097153 bytes" in ran.stdout
    assert len(arduino_cli.calls) == 1


def test_one_of_several_boards_must_be_named(archive_server: ArchiveServer, arduino_cli: FakeArduinoCli) -> None:
    """Both are listed; and without any, what to do about it."""
    none = flash(archive_server, *ANSWERS, "--name", "garden", path=[arduino_cli.path])
    ports = [arduino_cli.plug_in(f"ttyACM{number}", "/dev/null") for number in range(2)]
    several = flash(archive_server, *ANSWERS, "--name", "garden", path=[arduino_cli.path])

    assert none.returncode == several.returncode == 1
    assert "Does the cable carry data?" in none.stdout
    assert all(f"--port {port}" in several.stdout for port in ports)


def test_a_list_makes_many_cameras_in_a_row(
    archive_servers: Callable[..., ArchiveServer],
    arduino_cli: FakeArduinoCli,
    bare: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """Compiled once a profile, uploaded once a board; one that fails does not hold up the others and is told of."""
    server = archive_servers()
    archive(server, "camera", "add", "shed")
    names = tmp_path / "names"
    names.write_text("garden   # by the gate\nshed\n\nporch xiao-esp32s3-sense\n")
    for number in range(3):
        arduino_cli.plug_in(f"ttyACM{number}", bare(f"board{number}"))

    ran = flash(server, "--list", str(names), *ANSWERS, "--to", server.url, path=[arduino_cli.path])

    assert ran.returncode == 1
    assert [call.split()[0] for call in arduino_cli.calls] == ["compile", "upload", "upload", "compile", "upload"]
    assert "camera shed has a key already" in ran.stdout
    assert "shed    esp32s3-cam         not made: see above" in ran.stdout
    assert {frame["camera"] for frame in frames_of(server, 2)} == {"garden", "porch"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Garden\n", "line 1"),
        ("a\nb c d\n", "line 2: a line is a name"),
        ("a nosuch\n", "not in the list of boards"),
        ("a\na\n", "line 2: a stands in the list twice"),
        ("# nobody\n", "names no camera"),
    ],
)
def test_a_list_with_a_slip_names_its_line(tmp_path: Path, text: str, why: str) -> None:
    """Before the first board is plugged in."""
    path = tmp_path / "names"
    path.write_text(text)

    with pytest.raises(ConfigError, match=why):
        read_list(path, BOARDS[0], needs_board=True)


def test_a_name_that_has_a_key_is_kept_unless_asked_for(
    archive_servers: Callable[..., ArchiveServer], bare: Callable[[str], str]
) -> None:
    """Another board may be using it; --new-key ends it."""
    server = archive_servers()
    archive(server, "camera", "add", "garden")
    words = ("--port", bare("twin"), "--name", "garden", "--wifi", "Barn")

    taken, anew = flash(server, *words), flash(server, *words, "--new-key")

    assert taken.returncode == 1
    assert "--new-key" in taken.stdout
    assert anew.returncode == 0, anew.stdout
    assert frames_of(server, 1)[0]["camera"] == "garden"


def test_a_camera_that_does_not_reach_its_archive_is_told_how_far_it_came(
    archive_servers: Callable[..., ArchiveServer], bare: Callable[[str], str]
) -> None:
    """On the Wi-Fi, and nothing at the address."""
    server = archive_servers()
    words = ("--port", bare("twin"), "--name", "garden", "--wifi", "Barn", "--to", "http://127.0.0.1:1", "--wait", "3")

    ran = flash(server, *words)

    assert ran.returncode == 1
    assert "does not reach http://127.0.0.1:1" in ran.stdout


def test_what_the_camera_refuses_is_told_in_its_words(
    archive_servers: Callable[..., ArchiveServer], bare: Callable[[str], str]
) -> None:
    """A password of four letters is none."""
    server = archive_servers()
    words = ("flash", "--port", bare("twin"), "--name", "garden", "--wifi", "Barn")

    ran = archive(server, *words, CAMERA_WIFI_PASSWORD="four")

    assert ran.returncode == 1
    assert "a password 8 to 63 or none" in ran.stdout
    assert "four" not in ran.stdout


def test_an_https_address_needs_its_root(archive_server: ArchiveServer, tmp_path: Path) -> None:
    """Only roots that were given are trusted; what is none is told before anything is done."""
    junk = tmp_path / "junk.pem"
    junk.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    words = ("--port", "/dev/pts/0", "--name", "garden", "--wifi", "Barn", "--to", "https://a.example")

    without, with_junk = flash(archive_server, *words), flash(archive_server, *words, "--root", str(junk))

    assert "--root FILE" in without.stdout
    assert "no certificate that can be read" in with_junk.stdout


OUTPUTS = [
    ("permission denied", "Could not open /dev/ttyACM0: [Errno 13] Permission denied: '/dev/ttyACM0'"),
    ("wrong chip", "A fatal error occurred: This chip is ESP32, not ESP32-S3. Wrong --chip argument?"),
    (
        "detected size",
        "E (123) spi_flash: Detected size(4096k) smaller than the size in the binary image header(8192k).",
    ),
    ("no serial data received", "A fatal error occurred: Failed to connect to ESP32-S3: No serial data received."),
    (
        "no serial data received",
        "A fatal error occurred: Failed to connect to ESP32-S3: Wrong boot mode detected (0x28)!",
    ),
    ("the port is busy", "[Errno 16] could not open port /dev/cu.usbmodem1: [Errno 16] Resource busy"),
    (
        "it uploads once, then the port is gone",
        "A fatal error occurred: Could not open /dev/ttyACM0, the port is busy or doesn't exist.",
    ),
    (
        "it uploads once, then the port is gone",
        "could not open port /dev/ttyACM0: [Errno 2] No such file or directory: '/dev/ttyACM0'",
    ),
    ("PSRAM", "E (331) quad_psram: PSRAM ID read error: 0x00ffffff, PSRAM chip not found or not supported"),
    ("mount or partition errors", "E the partition cfg cannot be opened: flash with this sketch's own partitions.csv"),
    ("mount or partition errors", "E (800) esp_littlefs: mount failed, (-84)"),
    ("no room in the image", "text section exceeds available space in board"),
    ("no network", "Error downloading index: Get https://x: dial tcp: lookup x: no such host"),
    ("unknown profile", "Error: unknown flag: --profile"),
    ("no room on this computer", "write /home/x/.arduino15/tmp: no space left on device"),
]


@pytest.mark.parametrize(("seen", "output"), OUTPUTS)
def test_each_symptom_is_recognised(seen: str, output: str) -> None:
    """What the tools say is answered with its own cure, not with another's."""
    symptom = arduino.cure_for(f"some line before\n{output}\nand one behind")

    assert symptom is not None
    assert symptom.seen == seen


def test_every_symptom_is_tried_and_stands_in_the_guide() -> None:
    """The table in the code, the cases above and the table in docs/guide/flashing.md have the same rows."""
    guide = (firmware_folder().parent / "docs" / "guide" / "flashing.md").read_text("utf-8").lower()

    assert {symptom.seen for symptom in arduino.SYMPTOMS} == {seen for seen, _ in OUTPUTS}
    assert [symptom.seen for symptom in arduino.SYMPTOMS if f"| {symptom.seen.lower()}" not in guide] == []


def test_the_option_for_a_bad_cable_and_a_wiped_flash_are_properties_of_the_upload() -> None:
    """A profile fixes the menus, so the properties that these menus set are given."""
    command = arduino.upload_command(Path("/x/firmware"), "esp32s3-cam", "/dev/ttyACM0", erase=True, slow=True)

    expected = "--upload-property upload.erase_cmd=-e --upload-property upload.speed=115200"
    assert str(command) == f"arduino-cli upload --profile esp32s3-cam -p /dev/ttyACM0 {expected} /x/firmware"


@pytest.mark.timeout(2 * BUILD_S)
def test_a_twin_is_one_command(archive_servers: Callable[..., ArchiveServer], tmp_path: Path) -> None:
    """Built, started, given a key, and its frames are kept; the second time it goes on where it was."""
    server = archive_servers()
    words = ("twin", "attic", "--count", "2", "--every", "1", "--size", "QVGA", "--spool", str(tmp_path / "spool"))

    first, second = (archive(server, *words, timeout_s=BUILD_S) for _ in range(2))

    assert first.returncode == 0, first.stdout
    assert f"attic sends to {server.url}" in first.stdout
    assert second.returncode == 0, second.stdout
    assert "attic goes on where it was" in second.stdout
    assert [frame["camera"] for frame in frames_of(server, 4)] == ["attic"] * 4


def test_a_twin_ends_with_its_command(archive_servers: Callable[..., ArchiveServer], tmp_path: Path) -> None:
    """Also when that is only asked to end: nothing goes on sending."""
    server = archive_servers()
    words = ("twin", "attic", "--every", "1", "--size", "QVGA", "--spool", str(tmp_path / "s"))
    command = subprocess.Popen(
        [sys.executable, "-m", "archive", *words, "--folder", str(server.folder)], stdout=subprocess.DEVNULL
    )
    frames_of(server, 1)
    [twin] = psutil.Process(command.pid).children()

    command.terminate()

    assert command.wait(PATIENCE_S) == 128 + signal.SIGTERM
    twin.wait(PATIENCE_S)


def test_a_twin_asks_to_join(archive_servers: Callable[..., ArchiveServer], tmp_path: Path) -> None:
    """With its own key, the same at the next start; its frames wait in its spool."""
    server = archive_servers("--open-uploads")
    words = (
        "twin",
        "attic",
        "--join",
        "--count",
        "2",
        "--every",
        "1",
        "--size",
        "QVGA",
        "--spool",
        str(tmp_path / "s"),
    )

    first, second = (archive(server, *words, timeout_s=BUILD_S) for _ in range(2))

    assert first.returncode == second.returncode == 0, first.stdout + second.stdout
    assert f"attic asks to be let in at {server.url}" in first.stdout
    assert "attic goes on where it was" in second.stdout
    assert [frame["camera"] for frame in frames_of(server, 4)] == ["attic"] * 4


def test_a_camera_that_joins_is_given_no_key(
    archive_servers: Callable[..., ArchiveServer], bare: Callable[[str], str], tmp_path: Path
) -> None:
    """It draws its own, also where it had been given one; where no key is needed its first frame is there at once."""
    server = archive_servers("--open-uploads")
    port = bare("shed")
    key = tmp_path / "shed-spool" / "notes" / "key"
    words = ("--port", port, "--name", "shed", "--wifi", "Barn", "--to", server.url)
    given = flash(server, *words, "--key", "cam_00000000_" + "A" * 43)
    has_drawn_one = key.exists()

    joined = flash(server, *words, "--join")

    assert given.returncode == 0, given.stdout
    assert not has_drawn_one
    assert joined.returncode == 0, joined.stdout
    assert f"shed is live: {server.url}/" in joined.stdout
    assert key.read_text().startswith('key="cam_')
    assert "leave --key and --new-key out" in flash(server, *words, "--join", "--new-key").stdout


def test_a_camera_that_waits_to_be_let_in_says_so(
    archive_servers: Callable[..., ArchiveServer], bare: Callable[[str], str], tmp_path: Path
) -> None:
    """With the end of its key, by which its owner knows it."""
    server = archive_servers()
    words = ("--port", bare("shed"), "--name", "shed", "--wifi", "Barn", "--join", "--wait", "3")

    ran = flash(server, *words)

    key = (tmp_path / "shed-spool" / "notes" / "key").read_text().split('"')[1]
    assert ran.returncode == 1
    assert f"it asks to join with a key that ends in {key[-4:]}: let it in on the archive's page" in ran.stdout
    assert key not in ran.stdout + (tmp_path / "shed.log").read_text()


@pytest.mark.timeout(2 * BUILD_S)
def test_a_twin_tells_what_it_could_not_do(archive_servers: Callable[..., ArchiveServer], tmp_path: Path) -> None:
    """A wrong fault, and a name that somebody else has."""
    server = archive_servers()
    archive(server, "camera", "add", "garden")

    spool = ("--spool", str(tmp_path / "spool"))
    wrong = archive(server, "twin", "--fault", "plague", *spool, timeout_s=BUILD_S)
    taken = archive(server, "twin", "garden", *spool, timeout_s=BUILD_S)

    assert wrong.returncode == taken.returncode == 1
    assert "there is no such fault" in wrong.stdout
    assert "garden has a key already" in taken.stdout
