"""Coming in: sign-in links, the password, sessions, share links; and everything by which one does not come in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
from typing import Any

import msgspec
import pytest

from archive.cli.addresses import urls_of
from archive.errors import TooOften
from archive.rights import Scope
from archive.server import keys, signing_in
from archive.server.answers import ArchiveAnswer
from archive.server.passwords import NONE, Passwords
from archive.server.visitors import DAY_MS, IDLE_MS, LINK_MS, SESSION_MS, Visitors
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Reply, Served, command, config_of, request, serving, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
PUBLIC = "https://frames.example.org"
COOKIE = re.compile(r"(__Host-)?archive-[0-9a-f]{8}(-share)?")


async def private(make_archive: MakeArchive, **settings: Any) -> Served:
    return await make_archive(**{"open_uploads": False, "public": False, **settings})


async def sign_in(archive: Served, *, headers: dict[str, str] | None = None, **shown: str) -> Reply:
    return await archive.ask("/api/session", method="POST", json=shown, headers={**OWN_PAGE, **(headers or {})})


def cookie(reply: Reply) -> dict[str, str]:
    """What a browser that got this answer shows from then on."""
    return {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}


async def right(archive: Served, shown: dict[str, str]) -> str:
    """What a browser may do that shows this."""
    return str((await archive.ask("/api/session", headers=shown)).json["right"])


def visitors(archive: Served) -> Visitors:
    return archive.app[keys.VISITORS]


def forget_tries(archive: Served) -> None:
    """A minute has passed."""
    archive.app[keys.TRIES]._left.clear()


async def test_a_sign_in_link_makes_one_browser_the_owners(make_archive: MakeArchive) -> None:
    """Once: the same link again signs nobody in. The owner sees his browser in the list."""
    archive = await private(make_archive)
    async with archive.owner() as owner, owner.post("/api/sign-in-links") as reply:
        secret = (await reply.json())["secret"]

    first = await sign_in(archive, secret=secret, headers={"User-Agent": "Kiosk/1"})
    second = await sign_in(archive, secret=secret)
    listed = await archive.ask("/api/sessions", headers=cookie(first))

    assert (first.status, first.json["right"]) == (200, "run")
    assert second.is_problem(401)
    assert "archive link" in second.json["detail"]
    assert await right(archive, cookie(first)) == "run"
    assert [(found["browser"], found["is_this"]) for found in listed.json["sessions"]] == [("Kiosk/1", True)]
    assert secret.encode() not in listed.body


async def test_a_browser_may_call_itself_what_it_likes(make_archive: MakeArchive) -> None:
    """Bytes that are no text too: it is signed in, and what could not be read of its name is struck out."""
    archive = await private(make_archive)
    said = json.dumps({"secret": visitors(archive).invite()}).encode()
    sent = request({"User-Agent": "Ki!sk", "Sec-Fetch-Site": "same-origin"}, said, path="/api/session")

    async with archive.connected() as line:
        await line.say(sent.replace(b"Ki!sk", b"Ki\xffsk"))
        reply = await line.reply()

    assert reply.status == 200
    assert [session.browser for session in visitors(archive).sessions] == ["Ki?sk"]


async def test_a_sign_in_link_is_good_for_a_quarter_of_an_hour(make_archive: MakeArchive) -> None:
    """A moment before its end it lets in, at its end no more."""
    archive = await private(make_archive)
    now = visitors(archive).now_ms()
    good, late = visitors(archive).invite(), visitors(archive).invite()

    visitors(archive).now_ms = lambda: now + LINK_MS - 1000
    in_time = await sign_in(archive, secret=good)
    visitors(archive).now_ms = lambda: now + LINK_MS + 1000

    assert in_time.status == 200
    assert (await sign_in(archive, secret=late)).is_problem(401)


async def test_a_cookie_is_the_browsers_alone(make_archive: MakeArchive) -> None:
    """No script reads it and no other site's page sends it; over TLS its name says that only this host set it."""
    archive = await private(make_archive, public_url=PUBLIC)

    on_lan = await sign_in(archive, secret=visitors(archive).invite())
    by_name = await sign_in(archive, secret=visitors(archive).invite(), headers={"Host": "frames.example.org"})

    assert COOKIE.match(on_lan.headers["Set-Cookie"])[1] is None  # type: ignore[index]
    assert COOKIE.match(by_name.headers["Set-Cookie"])[1] == "__Host-"  # type: ignore[index]
    for reply in (on_lan, by_name):
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(reply.headers["Set-Cookie"].split("; "))
        assert "Domain" not in reply.headers["Set-Cookie"]
    assert "Secure" in by_name.headers["Set-Cookie"].split("; ")
    assert by_name.headers["Strict-Transport-Security"].startswith("max-age=")
    assert "Strict-Transport-Security" not in on_lan.headers
    # What was set over TLS is not taken over plain HTTP, nor the other way round.
    assert await right(archive, cookie(by_name)) == "none"
    assert await right(archive, cookie(on_lan) | {"Host": "frames.example.org"}) == "none"


async def test_signing_in_again_ends_the_session_before(make_archive: MakeArchive) -> None:
    """Nothing that was shown before signing in is good afterwards, also what somebody else may have set."""
    archive = await private(make_archive)
    before = await sign_in(archive, secret=visitors(archive).invite())

    after = await sign_in(archive, secret=visitors(archive).invite(), headers=cookie(before))
    fixed = {"Cookie": before.headers["Set-Cookie"].partition("=")[0] + "=chosen-by-somebody-else"}
    chosen = await sign_in(archive, secret=visitors(archive).invite(), headers=fixed)

    assert await right(archive, cookie(before)) == "none"
    assert await right(archive, cookie(after)) == "run"
    assert await right(archive, fixed) == "none"
    assert cookie(chosen) != fixed


async def test_a_session_ends_when_it_is_idle_and_ends_for_good(make_archive: MakeArchive) -> None:
    """Used, it lives on up to its absolute end; unused it is over sooner."""
    archive = await private(make_archive)
    began = visitors(archive).now_ms()
    used = cookie(await sign_in(archive, secret=visitors(archive).invite()))
    idle = cookie(await sign_in(archive, secret=visitors(archive).invite()))

    seen = []
    for days in range(0, SESSION_MS // DAY_MS + 1, 20):
        visitors(archive).now_ms = lambda days=days: began + days * DAY_MS + 1000  # type: ignore[misc]
        seen.append(await right(archive, used))
    visitors(archive).now_ms = lambda: began + IDLE_MS + DAY_MS
    idled = await right(archive, idle)

    assert seen == ["run"] * (SESSION_MS // DAY_MS // 20) + ["none"]
    assert idled == "none"


async def test_a_session_outlives_the_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    """After a restart the owner is still signed in, a share link still good, and a revoked one not."""
    config = config_of(tmp_path_factory.mktemp("stays") / "archive", public=False)
    async with serving(config) as archive:
        owner = cookie(await sign_in(archive, secret=visitors(archive).invite()))
        secret, _ = await visitors(archive).share(Scope(), label="x", expires_at_ms=None)
        revoked, gone = await visitors(archive).share(Scope(), label="y", expires_at_ms=None)
        await visitors(archive).revoke_share(gone.no)
    async with serving(config) as archive:
        assert await right(archive, owner) == "run"
        assert (await sign_in(archive, secret=secret)).json["right"] == "see_all"
        assert (await sign_in(archive, secret=revoked)).is_problem(401)


async def test_nothing_secret_is_in_the_folder(make_archive: MakeArchive) -> None:
    """The index has hashes: neither a session nor a share link nor a key nor the password can be read from it."""
    archive = await private(make_archive)
    signed_in = await sign_in(archive, secret=visitors(archive).invite())
    async with archive.owner() as owner:
        async with owner.post("/api/cameras", json={"id": "garden"}) as reply:
            key = (await reply.json())["key"]
        async with owner.post("/api/shares", json={"label": "Ann"}) as reply:
            share = (await reply.json())["secret"]
        async with owner.put("/api/password", json={"password": "correct horse battery"}) as reply:
            assert reply.status == 200

    def read() -> bytes:
        return b"".join(path.read_bytes() for path in archive.folder.rglob("*") if path.is_file())

    stored = await asyncio.to_thread(read)
    session = cookie(signed_in)["Cookie"].partition("=")[2]
    assert [secret.encode() in stored for secret in (session, key, share, "correct horse battery")] == [False] * 4
    assert b"$argon2id$v=19$m=65536" in stored


async def test_the_password_signs_in_and_a_wrong_one_does_not(make_archive: MakeArchive) -> None:
    """Set by the owner; changing it signs every other browser out."""
    archive = await private(make_archive)
    none_set = await sign_in(archive, password="correct horse battery")
    async with (
        archive.owner() as owner,
        owner.put("/api/password", json={"password": "correct horse battery"}) as reply,
    ):
        assert await reply.json() == {"is_set": True, "ended": 0}

    right_one = await sign_in(archive, password="correct horse battery")
    wrong = [await sign_in(archive, password=text) for text in ("Correct horse battery", "", "x" * 500)]
    changed = await archive.ask(
        "/api/password", method="PUT", json={"password": "another one"}, headers={**cookie(right_one), **OWN_PAGE}
    )
    other = await sign_in(archive, password="another one")
    async with archive.owner() as owner, owner.put("/api/password", json={"password": None}) as reply:
        taken = await reply.json()
    forget_tries(archive)

    assert none_set.is_problem(401)
    assert right_one.json["right"] == "run"
    assert [reply.status for reply in wrong] == [401] * 3
    assert changed.json == {"is_set": True, "ended": 0}
    assert other.status == 200
    assert taken == {"is_set": False, "ended": 2}
    assert await right(archive, cookie(right_one)) == "none"
    assert (await sign_in(archive, password="another one")).is_problem(401)


async def test_the_old_password_opens_nothing_while_it_is_changed(make_archive: MakeArchive) -> None:
    """Who began to sign in with it before the change is not let in after it."""
    archive = await private(make_archive)
    hashing = archive.app[keys.PASSWORDS]._hashing
    async with archive.owner() as owner, owner.put("/api/password", json={"password": "the old one"}) as reply:
        assert reply.status == 200

    async with archive.owner() as owner:
        await hashing.acquire()
        changing = asyncio.create_task(owner.put("/api/password", json={"password": "the new one"}))
        await until(lambda: len(hashing._waiters or ()) == 1)
        entering = asyncio.create_task(sign_in(archive, password="the old one"))
        await until(lambda: len(hashing._waiters or ()) == 2)
        hashing.release()
        assert (await changing).status == 200

    assert (await entering).is_problem(401)
    assert visitors(archive).sessions == []


@pytest.mark.parametrize("password", ["", "short", "x" * 257, 12345678])
async def test_a_password_that_is_none_is_refused(make_archive: MakeArchive, password: object) -> None:
    """Too short, too long or no text: a sentence, and what was set before stays."""
    archive = await private(make_archive)

    async with archive.owner() as owner, owner.put("/api/password", json={"password": password}) as reply:
        refused = Reply(reply.status, reply.headers, await reply.read())

    assert refused.is_problem(400)
    assert await archive.index.admission.password() is None


async def test_no_password_takes_as_long_as_a_wrong_one() -> None:
    """Where none is set, what is compared with costs the same: the hash has the parameters of those that are made."""
    made = await Passwords().hashed("correct horse battery")

    assert NONE.rpartition("$")[0].rpartition("$")[0] == made.rpartition("$")[0].rpartition("$")[0]
    assert list(map(len, NONE.split("$"))) == list(map(len, made.split("$")))


async def test_a_thousand_guesses_let_nobody_in(make_archive: MakeArchive) -> None:
    """Passwords, sign-in links, share links: five a minute are looked at, the rest are told when to come again."""
    archive = await private(make_archive)
    async with archive.owner() as owner, owner.put("/api/password", json={"password": "correct horse battery"}):
        pass

    def guess(n: int) -> dict[str, str]:
        kind = ("password", "own", "see", "ses", "cam")[n % 5]
        guessed = secrets.token_urlsafe(32)
        return {"password": guessed} if kind == "password" else {"secret": f"{kind}_{guessed}"}

    replies = [await archive.ask("/api/session", method="POST", json=guess(n), headers=OWN_PAGE) for n in range(1000)]

    assert {reply.status for reply in replies} <= {401, 429}
    assert sum(reply.status == 401 for reply in replies) <= 10
    late = next(reply for reply in replies if reply.status == 429)
    assert late.is_problem(429)
    assert 1 <= int(late.headers["Retry-After"]) <= 60
    assert not any("Set-Cookie" in reply.headers for reply in replies)
    assert visitors(archive).sessions == []


async def test_tries_that_succeed_are_not_counted(make_archive: MakeArchive) -> None:
    """A household behind one address opens its links one after another."""
    archive = await private(make_archive)
    secret, _ = await visitors(archive).share(Scope(), label="family", expires_at_ms=None)

    assert [(await sign_in(archive, secret=secret)).status for _ in range(20)] == [200] * 20


async def test_who_has_a_link_is_not_kept_out_by_those_who_have_none(make_archive: MakeArchive) -> None:
    """What comes by a tunnel may bear one address for all the world: there a stranger's tries are the owner's."""
    archive = await private(make_archive)
    share, _ = await visitors(archive).share(Scope(), label="family", expires_at_ms=None)

    wrong = [(await sign_in(archive, secret=f"own_{n}")).status for n in range(6)]
    by_password = await sign_in(archive, password="a guess")

    assert wrong == [401] * 5 + [429]
    assert by_password.is_problem(429)
    assert (await sign_in(archive, secret=visitors(archive).invite())).json["right"] == "run"
    assert (await sign_in(archive, secret=share)).json["right"] == "see_all"


async def test_a_stranger_holds_little_of_memory_and_not_for_long(
    make_archive: MakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who signs in sends a body before anybody knows who he is: a long one is not read, one that stops is given up."""
    archive = await private(make_archive)
    monkeypatch.setattr(signing_in, "BODY_S", 0.1)
    statuses = []

    for head in ({"Content-Length": "5000"}, {"Transfer-Encoding": "chunked"}, {"Content-Length": "100"}):
        async with archive.connected() as line:
            fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **head}.items())
            await line.say(f"POST /api/session HTTP/1.1\r\n{fields}\r\n".encode())
            statuses.append((await line.reply()).status)

    assert statuses == [413, 411, 408]


async def test_passwords_are_guessed_only_so_often_from_everywhere() -> None:
    """Also when each guess comes from another address: hashing must not be what an attacker makes us do."""
    passwords = Passwords()
    passwords._guesses._left["everybody"] = (0.0, passwords._guesses._clock())

    with pytest.raises(TooOften):
        await passwords.prove(None, "guess")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Authorization": "Basic cHJveHk6cGFzc3dvcmQ="},  # which browsers add themselves
        {},
    ],
)
async def test_another_sites_page_changes_nothing(make_archive: MakeArchive, headers: dict[str, str]) -> None:
    """The browser shows its cookie for it; what the page asks for is refused all the same.

    Who shows a cookie and does not say where it asks from is taken for such a page.
    """
    archive = await private(make_archive)
    owner = cookie(await sign_in(archive, secret=visitors(archive).invite()))

    tried = [
        await archive.ask(path, method=method, headers={**owner, **headers}, json={"label": "x", "password": None})
        for method, path in (("POST", "/api/shares"), ("PUT", "/api/password"), ("DELETE", "/api/session"))
    ]

    assert [reply.is_problem(403) for reply in tried] == [True] * 3
    assert visitors(archive).shares == []
    assert await right(archive, owner) == "run"


async def test_our_own_page_may_where_browsers_only_say_their_origin(make_archive: MakeArchive) -> None:
    """On the LAN, over plain HTTP, a browser sends `Origin` and not `Sec-Fetch-Site`; behind TLS the scheme counts."""
    archive = await private(make_archive, public_url=PUBLIC)
    on_lan = await sign_in(archive, secret=visitors(archive).invite(), headers={"Origin": archive.url})
    host = {"Host": "frames.example.org"}
    by_name = await sign_in(archive, secret=visitors(archive).invite(), headers=host)

    made = [
        await archive.ask("/api/shares", method="POST", json={}, headers=headers)
        for headers in (
            {**cookie(on_lan), "Origin": archive.url},
            {**cookie(by_name), **host, "Origin": PUBLIC},
            {**cookie(by_name), **host, "Origin": "http://frames.example.org"},
            {**cookie(on_lan), "Origin": archive.url.replace("http", "https")},
        )
    ]

    assert [reply.status for reply in made] == [200, 200, 403, 403]


async def test_another_sites_page_sends_no_pictures(make_archive: MakeArchive) -> None:
    """Where uploads are open, a form of another site could: it is refused. Programs and cameras are no pages."""
    archive = await make_archive()
    evil = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}

    assert (await archive.send(jpeg(16, 16), camera="shed", headers=evil)).is_problem(403)
    assert (await archive.send(jpeg(16, 16), camera="shed")).status == 201


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:5555", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1", 200),
        ("[::1]:5555", 200),
        ("192.168.1.7:5555", 200),
        ("camera-archive.local", 200),
        ("mine.example.org", 200),
        ("frames.example.org", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("frames.example.org.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("frames.example.org@evil.example", 421),
    ],
)
async def test_only_our_own_names_are_answered(make_archive: MakeArchive, host: str, status: int) -> None:
    """DNS rebinding: a name that somebody else lets point here is refused, pages, pictures, uploads and all."""
    archive = await make_archive(hosts=("mine.example.org",), public_url=PUBLIC)

    for method, path in (("GET", "/"), ("GET", "/api/frames"), ("GET", "/js/main.js"), ("GET", "/nothing-here")):
        reply = await archive.ask(path, method=method, headers={"Host": host})
        assert reply.status == (404 if path == "/nothing-here" and status == 200 else status)
    sent = await archive.send(jpeg(16, 16), camera="shed", headers={"Host": host})
    assert sent.status in ({200, 201} if status == 200 else {421})


async def test_addresses_behind_a_proxy_are_believed_only_from_it(make_archive: MakeArchive) -> None:
    """Limits count whom the trusted proxy names, by the last address that is not its own; from others it is ignored."""
    trusting = await private(make_archive, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))
    plain = await private(make_archive)

    for archive, is_believed in ((trusting, True), (plain, False)):
        statuses = [
            (
                await sign_in(archive, secret="own_x", headers={"X-Forwarded-For": f"1.2.3.4, 203.0.113.{n}, 10.1.1.1"})
            ).status
            for n in range(8)
        ]
        assert statuses == ([401] * 8 if is_believed else [401] * 5 + [429] * 3)
        same = [
            (await sign_in(archive, secret="own_x", headers={"X-Forwarded-For": f"{n}.1.1.1, 198.51.100.9"})).status
            for n in range(1, 9)
        ]
        assert same[5:] == [429] * 3


async def leave_at_the_commit(
    archive: Served, of: object, change: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Have the owner ask for a change, DELETE *path*, and hang up once it is in the index and nowhere else yet."""
    owner = cookie(await sign_in(archive, secret=visitors(archive).invite()))
    real, is_committed, is_gone = getattr(of, change), asyncio.Event(), asyncio.Event()

    async def commit(*details: Any) -> Any:
        result = await real(*details)
        is_committed.set()
        await is_gone.wait()
        return result

    monkeypatch.setattr(of, change, commit)
    server = archive.archive.runner.server
    assert server is not None
    others = len(server.connections)
    async with archive.connected() as line:
        await line.say(request({**owner, **OWN_PAGE}, method="DELETE", path=path))
        await is_committed.wait()
    await until(lambda: len(server.connections) <= others)
    is_gone.set()


async def test_a_link_that_is_taken_back_ends_also_when_its_owner_leaves(
    make_archive: MakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page may be closed in the same moment: the link is good for nobody from then on."""
    archive = await private(make_archive)
    secret, made = await visitors(archive).share(Scope(), label="Ann", expires_at_ms=None)
    shown = cookie(await sign_in(archive, secret=secret))

    await leave_at_the_commit(archive, archive.index.admission, "revoke_share", f"/api/shares/{made.no}", monkeypatch)

    async def is_turned_out() -> bool:
        return await right(archive, shown) == "none"

    assert await until(is_turned_out, within_s=5)


async def test_a_key_that_is_revoked_ends_also_when_its_owner_leaves(
    make_archive: MakeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with links: what the index says is in force."""
    archive = await private(make_archive)
    async with archive.owner() as owner, owner.post("/api/cameras", json={"id": "shed"}) as reply:
        key = (await reply.json())["key"]

    await leave_at_the_commit(archive, archive.index, "revoke_camera", "/api/cameras/shed/keys", monkeypatch)

    async def is_refused() -> bool:
        return (await archive.send(jpeg(16, 16), key=key)).status == 403

    assert await until(is_refused, within_s=5)


async def test_a_cookie_of_any_bytes_is_nobodys(make_archive: MakeArchive) -> None:
    """Also where they are no text: whoever shows it is answered as everybody who is not signed in."""
    archive = await private(make_archive)
    name = visitors(archive).cookie(is_https=False)

    for field in (name, f"{name}-share"):
        async with archive.connected() as line:
            await line.say(
                f"GET /api/frames HTTP/1.1\r\nHost: localhost\r\nCookie: {field}=".encode() + b"\xff\r\n\r\n"
            )
            assert (await line.reply()).is_problem(401)


async def test_a_proxy_may_add_a_field_of_its_own(make_archive: MakeArchive) -> None:
    """Some do not append to what is there: of two fields the last counts, for anybody may have written the first."""
    archive = await private(make_archive, trusted_proxies=("127.0.0.1",))

    statuses = [
        (
            await archive.ask(
                "/api/session",
                method="POST",
                json={"secret": "own_x"},
                headers=[*OWN_PAGE.items(), ("X-Forwarded-For", f"203.0.113.{n}"), ("X-Forwarded-For", "198.51.100.9")],
            )
        ).status
        for n in range(8)
    ]

    assert statuses == [401] * 5 + [429] * 3


async def test_a_share_link_ends_when_it_says(make_archive: MakeArchive) -> None:
    """Good until its expiry, then for nobody: not by the link, not by the cookie."""
    archive = await private(make_archive)
    now = visitors(archive).now_ms()
    secret, _ = await visitors(archive).share(Scope(), label="a week", expires_at_ms=now + 7 * DAY_MS)

    shown = await sign_in(archive, secret=secret)
    before = await right(archive, cookie(shown))
    visitors(archive).now_ms = lambda: now + 7 * DAY_MS

    assert (before, shown.json["share"]) == ("see_all", "a week")
    assert int(re.search(r"Max-Age=(\d+)", shown.headers["Set-Cookie"])[1]) <= 7 * DAY_MS // 1000  # type: ignore[index]
    assert await right(archive, cookie(shown)) == "none"
    assert (await sign_in(archive, secret=secret)).is_problem(401)


async def test_a_span_shows_nothing_before_or_after(make_archive: MakeArchive) -> None:
    """Frames, totals, days, the page and the log of changes end where the span ends."""
    archive = await private(make_archive, open_uploads=True)
    noon = 1_763_809_200_000  # 2025-11-22T12:00 in Berlin
    for number, at_ms in enumerate((noon - DAY_MS, noon - 3_600_000, noon, noon + 3_600_000, noon + DAY_MS)):
        sent = await archive.send(
            jpeg(16, 16, seed=number), camera="garden", boot="a" * 16, number=number, taken_ms=at_ms
        )
        assert sent.status == 201
    secret, _ = await visitors(archive).share(
        Scope(after_ms=noon - 1000, before_ms=noon + DAY_MS), label="noon", expires_at_ms=None
    )
    shown = cookie(await sign_in(archive, secret=secret))

    async def get(path: str) -> Any:
        return (await archive.ask(path, headers=shown)).json

    frames, days = await get("/api/frames"), await get("/api/days")
    asked = await get("/api/frames?after=2020-01-01T00:00:00Z&before=2030-01-01T00:00:00Z")
    log, facts, photos = await get("/api/changes"), await get("/api/archive"), await get("/api/photos")
    cut = await get("/api/days/2025-11-22")
    one = [(await archive.ask(f"/api/frames/{no}", headers=shown)).status for no in range(1, 6)]

    assert [frame["number"] for frame in frames["frames"]] == [3, 2]
    assert [frame["number"] for frame in asked["frames"]] == [3, 2]
    assert (frames["total"], facts["total"], photos["total"]) == (2, 2, 2)
    assert days["days"] == [{"day": "2025-11-22", "frames": 2}]
    assert (cut["frames"], sum(cut["quarters"]), cut["cameras"]) == (2, 0, {})
    assert [change["data"]["number"] for change in log["changes"] if change["type"] == "frame"] == [2, 3]
    assert {change["type"] for change in log["changes"]} <= {"frame", "frame-changed"}
    assert one == [404, 404, 200, 200, 404]
    assert (await get("/api/frames/3"))["status"] == {}


async def test_the_stream_obeys_the_same_rights(make_archive: MakeArchive) -> None:
    """A link to one camera hears of its frames and of nothing else, live and replayed."""
    archive = await private(make_archive, open_uploads=True)
    await archive.send(jpeg(16, 16), camera="garden", boot="a" * 16, number=0)
    await archive.send(jpeg(16, 16), camera="shed", boot="b" * 16, number=0)
    secret, _ = await visitors(archive).share(Scope(camera="garden"), label="g", expires_at_ms=None)
    shown = cookie(await sign_in(archive, secret=secret))

    async with archive.session.get("/api/events?after=1", headers=shown) as stream:
        await until(lambda: archive.app[keys.EVENTS].listeners == 1)
        await archive.send(jpeg(16, 16), camera="shed", boot="b" * 16, number=7)
        await archive.send(jpeg(16, 16), camera="garden", boot="a" * 16, number=1)
        heard = b""
        while heard.count(b"event: frame\n") < 2:
            heard += await stream.content.readany()

    told = [json.loads(line[6:]) for line in heard.split(b"\n") if line.startswith(b"data: ")]
    assert {fact["camera"] for fact in told if "camera" in fact} == {"garden"}
    assert b"event: gap" not in heard
    assert b"event: camera" not in heard
    assert told[0]["total"] == 1


async def test_what_is_ended_ends_its_streams(make_archive: MakeArchive) -> None:
    """Revoking a link, signing a browser out and an expiry each close the stream at once; others go on."""
    archive = await private(make_archive)
    book = visitors(archive)
    link, share = await book.share(Scope(), label="x", expires_at_ms=None)
    soon, _ = await book.share(Scope(), label="y", expires_at_ms=book.now_ms() + 1500)
    guest, brief = [cookie(await sign_in(archive, secret=secret)) for secret in (link, soon)]
    leaving, staying = [cookie(await sign_in(archive, secret=book.invite())) for _ in range(2)]

    async with contextlib.AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(archive.session.get("/api/events", headers=shown))
            for shown in (guest, brief, leaving, staying)
        ]
        await until(lambda: archive.app[keys.EVENTS].listeners == 4)
        await book.revoke_share(share.no)
        await archive.ask("/api/session", method="DELETE", headers={**leaving, **OWN_PAGE})
        await until(lambda: archive.app[keys.EVENTS].listeners == 1)
        ended = [await stream.content.read() for stream in streams[:3]]

    assert all(b"event: hello" in heard for heard in ended)
    assert await right(archive, staying) == "run"


async def test_who_is_turned_out_on_his_way_in_does_not_stay(make_archive: MakeArchive) -> None:
    """Between the guard and the stream lies a question to the index: what ended meanwhile opens no stream."""
    archive = await private(make_archive)
    book, left = visitors(archive), []
    owner, _ = await book.open_session("a browser", instead_of=None)
    _, share = await book.share(Scope(), label="leaving", expires_at_ms=None)
    _, good = await book.share(Scope(), label="staying", expires_at_ms=None)

    await book.end_sessions()
    await book.revoke_share(share.no)
    for name, visitor in {"owner": owner, "guest": book.guest(share), "staying": book.guest(good)}.items():
        with book.inside(visitor, lambda name=name: left.append(name)):  # type: ignore[misc]
            pass

    assert left == ["owner", "guest"]


async def test_a_private_picture_is_in_no_cache_between(make_archive: MakeArchive) -> None:
    """What only some may see says `private`; a public archive's pictures may lie in any cache.

    The owner's originals in none: they say where they were taken, and everybody else asks for them by the same address.
    """
    for public, word in ((False, "private"), (True, "public")):
        archive = await make_archive(public=public)
        await archive.send(jpeg(16, 16), camera="garden")
        secret, _ = await visitors(archive).share(Scope(camera="garden"), label="Ann", expires_at_ms=None)
        owner = cookie(await sign_in(archive, secret=visitors(archive).invite()))
        guest = cookie(await sign_in(archive, secret=secret))
        [frame] = (await archive.ask("/api/frames", headers=owner)).json["frames"]

        def told(reply: Reply) -> list[str]:
            return [reply.headers["Cache-Control"].partition(",")[0], reply.headers.get("Vary", "")]

        by_owner, by_guest = [
            [told(await archive.ask(frame[url], headers=shown)) for url in ("url", "thumbnail_url")]
            for shown in (owner, guest)
        ]

        assert by_owner == [["private", "Cookie"], [word, ""]]
        assert by_guest == [[word, "Cookie"], [word, ""]]


async def test_no_cache_between_keeps_what_was_refused(make_archive: MakeArchive) -> None:
    """Else a guest could have it keep “there is no such picture” for the owner, who asks by the same address."""
    archive = await private(make_archive, open_uploads=True)
    await archive.send(jpeg(16, 16), camera="garden")
    secret, _ = await visitors(archive).share(Scope(camera="shed"), label="Ann", expires_at_ms=None)
    guest = cookie(await sign_in(archive, secret=secret))
    async with archive.owner() as owner, owner.get("/api/frames") as reply:
        [frame] = (await reply.json())["frames"]

    refused = [await archive.ask(frame["url"], headers=shown) for shown in ({}, guest)]

    assert [reply.status for reply in refused] == [401, 404]
    assert [reply.headers.get("Cache-Control") for reply in refused] == ["no-store"] * 2


# -- the commands


async def test_link_prints_a_link_that_works(make_archive: MakeArchive) -> None:
    """`archive link`: its last word signs in."""
    archive = await private(make_archive)

    ran = await asyncio.to_thread(command, "link", "--folder", archive.folder)
    secret = re.search(r"/sign-in#(own_[\w-]{43})", ran.stdout)

    assert ran.status == 0
    assert secret
    assert f"http://127.0.0.1:{archive.port}/sign-in#" in ran.stdout
    assert (await sign_in(archive, secret=secret[1])).json["right"] == "run"


@pytest.mark.parametrize(
    ("host", "is_tls", "public_url", "expected"),
    [
        ("127.0.0.1", False, "", ["http://127.0.0.1:5555"]),
        ("192.0.2.7", True, "", ["https://192.0.2.7:5555"]),
        ("::1", False, "", ["http://[::1]:5555"]),
        ("127.0.0.1", False, PUBLIC, ["http://127.0.0.1:5555", PUBLIC]),
    ],
)
async def test_links_lead_to_where_the_archive_listens(
    host: str, is_tls: bool, public_url: str, expected: list[str]
) -> None:
    """By HTTPS where the port speaks it; an address of IPv6 in brackets; the public one last."""
    listening = {"host": host, "port": 5555, "is_tls": is_tls, "public_url": public_url}
    about = {"id": "a", "title": "", "timezone": "UTC", "total": 0, "last_seq": 0, "version": "1"}

    assert urls_of(msgspec.convert({**about, **listening}, ArchiveAnswer)) == expected


async def test_share_adds_lists_and_revokes(make_archive: MakeArchive) -> None:
    """`archive share`: a link for one camera and a week; it is listed, never shown again, and taken back."""
    archive = await private(make_archive, open_uploads=True)
    await archive.send(jpeg(16, 16), camera="garden")

    def run(*words: str) -> Any:
        return asyncio.to_thread(command, "share", *words, "--folder", archive.folder)

    empty = await run("list")
    added = await run("add", "Ann", "--camera", "garden", "--after", "2026-01-01", "--lasts", "7d")
    secret = re.search(r"#(see_[\w-]{43})", added.stdout)
    assert secret
    shown = await sign_in(archive, secret=secret[1])
    listed = await run("list")
    revoked = await run("revoke", "1")
    again = await run("revoke", "1")
    wrong = [await run("add", "x", "--lasts", "soon"), await run("add", "x", "--after", "yesterday")]

    assert "No share links yet" in empty.stdout
    assert (shown.json["right"], shown.json["camera"]) == ("see", "garden")
    assert re.search(r"1 +Ann +camera garden, from 20(25-12-31|26-01-01) .* good", listed.stdout)
    assert "see_" not in listed.stdout
    assert (revoked.status, again.status) == (0, 1)
    assert [ran.status for ran in wrong] == [1, 1]
    assert await right(archive, cookie(shown)) == "none"
