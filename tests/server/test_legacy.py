"""Cameras of the old kind: the tutorials' sketch sends unchanged, from the address that was named and no other."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import Served, connected, request

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = "127.0.0.1"


def sketch(body: bytes, *, path: str = "/upload.php", field: str = "imageFile", length: int = -1) -> bytes:
    """The bytes that such a sketch puts on the wire."""
    parts = (
        b"--Tutorial\r\n"
        b'Content-Disposition: form-data; name="' + field.encode() + b'"; filename="esp32-cam.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + body + b"\r\n--Tutorial--\r\n"
    )
    return request({"Content-Type": "multipart/form-data; boundary=Tutorial"}, parts, path=path, length=length)


async def answer(archive: Served, sent: bytes) -> tuple[int, str]:
    """What the archive says until it hangs up: the status, and the body."""
    async with archive.connected() as line:
        await line.say(sent)
        head, _, body = (await line.rest()).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body.decode()


async def test_a_sketch_sends_unchanged(make_archive: MakeArchive) -> None:
    """Its picture is a frame of the camera at that address, and the answer has the words it looks for, and an end."""
    archive = await make_archive(legacy_uploads=(f"garden={HERE}", "porch=192.168.1.51"), open_uploads=False)

    status, said = await answer(archive, sketch(jpeg()))

    assert (status, "has been uploaded" in said) == (200, True)
    [frame] = await archive.frames("garden")
    assert await archive.original(frame) == jpeg()
    assert frame["taken_at_source"] == "arrival"


async def test_each_picture_is_a_frame(make_archive: MakeArchive) -> None:
    """Also the same again: such a camera names none, and what it sends it took."""
    archive = await make_archive(legacy_uploads=(f"garden={HERE}",))

    for _ in range(3):
        await answer(archive, sketch(jpeg()))

    assert [frame["number"] for frame in await archive.frames("garden")] == [2, 1, 0]


async def test_it_is_off_unless_an_address_is_named(make_archive: MakeArchive) -> None:
    """Nothing is kept from anywhere, also where uploads are open; from another address neither, nor by the socket."""
    closed, other = await make_archive(), await make_archive(legacy_uploads=("garden=192.168.1.50",))
    for archive in (closed, other):
        async with archive.connected() as line:
            await line.say(sketch(jpeg()))
            reply = await line.reply()
        assert reply.is_problem(403)
        assert f"from {HERE}" in reply.json["detail"]
        async with (
            archive.owner() as owner,
            owner.post("/upload.php", data={"imageFile": io.BytesIO(jpeg())}) as by_socket,
        ):
            assert by_socket.status == 403
        assert archive.index.total == 0


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
async def test_what_a_proxy_passed_on_is_refused(make_archive: MakeArchive, header: str) -> None:
    """Then the address is the proxy's, and everybody would be that camera."""
    archive = await make_archive(legacy_uploads=(f"garden={HERE}",))

    reply = await archive.ask(
        "/upload.php", method="POST", data={"imageFile": io.BytesIO(jpeg())}, headers={header: HERE}
    )

    assert reply.is_problem(403)
    assert archive.index.total == 0


async def test_what_a_tunnel_brings_is_refused(make_archive: MakeArchive) -> None:
    """It comes from this machine's own address and bears no sign of a proxy."""
    archive = await make_archive(legacy_uploads=(f"garden={HERE}",))
    port = await archive.archive.listen(HERE, 0, is_outside=True)

    async with connected(port) as line:
        await line.say(sketch(jpeg()))
        reply = await line.reply()

    assert reply.is_problem(403)
    assert archive.index.total == 0


@pytest.mark.parametrize("path", ["/api/frames", "/api/reports", "/api/cameras"])
async def test_its_address_opens_no_other_door(make_archive: MakeArchive, path: str) -> None:
    """Only that path."""
    archive = await make_archive(legacy_uploads=(f"garden={HERE}",), open_uploads=False)

    reply = await archive.ask(
        path, method="POST", data={"imageFile": io.BytesIO(jpeg())}, headers={"Camera-Report": ""}
    )

    assert reply.status in {400, 401, 403}
    assert archive.index.total == 0


async def test_the_limits_of_an_upload_hold(make_archive: MakeArchive) -> None:
    """A length is needed, and a picture, and no more bytes than any frame may have."""
    archive = await make_archive(legacy_uploads=(f"garden={HERE}",), max_frame_bytes=100_000)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"--x"

    text = await archive.ask("/upload.php", method="POST", data={"imageFile": io.BytesIO(b"no picture")})
    plain = await archive.ask("/upload.php", method="POST", data=jpeg(), headers={"Content-Type": "image/jpeg"})
    large, _ = await answer(archive, sketch(jpeg() + bytes(200_000)))
    chunked = await archive.ask(
        "/upload.php", method="POST", data=chunks(), headers={"Content-Type": "multipart/form-data"}
    )
    cut, _ = await answer(archive, sketch(jpeg(400, 300), length=1000))

    assert [text.status, plain.status, large, chunked.status, cut] == [415, 415, 413, 411, 400]
    assert archive.index.total == 0
