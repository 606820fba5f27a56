"""The frame contract, clause by clause: what a camera may send, and what it is answered."""

from __future__ import annotations

import asyncio
import hashlib
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from archive import fields
from archive.fields import Answer, render_digest, render_lost
from archive.frame import Lost
from archive.server import keys
from archive.server.budget import STEP_BYTES
from tests.pictures import bmp, gif, jpeg, png
from tests.server.conftest import MakeArchive
from tests.server.serving import PATIENCE_S, Served, config_of, head, new_boot, request, serving, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)


def multipart(*parts: tuple[str, bytes], boundary: str = "b0undary", end: bytes = b"--\r\n") -> bytes:
    """A multipart body of parts with these head lines."""
    body = b"".join(f"--{boundary}\r\n{lines}\r\n\r\n".encode() + data + b"\r\n" for lines, data in parts)
    return body + f"--{boundary}".encode() + end


FORM = "multipart/form-data; boundary=b0undary"
FIELD = ('Content-Disposition: form-data; name="note"', b"hello")


def file(body: bytes) -> tuple[str, bytes]:
    """A part that is a file."""
    return 'Content-Disposition: form-data; name="imageFile"; filename="../../x.jpg"\r\nContent-Type: image/jpeg', body


# -- what is kept, and how it is answered


async def test_a_new_frame_is_created_and_echoed(archive: Served, camera: str) -> None:
    """201, the frame's place, an echo of its name with `kept`, and our clock."""
    boot = new_boot()
    before_ms = time.time_ns() // 1_000_000

    reply = await archive.send(SMALL, camera=camera, boot=boot, number=7)

    assert reply.status == 201
    assert reply.echo == fields.Echo(boot=boot, number=7, answer=Answer.KEPT)
    [frame] = await archive.frames(camera)
    assert reply.headers["Location"] == f"/api/frames/{frame['id']}"
    assert (frame["boot"], frame["number"], frame["size_bytes"]) == (boot, 7, len(SMALL))
    assert frame["sha256"] == hashlib.sha256(SMALL).hexdigest()
    now_ms = int(reply.headers["Camera-Clock"].removeprefix("now="))
    assert before_ms <= now_ms <= time.time_ns() // 1_000_000
    assert "Camera-Settings" not in reply.headers


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("image/jpeg", SMALL, id="plain"),
        pytest.param("application/octet-stream", SMALL, id="of no special type"),
        pytest.param(FORM, multipart(file(SMALL)), id="one file part"),
        pytest.param(FORM, multipart(*[FIELD] * 7, file(SMALL)), id="the file as part 8"),
        pytest.param(FORM, multipart(file(SMALL), file(jpeg(seed=1))), id="two files: the first"),
        pytest.param(FORM, multipart(file(SMALL), *[FIELD] * 500), id="much behind the file"),
        pytest.param(FORM, b"a preamble\r\n" + multipart(file(SMALL)), id="with a preamble"),
    ],
)
async def test_every_way_of_sending_keeps_the_same_bytes(
    archive: Served, camera: str, method: str, content_type: str, body: bytes
) -> None:
    """POST and PUT, plain and multipart: the file's bytes are kept, and nothing else."""
    reply = await archive.send(
        body, camera=camera, method=method, boot=new_boot(), number=0, headers={"Content-Type": content_type}
    )

    assert reply.status == 201, reply.body
    [frame] = await archive.frames(camera)
    assert await archive.original(frame) == SMALL


@pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")  # aiohttp's own, in its own multipart reader
async def test_a_multipart_file_survives_any_split(archive: Served, camera: str) -> None:
    """However the network cuts a multipart body, lines like its boundary included, the file is whole."""
    rng = random.Random(8)
    picture = SMALL + b"\r\n--b0undar\r\n--\r\n\r\n--b0undarx\r\n" + rng.randbytes(70_000) + b"\r\n\r\n--"
    body = multipart(FIELD, file(picture))

    for number in range(6):
        at = 0
        headers = head(camera=camera, boot="a" * 16, number=number) | {"Content-Type": FORM}
        async with archive.connected() as line:
            await line.say(request(headers, length=len(body)))
            while at < len(body):
                size = rng.choice([1, 2, 13, 700, 8192, 65_536])
                await line.say(body[at : at + size])
                await asyncio.sleep(0)
                at += size
            reply = await line.reply()
        assert reply.status == 201, reply.body

    for frame in await archive.frames(camera):
        assert await archive.original(frame) == picture


async def test_a_resent_frame_is_kept_once(archive: Served, camera: str) -> None:
    """The same frame again is 200 and `kept`: the same row, the same file, no event."""
    boot = new_boot()
    first = await archive.send(SMALL, camera=camera, boot=boot, number=3)
    seq = archive.index.last_seq
    files = await archive.files(camera)

    again = await archive.send(SMALL, camera=camera, boot=boot, number=3, up_ms=5, now_ms=9)

    assert (first.status, again.status) == (201, 200)
    assert again.echo == first.echo
    assert again.headers["Location"] == first.headers["Location"]
    assert len(await archive.frames(camera)) == 1
    assert await archive.files(camera) == files
    told = (await archive.index.changes(after=seq)).changes
    assert [change for change in told if change.camera == camera] == []


async def test_a_frame_sent_many_times_at_once_is_kept_once(archive: Served, camera: str) -> None:
    """Twenty sendings of one frame at the same moment: one is 201, the others 200, one row, one file."""
    boot = new_boot()

    replies = await asyncio.gather(*(archive.send(SMALL, camera=camera, boot=boot, number=1) for _ in range(20)))

    assert sorted(reply.status for reply in replies) == [200] * 19 + [201]
    assert {reply.headers["Location"] for reply in replies} == {replies[0].headers["Location"]}
    assert len(await archive.frames(camera)) == len(await archive.files(camera)) == 1


async def test_the_same_name_with_other_bytes_is_a_second_frame(
    archive: Served, camera: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Two frames of one name are both kept, under names of their own, and told of as the camera's fault."""
    boot, other = new_boot(), jpeg(16, 16, seed=2)
    taken_ms = time.time_ns() // 1_000_000

    first = await archive.send(SMALL, camera=camera, boot=boot, number=4, taken_ms=taken_ms)
    second = await archive.send(other, camera=camera, boot=boot, number=4, taken_ms=taken_ms)
    again = await archive.send(other, camera=camera, boot=boot, number=4, taken_ms=taken_ms)

    assert (first.status, second.status, again.status) == (201, 201, 200)
    assert second.echo == fields.Echo(boot=boot, number=4, answer=Answer.KEPT)
    assert again.headers["Location"] == second.headers["Location"] != first.headers["Location"]
    frames = await archive.frames(camera)
    assert {await archive.original(frame) for frame in frames} == {SMALL, other}
    assert len({frame["name"] for frame in frames}) == len(await archive.files(camera)) == 2
    assert "two different frames as number 4" in caplog.text


@pytest.mark.parametrize("suffix", [png, gif, bmp])
async def test_two_pictures_of_one_name_and_two_kinds_have_two_thumbnails(
    archive: Served, camera: str, suffix: object
) -> None:
    """A JPEG and another kind of picture, of the same number and moment, do not show each other's thumbnail."""
    boot, taken_ms = new_boot(), time.time_ns() // 1_000_000
    assert callable(suffix)

    await archive.send(jpeg(64, 48), camera=camera, boot=boot, number=4, taken_ms=taken_ms)
    await archive.send(suffix(48, 64), camera=camera, boot=boot, number=4, taken_ms=taken_ms)

    urls = {frame["thumbnail_url"] for frame in await archive.frames(camera)}
    assert len(urls) == 2
    assert len({(await archive.ask(url)).body for url in urls}) == 2


@pytest.mark.parametrize("missing", ["boot", "number", "up_ms", "now_ms", "taken_ms", "all", "camera"])
async def test_every_part_of_the_description_may_be_missing(archive: Served, camera: str, missing: str) -> None:
    """Whatever a camera leaves out, the frame is kept; what names it is then ours."""
    now_ms = time.time_ns() // 1_000_000
    claim: dict[str, Any] = {"boot": new_boot(), "number": 5, "up_ms": 100, "now_ms": 200, "taken_ms": now_ms}
    claim = {} if missing == "all" else {name: value for name, value in claim.items() if name != missing}
    body = jpeg(16, 16, seed=hash(missing) % 1000)

    reply = await archive.send(body, camera=None if missing == "camera" else camera, **claim)

    assert reply.status == 201
    assert reply.echo is not None
    [frame] = await archive.frames("guest" if missing == "camera" else camera)
    assert (frame["boot"], frame["number"]) == (reply.echo.boot, reply.echo.number)
    assert await archive.original(frame) == body


async def test_frames_without_a_name_are_never_taken_for_each_other(archive: Served, camera: str) -> None:
    """Who sends the same bytes twice without a number has two frames: nothing says that they are one."""
    replies = [await archive.send(SMALL, camera=camera) for _ in range(3)]

    assert [reply.status for reply in replies] == [201] * 3
    assert len(await archive.frames(camera)) == 3


async def test_a_bare_curl_is_a_camera(archive: Served) -> None:
    """`curl --data-binary @photo.jpg` with a type and nothing else: kept, as the guest's."""
    reply = await archive.ask("/api/frames", method="POST", data=SMALL, headers={"Content-Type": "image/jpeg"})

    assert reply.status == 201
    assert (await archive.ask(reply.headers["Location"])).json["camera"] == "guest"


async def test_an_unknown_field_is_passed_over(archive: Served, camera: str) -> None:
    """A camera of a later age may say more than we know."""
    boot = new_boot()
    headers = {
        "Content-Type": "image/jpeg",
        "Camera-Frame": f'boot="{boot}", number=1, exposure=12;unit=ms, later=(1 2 3)',
        "Camera-Status": f'id="{camera}", firmware="9", teapot, when=@1659578233',
        "Camera-Weather": "rain",
    }

    reply = await archive.ask("/api/frames", method="POST", data=SMALL, headers=headers)

    assert reply.status == 201
    assert (await archive.ask(reply.headers["Location"])).json["status"]["firmware"] == "9"


# -- settings, losses, digests


async def test_settings_are_told_only_to_who_has_older_ones(archive: Served, camera: str) -> None:
    """`Camera-Settings` comes with every answer until the camera says that it has that version."""
    boot = new_boot()
    await archive.send(SMALL, camera=camera, boot=boot, number=0)
    await archive.index.set_settings(camera, {"interval_s": 30, "size": "SVGA"})
    _, settings = await archive.index.set_settings(camera, {"interval_s": 60})

    async def told(number: int, **status: int) -> str | None:
        text = fields.render_status(id=camera, **status)
        reply = await archive.send(SMALL, boot=boot, number=number, headers={"Camera-Status": text})
        return reply.headers.get("Camera-Settings")

    assert settings.version == 2
    assert await told(1) == 'version=2, interval_s=60, size="SVGA"'
    assert await told(1) == 'version=2, interval_s=60, size="SVGA"'  # also when it was kept before
    assert await told(2, settings=1) == 'version=2, interval_s=60, size="SVGA"'
    assert await told(3, settings=2) is None
    assert await told(4, settings=3) is None


async def test_a_loss_is_recorded_once_and_told_of(archive: Served, camera: str) -> None:
    """A confession, repeated with every frame until one is answered, is one row and one event."""
    lost = Lost(boot=new_boot(), first=170, last=179, reason="spool-full")
    headers = {"Camera-Lost": render_lost(lost)}
    seq = archive.index.last_seq

    for number in (180, 181, 181):
        reply = await archive.send(SMALL, camera=camera, boot=lost.boot, number=number, headers=headers)
        assert reply.echo is not None

    assert await archive.index.losses(camera) == [lost]
    changes = (await archive.get("/api/changes", after=seq))["changes"]
    assert [change["data"] for change in changes if change["type"] == "gap"] == [
        {"camera": camera, "boot": lost.boot, "from": 170, "to": 179, "reason": "spool-full"}
    ]


async def test_a_digest_that_fits_is_believed(archive: Served, camera: str) -> None:
    """A right `Repr-Digest`, alone or beside algorithms we do not know, changes nothing."""
    right = render_digest(hashlib.sha256(SMALL).digest())

    for number, text in enumerate([right, f"md5=:AAAA:, {right}", "sha-512=:AAAA:"]):
        reply = await archive.send(SMALL, camera=camera, boot="a" * 16, number=number, headers={"Repr-Digest": text})
        assert reply.status == 201, reply.body


async def test_one_flipped_byte_is_not_kept(archive: Served, camera: str) -> None:
    """S12: bytes that are not what their digest says are 422 and `again`, no row and no file; the resend is kept."""
    boot, damaged = new_boot(), bytearray(SMALL)
    damaged[len(damaged) // 2] ^= 1
    headers = {"Repr-Digest": render_digest(hashlib.sha256(SMALL).digest())}

    refused = await archive.send(bytes(damaged), camera=camera, boot=boot, number=1, headers=headers)
    files = await archive.files(camera)
    kept = await archive.send(SMALL, camera=camera, boot=boot, number=1, headers=headers)

    assert refused.is_problem(422)
    assert refused.echo == fields.Echo(boot=boot, number=1, answer=Answer.AGAIN)
    assert files == []
    assert kept.status == 201
    [frame] = await archive.frames(camera)
    assert await archive.original(frame) == SMALL


# -- which bytes are kept


async def test_trailing_bytes_are_kept_too(archive: Served, camera: str) -> None:
    """What stands after the end-of-image marker, as ESP32 cameras write it, is kept byte for byte."""
    body = SMALL + bytes(300) + b"\xff\xd8 rubbish"

    await archive.send(body, camera=camera)

    [frame] = await archive.frames(camera)
    assert frame["verdict"] == "whole"
    assert await archive.original(frame) == body
    assert (archive.folder / frame["url"].lstrip("/")).read_bytes() == body


async def test_a_truncated_jpeg_is_kept_and_labelled(archive: Served, camera: str) -> None:
    """A JPEG without its end is damaged, not refused."""
    body = jpeg(320, 240)[:-500]

    reply = await archive.send(body, camera=camera)

    assert reply.status == 201
    [frame] = await archive.frames(camera)
    assert (frame["verdict"], frame["width"], frame["height"]) == ("truncated", 320, 240)
    assert await archive.original(frame) == body


@pytest.mark.parametrize(
    ("body", "media_type"),
    [(png(20, 10), "image/png"), (gif(20, 10), "image/gif"), (bmp(20, 10), "image/bmp"), (jpeg(20, 10), "image/jpeg")],
    ids=["png", "gif", "bmp", "jpeg"],
)
async def test_what_a_picture_is_its_bytes_say(archive: Served, camera: str, body: bytes, media_type: str) -> None:
    """PNG, GIF and BMP are kept as what they are, whatever their `Content-Type` says."""
    reply = await archive.send(body, camera=camera, headers={"Content-Type": "text/html"})

    assert reply.status == 201
    [frame] = await archive.frames(camera)
    assert (frame["media_type"], frame["width"], frame["height"]) == (media_type, 20, 10)
    assert (await archive.ask(frame["url"])).headers["Content-Type"] == media_type


NO_PICTURES = {
    "empty": b"",
    "text": b"hello, this is a camera",
    "html": b"<!DOCTYPE html><html><body>Please log in</body></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "the start of a JPEG": b"\xff\xd8\xff\xe0",
    "a gzip stream": b"\x1f\x8b\x08\x00" + bytes(100),
    "noise": random.Random(1).randbytes(5000),
}


@pytest.mark.parametrize("body", NO_PICTURES.values(), ids=NO_PICTURES)
async def test_what_is_no_picture_is_refused_and_leaves_no_file(archive: Served, camera: str, body: bytes) -> None:
    """S6: 415 and `refused`, and nothing new lies anywhere in the folder."""
    boot, before = new_boot(), await archive.files()

    reply = await archive.send(body, camera=camera, boot=boot, number=1)

    assert reply.is_problem(415)
    assert reply.echo == fields.Echo(boot=boot, number=1, answer=Answer.REFUSED)
    assert await archive.files() == before
    assert await archive.frames(camera) == []


async def test_a_frame_of_two_megabytes_is_kept(archive: Served, camera: str) -> None:
    """S3: large frames are frames."""
    body = jpeg(64, 48) + random.Random(3).randbytes(2_000_000)

    reply = await archive.send(body, camera=camera)

    assert reply.status == 201
    [frame] = await archive.frames(camera)
    assert await archive.original(frame) == body


@pytest.mark.parametrize("cameras", [1, 10])
async def test_a_hundred_frames_within_a_second_are_all_kept(archive: Served, camera: str, cameras: int) -> None:
    """S5: names do not collide, not even when all were taken at the same millisecond."""
    boot, taken_ms = new_boot(), time.time_ns() // 1_000_000
    bodies = [jpeg(16, 16, seed=n) for n in range(100)]

    replies = await asyncio.gather(
        *(
            archive.send(body, camera=f"{camera}-{n % cameras}", boot=boot, number=n, taken_ms=taken_ms)
            for n, body in enumerate(bodies)
        )
    )

    assert [reply.status for reply in replies] == [201] * 100
    frames = [frame for n in range(cameras) for frame in await archive.frames(f"{camera}-{n}")]
    assert sorted(frame["sha256"] for frame in frames) == sorted(hashlib.sha256(body).hexdigest() for body in bodies)
    assert len({frame["url"] for frame in frames}) == 100


# -- what is refused, and how

BROKEN = {
    "no boundary": ("multipart/form-data", multipart(file(SMALL))),
    "another boundary": ("multipart/form-data; boundary=another", multipart(file(SMALL))),
    "empty boundary": ('multipart/form-data; boundary=""', multipart(file(SMALL))),
    "a boundary of 100 characters": (f"multipart/form-data; boundary={'b' * 100}", multipart(file(SMALL))),
    "cut in the file": (FORM, multipart(file(SMALL))[:-60]),
    "cut in a head": (FORM, multipart(file(SMALL))[:50]),
    "cut before its last boundary": (FORM, multipart(file(SMALL), end=b"")[:-12]),
    "nothing": (FORM, b""),
    "no part": (FORM, b"--b0undary--\r\n"),
    "no file among the parts": (FORM, multipart(FIELD, FIELD)),
    "the file as part 9": (FORM, multipart(*[FIELD] * 8, file(SMALL))),
    "nested": (
        FORM,
        multipart(("Content-Type: multipart/mixed; boundary=in", multipart(file(SMALL), boundary="in"))),
    ),
    "nested without a boundary": (FORM, multipart(("Content-Type: multipart/mixed", multipart(file(SMALL))))),
    "a part's head of 100 kB": (FORM, multipart((f"X-Long: {'x' * 100_000}", b""), file(SMALL))),
    "a part with 5,000 head lines": (
        FORM,
        multipart(("\r\n".join(f"X-{n}: x" for n in range(5000)), b""), file(SMALL)),
    ),
    "20,000 parts": (FORM, multipart(*[FIELD] * 20_000)),
    "a head that is none": (FORM, multipart(("\x00\x01 no colon here", b"x"), file(SMALL))),
    "plain JPEG said to be multipart": (FORM, SMALL),
}


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.parametrize(("content_type", "body"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_multipart_body_is_the_senders_fault(
    archive: Served, camera: str, content_type: str, body: bytes
) -> None:
    """400 and `refused`, never 500; and nothing is left of it."""
    boot = new_boot()

    reply = await archive.send(body, camera=camera, boot=boot, number=1, headers={"Content-Type": content_type})

    assert reply.is_problem(400), (reply.status, reply.body)
    assert reply.echo == fields.Echo(boot=boot, number=1, answer=Answer.REFUSED)
    assert await archive.files(camera) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Camera-Frame": 'boot="9f3a'},
        {"Camera-Frame": 'boot="xyz", number=1'},
        {"Camera-Frame": 'boot="0123456789abcdef", number=-1'},
        {"Camera-Frame": 'boot="0123456789abcdef", number="1"'},
        {"Camera-Frame": "number=99999999999999999999"},
        {"Camera-Frame": "up=5, now=4"},
        {"Camera-Frame": "ü"},
        {"Camera-Status": 'id="Gärten"'},
        {"Camera-Status": 'id="a", settings=?1'},
        {"Camera-Lost": 'boot="0123456789abcdef", from=3, to=1'},
        {"Camera-Lost": "nothing"},
        {"Repr-Digest": "sha-256=:AAAA:"},
        {"Repr-Digest": "sha-256=12"},
    ],
    ids=str,
)
async def test_a_malformed_field_is_refused(archive: Served, camera: str, headers: dict[str, str]) -> None:
    """400 in one shape for whatever breaks the grammar or the sense of a field; nothing is kept."""
    files = await archive.files()

    reply = await archive.send(SMALL, headers={"Camera-Status": f'id="{camera}"'} | headers)

    assert reply.is_problem(400), (reply.status, reply.body)
    assert await archive.files() == files


async def test_a_refusal_names_the_frame_it_means(archive: Served) -> None:
    """Where the frame's name could be read, a later fault in the head is answered with it."""
    boot = new_boot()

    reply = await archive.send(SMALL, boot=boot, number=9, headers={"Camera-Lost": "nothing"})

    assert reply.is_problem(400)
    assert reply.echo == fields.Echo(boot=boot, number=9, answer=Answer.REFUSED)


async def test_a_body_that_is_too_large_is_refused_before_it_comes(make_archive: MakeArchive) -> None:
    """413 by its `Content-Length` alone; a multipart body may weigh a little more than its file."""
    archive = await make_archive(max_frame_bytes=10_000)
    large = SMALL + bytes(10_001 - len(SMALL))

    async with archive.connected() as line:
        await line.say(request(head(boot="a" * 16, number=1), length=10_001))
        plain = await line.reply()
    whole = await archive.send(large[:-1])
    in_parts = await archive.send(multipart(file(large[:-1])), headers={"Content-Type": FORM})
    too_large = await archive.send(multipart(file(large)), boot="a" * 16, number=1, headers={"Content-Type": FORM})

    assert (whole.status, in_parts.status) == (201, 201)
    for reply in (plain, too_large):
        assert reply.is_problem(413)
        assert reply.echo == fields.Echo(boot="a" * 16, number=1, answer=Answer.REFUSED)


async def test_a_body_without_a_length_is_refused(archive: Served) -> None:
    """411 for chunked bodies, and for those that say nothing."""
    headers = {"Host": "localhost", "Camera-Frame": 'boot="aaaaaaaaaaaaaaaa", number=1'}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    for more in ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "\r\n"):
        async with archive.connected() as line:
            await line.say(f"POST /api/frames HTTP/1.1\r\n{lines}{more}".encode())
            reply = await line.reply()
        assert reply.is_problem(411)
        assert reply.echo == fields.Echo(boot="a" * 16, number=1, answer=Answer.REFUSED)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "x"])
async def test_an_encoded_body_is_refused(archive: Served, encoding: str) -> None:
    """415 for any `Content-Encoding` but none: a kilobyte must not become a megabyte."""
    reply = await archive.send(SMALL, headers={"Content-Encoding": encoding})

    assert reply.is_problem(415)
    assert (await archive.send(SMALL, headers={"Content-Encoding": "identity"})).status == 201


async def test_a_full_disk_is_told_before_the_body_comes(tmp_path: Path, camera: str) -> None:
    """S15: at the floor 507, `again` and `Retry-After`; nothing is deleted, and what is kept can be read."""
    async with serving(config_of(tmp_path)) as archive:
        await archive.send(SMALL, camera=camera, boot="a" * 16, number=0)

    async with serving(config_of(tmp_path, disk_floor_bytes=2**62)) as archive:
        async with archive.connected() as line:
            await line.say(request(head(camera=camera, boot="a" * 16, number=1), length=500))
            reply = await line.reply()

        assert reply.is_problem(507)
        assert reply.echo == fields.Echo(boot="a" * 16, number=1, answer=Answer.AGAIN)
        assert int(reply.headers["Retry-After"]) > 0
        [frame] = await archive.frames(camera)
        assert await archive.original(frame) == SMALL


async def test_a_third_frame_waits_when_two_fill_the_memory(make_archive: MakeArchive) -> None:
    """A budget of two bodies: the third is 503 and `again` with `Retry-After`, and kept once there is room."""
    archive = await make_archive(body_budget_bytes=2 * len(SMALL))
    half = len(SMALL) // 2

    async with archive.connected() as first, archive.connected() as second:
        for number, line in enumerate((first, second)):
            await line.say(request(head(boot="a" * 16, number=number), SMALL[:half], length=len(SMALL)))
        budget = archive.app[keys.BUDGET]
        await until(lambda: budget.taken_bytes == 2 * len(SMALL))
        third = await archive.send(SMALL, boot="a" * 16, number=2)
        for line in (first, second):
            await line.say(SMALL[half:])
            assert (await line.reply()).status == 201
    again = await archive.send(SMALL, boot="a" * 16, number=2)

    assert third.is_problem(503)
    assert third.echo == fields.Echo(boot="a" * 16, number=2, answer=Answer.AGAIN)
    assert int(third.headers["Retry-After"]) > 0
    assert again.status == 201
    assert budget.taken_bytes == 0


async def test_memory_is_held_as_the_bytes_come(make_archive: MakeArchive) -> None:
    """Two bodies that each fit, and together do not: the one that grows out of the memory left is 503 and `again`."""
    large = SMALL + random.Random(4).randbytes(300_000)
    archive = await make_archive(body_budget_bytes=400_000)
    budget = archive.app[keys.BUDGET]

    async with archive.connected() as first, archive.connected() as second:
        for number, line in enumerate((first, second)):
            await line.say(request(head(boot="a" * 16, number=number), large[:1000], length=len(large)))
        await until(lambda: budget.taken_bytes == 2 * (1000 + STEP_BYTES))
        await first.say(large[1000:])
        kept = await first.reply()
        await first.say(request(head(boot="a" * 16, number=2), large[:250_000], length=len(large)))
        await until(lambda: budget.taken_bytes > 300_000)
        await second.say(large[1000:])
        refused = await second.reply()
        await first.say(large[250_000:])
        other = await first.reply()
    again = await archive.send(large, boot="a" * 16, number=1)

    assert [reply.status for reply in (kept, other, again)] == [201] * 3
    assert refused.is_problem(503)
    assert refused.echo == fields.Echo(boot="a" * 16, number=1, answer=Answer.AGAIN)
    assert budget.taken_bytes == 0


async def test_a_slow_body_has_the_more_time_the_more_has_come(make_archive: MakeArchive) -> None:
    """The least rate counts from the first byte on: what came in time lets the rest come later."""
    large = SMALL + random.Random(4).randbytes(200_000)
    # Five seconds and one for the first step; the half that comes then is good for three more.
    archive = await make_archive(body_min_bytes_per_s=50_000)
    budget = archive.app[keys.BUDGET]

    async with archive.connected() as idle, archive.connected() as line:
        await idle.say(request(head(boot="a" * 16, number=1), length=len(large)))
        await line.say(request(head(boot="a" * 16, number=2), large[:150_000], length=len(large)))
        await until(lambda: budget.taken_bytes > 200_000)
        given_up = await idle.reply()  # announced as much, and sent nothing
        await line.say(large[150_000:])
        reply = await line.reply()

    assert given_up.is_problem(408)
    assert reply.status == 201


async def test_a_stalled_body_is_given_up(make_archive: MakeArchive) -> None:
    """408 and `again` when the bytes stop coming; its memory is free again, and no file is left."""
    archive = await make_archive(body_deadline_s=0.2)

    async with archive.connected() as line:
        await line.say(request(head(boot="a" * 16, number=1), SMALL[:100], length=len(SMALL)))
        reply = await line.reply()

    assert reply.is_problem(408)
    assert reply.echo == fields.Echo(boot="a" * 16, number=1, answer=Answer.AGAIN)
    assert archive.app[keys.BUDGET].taken_bytes == 0
    assert await archive.files() == []


async def test_a_stalled_multipart_body_is_given_up(make_archive: MakeArchive) -> None:
    """The deadline counts for the parts before the file too."""
    archive = await make_archive(body_deadline_s=0.2)
    body = multipart(FIELD, file(SMALL))

    async with archive.connected() as line:
        await line.say(request(head(boot="a" * 16, number=1) | {"Content-Type": FORM}, body[:30], length=len(body)))
        reply = await line.reply()

    assert reply.is_problem(408)


async def test_the_key_is_looked_at_before_anything_else_is_read(make_archive: MakeArchive) -> None:
    """S3: without a key 401 and `again`, before the body has come; no row, no camera, no file."""
    archive = await make_archive(open_uploads=False)

    async with archive.connected() as line:
        await line.say(request(head(camera="garden", boot="a" * 16, number=1), length=1_000_000))
        reply = await line.reply()

    assert reply.is_problem(401)
    assert reply.echo == fields.Echo(boot="a" * 16, number=1, answer=Answer.AGAIN)
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert await archive.get("/api/cameras") == {"cameras": []}
    assert await archive.files() == []


# -- Expect, hang-ups, keep-alive


async def test_a_refused_camera_keeps_its_bytes_to_itself(make_archive: MakeArchive) -> None:
    """`Expect: 100-continue` with a bad key, a length too large or a bad field: the refusal, and no 100 before it."""
    archive = await make_archive(open_uploads=False, max_frame_bytes=10_000)
    wrong = {
        401: head(boot="a" * 16, number=1),
        400: head() | {"Camera-Frame": "boot"},
    }

    for status, headers in wrong.items():
        async with archive.connected() as line:
            await line.say(request(headers | {"Expect": "100-continue"}, length=5000))
            assert (await line.reply()).is_problem(status)
    with_room = await make_archive(max_frame_bytes=10_000)
    async with with_room.connected() as line:
        await line.say(request(head() | {"Expect": "100-Continue"}, length=10_001))
        assert (await line.reply()).is_problem(413)


async def test_an_expected_frame_is_asked_for(archive: Served, camera: str) -> None:
    """`Expect: 100-continue` with a good head: 100 first, then the body is kept."""
    async with archive.connected() as line:
        await line.say(request(head(camera=camera) | {"Expect": "100-continue"}, length=len(SMALL)))
        interim = await line.status()
        await line.say(SMALL)
        reply = await line.reply()

    assert (interim, reply.status) == (100, 201)
    assert len(await archive.frames(camera)) == 1


async def test_an_expectation_nobody_knows_is_told(archive: Served) -> None:
    """417 for anything but 100-continue, and it is ignored in HTTP/1.0, which has none."""
    async with archive.connected() as line:
        await line.say(request(head() | {"Expect": "200-ok"}, SMALL))
        assert (await line.reply()).is_problem(417)
    async with archive.connected() as line:
        await line.say(request(head() | {"Expect": "100-continue"}, SMALL).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert (await line.reply()).status == 201


async def test_a_hang_up_in_mid_body_leaves_nothing(
    archive: Served, camera: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A camera that vanishes costs no file, no memory and no line of the log, and the next one is served."""
    budget = archive.app[keys.BUDGET]
    parts = multipart(FIELD, file(SMALL))

    for content_type, body in (("image/jpeg", SMALL), (FORM, parts)):
        async with archive.connected() as line:
            headers = head(camera=camera, boot=new_boot(), number=1) | {"Content-Type": content_type}
            await line.say(request(headers, body[:-20], length=len(body)))
            await until(lambda: budget.taken_bytes)
        await until(lambda: not budget.taken_bytes)

    assert await archive.files(camera) == []
    assert (await archive.send(SMALL, camera=camera)).status == 201
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


async def test_a_frame_being_stored_is_kept_whoever_hangs_up(archive: Served, camera: str) -> None:
    """Storing that has begun goes on without the camera: when it sends again, the frame had been kept."""
    app, boot, gate = archive.app, new_boot(), threading.Event()
    server = archive.archive.runner.server
    assert server is not None
    index: Any = archive.index
    holding = asyncio.create_task(index._write(lambda *_: gate.wait(PATIENCE_S)))  # the frame has to wait its turn

    async with archive.connected() as line:
        await line.say(request(head(camera=camera, boot=boot, number=1), SMALL))
        await until(lambda: app[keys.INTAKE]._keeping)
        connections = len(server.connections)
    await until(lambda: len(server.connections) < connections)
    before, held_bytes = await archive.frames(camera), app[keys.BUDGET].taken_bytes
    gate.set()
    await holding
    await until(lambda: archive.frames(camera))
    again = await archive.send(SMALL, camera=camera, boot=boot, number=1)

    assert before == []
    assert held_bytes == len(SMALL)  # who hangs up leaves the bytes in memory, until they are stored
    assert app[keys.BUDGET].taken_bytes == 0
    assert again.status == 200
    await until(lambda: _is_measured(archive, camera))  # whatever follows a new frame followed it


async def test_a_connection_lives_on_after_errors(archive: Served, camera: str) -> None:
    """On one connection: refusals of every kind whose bodies came whole, then a frame that is kept."""
    async with archive.connected() as line:
        for headers, body, status in [
            (head() | {"Camera-Frame": "boot"}, SMALL, 400),
            (head(), b"text", 415),
            (head() | {"Content-Encoding": "gzip"}, SMALL, 415),
            (head() | {"Content-Type": FORM}, SMALL, 400),
            (head() | {"Repr-Digest": render_digest(bytes(32))}, SMALL, 422),
            (head(camera=camera), SMALL, 201),
        ]:
            await line.say(request(headers, body))
            reply = await line.reply()
            assert reply.status == status, reply.body
            assert reply.headers.get("Connection") != "close"


async def test_requests_sent_ahead_are_answered_in_order(archive: Served, camera: str) -> None:
    """Ten uploads on one connection without waiting in between: ten answers, in that order."""
    boot = new_boot()

    async with archive.connected() as line:
        await line.say(b"".join(request(head(camera=camera, boot=boot, number=n), SMALL) for n in range(10)))
        echoes = [(await line.reply()).echo for _ in range(10)]

    assert [echo.number for echo in echoes if echo] == list(range(10))


async def test_text_for_people_goes_with_an_acknowledgement(archive: Served) -> None:
    """Who uses curl reads `kept`."""
    reply = await archive.send(SMALL)

    assert (reply.media_type, reply.body) == ("text/plain", b"kept\n")


async def _is_measured(archive: Served, camera: str) -> bool:
    return (await archive.frames(camera))[0]["mean_luma"] is not None
