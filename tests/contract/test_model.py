"""Whatever is done to an index, in whatever order: it holds what a plain dict would."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule

from archive.dating import better_epoch, date
from archive.frame import ChangeKind, Epoch, Frame, Lost, Measures, NewFrame, Verdict
from archive.index import Index, Kept, open_index
from archive.store.memory import MemoryStore
from tests.arriving import NOW_MS, WatchedShelf, arriving

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000

T = TypeVar("T")

CAMERAS = st.sampled_from(["garden", "shed"])
BOOTS = st.sampled_from(["00000000000000aa", "00000000000000bb"])
NUMBERS = st.integers(0, 6)
UPS = st.one_of(st.none(), st.integers(0, 30 * HOUR_MS))
AGES = st.one_of(st.none(), st.integers(0, 2 * HOUR_MS))
TAKEN = st.one_of(st.none(), st.none(), st.integers(-30 * HOUR_MS, 2 * HOUR_MS), st.just(-NOW_MS))
TRANSFERS = st.integers(0, 5000)
VERDICTS = st.sampled_from([None, Verdict.WHOLE, Verdict.UNDECODABLE])


@dataclass
class Row:
    """A frame as the model knows it."""

    new: NewFrame
    arrived: int  # in which order
    verdict: Verdict = Verdict.WHOLE
    measures: Measures | None = None
    is_measured: bool = False


class IndexMachine(RuleBasedStateMachine):
    """An index and its model, done the same to."""

    frames = Bundle("frames")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.store = MemoryStore()
        self.left: list[Index] = []  # as a killed process leaves it: never closed
        self.received_at_ms = NOW_MS
        self.rows: dict[tuple[str, str, int, bytes], Row] = {}
        self.epochs: dict[tuple[str, str], Epoch | None] = {}
        self.losses: dict[str, list[Lost]] = {}
        self.index = self.open()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    def open(self) -> Index:
        async def opened() -> Index:
            url = f"sqlite:///{Path(self.folder.name) / 'index.db'}"
            return open_index(url, shelf=WatchedShelf(self.store), zone=BERLIN)

        return self.run(opened())

    def teardown(self) -> None:
        try:
            self.compare()
        finally:
            for index in [self.index, *self.left]:
                self.run(index.close())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()

    # -- what is done

    def note(self, new: NewFrame, kept: Kept) -> None:
        """The model keeps *new* too; both must be of one mind whether it is."""
        named = new.camera, new.boot, new.number, new.sha256
        assert kept.is_new == (named not in self.rows)
        assert (kept.frame.camera, kept.frame.boot, kept.frame.number, kept.frame.sha256) == named
        if new.lost and new.lost not in self.losses.setdefault(new.camera, []):
            self.losses[new.camera].append(new.lost)
        if not kept.is_new:
            return
        self.rows[named] = Row(new, arrived=len(self.rows))
        boot = new.camera, new.boot
        self.epochs[boot] = better_epoch(
            new.claim,
            received_at_ms=new.received_at_ms,
            transfer_ms=new.transfer_ms,
            known=self.epochs.get(boot),
        )

    def made(self, number: int, **more: Any) -> NewFrame:
        self.received_at_ms += 1
        for name in ("now_ms", "taken_ms"):
            if more.get(name) is not None:
                more[name] += more["up_ms"] or 0 if name == "now_ms" else self.received_at_ms
        return arriving(number, received_at_ms=self.received_at_ms, **more)

    @rule(
        target=frames,
        camera=CAMERAS,
        boot=BOOTS,
        number=NUMBERS,
        up_ms=UPS,
        now_ms=AGES,
        taken_ms=TAKEN,
        transfer_ms=TRANSFERS,
        body=st.sampled_from([b"one", b"two"]),
    )
    def put(self, **said: Any) -> NewFrame:
        """A frame arrives, new or not."""
        new = self.made(**said)
        self.note(new, self.run(self.index.add(new)))
        return new

    @rule(
        target=frames,
        camera=CAMERAS,
        boot=BOOTS,
        numbers=st.lists(st.tuples(NUMBERS, st.sampled_from([b"one", b"two", b"three"])), min_size=2, max_size=6),
        up_ms=UPS,
        now_ms=AGES,
    )
    def put_together(self, numbers: list[tuple[int, bytes]], **said: Any) -> Any:
        """Frames arrive at once, some of them perhaps twice."""
        group = [self.made(number, body=body, **said) for number, body in numbers]

        async def add() -> list[Kept]:
            return await asyncio.gather(*map(self.index.add, group))

        for new, kept in zip(group, self.run(add()), strict=True):
            self.note(new, kept)
        return multiple(*group)

    @rule(new=frames)
    def again(self, new: NewFrame) -> None:
        """A frame is sent once more."""
        self.note(new, self.run(self.index.add(new)))

    @rule(target=frames, new=frames, body=st.binary(min_size=1, max_size=3))
    def other_bytes(self, new: NewFrame, body: bytes) -> NewFrame:
        """Other bytes come under the same name."""
        other = arriving(new.number, camera=new.camera, boot=new.boot, received_at_ms=new.received_at_ms, body=body)
        self.note(other, self.run(self.index.add(other)))
        return other

    @rule(new=frames, up_ms=st.integers(0, HOUR_MS), body=st.binary(min_size=4, max_size=8), transfer_ms=TRANSFERS)
    def late_epoch(self, new: NewFrame, up_ms: int, body: bytes, transfer_ms: int) -> None:
        """A frame of a known boot tells when that boot was."""
        teller = self.made(
            50, camera=new.camera, boot=new.boot, body=body, up_ms=up_ms, now_ms=0, transfer_ms=transfer_ms
        )
        self.note(teller, self.run(self.index.add(teller)))

    @rule(new=frames, first=st.integers(100, 102), body=st.sampled_from([b"one", b"two"]))
    def confess(self, new: NewFrame, first: int, body: bytes) -> None:
        """A camera tells of frames that will not come."""
        lost = Lost(boot=new.boot, first=first, last=110, reason="spool-full")
        teller = self.made(60, camera=new.camera, boot=new.boot, body=body, lost=lost)
        self.note(teller, self.run(self.index.add(teller)))

    @rule(new=frames, verdict=VERDICTS, luma=st.one_of(st.none(), st.floats(0, 1)))
    def measure(self, new: NewFrame, verdict: Verdict | None, luma: float | None) -> None:
        """A thumbnail worker has seen a frame."""
        row = self.rows[new.camera, new.boot, new.number, new.sha256]
        frame = self.run(self.index.add(new)).frame
        measures = None if luma is None else Measures(mean_luma=luma, contrast=0.5)

        async def measure() -> None:  # with company, or it would wait for it
            await asyncio.gather(self.index.measure(frame.id, measures, verdict), self.index.add(new))

        self.run(measure())
        row.measures, row.is_measured, row.verdict = measures, True, verdict or row.verdict

    @rule(is_closed=st.booleans())
    def restart(self, is_closed: bool) -> None:
        """The archive is stopped, or killed, and started again."""
        if is_closed:
            self.run(self.index.close())
            assert self.store.pending() == []
        else:
            self.left.append(self.index)
        self.index = self.open()

    # -- what must be

    @rule()
    def compare(self) -> None:
        """Frames, their order and dates, counts, the log and the store's keys are what the model says."""
        self.run(self.require_equal())

    async def require_equal(self) -> None:
        rows = sorted(self.rows.values(), key=lambda row: row.arrived)
        got = await self.index.frames_after(0, limit=1000)
        assert [self.told(frame) for frame in got] == [self.expected(row) for row in rows]
        assert [frame.id for frame in got] == sorted({frame.id for frame in got})

        page = await self.index.frames(limit=1000)
        assert page.frames == sorted(got, key=lambda frame: (frame.taken_at_ms, frame.id), reverse=True)
        assert page.total == self.index.total == len(rows)
        assert sorted(key for key, _ in self.store.keys("photos")) == sorted(frame.key for frame in got)

        days = Counter(datetime.fromtimestamp(frame.taken_at_ms / 1000, BERLIN).date() for frame in got)
        assert {day.day: day.frames for day in (await self.index.days()).days} == days
        for day in days:
            here = [datetime.fromtimestamp(frame.taken_at_ms / 1000, BERLIN) for frame in got]
            quarters = Counter(at.hour * 4 + at.minute // 15 for at in here if at.date() == day)
            assert (await self.index.day(day)).quarters == [quarters[n] for n in range(96)]
        cameras = {camera.id: camera for camera in await self.index.cameras()}
        assert {name: camera.frames for name, camera in cameras.items()} == Counter(row.new.camera for row in rows)
        assert {name: camera.latest for name, camera in cameras.items()} == {frame.camera: frame for frame in got}
        assert {name: await self.index.losses(name) for name in cameras} == {
            name: self.losses.get(name, []) for name in cameras
        }
        unmeasured = [frame.id for frame, row in zip(got, rows, strict=True) if not row.is_measured]
        assert [frame.id for frame in await self.index.unmeasured(after_id=0, limit=1000)] == unmeasured
        assert await self.index.miscounts() == []

        log = await self.index.changes(after=0, limit=100_000)
        of = {kind: [change for change in log.changes if change.kind is kind] for kind in ChangeKind}
        assert [change.frame_id for change in of[ChangeKind.FRAME]] == [frame.id for frame in got]
        assert sorted(change.camera for change in of[ChangeKind.CAMERA]) == sorted(cameras)
        assert len(of[ChangeKind.GAP]) == sum(map(len, self.losses.values()))
        assert [change.seq for change in log.changes] == list(range(1, self.index.last_seq + 1))

    def told(self, frame: Frame) -> tuple[Any, ...]:
        named = frame.camera, frame.boot, frame.number, frame.sha256
        dated = frame.taken_at_ms, frame.taken_at_source, frame.taken_at_uncertainty_ms
        return *named, *dated, frame.received_at_ms, frame.verdict, frame.measures

    def expected(self, row: Row) -> tuple[Any, ...]:
        new = row.new
        named = new.camera, new.boot, new.number, new.sha256
        # What a frame says of itself dates it for good; what it lacks, the best epoch its boot has come to tell.
        dated = date(
            new.claim,
            received_at_ms=new.received_at_ms,
            transfer_ms=new.transfer_ms,
            epoch=self.epochs[new.camera, new.boot],
        )
        days = dated.taken_at_ms, dated.source, dated.uncertainty_ms
        return *named, *days, new.received_at_ms, row.verdict, row.measures


TestIndexMachine = IndexMachine.TestCase
TestIndexMachine.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
