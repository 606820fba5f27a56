"""`archive doctor` as its users run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from yarl import URL

from archive.doctor.findings import CAMERA, KNOWN
from archive.doctor.outside import address
from archive.errors import ConfigError
from archive.lock import FolderLock
from tests.conftest import ArchiveServer
from tests.server.serving import command


def test_an_address_may_leave_out_its_scheme() -> None:
    """A host and a port say enough; what is none is refused with an example."""
    assert address("garden.example:5555") == URL("http://garden.example:5555")
    for wrong in ("ftp://garden.example", "http://", "http://a b", "http://a:99999999"):
        with pytest.raises(ConfigError, match="is no address"):
            address(wrong)


def test_the_command_examines_a_running_archive(archive_servers: Callable[..., ArchiveServer]) -> None:
    """It finds the address by itself, makes its camera a key and revokes it, and says what it will keep."""
    server = archive_servers(heartbeat_s="0.3")

    ran = command("doctor", "--folder", server.folder)
    listed = command("camera", "list", "--folder", server.folder)

    assert ran.status == 0, ran.stdout + ran.stderr
    assert "Sends 2 frames of camera `doctor`, 60 kB and 2.1 MB" in ran.stderr
    assert "ok       Frames are kept, and the answers arrive whole" in ran.stdout
    assert "ok       Every row has its original and every original its row: 2 frames" in ran.stdout
    assert "All is well" in ran.stdout
    assert [line.split()[-1] for line in listed.stdout.splitlines() if CAMERA in line] == ["none"]


def test_json_is_one_document_with_every_sentence(archive_servers: Callable[..., ArchiveServer]) -> None:
    """For programs: each finding with what, why and what to do."""
    server = archive_servers(heartbeat_s="0.3")

    ran = command("doctor", server.url, "--folder", server.folder, "--no-send", "--json")

    report = json.loads(ran.stdout)
    faults = [one for one in report["findings"] if one["severity"] != "ok"]
    assert ran.status == 0
    assert report["url"] == server.url
    assert report["worst"] == "note"
    assert {one["id"] for one in faults} >= {"address-here-only", "key-not-given"}
    assert all(one["title"] == KNOWN[one["id"]].title and one["why"] and one["do"] for one in faults)


def test_an_archive_that_is_not_running_is_examined_all_the_same(archive_server: ArchiveServer) -> None:
    """The command opens the folder itself; that nobody serves it is a problem, and exit status 1."""
    archive_server.stop()

    ran = command("doctor", "--folder", archive_server.folder, "--json")

    found = {one["id"]: one for one in json.loads(ran.stdout)["findings"]}
    assert ran.status == 1
    assert "not-running" in found
    assert found["promises"]["severity"] == "ok"


def test_an_archive_that_holds_its_folder_and_does_not_answer_is_told(archive_server: ArchiveServer) -> None:
    """As one does that recovers: neither running nor free to be opened."""
    archive_server.stop()

    with FolderLock(archive_server.folder):
        ran = command("doctor", "--folder", archive_server.folder, "--json")

    (found,) = json.loads(ran.stdout)["findings"]
    assert ran.status == 0
    assert found["id"] == "being-opened"
    assert "is in use by process" in found["seen"]


def test_what_has_the_archives_port_is_told(archive_server: ArchiveServer) -> None:
    """Its own would have it, were it running."""
    archive_server.stop()
    other = ArchiveServer(archive_server.folder.with_name("other"), "--open-uploads")
    other.start()
    (archive_server.folder / "archive.toml").write_text(f'host = "127.0.0.1"\nport = {other.port}\n')
    try:
        ran = command("doctor", "--folder", archive_server.folder, "--json")
    finally:
        other.stop()

    assert {"not-running", "port-taken"} <= {one["id"] for one in json.loads(ran.stdout)["findings"]}


def test_a_damaged_index_is_told_before_the_start(archive_server: ArchiveServer) -> None:
    """What the server would end with."""
    archive_server.stop()
    (archive_server.folder / "index.db").write_bytes(b"this is no database, and long enough to be seen as none" * 100)

    ran = command("doctor", "--folder", archive_server.folder, "--json")

    assert ran.status == 1
    assert "will-not-open" in {one["id"] for one in json.loads(ran.stdout)["findings"]}


def test_where_there_is_nothing_to_look_at_the_exit_status_is_another(tmp_path: Path) -> None:
    """A folder that does not exist, and an address that is none, are wrong usage and no finding."""
    nowhere = command("doctor", "--folder", tmp_path / "nowhere")
    no_address = command("doctor", "ftp://garden.example")

    assert (nowhere.status, no_address.status) == (2, 2)
    assert "there is no archive in" in nowhere.stderr
    assert "is no address" in no_address.stderr
