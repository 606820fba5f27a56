"""Cameras that ask to join, the owner's yes and no, and keys that change over."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from typing import Any

import pytest

from archive import fields
from archive.fields import Answer
from archive.server import keys
from archive.server.visitors import Visitors
from archive.server.waiting import WAITING_MAX
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Reply, Served, command, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)
BOOT = "a" * 16


def drawn() -> str:
    """A key as a camera draws it."""
    return f"cam_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


async def private(make_archive: MakeArchive, **settings: Any) -> Served:
    return await make_archive(**{"open_uploads": False, "public": False, **settings})


async def ask(archive: Served, key: str, *, camera: str = "garden", number: int = 1, via: str = "") -> Reply:
    """A camera sends a frame, and says its name and board; a proxy says that it is *via*."""
    headers = {fields.STATUS: fields.render_status(id=camera, board="xiao-esp32s3-sense")}
    if via:
        headers["X-Forwarded-For"] = via
    return await archive.send(SMALL, key=key, boot=BOOT, number=number, headers=headers)


async def waiting(archive: Served) -> list[dict[str, Any]]:
    async with archive.owner() as owner, owner.get("/api/joining") as reply:
        found: list[dict[str, Any]] = (await reply.json())["cameras"]
        return found


async def owner(archive: Served, method: str, path: str, **options: Any) -> Reply:
    async with archive.owner() as session, session.request(method, path, **options) as reply:
        return Reply(reply.status, reply.headers, await reply.read())


async def kept(archive: Served) -> list[tuple[str, int]]:
    reply = await owner(archive, "GET", "/api/frames")
    return [(frame["camera"], frame["number"]) for frame in reply.json["frames"]]


async def test_a_camera_that_asks_waits_with_its_frames(make_archive: MakeArchive) -> None:
    """401 and `again`: nothing is kept, nothing given up; its owner sees who it is and how its key ends."""
    archive = await private(make_archive)
    key = drawn()

    reply = await ask(archive, key)
    again = await ask(archive, key, number=2)
    by_report = await archive.ask(
        "/api/reports",
        method="POST",
        headers={
            "Authorization": f"Bearer {key}",
            fields.REPORT: f'boot="{BOOT}", number=1',
            fields.STATUS: fields.render_status(id="garden"),
        },
    )
    [found] = await waiting(archive)

    assert reply.is_problem(401)
    assert reply.json["type"].endswith("#Pending")
    assert reply.echo == fields.Echo(boot=BOOT, number=1, answer=Answer.AGAIN)
    assert 1 <= int(reply.headers["Retry-After"]) <= 60
    assert [again.status, by_report.status] == [401, 401]
    assert await kept(archive) == []
    assert (found["camera"], found["ending"], found["address"]) == ("garden", key[-4:], "127.0.0.1")
    assert found["is_known"] is False
    assert key not in json.dumps(found)
    assert await archive.index.keys() == []


async def test_one_click_lets_it_in(make_archive: MakeArchive) -> None:
    """The same key is allowed from then on, under the name it gave itself or the one its owner gives it."""
    archive = await private(make_archive)
    own, other = drawn(), drawn()
    await ask(archive, own)
    await ask(archive, other, camera="garden")

    first = await owner(archive, "POST", f"/api/joining/{own[4:12]}")
    second = await owner(archive, "POST", f"/api/joining/{other[4:12]}", json={"id": "shed"})
    sent = [await ask(archive, own, number=1), await ask(archive, other, number=2)]

    assert (first.json["camera"], second.json["camera"]) == ("garden", "shed")
    assert [reply.status for reply in sent] == [201, 201]
    assert sorted(await kept(archive)) == [("garden", 1), ("shed", 2)]
    assert await waiting(archive) == []


async def test_two_clicks_let_it_in_once(make_archive: MakeArchive) -> None:
    """Of two tabs that say yes at the same moment one is told that this key is allowed already."""
    archive = await private(make_archive)
    key = drawn()
    await ask(archive, key)

    replies = await asyncio.gather(*(owner(archive, "POST", f"/api/joining/{key[4:12]}") for _ in range(4)))

    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    assert [found.prefix for found in await archive.index.keys()] == [key[4:12]]
    assert (await ask(archive, key)).status == 201


async def test_a_yes_that_cannot_be_leaves_it_waiting(make_archive: MakeArchive) -> None:
    """A camera of that name has two keys already: the owner may take one away, and say yes again."""
    archive = await private(make_archive)
    key = drawn()
    await owner(archive, "POST", "/api/cameras", json={"id": "garden"})
    await owner(archive, "POST", "/api/cameras/garden/keys")
    await ask(archive, key)

    full = await owner(archive, "POST", f"/api/joining/{key[4:12]}")

    assert full.is_problem(409)
    assert [found["key"] for found in await waiting(archive)] == [key[4:12]]
    assert (await owner(archive, "POST", f"/api/joining/{key[4:12]}", json={"id": "shed"})).status == 200


async def test_one_that_is_refused_stays_refused(make_archive: MakeArchive) -> None:
    """403 for that key, without its owner being asked again; its frames stay on it."""
    archive = await private(make_archive)
    key = drawn()
    await ask(archive, key)

    refused = await owner(archive, "DELETE", f"/api/joining/{key[4:12]}")
    reply = await ask(archive, key)

    assert refused.json["camera"] == "garden"
    assert reply.is_problem(403)
    assert reply.echo is not None
    assert reply.echo.answer is Answer.AGAIN
    assert await waiting(archive) == []
    assert (await owner(archive, "POST", f"/api/joining/{key[4:12]}")).is_problem(404)


async def test_only_the_lan_may_ask(make_archive: MakeArchive) -> None:
    """Not through a proxy or a tunnel, whatever address it bears; unless the owner lets it."""
    proxied = await private(make_archive, trusted_proxies=("127.0.0.1",))
    allowed = await private(make_archive, trusted_proxies=("127.0.0.1",), join_from_anywhere=True)

    assert (await ask(proxied, drawn(), via="192.168.1.9")).json["type"].endswith("#Unauthorized")
    assert (await ask(allowed, drawn(), via="192.168.1.9")).json["type"].endswith("#Pending")
    assert await waiting(proxied) == []
    assert [found["address"] for found in await waiting(allowed)] == ["192.168.1.9"]


async def test_what_a_tunnel_brings_is_not_the_lan(make_archive: MakeArchive) -> None:
    """What comes in by the listener for a tunnel came from outside, though its peer is this machine."""
    archive = await private(make_archive)
    port = await archive.archive.listen("127.0.0.1", 0, is_outside=True)
    headers = {"Authorization": f"Bearer {drawn()}", fields.STATUS: fields.render_status(id="garden")}

    async with archive.session.post(f"http://127.0.0.1:{port}/api/frames", data=SMALL, headers=headers) as reply:
        outside = await reply.json()

    assert outside["type"].endswith("#Unauthorized")
    assert await waiting(archive) == []


async def test_what_a_proxy_brings_that_nobody_named_is_not_the_lan(make_archive: MakeArchive) -> None:
    """A proxy on this machine makes everybody a neighbour; what it adds to a request gives it away."""
    archive = await private(make_archive)

    replies = [
        await archive.send(
            SMALL, key=drawn(), headers={fields.STATUS: fields.render_status(id="garden"), name: "203.0.113.7"}
        )
        for name in ("X-Forwarded-For", "Forwarded", "Via")
    ]

    assert [reply.json["type"].rpartition("#")[2] for reply in replies] == ["Unauthorized"] * 3
    assert await waiting(archive) == []


async def test_strangers_do_not_fill_the_owners_page(make_archive: MakeArchive) -> None:
    """So many wait at most; who waits already is not pushed out, and a key is never taken for another."""
    archive = await private(make_archive)
    first = drawn()
    await ask(archive, first)

    replies = [await ask(archive, drawn(), camera=f"stranger-{n}") for n in range(WAITING_MAX + 5)]
    forged = await ask(archive, first[:-1] + ("A" if first[-1] != "A" else "B"))

    assert [reply.json["type"].rpartition("#")[2] for reply in replies].count("Pending") == WAITING_MAX - 1
    assert len(await waiting(archive)) == WAITING_MAX
    assert (await ask(archive, first)).json["type"].endswith("#Pending")
    assert forged.json["type"].endswith("#Unauthorized")


async def test_a_camera_that_says_no_name_does_not_wait(make_archive: MakeArchive) -> None:
    """An unknown key alone is a wrong key."""
    archive = await private(make_archive)

    reply = await archive.send(SMALL, key=drawn())

    assert reply.json["type"].endswith("#Unauthorized")
    assert await waiting(archive) == []


async def test_owners_pages_hear_of_it_and_others_do_not(make_archive: MakeArchive) -> None:
    """The event `joining` goes to the owner's streams alone."""
    archive = await private(make_archive, public=True)
    book: Visitors = archive.app[keys.VISITORS]
    _, secret = await book.open_session("a browser", instead_of=None)
    shown = {"Cookie": f"{book.cookie(is_https=False)}={secret}"}

    async with (
        archive.session.get("/api/events", headers=shown) as owners,
        archive.session.get("/api/events") as readers,
    ):
        await until(lambda: archive.app[keys.EVENTS].listeners == 2)
        await ask(archive, drawn())
        heard = await _until_heard(owners, b"event: joining")
        await owner(archive, "POST", "/api/frames", data=SMALL)
        by_reader = await _until_heard(readers, b"event: frame\n")

    assert b'{"cameras":1}' in heard
    assert b"joining" not in by_reader


async def _until_heard(stream: Any, what: bytes) -> bytes:
    heard = b""
    async with asyncio.timeout(20):
        while what not in heard or not heard.endswith(b"\n\n"):
            heard += await stream.content.readany()
    return heard


# -- keys that change over


async def test_two_keys_are_allowed_at_once(make_archive: MakeArchive) -> None:
    """Old and new both send until the old one is revoked by its name; a third must wait for that."""
    archive = await private(make_archive)
    old = (await owner(archive, "POST", "/api/cameras", json={"id": "garden"})).json["key"]
    new = (await owner(archive, "POST", "/api/cameras/garden/keys")).json["key"]

    third = await owner(archive, "POST", "/api/cameras/garden/keys")
    both = [(await ask(archive, key, number=number)).status for number, key in enumerate((old, new))]
    revoked = await owner(archive, "DELETE", f"/api/cameras/garden/keys/{old[4:12]}")
    after = [(await ask(archive, key, number=number)).status for number, key in enumerate((old, new), 2)]
    listed = (await owner(archive, "GET", "/api/cameras/garden/keys")).json["keys"]

    assert third.is_problem(409)
    assert both == [201, 201]
    assert revoked.json == {"camera": "garden", "keys": 1}
    assert after == [403, 201]
    assert [(key["key"], key["revoked_at"] is None) for key in listed] == [(old[4:12], False), (new[4:12], True)]
    assert (await owner(archive, "POST", "/api/cameras/nobody/keys")).is_problem(404)
    assert (await owner(archive, "DELETE", f"/api/cameras/garden/keys/{old[4:12]}")).is_problem(404)


async def test_the_list_tells_when_a_key_was_used(make_archive: MakeArchive) -> None:
    """Never, then when: so that its owner knows when the old one can go."""
    archive = await private(make_archive)
    key = (await owner(archive, "POST", "/api/cameras", json={"id": "garden"})).json["key"]

    async def used() -> Any:
        return (await owner(archive, "GET", "/api/cameras/garden/keys")).json["keys"][0]["used_at"]

    before = await used()
    await ask(archive, key)

    assert before is None
    assert await until(used)


async def test_a_camera_replaces_its_key_when_it_is_asked(make_archive: MakeArchive) -> None:
    """It is asked with every answer, its new key's hash is taken, and the old one ends when the new one is shown."""
    archive = await private(make_archive)
    old = (await owner(archive, "POST", "/api/cameras", json={"id": "garden"})).json["key"]
    new = drawn()
    told = {fields.KEY: fields.render_next_key(new[4:12], hashlib.sha256(new.encode()).digest())}

    async def report(key: str, **headers: str) -> Reply:
        said = {"Authorization": f"Bearer {key}", fields.REPORT: f'boot="{BOOT}", number=1', **headers}
        return await archive.ask("/api/reports", method="POST", headers=said)

    unasked = await report(old, **told)
    asked = await owner(archive, "POST", "/api/cameras/garden/renewal")
    answered = [await ask(archive, old, number=1), await report(old)]
    taken = [await report(old, **told) for _ in range(2)]
    both = [(await ask(archive, old, number=2)).status, (await ask(archive, new, number=3)).status]
    await until(lambda: _is_refused(archive, old))
    calm = await ask(archive, new, number=4)

    assert fields.KEY not in unasked.headers
    assert asked.json == {"camera": "garden", "key": old[4:12]}
    assert [reply.headers[fields.KEY] for reply in answered] == [f'renew="{old[4:12]}"'] * 2
    assert [reply.headers[fields.KEY] for reply in taken] == [f'taken="{new[4:12]}"'] * 2
    assert both == [201, 201]
    assert (calm.status, fields.KEY in calm.headers) == (201, False)
    assert (await owner(archive, "POST", "/api/cameras/nobody/renewal")).is_problem(404)


async def _is_refused(archive: Served, key: str) -> bool:
    return (await ask(archive, key, number=9)).status == 403


async def test_a_key_sends_only_so_often(make_archive: MakeArchive) -> None:
    """Above its frames a second or its bytes a day: 429, `again` and when; another camera is not held up."""
    fast = await private(make_archive, camera_frames_per_s=0.1)
    large = await private(make_archive, camera_bytes_per_day=3 * len(SMALL))
    for archive, allowed in ((fast, 2), (large, 3)):
        one = (await owner(archive, "POST", "/api/cameras", json={"id": "one"})).json["key"]
        two = (await owner(archive, "POST", "/api/cameras", json={"id": "two"})).json["key"]

        replies = [await ask(archive, one, number=number) for number in range(allowed + 2)]

        assert [reply.status for reply in replies] == [201] * allowed + [429] * 2
        assert replies[-1].is_problem(429)
        assert replies[-1].echo == fields.Echo(boot=BOOT, number=allowed + 1, answer=Answer.AGAIN)
        assert int(replies[-1].headers["Retry-After"]) >= 1
        assert (await ask(archive, two)).status == 201


# -- the commands


async def test_the_commands_show_approve_and_refuse(make_archive: MakeArchive) -> None:
    """`archive camera joining`, `approve` and `refuse`, by the name the list shows; `key`, `keys`, `revoke --key`."""
    archive = await private(make_archive)
    key, other = drawn(), drawn()

    def run(*words: str) -> Any:
        return asyncio.to_thread(command, "camera", *words, "--folder", archive.folder)

    nobody = await run("joining")
    await ask(archive, key)
    await ask(archive, other, camera="shed")
    shown = await run("joining")
    approved = await run("approve", key[4:12], "--as", "patio")
    refused = await run("refuse", other[4:12])
    gone = await run("approve", other[4:12])
    second = await run("key", "patio")
    listed = await run("keys", "patio")
    revoked = await run("revoke", "patio", "--key", f"cam_{key[4:12]}_…")

    assert nobody.stdout == "No camera asks to join.\n"
    assert all(word in shown.stdout for word in (key[4:12], key[-4:], "garden", "xiao-esp32s3-sense", "127.0.0.1"))
    assert approved.stdout.startswith("Camera patio may send.")
    assert refused.stdout == "Camera shed was refused.\n"
    assert gone.status == 1
    assert second.stdout.startswith("cam_")
    assert listed.stdout.count("allowed") == 2
    assert revoked.stdout == "1 key of camera patio revoked.\n"
    assert (await ask(archive, second.stdout.strip())).status == 201
    assert (await ask(archive, key)).is_problem(403)
