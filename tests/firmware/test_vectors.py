"""One truth for the wire: what the camera writes and reads, the archive and its reference client read alike."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import socket
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from http_sfv.types import Token

from archive import fields
from archive.client import CameraClient, FrameRefused, KeyRejected, NotKept
from archive.errors import Malformed
from archive.frame import FrameClaim
from tests.conftest import ArchiveServer
from tests.firmware.building import built

VECTORS = Path(__file__).parents[1] / "vectors"
REQUESTS = json.loads((VECTORS / "requests.json").read_text("utf-8"))
HOSTS = "archive.local,example.com"  # by which the requests ask for an archive
REPLIES = json.loads((VECTORS / "replies.json").read_text("utf-8"))
FIELDS = json.loads((VECTORS / "fields.json").read_text("utf-8"))
BODY = bytes.fromhex(REQUESTS["body_hex"])


def headers_of(vector: dict[str, Any]) -> dict[str, str]:
    """The fields of a request's head."""
    lines = vector["head"].split("\r\n")
    assert lines[-2:] == ["", ""]
    return dict(line.split(": ", 1) for line in lines[1:-2])


def named(vector: dict[str, Any]) -> str:
    return str(vector["name"])


@pytest.mark.parametrize("vector", REQUESTS["requests"], ids=named)
def test_a_requests_fields_say_what_the_camera_meant(vector: dict[str, Any]) -> None:
    """`fields.py` reads out of the camera's bytes what was put in."""
    headers = headers_of(vector)
    frame = vector["frame"]

    claim = fields.parse_frame(headers["Camera-Frame"])

    assert claim == FrameClaim(
        boot=frame["boot"],
        number=frame["number"],
        up_ms=frame["up"],
        now_ms=vector.get("now"),
        taken_ms=frame.get("taken"),
    )
    if "status" in vector:
        assert fields.parse_status(headers["Camera-Status"]).said == vector["status"]
    if "lost" in vector:
        lost = fields.parse_lost(headers["Camera-Lost"])
        assert vector["lost"] == {"boot": lost.boot, "from": lost.first, "to": lost.last, "reason": lost.reason}
    assert headers.get("Authorization") == (f"Bearer {vector['key']}" if "key" in vector else None)
    assert int(headers["Content-Length"]) == len(BODY)


def test_a_real_archive_keeps_what_the_camera_sends(archive_servers: Callable[..., ArchiveServer]) -> None:
    """Each request's bytes, over a bare socket to `archive serve`: kept, and echoed as the camera wants it."""
    archive_server = archive_servers("--open-uploads", hosts=HOSTS)
    for vector in REQUESTS["requests"]:
        # The key is nobody's here; without it the same bytes are a guest's. A path before ours is a proxy's, which
        # takes it away.
        head = vector["head"].replace(f"Authorization: Bearer {vector.get('key')}\r\n", "")
        head = re.sub(r"^POST \S*/api/frames ", "POST /api/frames ", head)
        status, reply = exchange(archive_server.port, head.encode("ascii") + BODY)
        frame = vector["frame"]

        assert status == 201, vector["name"]
        assert fields.parse_echo(reply["camera-frame"]) == fields.Echo(
            boot=frame["boot"], number=frame["number"], answer=fields.Answer.KEPT
        )

    with urllib.request.urlopen(f"{archive_server.url}/api/frames", timeout=10) as answer:
        assert len(json.load(answer)["frames"]) == len(REQUESTS["requests"])


@pytest.mark.parametrize("vector", REQUESTS["reports"], ids=named)
def test_a_reports_fields_say_what_the_camera_meant(vector: dict[str, Any]) -> None:
    """The archive reads out of the camera's bytes what was put in."""
    headers = headers_of(vector)

    boot, number = fields.parse_report(headers["Camera-Report"])

    assert {"boot": boot, "number": number} == vector["report"]
    assert fields.parse_status(headers["Camera-Status"]).said == vector["status"]
    if "lost" in vector:
        lost = fields.parse_lost(headers["Camera-Lost"])
        assert vector["lost"] == {"boot": lost.boot, "from": lost.first, "to": lost.last, "reason": lost.reason}
    assert headers.get("Authorization") == (f"Bearer {vector['key']}" if "key" in vector else None)
    assert headers["Content-Length"] == "0"


def test_a_real_archive_notes_what_the_camera_reports(archive_servers: Callable[..., ArchiveServer]) -> None:
    """Each report's bytes, over a bare socket to `archive serve`: noted, and echoed as the camera wants it."""
    archive_server = archive_servers("--open-uploads", hosts=HOSTS)
    for vector in REQUESTS["reports"]:
        head = vector["head"].replace(f"Authorization: Bearer {vector.get('key')}\r\n", "")
        head = re.sub(r"^POST \S*/api/reports ", "POST /api/reports ", head)
        status, reply = exchange(archive_server.port, head.encode("ascii"))

        assert status == 200, vector["name"]
        assert fields.parse_echo(reply["camera-report"], field=fields.REPORT) == fields.Echo(
            **vector["report"], answer=fields.Answer.KEPT
        )

    with urllib.request.urlopen(f"{archive_server.url}/api/cameras", timeout=10) as answer:
        cameras = {camera["id"]: camera["status"] for camera in json.load(answer)["cameras"]}
    assert cameras["xiao-3f2a"] == REQUESTS["reports"][0]["status"]
    assert cameras["porch"] == {"id": "porch"}


def exchange(port: int, request: bytes) -> tuple[int, dict[str, str]]:
    """One request as it is, and the head of its answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(65536)
            assert piece, answer
            answer += piece
    lines = answer.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return int(lines[0].split()[1]), {
        name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])
    }


@asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[int]:
    """A server that hears one request out, answers *reply* and hangs up; its port."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def judged(client: CameraClient, claim: FrameClaim) -> tuple[str, float | None]:
    """What the reference client makes of one answer: `kept`, `refused` or `neither`, and the wait it asks for."""
    try:
        await client.send(BODY, "image/jpeg", claim, give_up_after_s=0)
    except FrameRefused:
        return "refused", None
    except KeyRejected:
        return "neither", None
    except NotKept as error:
        return "neither", error.retry_after_s
    return "kept", None


@pytest.mark.parametrize("vector", REPLIES["replies"], ids=named)
async def test_the_reference_client_judges_replies_as_the_camera_does(vector: dict[str, Any]) -> None:
    """The same bytes mean `kept`, `refused` or neither to both ends' code, and ask for the same wait."""
    claim = FrameClaim(boot=REPLIES["boot"], number=REPLIES["number"])

    async with answering(vector["bytes"].encode("utf-8")) as port, CameraClient(f"http://127.0.0.1:{port}") as client:
        got, retry_after_s = await judged(client, claim)

    assert got == (vector["outcome"] if vector["outcome"] in {"kept", "refused"} else "neither")
    if "retry_after_s" in vector and "Date: " not in vector["bytes"]:  # the client counts a date from its own clock
        assert retry_after_s == vector["retry_after_s"]


@pytest.mark.timeout(600)
def test_both_parsers_judge_mutated_fields_alike() -> None:
    """Thousands of texts near to the contract's: the camera's parser and the archive's agree on each."""
    probe = built() / "fields_probe"
    texts = mutated(random.Random(20261122), 20_000 if os.environ.get("FIRMWARE_WIDE") else 4_000)

    done = subprocess.run(
        [probe], input="".join(f"{text.encode().hex()}\n" for text in texts), capture_output=True, text=True, check=True
    )

    verdicts = done.stdout.splitlines()
    assert len(verdicts) == len(texts)
    differing = [(text, said, ours) for text, said in zip(texts, verdicts, strict=True) if said != (ours := read(text))]
    assert differing == []
    assert sum(verdict.startswith("echo") for verdict in verdicts) > len(texts) // 70
    assert sum(verdict == "broken" for verdict in verdicts) > len(texts) // 40


def read(text: str) -> str:
    """What `fields.py` and its library make of *text*, in the words of fields_probe."""
    try:
        echo = fields.parse_echo(text)
    except Malformed:
        pass
    else:
        return f"echo {echo.boot} {echo.number} {echo.answer}"
    try:
        members = fields._parse(fields.FRAME, text)
    except Malformed:
        return "broken"
    return "fields" + "".join(f" {key}={shown(fields._value(member))}" for key, member in members.items())


def shown(value: object) -> str:
    match value:
        case bool():
            return f"b{int(value)}"
        case int():
            return f"i{value}"
        case Token():
            return f"t{value}"
        case str():
            return f"s{value.encode().hex()}"
        case _:
            return "-"


def mutated(source: random.Random, count: int) -> list[str]:
    """Texts near to the vectors'. What both ends read differently by design is left out: see `is_common_ground`."""
    kinds = ("claim", "echo", "lost", "settings", "clock", "addresses", "next_key")
    corpus = [vector["text"] for kind in kinds for vector in FIELDS[kind]]
    pieces = [
        *'",;=()?-\\ \t:',
        ", ",
        "?1",
        "?0",
        "kept",
        "182",
        "999999999999999",
        "number",
        "answer=kept",
        "é",
        "\x00",
    ]
    texts: list[str] = []
    while len(texts) < count:
        text = source.choice(corpus)
        for _ in range(source.randrange(4)):
            at = source.randrange(len(text) + 1)
            match source.randrange(4):
                case 0:
                    text = text[:at] + source.choice(pieces) + text[at:]
                case 1:
                    text = text[:at] + text[at + source.randrange(1, 5) :]
                case 2:
                    text = text[:at] + source.choice(corpus)
                case _:
                    text = text[:at] + text[at : at + 1].swapcase() + text[at + 1 :]
        if is_common_ground(text):
            texts.append(text)
    return texts


def is_common_ground(text: str) -> bool:
    """Without decimals, dates, bytes and display strings, of which the library takes more than RFC 9651 allows.

    Of whole numbers it takes more than 15 digits when they begin with zeros.
    """
    return not any(letter in text for letter in ".@:%\n") and re.search(r"[=( ]-?0\d{15}", text) is None
