"""An sshd of our own on loopback, with its own keys and port, and an `ssh` that knows it: for tunnels that are real."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.conftest import READY_S, free_port

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
MISSING = "sshd is not installed: apt-get install openssh-server"


class Sshd(NamedTuple):
    """A running sshd."""

    program: str  # an `ssh` that knows the way to it, in a folder of its own
    port: int
    known_hosts: Path
    authorized_keys: Path
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def sshd(folder: Path, *settings: str) -> Iterator[Sshd]:
    """Runs while inside, in *folder*; `ssh` to the host `away` leads to it, as if the user had set it up so."""
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    authorized_keys, known_hosts = folder / "authorized_keys", folder / "known_hosts"
    authorized_keys.write_text((folder / "user_key.pub").read_text())
    port = free_port()
    kind, key, *_ = (folder / "host_key.pub").read_text().split()
    known_hosts.write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    (folder / "sshd_config").write_text(
        "\n".join(
            [
                f"Port {port}",
                "ListenAddress 127.0.0.1",
                "AddressFamily inet",  # a port that is taken on 127.0.0.1 could else be had on ::1
                f"HostKey {folder / 'host_key'}",
                f"AuthorizedKeysFile {authorized_keys}",
                "PidFile none",
                "StrictModes no",
                "UsePAM no",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                *settings,
                "",
            ]
        )
    )
    (folder / "ssh_config").write_text(
        "\n".join(
            [
                "Host away",
                "  HostName 127.0.0.1",
                f"  Port {port}",
                f"  User {getpass.getuser()}",
                f"  IdentityFile {folder / 'user_key'}",
                "  IdentitiesOnly yes",
                f"  UserKnownHostsFile {known_hosts}",
                "",
            ]
        )
    )
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "ssh"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder / "ssh_config"} "$@"\n')
    program.chmod(0o755)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it, empty, where it gives up its rights
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + READY_S
        while b"Server listening" not in (folder / "sshd.log").read_bytes():
            assert process.poll() is None, (folder / "sshd.log").read_text()
            assert time.monotonic() < deadline, "sshd did not start"
            time.sleep(0.01)
        yield Sshd(str(program), port, known_hosts, authorized_keys, process)
    finally:
        process.terminate()
        process.wait()
