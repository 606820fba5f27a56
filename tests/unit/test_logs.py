"""The log is readable or JSON, says each thing once a minute in a flood, and holds no secret."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from aiohttp.http_exceptions import BadStatusLine

from archive.logs import BURST, MAX_CAUSES, WINDOW_S, Form, Log, without_secrets
from archive.server.auth import mint

SECRETS = {
    "a camera's key": (mint("garden")[0], "the key {} is not known here"),
    "a bearer token": ("eyJhbGciOi.J9-dQw4w9WgXcQ", "GET /metrics with Bearer {}"),
    "an Authorization field": ("dXNlcjpwYXNzd29yZA==", "headers: {{'Authorization': 'Basic {}', 'Host': 'x'}}"),
    "a raw Authorization field": ("Zm9vOmJhcg", "b'Authorization: Basic {}\\r\\nHost: x'"),
    "a cookie": ("session=9f3a61c0e2b47d18; theme=dark", "Cookie: {}"),
    "a cookie among fields": ("9f3a61c0e2b47d18", "<CIMultiDict('Host': 'x', 'Cookie': 'owner={}')>"),
    "a cookie in raw fields": ("9f3a61c0e2b47d18", "((b'Host', b'x'), (b'Cookie', b'owner={}'))"),
    "a cookie that is set": ("9f3a61c0e2b47d18", "Set-Cookie: owner={}; HttpOnly"),
    "a token's setting": ("correct-horse", 'metrics_token = "{}"'),
    "a password": ("hunter2", "password={}"),
    "a sign-in link": ("c29tZSByYW5kb20gYml0cw", "http://archive.local:5555/sign-in#{}"),
}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Written:
    """A log of the program, and the lines that it has written."""

    def __init__(self, form: Form, level: str = "info") -> None:
        self.clock = Clock()
        self.stream = io.StringIO()
        self.log = Log(level=level, form=form, stream=self.stream, clock=self.clock)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@pytest.fixture(name="form", params=["text", "json"])
def _form(request: pytest.FixtureRequest) -> Form:
    form: Form = request.param
    return form


@pytest.fixture(name="written")
def _written(form: Form) -> Iterator[Written]:
    with loggers_as_before():
        yield Written(form)


@contextlib.contextmanager
def loggers_as_before() -> Iterator[None]:
    """What the log does to loggers that are everybody's is undone."""
    root, strangers = logging.getLogger(), logging.getLogger("aiohttp.server")
    before = root.handlers[:], root.level, strangers.filters[:]
    yield
    root.handlers[:], _, strangers.filters[:] = before
    root.setLevel(before[1])


def test_a_line_says_when_how_grave_who_and_what() -> None:
    """The readable form; a call with fields, as all the code makes them."""
    with loggers_as_before():
        written = Written("text")

        logging.getLogger("archive.intake").warning("camera %s sent number %d twice", "garden", 7)

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING archive\.intake: camera garden sent number 7 twice\n", written.text
    )


def test_a_json_line_has_its_parts_by_name() -> None:
    """One object a line, the time in UTC, a traceback as text."""
    with loggers_as_before():
        written = Written("json")

        try:
            raise ValueError("a reason")  # noqa: TRY301 - the traceback is what is looked at
        except ValueError:
            logging.getLogger("archive.intake").exception("it failed")

    [line] = [json.loads(line) for line in written.lines]
    assert line.keys() == {"timestamp", "level", "logger", "event", "exception"}
    assert (line["level"], line["logger"], line["event"]) == ("error", "archive.intake", "it failed")
    assert line["timestamp"].endswith("Z")
    assert line["exception"].endswith("ValueError: a reason")


def test_only_the_level_asked_for_is_written(written: Written) -> None:
    """And it can be changed while the program runs."""
    log = logging.getLogger("archive.x")

    log.debug("not yet")
    written.log.set_level("debug")
    log.debug("now")

    assert len(written.lines) == 1
    assert "now" in written.text


def test_a_flood_is_one_line_a_minute_that_counts_the_others(written: Written) -> None:
    """A few lines are none; from then on each minute has one, and numbers do not make another cause."""
    log = logging.getLogger("archive.x")

    for minute in range(3):
        for number in range(413):
            log.warning("connection %d of %d was cut", number, minute)
        written.clock.now_s += WINDOW_S
        if minute == 0:
            assert len(written.lines) == BURST
    written.log.say_swallowed()
    written.log.say_swallowed()

    assert len(written.lines) == BURST + 3
    assert f"(… and {413 - BURST} more like it)" in written.lines[BURST]
    assert "(… and 412 more like it)" in written.lines[BURST + 1]
    assert "(… and 411 more like it)" in written.lines[BURST + 2]  # and the line itself: 412 were left


def test_every_line_is_told_or_counted(written: Written) -> None:
    """What is swallowed when the program ends is told of at its end."""
    log = logging.getLogger("archive.x")

    for _ in range(100):
        log.error("no")
    written.log.say_swallowed(at_end=True)

    counted = [int(count) for count in re.findall(r"and (\d+) more", written.text)]
    assert len(written.lines) + sum(counted) == 100


def test_causes_do_not_silence_each_other(written: Written) -> None:
    """Another sentence, another logger, another level: each has its own minute."""
    for _ in range(50):
        logging.getLogger("archive.x").warning("one thing")
    logging.getLogger("archive.x").warning("another thing")
    logging.getLogger("archive.y").warning("one thing")
    logging.getLogger("archive.x").error("one thing")

    assert len(written.lines) == BURST + 3


def test_after_a_quiet_minute_a_cause_speaks_freely_again(written: Written) -> None:
    """The flood is over when a minute passes in which nothing was swallowed."""
    log = logging.getLogger("archive.x")
    for _ in range(50):
        log.warning("one thing")
    for _ in range(2):
        written.clock.now_s += WINDOW_S
        log.warning("one thing")
    before = len(written.lines)

    for _ in range(BURST - 1):
        log.warning("one thing")

    assert len(written.lines) == before + BURST - 1


def test_debug_lines_are_never_swallowed(form: Form) -> None:
    """Who asks for them wants them all."""
    with loggers_as_before():
        written = Written(form, "debug")

        for _ in range(50):
            logging.getLogger("archive.x").debug("a detail")

    assert len(written.lines) == 50


def test_strangers_cannot_fill_the_memory_with_causes(written: Written) -> None:
    """The oldest are forgotten."""
    log = logging.getLogger("archive.x")

    for number in range(MAX_CAUSES + 50):
        log.warning("".join(chr(97 + int(digit)) for digit in str(number)))

    assert len(written.log._damper._causes) == MAX_CAUSES


def test_who_speaks_no_http_is_not_logged(written: Written) -> None:
    """Aiohttp would write a traceback for each."""
    log = logging.getLogger("aiohttp.server")

    log.error("Error handling request", exc_info=BadStatusLine("\x16\x03\x01"))
    log.error("Error handling request", exc_info=ValueError("ours"))

    assert "ours" in written.text
    assert "BadStatusLine" not in written.text


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_is_written(written: Written, name: str) -> None:
    """Not in a sentence, not in its fields, not in a traceback."""
    secret, sentence = SECRETS[name]
    log = logging.getLogger("archive.x")

    log.warning(sentence.format(secret).replace("%", "%%"))
    log.warning("it said: %s", sentence.format(secret))
    try:
        raise ValueError(sentence.format(secret))  # noqa: TRY301 - as above
    except ValueError:
        log.exception("it failed")

    assert len([line for line in written.lines if "archive.x" in line]) == 3
    assert secret not in written.text
    assert "…" in written.text


def test_the_secrets_among_the_settings_are_not_written(written: Written) -> None:
    """Whatever stands around them."""
    written.log.hide("correct horse battery", "")

    logging.getLogger("archive.x").warning("it said correct horse battery to us")

    assert "it said … to us" in written.text


@pytest.mark.parametrize(
    "sentence",
    [
        "camera garden sent two different frames as number 7 of boot 9f3a61c0e2b47d18; both are kept",
        "photos/garden/2026/11/22/20261122T130307.412Z-9f3a61c0e2b47d18-182.jpg was left alone: it is gone",
        "a camera's key is needed: `archive camera add NAME` makes one",
    ],
)
def test_what_is_no_secret_stays(sentence: str) -> None:
    """The log remains one that helps."""
    assert without_secrets(sentence) == sentence
