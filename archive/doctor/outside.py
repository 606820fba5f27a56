"""The doctor outside: a camera and a viewer at the address that people and cameras use, step by step inwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import msgspec
from yarl import URL

from archive.doctor.asking import Asker
from archive.doctor.findings import found
from archive.doctor.looking import Looked, Told, step
from archive.doctor.reaching import Reached, connect, look_up, shake_hands
from archive.doctor.sending import Door, Sent, announce, knock, send
from archive.doctor.viewing import AT_ONCE_S, enter, fetch, judge, listening, open_page, try_rights
from archive.errors import ConfigError

Belongs = Callable[[Sent], Awaitable[bool]]


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What the doctor is to look at from outside, and with what right."""

    url: URL
    key: str | None = None  # a camera's
    may_send: bool = True
    roots: Sequence[bytes] = ()  # in DER; without any, those that this computer trusts
    max_frame_bytes: int = 16 * 2**20
    invite: Callable[[], Awaitable[str]] | None = None  # makes a share link for who may not see without; its secret
    patience_s: float = 10.0  # with a name, a connection, a handshake
    at_once_s: float = AT_ONCE_S  # within which a stream must begin, and tell of a frame
    belongs: Belongs | None = None  # whether a frame that was kept is in the archive that is meant


def address(text: str) -> URL:
    """*text* as the address of an archive. Raises ConfigError."""
    try:
        url = URL(text if "://" in text else f"http://{text}")
        is_good = url.scheme in ("http", "https") and bool(url.host) and url.port is not None and " " not in text
    except ValueError:
        url, is_good = URL(), False
    if not is_good:
        raise ConfigError(f"{text!r} is no address; use one such as http://archive.local:5555")
    return url


async def visit(asked: Visit) -> AsyncIterator[Told]:
    """Everything that can be found from outside. Stops where going on would only tell the same again."""
    reached, taken = Reached(asked.url, asked.patience_s), list[Looked]()
    ways: list[tuple[str, Callable[[], Awaitable[Looked]]]] = [
        ("name", lambda: look_up(reached)),
        ("connection", lambda: connect(reached)),
    ]
    if asked.url.scheme == "https":
        ways.append(("certificate", lambda: shake_hands(reached, asked.roots)))
    for name, way in ways:
        async for told in step(name, way, taken):
            yield told
        if not taken[-1].may_go_on:
            return
    async with Asker(reached) as asker:
        async for told in _talk(asked, asker, taken):
            yield told


async def _talk(asked: Visit, asker: Asker, taken: list[Looked]) -> AsyncIterator[Told]:
    door = Door(asked.url.join(URL("/api/frames")))
    async for told in step("answer", lambda: knock(asker, door), taken):
        yield told
    if not taken[-1].may_go_on:
        return
    base = door.url.origin()
    ways: list[tuple[str, Callable[[], Awaitable[Looked]]]] = [
        ("size", lambda: announce(asker, door, asked.max_frame_bytes)),
        ("rights", lambda: try_rights(asker, base, door)),
    ]
    for name, way in ways:
        async for told in step(name, way, taken):
            yield told
    right: Mapping[str, str] = {}
    if not door.is_public and asked.invite is not None:
        right = await enter(asker, base, await asked.invite())
    if not door.is_public and not right:
        yield found("sees-nothing" if asked.invite is None else "link-refused")
    async for told in step("page", lambda: open_page(asker, base, right), taken):
        yield told
    async for told in _exchange(asked, asker, door, right, taken):
        yield told


async def _exchange(
    asked: Visit, asker: Asker, door: Door, right: Mapping[str, str], taken: list[Looked]
) -> AsyncIterator[Told]:
    """Frames in, and out again by picture and by event."""
    base, sent = door.url.origin(), list[Sent]()
    async with listening(asker, base, right) as heard:
        if asked.may_send and (asked.key is not None or door.is_open):
            async for told in step("sending", lambda: _send(asked, asker, door, sent), taken):
                yield told
        else:
            yield found("key-not-given")
        if not door.is_public and not right:
            return
        if sent:
            async for told in step("pictures", lambda: fetch(asker, base, sent, right), taken):
                yield told
        async for told in step(
            "events",
            lambda: judge(asker, base, right, heard, expects_frame=bool(sent), at_once_s=asked.at_once_s),
            taken,
        ):
            yield told


async def _send(asked: Visit, asker: Asker, door: Door, sent: list[Sent]) -> Looked:
    looked = await send(asker, door, asked.key, sent)
    if asked.belongs is not None:  # the key is of the archive that is meant, so who does not know it is another
        looked.findings = [
            found("other-archive", one.seen) if one.id == "key-refused" else one for one in looked.findings
        ]
    if sent and asked.belongs is not None and not await asked.belongs(sent[0]):
        looked.findings.append(
            found("other-archive", f"frame {sent[0].number} of boot {sent[0].boot} is not in the folder")
        )
    return looked
