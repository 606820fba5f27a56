"""Every setting of an archive: flags over environment (`ARCHIVE_…`) over `archive.toml` in its folder over defaults."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from archive.errors import ConfigError

DEFAULT_FOLDER = Path.home() / "camera-archive"
TOML_NAME = "archive.toml"
PREFIX = "ARCHIVE_"
PUBLIC_URL = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?/?")
LISTS = frozenset(  # in the environment separated by commas
    {"cors_origins", "hosts", "trusted_proxies", "watch", "legacy_uploads"}
)
TOKEN_LENGTH_MIN = 16


Positive = Annotated[int, Meta(ge=1)]


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one archive; `docs/ref/settings.md` has a sentence on each."""

    folder: Path = DEFAULT_FOLDER
    host: str = "0.0.0.0"  # noqa: S104 - cameras live on the local network
    port: Annotated[int, Meta(ge=0, le=65535)] = 5555
    title: str = "Camera archive"
    timezone: str = ""
    open_uploads: bool = False
    announce: bool = True
    cors_origins: tuple[str, ...] = ()
    max_frame_bytes: Positive = 16 * 2**20
    body_budget_bytes: Positive = 128 * 2**20
    body_deadline_s: Annotated[float, Meta(gt=0)] = 300.0
    body_min_bytes_per_s: Positive = 2000
    idle_s: Annotated[float, Meta(gt=0)] = 30.0
    disk_floor_bytes: Annotated[int, Meta(ge=0)] = 200 * 10**6
    max_pixels: Positive = 20_000_000
    max_scans: Positive = 12
    thumbnail_workers: Annotated[int, Meta(ge=1, le=64)] = 4
    thumbnail_cache_bytes: Annotated[int, Meta(ge=0)] = 64 * 2**20
    thumbnail_timeout_s: Annotated[float, Meta(gt=0)] = 10.0
    heartbeat_s: Annotated[float, Meta(gt=0)] = 15.0
    max_listeners: Positive = 10_000
    changes_kept: Positive = 100_000
    public: bool = False
    public_url: str = ""
    hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    join_from_anywhere: bool = False
    camera_frames_per_s: Annotated[float, Meta(ge=0)] = 50.0
    camera_bytes_per_day: Annotated[int, Meta(ge=0)] = 50 * 10**9
    watch: tuple[str, ...] = ()
    legacy_uploads: tuple[str, ...] = ()
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    tunnel: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    log_format: Literal["text", "json"] = "text"
    metrics_token: str = ""
    check_clock: bool = True

    def zone(self) -> ZoneInfo:
        """The archive's time zone: the one set, else this machine's. Raises ConfigError."""
        name = self.timezone or machine_timezone()
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ConfigError(f"timezone {name!r} is not known here; use a name such as Europe/Berlin or UTC") from exc

    def watched(self) -> tuple[Path, ...]:
        """The folders to watch."""
        return tuple(dict.fromkeys(Path(place).expanduser().absolute() for place in self.watch))


# Those that are in force as soon as `archive.toml` says them: each is looked up whenever it counts, and nothing was
# made by it that would have to be made anew. `docs/ref/settings.md` lists them.
LIVE = frozenset(
    {
        "title",
        "cors_origins",
        "max_frame_bytes",
        "body_budget_bytes",
        "body_deadline_s",
        "body_min_bytes_per_s",
        "disk_floor_bytes",
        "max_listeners",
        "log_level",
        "metrics_token",
    }
)


def load(folder: Path | None, flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Config:
    """The settings in force. Flags that are None were not given.

    Raises ConfigError, naming the nearest known setting.
    """
    environ = os.environ if environ is None else environ
    from_environ = _from_environ(environ)
    named = from_environ.pop("folder", None)
    home = Path(folder or named or DEFAULT_FOLDER).expanduser()
    values: dict[str, Any] = {"folder": home.absolute()}
    values |= _from_toml(home / TOML_NAME)
    values |= from_environ
    values |= {name: value for name, value in flags.items() if value is not None}
    try:
        config = msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as exc:
        raise ConfigError(f"a setting has a value of the wrong kind: {exc}") from exc
    config.zone()
    if config.public_url and not PUBLIC_URL.fullmatch(config.public_url):
        raise ConfigError(f"public_url is such as https://frames.example.org, not {config.public_url[:100]!r}")
    if 0 < len(config.metrics_token) < TOKEN_LENGTH_MIN:
        raise ConfigError(
            f"metrics_token can be guessed: take at least {TOKEN_LENGTH_MIN} characters: `openssl rand -hex 16`"
        )
    return config


def machine_timezone() -> str:
    """This machine's time zone by its IANA name; `UTC` where it cannot be told."""
    if name := os.environ.get("TZ", "").lstrip(":"):
        return name
    try:
        link = str(Path("/etc/localtime").readlink())
    except OSError:
        return "UTC"
    _, found, name = link.partition("zoneinfo/")
    return name if found else "UTC"


def _from_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError as exc:
        raise ConfigError(f"you may not read {path}; start the archive as the user whose it is") from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f"{path} cannot be read: {exc}") from exc
    for name in values:
        _require_known(name, f"{path}: {name}")
    if "folder" in values:
        raise ConfigError(f"{path}: folder cannot be set from inside the folder; give it on the command line")
    return values


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        _require_known(name, variable)
        values[name] = tuple(part.strip() for part in text.split(",") if part.strip()) if name in LISTS else text
    return values


def _require_known(name: str, where: str) -> None:
    known = Config.__struct_fields__
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; the settings are {', '.join(known)}"
    raise ConfigError(f"{where} is not a setting{hint}")
