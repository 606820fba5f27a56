"""Brings the tables to the newest shape, step by step, with Alembic; each step lies in `migrations/versions`."""

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from archive.errors import Corrupt

HEAD = "0003"  # the newest step; a test holds it against the folder
MIGRATIONS = Path(__file__).parent / "migrations"

log = logging.getLogger(__name__)


def migrate(connection: Connection) -> bool:
    """Take every step not yet taken, inside *connection*'s transaction; whether there was one.

    Steps change shapes only: what is counted must be counted anew after one. Raises Corrupt for a newer archive.
    """
    found = connection.scalar(text("SELECT version_num FROM alembic_version")) if _is_versioned(connection) else None
    if found == HEAD:
        return False  # the usual start: Alembic itself takes a third of a second to import
    from alembic import command, util  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except util.CommandError as exc:
        raise Corrupt(f"this archive was written by a newer program ({found}); install that one again") from exc
    log.info("the index is at %s", HEAD)
    return True


def _is_versioned(connection: Connection) -> bool:
    return inspect(connection).has_table("alembic_version")
