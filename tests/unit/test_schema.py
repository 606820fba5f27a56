"""The tables are what the migrations make of them, and say what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, create_engine, text

from archive.errors import Corrupt
from archive.index.schema import HEAD, MIGRATIONS, migrate
from archive.index.tables import metadata

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)


@pytest.fixture(name="connection")
def _connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def made(connection: Connection) -> dict[str, list[str]]:
    """The words by which everything in the database was made, in no order, but for Alembic's own table."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {
        name: sorted(re.findall(r"[\w=]+", sql)) for name, sql in rows if not name.startswith(("alembic", "sqlite_"))
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_says_what_it_holds(table: Table) -> None:
    """Each column has a sentence, in the code, where its reader looks."""
    assert all(len(column.comment or "") > 10 for column in table.columns)


def test_the_migrated_tables_are_those_of_the_code(connection: Connection) -> None:
    """Alembic finds nothing to change after all steps."""
    migrate(connection)

    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})

    assert compare_metadata(context, metadata) == []


def test_the_migrated_tables_are_made_of_the_same_words(connection: Connection) -> None:
    """Also what Alembic does not compare: STRICT, AUTOINCREMENT, the conditions of indexes, foreign keys."""
    migrate(connection)
    migrated = made(connection)
    metadata.drop_all(connection)

    metadata.create_all(connection)

    assert migrated == made(connection)


def test_every_table_is_strict(connection: Connection) -> None:
    """SQLite refuses a value of the wrong kind in each of our tables."""
    migrate(connection)

    strict = {
        row.name: bool(row.strict)
        for row in connection.execute(text("PRAGMA table_list"))
        if row.schema == "main" and not row.name.startswith(("sqlite_", "alembic_"))
    }

    assert strict == {table.name: True for table in TABLES}


def test_head_is_the_newest_step() -> None:
    """The step that a start expects is the newest in the folder, and the steps are one line."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrating_again_changes_nothing(connection: Connection) -> None:
    """A second start finds everything done."""
    migrate(connection)
    first = made(connection)

    migrate(connection)

    assert made(connection) == first


def test_a_newer_archive_is_left_alone(connection: Connection) -> None:
    """A step this program does not know is Corrupt, in a sentence that says what to do."""
    migrate(connection)
    connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Corrupt, match=r"newer program \(9999\); install that one again"):
        migrate(connection)
