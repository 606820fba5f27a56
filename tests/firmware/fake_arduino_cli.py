"""An arduino-cli for tests: what the real one would be asked for is written down, and what it would find is a folder.

The real one cannot run here: the core it would download is not to be had. `state/` holds `ports/`, a link a board;
`fails-at`, the command that fails; `says`, what it says then; `size`, of the image; and gets `calls`, a line a command.
"""

from __future__ import annotations

import json
import shlex
import stat
import sys
from pathlib import Path
from typing import Any

HIT = "Connecting....\rWriting at 0x00010000... (50 %)\rWriting at 0x00020000... (100 %)\rHard resetting via RTS pin..."


class FakeArduinoCli:
    """The program in *folder*; `path` goes before the others on PATH."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bin"
        self.state = folder / "state"
        self.ports = self.state / "ports"
        self.path.mkdir(parents=True)
        self.ports.mkdir(parents=True)
        self.size(1_234_567)
        program = self.path / "arduino-cli"
        program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, __file__, str(self.state)])} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[str]:
        """What it was asked for, looking for ports apart."""
        calls = self.state / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        return [line for line in lines if not line.startswith("board list")]

    def size(self, size_bytes: int) -> None:
        """How large the compiler finds the image."""
        (self.state / "size").write_text(str(size_bytes))

    def fail(self, command: str, says: str) -> None:
        """From now on *command* fails and *says* so."""
        (self.state / "fails-at").write_text(command)
        (self.state / "says").write_text(says)

    def plug_in(self, name: str, device: str) -> Path:
        """A board appears on a port of that name."""
        port = self.ports / name
        port.symlink_to(device)
        return port


def _listed(port: Path) -> dict[str, Any]:
    usb = {"pid": "0x1001", "vid": "0x303A", "serialNumber": port.name}
    said = {"address": str(port), "label": str(port), "protocol": "serial", "properties": usb}
    return {"port": said, "matching_boards": [{"name": "ESP32 Family Device", "fqbn": "esp32:esp32:esp32_family"}]}


def _answer(state: Path, words: list[str]) -> tuple[str, int]:
    fails_at = state / "fails-at"
    if fails_at.exists() and fails_at.read_text() == words[0]:
        return (state / "says").read_text(), 1
    match words[0]:
        case "board":
            own = {"port": {"address": "/dev/ttyS0", "label": "/dev/ttyS0", "protocol": "serial"}}
            return json.dumps({"detected_ports": [*map(_listed, sorted((state / "ports").iterdir())), own]}), 0
        case "compile":
            return f"Sketch uses {(state / 'size').read_text()} bytes (58%). Maximum is 3342336 bytes.", 0
        case _:
            return HIT, 0


def main(state: Path, words: list[str]) -> int:
    with (state / "calls").open("a") as calls:
        calls.write(" ".join(words) + "\n")
    said, status = _answer(state, words)
    sys.stdout.write(said + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
