"""The owner's password: hashed by argon2id, one at a time, and guessed only so often."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from archive.errors import Malformed, Unauthorized
from archive.server.limits import Limit

MIN_CHARACTERS = 8
MAX_CHARACTERS = 256
GUESSES_PER_MINUTE = 60  # from all addresses together: each costs 64 MiB and a good part of a second

# The hash of no password, with the parameters of those that are: compared with where none is set, so that nobody can
# tell by the time it takes.
NONE = f"$argon2id$v=19$m=65536,t=3,p=4${'A' * 22}${'A' * 43}"


class Passwords:
    """Hashes and compares, outside the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()  # RFC 9106's second recommendation: 64 MiB, three passes
        self._hashing = asyncio.Semaphore(1)
        self.changing = asyncio.Lock()  # held while another is set, and while one that was proven opens a session
        self._guesses = Limit(GUESSES_PER_MINUTE / 60, GUESSES_PER_MINUTE)

    async def hashed(self, password: str) -> str:
        """What is kept of *password*. Raises Malformed for one that is too short or too long."""
        if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
            raise Malformed(f"a password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters")
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def prove(self, kept: str | None, password: str) -> None:
        """Raises Unauthorized unless *password* is that of *kept*; TooOften when it is guessed at too often."""
        self._guesses.take("everybody", what="too many tries to sign in, from everywhere; wait a minute")
        async with self._hashing:
            is_right = await asyncio.to_thread(self._is_right, kept, password[:MAX_CHARACTERS])
        if not is_right:
            raise Unauthorized("this is not the password; `archive link` makes a link to sign in with")
        self._guesses.give("everybody")

    def _is_right(self, kept: str | None, password: str) -> bool:
        try:
            self._hasher.verify(kept if kept is not None else NONE, password)
        except (Argon2Error, InvalidHashError):
            return False
        return kept is not None
