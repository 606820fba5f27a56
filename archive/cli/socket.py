"""Finding the archive that runs in a folder on this machine, for commands that send to it without a key."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import ConfigError
from archive.owner import reachable

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def running_archive(folder: Path) -> Iterator[Path]:
    """The address of the socket in *folder*, good while inside. Raises ConfigError when nobody is listening there."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(reachable(folder.expanduser().absolute()))
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(address)
        except PermissionError as exc:
            raise ConfigError(f"the archive in {folder} belongs to another user; use --to URL --key KEY") from exc
        except OSError as exc:
            raise ConfigError(
                f"no archive is running in {folder}; start it with `archive serve`, or name one with --to URL --key KEY"
            ) from exc
        yield Path(address)
