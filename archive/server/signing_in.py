"""Signing in and out, the owner's password, and the browsers in which the owner is signed in."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from archive.errors import LengthRequired, Malformed, TooLarge, TooSlow, Unauthorized
from archive.frame import utc
from archive.index import Share
from archive.rights import Right, Visitor
from archive.server import answers, keys, peer
from archive.server.catalog import answer
from archive.server.visitors import NOBODY, SESSION_MS

TRIES_PER_MINUTE = 5  # that fail, from one address (OWASP ASVS 5.0, 6.3.1)
TRIED_TOO_OFTEN = "too many tries to sign in; wait a minute"
COOKIE_S = SESSION_MS // 1000

BODY_MAX_BYTES = 4096
BODY_S = 10.0

T = TypeVar("T", bound=msgspec.Struct)


async def show(request: web.Request) -> web.Response:
    """Who this browser is, and what it may do."""
    return answer(visit(request))


def visit(request: web.Request) -> answers.Visit:
    """Who asks, as he is told it."""
    visitor: Visitor = request[keys.VISITOR]
    joining = len(request.app[keys.WAITING].cameras) if visitor.right is Right.RUN else 0
    return answers.visit(visitor, joining=joining)


async def sign_in(request: web.Request) -> web.Response:
    """With the secret of a sign-in link or the password, a session of the owner's; with a share link's, its view.

    What the browser shows from then on comes as a cookie. Only tries that fail are counted. A secret is looked at
    first: nobody guesses it, and who has it is not kept out by others who try at his address, or at his tunnel's.
    """
    wanted = await _body(request, answers.SignIn)
    if wanted.secret is None:
        return await _enter_by_password(request, wanted.password or "")
    try:
        if wanted.secret.startswith("see_"):
            return _enter_as_guest(request, wanted.secret)
        _require_invited(request, wanted.secret)
    except Unauthorized:
        request.app[keys.TRIES].take(_home(request), what=TRIED_TOO_OFTEN)
        raise
    return await _enter_as_owner(request)


def _enter_as_guest(request: web.Request, secret: str) -> web.Response:
    visitors = request.app[keys.VISITORS]
    share: Share = visitors.share_of(secret)
    ends_at_ms = share.expires_at_ms
    left_s = COOKIE_S if ends_at_ms is None else max(1, (ends_at_ms - visitors.now_ms()) // 1000)
    response = answer(answers.visit(visitors.guest(share)))
    _set_cookie(request, response, secret, min(COOKIE_S, left_s), is_share=True)
    return response


def _require_invited(request: web.Request, secret: str) -> None:
    if not request.app[keys.VISITORS].is_invited(secret):
        raise Unauthorized("this sign-in link was used or is too old; `archive link` makes another")


async def _enter_by_password(request: web.Request, password: str) -> web.Response:
    tries, who = request.app[keys.TRIES], _home(request)
    passwords, admission = request.app[keys.PASSWORDS], request.app[keys.INDEX].admission
    tries.take(who, what=TRIED_TOO_OFTEN)
    kept = await admission.password()
    await passwords.prove(kept, password)
    async with passwords.changing:
        if await admission.password() != kept:
            raise Unauthorized("the password was changed meanwhile; sign in with the new one")
        tries.give(who)
        return await _enter_as_owner(request)


async def _enter_as_owner(request: web.Request) -> web.Response:
    app, visitors = request.app, request.app[keys.VISITORS]
    before: Visitor = request[keys.VISITOR]
    owner, secret = await visitors.open_session(
        request.headers.get(hdrs.USER_AGENT, ""), instead_of=before.mark if before.right is Right.RUN else None
    )
    response = answer(answers.visit(owner, joining=len(app[keys.WAITING].cameras)))
    _set_cookie(request, response, secret, COOKIE_S)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End this browser's session; the cookie of a share link is taken back too."""
    visitor: Visitor = request[keys.VISITOR]
    visitors = request.app[keys.VISITORS]
    if visitor.right is Right.RUN and visitor.mark is not None:
        await visitors.end_session(visitor.mark.hex())
    response = answer(answers.visit(NOBODY))
    for is_share in (False, True):
        _set_cookie(request, response, "", 0, is_share=is_share)
    return response


async def make_link(request: web.Request) -> web.Response:
    """A secret that makes one browser the owner's; shown here and nowhere else."""
    return answer(answers.Invitation(secret=request.app[keys.VISITORS].invite()))


async def set_password(request: web.Request) -> web.Response:
    """Set the owner's password, or with null take it away. Every other browser must sign in again."""
    wanted = await _body(request, answers.NewPassword)
    visitor: Visitor = request[keys.VISITOR]
    passwords = request.app[keys.PASSWORDS]
    hashed = None if wanted.password is None else await passwords.hashed(wanted.password)
    async with passwords.changing:
        await request.app[keys.INDEX].admission.set_password(hashed)
        ended = await request.app[keys.VISITORS].end_sessions(but=visitor.mark)
    return answer(answers.PasswordSet(is_set=hashed is not None, ended=ended))


async def sessions(request: web.Request) -> web.Response:
    """The browsers in which the owner is signed in, the one used last first."""
    visitor: Visitor = request[keys.VISITOR]
    return answer(
        answers.SessionsAnswer(
            sessions=[
                answers.SessionAnswer(
                    id=session.sha256.hex()[:16],
                    browser=session.browser,
                    is_this=session.sha256 == visitor.mark,
                    created_at=utc(session.created_at_ms),
                    used_at=utc(session.used_at_ms),
                )
                for session in request.app[keys.VISITORS].sessions
            ],
            has_password=await request.app[keys.INDEX].admission.password() is not None,
        )
    )


async def end_session(request: web.Request) -> web.Response:
    """Sign one browser out."""
    await request.app[keys.VISITORS].end_session(request.match_info["id"])
    return web.Response(status=204)


def _home(request: web.Request) -> str:
    """Whose tries are counted together: an address, or a home's IPv6 network, which has as many as it likes."""
    address = peer.address_of(request, request.app[keys.DOOR])
    return str(address) if address.version == 4 else address.exploded[:19]


def _set_cookie(
    request: web.Request, response: web.Response, value: str, max_age_s: int, *, is_share: bool = False
) -> None:
    is_https = peer.is_https(request, request.app[keys.DOOR])
    response.set_cookie(
        request.app[keys.VISITORS].cookie(is_https=is_https, is_share=is_share),
        value,
        max_age=max_age_s,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="Lax",
    )


async def _body(request: web.Request, kind: type[T]) -> T:
    """What the body says. Anybody may send one, so it holds little of memory, and not for long."""
    if request.content_length is None:
        raise LengthRequired("say how long this is with Content-Length; chunked bodies are not taken")
    if request.content_length > BODY_MAX_BYTES:
        raise TooLarge(f"{request.content_length} bytes are more than a password or a link can have")
    try:
        async with asyncio.timeout(BODY_S):
            body = await request.read()
        return msgspec.json.decode(body, type=kind)
    except TimeoutError:
        raise TooSlow(f"{request.content_length} bytes took longer than {BODY_S:.0f} s; ask again") from None
    except msgspec.DecodeError as error:
        raise Malformed(f"this is not what was expected here; /api/openapi.json says what is: {error}") from error
