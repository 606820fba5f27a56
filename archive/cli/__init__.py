"""The command `archive`: words on the command line to calls; one file per command."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import typer

from archive import __version__
from archive.cli.camera import cameras
from archive.cli.check import check
from archive.cli.doctor import doctor
from archive.cli.flash import flash
from archive.cli.import_ import import_
from archive.cli.link import link
from archive.cli.password import password
from archive.cli.send import send
from archive.cli.serve import serve
from archive.cli.service import services
from archive.cli.share import shares
from archive.cli.simulate import simulate
from archive.cli.twin import twin
from archive.errors import ArchiveError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A real-time photo album for ESP32-S3 cameras that never loses a frame in silence.",
)
app.command()(serve)
app.command()(send)
app.command()(simulate)
app.command()(flash)
app.command()(twin)
app.command("import")(import_)
app.command()(check)
app.command()(link)
app.command()(password)
app.command()(doctor)
app.add_typer(cameras, name="camera")
app.add_typer(shares, name="share")
app.add_typer(services, name="service")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Say the version and leave."
    ),
) -> None:
    del version


def _end(number: int, _: FrameType | None) -> None:
    """Asked to end, also by who knows no Ctrl-C: what a command has started, such as a twin, ends with it."""
    sys.exit(128 + number)


def main() -> None:
    """Run a command. Our own errors are a sentence on stderr and exit status 1; wrong usage is 2."""
    signal.signal(signal.SIGTERM, _end)
    try:
        app()
    except ArchiveError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
