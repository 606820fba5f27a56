"""Where a sending command sends to: an address, or the archive that runs in a folder on this machine, without a key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from archive.errors import ConfigError
from archive.owner import is_running, reachable

To = Annotated[
    str | None,
    typer.Option(metavar="URL", help="The archive's address. Without it: the archive in --folder on this machine."),
]
Folder = Annotated[
    Path, typer.Option(envvar="ARCHIVE_FOLDER", help="The folder of an archive that runs on this machine.")
]


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
