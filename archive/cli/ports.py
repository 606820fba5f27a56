"""Whether the port can be had, and if not, who has it and which is free."""

from __future__ import annotations

import errno
import socket

import psutil

from archive.errors import ConfigError


def require_free(host: str, port: int) -> None:
    """Before the folder is opened and recovered. Raises ConfigError when the port is taken."""
    if port == 0:
        return
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise port_error(host, port, error) from error


def port_error(host: str, port: int, error: OSError) -> ConfigError:
    """Why nobody can listen there, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"port {port} is taken by {_who_has(port)}; "
            f"end that, or choose another: archive serve --port {_free_port(host, port)}"
        )
    if error.errno == errno.EACCES:
        return ConfigError(f"port {port} needs more rights than you have; those from 1024 on do not: --port 5555")
    return ConfigError(f"cannot listen on {host} port {port}: {error.strerror or error}")


def _who_has(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr[1:] == (port,):
                return f"process {connection.pid} ({' '.join(psutil.Process(connection.pid).cmdline())[:120]})"
    except psutil.Error:
        pass  # another user's process, or none of ours to see
    return "another process"


def _free_port(host: str, near: int) -> int:
    for port in [*range(near + 1, min(near + 50, 65_536)), 0]:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    return near + 1
