"""`archive service`: the archive as a service that survives logout and reboot."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

import archive
from archive.config import DEFAULT_FOLDER, load
from archive.errors import ConfigError
from archive.owner import is_running
from archive.service import Remove, Run, Services, Step, Wanted, Write
from archive.service.launchd import Launchd
from archive.service.systemd import OWN_USER, SYSTEM_FOLDER, Systemd

services = typer.Typer(no_args_is_help=True, help="The archive as a service that survives logout and reboot.")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

# What a command's own words mean, and what to do.
CURES = {
    "has not been booted with systemd": "systemd is installed here and does not run: have what runs instead start "
    "`archive serve FOLDER`",
    "Job for": "`archive service logs` says why, and what to do",
    "Failed to connect to bus": "you have no service manager of your own here: log in as yourself instead of by su or "
    "sudo, or install it for the machine: sudo archive service install --system",
    "Access denied": "this needs an administrator: sudo",
    "Permission denied": "this needs an administrator: sudo",
}


@services.command("install")
def install(
    folder: Annotated[
        Path | None,
        typer.Option(
            envvar="ARCHIVE_FOLDER", help="Where the archive lives. Default: ~/camera-archive, or in /var/lib."
        ),
    ] = None,
    system: Annotated[
        bool, typer.Option("--system", help="For the machine, under a user of its own; as root.")
    ] = False,
    run_as: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="With --system: the user to run as, who must exist.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Start the archive now and whenever this machine starts. Prints the files it writes and the commands it runs."""
    found = _services(is_system=system)
    wanted = _wanted(folder, is_system=system, run_as=run_as)
    if not found.path.exists() and is_running(wanted.folder):
        raise ConfigError(f"an archive is running in {wanted.folder}; end it first, the service takes its place")
    _take(found.install(wanted), dry_run=dry_run)
    if not dry_run:
        typer.echo(f"\nIt runs: http://localhost:{load(wanted.folder, {}, {}).port}/")
        typer.echo("How it fares: archive service status. What it says: archive service logs")


@services.command("status")
def status() -> None:
    """How the service fares. The exit status is the service manager's: 0 while it runs."""
    raise typer.Exit(subprocess.run(_installed().status(), check=False).returncode)  # noqa: S603 - our own words


@services.command("logs")
def logs(
    lines: Annotated[int, typer.Option(help="How many of the last lines.", min=1)] = 100,
    follow: Annotated[bool, typer.Option("--follow", help="Go on showing what comes, until Ctrl-C.")] = False,
) -> None:
    """What the service has logged."""
    command = _installed().logs(lines=lines, follow=follow)
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own words


@services.command("uninstall")
def uninstall(dry_run: DryRun = False) -> None:
    """End the service and forget it. The archive's folder stays as it is."""
    found = _installed()
    if not dry_run and not os.access(found.path.parent, os.W_OK):
        raise ConfigError(
            "this is a service of the machine, so it takes an administrator: sudo archive service uninstall"
        )
    _take(found.uninstall(), dry_run=dry_run)


def _services(*, is_system: bool) -> Services:
    """What starts services on this machine. Raises ConfigError where nothing we know does, or the user is the wrong."""
    if is_system and os.geteuid() != 0:
        raise ConfigError("a service of the machine needs an administrator: sudo archive service install --system")
    if not is_system and os.geteuid() == 0:
        raise ConfigError("as root say --system, or install it as the user whose service it shall be")
    if sys.platform == "darwin":
        return Launchd(is_system=is_system)
    return _systemd(is_system=is_system)


def _systemd(*, is_system: bool) -> Services:
    if shutil.which("systemctl") is None:
        raise ConfigError(
            "there is no systemd here (and this is no Mac); have your own supervisor run `archive serve FOLDER`: "
            "it stays in the foreground and ends on SIGTERM"
        )
    said = subprocess.run(["systemctl", "--version"], check=False, capture_output=True, text=True).stdout  # noqa: S607
    version = re.match(r"systemd (\d+)", said)
    return Systemd(is_system=is_system, version=int(version[1]) if version else 0, has_namespaces=_has_namespaces())


def _has_namespaces() -> bool:
    """Whether a user may have namespaces of his own, which some distributions forbid."""
    probe = ["unshare", "--user", "--map-root-user", "--mount", "true"]
    try:
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own words
    except FileNotFoundError:
        return False


def _installed() -> Services:
    """The service that is installed: this user's own, else the machine's. Raises ConfigError."""
    kinds = Launchd if sys.platform == "darwin" else Systemd
    for is_system in (False, True):
        found: Services = kinds(is_system=is_system)
        if found.path.exists():
            return found
    raise ConfigError("no service is installed here; `archive service install` does that")


def _wanted(folder: Path | None, *, is_system: bool, run_as: str | None) -> Wanted:
    script = Path(sys.executable).with_name("archive")
    program = (str(script),) if script.exists() else (sys.executable, "-m", "archive")
    if not is_system:
        if run_as is not None:
            raise ConfigError("--as goes with --system: a service of your own runs as you")
        return Wanted(program=program, folder=(folder or DEFAULT_FOLDER).expanduser().absolute())
    if run_as is None and sys.platform == "darwin":
        raise ConfigError("say which user the daemon shall run as: --as USER")
    user = run_as or OWN_USER
    _require_reachable(user)
    return Wanted(program=program, folder=(folder or SYSTEM_FOLDER).absolute(), user=user)


def _require_reachable(user: str) -> None:
    """Raises ConfigError where *user* could not even read the program."""
    try:
        entry = pwd.getpwnam(user)
        uid, groups = entry.pw_uid, set(os.getgrouplist(user, entry.pw_gid))
    except KeyError:
        if user != OWN_USER:
            raise ConfigError(f"there is no user {user} on this machine") from None
        uid, groups = -1, set()  # who is yet to be made may do what all may
    for path in (Path(sys.executable), Path(sys.executable).resolve(), Path(archive.__file__)):
        for place in (*reversed(path.parents), path):
            if not _may_enter(place, uid, groups):
                raise ConfigError(
                    f"{user} may not read {place}, where this program is. Put it where all can read it, such as /opt, "
                    "and install the service from there; or let it run as the program's owner: --as USER"
                )


def _may_enter(place: Path, uid: int, groups: set[int]) -> bool:
    found = place.stat()
    needed = 0o1 if stat.S_ISDIR(found.st_mode) else 0o4
    if uid == 0:
        return True
    if found.st_uid == uid:
        return bool(found.st_mode & needed << 6)
    if found.st_gid in groups:
        return bool(found.st_mode & needed << 3)
    return bool(found.st_mode & needed)


def _take(steps: list[Step], *, dry_run: bool) -> None:
    """Show each step, and take it."""
    for step in steps:
        match step:
            case Write(path, text):
                typer.echo(f"writes {path}\n" + "".join(f"  | {line}\n" for line in text.splitlines()), nl=False)
                if not dry_run:
                    _written(path, text)
            case Remove(path):
                typer.echo(f"removes {path}")
                if not dry_run:
                    path.unlink(missing_ok=True)
            case Run():
                typer.echo(f"$ {shlex.join(step.command)}")
                if not dry_run:
                    _run(step)


def _written(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _run(step: Run) -> None:
    try:
        ran = subprocess.run(step.command, check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    except FileNotFoundError as error:
        raise ConfigError(f"{step.command[0]} is not installed here") from error
    if ran.returncode == 0:
        return
    said = (ran.stderr.strip() or ran.stdout.strip() or f"it ended with status {ran.returncode}").rstrip(".")
    if step.else_say is not None:
        typer.echo(f"  {said}\n  {step.else_say}")
        return
    cure = next((f". {cure[0].upper()}{cure[1:]}" for words, cure in CURES.items() if words in said), "")
    raise ConfigError(f"`{shlex.join(step.command)}` failed: {said}{cure}")
