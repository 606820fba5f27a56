"""The index: facts about frames. `open_index` chooses the backend by URL."""

from zoneinfo import ZoneInfo

from archive.errors import ConfigError
from archive.index.base import (
    Activity,
    Admission,
    Calendar,
    CameraKey,
    Day,
    Found,
    Gap,
    Gaps,
    Index,
    Kept,
    Log,
    Page,
    Session,
    Settings,
    Share,
    Shelf,
    Sought,
    Standing,
)

__all__ = [
    "Activity",
    "Admission",
    "Calendar",
    "CameraKey",
    "Day",
    "Found",
    "Gap",
    "Gaps",
    "Index",
    "Kept",
    "Log",
    "Page",
    "Session",
    "Settings",
    "Share",
    "Shelf",
    "Sought",
    "Standing",
    "open_index",
]


def open_index(url: str, *, shelf: Shelf, zone: ZoneInfo, changes_kept: int = 100_000) -> Index:
    """The index at *url* (`sqlite:////folder/index.db`), migrated, and with everything visible in it durable.

    Needs a running event loop, and blocks it: call it before serving. Raises ConfigError, Corrupt, Unavailable.
    """
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite":
        from archive.index.sql import open_sqlite  # noqa: PLC0415 - a backend is imported when it is chosen

        return open_sqlite(path, shelf=shelf, zone=zone, changes_kept=changes_kept)
    raise ConfigError(f"no index is known for {scheme}:; there is sqlite:///FILE")
