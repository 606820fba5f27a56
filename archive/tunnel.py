"""A public address for an archive behind a router: a tunnel is opened, watched, and opened again when it ends.

Each kind of tunnel is a program of somebody else's, which says on its output how it fares; ngrok is a library too.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import json
import logging
import os
import random
import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple, cast

from archive import programs
from archive.client import Backoff
from archive.errors import ConfigError

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
STEADY_S = 60.0  # a tunnel that stood as long was a good one: what ends it is news
PATIENCE_S = 60.0  # for the first word of where we are reached
FAREWELL_S = 5.0  # so that the other side knows that we left
CAUSE_MAX = 300
TOKEN = "NGROK_AUTHTOKEN"  # noqa: S105 - the name of the variable
FORMS = (
    "ngrok, ngrok:NAME.ngrok-free.app, cloudflared, cloudflared:archive.example.org, "
    "ssh:user@host:8080 (a server of yours), ssh:user@host (a service that says the address)"
)

log = logging.getLogger(__name__)

Up = Callable[[str], None]  # told the public address
Run = Callable[[int, Up], Awaitable[str]]  # a tunnel to that port of loopback, until it ends; why it did

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_KIND = re.compile(
    rf"(?P<program>ngrok|cloudflared)(?::(?P<name>{_HOST}))?"
    rf"|ssh:(?P<to>(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?(?P<host>{_HOST}))(?::(?P<port>[0-9]{{1,5}}))?"
)
_SERVICES = re.compile(
    r"tunneled with tls termination, (https://[A-Za-z0-9.-]+)"  # localhost.run
    r"|Forwarding HTTP traffic from (https://[A-Za-z0-9.-]+)"  # serveo.net, and those built on sish
    r"|^\W*(https://[A-Za-z0-9.-]+)/?\W*$"  # others: alone in its line
)


class Program(NamedTuple):
    """How to run a tunnel's program, and how to understand it."""

    words: Sequence[str]
    address_in: Callable[[str], str | None]  # the public address that a line tells
    complaint_in: Callable[[str], str | None]  # what a line says is wrong
    cures: Sequence[tuple[str, str]]  # what is known to go wrong, as a pattern in its output, and what to do
    has_input: bool = False


@contextlib.asynccontextmanager
async def opened_tunnel(kind: str, port: int, tell: Up) -> AsyncIterator[None]:
    """What comes in at a public address reaches *port* of this machine's loopback, while inside.

    The address goes to *tell* as soon as it is known, and again when it changed. A tunnel that ends, or cannot be
    opened just now, is opened again and again; the log has a line on each cause. Raises ConfigError as `require_tunnel`
    does.
    """
    run = await asyncio.to_thread(_run_of, kind)
    task = asyncio.create_task(_keep_open(run, port, tell))
    task.add_done_callback(_report)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def require_tunnel(kind: str) -> None:
    """Raises ConfigError, with the cure, when there is no such tunnel, or what it needs is not here."""
    _run_of(kind)


async def _keep_open(run: Run, port: int, tell: Up) -> None:
    backoff = Backoff(random.Random(), first_s=FIRST_WAIT_S, longest_s=LONGEST_WAIT_S)  # noqa: S311 - spreads waits
    address = said = ""
    is_closed = False

    def up(found: str) -> None:
        nonlocal address, is_closed
        if is_closed and found == address:
            log.info("the tunnel is open again")
        is_closed = False
        if found != address:
            address = found
            tell(found)

    while True:
        began = time.monotonic()
        try:
            cause = await run(port, up)
        except OSError as exc:
            cause = f"it cannot be started: {exc.strerror or exc}"
        if time.monotonic() - began > STEADY_S:
            backoff.succeeded()
            said = ""
        if cause != said:
            log.warning("the tunnel is closed: %s. It will be opened again", cause)
            said, is_closed = cause, True
        await asyncio.sleep(backoff.wait_s())


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("the tunnel is not watched any more", exc_info=error)


def _run_of(kind: str) -> Run:
    match = _KIND.fullmatch(kind)
    if match is None or int(match["port"] or 1) not in range(1, 65_536):
        raise ConfigError(f"{kind!r} is no tunnel; these are: {FORMS}")
    if match["to"]:
        port = match["port"]
        return _running("ssh", lambda to: _ssh(match["to"], match["host"], port, to), "apt-get install openssh-client")
    if match["program"] == "cloudflared":
        return _running("cloudflared", lambda to: _cloudflared(match["name"], to), "https://pkg.cloudflare.com/")
    return _ngrok_run(match["name"])


def _running(program: str, at: Callable[[int], Program], get: str) -> Run:
    """A tunnel by that program. Raises ConfigError when it is not installed."""
    if shutil.which(program) is None:
        raise ConfigError(f"a tunnel by {program} needs the program {program}, which is not installed: {get}")
    bond = _bond()

    async def run(port: int, up: Up) -> str:
        return await _run(at(port), bond, up)

    return run


async def _run(program: Program, bond: Sequence[str], up: Up) -> str:
    """The program, until it ends; in words, why it did."""
    complaints: list[str] = []
    is_up = asyncio.Event()

    def hear(line: str) -> None:
        if address := program.address_in(line):
            is_up.set()
            complaints.clear()
            up(address)
        elif complaint := program.complaint_in(line):
            complaints[:] = [*complaints[-9:], complaint]

    running = asyncio.create_task(
        programs.run([*bond, *program.words], hear, has_input=program.has_input, farewell_s=FAREWELL_S)
    )
    waiting = asyncio.create_task(is_up.wait())
    try:
        await asyncio.wait({running, waiting}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not is_up.is_set() and not running.done():
            return _cause(f"it has said no address for {PATIENCE_S:g} s", complaints, program.cures)
        ended = await running
        return _cause(f"{program.words[0]} ended with status {ended.status}", complaints, program.cures)
    finally:
        for task in (waiting, running):
            task.cancel()
        await asyncio.wait({waiting, running})


def _bond() -> Sequence[str]:
    """Before a command: it ends when we are killed.

    A tunnel left over would hold the address that the next one wants, and lead to whoever gets our port.
    """
    return ("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()


def _cause(fact: str, complaints: Iterable[str], cures: Sequence[tuple[str, str]]) -> str:
    """One sentence: what is known about it, else what the program said last."""
    said = list(complaints)
    for pattern, cure in cures:
        if any(re.search(pattern, line) for line in said):
            return cure
    return f"{fact}: {_without_token(said[-1])[:CAUSE_MAX]}" if said else fact


def _without_token(line: str) -> str:
    """Ngrok repeats a token that it does not like."""
    if token := os.environ.get(TOKEN):
        line = line.replace(token, "…")
    return re.sub(r"(?i)(your authtoken:\s*)\S+", r"\1…", line)


# -- ssh


def _ssh(to: str, host: str, remote_port: str | None, port: int) -> Program:
    def address_in(line: str) -> str | None:
        if remote_port is None:
            return _said_by_service(line)
        if "remote forward success for: listen" in line:
            return f"http://{host}" + ("" if remote_port == "80" else f":{remote_port}")
        return None

    return Program(
        words=[
            *("ssh", "-v", "-T"),  # without -v it says nothing when the tunnel stands
            *(() if remote_port is None else ("-N",)),  # a service says the address in a session
            *_options(
                BatchMode="yes",  # nobody is there to answer
                ExitOnForwardFailure="yes",
                ServerAliveInterval="15",
                ServerAliveCountMax="3",
                ConnectTimeout="15",
                ControlMaster="no",  # a shared connection would outlive us
                ControlPath="none",
            ),
            *("-R", f"{'80' if remote_port is None else f'*:{remote_port}'}:127.0.0.1:{port}"),
            *("--", to),
        ],
        address_in=address_in,
        complaint_in=lambda line: None if line.startswith(("debug", "Warning: Permanently", "OpenSSH")) else line,
        cures=[
            ("Host key verification failed", f"ssh does not know {host} yet: connect once by hand, ssh {to}"),
            (
                r"Permission denied|Too many authentication",
                f"{host} does not accept this user's key: ssh-copy-id {to}, with a key that needs no passphrase",
            ),
            (
                "remote port forwarding failed|administratively prohibited",
                (
                    f"{host} does not give us its port {remote_port or 80}: another tunnel or program has it, or its "
                    "sshd_config does not allow it (AllowTcpForwarding, PermitListen)"
                ),
            ),
            ("Could not resolve hostname", f"no host is known as {host}"),
        ],
        has_input=remote_port is None,
    )


def _options(**values: str) -> list[str]:
    return [word for name, value in values.items() for word in ("-o", f"{name}={value}")]


def _said_by_service(line: str) -> str | None:
    """Services print much else with addresses in it: news, manuals, accounts."""
    match = _SERVICES.search(line)
    return match and match[match.lastindex or 0]


# -- cloudflared


def _cloudflared(hostname: str | None, port: int) -> Program:
    def address_in(line: str) -> str | None:
        if hostname:
            return f"https://{hostname}" if re.search(r"(?i)registered tunnel connection", line) else None
        match = re.search(r"https://(?!api\.)[a-z0-9-]+\.trycloudflare\.com", line)
        return match and match[0]

    named = ["--name", hostname.replace(".", "-"), "--hostname", hostname] if hostname else []
    return Program(
        words=[
            *("cloudflared", "tunnel", "--no-autoupdate", "--grace-period", "1s"),
            *("--config", os.devnull),  # with one of the user's own, quick tunnels refuse to work
            *named,
            *("--url", f"http://127.0.0.1:{port}"),
        ],
        address_in=address_in,
        complaint_in=lambda line: _after_level(line) if "was empty" not in line else None,
        cures=[
            (
                "origin cert|cert.pem",
                f"this machine may not make tunnels for {hostname} yet: cloudflared tunnel login",
            ),
            (
                r"\b429\b|error code: 1015",
                (
                    "Cloudflare gives this address no more quick tunnels for now; one of your own domain has no such "
                    "limit: cloudflared:archive.example.org"
                ),
            ),
        ],
    )


def _after_level(line: str) -> str | None:
    """What it logged as an error, or said without logging."""
    match = re.search(r"\b(?:ERR|FTL)\b\s*(.*)", line)
    return match[1] if match else line if not re.search(r"\b(?:INF|WRN|DBG)\b", line) else None


# -- ngrok

_NGROK_CURES = (
    (
        r"ERR_NGROK_(?:4018|10[5-7])\b|authtoken",
        (
            "ngrok wants an account's token: get yours at https://dashboard.ngrok.com/get-started/your-authtoken, then "
            f"`ngrok config add-authtoken TOKEN`, or {TOKEN}=TOKEN in the environment"
        ),
    ),
    (r"ERR_NGROK_108\b", "this ngrok account has another tunnel open: end that one"),
    (r"ERR_NGROK_(?:120|121)\b", "this ngrok is too old for its service: ngrok update"),
    (r"ERR_NGROK_334\b", "another tunnel of this ngrok account has that address: end that one"),
)


def _ngrok_run(domain: str | None) -> Run:
    """By the library where it is installed and has a token, else by the program, which keeps a token of its own."""
    has_library = importlib.util.find_spec("ngrok") is not None
    if has_library and os.environ.get(TOKEN):
        return lambda port, up: _run_library(domain, port, up)
    if has_library and shutil.which("ngrok") is None:
        raise ConfigError(_NGROK_CURES[0][1])
    return _running(
        "ngrok",
        lambda port: _ngrok(domain, port),
        "https://ngrok.com/download. Or its library: pip install 'esp32-camera-archive[ngrok]'",
    )


async def _run_library(domain: str | None, port: int, up: Up) -> str:
    """The official library; it connects again by itself, so this ends only where it cannot at first."""
    ngrok = await asyncio.to_thread(importlib.import_module, "ngrok")
    options = {"domain": domain} if domain else {}
    try:
        listener = await ngrok.forward(f"127.0.0.1:{port}", authtoken_from_env=True, **options)
    except ValueError as exc:  # its only kind of error
        return _cause("ngrok did not connect", [" ".join(map(str, exc.args))], _NGROK_CURES)
    try:
        up(cast("str", listener.url()))
        until_cancelled: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await until_cancelled
    finally:
        await listener.close()


def _ngrok(domain: str | None, port: int) -> Program:
    def address_in(line: str) -> str | None:
        said = _entry(line)
        return str(said["url"]) if said.get("msg") == "started tunnel" and "url" in said else None

    def complaint_in(line: str) -> str | None:
        said = _entry(line)
        if not said:
            return line.removeprefix("ERROR:").strip()
        error = said.get("err")
        return str(error) if error not in (None, "nil", "<nil>") else None

    return Program(
        words=[
            *("ngrok", "http", "--log", "stdout", "--log-format", "json"),
            "--inspect=false",  # it would keep what passes, keys too, and show it to everybody on this machine
            *(("--url", f"https://{domain}") if domain else ()),
            f"http://127.0.0.1:{port}",
        ],
        address_in=address_in,
        complaint_in=complaint_in,
        cures=_NGROK_CURES,
    )


def _entry(line: str) -> dict[str, object]:
    """A line of its log; empty when it is none."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
