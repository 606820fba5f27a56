"""Whatever system call fails, at whatever moment: no false `kept`, no corruption; the server lives or ends by rule."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.crash.cameras import Camera, Ledger, burst
from tests.crash.examine import violations
from tests.crash.powercut import attached_strace
from tests.crash.server import Server

pytestmark = [pytest.mark.usefixtures("calls_can_fail"), pytest.mark.timeout(3600)]

# The calls that keep a frame, each with what it can really fail with, and up to the how many-th it is failed in the
# suite: fewer where the failure ends the server, because starting it again is what takes the time.
FAILURES = [
    ("fsync,fdatasync", "EIO", 10),
    ("fsync,fdatasync", "ENOSPC", 3),
    ("write", "ENOSPC", 10),
    ("write", "EIO", 5),
    ("pwrite64", "EIO", 3),
    ("pwrite64", "ENOSPC", 10),
    ("link,linkat", "EDQUOT", 5),
    ("openat", "EMFILE", 10),
    ("openat", "EROFS", 5),
    ("mkdir,mkdirat", "ENOSPC", 5),
    ("unlink,unlinkat", "EIO", 5),
]
# 500 is what those hear who wait when the index itself fails; it too says "again".
ANSWERS = {(201, "kept"), (200, "kept"), (503, "again"), (507, "again"), (500, "again")}
_INJECTED_INTO_INDEX = re.compile(r"index\.db[^\n]*\(INJECTED\)")


def test_no_call_that_fails_makes_a_promise_false(tmp_path: Path, seed: int, cycles: int | None) -> None:
    """Each call is failed the n-th time it is made; after each group of failures all acknowledged frames are there."""
    ledger = Ledger()
    tried = injected = 0

    with Server(tmp_path / "archive", tmp_path / "server.txt") as server:
        server.start()
        for calls, error, most in FAILURES:
            for nth in range(1, (50 if cycles else most) + 1):
                log = tmp_path / f"{calls}-{error}-{nth}.strace"
                # New cameras, because only a camera's first frame makes directories.
                cameras = [
                    Camera(f"{calls.partition(',')[0]}-{error.lower()}-{nth}-{number}", seed) for number in range(2)
                ]
                injected += _fail(server, f"{calls}:error={error}:when={nth}", log, cameras, ledger)
                tried += 1
                # Alive is what keeps the next frame; a server on its way out can answer for a moment longer.
                if not _keeps_another(server, ledger, seed):
                    _require_by_rule(server, log)
                    server.start()
            server.kill()
            assert violations(server.folder, ledger.kept) == [], (calls, error)
            server.start()
            assert _keeps_another(server, ledger, seed), f"with every call working again: {ledger.answers}"
        assert server.stop() == 0, server.said()
        checked = server.check()

    assert injected > tried // 3, "hardly any call was failed"
    assert set(ledger.answers) <= ANSWERS
    assert violations(server.folder, ledger.kept) == []
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _fail(server: Server, inject: str, log: Path, cameras: list[Camera], ledger: Ledger) -> int:
    """Make calls fail, counted in each thread, while the cameras send; how many calls did."""
    with attached_strace(server.pid, log, "-e", f"trace={inject.partition(':')[0]}", "-e", f"inject={inject}"):
        asyncio.run(burst(server.url, cameras, ledger, rounds=5))
    return log.read_text("utf-8", errors="replace").count("(INJECTED)")


def _require_by_rule(server: Server, log: Path) -> None:
    """It may end only by itself, with a status that says so, and only when a call on its index failed."""
    assert server.ended(within_s=10) > 0, server.said()
    assert _INJECTED_INTO_INDEX.search(log.read_text("utf-8", errors="replace")), server.said()


def _keeps_another(server: Server, ledger: Ledger, seed: int) -> bool:
    before = len(ledger.kept)
    asyncio.run(burst(server.url, [Camera(f"another-{before}", seed)], ledger, rounds=1))
    return len(ledger.kept) == before + 1
