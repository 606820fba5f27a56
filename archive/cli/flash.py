"""`archive flash`: from a bare board to its first frame in the archive."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from archive import arduino
from archive.cli.destination import Folder, running_archive
from archive.cli.setting_up import FIRST_FRAME_S, Home, home
from archive.config import DEFAULT_FOLDER
from archive.errors import ArchiveError, ConfigError, Malformed
from archive.firmware import BOARDS, Board, firmware_folder
from archive.frame import camera_id
from archive.serial_setup import AWAKE_S, Installation, SerialSetup, read_roots

LOOK_FOR_PORTS_EVERY_S = 1.0
SSID_MAX_BYTES = 32
PASSWORD_VARIABLE = "CAMERA_WIFI_PASSWORD"  # noqa: S105 - its name

T = TypeVar("T")


class Job(NamedTuple):
    """One camera to be made. A board of None is what is on a camera already."""

    name: str
    board: Board | None


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every board of one run."""

    ssid: str
    password: str
    roots: tuple[bytes, ...]
    new_key: bool
    joins: bool
    only_set_up: bool
    erase: bool
    slow: bool
    wait_s: float


def flash(
    *,
    port: Annotated[
        str | None, typer.Option(metavar="PORT", help="The board's serial port. Without it: the one that is found.")
    ] = None,
    board: Annotated[
        str | None, typer.Option(metavar="BOARD", help="Which board it is, by its name in the list. Else asked.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The camera's name, such as garden. Else asked.")
    ] = None,
    wifi: Annotated[
        str | None, typer.Option(metavar="SSID", envvar="CAMERA_WIFI", help="The Wi-Fi network. Else asked.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the camera sends to. Without it: this machine's address."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", envvar="CAMERA_KEY", help="A key made elsewhere, for an archive elsewhere."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For an https address: its root certificate, or two, in PEM.")
    ] = None,
    list_: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", help="Many boards in a row: a line each, a name and perhaps its board."),
    ] = None,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Where a camera of that name has a key: end that one.")
    ] = False,
    join: Annotated[
        bool, typer.Option("--join", help="Give it no key: it draws one and asks, and you let it in on the page.")
    ] = False,
    only_set_up: Annotated[
        bool, typer.Option("--only-set-up", help="Put no firmware on the board: it has ours already.")
    ] = False,
    erase: Annotated[bool, typer.Option("--erase", help="Wipe the whole flash first, settings and keys too.")] = False,
    slow: Annotated[bool, typer.Option("--slow", help="Upload at a speed that a bad cable stands.")] = False,
    wait_s: Annotated[
        float, typer.Option("--wait", metavar="S", min=1, help="How many seconds to wait for the first frame.")
    ] = FIRST_FRAME_S,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Make an ESP32-S3 board a camera of this archive: firmware, Wi-Fi, key, name, and its first frame on the page.

    Every command that is run is shown, so that you can run it yourself. The password of the Wi-Fi is asked for and not
    shown. The exit status is 1 if a board did not become a camera.
    """
    console = Console(highlight=False, soft_wrap=True)
    has_no_flash = port is not None and is_pseudo_terminal(port)
    if has_no_flash and not only_set_up:
        console.print(f"{port} is a twin, which has its firmware: only setting it up.")
    only_set_up = only_set_up or has_no_flash
    if not only_set_up or port is None:
        arduino.require_arduino_cli()
    if to is not None and to.startswith("https:") and root is None:
        raise ConfigError(
            "an https address needs the certificate at its root, which the camera will trust: --root FILE"
        )
    if join and (key or new_key):
        raise ConfigError("a camera that asks with --join has a key of its own; leave --key and --new-key out")
    roots = read_roots(root) if root else ()
    if key is None and not (join and to):
        with running_archive(folder):
            pass  # before anybody is asked anything
    if list_ is not None:
        jobs = read_list(list_, _board(board) if board else None, needs_board=not only_set_up)
    else:
        found = arduino.Port(port, "", "", "") if port else asyncio.run(_find_port(console))
        port = found.address
        known = _choose_board(console, board, found, is_asked=not only_set_up)
        jobs = [Job(camera_id(name) if name else _ask("the camera's name, such as garden", "--name", camera_id), known)]
    ssid = wifi if wifi is not None else _ask("the Wi-Fi network", "--wifi", _ssid)
    options = Options(
        ssid=ssid,
        password=_password(ssid),
        roots=roots,
        new_key=new_key,
        joins=join,
        only_set_up=only_set_up,
        erase=erase,
        slow=slow,
        wait_s=wait_s,
    )
    is_here = port is not None and is_pseudo_terminal(os.path.realpath(port))
    if not asyncio.run(_flash(console, options, jobs, port, home(folder, to=to, key=key, joins=join, is_here=is_here))):
        raise typer.Exit(1)


async def _flash(
    console: Console, options: Options, jobs: list[Job], port: str | None, at: AbstractAsyncContextManager[Home]
) -> bool:
    """Make every camera of *jobs*; whether all were made."""
    async with at as archive:
        bench = _Bench(console, options, archive)
        if len(jobs) == 1 and port is not None:
            await bench.make(jobs[0], port)
            return True
        return await bench.make_all(jobs, port)


class _Bench:
    """Where boards become cameras, one after the other."""

    def __init__(self, console: Console, options: Options, archive: Home) -> None:
        self._console = console
        self._options = options
        self._archive = archive
        self._compiled: set[str] = set()  # profiles
        self._done: set[str] = set()  # ports whose board is finished and still plugged in

    async def make_all(self, jobs: list[Job], port: str | None) -> bool:
        """Each board as it is plugged in. One that fails is told of and left for another run; whether none did."""
        made: dict[str, str] = {}
        for count, job in enumerate(jobs, 1):
            self._console.print(f"\n[bold]{job.name}[/bold], {count} of {len(jobs)}")
            try:
                made[job.name] = await self.make(job, await self._plugged_in(job, port))
            except ArchiveError as error:
                self._console.print(f"error: {error}", style="red", markup=False)
        table = Table("camera", "board", "first frame", box=None, header_style="")
        for job in jobs:
            table.add_row(job.name, job.board.id if job.board else "", made.get(job.name, "not made: see above"))
        self._console.print()
        self._console.print(table)
        return len(made) == len(jobs)

    async def make(self, job: Job, port: str) -> str:
        """One board, from firmware to first frame; where that is to be seen."""
        if job.board is not None and not self._options.only_set_up:
            await self._load(job.board, port)
        async with SerialSetup(port, on_log=self._from_camera) as line:
            with self._watched("waiting for the camera to answer"):
                await line.wait_for_camera(patience_s=min(AWAKE_S, self._options.wait_s))
            after = await self._archive.last_seq()
            async with self._archive.key_for(job.name, new_key=self._options.new_key) as key:
                with self._watched("setting it up"):
                    await line.install(self._installation(job, key))
            # From here on the camera has its key, and goes on trying whatever happens to us.
            self._console.print(
                f"set up: {job.name} sends to {self._archive.url} by way of {self._options.ssid}", markup=False
            )
            with self._watched("waiting for its first frame") as say:
                seen_at = await self._archive.first_frame(line, job.name, after, say, patience_s=self._options.wait_s)
        self._console.print(f"[bold]{job.name}[/bold] is live: {seen_at}")
        return seen_at

    def _installation(self, job: Job, key: str) -> Installation:
        return Installation(
            ssid=self._options.ssid,
            password=self._options.password,
            server_url=self._archive.url,
            key=key,
            joins=self._options.joins,
            id=job.name,
            board=job.board.id if job.board else None,
            roots=self._options.roots,
        )

    async def _load(self, board: Board, port: str) -> None:
        sketch = firmware_folder()
        if board.profile not in self._compiled:
            command = arduino.compile_command(sketch, board.profile)
            self._console.print(f"$ {command}", markup=False)
            with self._watched("compiling; the first time, the compiler is downloaded, which takes a while") as say:
                arduino.require_image_fits(await arduino.run(command, say))
            self._compiled.add(board.profile)
        command = arduino.upload_command(
            sketch, board.profile, port, erase=self._options.erase, slow=self._options.slow
        )
        self._console.print(f"$ {command}", markup=False)
        with self._watched("uploading") as say:
            await arduino.run(command, say)

    async def _plugged_in(self, job: Job, port: str | None) -> str:
        """The port of the next board: *port*, or one on which there was none, or another one, before."""
        if port is not None and port not in self._done:
            self._done.add(port)
            return port
        what = f" ({job.board.name})" if job.board else ""
        self._console.print(f"Plug in the board that is to be {job.name}{what}.", markup=False)
        with self._watched("waiting for a board"):
            while True:
                seen = {found.serial_number or found.address: found.address for found in await arduino.ports()}
                self._done &= seen.keys()  # unplugged: the next one may come to the same port
                for identity, address in seen.items():
                    if identity not in self._done and (port is None or address == port):
                        self._done.add(identity)
                        return address
                await asyncio.sleep(LOOK_FOR_PORTS_EVERY_S)

    def _from_camera(self, line: str) -> None:
        """Warnings and errors of the camera's own are shown, with the cure where we know one."""
        if not line.startswith(("W ", "E ")):
            return
        self._console.print(f"  the camera says: {line[2:]}", markup=False)
        if symptom := arduino.cure_for(line):
            self._console.print(f"  what to do: {symptom.cure}", markup=False)

    @contextmanager
    def _watched(self, doing: str) -> Iterator[Callable[[str], None]]:
        """Something is seen to go on, with what is said of it, and how far where a percentage is."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(20),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as progress:
            task = progress.add_task(doing, total=None)

            def say(line: str) -> None:
                percent = re.findall(r"(\d+(?:\.\d+)?) ?%", line)
                progress.update(task, description=f"{doing}: {line[:100]}")
                if percent:
                    progress.update(task, completed=float(percent[-1]), total=100)

            yield say


async def _find_port(console: Console) -> arduino.Port:
    """The port on which there is a board. Raises ConfigError where there is none, or more than one."""
    with console.status("looking for a board"):
        found = await arduino.ports()
    if not found:
        raise ConfigError(arduino.NO_PORT)
    if len(found) > 1:
        listed = "\n".join(f"  --port {one.address}   {one.name}" for one in found)
        raise ConfigError(f"there are {len(found)} boards; name the port of one, or unplug the others:\n{listed}")
    console.print(f"found {found[0].name} on {found[0].address}", markup=False)
    return found[0]


def _choose_board(console: Console, named: str | None, found: arduino.Port, *, is_asked: bool) -> Board | None:
    if named:
        return _board(named)
    recognised = [board for board in BOARDS if board.core_name == found.core_name != "esp32s3"]
    if len(recognised) == 1:
        return recognised[0]
    if not is_asked:
        return None
    table = Table("", "board", "sold as", box=None, header_style="")
    for number, board in enumerate(BOARDS, 1):
        table.add_row(str(number), board.id, board.name)
    console.print(table)
    return _ask("the board, by its number or name", "--board", _board)


def _board(named: str) -> Board:
    for number, board in enumerate(BOARDS, 1):
        if named in {board.id, str(number)}:
            return board
    raise ConfigError(f"{named} is not in the list of boards: {', '.join(board.id for board in BOARDS)}")


def _ssid(named: str) -> str:
    if not 1 <= len(named.encode()) <= SSID_MAX_BYTES:
        raise ConfigError(f"a network's name has 1 to {SSID_MAX_BYTES} bytes")
    return named


def _ask(what: str, option: str, read: Callable[[str], T]) -> T:
    """What a person answers, asked again until *read* takes it. Raises ConfigError where nobody is there."""
    if not sys.stdin.isatty():
        raise ConfigError(f"{what} is not known: {option}")
    while True:
        try:
            return read(typer.prompt(what[0].upper() + what[1:], err=True).strip())
        except ArchiveError as error:
            typer.echo(str(error), err=True)


def _password(ssid: str) -> str:
    if (given := os.environ.get(PASSWORD_VARIABLE)) is not None:
        return given
    if not sys.stdin.isatty():
        raise ConfigError(
            f"the password of {ssid} is not known: set {PASSWORD_VARIABLE}, to nothing for an open network"
        )
    question = f"Password of {ssid} (not shown; nothing for an open network)"
    answer: str = typer.prompt(question, default="", hide_input=True, show_default=False, err=True)
    return answer


def read_list(path: Path, board: Board | None, *, needs_board: bool) -> list[Job]:
    """The cameras in a list, a line each: a name and perhaps a board. `#` begins a comment. Raises ConfigError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path} cannot be read: {exc}") from exc
    jobs: list[Job] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        where = f"{path}, line {number}"
        if len(words) > 2:
            raise ConfigError(f"{where}: a line is a name and perhaps a board, not {line.strip()!r}")
        try:
            job = Job(camera_id(words[0]), _board(words[1]) if len(words) == 2 else board)
        except (Malformed, ConfigError) as exc:
            raise ConfigError(f"{where}: {exc}") from exc
        if job.board is None and needs_board:
            raise ConfigError(f"{where}: which board is it? Write it behind the name, or give --board for all")
        if job.name in {known.name for known in jobs}:
            raise ConfigError(f"{where}: {job.name} stands in the list twice")
        jobs.append(job)
    if not jobs:
        raise ConfigError(f"{path} names no camera")
    return jobs


def is_pseudo_terminal(port: str) -> bool:
    """Whether *port* is a twin's and not a board's."""
    return re.fullmatch(r"/dev/(pts/\d+|ttys\d+)", port) is not None
