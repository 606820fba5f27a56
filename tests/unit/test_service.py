"""A service is installed by steps that are shown; systemd finds no fault in its unit, and the archive fits in there."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.cli import service as service_commands
from archive.errors import ConfigError
from archive.service import NAME, Run, Wanted, Write
from archive.service import systemd as systemd_services
from archive.service.launchd import Launchd
from archive.service.systemd import GROWING_PAUSE, OWN_USER, UNIT, Systemd
from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.serving import command

EXPOSURE_MAX = 2.0  # of 10, as systemd-analyze counts it
BINARIES = ("systemctl", "journalctl", "loginctl", "launchctl", "useradd", "tail")

# Stands in for a program of the system: writes down how it was called, and answers as it is told to.
STAND_IN = """#!/bin/sh
printf '%s' "$(basename "$0")" >> "$RECORD"
for word in "$@"; do printf ' %s' "$word" >> "$RECORD"; done
echo >> "$RECORD"
[ "$1" = --version ] && echo 'systemd 255 (255.4)' && exit 0
case " $FAILING " in *" $(basename "$0") "*) echo "$SAYING" >&2; exit 1;; esac
exit "${STATUS:-0}"
"""


class Machine:
    """A machine whose service manager is a stand-in that writes down what it is asked."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = root / "home"
        self.home.mkdir()
        self.record = root / "record"
        self.record.touch()
        programs = root / "bin"
        programs.mkdir()
        for name in BINARIES:
            (programs / name).write_text(STAND_IN, "utf-8")
            (programs / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(programs), prepend=":")
        monkeypatch.setenv("RECORD", str(self.record))
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        monkeypatch.delenv("ARCHIVE_FOLDER", raising=False)
        monkeypatch.setattr(systemd_services, "SYSTEM_UNITS", root / "etc")
        self._monkeypatch = monkeypatch
        self.be(1000)

    @property
    def asked(self) -> list[str]:
        """Every command run, without the question for the version."""
        return [line for line in self.record.read_text().splitlines() if line != "systemctl --version"]

    def be(self, uid: int) -> None:
        """Be another user, as far as the program can tell."""
        self._monkeypatch.setattr(os, "geteuid", lambda: uid)

    def fail(self, program: str, saying: str) -> None:
        """Let a program fail from now on."""
        self._monkeypatch.setenv("FAILING", program)
        self._monkeypatch.setenv("SAYING", saying)


@pytest.fixture(name="machine")
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def wanted(folder: Path = Path("/var/lib/camera-archive"), user: str | None = None) -> Wanted:
    return Wanted(program=(sys.executable, "-m", "archive"), folder=folder, user=user)


def analyzed(*words: str | Path, runtime: Path) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT RUN: systemd-analyze is missing: apt-get install systemd")
    return subprocess.run(
        ["systemd-analyze", *words],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
    )


# -- the unit


@pytest.mark.parametrize(
    "folder", ["/var/lib/camera-archive", '/srv/my "best" 100% photos\\$HOME', "/home/ada/archive"]
)
@pytest.mark.parametrize("kind", ["system", "user", "user without namespaces"])
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path, kind: str, folder: str) -> None:
    """Not a word: every option is known, every value well formed, also with a folder of a difficult name."""
    unit = tmp_path / UNIT
    is_system = kind == "system"
    services = Systemd(is_system=is_system, has_namespaces=kind == "user")
    unit.write_text(services.unit(wanted(Path(folder), OWN_USER if is_system else None)), "utf-8")

    scope = () if is_system else ("--user",)
    verified = analyzed("verify", "--man=no", *scope, unit, runtime=tmp_path)

    assert (verified.returncode, verified.stderr, verified.stdout) == (0, "", "")


def test_the_units_exposure_is_small(tmp_path: Path) -> None:
    """By systemd's own count, for the machine's service."""
    unit = tmp_path / UNIT
    unit.write_text(Systemd(is_system=True).unit(wanted(user=OWN_USER)), "utf-8")

    said = analyzed("security", "--offline=true", "--no-pager", unit, runtime=tmp_path).stdout

    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= EXPOSURE_MAX


def test_a_newer_systemd_is_asked_to_wait_ever_longer() -> None:
    """An older one does not know how, and waits the same each time."""
    old, new = (Systemd(is_system=True, version=version).unit(wanted()) for version in (252, GROWING_PAUSE))

    assert "RestartSteps" not in old
    assert "RestartSec=15" in old
    assert "RestartSteps=8\nRestartMaxDelaySec=5min" in new


def test_a_folder_with_a_lines_end_in_its_name_is_refused() -> None:
    """No unit file can hold it."""
    with pytest.raises(ConfigError, match="line's end"):
        Systemd(is_system=True).unit(wanted(Path("/srv/a\nExecStartPre=/bin/rm")))


def test_homes_are_hidden_unless_the_archive_is_in_one() -> None:
    """And then it may read there, and write in its folder only."""
    far, near = (
        Systemd(is_system=True).unit(Wanted(program=("/opt/archive",), folder=Path(folder), user="ada"))
        for folder in ("/srv/a", "/home/ada/a")
    )

    assert "ProtectHome=yes\nReadWritePaths=/srv/a\n" in far
    assert "ProtectHome=read-only\nReadWritePaths=/home/ada/a\n" in near
    assert "User=ada\n" in near


# -- whether the archive can live in it


def filtered(unit: str) -> set[str]:
    """The system calls that the unit allows."""

    def members(group: str) -> set[str]:
        said = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True)
        names = [line.strip() for line in said.stdout.splitlines()[1:]]
        names = [name for name in names if name and not name.startswith("#")]
        return set().union(*(members(name) if name.startswith("@") else {name} for name in names))

    return set().union(*(members(group) for group in re.findall(r"^SystemCallFilter=(@\S+)$", unit, re.MULTILINE)))


def sent_and_seen(server: ArchiveServer) -> None:
    """A frame goes in; its thumbnail comes out, drawn by a worker; and it is announced."""

    def ask(path: str, body: bytes | None = None) -> tuple[bytes, str]:
        request = urllib.request.Request(server.url + path, body, {"Content-Type": "image/jpeg"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read(), answer.headers.get("Cache-Control", "")

    ask("/api/frames", jpeg(640, 480))
    [frame] = json.loads(ask("/api/frames")[0])["frames"]
    _, lasts = ask(frame["thumbnail_url"])
    assert "immutable" in lasts  # a placeholder would not be


def test_the_archive_makes_no_call_that_the_unit_forbids(
    archive_servers: Callable[..., ArchiveServer], tmp_path: Path
) -> None:
    """A real server and its workers under strace: each system call is in the unit's list, each socket of its kinds."""
    if shutil.which("strace") is None or shutil.which("systemd-analyze") is None:
        pytest.skip("NOT RUN: strace or systemd-analyze is missing: apt-get install strace systemd")
    unit = Systemd(is_system=True).unit(wanted(user=OWN_USER))
    server = ArchiveServer(tmp_path / "archive", "--open-uploads")
    trace = tmp_path / "trace"
    server.start("strace", "-f", "-qq", "-o", str(trace))
    try:
        sent_and_seen(server)
    finally:
        [traced] = subprocess.run(
            ["pgrep", "-P", str(server.pid)], check=True, capture_output=True, text=True
        ).stdout.split()
        os.kill(int(traced), 15)
        assert server.process is not None
        server.process.wait(30)

    said = trace.read_text()
    calls = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", said, re.MULTILINE))
    families = set(re.findall(r"socket\((AF_\w+)", said))
    [allowed] = re.findall(r"^RestrictAddressFamilies=(.*)$", unit, re.MULTILINE)
    assert {"fsync", "execve", "setrlimit"} & calls  # it saw the server at work
    assert calls - filtered(unit) == set()
    assert families - set(allowed.split()) == set()
    del archive_servers


def test_the_archive_needs_no_memory_that_is_written_and_run(tmp_path: Path) -> None:
    """Under the kernel's own form of MemoryDenyWriteExecute, workers draw all the same."""
    forbid = (
        "import ctypes, os, sys\n"
        "refused = ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)\n"  # PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN: Linux 6.3
        "sys.exit(99) if refused else os.execvp(sys.argv[1], sys.argv[1:])\n"
    )
    if subprocess.run([sys.executable, "-c", forbid, "true"], check=False).returncode == 99:
        pytest.skip("NOT RUN: this kernel cannot forbid it (Linux 6.3 can)")
    server = ArchiveServer(tmp_path / "archive", "--open-uploads")
    server.start(sys.executable, "-c", forbid)
    try:
        sent_and_seen(server)
    finally:
        assert server.stop() == 0


# -- installing it


def test_a_users_service_is_written_started_and_kept_after_logout(machine: Machine) -> None:
    """Each step is shown; the folder is made first, because the walls stand round it."""
    folder = machine.home / "photos"

    ran = command("service", "install", "--folder", folder)

    unit = machine.home / ".config/systemd/user" / UNIT
    assert ran.status == 0, ran.stderr
    assert folder.is_dir()
    assert f" serve {folder}\n" in unit.read_text()
    assert "User=" not in unit.read_text()
    assert machine.asked[:3] == [
        "systemctl --user daemon-reload",
        f"systemctl --user enable {UNIT}",
        f"systemctl --user restart {UNIT}",
    ]
    assert machine.asked[3].startswith("loginctl enable-linger ")
    for shown in (f"writes {unit}", "  | Type=notify", *(f"$ {asked}" for asked in machine.asked)):
        assert shown in ran.stdout
    assert "http://localhost:5555/" in ran.stdout


def test_a_dry_run_shows_the_same_and_does_nothing(machine: Machine) -> None:
    """Not even the folder is made."""
    shown = command("service", "install", "--folder", machine.home / "photos", "--dry-run")
    before = list(machine.home.iterdir()), machine.asked
    done = command("service", "install", "--folder", machine.home / "photos")

    assert before == ([], [])
    assert shown.stdout.rstrip() == done.stdout.partition("\nIt runs")[0].rstrip()


def test_the_machines_service_gets_a_user_of_its_own() -> None:
    """Made if there is none, and the folder is given to him."""
    folder = Path("/var/lib") / NAME

    steps = Systemd(is_system=True).install(wanted(folder, OWN_USER))

    made, *others = [" ".join(step.command) for step in steps if isinstance(step, Run)]
    [unit] = [step.text for step in steps if isinstance(step, Write)]
    assert made.startswith(f"useradd --system --user-group --home-dir {folder} --no-create-home")
    assert others == [
        f"install -d -m 0750 -o {OWN_USER} {folder}",
        "systemctl daemon-reload",
        f"systemctl enable {UNIT}",
        f"systemctl restart {UNIT}",
    ]
    assert f"\nUser={OWN_USER}\n" in unit


def test_the_machines_service_can_be_another_users(machine: Machine) -> None:
    """Shown only: what it would write is a file of the machine."""
    machine.be(0)

    ran = command("service", "install", "--system", "--as", "root", "--dry-run")

    assert ran.status == 0, ran.stderr
    assert "  | User=root\n" in ran.stdout
    assert f" serve /var/lib/{NAME}\n" in ran.stdout
    assert "  | RestartSteps=8\n" in ran.stdout
    assert "useradd" not in ran.stdout
    assert "loginctl" not in ran.stdout
    assert machine.asked == []


def test_what_is_installed_can_be_asked_shown_and_forgotten(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder stays; the exit status is the manager's."""
    folder = machine.home / "photos"
    command("service", "install", "--folder", folder)
    machine.record.write_text("")

    monkeypatch.setenv("STATUS", "3")
    statuses = [command("service", *words).status for words in (["status"], ["logs", "--lines", "7", "--follow"])]
    monkeypatch.setenv("STATUS", "0")
    ended = command("service", "uninstall")

    assert statuses == [3, 3]
    assert machine.asked == [
        f"systemctl --user status --no-pager {UNIT}",
        f"journalctl --no-pager --user-unit {UNIT} --lines 7 --follow",
        f"systemctl --user disable --now {UNIT}",
        "systemctl --user daemon-reload",
    ]
    assert ended.status == 0
    assert not (machine.home / ".config/systemd/user" / UNIT).exists()
    assert folder.is_dir()
    assert "no service is installed" in command("service", "status").stderr


@pytest.mark.parametrize(
    ("uid", "words", "sentence"),
    [
        (0, ["install"], "as root say --system"),
        (1000, ["install", "--system"], "sudo archive service install --system"),
        (1000, ["install", "--as", "ada"], "--as goes with --system"),
        (0, ["install", "--system", "--as", "nobody-of-that-name"], "there is no user nobody-of-that-name"),
        (1000, ["logs"], "no service is installed"),
        (1000, ["uninstall"], "no service is installed"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(machine: Machine, uid: int, words: list[str], sentence: str) -> None:
    """With what to do instead; nothing is changed."""
    machine.be(uid)

    ran = command("service", *words)

    assert ran.status == 1
    assert sentence in ran.stderr
    assert machine.asked == []


def test_without_a_manager_it_says_what_any_other_needs(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container, or a system with another init."""
    monkeypatch.setenv("PATH", "/nowhere")

    assert "have your own supervisor run `archive serve FOLDER`" in command("service", "install").stderr
    assert machine.asked == []


def test_a_failing_command_is_told_with_its_cure(machine: Machine) -> None:
    """As over ssh as another user, where there is no bus."""
    machine.fail("systemctl", "Failed to connect to bus: No medium found")

    ran = command("service", "install", "--folder", machine.home / "photos")

    assert ran.status == 1
    assert "`systemctl --user daemon-reload` failed: Failed to connect to bus" in ran.stderr
    assert "install it for the machine: sudo archive service install --system" in ran.stderr


@pytest.mark.parametrize(
    ("saying", "cure"),
    [
        ("System has not been booted with systemd as init system (PID 1). Can't operate.", "Systemd is installed here"),
        ("Job for camera-archive.service failed.", "`archive service logs` says why"),
        ("Failed to reload daemon: Access denied", "This needs an administrator: sudo"),
    ],
)
def test_each_known_failure_has_its_cure(machine: Machine, saying: str, cure: str) -> None:
    """In systemd's own words, read in its output."""
    machine.fail("systemctl", saying)

    ran = command("service", "install", "--folder", machine.home / "photos")

    assert ran.status == 1
    assert f"{saying.rstrip('.')}. {cure}" in ran.stderr


def test_the_machines_service_is_not_removed_by_anybody(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes an administrator, and that is said before anything is tried."""
    systemd_services.SYSTEM_UNITS.mkdir()
    unit = systemd_services.SYSTEM_UNITS / UNIT
    unit.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)

    ran = command("service", "uninstall")

    assert ran.status == 1
    assert "sudo archive service uninstall" in ran.stderr
    assert machine.asked == []
    assert unit.exists()


def test_without_lingering_it_is_installed_and_says_what_follows(machine: Machine) -> None:
    """An administrator may have forbidden it: the service is there all the same."""
    machine.fail("loginctl", "Access denied")

    ran = command("service", "install", "--folder", machine.home / "photos")

    assert ran.status == 0
    assert "Without this it ends when you log out" in ran.stdout
    assert "sudo loginctl enable-linger" in ran.stdout


def test_a_program_out_of_its_users_reach_is_refused(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one in somebody's home: the service would only fail to start, and say nothing that helps."""
    hidden = tmp_path / "hidden"
    hidden.mkdir(0o700)
    program = hidden / "python"
    shutil.copy(sys.executable, program)
    monkeypatch.setattr(sys, "executable", str(program))
    machine.be(0)

    ran = command("service", "install", "--system", "--dry-run")

    assert ran.status == 1
    assert f"{OWN_USER} may not read " in ran.stderr
    assert "such as /opt" in ran.stderr


def test_a_folder_in_use_by_a_server_is_left_to_it(
    machine: Machine, archive_servers: Callable[..., ArchiveServer]
) -> None:
    """The service could not start beside it."""
    server = archive_servers()

    ran = command("service", "install", "--folder", server.folder)

    assert f"an archive is running in {server.folder}; end it first" in ran.stderr
    assert machine.asked == []


# -- a Mac


def test_a_mac_gets_a_job_that_starts_again_when_it_fails(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Launchd's own words, recorded by a stand-in: no Mac was at hand."""
    monkeypatch.setattr(sys, "platform", "darwin")
    folder = machine.home / "my photos"

    ran = command("service", "install", "--folder", folder)
    path = machine.home / "Library/LaunchAgents" / f"{NAME}.plist"
    job = plistlib.loads(path.read_bytes())
    command("service", "status")
    command("service", "logs")
    command("service", "uninstall")

    domain = f"gui/{os.getuid()}"
    assert ran.status == 0, ran.stderr
    assert job["ProgramArguments"][-2:] == ["serve", str(folder)]
    assert job["KeepAlive"] == {"SuccessfulExit": False}
    assert machine.asked == [
        f"launchctl bootout {domain}/{NAME}",
        f"launchctl bootstrap {domain} {path}",
        f"launchctl print {domain}/{NAME}",
        f"tail -n 100 {machine.home}/Library/Logs/{NAME}.log",
        f"launchctl bootout {domain}/{NAME}",
    ]
    assert not path.exists()


def test_a_macs_daemon_needs_the_name_of_a_user(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is made there."""
    monkeypatch.setattr(sys, "platform", "darwin")
    machine.be(0)

    assert "--as USER" in command("service", "install", "--system").stderr
    assert machine.asked == []


def test_a_macs_daemon_runs_as_the_user_named() -> None:
    """In the machine's domain, its folder given to that user."""
    steps = Launchd(is_system=True).install(wanted(Path("/srv/archive"), "ada"))

    [written] = [step for step in steps if isinstance(step, Write)]
    assert written.path == Path("/Library/LaunchDaemons") / f"{NAME}.plist"
    assert plistlib.loads(written.text.encode())["UserName"] == "ada"
    assert steps[0] == Run(("install", "-d", "-m", "0750", "-o", "ada", "/srv/archive"))


def test_who_may_read_the_program_is_told_as_the_kernel_tells_it(tmp_path: Path) -> None:
    """By owner, group and the rest, in that order."""
    place = tmp_path / "place"
    place.mkdir(0o710)
    uid, gid = place.stat().st_uid, place.stat().st_gid

    may_enter = service_commands._may_enter

    assert may_enter(place, 0, set())
    assert may_enter(place, uid, set())
    assert may_enter(place, 4711, {gid})
    assert not may_enter(place, 4711, {4711})
    place.chmod(0o701)
    assert may_enter(place, 4711, {4711})
    assert not may_enter(place, 4711, {gid})
