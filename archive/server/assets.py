"""The files of the page, read and compressed once at start: what is asked for is a name in a table, never a path."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import brotli
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
STYLE = "all"  # the sheets of css/ in one, css/all.css: a page that waits for twenty files waits for twenty answers
FIRST_SHEET = "tokens.css"  # it names the order of the layers; among the others there is none


class Asset(msgspec.Struct, frozen=True):
    """One file of the page."""

    body: bytes
    encoded: dict[str, bytes]  # by content coding, the smallest first; none of what is compressed already
    etag: str
    content_type: str


class Assets:
    """The files of the page, by name."""

    def __init__(self, folder: Path) -> None:
        self._assets = {name: _asset(name, body) for name, body in _bodies(folder).items()}

    def asset(self, name: str) -> Asset:
        """The file *name*. Raises FrameNotFound."""
        try:
            return self._assets[name]
        except KeyError:
            raise FrameNotFound(f"there is nothing at /{name[:200]}") from None

    def are_those_in(self, folder: Path) -> bool:
        """Whether *folder* still holds these very files."""
        return {name: asset.body for name, asset in self._assets.items()} == _bodies(folder)


def _bodies(folder: Path) -> dict[str, bytes]:
    """The files of the page in *folder*, by name, and the sheets put together."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in TYPES
    }
    if "index.html" not in files:
        raise ConfigError(f"the page is missing from {folder}: install the program again")
    # A folder within css/ is one sheet too, of its own name: what is not looked at first comes later.
    for css in [folder / "css", *filter(Path.is_dir, (folder / "css").iterdir())]:
        sheets = sorted(css.glob("*.css"), key=lambda path: path.name != FIRST_SHEET)
        name = STYLE if css.name == "css" else css.name
        files[f"css/{name}.css"] = b"\n".join(path.read_bytes() for path in sheets)
    return files


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    encoded = {} if suffix == ".png" else {"br": brotli.compress(body), "gzip": gzip.compress(body, mtime=0)}
    return Asset(body, encoded, f'"{hashlib.sha256(body).hexdigest()[:32]}"', TYPES[suffix])


def web_folder() -> Path:
    """Where the page lies: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_web"
    return installed if installed.is_dir() else package.parent / "web"
