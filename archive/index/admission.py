"""Who is let in, in SQL: sessions, share links and the owner's password. Only hashes are here; no secret is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from archive.errors import ShareNotFound
from archive.index.base import Session, Share
from archive.index.tables import archive, keys, sessions, shares
from archive.rights import Scope

T = TypeVar("T")


class Read(Protocol):
    """How a question is asked in a thread of readers."""

    def __call__(self, ask: Callable[[Connection], T]) -> Awaitable[T]: ...


class Write(Protocol):
    """How a change is made by the one writer."""

    def __call__(self, call: Callable[[Connection, Any, Any], T]) -> Awaitable[T]: ...


class SqlAdmission:
    """The admission of the index in SQL; its owner gives it a reader and a writer."""

    def __init__(self, read: Read, write: Write) -> None:
        self._read = read
        self._write = write

    async def password(self) -> str | None:
        return await self._read(lambda connection: connection.scalar(select(archive.c.password)))

    async def set_password(self, argon2id: str | None) -> None:
        def write(connection: Connection, *_: object) -> None:
            connection.execute(update(archive).values(password=argon2id))

        await self._write(write)

    async def sessions(self) -> list[Session]:
        def ask(connection: Connection) -> list[Session]:
            return [Session(**row._asdict()) for row in connection.execute(select(sessions))]

        return await self._read(ask)

    async def open_session(self, session: Session) -> None:
        def write(connection: Connection, *_: object) -> None:
            connection.execute(
                insert(sessions).values(
                    sha256=session.sha256,
                    created_at_ms=session.created_at_ms,
                    used_at_ms=session.used_at_ms,
                    browser=session.browser,
                )
            )

        await self._write(write)

    async def use_session(self, sha256: bytes, at_ms: int) -> None:
        def write(connection: Connection, *_: object) -> None:
            connection.execute(update(sessions).where(sessions.c.sha256 == sha256).values(used_at_ms=at_ms))

        await self._write(write)

    async def end_sessions(self, digests: list[bytes]) -> None:
        def write(connection: Connection, *_: object) -> None:
            connection.execute(delete(sessions).where(sessions.c.sha256.in_(digests)))

        await self._write(write)

    async def shares(self) -> list[Share]:
        def ask(connection: Connection) -> list[Share]:
            return [
                Share(
                    no=row.no,
                    sha256=row.sha256,
                    label=row.label,
                    scope=Scope(camera=row.camera, after_ms=row.after_ms, before_ms=row.before_ms),
                    created_at_ms=row.created_at_ms,
                    expires_at_ms=row.expires_at_ms,
                    revoked_at_ms=row.revoked_at_ms,
                )
                for row in connection.execute(select(shares).order_by(shares.c.no))
            ]

        return await self._read(ask)

    async def add_share(self, share: Share) -> int:
        def write(connection: Connection, *_: object) -> int:
            made = connection.execute(
                insert(shares).values(
                    sha256=share.sha256,
                    label=share.label,
                    camera=share.scope.camera,
                    after_ms=share.scope.after_ms,
                    before_ms=share.scope.before_ms,
                    created_at_ms=share.created_at_ms,
                    expires_at_ms=share.expires_at_ms,
                )
            )
            no: int = made.inserted_primary_key[0]  # type: ignore[index]  # one row was inserted
            return no

        return await self._write(write)

    async def revoke_share(self, no: int, at_ms: int) -> None:
        def write(connection: Connection, *_: object) -> None:
            question = update(shares).where(shares.c.no == no, shares.c.revoked_at_ms.is_(None))
            if not connection.execute(question.values(revoked_at_ms=at_ms)).rowcount:
                raise ShareNotFound(f"there is no share link {no} that is still good")

        await self._write(write)

    async def use_key(self, prefix: str, at_ms: int) -> None:
        def write(connection: Connection, *_: object) -> None:
            connection.execute(update(keys).where(keys.c.prefix == prefix).values(used_at_ms=at_ms))

        await self._write(write)
