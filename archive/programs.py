"""Other people's programs, run and watched."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

TAIL_LINES = 400
LINE_MAX_BYTES = 10_000


class Ended(NamedTuple):
    """How a program ended, and the last lines that it said."""

    status: int
    lines: list[str]


async def run(
    words: Sequence[str],
    say: Callable[[str], None],
    *,
    timeout_s: float | None = None,
    has_input: bool = False,
    farewell_s: float = 0.0,
) -> Ended:
    """Run a program to its end; each line of its output, errors included, to *say* as it comes.

    Raises TimeoutError after *timeout_s*, and OSError where there is no such program. However this is left, the program
    and what it started have ended; it is asked to, and has *farewell_s* for that. With *has_input* its input stays open
    and empty: some programs take its end for a wish to leave.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.PIPE if has_input else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is ours to hear; and what it started ends with it
    )
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    try:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        async with asyncio.timeout(timeout_s):
            async for line in _lines(process.stdout):
                tail.append(line)
                say(line)
            return Ended(await process.wait(), list(tail))
    finally:
        if process.returncode is None:
            await _end(process, farewell_s)


async def _end(process: asyncio.subprocess.Process, farewell_s: float) -> None:
    """Ended for certain, also when we are cancelled meanwhile: the session that it leads bears its id."""
    try:
        if farewell_s:
            os.killpg(process.pid, signal.SIGTERM)
            async with asyncio.timeout(farewell_s):
                await process.wait()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Also of a program that paints over one line with carriage returns: `readline` would gather those without end."""
    held = b""
    while data := await stream.read(65_536):
        *whole, held = re.split(rb"[\r\n]+", held + data)
        for line in filter(None, whole):
            yield line.decode("utf-8", "replace").rstrip()
        held = held[-LINE_MAX_BYTES:]
    if held:
        yield held.decode("utf-8", "replace").rstrip()
