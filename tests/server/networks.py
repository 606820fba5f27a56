"""Two machines in a network of their own, cut off from the real one: network namespaces with a cable between them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator

ADDRESSES = ("10.99.7.1", "10.99.7.2")


@contextlib.contextmanager
def two_machines() -> Iterator[tuple[str, str]]:
    """The names of two namespaces, each with an `eth0` at one of `ADDRESSES`. Raises OSError where we may make none."""
    names = (f"archive-{os.getpid()}-a", f"archive-{os.getpid()}-b")
    with contextlib.ExitStack() as stack:
        for name in names:
            _ip("netns", "add", name)
            stack.callback(_end, name)
        _ip("link", "add", "eth0", "netns", names[0], "type", "veth", "peer", "name", "eth0", "netns", names[1])
        for name, address in zip(names, ADDRESSES, strict=True):
            for device in ("lo", "eth0"):
                _ip("-n", name, "link", "set", device, "up")
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        yield names


def _end(name: str) -> None:
    """With what still runs there: a namespace lives as long as anybody in it."""
    for pid in _ip("netns", "pids", name).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    _ip("netns", "del", name)


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
