"""An archive behind a router has a public address: by ssh for real, by other tunnels' programs as they behave."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from archive import tunnel
from archive.cli.outside import reached_from_outside, require_rights
from archive.config import Config
from archive.errors import ConfigError
from archive.server import keys
from archive.tunnel import opened_tunnel, require_tunnel
from tests.conftest import ArchiveServer, free_port
from tests.pictures import jpeg
from tests.server.conftest import MakeArchive
from tests.server.serving import PATIENCE_S, Served, new_boot, until
from tests.server.sshd import MISSING, SSHD, Sshd, sshd
from tests.server.streams import listening

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "2aBcDeFgHiJkLmNoPqRsTuVwXyZ_0123456789"
STAND_IN = Path(__file__).with_name("tunnel_program.py")


@pytest.fixture(name="away")
def _away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """A machine elsewhere that lets us in by ssh: the host `away`."""
    if not Path(SSHD).exists():
        pytest.fail(MISSING)
    with sshd(tmp_path / "sshd") as running:
        monkeypatch.setenv("PATH", f"{Path(running.program).parent}:{os.environ['PATH']}")
        yield running


class StandIn:
    """Programs on the path that behave like a tunnel's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str) -> None:
        program = self.folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec -a {name} {sys.executable} {self.folder / "as" / name} "$@"\n')
        program.write_text(program.read_text().replace("/bin/sh", "/bin/bash"))
        program.chmod(0o755)
        shutil.copy(STAND_IN, self.folder / "as" / name)

    def fail(self, how: str) -> None:
        (self.folder / "how").write_text(how)

    @property
    def words(self) -> list[str]:
        words: list[str] = json.loads((self.folder / "words").read_text())
        return words

    @property
    def times_started(self) -> int:
        count = self.folder / "count"
        return int(count.read_text() or 0) if count.exists() else 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{(self.folder / 'port').read_text()}"


@pytest.fixture(name="stand_in")
def _stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A path on which there is no tunnel's program but those installed here."""
    for name in ("bin", "as"):
        (tmp_path / name).mkdir()
    for name in ("setpriv", "bash", "sh"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("TUNNEL_FOLDER", str(tmp_path))
    monkeypatch.delenv("NGROK_AUTHTOKEN", raising=False)
    return StandIn(tmp_path)


@contextlib.asynccontextmanager
async def tunnelled(archive: Served, kind: str) -> AsyncIterator[list[str]]:
    """The archive with a tunnel to it: the public addresses that are told, as they come."""
    port = await archive.archive.listen("127.0.0.1", 0, is_outside=True)
    told: list[str] = []
    async with opened_tunnel(kind, port, told.append):
        yield told


@contextlib.asynccontextmanager
async def outside(archive: Served, url: str) -> AsyncIterator[Served]:
    """The archive as it is seen through *url*."""
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(PATIENCE_S)) as session:
        yield Served(archive.archive, archive.port, session)


async def until_dead(process: psutil.Process) -> None:
    """Kill it, and wait until it is gone."""
    process.kill()
    await until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def programs(name: str) -> list[psutil.Process]:
    """The programs of that name that this process has started."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() != psutil.STATUS_ZOMBIE and (
                child.name() == name or Path([*child.cmdline(), ""][0]).name == name
            ):
                found.append(child)
    return found


async def answers(url: str) -> bool:
    """Whether an archive answers there just now."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False


def said(caplog: pytest.LogCaptureFixture, pattern: str) -> list[str]:
    """What the log says that has *pattern* in it."""
    return [text for record in caplog.records if re.search(pattern, text := record.getMessage())]


# -- ssh, for real


async def test_by_ssh_all_goes_through(make_archive: MakeArchive, away: Sshd, tmp_path: Path) -> None:
    """A page, a frame with its contract, a large one, and an event the moment it happens."""
    del away
    archive = await make_archive(folder=tmp_path / "archive", heartbeat_s=0.1)
    port = free_port()
    async with tunnelled(archive, f"ssh:away:{port}") as told:
        await until(lambda: told)
        async with outside(archive, f"http://127.0.0.1:{port}/") as visitor:
            page = await visitor.ask("/")
            async with listening(visitor.session) as stream:
                beats = [await stream.next() for _ in range(3)]
                for number, body in enumerate((jpeg(seed=1), jpeg(3000, 2000, seed=2, quality=100))):
                    reply = await visitor.send(body, camera="garden", boot="00000000000000aa", number=number)
                    assert reply.echo is not None
                    assert reply.echo.answer == "kept"
                    await stream.until("frame", number=number)

    assert told == [f"http://away:{port}"]
    assert archive.archive.door.outside_port not in (0, archive.port)
    assert b"<title>" in page.body
    assert [beat.kind for beat in beats] == ["hello", "heartbeat", "heartbeat"]
    assert [frame["number"] for frame in await archive.frames("garden")] == [1, 0]


async def test_a_tunnel_that_ends_is_opened_again(
    archive: Served, away: Sshd, caplog: pytest.LogCaptureFixture
) -> None:
    """Each time; said once, as the cause is the same. The address has not changed, so it is not told again."""
    del away
    caplog.set_level(logging.INFO, logger="archive.tunnel")
    port = free_port()
    async with tunnelled(archive, f"ssh:away:{port}") as told:
        for _ in range(2):
            await until(lambda: answers(f"http://127.0.0.1:{port}"))
            [running] = programs("ssh")
            await until_dead(running)
        await until(lambda: answers(f"http://127.0.0.1:{port}"))

    assert told == [f"http://away:{port}"]
    assert said(caplog, "is closed") == ["the tunnel is closed: ssh ended with status -9. It will be opened again"]
    assert len(said(caplog, "open again")) == 1


async def test_with_the_archive_its_tunnel_ends(archive: Served, away: Sshd) -> None:
    """No program stays, and the address leads nowhere."""
    del away
    port = free_port()
    async with tunnelled(archive, f"ssh:away:{port}") as told:
        await until(lambda: told)
        assert programs("ssh")

    assert programs("ssh") == []
    await until(lambda: _is_free(port))


async def test_a_server_that_is_killed_leaves_no_tunnel_behind(
    archive_servers: Callable[..., ArchiveServer], away: Sshd
) -> None:
    """It would lead to whoever gets the port next, and be in the way of the next start; which then has its address."""
    del away
    port = free_port()
    server = archive_servers(tunnel=f"ssh:away:{port}")
    await until(lambda: answers(f"http://127.0.0.1:{port}"))

    server.kill()
    await until(lambda: _is_free(port))
    server.start()

    await until(lambda: answers(f"http://127.0.0.1:{port}"))
    assert f"is reached from anywhere at http://away:{port}/" in server.log.read_text()
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("spoilt", "cure"),
    [
        ("known_hosts", r"connect once by hand, ssh away"),
        ("authorized_keys", r"ssh-copy-id away"),
        ("port", r"does not give us its port \d+"),
    ],
)
async def test_what_ssh_lacks_is_said_with_its_cure(
    archive: Served, away: Sshd, caplog: pytest.LogCaptureFixture, spoilt: str, cure: str
) -> None:
    """Once, however often it is tried; and when it is mended the tunnel opens by itself."""
    port = free_port()
    with spoil(away, spoilt, port) as mend:
        async with tunnelled(archive, f"ssh:away:{port}") as told:
            await until(lambda: said(caplog, "is closed"))
            await until(lambda: programs("ssh"))
            await until(lambda: not programs("ssh"))
            mend()
            await until(lambda: told)

    assert len(said(caplog, "is closed")) == 1
    assert said(caplog, cure)


@contextlib.contextmanager
def spoil(away: Sshd, what: str, port: int) -> Iterator[Callable[[], None]]:
    """That file of ssh's is empty, or that port taken, until it is mended."""
    if what == "port":
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            yield taken.close
        return
    file = {"known_hosts": away.known_hosts, "authorized_keys": away.authorized_keys}[what]
    before = file.read_text()
    file.write_text("")

    def mend() -> None:
        file.write_text(before)

    yield mend


# -- programs that behave like the others


@pytest.mark.parametrize(
    ("kind", "program", "address"),
    [
        ("cloudflared", "cloudflared", r"https://garden-number-\d\.trycloudflare\.com"),
        ("cloudflared:photos.example.org", "cloudflared", r"https://photos\.example\.org"),
        ("ngrok", "ngrok", r"https://garden-\d\.ngrok-free\.app"),
        ("ssh:nokey@localhost.run", "ssh", r"https://garden\d\.lhr\.life"),
    ],
)
async def test_what_a_program_says_is_understood(
    archive: Served, stand_in: StandIn, kind: str, program: str, address: str
) -> None:
    """The public address among all it prints; an upload and the event it makes go through; then it is gone."""
    stand_in.install(program)
    camera, boot = f"by-{program}-{len(kind)}", new_boot()

    async with tunnelled(archive, kind) as told:
        await until(lambda: told)
        async with outside(archive, stand_in.url) as visitor, listening(visitor.session) as stream:
            reply = await visitor.send(jpeg(seed=len(kind)), camera=camera, boot=boot, number=7)
            assert reply.status == 201
            await stream.until("frame", camera=camera, number=7)

    assert len(told) == 1
    assert re.fullmatch(address, told[0])
    assert not await answers(stand_in.url)


@pytest.mark.parametrize(("kind", "program"), [("cloudflared", "cloudflared"), ("ngrok", "ngrok")])
async def test_an_address_that_changed_is_told(archive: Served, stand_in: StandIn, kind: str, program: str) -> None:
    """As quick tunnels do each time they start."""
    stand_in.install(program)

    async with tunnelled(archive, kind) as told:
        await until(lambda: told)
        [running] = programs(program)
        await until_dead(running)
        await until(lambda: len(told) == 2)

    assert told[0] != told[1]


@pytest.mark.parametrize(
    "wrong",
    [
        ("ngrok", "token", "dashboard.ngrok.com/get-started/your-authtoken"),
        ("cloudflared:photos.example.org", "token", "cloudflared tunnel login"),
        ("cloudflared", "limit", "no more quick tunnels for now"),
        ("ngrok", "odd", "ngrok ended with status 1: something else is wrong …"),
    ],
)
async def test_what_a_program_lacks_is_said_with_its_cure(
    archive: Served,
    stand_in: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wrong: tuple[str, str, str],
) -> None:
    """Once, and never with the token, which no command line shows either."""
    kind, how, cure = wrong
    monkeypatch.setenv("NGROK_AUTHTOKEN", TOKEN)
    stand_in.install(kind.partition(":")[0])
    stand_in.fail(how)

    async with tunnelled(archive, kind) as told:
        await until(lambda: stand_in.times_started == 3)

    assert told == []
    assert len(said(caplog, "is closed")) == 1
    assert said(caplog, re.escape(cure))
    assert TOKEN not in caplog.text
    assert TOKEN not in " ".join(stand_in.words)


@pytest.mark.parametrize(
    ("kind", "cure"),
    [
        ("ngrok", "https://ngrok.com/download"),
        ("cloudflared", "https://pkg.cloudflare.com/"),
        ("ssh:user@host", "apt-get install openssh-client"),
    ],
)
@pytest.mark.usefixtures("stand_in")
async def test_a_program_that_is_not_installed_is_missed_at_once(kind: str, cure: str) -> None:
    """Before anything is opened, with where to get it."""
    with pytest.raises(ConfigError, match=re.escape(cure)):
        await asyncio.to_thread(require_tunnel, kind)


@pytest.mark.parametrize(
    "kind",
    ["", "tor", "ssh:", "ssh:-oProxyCommand=id", "ssh:a@-b", "ssh:host:0", "ssh:host:70000", "ngrok:-x", "ngrok:a b"],
)
async def test_what_is_no_tunnel_is_refused(kind: str) -> None:
    """Among it what a program would take for an option."""
    with pytest.raises(ConfigError, match="is no tunnel; these are: ngrok"):
        await asyncio.to_thread(require_tunnel, kind)


async def test_a_slip_is_told_before_the_archive_opens(tmp_path: Path) -> None:
    """On the command line: a sentence, and no folder made."""
    words = ["-m", "archive", "serve", str(tmp_path / "archive"), "--port", "0", "--tunnel", "tor"]
    served = await asyncio.create_subprocess_exec(sys.executable, *words, stderr=asyncio.subprocess.PIPE)
    _, errors = await served.communicate()

    assert served.returncode == 1
    assert b"error: 'tor' is no tunnel" in errors
    assert not (tmp_path / "archive").exists()


async def test_a_program_that_says_nothing_is_started_again(
    archive: Served, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that hangs is ended, also when it will not hear of it."""
    monkeypatch.setattr(tunnel, "PATIENCE_S", 0.5)
    monkeypatch.setattr(tunnel, "FAREWELL_S", 0.1)
    stand_in.install("cloudflared")
    stand_in.fail("silence")

    async with tunnelled(archive, "cloudflared"):
        await until(lambda: stand_in.times_started == 2)

    assert programs("cloudflared") == []
    assert said(caplog, "is closed") == [
        "the tunnel is closed: it has said no address for 0.5 s. It will be opened again",
    ]


LIBRARY = """
import asyncio

class Listener:
    def __init__(self, server):
        self.server = server
    def url(self):
        return "https://garden.ngrok-free.app"
    async def close(self):
        self.server.close()

async def forward(addr, *, authtoken_from_env, **options):
    assert authtoken_from_env
    if options.get("domain") == "taken.example.org":
        raise ValueError("failed to start listener", "the endpoint is already online", "ERR_NGROK_334")
    host, port = addr.split(":")
    async def serve(reader, writer):
        there = await asyncio.open_connection(host, int(port))
        async def pump(reader, writer):
            while data := await reader.read(65536):
                writer.write(data)
            writer.close()
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
    return Listener(await asyncio.start_server(serve, "127.0.0.1", PORT))
"""


async def test_ngroks_library_is_taken_where_it_is_installed(
    archive: Served,
    stand_in: StandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the token from the environment; it ends with the archive, and what it complains of is said."""
    port = free_port()
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "ngrok.py").write_text(LIBRARY.replace("PORT", str(port)))
    monkeypatch.syspath_prepend(str(tmp_path / "library"))
    monkeypatch.delitem(sys.modules, "ngrok", raising=False)
    with pytest.raises(ConfigError, match="ngrok config add-authtoken"):
        await asyncio.to_thread(require_tunnel, "ngrok")
    monkeypatch.setenv("NGROK_AUTHTOKEN", TOKEN)

    async with tunnelled(archive, "ngrok") as told:
        await until(lambda: told)
        assert await answers(f"http://127.0.0.1:{port}")
    async with tunnelled(archive, "ngrok:taken.example.org"):
        await until(lambda: said(caplog, "has that address"))

    assert told == ["https://garden.ngrok-free.app"]
    assert not await answers(f"http://127.0.0.1:{port}")
    assert stand_in.times_started == 0
    sys.modules.pop("ngrok", None)


# -- who may come in


async def test_the_address_is_printed_and_known_to_the_archive(
    make_archive: MakeArchive, stand_in: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the new one when it changes, so that it can be told to cameras."""
    stand_in.install("ngrok")
    archive = await make_archive()
    door = archive.archive.door
    assert door.public_url == ""

    async with reached_from_outside(Config(tunnel="ngrok", title="Garden"), archive.archive):
        first = await until(lambda: door.public_url)
        [running] = programs("ngrok")
        await until_dead(running)
        second = await until(lambda: door.public_url if door.public_url != first else "")

    printed = capsys.readouterr().out
    assert f"Garden is reached from anywhere at {first}/" in printed
    assert f"Garden has moved to {second}/" in printed


async def test_the_world_is_let_in_only_where_somebody_said_who_may_see(make_archive: MakeArchive) -> None:
    """A tunnel without an owner is refused, with what to do.

    A password is an owner, a signed-in browser is one, and `--public` needs none; nor does an archive without a tunnel.
    """
    by_password, by_link = [(await make_archive(public=False)).archive for _ in range(2)]

    for archive in (by_password, by_link):
        with pytest.raises(ConfigError, match="--public"):
            await require_rights(Config(tunnel="ngrok"), archive.has_owner)
        await require_rights(Config(tunnel="ngrok", public=True), archive.has_owner)
        await require_rights(Config(), archive.has_owner)
    await by_password.runner.app[keys.INDEX].admission.set_password("$argon2id$…")
    await by_link.runner.app[keys.VISITORS].open_session("a browser", instead_of=None)

    for archive in (by_password, by_link):
        await require_rights(Config(tunnel="ngrok"), archive.has_owner)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
