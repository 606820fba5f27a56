"""The doctor from outside: each thing that can stand in the way is found, by its real cause and by nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from yarl import URL

from archive.announce import announced, host_name
from archive.doctor.findings import CAMERA, Begun, Finding, Severity
from archive.doctor.outside import Visit, visit
from archive.doctor.sending import LARGE_BYTES
from archive.rights import Scope
from archive.server import keys
from tests.conftest import free_port
from tests.server.conftest import MakeArchive
from tests.server.serving import Served, config_of, serving
from tests.server.spoiling import Authority, Mischief, proxied

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = {"address-here-only", "stranger-sees"}  # true of every archive in these tests
MB = 2**20


@pytest_asyncio.fixture(name="archive", scope="module", loop_scope="module")
async def _archive(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """An archive that takes frames with a key only, and whose heart beats quickly."""
    config = config_of(tmp_path_factory.mktemp("patient") / "archive", open_uploads=False, heartbeat_s=0.3)
    async with serving(config) as served:
        yield served


@pytest_asyncio.fixture(name="key", scope="module", loop_scope="module")
async def _key(archive: Served) -> str:
    async with archive.owner() as owner, owner.post("/api/cameras", json={"id": CAMERA}) as made:
        key: str = (await made.json())["key"]
        return key


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def findings(url: str, key: str | None = None, **asked: Any) -> list[Finding]:
    """Everything that a visit finds, good and bad."""
    told = [one async for one in visit(Visit(url=URL(url), key=key, **asked))]
    return [one for one in told if not isinstance(one, Begun)]


def ids(found: list[Finding], *, without: set[str] = HERE) -> set[str]:
    """What was found fault with."""
    return {one.id for one in found if one.severity is not Severity.OK} - without


async def test_an_archive_that_is_well_has_no_fault(archive: Served, key: str) -> None:
    """All steps are taken and all are good; the frames that were sent are there, of their own camera."""
    found = await findings(archive.url, key)

    taken = [one.step for one in found if one.severity is Severity.OK]
    assert ids(found) == set()
    assert taken == ["name", "connection", "answer", "size", "rights", "page", "sending", "pictures", "events"]
    assert {frame["camera"] for frame in await archive.frames(CAMERA)} == {CAMERA}
    assert max(frame["size_bytes"] for frame in await archive.frames(CAMERA)) == LARGE_BYTES


async def test_a_proxy_that_spoils_nothing_is_no_fault(archive: Served, key: str) -> None:
    """It may stand in between as long as everything arrives."""
    async with proxied(archive.url) as url:
        found = await findings(url, key)

    assert ids(found) == set()


@pytest.mark.parametrize(
    ("mischief", "expected"),
    [
        pytest.param(Mischief(strips=("Camera-Frame",)), {"echo-lost"}, id="strips the echo"),
        pytest.param(Mischief(strips_asked=("Camera-Frame",)), {"echo-lost"}, id="strips the name of the frame"),
        pytest.param(Mischief(strips_asked=("Authorization",)), {"key-lost"}, id="strips the key"),
        pytest.param(Mischief(body_max_bytes=MB), {"body-limit"}, id="takes a megabyte"),
        pytest.param(Mischief(body_max_bytes=10 * MB), {"body-limit-high"}, id="takes ten megabytes"),
        pytest.param(Mischief(cuts_after_bytes=100_000), {"body-limit"}, id="cuts what is large"),
        pytest.param(Mischief(cuts_after_bytes=10_000), {"no-answer"}, id="cuts everything"),
        pytest.param(Mischief(flips=True), {"bytes-changed"}, id="changes what is sent"),
        pytest.param(Mischief(chunks=True), {"frame-refused"}, id="sends in chunks"),
        pytest.param(Mischief(recompresses=True), {"picture-changed"}, id="recompresses pictures"),
        pytest.param(Mischief(buffers=True), {"stream-buffered"}, id="buffers the stream"),
        pytest.param(Mischief(buffers=True, loses=("/api/changes",)), {"no-changes"}, id="tells of no change"),
        pytest.param(Mischief(loses=("/api/changes",)), {"polling-fails"}, id="lets nobody ask for changes"),
        pytest.param(Mischief(ends_streams_after_s=0.05), {"stream-cut"}, id="cuts the stream"),
        pytest.param(Mischief(loses=("/",)), {"page-missing"}, id="loses the page"),
        pytest.param(Mischief(loses=("/photos/",)), {"picture-missing"}, id="loses pictures"),
        pytest.param(Mischief(warns_browsers=True), {"warning-page"}, id="warns browsers"),
        pytest.param(Mischief(warns_all=True), {"warning-page-for-cameras"}, id="warns everybody"),
        pytest.param(Mischief(is_alone=True), {"gateway-error"}, id="has lost the archive"),
        pytest.param(Mischief(moves=(302, "{path}")), {"redirect-loses-frame"}, id="moves with 302"),
        pytest.param(Mischief(moves=(301, "{path}")), {"redirect-loses-frame"}, id="moves with 301"),
        pytest.param(Mischief(moves=(308, "{path}")), {"redirect-endless"}, id="moves in circles"),
        pytest.param(Mischief(moves=(307, "http://elsewhere.invalid{path}")), {"redirect-elsewhere"}, id="moves away"),
        pytest.param(Mischief(clock_off_s=3600), {"clock-wrong"}, id="an hour ahead"),
        pytest.param(Mischief(clock_off_s=-90), {"clock-wrong"}, id="a minute and a half behind"),
    ],
)
async def test_what_spoils_the_way_is_found(archive: Served, key: str, mischief: Mischief, expected: set[str]) -> None:
    """One cause, and the finding that names it; nothing else is blamed."""
    patience_s = 1.5 if mischief.buffers else 5.0  # with a stream of which nothing comes

    async with proxied(archive.url, mischief) as url:
        found = await findings(url, key, at_once_s=patience_s)

    assert ids(found) == expected


async def test_a_redirect_with_the_frame_is_followed_and_told(archive: Served, key: str) -> None:
    """307 keeps method and body: everything works behind it, at the cost of another request."""
    async with proxied(archive.url, Mischief(moves=(307, archive.url + "{path}"))) as url:
        found = await findings(url, key)

    assert ids(found) == {"redirected"}
    assert {one.step for one in found if one.severity is Severity.OK} >= {"sending", "pictures", "events"}


async def test_a_name_that_nobody_knows_ends_the_visit(key: str) -> None:
    """There is nothing to be found behind it."""
    found = await findings("http://archive.invalid:5555", key)

    assert ids(found) == {"name-unknown"}


async def test_a_port_where_nobody_listens_is_told(key: str) -> None:
    """The machine is there, the program is not."""
    found = await findings(f"http://127.0.0.1:{free_port()}", key)

    assert ids(found) == {"connection-refused"}


async def test_a_machine_that_answers_nothing_is_told(key: str) -> None:
    """A listener whose queue is full drops what comes, as a firewall does."""
    with socket.socket() as deaf, contextlib.ExitStack() as waiting:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(3):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        found = await findings(f"http://127.0.0.1:{deaf.getsockname()[1]}", key, patience_s=0.5)

    assert ids(found) == {"connection-silent"}


async def test_a_name_that_only_mdns_knows_is_found_and_told(archive: Served, key: str) -> None:
    """Cameras ask the network for such names by themselves; this computer's programs do not."""
    async with announced("Garden", archive.archive.id, ["127.0.0.1"], archive.port):
        found = await findings(f"http://{host_name(archive.archive.id)}:{archive.port}", key)

    assert ids(found) == {"name-by-mdns-only"}


async def test_an_archive_that_will_not_be_spoken_to_is_told(make_archive: MakeArchive) -> None:
    """It answers who knocks with something else than that a key is needed, and says why."""
    served: Served = await make_archive(heartbeat_s=0.3)

    async with proxied(served.url, Mischief(chunks=True)) as url:
        found = await findings(url)

    assert ids(found) == {"archive-refuses"}
    assert "say how long the frame is" in next(one.seen for one in found if one.id == "archive-refuses")


async def test_an_archive_that_keeps_nothing_is_told(make_archive: MakeArchive) -> None:
    """It refuses what is too large for it, and puts off what its disk has no room for, in its own words."""
    small: Served = await make_archive(heartbeat_s=0.3, max_frame_bytes=10_000)
    full: Served = await make_archive(heartbeat_s=0.3, disk_floor_bytes=10**15)

    refused = await findings(small.url, max_frame_bytes=10_000)
    put_off = await findings(full.url)

    assert ids(refused) == {"stranger-sends", "frame-refused"}
    assert ids(put_off) == {"not-now"}
    assert "are more than the 10000 this archive takes" in next(
        one.seen for one in refused if one.id == "frame-refused"
    )


async def test_another_program_is_told_from_an_archive(key: str) -> None:
    """Whatever speaks, it is not the archive."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        found = await findings(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", key)

    assert ids(found) == {"not-the-archive"}


async def test_a_wrong_key_is_told(archive: Served, key: str) -> None:
    """The archive's own sentence comes with it."""
    found = await findings(archive.url, key[:-4] + "AAAA")

    assert ids(found) == {"key-refused"}
    assert next(one.seen for one in found if one.id == "key-refused") == "401: this key is not known here"


async def test_a_key_of_this_folder_that_is_not_known_there_means_another_archive(archive: Served, key: str) -> None:
    """Who made the key itself knows that it is good, so the address must be wrong."""

    async def belongs(_: object) -> bool:
        return False

    unknown = await findings(archive.url, key[:-4] + "AAAA", belongs=belongs)
    kept_elsewhere = await findings(archive.url, key, belongs=belongs)

    assert ids(unknown) == {"other-archive"}
    assert ids(kept_elsewhere) == {"other-archive"}


async def test_open_uploads_are_told_and_need_no_key(make_archive: MakeArchive) -> None:
    """Whoever knows the address may send: so may the doctor."""
    served: Served = await make_archive(heartbeat_s=0.3)

    found = await findings(served.url)

    assert ids(found) == {"stranger-sends"}
    assert len(await served.frames(CAMERA)) == 2


async def test_strangers_who_are_taken_for_the_owner_are_told(archive: Served, key: str) -> None:
    """A proxy that was pointed at the owner's socket gives every right to everybody."""
    async with proxied(archive.folder / "archive.sock") as url:
        found = await findings(url, key)

    assert ids(found) == {"stranger-runs", "stranger-sends"}


async def test_a_private_archive_is_no_fault_and_is_seen_by_a_link(make_archive: MakeArchive) -> None:
    """Strangers are asked to sign in; the way to viewers is tried by a share link, where one can be made."""
    private = await make_archive(public=False)
    link, _ = await private.app[keys.VISITORS].share(Scope(camera=CAMERA), label="doctor", expires_at_ms=None)
    async with private.owner() as owner, owner.post("/api/cameras", json={"id": CAMERA}) as reply:
        key = (await reply.json())["key"]

    async def invite(secret: str = link) -> str:
        return secret

    stranger = await findings(private.url, key)
    viewer = await findings(private.url, key, invite=invite)
    turned_away = await findings(private.url, key, invite=lambda: invite("see_nothing"))

    assert ids(stranger) == {"sees-nothing", "stranger-sends"}
    assert [one.step for one in stranger][-1] == "sending"
    assert ids(viewer) == {"stranger-sends"}
    assert ids(turned_away) == {"link-refused", "stranger-sends"}
    assert {one.step for one in viewer if one.severity is Severity.OK} >= {"pictures", "events"}


async def test_without_sending_nothing_is_kept(archive: Served, key: str) -> None:
    """`--no-send`: a stranger's knock and an announcement leave nothing behind."""
    before = archive.index.total

    found = await findings(archive.url, key, may_send=False)

    assert ids(found) == {"key-not-given"}
    assert archive.index.total == before


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param({}, set(), id="good"),
        pytest.param({"days": -1}, {"tls-expired"}, id="expired"),
        pytest.param({"days": 1}, {"tls-expires-soon"}, id="ends soon"),
        pytest.param({"name": "other.example"}, {"tls-wrong-name"}, id="another name"),
        pytest.param({"least": ssl.TLSVersion.TLSv1_3}, {"tls-too-new"}, id="only TLS 1.3"),
        pytest.param({"key": ["-newkey", "ed25519"]}, {"tls-key-unknown"}, id="Ed25519"),
        pytest.param({"key": ["-newkey", "rsa:1024"]}, {"tls-weak"}, id="RSA of 1024 bits"),
        pytest.param({"signed": "-sha1"}, {"tls-weak"}, id="SHA-1"),
        pytest.param({"copies": 6}, {"tls-heavy"}, id="a long chain"),
    ],
)
async def test_certificates_are_held_against_what_a_camera_can_do(
    archive: Served, key: str, authority: Authority, made: dict[str, Any], expected: set[str]
) -> None:
    """With its root given, as a camera has it."""
    context = await asyncio.to_thread(lambda: authority.context(**made))
    async with proxied(archive.url, tls=context) as url:
        found = await findings(url, key, roots=authority.roots, may_send=False)

    assert ids(found, without=HERE | {"key-not-given"}) == expected


async def test_a_root_that_nobody_knows_is_told(archive: Served, key: str, authority: Authority) -> None:
    """Alone, a certificate lacks the one that vouches for it; one that vouches for itself has an unknown root."""
    alone = await asyncio.to_thread(authority.context)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(authority.root, authority.key)

    async with proxied(archive.url, tls=alone) as url:
        incomplete = await findings(url, key)
    async with proxied(archive.url, tls=own) as url:
        unknown = await findings(url, key)

    assert ids(incomplete) == {"tls-incomplete"}
    assert ids(unknown) == {"tls-own-root"}


async def test_the_root_that_cameras_need_is_named(
    archive: Served, key: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where this computer trusts it anyway, cameras must still be given it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.root))
    context = await asyncio.to_thread(authority.context)

    async with proxied(archive.url, tls=context) as url:
        found = await findings(url, key)

    assert ids(found) == {"tls-root"}
    assert next(one.seen for one in found if one.id == "tls-root") == "“The root of the tests”"


async def test_a_key_is_sent_by_tls_only_where_it_is_trusted(archive: Served, key: str, authority: Authority) -> None:
    """After a certificate that is not good, nothing more is said to whoever is there."""
    before = archive.index.total
    context = await asyncio.to_thread(authority.context)

    async with proxied(archive.url, tls=context) as url:
        untrusted = await findings(url, key)
        trusted = await findings(url, key, roots=authority.roots)

    assert [one.step for one in untrusted][-1] == "certificate"
    assert ids(trusted) == set()
    assert archive.index.total == before + 2


async def test_https_where_http_is_spoken_is_told(archive: Served, key: str) -> None:
    """A handshake with somebody who shakes no hands."""
    found = await findings(archive.url.replace("http", "https"), key)

    assert ids(found) == {"tls-fails"}


async def test_only_the_owner_is_told_how_the_archive_fares(archive: Served) -> None:
    """Strangers get a 401 and no look at the disk."""
    reply = await archive.ask("/api/doctor", method="POST")

    async with archive.owner() as owner, owner.post("/api/doctor") as told:
        lines = [json.loads(line) for line in (await told.read()).splitlines()]
    assert reply.is_problem(401)
    assert [line["begun"]["step"] for line in lines if "begun" in line] == [
        "program",
        "disk",
        "space",
        "cameras",
        "promises",
    ]
    assert lines[-1] == {"done": True}
