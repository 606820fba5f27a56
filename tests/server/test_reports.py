"""A camera that has no frame to send is heard all the same."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from archive import fields
from archive.fields import Answer
from archive.frame import Lost
from archive.server import keys
from archive.server.auth import mint
from tests.server.conftest import MakeArchive
from tests.server.serving import Reply, Served, new_boot

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def report(
    archive: Served, boot: str, number: int = 0, *, camera: str | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """A report as a camera sends it."""
    said = {"Camera-Report": fields.render_report(boot, number)}
    if camera is not None:
        said["Camera-Status"] = fields.render_status(id=camera, sensor_fault="no sensor answers", settings=0)
    return await archive.ask("/api/reports", method="POST", headers=said | dict(headers or {}))


def echo_of(reply: Reply) -> fields.Echo:
    return fields.parse_echo(reply.headers["Camera-Report"], field=fields.REPORT)


async def test_a_report_is_noted_and_echoed(archive: Served, camera: str) -> None:
    """200, the report's name with `kept`, our clock; the camera is known, with what it said and what it lost."""
    boot = new_boot()
    lost = Lost(boot=boot, first=0, last=3, reason="sensor")
    before_ms = time.time_ns() // 1_000_000

    reply = await report(archive, boot, 7, camera=camera, headers={"Camera-Lost": fields.render_lost(lost)})

    assert reply.status == 200, reply.body
    assert echo_of(reply) == fields.Echo(boot=boot, number=7, answer=Answer.KEPT)
    assert before_ms <= int(reply.headers["Camera-Clock"].removeprefix("now=")) <= time.time_ns() // 1_000_000
    assert not {"Camera-Settings", "Camera-Frame", "Location"} & set(reply.headers)
    (known,) = [known for known in (await archive.get("/api/cameras"))["cameras"] if known["id"] == camera]
    assert known["status"]["sensor_fault"] == "no sensor answers"
    assert (known["frames"], known["latest"]) == (0, None)
    assert known["seen_at"] is not None
    assert await archive.index.losses(camera) == [lost]
    assert await archive.files(camera) == []


async def test_settings_come_with_a_report(archive: Served, camera: str) -> None:
    """A camera of buttons alone learns what its owner wants, though it has no frame to send."""
    await report(archive, new_boot(), camera=camera)
    await archive.index.set_settings(camera, {"shot": 4})

    reply = await report(archive, new_boot(), 1, camera=camera)

    assert reply.headers["Camera-Settings"] == "version=1, shot=4"


async def test_a_report_needs_the_right_that_a_frame_needs(make_archive: MakeArchive) -> None:
    """The key says which camera it is; without one, or with a wrong one, nothing is noted and nothing acknowledged."""
    archive = await make_archive()
    key, stored = mint("garden")
    await archive.index.add_camera("garden", stored)
    await archive.app[keys.GATE].load()
    boot = new_boot()

    refused = [
        await report(archive, boot, camera="garden"),
        await report(archive, boot, headers={"Authorization": f"Bearer {key[:13]}" + "x" * 43}),
    ]
    kept = await report(archive, boot, headers={"Authorization": f"Bearer {key}"})

    for reply in refused:
        assert reply.is_problem(401), (reply.status, reply.body)
        assert echo_of(reply).answer is Answer.AGAIN
    assert echo_of(kept).answer is Answer.KEPT
    (camera,) = await archive.index.cameras()
    assert camera.id == "garden"
    assert camera.seen_at_ms is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"Camera-Report": ""},
        {"Camera-Report": "number=1"},
        {"Camera-Report": 'boot="0123456789abcdef"'},
        {"Camera-Report": 'boot="0123456789abcdef", number=-1'},
        {"Camera-Lost": "nothing"},
        {"Camera-Status": 'id="Gärten"'},
    ],
    ids=str,
)
async def test_a_malformed_report_is_refused(archive: Served, camera: str, headers: dict[str, str]) -> None:
    """400 in the one shape; the camera stays unknown."""
    reply = await report(archive, new_boot(), camera=camera, headers=headers)

    assert reply.is_problem(400), (reply.status, reply.body)
    assert camera not in {known.id for known in await archive.index.cameras()}


async def test_a_report_has_no_body(archive: Served, camera: str) -> None:
    """Whoever sends a picture there is told where frames go."""
    said = {"Camera-Report": fields.render_report(new_boot(), 1), "Camera-Status": f'id="{camera}"'}

    reply = await archive.ask("/api/reports", method="POST", headers=said, data=b"a picture")

    assert reply.is_problem(400)
    assert "/api/frames" in reply.json["detail"]
    assert echo_of(reply).answer is Answer.REFUSED
