"""Share links: what the owner lets others see, for how long, and taking it back."""

from __future__ import annotations

import msgspec
from aiohttp import web

from archive.errors import Malformed
from archive.frame import camera_id, unix_ms
from archive.rights import Scope
from archive.server import answers, keys, queries
from archive.server.catalog import answer


async def shares(request: web.Request) -> web.Response:
    """Every share link there was, the newest first."""
    visitors = request.app[keys.VISITORS]
    return answer(
        answers.SharesAnswer(
            shares=[answers.share_answer(share, is_good=visitors.is_good(share)) for share in visitors.shares]
        )
    )


async def share(request: web.Request) -> web.Response:
    """Make a share link; its secret is in this answer and nowhere else."""
    try:
        wanted = msgspec.json.decode(await request.read(), type=answers.NewShare)
        scope = Scope(
            camera=None if wanted.camera is None else camera_id(wanted.camera),
            after_ms=None if wanted.after is None else unix_ms(wanted.after),
            before_ms=None if wanted.before is None else unix_ms(wanted.before),
        )
        expires_at_ms = None if wanted.expires_at is None else unix_ms(wanted.expires_at)
    except (msgspec.DecodeError, OverflowError, ValueError) as error:
        raise Malformed(f'a share link is described as {{"camera": "garden", "expires_at": "…Z"}}: {error}') from error
    if any(at is not None and at.tzinfo is None for at in (wanted.after, wanted.before, wanted.expires_at)):
        raise Malformed("times of a share link are such as 2026-11-22T13:00:00Z, with their zone")
    if scope.after_ms is not None and scope.before_ms is not None and scope.after_ms >= scope.before_ms:
        raise Malformed("the span of a share link ends before it begins")
    visitors = request.app[keys.VISITORS]
    if expires_at_ms is not None and expires_at_ms <= visitors.now_ms():
        raise Malformed("this share link would have ended before it is made")
    secret, made = await visitors.share(scope, label=wanted.label.strip(), expires_at_ms=expires_at_ms)
    return answer(answers.ShareMade(share=answers.share_answer(made, is_good=True), secret=secret))


async def revoke(request: web.Request) -> web.Response:
    """End a share link; who watches by it is turned out at once."""
    no = queries.number(request.match_info, "no", 0, 1, 2**62)
    await request.app[keys.VISITORS].revoke_share(no)
    return web.Response(status=204)
