"""What the log looks like: readable or JSON, without secrets, and without floods.

Everybody logs with `logging.getLogger(__name__)`; this is the one way those lines take to the standard error.
"""

from __future__ import annotations

import copy
import logging
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import ClassVar, Literal, Self, TextIO

import msgspec
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import EventDict, WrappedLogger

Form = Literal["text", "json"]

WINDOW_S = 60.0
BURST = 5  # lines of one cause before it counts as a flood; from then on it has one line a minute
MAX_CAUSES = 1000  # remembered; strangers must not fill our memory with them
NOISY = ("asyncio", "aiohttp.server", "alembic", "watchfiles")

# What is secret in a line of ours, of a library's or in a traceback: keys, tokens, passwords, cookies, sign-in links.
_SECRETS = (
    (re.compile(r"\bcam_([0-9a-f]{8})_[A-Za-z0-9_-]{10,}"), r"cam_\1_…"),
    (re.compile(r"(?i)\b((?:proxy-)?authorization|cookie)([\"']?\s*[:=,]\s*(?:b?[\"'])?)[^\"'\r\n]+"), r"\1\2…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 …"),
    (re.compile(r"(?i)([a-z_]*(?:token|password|secret))([\"']?\s*[:=,]\s*(?:b?[\"'])?)[^\s\"',;&]+"), r"\1\2…"),
    (re.compile(r"(/sign-in#|/s/)[A-Za-z0-9._~%+/=-]{8,}"), r"\1…"),
)


class Damper(logging.Filter):
    """Lets a cause speak five times a minute, and in a flood once a minute, with a count of what it swallowed.

    A cause is a logger, a level and a sentence without its numbers: what changes in it must not make it another.
    Debug lines were asked for, and all pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._causes: OrderedDict[tuple[str, int, str], _Cause] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether *record* is to be written; the first of a minute tells how many were not."""
        if record.levelno <= logging.DEBUG:
            return True
        now = self._clock()
        key = (record.name, record.levelno, _without_numbers(str(record.msg)))
        cause = self._causes.get(key)
        if cause is None:
            cause = self._causes[key] = _Cause(now)
            while len(self._causes) > MAX_CAUSES:
                self._causes.popitem(last=False)
        self._causes.move_to_end(key)
        if now - cause.since >= WINDOW_S:
            record.swallowed = cause.swallowed
            cause.begin(now)
            return True
        if cause.left > 0:
            cause.left -= 1
            return True
        cause.swallowed += 1
        cause.example = cause.example or _light(record)
        return False

    def overdue(self, *, at_end: bool = False) -> list[logging.LogRecord]:
        """A line of each cause whose minute is over and that swallowed some in it; each once."""
        now = self._clock()
        found = []
        for cause in self._causes.values():
            if cause.example is not None and (at_end or now - cause.since >= WINDOW_S):
                cause.example.swallowed = cause.swallowed - 1  # it is told itself
                found.append(cause.example)
                cause.begin(now)
        return found


class _Cause:
    """How much one cause has said in its minute."""

    __slots__ = ("example", "left", "since", "swallowed")

    def __init__(self, now: float) -> None:
        self.since = now
        self.left = BURST
        self.swallowed = 0
        self.example: logging.LogRecord | None = None

    def begin(self, now: float) -> None:
        """A new minute, its first line said; there are no others where some were swallowed in the last."""
        self.left = 0 if self.swallowed else BURST - 1
        self.since, self.swallowed, self.example = now, 0, None


def _light(record: logging.LogRecord) -> logging.LogRecord:
    """*record* without its traceback, which would hold on to all that a failed request had in its hands."""
    light = copy.copy(record)
    light.msg, light.args, light.exc_info = record.getMessage(), (), None
    return light


class Log:
    """The program's log from now on: every logger's lines, as text or JSON, damped and without secrets.

    At the end of its `with` block it tells what it has swallowed and not told.
    """

    def __init__(
        self,
        *,
        level: str,
        form: Form,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        stream = stream or sys.stderr
        self._secrets: Collection[str] = ()
        self._damper = Damper(clock)
        self._handler = logging.StreamHandler(stream)
        self._handler.addFilter(self._damper)
        self._handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    structlog.stdlib.add_logger_name,
                    structlog.stdlib.add_log_level,
                    structlog.processors.TimeStamper(fmt="iso", utc=form == "json"),
                    _count_swallowed,
                ],
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    # As plain text: richer tracebacks show the variables of every call, and those may be secrets.
                    structlog.processors.format_exc_info,
                    self._without_secrets,
                    _json if form == "json" else _Line(is_terminal=stream.isatty()),
                ],
            )
        )
        root = logging.getLogger()
        for old in root.handlers[:]:
            if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter):
                root.removeHandler(old)  # an earlier one of ours: there is one log
        root.addHandler(self._handler)
        for noisy in NOISY:
            logging.getLogger(noisy).setLevel(logging.WARNING)
        stranger = logging.getLogger("aiohttp.server")
        if _is_no_stranger not in stranger.filters:
            stranger.addFilter(_is_no_stranger)
        self.set_level(level)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.say_swallowed(at_end=True)

    def set_level(self, level: str) -> None:
        """From now on, lines of *level* and above."""
        logging.getLogger().setLevel(level.upper())

    def hide(self, *secrets: str) -> None:
        """Words that must not stand in the log, whatever says them: the secrets among the settings."""
        self._secrets = [secret for secret in secrets if secret]

    def say_swallowed(self, *, at_end: bool = False) -> None:
        """Tell what was swallowed by a flood that is over: to be called now and then, and at the end."""
        for record in self._damper.overdue(at_end=at_end):
            self._handler.emit(record)

    def _without_secrets(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        for name, said in event.items():
            text = str(said)
            for secret in self._secrets:
                text = text.replace(secret, "…")
            event[name] = without_secrets(text)
        return event


def without_secrets(text: str) -> str:
    """*text* with every key, token, password and cookie in it struck out."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return msgspec.json.encode(event).decode()


class _Line:
    """A line for people: when, how grave, who, what; a traceback below it."""

    COLOURS: ClassVar = {"critical": "\033[1;31m", "error": "\033[31m", "warning": "\033[33m"}

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> str:
        at, level = event["timestamp"][:19].replace("T", " "), event["level"]
        colour = self.COLOURS.get(level) if self._is_terminal else None
        shown = f"{colour}{level.upper()}\033[0m" if colour else level.upper()
        line = f"{at} {shown} {event['logger']}: {event['event']}"
        return f"{line}\n{event['exception']}" if "exception" in event else line


def _count_swallowed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Say how many like it there were."""
    if swallowed := getattr(event["_record"], "swallowed", 0):
        event["event"] = f"{event['event']} (… and {swallowed} more like it)"
    return event


def _without_numbers(message: str) -> str:
    return re.sub(r"0x[0-9a-f]+|\d+", "#", message.partition("\n")[0][:200])


def _is_no_stranger(record: logging.LogRecord) -> bool:
    """Aiohttp logs a traceback for everybody who comes by and speaks no HTTP: a log that strangers can fill."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
