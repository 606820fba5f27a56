"""Finding the archive that runs in a folder on this machine, for commands that send to it without a key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.errors import ConfigError
from archive.owner import is_running, reachable


@contextmanager
def running_archive(folder: Path) -> Iterator[Path]:
    """The address of the socket in *folder*, good while inside. Raises ConfigError when nobody is listening there."""
    folder = folder.expanduser().absolute()
    try:
        runs = is_running(folder)
    except PermissionError as exc:
        raise ConfigError(f"the archive in {folder} belongs to another user; use --to URL --key KEY") from exc
    if not runs:
        raise ConfigError(
            f"no archive is running in {folder}; start it with `archive serve`, or name one with --to URL --key KEY"
        )
    with reachable(folder) as address:
        yield Path(address)
