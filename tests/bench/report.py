"""The figures as people read them: a table on the terminal, and the same in `docs/bench.md`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

NOTHING = "-"
HEADINGS = ("what", "ours", "baseline", "ratio", "goal", "verdict")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside its baseline. A row without a figure says in `note` why there is none."""

    what: str
    ours: float | None = None
    baseline: float | None = None
    unit: str = ""
    per_baseline: bool = True  # the goal is about ours ÷ baseline, else about ours alone
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def figure(self) -> float | None:
        """What the goal is about."""
        if self.ours is None or not self.per_baseline:
            return self.ours
        return self.ours / self.baseline if self.baseline else None

    @property
    def goal(self) -> str:
        unit = "" if self.per_baseline else f" {self.unit}"
        if self.at_least is not None:
            return f"≥ {self.at_least:g}{unit}"
        return f"≤ {self.at_most:g}{unit}" if self.at_most is not None else NOTHING

    @property
    def verdict(self) -> str:
        figure = self.figure
        if figure is None:
            return "not measured"
        goal, is_reached = 0.0, True
        if self.at_least is not None:
            goal, is_reached = self.at_least, figure >= self.at_least
        elif self.at_most is not None:
            goal, is_reached = self.at_most, figure <= self.at_most
        else:
            return NOTHING
        if is_reached:
            return "reached"
        return f"missed by {max(0.01, abs(figure / goal - 1)):.0%}" if goal else f"missed by {figure:g}"

    def cells(self) -> tuple[str, ...]:
        ratio = f"{self.figure:.2f}" if self.per_baseline and self.figure is not None else NOTHING
        return (self.what, self._with_unit(self.ours), self._with_unit(self.baseline), ratio, self.goal, self.verdict)

    def _with_unit(self, value: float | None) -> str:
        if value is None:
            return NOTHING
        is_whole = float(value).is_integer()
        digits = 0 if is_whole or abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
        return f"{value:,.{digits}f} {self.unit}".strip()


def show(rows: Sequence[Row], console: Console) -> None:
    table = Table(*HEADINGS)
    for row in rows:
        table.add_row(*row.cells())
    console.print(table)
    for row in rows:
        if row.note:
            console.print(f"[dim]{row.what}: {row.note}[/dim]", highlight=False)


def write(rows: Sequence[Row], path: Path, *, machine: Sequence[str], how: str) -> None:
    lines = [
        "# How fast",
        "",
        f"As measured on {datetime.now(UTC):%d %B %Y} by `make bench`, good or bad. {how}",
        "",
        "A figure is ours beside a bare baseline measured in the same run, alternating, medians; the ratios carry",
        "from one machine to another, the absolute figures do not.",
        "",
        *(f"* {fact}" for fact in machine),
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'---|' * len(HEADINGS)}",
        *(f"| {' | '.join(row.cells())} |" for row in rows),
        "",
        "## What was measured",
        "",
        *(f"* **{row.what}**: {row.note}" for row in rows if row.note),
        "",
    ]
    path.write_text("\n".join(lines), "utf-8")
