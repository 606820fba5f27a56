"""An arduino-cli for tests: what the real one would be asked for is written down, and what it would find is a folder.

The real one cannot run here: the core it would download is not to be had. `state/` beside the program holds `ports/`, a
link a board; `fails-at`, the command that fails; `says`, what it says then; and gets `calls`, a line a command.
"""

from __future__ import annotations

import stat
import sys
from pathlib import Path

PROGRAM = """#!{python}
import json, sys
from pathlib import Path
state = Path({state!r})
words = sys.argv[1:]
with (state / "calls").open("a") as calls:
    print(*words, file=calls)
fails_at = state / "fails-at"
if fails_at.exists() and fails_at.read_text() == words[0]:
    print((state / "says").read_text())
    sys.exit(1)
if words[:2] == ["board", "list"]:
    ports = [
        {{
            "port": {{"address": str(port), "label": str(port), "protocol": "serial", "protocol_label": "Serial Port (USB)",
                     "properties": {{"pid": "0x1001", "vid": "0x303A", "serialNumber": port.name}}}},
            "matching_boards": [{{"name": "ESP32 Family Device", "fqbn": "esp32:esp32:esp32_family"}}],
        }}
        for port in sorted((state / "ports").iterdir())
    ]
    ports.append({{"port": {{"address": "/dev/ttyS0", "label": "/dev/ttyS0", "protocol": "serial"}}}})
    print(json.dumps({{"detected_ports": ports}}))
if words[0] == "compile":
    print("Sketch uses", (state / "size").read_text(), "bytes (58%) of program storage space. Maximum is 3342336 bytes.")
if words[0] == "upload":
    print("Connecting....", "Writing at 0x00010000... (50 %)", "Writing at 0x00020000... (100 %)", sep="\\r")
    print("Hard resetting via RTS pin...")
"""


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
        program.write_text(PROGRAM.format(python=sys.executable, state=str(self.state)))
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
