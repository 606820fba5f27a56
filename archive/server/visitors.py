"""Who asks: the sessions, share links and sign-in links that are good just now, and whom a request shows itself to be.

All of it is in memory, hashed, so that a wrong secret costs the index nothing; the index has what must outlive us.
What a browser shows is looked up by its hash: how wrong a wrong one is changes nothing in how long that takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from typing import TypeGuard

import msgspec
from aiohttp import hdrs, web

from archive.errors import SessionNotFound, Unauthorized
from archive.index import Admission, Session, Share
from archive.rights import Right, Scope, Visitor
from archive.server import peer
from archive.server.door import Door
from archive.server.noting import NOTED_MS, Noting

DAY_MS = 86_400_000
IDLE_MS = 30 * DAY_MS  # an owner who did not come for so long signs in again
SESSION_MS = 180 * DAY_MS  # and so does everybody after that
LINK_MS = 15 * 60_000  # a sign-in link is good for so long, and for one browser
LINKS_MAX = 16
SESSIONS_MAX = 100  # the one not used for longest goes first
BROWSER_CHARACTERS = 160  # it comes last of what they say they are

OWNER = Visitor(right=Right.RUN)
NOBODY = Visitor()
READER = Visitor(right=Right.SEE_ALL)  # anybody, where the archive is public


def digest_of(secret: str) -> bytes:
    """What is kept of a secret. A plain hash is enough: all of them are 256 random bits of ours."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).digest()  # a cookie may be any bytes


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Visitors:
    """Knows who may come in, and who is inside."""

    def __init__(self, admission: Admission, door: Door, *, archive_id: str, is_public: Callable[[], bool]) -> None:
        self._admission = admission
        self._door = door
        self._is_public = is_public
        self._sessions: dict[bytes, Session] = {}
        self._shares: dict[bytes, Share] = {}
        self._links: dict[bytes, int] = {}  # until when each is good
        self._inside: dict[bytes, set[Callable[[], None]]] = {}
        self._noting = Noting("session")
        self._cookie = f"archive-{archive_id[:8]}"  # archives on other ports of this machine share its cookies
        self.now_ms: Callable[[], int] = now_ms

    async def load(self) -> None:
        """Learn what the index has."""
        self._sessions = {session.sha256: session for session in await self._admission.sessions()}
        self._shares = {share.sha256: share for share in await self._admission.shares()}
        await self._sweep()

    async def close(self) -> None:
        """Wait for what is being noted."""
        await self._noting.close()

    # -- whom a request shows itself to be

    def of(self, request: web.Request) -> Visitor:
        """Who asks. A secret that is not (or no longer) good is none."""
        if peer.is_owner(request):
            return OWNER
        if hdrs.COOKIE in request.headers:
            cookies, is_https = request.cookies, peer.is_https(request, self._door)
            if (secret := cookies.get(self.cookie(is_https=is_https))) and (owner := self._owner(digest_of(secret))):
                return owner
            if (secret := cookies.get(self.cookie(is_https=is_https, is_share=True))) and (
                self.is_good(share := self._shares.get(digest_of(secret)))
            ):
                return self.guest(share)
        return READER if self._is_public() else NOBODY

    def cookie(self, *, is_https: bool, is_share: bool = False) -> str:
        """The name of the cookie. With the prefix a browser takes it only over TLS, and from no other host."""
        return f"{'__Host-' if is_https else ''}{self._cookie}{'-share' if is_share else ''}"

    def _owner(self, digest: bytes) -> Visitor | None:
        session = self._sessions.get(digest)
        if session is None or self._ends_at_ms(session) <= (now := self.now_ms()):
            return None
        if now - session.used_at_ms >= NOTED_MS:
            self._sessions[digest] = msgspec.structs.replace(session, used_at_ms=now)
            self._noting.begin(self._admission.use_session(digest, now))
        return self._as_owner(session)

    @staticmethod
    def _as_owner(session: Session) -> Visitor:
        return Visitor(right=Right.RUN, mark=session.sha256, ends_at_ms=session.created_at_ms + SESSION_MS)

    @staticmethod
    def guest(share: Share) -> Visitor:
        """Who comes by that share link, while it is good."""
        return Visitor(
            right=Right.SEE_ALL if share.scope.is_all else Right.SEE,
            scope=share.scope,
            mark=share.sha256,
            ends_at_ms=share.expires_at_ms,
            share=share.label,
        )

    def is_good(self, share: Share | None) -> TypeGuard[Share]:
        """Whether there is such a share link and it lets anybody in just now."""
        return (
            share is not None
            and share.revoked_at_ms is None
            and (share.expires_at_ms is None or share.expires_at_ms > self.now_ms())
        )

    @staticmethod
    def _ends_at_ms(session: Session) -> int:
        return min(session.used_at_ms + IDLE_MS, session.created_at_ms + SESSION_MS)

    # -- coming in

    def invite(self) -> str:
        """A secret that makes one browser the owner's, within a quarter of an hour."""
        now = self.now_ms()
        self._links = {digest: until for digest, until in self._links.items() if until > now}
        while len(self._links) >= LINKS_MAX:
            self._links.pop(next(iter(self._links)))
        secret = f"own_{secrets.token_urlsafe(32)}"
        self._links[digest_of(secret)] = now + LINK_MS
        return secret

    def is_invited(self, secret: str) -> bool:
        """Whether a sign-in link is good; it is not any more after this."""
        return self._links.pop(digest_of(secret), 0) > self.now_ms()

    def share_of(self, secret: str) -> Share:
        """The share link of that secret. Raises Unauthorized."""
        share = self._shares.get(digest_of(secret))
        if not self.is_good(share):
            raise Unauthorized("this link has ended, or was never one of this archive; ask its owner for another")
        return share

    async def open_session(self, browser: str, *, instead_of: bytes | None) -> tuple[Visitor, str]:
        """A new session of the owner's and its secret, for a cookie; what was shown before is good no more."""
        now = self.now_ms()
        secret = f"ses_{secrets.token_urlsafe(32)}"
        plain = browser.encode("ascii", "replace").decode()  # what is no text would fail the index's whole group
        session = Session(
            sha256=digest_of(secret), created_at_ms=now, used_at_ms=now, browser=plain[:BROWSER_CHARACTERS]
        )
        await self._admission.open_session(session)
        self._sessions[session.sha256] = session
        if instead_of is not None:
            await self._end([instead_of])
        await self._sweep()
        return self._as_owner(session), secret

    # -- the sessions there are

    @property
    def sessions(self) -> list[Session]:
        """The owner's sessions that are good, the one used last first."""
        now = self.now_ms()
        good = [session for session in self._sessions.values() if self._ends_at_ms(session) > now]
        return sorted(good, key=lambda session: session.used_at_ms, reverse=True)

    async def end_session(self, name: str) -> None:
        """End the session whose digest begins with *name*. Raises SessionNotFound."""
        found = [digest for digest in self._sessions if digest.hex().startswith(name)] if len(name) >= 16 else []
        if not found:
            raise SessionNotFound("no browser is signed in by that name; the list has those that are")
        await self._end(found)

    async def end_sessions(self, *, but: bytes | None = None) -> int:
        """End all sessions, but for one; how many."""
        found = [digest for digest in self._sessions if digest != but]
        await self._end(found)
        return len(found)

    async def _end(self, digests: list[bytes]) -> None:
        for digest in digests:
            self._sessions.pop(digest, None)
            self._turn_out(digest)
        await self._admission.end_sessions(digests)

    async def _sweep(self) -> None:
        good = {session.sha256 for session in self.sessions[:SESSIONS_MAX]}
        if over := [digest for digest in self._sessions if digest not in good]:
            await self._end(over)

    # -- sharing

    @property
    def shares(self) -> list[Share]:
        """Every share link, the newest first."""
        return sorted(self._shares.values(), key=lambda share: share.no, reverse=True)

    async def share(self, scope: Scope, *, label: str, expires_at_ms: int | None) -> tuple[str, Share]:
        """A new share link: its secret, which is nowhere else, and what is kept of it."""
        secret = f"see_{secrets.token_urlsafe(32)}"
        share = Share(
            sha256=digest_of(secret),
            label=label,
            scope=scope,
            created_at_ms=self.now_ms(),
            expires_at_ms=expires_at_ms,
        )
        share = msgspec.structs.replace(share, no=await self._admission.add_share(share))
        self._shares[share.sha256] = share
        return secret, share

    async def revoke_share(self, no: int) -> None:
        """End a share link, and whoever watches by it. Raises ShareNotFound."""
        now = self.now_ms()
        await self._admission.revoke_share(no, now)
        for digest, share in self._shares.items():
            if share.no == no:
                self._shares[digest] = msgspec.structs.replace(share, revoked_at_ms=now)
                self._turn_out(digest)
                return

    # -- being inside

    @contextlib.contextmanager
    def inside(self, visitor: Visitor, leave: Callable[[], None]) -> Iterator[None]:
        """*leave* is called once the visitor's right ends while this lasts: revoked, signed out or run out."""
        if visitor.mark is None:
            yield
            return
        mark = visitor.mark
        self._inside.setdefault(mark, set()).add(leave)
        timer = None
        if visitor.ends_at_ms is not None:
            left_s = max(0, visitor.ends_at_ms - self.now_ms()) / 1000
            timer = asyncio.get_running_loop().call_later(left_s, leave)
        if not self._is_in(mark):  # it has ended while he was on his way in
            leave()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            leaving = self._inside.get(mark)
            if leaving is not None:
                leaving.discard(leave)
                if not leaving:
                    del self._inside[mark]

    def _is_in(self, mark: bytes) -> bool:
        session = self._sessions.get(mark)
        return self.is_good(self._shares.get(mark)) if session is None else self._ends_at_ms(session) > self.now_ms()

    def _turn_out(self, mark: bytes) -> None:
        for leave in list(self._inside.get(mark, ())):
            leave()
