"""The ledger: whatever happens to camera, wire and archive, every number is kept once or confessed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import struct
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ArchiveServer
from tests.firmware.twins import Twin, build_twin, told, wait_until_taken
from tests.server.serving import command

FRAMES = int(os.environ.get("LEDGER_FRAMES", "1000"))
SEED = int(os.environ.get("LEDGER_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
IS_WIDE = bool(os.environ.get("FIRMWARE_WIDE"))
RUN_S = 60
QUICK = ("--interval-s", 1, "--speed", 200, "--size", "QVGA", "--id", "garden")
ABORT = struct.pack("ii", 1, 0)


@pytest.fixture(name="program", scope="session")
def _program() -> Path:
    return build_twin()


def _report(*words: object) -> None:
    print(*words)  # noqa: T201 - the seed and the balance are for whoever reads a failed run


class ChaosProxy:
    """A TCP proxy that lets through, cuts, swallows and resets, by a seed; `is_calm` lets everything through."""

    def __init__(self, port: int, seed: int) -> None:
        self._target = ("127.0.0.1", port)
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.is_calm = False
        self.tells = b""  # a line that it puts into the head of every answer to a camera
        self.faults: Counter[str] = Counter()
        self._cameras: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for camera in self._cameras:
            _reset(camera)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                camera, _ = self._listener.accept()
            except OSError:
                return
            self._cameras.append(camera)
            kinds = ("none", "none", "cut", "lose", "deaf", "cut-answer")
            fault = "none" if self.is_calm else self._random.choice(kinds)
            after = self._random.randrange(8000)
            self.faults[fault] += 1
            thread = threading.Thread(target=self._serve, args=(camera, fault, after), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, camera: socket.socket, fault: str, after: int) -> None:
        with camera, contextlib.suppress(OSError):
            camera.settimeout(RUN_S)
            if fault == "deaf":  # until the camera gives up
                while camera.recv(65536):
                    pass
                return
            with socket.create_connection(self._target, timeout=RUN_S) as archive:
                back = threading.Thread(target=self._back, args=(camera, archive, fault, after % 200), daemon=True)
                back.start()
                passed = 0
                with contextlib.suppress(OSError):
                    while data := camera.recv(4096):
                        if fault == "cut" and passed + len(data) > after:
                            archive.sendall(data[: max(after - passed, 0)])
                            _reset(camera)
                            break
                        archive.sendall(data)
                        passed += len(data)
                with contextlib.suppress(OSError):
                    archive.shutdown(socket.SHUT_WR)
                back.join(RUN_S)

    def _back(self, camera: socket.socket, archive: socket.socket, fault: str, after: int) -> None:
        with contextlib.suppress(OSError):
            while data := archive.recv(65536):
                if fault == "lose":  # the archive has answered, and nobody will know
                    _reset(camera)
                    return
                if self.tells:
                    data = data.replace(b"\r\nCamera-Clock:", b"\r\n" + self.tells + b"\r\nCamera-Clock:")
                if fault == "cut-answer":
                    camera.sendall(data[:after])
                    _reset(camera)
                    return
                camera.sendall(data)
        with contextlib.suppress(OSError):
            camera.shutdown(socket.SHUT_RDWR)


def _reset(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        peer.shutdown(socket.SHUT_RDWR)


@pytest.fixture(name="proxies")
def _proxies() -> Iterator[Callable[[int, int], ChaosProxy]]:
    made: list[ChaosProxy] = []

    def make(port: int, seed: int) -> ChaosProxy:
        made.append(ChaosProxy(port, seed))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


class Ledger:
    """A camera of many boots on one spool, and what became of its numbers."""

    def __init__(self, program: Path, folder: Path, server: ArchiveServer) -> None:
        self.program = program
        self.spool = folder / "spool"
        self.log = folder / "twin.log"
        self.log.touch()
        self.server = server
        self.twins: list[Twin] = []

    @property
    def taken(self) -> int:
        return sum(map(len, told(self.log).values()))

    def run(self, *words: object, url: str | None = None) -> Twin:
        twin = Twin(self.program, self.spool, self.log, "--server", url or self.server.url, *QUICK, *words)
        self.twins.append(twin)
        return twin

    def drain(self, *words: object) -> None:
        """A last run without faults, which ends when nothing is left to send or to confess."""
        status = self.run("--count", 1, "--patience-s", RUN_S, *words).wait(2 * RUN_S)
        assert status == 0, f"left over after {status}:\n{self.log.read_text()[-3000:]}"

    def close(self) -> None:
        for twin in self.twins:
            twin.kill()

    def kept(self) -> Counter[tuple[str, int]]:
        frames: Counter[tuple[str, int]] = Counter()
        page = "/api/frames?limit=1000"
        while page:
            answer = self._get(page)
            frames.update((frame["boot"], frame["number"]) for frame in answer["frames"])
            page = answer["next"]
        return frames

    def confessed(self) -> dict[tuple[str, int], set[str]]:
        """Numbers with the reasons given for them, from the archive's log of changes."""
        numbers: dict[tuple[str, int], set[str]] = {}
        after = 0
        while True:
            answer = self._get(f"/api/changes?after={after}")
            assert not answer["reset"]
            for change in answer["changes"]:
                if change["type"] == "gap":
                    gap = change["data"]
                    for number in range(gap["from"], gap["to"] + 1):
                        numbers.setdefault((gap["boot"], number), set()).add(gap["reason"])
            if not answer["changes"]:
                return numbers
            after = answer["last_seq"]

    def balance(self, *reasons_there_were: str, least_kept: int = 1) -> str:
        """Assert that the books balance and nothing was given up without a reason there was, and say how they stand."""
        kept, confessed, known = self.kept(), self.confessed(), told(self.log)
        twice = [name for name, times in kept.items() if times > 1]
        assert twice == []
        everyone = {name for boot, numbers in known.items() for name in ((boot, number) for number in numbers)}
        unaccounted = sorted(name for name in everyone if name not in kept and name not in confessed)
        assert unaccounted == [], f"seed {SEED}"
        # What only the archive or a later confession knows of leaves no hole either.
        for boot in {boot for boot, _ in [*kept, *confessed]}:
            there = {number for of, number in [*kept, *confessed] if of == boot}
            assert there == set(range(max(there) + 1)), f"holes in {boot}, seed {SEED}"
        assert len(kept) >= least_kept
        # An answer that was lost on its way cannot be told from a frame that never arrived.
        both = sum(name in kept for name in confessed)
        reasons = Counter(reason for given in confessed.values() for reason in given)
        assert set(reasons) <= set(reasons_there_were), f"given up for nothing: {dict(reasons)}, seed {SEED}"
        return f"{len(everyone)} taken, {len(kept)} kept, {len(confessed)} confessed {dict(reasons)}, {both} both"

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self.server.url + path, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(name="ledger")
def _ledger(program: Path, tmp_path: Path, archive_server: ArchiveServer) -> Iterator[Ledger]:
    ledger = Ledger(program, tmp_path, archive_server)
    yield ledger
    ledger.close()


# What was in memory alone when a run ended went with it; on a card everything is stored first.
IN_MEMORY: dict[tuple[str, ...], tuple[str, ...]] = {(): (), ("--flash",): ("power-cut",)}

FAULTS = [
    "cut=3000",
    "cut-within=6000",
    "lose",
    "duplicate",
    "reorder",
    "black-hole",
    "portal",
    "warning",
    "redirect=307",
    "redirect=308",
    "idle-cut=1000",
    "buffer=2000",
    "refuse",
    "rate=1",
    "full-spool",
    "clock-1970",
    "sensor-dead=12, sensor-revived=60",
    "sensor-dead",
    "sensor-broken",
    "sensor-rubbish",
    "sensor-stale",
]


# In the suite the faults take turns at the two ways; FIRMWARE_WIDE=1 tries each both ways.
@pytest.mark.parametrize(
    ("fault", "way"),
    [
        pytest.param(fault, way, id=f"{fault}-{name}")
        for number, fault in enumerate(FAULTS)
        for turn, (name, way) in enumerate((("card", ()), ("flash", ("--flash",))))
        if IS_WIDE or turn == number % 2
    ],
)
def test_each_fault_alone_leaves_no_number_unaccounted(ledger: Ledger, fault: str, way: tuple[str, ...]) -> None:
    """With any one fault of the list, whether frames are stored first or sent from memory."""
    first = ledger.run("--count", 25, "--patience-s", 1, "--fault", fault, *way)
    assert first.wait(RUN_S) in {0, 3}

    ledger.drain(*way)

    there_were = {"full-spool": "spool-full", "sensor-dead": "sensor"}
    reasons = [reason for word, reason in there_were.items() if word in fault]
    _report(ledger.balance(*reasons, *IN_MEMORY[way]))


@pytest.mark.parametrize("way", [(), ("--flash",)], ids=["card", "flash"])
def test_frames_wait_until_their_camera_is_let_in(
    program: Path, tmp_path: Path, archive_servers: Callable[..., ArchiveServer], way: tuple[str, ...]
) -> None:
    """Twice it is told that it is not, in two boots; then its key is known, and everything that waited is kept."""
    ledger = Ledger(program, tmp_path, archive_servers())
    for _ in range(2):
        twin = ledger.run("--count", 15, "--patience-s", 1, *way)
        assert twin.wait(RUN_S) == 3
    assert "the archive has yet to let this camera in; its key ends in" in ledger.log.read_text()
    assert ledger.kept() == Counter()
    key = (ledger.spool / "notes" / "key").read_text().split('"')[1]
    let_in(ledger.server, "garden", key)

    ledger.drain(*way)

    _report(ledger.balance(least_kept=31))
    assert key not in ledger.log.read_text()
    ledger.close()


@pytest.mark.parametrize("way", [(), ("--flash",)], ids=["card", "flash"])
def test_a_camera_follows_its_archive_to_an_address_it_told_of(
    ledger: Ledger, proxies: Callable[[int, int], ChaosProxy], way: tuple[str, ...]
) -> None:
    """The address that was set up ends for good; every frame is kept at the other one, in this boot and the next."""
    proxy = proxies(ledger.server.port, SEED)
    proxy.is_calm = True
    proxy.tells = f'Camera-Address: version=7, local="{ledger.server.url}"'.encode()
    twin = ledger.run("--count", 20, "--interval-s", 10, "--patience-s", RUN_S, *way, url=proxy.url)
    wait_until_taken(ledger.log, 5, twin, RUN_S)
    proxy.close()
    assert twin.wait(2 * RUN_S) == 0, ledger.log.read_text()[-3000:]

    again = ledger.run("--count", 5, "--patience-s", RUN_S, *way, url=proxy.url)
    assert again.wait(2 * RUN_S) == 0, ledger.log.read_text()[-3000:]

    assert f"the archive shall be at {ledger.server.url}" in ledger.log.read_text()
    _report(ledger.balance(least_kept=25))


def let_in(server: ArchiveServer, camera: str, key: str) -> None:
    """Make *key* one of *camera*, as its owner does who lets it in."""
    ran = command("camera", "approve", key[4:12], "--as", camera, "--folder", server.folder)
    assert ran.status == 0, ran.stderr


def test_a_dead_sensor_is_confessed_without_a_frame(ledger: Ledger) -> None:
    """A camera that never takes a picture confesses every number, and says what ails it."""
    twin = ledger.run("--count", 12, "--patience-s", RUN_S, "--fault", "sensor-dead")

    assert twin.wait(2 * RUN_S) == 0, ledger.log.read_text()[-3000:]

    _report(ledger.balance("sensor", least_kept=0))
    assert not ledger.kept()
    assert len(ledger.confessed()) == 12
    [camera] = ledger._get("/api/cameras")["cameras"]
    assert camera["status"]["sensor_fault"] == "needs a power cycle"


@pytest.mark.parametrize("way", [(), ("--flash",)], ids=["card", "flash"])
def test_a_full_spool_confesses_what_it_gives_up(ledger: Ledger, way: tuple[str, ...]) -> None:
    """An archive out of reach, and room for eight frames: the others are confessed, and the last ones kept."""
    first = ledger.run("--count", 60, "--patience-s", 1, "--fault", "refuse, full-spool", "--ring-bytes", 60000, *way)
    assert first.wait(RUN_S) == 3

    ledger.drain("--fault", "full-spool", *way)

    _report(ledger.balance("spool-full", "ring-full", *IN_MEMORY[way], least_kept=8))
    assert any("spool-full" in reasons for reasons in ledger.confessed().values())


@pytest.mark.parametrize("way", [(), ("--flash",)], ids=["card", "flash"])
def test_a_power_cut_at_any_call_to_the_card_loses_no_number(ledger: Ledger, way: tuple[str, ...]) -> None:
    """The machine dies at one call after the other, each time on what the last death left."""
    for call in [*range(1, 40), *range(40, 120, 7)]:
        twin = ledger.run("--count", 20, "--patience-s", 1, "--fault", f"power-cut-in-spool={call}", *way)
        assert twin.wait(RUN_S) is not None

    ledger.drain(*way)

    _report(ledger.balance("power-cut"))


@pytest.mark.parametrize("way", [(), ("--flash",)], ids=["card", "flash"])
def test_the_ledger_balances_through_chaos(
    ledger: Ledger, proxies: Callable[[int, int], ChaosProxy], way: tuple[str, ...]
) -> None:
    """Faults of wire, proxy, sensor and card in a seeded mix, kill -9 of the archive and power cuts of the camera."""
    _report(f"LEDGER_SEED={SEED} LEDGER_FRAMES={FRAMES}")
    rng = random.Random(SEED)
    proxy = proxies(ledger.server.port, SEED)
    frames = FRAMES // 2  # for each of the two ways
    for turn in range(frames):
        taken = ledger.taken
        if taken >= frames:
            break
        faults = [
            f"cut-within={rng.randrange(1000, 9000)}, lose, duplicate, reorder, rate=20000",
            "warning, redirect=307, idle-cut=2000, buffer=500",
            f"mix, chance={rng.randrange(100, 800)}, seed={rng.randrange(10**6)}",
            *rng.sample(["clock-1970", "full-spool=12", "sensor-broken=7", "sensor-rubbish=5", "sensor-stale=5"], 2),
        ]
        if rng.random() < 0.5:
            faults.append(f"power-cut-in-spool={rng.randrange(1, 600)}")
        wanted = rng.randrange(20, 80)
        words = ("--count", wanted, "--patience-s", 3, "--fault", ", ".join(faults), *way)
        twin = ledger.run(*words, url=proxy.url)
        if turn % 2:
            wait_until_taken(ledger.log, taken + wanted // 2, twin, RUN_S)
            ledger.server.kill()
            ledger.server.start()
        if turn % 3 == 0:
            wait_until_taken(ledger.log, taken + rng.randrange(1, wanted), twin, RUN_S)
            twin.kill()
        assert twin.wait(RUN_S) is not None
    assert ledger.taken >= frames
    proxy.is_calm = True

    ledger.drain(*way)

    _report(ledger.balance("power-cut", "spool-full", "ring-full", least_kept=frames // 4), dict(proxy.faults))
