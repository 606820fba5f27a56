"""What an owner wants of a camera reaches it with the next answer, and what the camera made of it is told."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from archive import fields
from archive.settings import SETTINGS
from tests.pictures import jpeg
from tests.server.serving import Ran, Reply, Served, command, new_boot

pytestmark = pytest.mark.asyncio(loop_scope="module")

SMALL = jpeg(16, 16)


async def by_owner(archive: Served, method: str, path: str, **options: Any) -> Reply:
    """A request through the socket in the folder."""
    async with archive.owner() as owner, owner.request(method, path, **options) as reply:
        return Reply(reply.status, reply.headers, await reply.read())


async def change(archive: Served, camera: str, changes: Any) -> Reply:
    return await by_owner(archive, "PATCH", f"/api/cameras/{camera}/settings", json=changes)


async def contact(archive: Served, camera: str, **said: int) -> str | None:
    """One frame of a camera that says *said* of itself; the settings that came with the answer."""
    status = fields.render_status(id=camera, **said)
    reply = await archive.send(SMALL, boot=new_boot(), number=0, headers={"Camera-Status": status})
    assert reply.status == 201
    return reply.headers.get("Camera-Settings")


async def camera_command(archive: Served, *words: str) -> Ran:
    """`archive camera …`."""
    return await asyncio.to_thread(command, "camera", *words, "--folder", archive.folder)


async def test_what_is_set_comes_with_the_next_answer(archive: Served, camera: str) -> None:
    """All that is set, whenever it was set; what is taken back is left out."""
    await contact(archive, camera)

    first = await change(archive, camera, {"interval_s": 60, "size": "UXGA", "flip": True})
    second = await change(archive, camera, {"interval_s": None, "size": "HD"})

    assert first.status == second.status == 200
    assert second.json == {
        "camera": camera,
        "version": 2,
        "changed": [
            {"name": "interval_s", "before": 60, "after": None},
            {"name": "size", "before": "UXGA", "after": "HD"},
        ],
    }
    assert await contact(archive, camera) == 'version=2, size="HD", flip'
    assert await contact(archive, camera, settings=2) is None


async def test_every_setting_is_shown_with_what_the_camera_made_of_it(archive: Served, camera: str) -> None:
    """Value, whether it is the default, the version of record, the camera's own and the one it refused."""
    await contact(archive, camera, settings=3, settings_refused=4)
    await change(archive, camera, {"interval_s": 60})

    found = (await by_owner(archive, "GET", f"/api/cameras/{camera}/settings")).json

    assert (found["version"], found["reported_version"], found["refused_version"]) == (5, 3, 4)
    assert {one["name"]: (one["value"], one["is_default"]) for one in found["settings"]} == {
        **{name: (setting.default, True) for name, setting in SETTINGS.items()},
        "interval_s": (60, False),
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"intervall_s": 1}, "did you mean interval_s?"),
        ({"size": "HUGE"}, "size is QVGA, VGA"),
        ({"interval_s": "60"}, "interval_s is a whole number"),
        ({"interval_s": 60, "quality": 64}, "quality is a whole number from 4 to 63"),
        ({"flip": 1}, "flip is true or false"),
        ({"size": ["HD"]}, "size is"),
        ({"shot": 5}, "archive camera shot"),
        ({"version": 5}, "version is not set by hand"),
        ([], "settings are changed by an object"),
        (None, "settings are changed by an object"),
    ],
)
async def test_what_no_camera_would_take_is_refused_and_changes_nothing(
    archive: Served, camera: str, changes: Any, why: str
) -> None:
    """400 with what is allowed; one bad value, and the good ones beside it do not count either."""
    await contact(archive, camera)

    reply = await change(archive, camera, changes)

    assert reply.is_problem(400)
    assert why in reply.json["detail"]
    assert (await archive.index.settings(camera)).settings.version == 0


async def test_a_camera_that_is_not_there_is_404(archive: Served) -> None:
    """Whatever is asked of it; and an id that cannot be one is 400."""
    for method, path in (("GET", "settings"), ("PATCH", "settings"), ("POST", "shot")):
        assert (await by_owner(archive, method, f"/api/cameras/nobody/{path}", json={})).is_problem(404)
        assert (await by_owner(archive, method, f"/api/cameras/No-Body/{path}", json={})).is_problem(400)


async def test_a_shot_is_asked_for_once_until_the_camera_has_heard(archive: Served, camera: str) -> None:
    """The second request makes no new version and says so."""
    await contact(archive, camera)
    path = f"/api/cameras/{camera}/shot"

    replies = [await by_owner(archive, "POST", path) for _ in range(2)]
    offered = await contact(archive, camera)
    await contact(archive, camera, settings=1)
    replies.append(await by_owner(archive, "POST", path))

    assert offered == "version=1, shot=1"
    assert [(reply.json["version"], reply.json["is_new"]) for reply in replies] == [(1, True), (1, False), (2, True)]


# -- the commands


async def test_set_prints_what_changed_and_when_it_counts(archive: Served, camera: str) -> None:
    """Old and new, and the version; what is set already is no change, and a wrong word changes nothing."""
    await contact(archive, camera)

    first = await camera_command(archive, "set", camera, "interval_s=30", "size=UXGA", "flip=yes")
    second = await camera_command(archive, "set", camera, "interval_s=60", "size=UXGA", "flip=")
    same = await camera_command(archive, "set", camera, "interval_s=60")
    wrong = await camera_command(archive, "set", camera, "interval_s=10", "size=HUGE")

    assert re.search(r"size +SVGA \(default\) +UXGA", first.stdout)
    assert f"{camera} gets version 1 with its next frame." in first.stdout
    assert re.search(r"interval_s +30 +60 *\n", second.stdout)
    assert re.search(r"flip +true +false \(default\)", second.stdout)
    assert "size" not in second.stdout
    assert same.stdout == f"Nothing to change: that is what is set for {camera}.\n"
    assert (wrong.status, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("error: size is QVGA, VGA, SVGA")
    assert (await archive.index.settings(camera)).settings.values == {"interval_s": 60, "size": "UXGA"}


async def test_settings_says_whether_the_camera_has_them(archive: Served, camera: str) -> None:
    """Nothing set, not heard of yet, taken over, refused, and from an index that is gone."""
    await contact(archive, camera)
    said = [await camera_command(archive, "settings", camera)]
    await camera_command(archive, "set", camera, "interval_s=60")
    for status in ({}, {"settings": 0}, {"settings": 1}, {"settings": 0, "settings_refused": 1}, {"settings": 7}):
        await contact(archive, camera, **status)
        said.append(await camera_command(archive, "settings", camera))

    assert [ran.stdout.splitlines()[-1].removeprefix(f"{camera} ") for ran in said] == [
        f"Nothing was ever set: {camera} does as it would by itself.",
        "never said which version it has; it gets version 1 with its next frame.",
        "has version 0; it gets version 1 with its next frame.",
        "has taken over version 1.",
        "refused version 1 and keeps version 0: a value did not suit it, or no frame arrived. Set another value.",
        "has version 7, which another index gave it; the next change here goes above that.",
    ]
    assert re.search(r"interval_s +60 +set +seconds between frames", said[1].stdout)
    assert re.search(r"quality +12 +default +of the JPEG", said[1].stdout)
    assert all(name in said[1].stdout for name in SETTINGS)


async def test_shot_says_when_the_frame_will_come(archive: Served, camera: str) -> None:
    """And that one request is enough."""
    await contact(archive, camera)

    first = await camera_command(archive, "shot", camera)
    second = await camera_command(archive, "shot", camera)
    nobody = await camera_command(archive, "shot", "nobody")

    assert first.stdout == f"{camera} will take one more frame when it next sends one (version 1).\n"
    assert second.stdout == f"{camera} has not heard of the last request yet (version 1); that one counts.\n"
    assert (nobody.status, nobody.stdout) == (1, "")
    assert "no camera nobody" in nobody.stderr
