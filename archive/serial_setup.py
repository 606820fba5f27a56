"""Setting a camera up over its serial port: lines in the grammar of the contract's fields, each answered by one.

`firmware/src/core/Setup.h` is the other end. No answer holds a secret, and none is logged here.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import serialx

from archive import fields
from archive.errors import ArchiveError, ConfigError, Malformed
from archive.fields import Scalar

BAUD = 115_200
ANSWER_S = 3.0  # a camera answers within milliseconds; one that starts just now, a little later
QUIET_S = 0.3  # after so long nothing more comes that was asked for earlier
AWAKE_S = 40.0  # from a flash or a restart until it answers: it may have to look for its sensor first
PIECE_BYTES = 300  # of a root certificate: a line has at most 512 characters
ROOTS_MAX = 2


class CameraSilent(ArchiveError):
    """No camera of ours answers on the serial port."""


class SetupRefused(ArchiveError):
    """The camera will not take what it was told; its own sentence says why."""


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What a camera is told once. What is None stays as it is."""

    ssid: str | None = None
    password: str = ""
    server_url: str | None = None
    key: str = ""
    joins: bool = False  # it shall show a key of its own, and no other that somebody gave it before
    id: str | None = None
    board: str | None = None
    roots: tuple[bytes, ...] = ()  # certificates in DER, for an https address


class SerialSetup:
    """The line to one camera, on *port*. Reconnects when the camera restarts; *on_log* hears what else it says."""

    def __init__(self, port: str, *, on_log: Callable[[str], None] = lambda _: None) -> None:
        self.port = port
        self._on_log = on_log
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._is_owed = False  # an answer that came too late may still come

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hang_up()

    async def wait_for_camera(self, *, patience_s: float = AWAKE_S) -> Mapping[str, Scalar]:
        """What the camera says of itself, once it answers. Raises CameraSilent."""
        why = "nothing came back"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        while (left := deadline - loop.time()) > 0:
            try:
                return await self._ask("status", min(ANSWER_S, left))
            except OSError as exc:  # it restarts, and its port with it
                why = exc.strerror or str(exc)
                await self._hang_up()
                await asyncio.sleep(min(0.2, left))
            except TimeoutError:
                continue
        raise CameraSilent(
            f"no camera answers on {self.port} ({why}). Is it this port, and is our firmware on it? On a board with "
            "two sockets try the one marked USB, not UART; tap RESET and try again"
        )

    async def install(self, what: Installation) -> None:
        """Tell the camera all of it, and commit. Raises SetupRefused, CameraSilent; then nothing of it counts."""
        if what.ssid is not None:
            await self._tell("wifi", {"ssid": what.ssid, **({"password": what.password} if what.password else {})})
        for number, der in enumerate(what.roots, 1):
            for at in range(0, len(der), PIECE_BYTES):
                await self._tell("root", {"number": number, "at": at, "der": der[at : at + PIECE_BYTES]})
        if what.server_url is not None:
            ends_key = what.joins and (await self.wait_for_camera()).get("has_key")
            await self._tell("server", {"url": what.server_url, **({"key": what.key} if what.key or ends_key else {})})
        named = {key: value for key, value in (("id", what.id), ("board", what.board)) if value is not None}
        if named:
            await self._tell("camera", named)
        await self._tell("commit", {})

    async def _tell(self, word: str, members: Mapping[str, Scalar | bytes]) -> None:
        line = fields.render_line(word, members)
        try:
            await self._ask(line, 4 * ANSWER_S)
        except TimeoutError as exc:
            raise CameraSilent(f"the camera on {self.port} no longer answers; tap RESET and try again") from exc
        except OSError as exc:
            raise CameraSilent(f"the camera on {self.port} went away while it was set up: {exc.strerror}") from exc

    async def _ask(self, line: str, timeout_s: float) -> Mapping[str, Scalar]:
        """The camera's answer to *line*. Raises SetupRefused, TimeoutError, OSError."""
        async with asyncio.timeout(timeout_s):
            reader, writer = await self._connected()
            if self._is_owed:
                await self._drain(reader)
            self._is_owed = True
            writer.write(line.encode("ascii") + b"\n")
            await writer.drain()
            while raw := await reader.readline():
                said = raw.decode("utf-8", "replace").strip()
                word, _, members = said.partition(" ")
                if word in {"ok", "error"}:
                    self._is_owed = False
                if word == "ok":
                    return _members(members)
                if word == "error":
                    raise SetupRefused(
                        f"the camera refused `{line.partition(' ')[0]}`: {_members(members).get('reason', '')}"
                    )
                if said:
                    self._on_log(said)
        raise OSError(None, "the port was closed")

    async def _drain(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(TimeoutError):
            while raw := await asyncio.wait_for(reader.readline(), QUIET_S):
                self._on_log(raw.decode("utf-8", "replace").strip())

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await serialx.open_serial_connection(url=self.port, baudrate=BAUD)
            self._writer.write(b"\n")  # ends what half a line may have been left behind
        return self._reader, self._writer

    async def _hang_up(self) -> None:
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.close()
                await writer.wait_closed()


def read_roots(path: Path) -> tuple[bytes, ...]:
    """The one or two certificates in a PEM file, in DER. Raises ConfigError."""
    try:
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path} cannot be read as PEM: {exc}") from exc
    end = "-----END CERTIFICATE-----"
    blocks = [block[block.index("-----BEGIN") :] + end for block in text.split(end) if "-----BEGIN CERT" in block]
    if not 1 <= len(blocks) <= ROOTS_MAX:
        raise ConfigError(
            f"{path} holds {len(blocks)} certificates; a camera trusts one root, or two for a change-over"
        )
    try:
        roots = tuple(ssl.PEM_cert_to_DER_cert(block) for block in blocks)
        for der in roots:
            ssl.create_default_context(cadata=der)
    except (ValueError, ssl.SSLError) as exc:
        raise ConfigError(f"{path} holds no certificate that can be read: {exc}") from exc
    return roots


def _members(text: str) -> Mapping[str, Scalar]:
    try:
        return fields.parse_line(text)
    except Malformed:  # a line of log that begins like an answer
        return {}
