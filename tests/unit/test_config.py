"""Flags go over the environment, that over `archive.toml`, that over the defaults; a slip gets a hint."""

import re
from pathlib import Path

import pytest

from archive.config import DEFAULT_FOLDER, TOML_NAME, Config, load, machine_timezone
from archive.errors import ConfigError


def write_toml(folder: Path, text: str) -> None:
    (folder / TOML_NAME).write_text(text, "utf-8")


def test_without_anything_set_the_defaults_hold(tmp_path: Path) -> None:
    """An empty folder is an archive ready to serve."""
    config = load(tmp_path, {}, {})

    assert config == Config(folder=tmp_path)


def test_flags_go_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    """Each setting comes from the nearest place that names it."""
    write_toml(tmp_path, 'title = "file"\nhost = "file"\nport = 1')

    config = load(tmp_path, {"title": "flag"}, {"ARCHIVE_TITLE": "environment", "ARCHIVE_HOST": "environment"})

    assert (config.title, config.host, config.port) == ("flag", "environment", 1)
    assert config.max_scans == Config().max_scans


def test_a_flag_not_given_leaves_the_rest_alone(tmp_path: Path) -> None:
    """None is how the command line says `not given`; False and 0 are values."""
    environ = {"ARCHIVE_PORT": "8080", "ARCHIVE_OPEN_UPLOADS": "true"}

    assert load(tmp_path, {"port": None, "open_uploads": None}, environ).port == 8080
    assert load(tmp_path, {"open_uploads": None}, environ).open_uploads is True
    assert load(tmp_path, {"port": 0, "open_uploads": False}, environ).port == 0
    assert load(tmp_path, {"open_uploads": False}, environ).open_uploads is False


def test_the_folder_given_goes_over_the_environments(tmp_path: Path) -> None:
    """Which goes over the one in the home folder."""
    environ = {"ARCHIVE_FOLDER": str(tmp_path / "environment")}

    assert load(tmp_path, {}, environ).folder == tmp_path
    assert load(None, {}, environ).folder == tmp_path / "environment"
    assert load(None, {}, {}).folder == DEFAULT_FOLDER


def test_the_file_is_read_from_the_folder_in_force(tmp_path: Path) -> None:
    """Also when the environment names it."""
    write_toml(tmp_path, 'title = "here"')

    assert load(None, {}, {"ARCHIVE_FOLDER": str(tmp_path)}).title == "here"


def test_a_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive stays where it is when the process changes its directory; `~` is the home folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert load(Path("photos"), {}, {}).folder == tmp_path / "photos"
    assert load(Path("~/photos"), {}, {}).folder == tmp_path / "home" / "photos"


def test_the_environment_is_text_and_becomes_what_the_setting_is(tmp_path: Path) -> None:
    """Numbers, booleans and lists are written as one would write them in a shell."""
    config = load(
        tmp_path,
        {},
        {
            "ARCHIVE_PORT": "80",
            "ARCHIVE_HEARTBEAT_S": "2.5",
            "ARCHIVE_OPEN_UPLOADS": "1",
            "ARCHIVE_CORS_ORIGINS": "https://a.example, https://b.example,",
            "PATH": "/bin",
        },
    )

    assert (config.port, config.heartbeat_s, config.open_uploads) == (80, 2.5, True)
    assert config.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("name", "hint"), [("prot", "did you mean port?"), ("titel", "did you mean title?"), ("zzz", "the settings are")]
)
def test_an_unknown_setting_names_the_nearest_known_one(tmp_path: Path, name: str, hint: str) -> None:
    """In the file and in the environment alike, with the place where it stands."""
    write_toml(tmp_path, f"{name} = 1")
    with pytest.raises(ConfigError) as in_file:
        load(tmp_path, {}, {})
    write_toml(tmp_path, "")
    with pytest.raises(ConfigError) as in_environment:
        load(tmp_path, {}, {f"ARCHIVE_{name.upper()}": "1"})

    assert hint in str(in_file.value)
    assert str(tmp_path / TOML_NAME) in str(in_file.value)
    assert hint in str(in_environment.value)
    assert f"ARCHIVE_{name.upper()}" in str(in_environment.value)


@pytest.mark.parametrize(
    ("toml", "about"),
    [
        ('port = "many"', "port"),
        ("port = 1.5", "port"),
        ("title = 1", "title"),
        ('open_uploads = "perhaps"', "open_uploads"),
        ("cors_origins = 5", "cors_origins"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(tmp_path: Path, toml: str, about: str) -> None:
    """The sentence names the setting."""
    write_toml(tmp_path, toml)

    with pytest.raises(ConfigError, match=about):
        load(tmp_path, {}, {})


def test_a_bad_value_in_the_environment_is_refused_by_name(tmp_path: Path) -> None:
    """As in the file."""
    with pytest.raises(ConfigError, match="port"):
        load(tmp_path, {}, {"ARCHIVE_PORT": "many"})


@pytest.mark.parametrize("text", ["port = ", "= 1", "port = 1\nport = 2"])
def test_a_broken_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """And not half read."""
    write_toml(tmp_path, text)

    with pytest.raises(ConfigError, match=re.escape(str(tmp_path / TOML_NAME))):
        load(tmp_path, {}, {})


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, and a folder in the file's place."""
    (tmp_path / TOML_NAME).write_bytes(b'title = "\xff"')
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {}, {})

    (tmp_path / TOML_NAME).unlink()
    (tmp_path / TOML_NAME).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {}, {})


def test_the_file_cannot_move_the_folder_it_lies_in(tmp_path: Path) -> None:
    """That would be read from one archive and serve another."""
    write_toml(tmp_path, 'folder = "/elsewhere"')

    with pytest.raises(ConfigError, match="folder"):
        load(tmp_path, {}, {})


def test_the_time_zone_set_is_the_archives(tmp_path: Path) -> None:
    """By its name."""
    write_toml(tmp_path, 'timezone = "Pacific/Auckland"')

    assert load(tmp_path, {}, {}).zone().key == "Pacific/Auckland"


def test_without_one_set_it_is_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `TZ` gives it, with or without the colon."""
    for tz in ("Asia/Kathmandu", ":Asia/Kathmandu"):
        monkeypatch.setenv("TZ", tz)
        assert machine_timezone() == "Asia/Kathmandu"
        assert load(tmp_path, {}, {}).zone().key == "Asia/Kathmandu"


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "a\\u0000b"])
def test_an_unknown_time_zone_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """Before anything is served, with an example of what would do."""
    write_toml(tmp_path, f'timezone = "{name}"')

    with pytest.raises(ConfigError, match="Europe/Berlin"):
        load(tmp_path, {}, {})


def test_folders_to_watch_come_from_anywhere(tmp_path: Path) -> None:
    """As a list in the file, separated by commas in the environment, one by one as flags; `~` is the home folder."""
    write_toml(tmp_path, 'watch = ["/one", "~/two"]')

    assert load(tmp_path, {}, {}).watched() == (Path("/one"), Path.home() / "two")
    assert load(tmp_path, {}, {"ARCHIVE_WATCH": "/three, /four"}).watched() == (Path("/three"), Path("/four"))
    assert load(tmp_path, {"watch": ["/five"]}, {}).watched() == (Path("/five"),)
    assert load(tmp_path, {"watch": None}, {}).watched() == (Path("/one"), Path.home() / "two")


def test_a_metrics_token_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    """None is none; a short one says how to make a long one."""
    assert load(tmp_path, {}, {"ARCHIVE_METRICS_TOKEN": ""}).metrics_token == ""
    assert load(tmp_path, {}, {"ARCHIVE_METRICS_TOKEN": "x" * 16}).metrics_token == "x" * 16

    with pytest.raises(ConfigError, match="at least 16 characters: `openssl rand -hex 16`"):
        load(tmp_path, {}, {"ARCHIVE_METRICS_TOKEN": "x" * 15})
