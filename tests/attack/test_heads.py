"""Raw HTTP as attackers write it: each is answered as it must be, and nothing hidden in it is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import pytest
import pytest_asyncio

from tests.attack import heads
from tests.attack.raw import heard, statuses
from tests.attack.victim import Victim
from tests.server.serving import until

SAID: dict[str, heads.Said] = {
    f"{kind}: {name}": said
    for kind, of_kind in {
        "smuggling": heads.SMUGGLED,
        "chunks": heads.CHUNKS,
        "head": heads.HEADS,
        "target": heads.TARGETS,
        "words": heads.WORDS,
    }.items()
    for name, said in of_kind.items()
}

HEAD = re.compile(rb"HTTP/\d\.\d (\d{3}) [A-Z].*?(\r\n.*?\r\n)\r\n", re.DOTALL)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(name="answers", scope="module", loop_scope="module")
async def _answers(patient: Victim) -> Mapping[str, bytes]:
    """What came back of each, until the server hung up; all at once, or the waiting would take minutes."""
    host = patient.host.encode()
    answers = await asyncio.gather(
        *(heard(patient.port, said.data.replace(b"the.victim:port", host)) for said in SAID.values())
    )
    return dict(zip(SAID, answers, strict=True))


@pytest.mark.parametrize("name", SAID)
async def test_what_was_tried_on_others_is_answered_as_it_must_be(answers: Mapping[str, bytes], name: str) -> None:
    """The statuses in their order, no more and no fewer, and then the connection is closed."""
    assert statuses(answers[name]) == SAID[name].statuses, answers[name][:600]


async def test_every_answer_says_as_little_of_the_server_as_another(answers: Mapping[str, bytes]) -> None:
    """Also what is no request at all is answered without the names and versions of programs, as our own errors are."""
    for name, answer in answers.items():
        for status, head in HEAD.findall(answer):
            if status != b"100":
                assert b"\r\nServer: camera-archive\r\n" in head, name
                assert b"\r\nX-Content-Type-Options: nosniff\r\n" in head, name
        assert b"Python" not in answer, name
        assert b"aiohttp" not in answer, name


async def test_no_trick_of_paths_leads_anywhere(patient: Victim) -> None:
    """Escapes of escapes, overlong letters, other systems' separators: nothing is found, and nothing of a file told."""
    host = patient.host.encode()
    said = {
        (place, trick): heads.path_said(place, trick).replace(b"the.victim:port", host)
        for place in heads.PLACES
        for trick in heads.TRICKS
    }

    answers = await asyncio.gather(*(heard(patient.port, data) for data in said.values()))

    for (place, trick), answer in zip(said, answers, strict=True):
        assert statuses(answer) in {(404,), (400,)}, (place, trick, answer[:300])
        assert b"root:" not in answer
        assert b"SQLite" not in answer


async def test_an_honest_frame_is_kept_after_all_that(answers: Mapping[str, bytes], patient: Victim) -> None:
    """None of it left anything behind: no line in the log, no connection, no fault."""
    assert answers

    await until(lambda: not patient.connections)

    assert await asyncio.to_thread(patient.keeps_a_frame)
    assert patient.complaints() == []
