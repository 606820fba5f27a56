"""A statement run for many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Insert, Update


class Many:
    """*statement*, run once for each row; a row maps its columns and bound names to what the driver takes.

    Compiled at the first use, for the names of the first row: every row of every use has the same ones. SQLAlchemy's
    own way looks at every value again, which cost as much CPU as SQLite's work on it (measured).
    """

    def __init__(self, statement: Insert | Update) -> None:
        self._statement = statement
        self._sql = ""
        self._in_order: Callable[[Mapping[str, Any]], tuple[Any, ...]] = tuple

    def execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        if not self._sql:
            compiled = self._statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
            self._in_order = itemgetter(*(compiled.positiontup or ()))
            self._sql = str(compiled)
        connection.exec_driver_sql(self._sql, [self._in_order(row) for row in rows])
