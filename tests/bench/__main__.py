"""Measure everything, or what `--only` names: `python -m tests.bench [--quick] [--only NAME]`; PEERS=1 adds peers."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import attacked, drawing, keeping, page, peers, reading, sending, telling
from tests.bench.bench import Bench, Noise, machine_facts
from tests.bench.programs import ROOT, MeasureError, build
from tests.bench.report import Row, show, write

MEASURES: dict[str, Callable[[Bench], list[Row]]] = {
    "pipeline": keeping.pipeline,
    "uploads": keeping.uploads,
    "drawing": drawing.thumbnails,
    "latency": telling.latency,
    "busy": telling.busy,
    "deliveries": telling.deliveries,
    "stuck": telling.stuck,
    "large": reading.large,
    "thumbnails": reading.thumbnails,
    "slow": attacked.slow,
    "fleet": attacked.fleet,
    "uplink": sending.uplink,
    "copies": sending.copies,
    "page": page.page,
    "peers": peers.peers,
}


def main() -> int:
    options = _options()
    wanted = options.only or [name for name in MEASURES if name != "peers" or os.environ.get("PEERS") == "1"]
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=options.folder))
    noise, rows = Noise(), []
    columns = (TextColumn("{task.description:<50}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        build()
        with Progress(*columns, console=console, refresh_per_second=2) as progress:
            task = progress.add_task("", total=len(wanted))
            doing = ""

            def step(text: str) -> None:
                progress.update(task, description=f"{doing}: {text}")

            bench = Bench(folder, rounds=options.rounds, is_quick=options.quick, step=step)
            for name in wanted:
                doing = name
                step("getting ready")
                try:
                    rows += MEASURES[name](bench)
                except MeasureError as error:
                    rows.append(Row(what=name, note=f"could not be measured: {error}"))
                progress.advance(task)
        facts = [*machine_facts(folder), *noise.facts()]
    finally:
        shutil.rmtree(folder)
    show(rows, console)
    for fact in facts:
        console.print(f"[dim]{fact}[/dim]", highlight=False)
    if options.write:
        how = f"{options.rounds} rounds{', a quick run with a fifth of the frames' if options.quick else ''}."
        write(rows, options.write, machine=facts, how=how)
    return 1 if any(row.verdict.startswith("missed") for row in rows) and options.strict else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a fifth of the frames: to see that it runs, not for the record"
    )
    parser.add_argument("--only", action="append", choices=sorted(MEASURES), help="measure this one (may be repeated)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds of each, alternating; medians are reported (default 3)"
    )
    parser.add_argument(
        "--folder", type=Path, help="where to write: the disk to be measured (default: the temporary folder)"
    )
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a goal is missed")
    parser.add_argument(
        "--write", type=Path, nargs="?", const=ROOT / "docs" / "bench.md", help="write the table there (docs/bench.md)"
    )
    options = parser.parse_args()
    if options.write is None and not options.only and not options.quick:
        options.write = ROOT / "docs" / "bench.md"
    return options


if __name__ == "__main__":
    sys.exit(main())
