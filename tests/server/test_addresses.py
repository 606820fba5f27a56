"""A camera hears where else its archive is, as long as it does not know, and nothing while there is no such place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archive import fields
from archive.fields import Addresses
from archive.server.door import Door
from tests.pictures import jpeg
from tests.server.serving import Served, new_boot

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)
PUBLIC, LOCAL = "https://garden.example", "http://archive-3f2a1b.local:5555"


@pytest.fixture(name="door")
def _door(archive: Served) -> Iterator[Door]:
    door = archive.archive.door
    yield door
    door.public_url = door.local_url = ""


async def told(archive: Served, camera: str, **said: int) -> Addresses | None:
    """What the answer to one frame tells a camera that says *said* of itself; the answer to a report says the same."""
    status = fields.render_status(id=camera, **said)
    boot = new_boot()
    frame = await archive.send(SMALL, boot=boot, number=0, headers={"Camera-Status": status})
    headers = {"Camera-Status": status, "Camera-Report": fields.render_report(boot, 0)}
    report = await archive.ask("/api/reports", method="POST", headers=headers)
    assert (frame.status, report.status) == (201, 200)
    text = frame.headers.get("Camera-Address")
    assert report.headers.get("Camera-Address") == text
    return None if text is None else fields.parse_addresses(text)


async def test_a_camera_is_told_until_it_says_that_it_knows(archive: Served, door: Door, camera: str) -> None:
    """Both addresses and their version; the same again to who says another version, nothing to who says this one."""
    door.public_url, door.local_url = PUBLIC, LOCAL

    first = await told(archive, camera)

    assert first is not None
    assert (first.public, first.local) == (PUBLIC, LOCAL)
    assert await told(archive, camera, address=first.version) is None
    assert await told(archive, camera, address=first.version ^ 1) == first


async def test_another_address_is_another_version(archive: Served, door: Door, camera: str) -> None:
    """As when a tunnel begins anew; and the address of before has its version of before."""
    door.public_url, door.local_url = PUBLIC, LOCAL
    first = await told(archive, camera)
    assert first is not None

    door.public_url = "https://other.example"
    second = await told(archive, camera, address=first.version)
    door.public_url = PUBLIC

    assert second is not None
    assert second.public == "https://other.example"
    assert 0 < second.version < 2**31
    assert await told(archive, camera, address=second.version) == first


@pytest.mark.parametrize("public_url", ["", "http://garden.example"])
async def test_nothing_is_told_without_a_safe_public_address(
    archive: Served, door: Door, camera: str, public_url: str
) -> None:
    """A camera in the network has its address already, and none shall show its key in the clear to the world."""
    door.public_url, door.local_url = public_url, LOCAL

    assert await told(archive, camera) is None
