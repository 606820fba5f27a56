"""A changed file is read once it stands still: what can change does, the rest is told of, a bad one changes nothing."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import pytest

from archive.config import LIVE, TOML_NAME, Config, load
from archive.reloading import Reloading, put_in_force


class Followed:
    """A settings' file, and what is done about its changes."""

    def __init__(self, folder: Path, flags: dict[str, object] | None = None) -> None:
        self.path = folder / TOML_NAME
        read = partial(load, folder, flags or {}, {})
        self.config = read()
        self.taken: list[Config] = []
        self.reloading = Reloading(self.config, self.path, load=read, take_over=self.taken.append)

    async def say(self, text: str) -> None:
        """Write it, and look until it stands still."""
        self.path.write_text(text, "utf-8")
        await self.reloading.look()
        await self.reloading.look()


@pytest.fixture(name="followed")
def _followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Followed:
    caplog.set_level(logging.INFO, "archive.reloading")
    (tmp_path / TOML_NAME).write_text('title = "before"', "utf-8")
    return Followed(tmp_path)


async def test_what_can_change_changes(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    """It is said which settings those were."""
    await followed.say('title = "after"\ndisk_floor_bytes = 7')

    assert [(config.title, config.disk_floor_bytes) for config in followed.taken] == [("after", 7)]
    assert caplog.messages == ["in force from now on: title, disk_floor_bytes"]


async def test_what_cannot_change_is_told_of_once(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    """And no more when it is changed back before the next start."""
    await followed.say('title = "before"\nport = 8080\nheartbeat_s = 5')
    await followed.say('title = "before"\nport = 8080')
    await followed.say('title = "before"')

    assert followed.taken == []
    assert caplog.messages == [
        "port, heartbeat_s changed: takes effect at the next start",
        "the settings were read again, and are those in force",
        "the settings were read again, and are those in force",
    ]


@pytest.mark.parametrize("text", ["title = ", 'titel = "x"', "port = -1", "\xff"])
async def test_a_bad_file_changes_nothing(followed: Followed, caplog: pytest.LogCaptureFixture, text: str) -> None:
    """It is a sentence, once; what is right again counts from what is in force."""
    followed.path.write_bytes(text.encode("latin-1"))
    for _ in range(3):
        await followed.reloading.look()

    assert followed.taken == []
    [said] = caplog.messages
    assert said.endswith(". The settings stay as they were")
    await followed.say('title = "mended"')
    assert [config.title for config in followed.taken] == ["mended"]


async def test_a_file_that_still_grows_is_not_read(followed: Followed) -> None:
    """Only one that is the same twice."""
    for text in ('title = "a', 'title = "after', 'title = "after"'):
        followed.path.write_text(text, "utf-8")
        await followed.reloading.look()
    assert followed.taken == []

    await followed.reloading.look()

    assert [config.title for config in followed.taken] == ["after"]


async def test_a_file_that_appears_and_goes_is_followed(tmp_path: Path) -> None:
    """Without it the defaults are in force again."""
    followed = Followed(tmp_path)

    await followed.say('title = "new"')
    followed.path.unlink()
    await followed.reloading.look()
    await followed.reloading.look()

    assert [config.title for config in followed.taken] == ["new", Config().title]


async def test_who_asks_has_it_read_at_once(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    """Also where nothing has changed."""
    await followed.reloading.read()
    followed.path.write_text('title = "after"', "utf-8")
    await followed.reloading.read()
    await followed.reloading.look()

    assert [config.title for config in followed.taken] == ["after"]
    assert len(caplog.messages) == 2


async def test_a_flag_still_goes_over_the_file(tmp_path: Path) -> None:
    """What was said on the command line stays said."""
    followed = Followed(tmp_path, {"title": "flag"})

    await followed.say('title = "file"\nmax_listeners = 3')

    assert [(config.title, config.max_listeners) for config in followed.taken] == [("flag", 3)]


def test_only_what_can_change_is_put_in_force(tmp_path: Path) -> None:
    """The rest stays as it was at the start, whatever the file says."""
    config = Config(folder=tmp_path, port=1)

    put_in_force(config, Config(folder=tmp_path / "other", port=2, title="new", heartbeat_s=1))

    assert (config.title, config.port, config.folder, config.heartbeat_s) == ("new", 1, tmp_path, Config().heartbeat_s)


def test_what_can_change_are_settings() -> None:
    """No name without one."""
    assert set(Config.__struct_fields__) >= LIVE
