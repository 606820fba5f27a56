"""`archive twin`: a real camera without hardware, the firmware's own code on this computer."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from archive import twin as twins
from archive.cli.destination import Folder, To
from archive.cli.setting_up import home
from archive.config import DEFAULT_FOLDER
from archive.errors import ConfigError
from archive.frame import camera_id
from archive.serial_setup import Installation, SerialSetup


def twin(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The camera's name.")] = "twin",
    *,
    frames: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="JPEG files to send, again and again. Without it: drawn ones.")
    ] = None,
    every_s: Annotated[int, typer.Option("--every", metavar="S", min=1, help="Seconds between frames.")] = 30,
    size: Annotated[str, typer.Option(metavar="SIZE", help="Of drawn frames: QVGA to QSXGA.")] = "SVGA",
    count: Annotated[
        int | None, typer.Option(min=1, help="So many frames, then it ends; without it, until Ctrl-C.")
    ] = None,
    speed: Annotated[float, typer.Option(metavar="X", min=0.001, help="So many of its seconds pass in one.")] = 1.0,
    fault: Annotated[
        str | None, typer.Option(metavar="FAULTS", help="What shall go wrong, such as 'lose, chance=200'.")
    ] = None,
    spool: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where frames and set-up outlive it. Default: in your cache.")
    ] = None,
    bare: Annotated[
        bool, typer.Option("--bare", help="Do not set it up: `archive flash --port` shall do that.")
    ] = False,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Where a camera of that name has a key: end that one.")
    ] = False,
    join: Annotated[
        bool, typer.Option("--join", help="Give it no key: it draws one and asks, and you let it in on the page.")
    ] = False,
    to: To = None,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", envvar="CAMERA_KEY", help="A key made elsewhere, for --to.")
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Start a camera without hardware: the firmware's own code, built for this computer, with faults on request.

    It keeps what it could not send in its spool and goes on with it at the next start. SIGUSR1 presses its button.
    The exit status is that of the twin: 3 when something is left over.
    """
    camera_id(name)
    if join and (key or new_key):
        raise ConfigError("a camera that asks with --join has a key of its own; leave --key and --new-key out")
    console = Console(highlight=False, soft_wrap=True)
    home_folder = spool or twins.cache_folder() / "twins" / name
    words = ["--spool", str(home_folder), "--interval-s", str(every_s), "--size", size, "--speed", str(speed)]
    words += ["--frames", str(frames)] if frames else []
    words += ["--count", str(count)] if count else []
    words += ["--fault", fault] if fault else []
    words += ["--log", "debug"]
    home_folder.mkdir(parents=True, exist_ok=True)
    status = asyncio.run(_run(console, words, name, folder, bare=bare, new_key=new_key, join=join, to=to, key=key))
    if status:
        raise typer.Exit(status)


async def _run(
    console: Console,
    words: list[str],
    name: str,
    folder: Path,
    *,
    bare: bool,
    new_key: bool,
    join: bool,
    to: str | None,
    key: str | None,
) -> int:
    with console.status("building the twin; the first time takes a minute"):
        program = await twins.build(lambda _: None)
    async with twins.running(program, *words) as running:
        console.print(f"The twin's serial port is {running.port}")
        if bare:
            console.print(f"Set it up: archive flash --port {running.port}")
        else:
            await _set_up(console, running.port, name, folder, new_key=new_key, join=join, to=to, key=key)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, running.press)
        async for line in running.lines():
            if told := _told(line):
                console.print(told, markup=False)
        return await running.wait()


async def _set_up(
    console: Console, port: str, name: str, folder: Path, *, new_key: bool, join: bool, to: str | None, key: str | None
) -> None:
    """Tell the twin of its archive, as any camera is told; one that knows it already is left as it is."""
    async with home(folder, to=to, key=key, joins=join, is_here=True) as archive, SerialSetup(port) as line:
        facts = await line.wait_for_camera()
        is_set_up = facts.get("id") == name and facts.get("server") == archive.url
        if is_set_up and bool(facts.get("has_key")) is not join and not new_key:
            console.print(f"{name} goes on where it was; {facts.get('spooled', 0)} frames wait in its spool")
            return
        try:
            async with archive.key_for(name, new_key=new_key) as made:
                await line.install(
                    Installation(ssid="twin", server_url=archive.url, key=made, joins=join, id=name, board="twin")
                )
        except ConfigError as exc:
            raise ConfigError(f"{exc} (for example: archive twin {name}-2)") from exc
        how = "asks to be let in at" if join else "sends to"
        console.print(f"{name} {how} {archive.url}")


def _told(line: str) -> str | None:
    """What a person wants to hear of the twin's log; its frames by number alone."""
    if match := re.fullmatch(r"D (\S+) [0-9a-f]{16} (\d+) ?(.*)", line):
        what, number, more = match.groups()
        return None if what == "taken" else f"{what:<12} №{number}  {more}".rstrip()
    if line.startswith(("W ", "E ", "I ")):
        return line[2:]
    return line
