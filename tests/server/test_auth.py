"""Who may send, in whose name, and what only the owner of the folder may do."""

from __future__ import annotations

import asyncio
import re
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from archive import fields
from archive.fields import Answer
from tests.conftest import ArchiveServer
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import PATIENCE_S, Ran, Reply, Served, command, config_of, head, new_boot, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)
KEY = re.compile(r"cam_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")
HOSTILE = [
    "",
    ".",
    "..",
    "../garden",
    "garden/..",
    "/etc",
    "garden/",
    "a/b",
    "a\\b",
    "%2e%2e",
    "garden%2f..",
    "gar den",
    "Garden",
    "gärten",
    "garden.",
    "-garden",
    "_garden",
    "garden\x00",
    "garden\n",
    "a" * 33,
    "photos/../../x",
    "con:",
    "'; drop table cameras; --",
    "<script>",
]


@pytest_asyncio.fixture(name="closed", scope="module", loop_scope="module")
async def _closed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """An archive as it is without `--open-uploads`."""
    async with serving(config_of(tmp_path_factory.mktemp("closed"), open_uploads=False)) as served:
        yield served


async def add(archive: Served, camera: str) -> str:
    async with archive.owner() as owner, owner.post("/api/cameras", json={"id": camera}) as answer:
        assert answer.status == 200, await answer.text()
        made: dict[str, str] = await answer.json()
    assert made["camera"] == camera
    return made["key"]


async def revoke(archive: Served, camera: str) -> dict[str, Any]:
    async with archive.owner() as owner, owner.delete(f"/api/cameras/{camera}/keys") as answer:
        found: dict[str, Any] = await answer.json()
        return found


def camera_command(folder: Path, *words: str) -> Ran:
    """`archive camera …`."""
    return command("camera", *words, "--folder", folder)


async def test_a_key_sends_as_its_camera(archive: Served, camera: str) -> None:
    """The key says which camera it is, whatever the sender calls itself."""
    key = await add(archive, camera)

    reply = await archive.send(SMALL, key=key, camera="somebody-else")

    assert reply.status == 201
    assert [frame["camera"] for frame in await archive.frames(camera)] == [camera]
    assert await archive.frames("somebody-else") == []


async def test_a_camera_may_change_its_key_over(archive: Served, camera: str) -> None:
    """A camera with a live key gets no second; once that is revoked, a new one works and the old one does not."""
    old = await add(archive, camera)
    async with archive.owner() as owner, owner.post("/api/cameras", json={"id": camera}) as answer:
        second = Reply(answer.status, answer.headers, await answer.read())
    revoked = await revoke(archive, camera)
    new = await add(archive, camera)

    assert second.is_problem(409)
    assert revoked == {"camera": camera, "keys": 1}
    assert (await archive.send(SMALL, key=new)).status == 201
    assert (await archive.send(SMALL, key=old)).is_problem(403)


async def test_a_revoked_key_is_refused_at_once(archive: Served, camera: str) -> None:
    """403 and `again`, so that the camera holds its frames; those it sent before stay."""
    key = await add(archive, camera)
    await archive.send(SMALL, key=key, boot="a" * 16, number=1)

    await revoke(archive, camera)
    reply = await archive.send(SMALL, key=key, boot="a" * 16, number=2)

    assert reply.is_problem(403)
    assert reply.echo == fields.Echo(boot="a" * 16, number=2, answer=Answer.AGAIN)
    assert len(await archive.frames(camera)) == 1


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic Z2FyZGVuOmtleQ==",
        "Bearer cam_00000000_" + "A" * 42,
        "Bearer " + "A" * 4000,
        "cam_00000000_" + "A" * 43,
        "Bearer cam_\xff",
    ],
)
async def test_a_wrong_key_is_401_also_where_none_is_needed(
    archive: Served, closed: Served, authorization: str
) -> None:
    """Who shows a key must have one: 401, `again`, and how to ask for one."""
    headers = head(camera="wrong-key", boot="a" * 16, number=1) | {"Authorization": authorization}

    for served in (archive, closed):
        reply = await served.ask("/api/frames", method="POST", data=SMALL, headers=headers)

        assert reply.is_problem(401)
        assert reply.echo == fields.Echo(boot="a" * 16, number=1, answer=Answer.AGAIN)
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        assert await served.frames("wrong-key") == []


async def test_a_key_that_a_camera_drew_itself_is_as_none(archive: Served, closed: Served, camera: str) -> None:
    """Where no key is needed its id counts, but not the id of a camera that has a key; elsewhere it is 401."""
    drawn = "cam_00000000_" + "A" * 43
    headers = {"Camera-Status": fields.render_status(id=camera)}

    taken = await archive.send(SMALL, key=drawn, headers=headers)
    await add(archive, camera)
    with_a_key = await archive.send(SMALL, key=drawn, headers=headers)

    assert taken.status == 201
    assert with_a_key.is_problem(401)
    assert len(await archive.frames(camera)) == 1
    assert (await closed.send(SMALL, key=drawn, headers=headers)).is_problem(401)


async def test_a_key_of_another_camera_with_the_right_prefix_is_refused(archive: Served, camera: str) -> None:
    """The public part of a key opens nothing."""
    key = await add(archive, camera)
    forged = key[:-1] + ("A" if key[-1] != "A" else "B")

    assert (await archive.send(SMALL, key=forged)).is_problem(401)


async def test_open_uploads_take_the_id_a_camera_gives_itself(archive: Served, camera: str) -> None:
    """Without a key, where that is allowed, `id` names the camera; it appears by its first frame."""
    assert (await archive.send(SMALL, camera=camera)).status == 201

    known = {found["id"]: found for found in (await archive.get("/api/cameras"))["cameras"]}
    assert (known[camera]["frames"], known[camera]["keys"]) == (1, 0)


async def test_nobody_sends_in_the_name_of_a_camera_that_has_a_key(archive: Served, camera: str) -> None:
    """Also where uploads are open: an id only introduces a camera that has no key. The owner may."""
    await add(archive, camera)

    refused = await archive.send(SMALL, camera=camera, boot="b" * 16, number=0)
    async with archive.owner() as owner, owner.post("/api/frames", data=SMALL, headers=head(camera=camera)) as answer:
        by_owner = answer.status

    assert refused.is_problem(401)
    assert by_owner == 201
    assert len(await archive.frames(camera)) == 1


async def test_the_owner_needs_no_key(closed: Served) -> None:
    """Through the socket in the folder frames are kept without one; over TCP they are not."""
    async with closed.owner() as owner, owner.post("/api/frames", data=SMALL, headers=head(camera="shed")) as answer:
        through_socket = answer.status
    over_tcp = await closed.send(SMALL, camera="shed")

    assert through_socket == 201
    assert over_tcp.is_problem(401)


async def test_the_socket_is_its_owners_alone(archive: Served) -> None:
    """Nobody else on the machine may open it."""
    assert (archive.folder / "archive.sock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/cameras"),
        ("DELETE", "/api/cameras/garden/keys"),
        ("GET", "/api/cameras/garden/settings"),
        ("PATCH", "/api/cameras/garden/settings"),
        ("POST", "/api/cameras/garden/shot"),
        ("POST", "/api/check?repair=1&deep=1"),
        ("POST", "/api/sign-in-links"),
        ("POST", "/api/known"),
        ("POST", "/api/doctor"),
    ],
)
async def test_what_the_owner_does_nobody_does_over_the_network(
    archive: Served, camera: str, method: str, path: str
) -> None:
    """401 for the owner's routes over TCP, with a camera's key too, and nothing changes."""
    key = await add(archive, camera)
    seq, before = archive.index.last_seq, await archive.index.keys()

    for headers in ({}, {"Authorization": f"Bearer {key}"}, {"X-Forwarded-For": "127.0.0.1", "Host": "localhost"}):
        reply = await archive.ask(path, method=method, headers=headers, json={"id": "intruder"})
        assert reply.is_problem(401)

    assert archive.index.last_seq == seq
    assert await archive.index.keys() == before


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_camera_id_is_refused(archive: Served, name: str) -> None:
    """S1: an id that could be anything but a name is 400, by whatever way it comes, and makes no camera, no folder."""
    before = await archive.get("/api/cameras"), await archive.files()

    async with archive.owner() as owner, owner.post("/api/cameras", json={"id": name}) as answer:
        added = Reply(answer.status, answer.headers, await answer.read())
    quoted = name.encode().decode("latin-1").replace("\\", "\\\\")
    if name and name.isprintable() and name.isascii():
        sent = await archive.send(SMALL, headers={"Camera-Status": f'id="{quoted}"'})
        assert sent.is_problem(400)
        assert (await archive.ask("/api/frames", params={"camera": name})).is_problem(400)
        assert (await archive.ask("/api/days", params={"camera": name})).is_problem(400)

    assert added.is_problem(400)
    assert (await archive.get("/api/cameras"), await archive.files()) == before
    assert not (archive.folder.parent / "x").exists()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"id":1}', b'{"id":"a","more":1}', b"\xff\xfe", b'"garden"', b"null"]
)
async def test_a_new_camera_is_described_as_it_should_be(archive: Served, body: bytes) -> None:
    """Anything else than its id is 400."""
    async with archive.owner() as owner, owner.post("/api/cameras", data=body) as answer:
        reply = Reply(answer.status, answer.headers, await answer.read())

    assert reply.is_problem(400)


async def test_only_a_known_camera_can_be_revoked(archive: Served) -> None:
    """404 with its name."""
    async with archive.owner() as owner, owner.delete("/api/cameras/nobody/keys") as answer:
        reply = Reply(answer.status, answer.headers, await answer.read())

    assert reply.is_problem(404)
    assert "nobody" in reply.json["detail"]


async def test_two_cameras_behind_one_address_stay_two(archive: Served, camera: str) -> None:
    """S4: what tells cameras apart is their key or id, never the address; one camera may have many."""
    keys = [await add(archive, f"{camera}-{side}") for side in ("left", "right")]
    boot = new_boot()

    for number in range(3):
        for key in keys:
            headers = {"X-Forwarded-For": f"10.0.0.{number}"}
            assert (await archive.send(SMALL, key=key, boot=boot, number=number, headers=headers)).status == 201

    assert [len(await archive.frames(f"{camera}-{side}")) for side in ("left", "right")] == [3, 3]


async def test_keys_changed_at_once_are_known_as_they_ended(archive: Served, camera: str) -> None:
    """Adding and revoking in any order at the same moment: who is allowed afterwards is what the index says."""
    names = [f"{camera}-{n}" for n in range(8)]
    keys = dict(zip(names, await asyncio.gather(*(add(archive, name) for name in names)), strict=True))

    await asyncio.gather(*(revoke(archive, name) for name in names[::2]), *(add(archive, f"{n}-x") for n in names))

    for n, (name, key) in enumerate(keys.items()):
        status = (await archive.send(SMALL, key=key, boot=new_boot(), number=n)).status
        assert (name, status) == (name, 403 if n % 2 == 0 else 201)


# -- the commands


async def test_a_key_is_shown_once_and_nowhere_else(
    archive_servers: Callable[..., ArchiveServer], tmp_path: Path
) -> None:
    """`archive camera add` prints it; no file of the archive, no log and no process list has it, and it works."""

    def live() -> tuple[str, int, str, dict[str, bytes], list[str]]:
        server = archive_servers(log_level="debug")
        made = camera_command(server.folder, "add", "garden")
        status = _post(server.url, made.stdout.strip())
        listed = camera_command(server.folder, "list")
        files = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        return made.stdout.strip(), status, made.stderr + listed.stdout, files, _commands(server.pid)

    key, status, printed, files, processes = await asyncio.to_thread(live)

    assert KEY.fullmatch(key)
    assert status == 201
    assert re.search(r"garden\s+1\s.*yes", printed)
    secret = key.split("_", 2)[2]
    assert secret not in printed
    assert {"index.db", "archive.log"} <= files.keys()
    assert [name for name, data in files.items() if secret.encode() in data] == []
    assert [words for words in processes if secret in words] == []


async def test_the_commands_go_through_the_running_archive(make_archive: MakeArchive) -> None:
    """add, list and revoke beside a server: what they change counts at once."""
    archive = await make_archive(open_uploads=False)

    key = (await asyncio.to_thread(camera_command, archive.folder, "add", "garden")).stdout.strip()
    before = await archive.send(SMALL, key=key)
    listed = await asyncio.to_thread(camera_command, archive.folder, "list")
    revoked = await asyncio.to_thread(camera_command, archive.folder, "revoke", "garden")
    after = await archive.send(SMALL, key=key)

    assert (before.status, after.status) == (201, 403)
    assert re.search(r"garden\s+1\s.*yes", listed.stdout)
    assert revoked.stdout == "1 key of camera garden revoked.\n"


async def test_the_commands_work_without_a_running_archive(tmp_path: Path) -> None:
    """Where none runs they open the folder for the moment, and the next server knows what they did."""
    async with serving(config_of(tmp_path)):
        pass

    def words(*said: str) -> Ran:
        return camera_command(tmp_path, *said)

    empty = await asyncio.to_thread(words, "list")
    keys = [(await asyncio.to_thread(words, "add", name)).stdout.strip() for name in ("garden", "shed")]
    await asyncio.to_thread(words, "revoke", "shed")

    assert "No cameras yet" in empty.stdout
    async with serving(config_of(tmp_path, open_uploads=False)) as archive:
        assert [(await archive.send(SMALL, key=key)).status for key in keys] == [201, 403]


async def test_a_command_that_cannot_be_done_says_why(make_archive: MakeArchive) -> None:
    """A sentence and exit status 1, never a traceback, and nothing is made by mistake."""
    folder = (await make_archive()).folder
    await asyncio.to_thread(camera_command, folder, "add", "garden")

    for said, why in {
        ("add", "garden"): "exists and has a key",
        ("add", "../garden"): "cannot be a camera's id",
        ("revoke", "shed"): "no camera shed",
        ("revoke", "../cameras"): "cannot be a camera's id",
    }.items():
        ran = await asyncio.to_thread(camera_command, folder, *said)
        assert (ran.status, ran.stdout) == (1, "")
        assert why in ran.stderr
    nowhere = await asyncio.to_thread(camera_command, folder / "missing", "list")
    assert nowhere.status == 1
    assert "no archive" in nowhere.stderr
    assert not (folder / "missing").exists()


async def test_a_folder_too_deep_for_a_socket_has_one_all_the_same(tmp_path: Path) -> None:
    """A socket's address is at most 108 bytes; the owner of a deeper folder is no less its owner."""
    folder = tmp_path / ("deep" * 20) / ("deeper" * 10) / "archive"
    async with serving(config_of(folder, open_uploads=False)) as archive:
        key = await add(archive, "garden")

        assert (await archive.send(SMALL, key=key)).status == 201


def _post(url: str, key: str) -> int:
    headers = {"Content-Type": "image/jpeg", "Authorization": f"Bearer {key}"}
    asked = urllib.request.Request(f"{url}/api/frames", SMALL, headers)
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        status: int = answer.status
        return status


def _commands(pid: int) -> list[str]:
    server = psutil.Process(pid)
    return [" ".join(process.cmdline()) for process in (server, *server.children(recursive=True))]
