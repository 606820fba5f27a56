"""Which store a URL names. The one place that knows the backends."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archive.errors import ConfigError
from archive.store.base import Store

__all__ = ["Store", "open_store"]


def open_store(url: str, *, on_sync: Callable[[float], None] = lambda _: None) -> Store:
    """The store at *url*: `file:///absolute/folder` (made if missing) or `memory:`. Raises ConfigError, Unavailable.

    *on_sync* hears how many seconds each fsync of an original took, in whatever thread that was.
    """
    try:
        parts = urlsplit(url)
    except ValueError as exc:
        raise ConfigError(f"{url!r} is not a URL of a store: {exc}") from exc
    match parts.scheme:
        case "file":
            from archive.store.local import LocalStore  # noqa: PLC0415 - a backend is imported only where it is used

            folder = Path(unquote(parts.path))
            if parts.netloc not in ("", "localhost") or not folder.is_absolute():
                raise ConfigError(f"{url!r} does not name a folder of this machine; write file:///absolute/folder")
            return LocalStore(folder, on_sync=on_sync)
        case "memory":
            from archive.store.memory import MemoryStore  # noqa: PLC0415 - as above

            return MemoryStore()
        case _:
            raise ConfigError(f"{url!r} is not a store we know; there are file:///absolute/folder and memory:")
