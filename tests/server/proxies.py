"""Caddy and nginx before a server on loopback, set up by the very files in deploy/ with other addresses in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.authority import Authority
from tests.conftest import READY_S, free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "localhost"


class Proxy(NamedTuple):
    """Where a proxy is reached."""

    url: str
    plain_url: str  # without TLS


def installed(name: str) -> str:
    """The program's path; fails the test where there is none."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{name} is not installed: apt-get install {'nginx-light' if name == 'nginx' else name}"
    return found


@contextlib.contextmanager
def caddy(folder: Path, authority: Authority, to_port: int) -> Iterator[Proxy]:
    """Caddy by deploy/Caddyfile, but with a certificate of ours, as nobody would give us one."""
    port, plain_port = free_port(), free_port()
    cert, key = authority.certify(HOST)
    text = (DEPLOY / "Caddyfile").read_text()
    text = replaced(text, "archive.example.org {", f"https://{HOST}:{port} {{\n\ttls {cert} {key}")
    text = replaced(text, "127.0.0.1:5555", f"127.0.0.1:{to_port}")
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\thttp_port {plain_port}\n\thttps_port {port}\n}}\n{text}")
    command = [installed("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with running(command, folder, port, HOME=str(folder), XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder)):
        yield Proxy(f"https://{HOST}:{port}", f"http://{HOST}:{plain_port}")


@contextlib.contextmanager
def nginx(folder: Path, authority: Authority, to_port: int, **other: str) -> Iterator[Proxy]:
    """The server nginx by deploy/nginx.conf; *other* words may stand in it for others."""
    port, plain_port = free_port(), free_port()
    cert, key = authority.certify(HOST)
    text = (DEPLOY / "nginx.conf").read_text()
    for here, there in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen [::]:443": f"listen 127.0.0.1:{free_port()}",
        "listen 80": f"listen 127.0.0.1:{plain_port}",
        "listen [::]:80": f"listen 127.0.0.1:{free_port()}",
        "https://$host$": f"https://$host:{port}$",
        "/etc/letsencrypt/live/archive.example.org/fullchain.pem": str(cert),
        "/etc/letsencrypt/live/archive.example.org/privkey.pem": str(key),
        "127.0.0.1:5555": f"127.0.0.1:{to_port}",
        "archive.example.org": HOST,
        **other,
    }.items():
        text = replaced(text, here, there)
    (folder / "archive.conf").write_text(text)
    temporary = "".join(
        f"    {kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''}\n"
        f"daemon off;\npid {folder / 'nginx.pid'};\nerror_log stderr;\nevents {{}}\n"
        f"http {{\n    access_log off;\n{temporary}    include {folder / 'archive.conf'};\n}}\n"
    )
    with running([installed("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, port):
        yield Proxy(f"https://{HOST}:{port}", f"http://{HOST}:{plain_port}")


def replaced(text: str, here: str, there: str) -> str:
    """The text with other words in it, which must have been there."""
    assert here in text, f"{here} is not in the example any more"
    return text.replace(here, there)


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int, **environ: str) -> Iterator[None]:
    """A program that listens, while inside."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environ})
    try:
        deadline = time.monotonic() + READY_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"{command[0]} does not listen:\n{log.read_text()}"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()
