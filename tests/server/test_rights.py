"""Every route for everybody: what each may do is in one table here, and a route that is not in it fails."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from archive.rights import EVERYTHING, Right, Scope
from archive.server import keys
from archive.server.routes import ROUTES
from archive.server.visitors import DAY_MS
from tests.pictures import jpeg
from tests.server.serving import Reply, Served, config_of, head, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER_KEY = "cam_00000000_" + "A" * 43
WHO = ["nobody", "viewer", "link", "camera A", "camera B", "pending", "owner", "revoked", "expired"]
# Everybody in this order. A viewer sees all by a share link, `link` only the frames of camera a.
TABLE = """
POST   /api/frames                   401 401 401 201 201 401 401 401 401
PUT    /api/frames                   401 401 401 201 201 401 401 401 401
POST   /api/reports                  401 401 401 200 200 401 401 401 401
POST   /upload.php                   403 403 403 403 403 403 403 403 403
GET    /metrics                      401 403 403 401 401 401 200 401 401
GET    /api/frames                   401 200 200 401 401 401 200 401 401
GET    /api/frames/{id}              401 200 200 401 401 401 200 401 401
GET    /api/cameras                  401 200 200 401 401 401 200 401 401
GET    /api/cameras/{id}/gaps        401 200 403 401 401 401 200 401 401
GET    /api/cameras/{id}/health      401 200 403 401 401 401 200 401 401
GET    /api/cameras/{id}/slits/{day} 401 200 200 401 401 401 200 401 401
GET    /api/days                     401 200 200 401 401 401 200 401 401
GET    /api/days/{day}               401 200 200 401 401 401 200 401 401
GET    /api/archive                  401 200 200 401 401 401 200 401 401
GET    /api/changes                  401 200 200 401 401 401 200 401 401
GET    /api/events                   401 200 200 401 401 401 200 401 401
GET    /api/photos                   401 200 200 401 401 401 200 401 401
GET    /photos/{path}                401 200 200 401 401 401 200 401 401
GET    /thumbnails/320/{path}        401 200 200 401 401 401 200 401 401
POST   /api/cameras                  401 403 403 401 401 401 409 401 401
GET    /api/cameras/{id}/keys        401 403 403 401 401 401 200 401 401
POST   /api/cameras/{id}/keys        401 403 403 401 401 401 409 401 401
POST   /api/cameras/{id}/renewal     401 403 403 401 401 401 409 401 401
DELETE /api/cameras/{id}/keys        401 403 403 401 401 401 404 401 401
DELETE /api/cameras/{id}/keys/{key}  401 403 403 401 401 401 404 401 401
GET    /api/cameras/{id}/settings    401 403 403 401 401 401 200 401 401
PATCH  /api/cameras/{id}/settings    401 403 403 401 401 401 200 401 401
POST   /api/cameras/{id}/shot        401 403 403 401 401 401 200 401 401
GET    /api/joining                  401 403 403 401 401 401 200 401 401
POST   /api/joining/{key}            401 403 403 401 401 401 404 401 401
DELETE /api/joining/{key}            401 403 403 401 401 401 404 401 401
POST   /api/check                    401 403 403 401 401 401 200 401 401
POST   /api/doctor                   401 403 403 401 401 401 200 401 401
POST   /api/known                    401 403 403 401 401 401 200 401 401
GET    /api/shares                   401 403 403 401 401 401 200 401 401
POST   /api/shares                   401 403 403 401 401 401 200 401 401
DELETE /api/shares/{no}              401 403 403 401 401 401 404 401 401
POST   /api/sign-in-links            401 403 403 401 401 401 200 401 401
PUT    /api/password                 401 403 403 401 401 401 200 401 401
GET    /api/sessions                 401 403 403 401 401 401 200 401 401
DELETE /api/sessions/{id}            401 403 403 401 401 401 404 401 401
GET    /api/session                  200 200 200 200 200 200 200 200 200
POST   /api/session                  401 401 401 401 401 401 401 401 401
DELETE /api/session                  200 200 200 200 200 200 200 200 200
GET    /api/openapi.json             200 200 200 200 200 200 200 200 200
GET    /healthz                      200 200 200 200 200 200 200 200 200
GET    /sign-in                      200 200 200 200 200 200 200 200 200
GET    /                             401 200 200 401 401 401 200 401 401
GET    /cameras                      401 200 200 401 401 401 200 401 401
GET    /cameras/{id}                 401 200 403 401 401 401 200 401 401
GET    /doctor                       401 403 403 401 401 401 200 401 401
GET    /desk                         401 403 403 401 401 401 200 401 401
GET    /js/{file}                    200 200 200 200 200 200 200 200 200
GET    /{file}                       200 200 200 200 200 200 200 200 200
"""
BODIES: dict[str, Any] = {
    "POST /api/cameras": {"id": "a"},
    "POST /api/known": {"pictures": []},
    "PATCH /api/cameras/{id}/settings": {},
    "POST /api/shares": {},
    "PUT /api/password": {"password": None},
    "POST /api/session": {"secret": "own_guessed"},
}


class Crowd:
    """An archive that is private, with a frame of camera a, and everybody who may come to it."""

    def __init__(self, archive: Served) -> None:
        self.archive = archive
        self.frame: dict[str, Any] = {}
        self.shows: dict[str, dict[str, str]] = {}

    async def gather(self) -> None:
        """Make the frame, the keys and the links."""
        visitors = self.archive.app[keys.VISITORS]
        camera_keys = [await self._add(camera) for camera in ("a", "b")]
        await self._second_key("a")
        assert (await self.archive.send(jpeg(32, 24), key=camera_keys[0])).status == 201
        async with self.archive.owner() as owner, owner.get("/api/frames") as reply:
            self.frame = (await reply.json())["frames"][0]
        links = {
            who: await self._link(scope) for who, scope in {"viewer": EVERYTHING, "link": Scope(camera="a")}.items()
        }
        revoked, (_, secret) = await self._link(), await visitors.open_session("a browser", instead_of=None)
        await self._revoke_last()
        visitors.now_ms, now_ms = lambda: now_ms() - 2 * DAY_MS, visitors.now_ms
        expired = await self._link(expires_in_ms=DAY_MS)
        visitors.now_ms = now_ms
        name = visitors.cookie(is_https=False)
        self.shows = {
            "nobody": {},
            "viewer": {"Cookie": f"{name}-share={links['viewer']}"},
            "link": {"Cookie": f"{name}-share={links['link']}"},
            "camera A": {"Authorization": f"Bearer {camera_keys[0]}"},
            "camera B": {"Authorization": f"Bearer {camera_keys[1]}"},
            "pending": {"Authorization": f"Bearer {STRANGER_KEY}"},
            "owner": {"Cookie": f"{name}={secret}"},
            "revoked": {"Cookie": f"{name}-share={revoked}"},
            "expired": {"Cookie": f"{name}-share={expired}"},
        }

    async def ask(self, who: str, method: str, path: str) -> Reply:
        """The route at *path*, asked by *who*, as a browser on the archive's own page or as a camera."""
        self.archive.app[keys.TRIES]._left.clear()
        shown = dict(self.shows[who])
        if who == "owner":
            _, secret = await self.archive.app[keys.VISITORS].open_session("a browser", instead_of=None)
            shown = {"Cookie": f"{self.archive.app[keys.VISITORS].cookie(is_https=False)}={secret}"}
        options: dict[str, Any] = {"headers": {**shown, "Sec-Fetch-Site": "same-origin"}}
        if path in {"/api/frames", "/api/reports"} and method != "GET":
            is_frame = path == "/api/frames"
            options["headers"] |= head(camera="a") if is_frame else {"Camera-Report": f'boot="{"a" * 16}", number=1'}
            options["data"] = jpeg(16, 16, seed=len(who)) if is_frame else b""
        elif (key := f"{method} {path}") in BODIES:
            options["json"] = BODIES[key]
        async with self.archive.session.request(method, self._filled(method, path), **options) as reply:
            body = b"" if path == "/api/events" else await reply.read()
            return Reply(reply.status, reply.headers, body)

    def _filled(self, method: str, path: str) -> str:
        below = self.frame["url"].removeprefix("/photos/")
        part = {
            "/api/frames/{id}": {"id": self.frame["id"]},
            "/api/sessions/{id}": {"id": "0" * 16},
            "/api/cameras/{id}/keys/{key}": {"id": "a", "key": "f" * 8},
            "/js/{file}": {"file": "main.js"},
            "/{file}": {"file": "icon.svg"},
        }.get(path, {"id": "a", "path": below, "day": self.frame["taken_at"][:10], "key": "f" * 8, "no": 99})
        if (method, path) == ("DELETE", "/api/cameras/{id}/keys"):
            part = {"id": "nobody"}
        return path.format(**part)

    async def _add(self, camera: str) -> str:
        async with self.archive.owner() as owner, owner.post("/api/cameras", json={"id": camera}) as reply:
            return str((await reply.json())["key"])

    async def _second_key(self, camera: str) -> None:
        async with self.archive.owner() as owner, owner.post(f"/api/cameras/{camera}/keys") as reply:
            assert reply.status == 200

    async def _link(self, scope: Scope = EVERYTHING, *, expires_in_ms: int | None = None) -> str:
        visitors = self.archive.app[keys.VISITORS]
        ends = None if expires_in_ms is None else visitors.now_ms() + expires_in_ms
        secret, self.last = await visitors.share(scope, label="a test", expires_at_ms=ends)
        return secret

    async def _revoke_last(self) -> None:
        await self.archive.app[keys.VISITORS].revoke_share(self.last.no)


@pytest_asyncio.fixture(name="crowd", scope="module", loop_scope="module")
async def _crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Crowd]:
    async with serving(config_of(tmp_path_factory.mktemp("rights"), open_uploads=False, public=False)) as served:
        crowd = Crowd(served)
        await crowd.gather()
        yield crowd


def rows() -> list[tuple[str, str, list[int]]]:
    """The table: method, path, and an answer for each of `WHO`."""
    lines = [line.split() for line in TABLE.strip().splitlines()]
    return [(method, path, list(map(int, statuses))) for method, path, *statuses in lines]


async def test_every_route_is_in_the_table() -> None:
    """Who adds a route says for everybody what he may do there."""
    served = {
        (method, {"/{path:(?:js|css|icons)/[a-z0-9.-]+}": "/js/{file}"}.get(path, re.sub(r":[^}]*}", "}", path)))
        for _, method, path, _ in ROUTES
    }
    served = {(method, "/{file}" if path.startswith("/{path") else path) for method, path in served}

    assert {(method, path) for method, path, _ in rows()} == served


@pytest.mark.parametrize(("method", "path", "statuses"), rows(), ids=lambda value: value if "/" in str(value) else "")
async def test_everybody_gets_what_is_his(crowd: Crowd, method: str, path: str, statuses: list[int]) -> None:
    """A26: each route for each of them, and nothing of the archive in a refusal."""
    replies = {who: await crowd.ask(who, method, path) for who in WHO}

    assert {who: reply.status for who, reply in replies.items()} == dict(zip(WHO, statuses, strict=True))
    for reply in replies.values():
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        if reply.status in {401, 403}:
            assert crowd.frame["name"].encode() not in reply.body


async def test_a_link_to_one_camera_shows_no_other(crowd: Crowd) -> None:
    """What is asked for of another camera is refused, by name, by picture and by id; lists leave it out."""
    async with crowd.archive.owner() as owner:
        async with owner.post("/api/frames", data=jpeg(32, 24, seed=7), headers=head(camera="b")) as reply:
            assert reply.status == 201
        async with owner.get("/api/frames?camera=b") as reply:
            other = (await reply.json())["frames"][0]
    headers = crowd.shows["link"]

    lists = [await crowd.archive.ask(path, headers=headers) for path in ("/api/frames", "/api/photos", "/api/cameras")]
    closed = [
        await crowd.archive.ask(path, headers=headers)
        for path in (
            "/api/frames?camera=b",
            other["url"],
            other["thumbnail_url"],
            f"/api/frames/{other['id']}",
            "/api/days?camera=b",
            f"/api/cameras/b/slits/{other['taken_at'][:10]}",
        )
    ]
    log = await crowd.archive.ask("/api/changes?after=0", headers=headers)
    page = await crowd.archive.ask("/", headers=headers)

    assert [other["name"].encode() in reply.body for reply in (*lists, log, page)] == [False] * 5
    assert [crowd.frame["name"].encode() in reply.body for reply in (*lists[:2], log, page)] == [True] * 4
    assert [reply.status for reply in closed] == [403, 404, 404, 404, 403, 403]
    assert lists[2].json["cameras"][0]["status"] == {}
    assert [found["id"] for found in lists[2].json["cameras"]] == ["a"]


async def test_a_route_that_says_nothing_needs_the_owner(crowd: Crowd) -> None:
    """What is not in the table of needs is closed: by default nobody may."""
    needs = crowd.archive.app[keys.NEEDS]
    handler = next(handler for need, method, path, handler in ROUTES if (method, path) == ("GET", "/api/days"))
    without = {known: need for known, need in needs.items() if known is not handler}

    assert needs[handler].right is Right.SEE
    crowd.archive.app._state[keys.NEEDS] = without
    try:
        assert (await crowd.ask("viewer", "GET", "/api/days")).is_problem(403)
    finally:
        crowd.archive.app._state[keys.NEEDS] = needs
