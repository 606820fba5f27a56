"""The documents tell the truth: nothing of the program is missing from them, and nothing in them from the program."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from archive import arduino, client, errors, serial_setup, twin
from archive.app import make_app
from archive.cli import app as command_line
from archive.cli import setting_up
from archive.config import LIVE, Config
from archive.frame import ChangeKind, Verdict
from archive.index.tables import metadata
from archive.server.problems import RULES

ROOT = Path(__file__).parents[2]
REF = ROOT / "docs" / "ref"


def first_cells(page: str) -> set[str]:
    """The code words in the first column of every table of a page."""
    rows = (line.split("|")[1] for line in (REF / page).read_text("utf-8").splitlines() if line.startswith("| `"))
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def commands(group: Any, path: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """Every command below *group* by its words, with its options."""
    if not hasattr(group, "commands"):
        return {" ".join(path): {name for parameter in group.params for name in parameter.opts if name[:2] == "--"}}
    found: dict[str, set[str]] = {}
    for name, command in group.commands.items():
        found |= commands(command, (*path, name))
    return found


COMMANDS = commands(typer.main.get_command(command_line))


def test_every_setting_has_its_sentence() -> None:
    """docs/ref/settings.md lists exactly the settings there are."""
    assert first_cells("settings.md") == set(Config.__struct_fields__)


def test_settings_that_change_at_once_are_those_of_the_code() -> None:
    """docs/ref/settings.md says of each setting whether it needs a new start."""
    _, found, chapter = (REF / "settings.md").read_text("utf-8").partition("## Changing them while the archive runs")
    rows = re.findall(r"^\| (`.*?) \|", chapter, re.MULTILINE)

    assert found
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == LIVE


def test_every_error_has_its_sentence() -> None:
    """docs/ref/errors.md lists exactly the errors there are."""
    ours = {
        name
        for module in (errors, client, arduino, serial_setup, setting_up, twin)
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, errors.ArchiveError) and kind is not errors.ArchiveError
    }

    assert first_cells("errors.md") == ours


def test_every_status_is_told_as_it_is() -> None:
    """The statuses and answers in docs/ref/errors.md are those of the table in the code."""
    text = (REF / "errors.md").read_text("utf-8")

    for kind, rule in RULES.items():
        assert f"| `{kind.__name__}` | {rule.status} | {rule.answer} |" in text


def test_every_route_has_its_sentence(tmp_path: Path) -> None:
    """docs/ref/http.md lists exactly the routes there are; the page's own parts stand in one line."""
    app = make_app(Config(folder=tmp_path))
    routes = {
        f"{route.method} {re.sub(r':[^}]*', '', route.resource.canonical)}"
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD" and not route.resource.canonical.startswith("/{path")
    }
    documented = {
        cell for cell in first_cells("http.md") if cell.split(" ")[0] in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }

    assert documented == routes


def test_every_event_has_its_sentence() -> None:
    """docs/ref/http.md lists every kind of change, and the three events that are none."""
    assert {*map(str, ChangeKind), "hello", "heartbeat", "reset"} <= first_cells("http.md")


def test_every_verdict_has_its_sentence() -> None:
    """docs/ref/http.md lists every verdict there is."""
    assert set(map(str, Verdict)) <= first_cells("http.md")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_has_its_sentence(name: str) -> None:
    """docs/ref/commands.md has a chapter for each command, and in it each of its options."""
    text = (REF / "commands.md").read_text("utf-8")
    chapter = re.search(rf"^## `archive {name}\b.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)

    assert chapter, f"`archive {name}` has no chapter"
    assert [option for option in COMMANDS[name] - {"--help"} if f"`{option}`" not in chapter[0]] == []


def test_every_documented_option_exists() -> None:
    """docs/ref/commands.md promises no option that no command has."""
    assert {cell for cell in first_cells("commands.md") if cell.startswith("--")} <= set().union(*COMMANDS.values())


def test_every_column_has_its_sentence() -> None:
    """Each column of the index says what it holds."""
    silent = [str(column) for table in metadata.tables.values() for column in table.columns if not column.comment]

    assert silent == []


def test_every_link_between_documents_leads_somewhere() -> None:
    """No relative link in the documents is dead."""
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]

    assert dead == []
