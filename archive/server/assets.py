"""The files of the page, read once at start: what is asked for is a name in a table, never a path."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from archive.errors import ConfigError, FrameNotFound

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
}


class Asset(msgspec.Struct, frozen=True):
    """One file of the page."""

    body: bytes
    etag: str
    content_type: str


class Assets:
    """The files of the page, by name."""

    def __init__(self, folder: Path) -> None:
        self._assets = {
            path.relative_to(folder).as_posix(): Asset(
                body := path.read_bytes(), f'"{hashlib.sha256(body).hexdigest()[:32]}"', TYPES[path.suffix]
            )
            for path in sorted(folder.rglob("*"))
            if path.suffix in TYPES
        }
        if "index.html" not in self._assets:
            raise ConfigError(f"the page is missing from {folder}: install the program again")

    def asset(self, name: str) -> Asset:
        """The file *name*. Raises FrameNotFound."""
        try:
            return self._assets[name]
        except KeyError:
            raise FrameNotFound(f"there is nothing at /{name[:200]}") from None


def web_folder() -> Path:
    """Where the page lies: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_web"
    return installed if installed.is_dir() else package.parent / "web"
