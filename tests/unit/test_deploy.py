"""The container's files name only what exists, and the archive lives as they want it. No engine ran: never built."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from archive.cli import app as command_line
from archive.config import PREFIX, Config
from tests.conftest import ArchiveServer, free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions, each with its words."""
    text = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in lines]


def of(name: str) -> list[str]:
    """The words of every instruction of that name."""
    return [words for instruction, words in instructions() if instruction == name]


def health_command() -> list[str]:
    [words] = of("HEALTHCHECK")
    command: list[str] = json.loads(words.partition(" CMD ")[2])
    return command


@pytest.fixture(name="service")
def _service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["archive"]
    return found


def test_what_is_copied_is_all_that_the_program_is_built_of(tmp_path: Path) -> None:
    """A wheel is built of nothing else, and holds the page."""
    for words in of("COPY"):
        if words.startswith("--from"):
            continue
        *sources, target = words.split()
        place = tmp_path / target.removeprefix("/")
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)

    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", str(tmp_path), str(tmp_path / "source")], check=True)

    [wheel] = tmp_path.glob("*.whl")
    listed = subprocess.run([sys.executable, "-m", "zipfile", "-l", wheel], check=True, capture_output=True, text=True)
    assert "archive/_web/index.html" in listed.stdout
    assert "archive/service/camera-archive.service.in" in listed.stdout


def test_its_command_and_settings_exist(service: dict[str, Any]) -> None:
    """`archive serve`, and no variable that the archive would refuse."""
    known = typer.main.get_command(command_line).commands  # type: ignore[attr-defined]  # it is a group
    variables = {word.partition("=")[0] for words in of("ENV") for word in shlex.split(words)} | set(
        service["environment"]
    )
    settings = {name.removeprefix(PREFIX).lower() for name in variables if name.startswith(PREFIX)}

    assert of("ENTRYPOINT") == ['["archive"]']
    assert json.loads(of("CMD")[-1])[0] in known
    assert service["command"][0] in known
    assert settings
    assert settings <= set(Config.__struct_fields__)


def test_port_folder_and_user_are_the_same_everywhere(service: dict[str, Any]) -> None:
    """The default port, the volume that the folder is, a user that is not root."""
    port, folder, user = Config().port, "/archive", of("USER")[-1]

    assert of("EXPOSE") == [str(port)]
    assert service["ports"] == [f"{port}:{port}"]
    assert f"127.0.0.1:{port}/healthz" in health_command()[-1]
    assert of("VOLUME") == [folder]
    assert f"ARCHIVE_FOLDER={folder}" in of("ENV")[0]
    assert service["volumes"] == [f"archive:{folder}"]
    assert service["user"] == user
    assert int(user.partition(":")[0]) > 0
    assert service["read_only"] is True
    assert of("STOPSIGNAL") == [service["stop_signal"]] == ["SIGTERM"]


def test_the_health_check_tells_a_server_from_none(archive_servers: Callable[..., ArchiveServer]) -> None:
    """The very command, but for the port and the interpreter."""
    server = archive_servers()

    def checked(port: int) -> int:
        _, *words = health_command()
        words = [re.sub(r":\d+/", f":{port}/", word) for word in words]
        return subprocess.run([sys.executable, *words], check=False, capture_output=True).returncode

    assert checked(server.port) == 0
    assert checked(free_port()) != 0


def test_it_needs_no_place_to_write_but_its_folder(tmp_path: Path) -> None:
    """With everything else mounted read-only, as in that container and under ProtectSystem=strict."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("NOT RUN: only root on Linux can mount")
    folder = tmp_path / "archive"
    folder.mkdir()
    server = ArchiveServer(folder, "--open-uploads")
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && ! touch /nowhere 2>/dev/null && exec "$@"'
    server.start("unshare", "--mount", "sh", "-c", script, str(folder))
    try:
        sent = subprocess.run(
            [
                sys.executable,
                "-m",
                "archive",
                "simulate",
                "--cameras",
                "1",
                "--count",
                "2",
                "--every",
                "0.1",
                "--to",
                server.url,
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        assert sent.returncode == 0, sent.stderr
    finally:
        assert server.stop() == 0
