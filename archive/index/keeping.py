"""Adding a group of frames: what is known already, bytes on the shelf, then rows, counts and changes at once."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)

from archive.dating import better_epoch, date
from archive.frame import (
    Change,
    ChangeKind,
    Epoch,
    Frame,
    FrameClaim,
    Lost,
    NewFrame,
    Report,
    TimeSource,
    Verdict,
)
from archive.index import ledger
from archive.index.base import Kept, Settings, Shelf
from archive.index.many import Many
from archive.index.quarters import EMPTY, Quarters, quarter_of
from archive.index.rows import FRAMES, frame_of
from archive.index.tables import HANGING, boots, cameras, changes, days, frames, losses, settings

BOOTS_REMEMBERED = 10_000
DAYS_REMEMBERED = 10_000


class CameraState:
    """What the writer remembers of a camera between groups."""

    __slots__ = ("id", "no", "settings")

    def __init__(self, no: int, id_: str, settings: Settings | None = None) -> None:
        self.no = no
        self.id = id_
        self.settings = settings


class BootState:
    """What the writer remembers of a boot between groups, so that a frame in order needs no question."""

    __slots__ = ("epoch", "frames", "highest_number", "is_ours", "no", "told_to")

    def __init__(
        self, no: int, highest_number: int, frames_: int, epoch: Epoch | None, *, is_ours: bool, told_to: int
    ) -> None:
        self.no = no
        self.highest_number = highest_number
        self.frames = frames_
        self.epoch = epoch
        self.is_ours = is_ours
        self.told_to = told_to  # the highest number in the ledger of gaps

    def is_next(self, number: int) -> bool:
        """Whether that number opens no gap and closes none."""
        return self.is_ours or (number == self.highest_number + 1 and number > self.told_to)


# Of a file: its camera and digest, and whether it names its frame.
Alike = tuple[str, bytes, bool]

# Of a camera (0: of all) a day and a quarter hour of it.
Quarter = tuple[int, int, int]


class News(NamedTuple):
    """What is told in one row of the log."""

    kind: ChangeKind
    camera: CameraState
    frame: Frame | None = None
    lost: Lost | None = None
    loss_no: int | None = None


class Entry:
    """One frame of a group on its way."""

    __slots__ = ("error", "frame", "is_further", "known", "result", "same_as")

    def __init__(self, frame: NewFrame) -> None:
        self.frame = frame
        self.known: Frame | None = None  # it has a row
        self.same_as: Entry | None = None  # it stands earlier in this group
        self.is_further = False  # a row with other bytes bears the same camera, boot and number
        self.error: Exception | None = None
        self.result: Kept | None = None

    @property
    def is_new(self) -> bool:
        return self.known is None and self.same_as is None and self.error is None


class Keeping:
    """The work of keeping frames. Its memory is the writer thread's alone, thrown away whenever a group fails."""

    def __init__(self, *, shelf: Shelf, zone: ZoneInfo, changes_kept: int) -> None:
        self._shelf = shelf
        self._zone = zone
        self._changes_kept = changes_kept
        self._cameras: dict[str, CameraState] = {}
        self._boots: OrderedDict[tuple[int, str], BootState] = OrderedDict()
        self._days: OrderedDict[tuple[int, int], Quarters] = OrderedDict()
        self._is_loaded = False
        self._next_frame_id = 0
        self._next_seq = 0
        self._oldest_seq = 0

    # -- the group's way, in the order it is called

    def prepare(self, connection: Connection, items: Sequence[NewFrame]) -> list[Entry]:
        entries = [Entry(frame) for frame in items]
        self._recognise(connection, entries)
        new = [entry for entry in entries if entry.is_new]
        if new:
            for entry, error in zip(new, self._shelf.put([entry.frame for entry in new]), strict=True):
                entry.error = error
        return entries

    def apply(self, connection: Connection, entries: list[Entry], told: list[Change]) -> list[Kept | Exception]:
        self._insert(connection, [entry for entry in entries if entry.is_new], told)
        answers = [self._answer(connection, entry) for entry in entries]
        for entry, answer in zip(entries, answers, strict=True):
            if entry.frame.lost and isinstance(answer, Kept):
                camera = self._met(connection, entry.frame, told)
                self._confess(connection, camera, entry.frame.lost, entry.frame.received_at_ms, told)
        return answers

    def hear(self, connection: Connection, report: Report, told: list[Change]) -> Settings | None:
        """Note what a camera reports, and answer its settings of record."""
        camera = self._met(connection, report, told)
        heard = {"b_no": camera.no, "seen": report.received_at_ms, "said": _json(report.status.said)}
        connection.execute(_HEAR_CAMERA, heard)
        if report.lost:
            self._confess(connection, camera, report.lost, report.received_at_ms, told)
        return camera.settings

    def committed(self, entries: list[Entry]) -> None:
        while len(self._boots) > BOOTS_REMEMBERED:  # between groups: within one, what is remembered runs ahead of rows
            self._boots.popitem(last=False)
        while len(self._days) > DAYS_REMEMBERED:
            self._days.popitem(last=False)
        self._shelf.settle([entry.frame for entry in entries if entry.is_new])

    def rolled_back(self, entries: list[Entry]) -> None:
        self.forget()
        self._shelf.discard([entry.frame for entry in entries if entry.is_new])

    def forget(self) -> None:
        """Trust nothing remembered: the next group asks the tables again."""
        self._is_loaded = False
        self._cameras.clear()
        self._boots.clear()
        self._days.clear()

    # -- recognising

    def _recognise(self, connection: Connection, entries: list[Entry]) -> None:
        rows = self._rows_of_numbers(connection, entries)
        known_alike = self._rows_alike(connection, entries)
        earlier_alike: dict[tuple[str, bytes], Entry] = {}
        here: dict[tuple[str, str, int], list[Entry]] = {}
        for entry in entries:
            frame = entry.frame
            named = frame.camera, frame.boot, frame.number
            there, earlier = rows.get(named, ()), here.setdefault(named, [])
            if there or earlier:
                entry.known = next((row for row in there if row.sha256 == frame.sha256), None)
                entry.same_as = next((other for other in earlier if other.frame.sha256 == frame.sha256), None)
                entry.is_further = bool(there)
                # Without the suffix: a JPEG and a PNG of the same moment would share their thumbnail's name.
                taken = {_stem(row.name) for row in there} | {_stem(other.frame.name) for other in earlier}
                if entry.is_new and _stem(frame.name) in taken:
                    entry.frame = msgspec.structs.replace(frame, name=_apart(frame))
            if frame.is_of_file:
                entry.known = entry.known or known_alike.get((frame.camera, frame.sha256, frame.claim.boot is not None))
                if frame.claim.boot is None:
                    entry.same_as = entry.same_as or earlier_alike.get((frame.camera, frame.sha256))
            if entry.is_new:
                earlier_alike.setdefault((frame.camera, frame.sha256), entry)
            earlier.append(entry)

    def _rows_alike(self, connection: Connection, entries: list[Entry]) -> dict[Alike, Frame]:
        """Kept frames with the bytes of those that come from files."""
        rows: dict[Alike, Frame] = {}
        for frame in (entry.frame for entry in entries if entry.frame.is_of_file):
            camera = self.camera(connection, frame.camera)
            is_named = frame.claim.boot is not None
            if camera and (found := alike(connection, camera.no, frame.sha256, is_named=is_named)):
                rows[frame.camera, frame.sha256, is_named] = found
        return rows

    def _rows_of_numbers(self, connection: Connection, entries: list[Entry]) -> dict[tuple[str, str, int], list[Frame]]:
        asked = set()
        for entry in entries:
            camera = self.camera(connection, entry.frame.camera)
            boot = camera and self._boot(connection, camera, entry.frame.boot)
            if boot and entry.frame.number <= boot.highest_number:  # frames in order ask nothing
                asked.add((boot.no, entry.frame.number))
        rows: dict[tuple[str, str, int], list[Frame]] = {}
        if asked:
            named = tuple_(frames.c.boot_no, frames.c.number).in_(asked)
            for row in connection.execute(FRAMES.where(named)):
                frame = frame_of(row)
                rows.setdefault((frame.camera, frame.boot, frame.number), []).append(frame)
        return rows

    def camera(self, connection: Connection, camera: str) -> CameraState | None:
        state = self._cameras.get(camera)
        if state is None:
            no = connection.scalar(select(cameras.c.no).where(cameras.c.id == camera))
            if no is None:
                return None
            state = self._cameras[camera] = CameraState(no, camera, latest_settings(connection, no))
        return state

    def _boot(self, connection: Connection, camera: CameraState, boot: str) -> BootState | None:
        state = self._boots.get((camera.no, boot))
        if state is not None:
            return state
        row = connection.execute(
            select(boots).where(boots.c.camera_no == camera.no, boots.c.boot == boot)
        ).one_or_none()
        if row is None:
            return None
        epoch = (
            Epoch(at_ms=row.epoch_ms, uncertainty_ms=row.epoch_uncertainty_ms, source=TimeSource(row.epoch_source))
            if row.epoch_source
            else None
        )
        state = self._boots[camera.no, boot] = BootState(
            row.no,
            row.highest_number,
            row.frames,
            epoch,
            is_ours=bool(row.is_ours),
            told_to=ledger.told_to(connection, camera.no, boot),
        )
        return state

    # -- inserting

    def load(self, connection: Connection) -> None:
        """Learn where the counters stand. Ids of deleted frames are not given again: the log still names the newest."""
        highest = connection.scalar(select(func.max(frames.c.id))) or 0
        told = connection.execute(
            select(changes.c.seq, changes.c.frame_id).order_by(changes.c.seq.desc()).limit(1)
        ).one_or_none()
        self._next_frame_id = max(highest, (told.frame_id or 0) if told else 0, self._sequence(connection)) + 1
        self._next_seq = (told.seq if told else 0) + 1
        self._oldest_seq = connection.scalar(select(func.min(changes.c.seq))) or 1
        self._is_loaded = True

    def _sequence(self, connection: Connection) -> int:
        """The highest frame id ever given, as SQLite's AUTOINCREMENT remembers it beyond deletion."""
        return connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'frames'").scalar() or 0

    @property
    def last_seq(self) -> int:
        return self._next_seq - 1

    def tell(self, connection: Connection, news: Sequence[News], told: list[Change]) -> None:
        """Write rows of the log, and prune what nobody may ask for any more."""
        if not self._is_loaded:
            self.load(connection)
        rows = []
        for seq, (kind, camera, frame, lost, loss_no) in enumerate(news, self._next_seq):
            frame_id = frame.id if frame else None
            rows.append(
                {"seq": seq, "kind": kind.value, "camera_no": camera.no, "frame_id": frame_id, "loss_no": loss_no}
            )
            told.append(Change(seq=seq, kind=kind, camera=camera.id, frame_id=frame_id, frame=frame, lost=lost))
        self._next_seq += len(rows)
        _ADD_CHANGES.execute(connection, rows)
        if self.last_seq - self._oldest_seq > self._changes_kept + 1000:
            self._oldest_seq = self.last_seq - self._changes_kept
            connection.execute(changes.delete().where(changes.c.seq < self._oldest_seq))

    def _insert(self, connection: Connection, entries: list[Entry], told: list[Change]) -> None:
        if not self._is_loaded:
            self.load(connection)
        rows: list[dict[str, Any]] = []
        news: list[News] = []
        of_cameras: dict[int, dict[str, Any]] = {}
        of_files: dict[int, dict[str, Any]] = {}
        of_boots: dict[int, dict[str, Any]] = {}
        of_days: defaultdict[Quarter, int] = defaultdict(int)
        numbers: set[tuple[int, int]] = set()
        of_ledger: list[tuple[int, ledger.Counted]] = []
        learnt: dict[int, tuple[CameraState, Epoch]] = {}
        for entry in entries:
            new = entry.frame
            camera = self._met(connection, new, told)
            boot = self._boot(connection, camera, new.boot) or self._add_boot(connection, camera, new)
            epoch = better_epoch(
                new.claim, received_at_ms=new.received_at_ms, transfer_ms=new.transfer_ms, known=boot.epoch
            )
            if epoch is not boot.epoch and epoch is not None:
                boot.epoch = epoch
                learnt[boot.no] = (camera, epoch)
            said = _json(new.status.said)
            frame, row = self._row(new, camera, boot, said)
            rows.append(row)
            news.append(News(ChangeKind.FRAME, camera, frame))
            is_further = entry.is_further or (boot.no, new.number) in numbers
            numbers.add((boot.no, new.number))
            entry.result = Kept(frame=frame, is_new=True, is_further=is_further, settings=camera.settings)
            if new.is_of_file:
                _count_filed(of_files, camera, frame)
            else:
                counted = of_cameras.get(camera.no)
                of_cameras[camera.no] = {
                    "b_no": camera.no,
                    "more": counted["more"] + 1 if counted else 1,
                    "latest": frame.id,
                    "seen": new.received_at_ms,
                    "said": said,
                }
            if not is_further:
                if not boot.is_next(new.number):
                    changed = ledger.arrived(
                        connection,
                        camera.no,
                        ledger.Arrival(new.boot, new.number, new.received_at_ms),
                        highest=boot.highest_number,
                        is_ahead=boot.told_to > boot.highest_number,
                    )
                    of_ledger.append((camera.no, changed))
                boot.frames += 1
            boot.highest_number = max(boot.highest_number, new.number)
            of_boots[boot.no] = _boot_row(boot, new.received_at_ms)
            day, quarter = quarter_of(frame.taken_at_ms, self._zone)
            of_days[camera.no, day, quarter] += 1
            of_days[0, day, quarter] += 1
        _ADD_FRAMES.execute(connection, rows)
        self.tell(connection, news, told)
        _COUNT_CAMERA.execute(connection, list(of_cameras.values()))
        _COUNT_FILED.execute(connection, list(of_files.values()))
        _NOTE_BOOT.execute(connection, list(of_boots.values()))
        self._count_days(connection, of_days)
        ledger.count_all(connection, of_ledger)
        for boot_no, (camera, epoch) in learnt.items():
            self._redate(connection, boot_no, camera, epoch, told)

    def _row(self, new: NewFrame, camera: CameraState, boot: BootState, said: str) -> tuple[Frame, dict[str, Any]]:
        claim = new.claim
        dated = date(claim, received_at_ms=new.received_at_ms, transfer_ms=new.transfer_ms, epoch=boot.epoch)
        frame = Frame(
            id=self._next_frame_id,
            camera=camera.id,
            boot=new.boot,
            number=new.number,
            name=new.name,
            taken_at_ms=dated.taken_at_ms,
            taken_at_source=dated.source,
            taken_at_uncertainty_ms=dated.uncertainty_ms,
            received_at_ms=new.received_at_ms,
            size_bytes=len(new.body),
            width=new.picture.width,
            height=new.picture.height,
            media_type=new.picture.media_type,
            sha256=new.sha256,
            verdict=Verdict.WHOLE if new.picture.is_whole else Verdict.TRUNCATED,
        )
        self._next_frame_id += 1
        has_own_date = claim.now_ms is not None or dated.taken_at_ms == claim.taken_ms
        return frame, {
            "id": frame.id,
            "camera_no": camera.no,
            "boot_no": boot.no,
            "number": new.number,
            "name": new.name,
            "up_ms": claim.up_ms,
            "taken_at_ms": dated.taken_at_ms,
            "taken_at_source": dated.source.value,
            "taken_at_uncertainty_ms": dated.uncertainty_ms,
            "hangs_on_boot": int(claim.up_ms is not None and not has_own_date),
            "received_at_ms": new.received_at_ms,
            "size_bytes": frame.size_bytes,
            "width": frame.width,
            "height": frame.height,
            "media_type": frame.media_type.value,
            "sha256": new.sha256,
            "verdict": frame.verdict.value,
            "is_measured": 0,
            "status": said if new.status.said else None,
        }

    def add_camera(self, connection: Connection, camera: str, at_ms: int, told: list[Change]) -> CameraState:
        """Make a row for a camera there is none of."""
        no = connection.execute(
            insert(cameras).values(id=camera, created_at_ms=at_ms, frames=0, status="{}").returning(cameras.c.no)
        ).scalar_one()
        state = self._cameras[camera] = CameraState(no, camera)
        self.tell(connection, [News(ChangeKind.CAMERA, state)], told)
        return state

    def _add_boot(self, connection: Connection, camera: CameraState, new: NewFrame) -> BootState:
        no = connection.execute(
            insert(boots)
            .values(
                camera_no=camera.no,
                boot=new.boot,
                is_ours=int(new.claim.boot is None),
                highest_number=-1,
                frames=0,
                first_received_at_ms=new.received_at_ms,
                last_received_at_ms=new.received_at_ms,
            )
            .returning(boots.c.no)
        ).scalar_one()
        state = self._boots[camera.no, new.boot] = BootState(
            no,
            -1,
            0,
            None,
            is_ours=new.claim.boot is None,
            told_to=ledger.told_to(connection, camera.no, new.boot),
        )
        return state

    def _count_days(self, connection: Connection, counts: dict[Quarter, int]) -> None:
        of_days: defaultdict[tuple[int, int], int] = defaultdict(int)
        for (no, day, quarter), more in counts.items():
            self._quarters(connection, no, day).add(quarter, more)
            of_days[no, day] += more
        _COUNT_DAY.execute(
            connection,
            [
                {"b_camera_no": no, "b_day": day, "more": more, "each": self._days[no, day].value()}
                for (no, day), more in of_days.items()
            ],
        )

    def _quarters(self, connection: Connection, camera_no: int, day: int) -> Quarters:
        known = self._days.get((camera_no, day))
        if known is None:
            value = connection.scalar(select(days.c.quarters).where(days.c.camera_no == camera_no, days.c.day == day))
            if value is None:
                connection.execute(insert(days).values(camera_no=camera_no, day=day, frames=0, quarters=EMPTY))
            known = self._days[camera_no, day] = Quarters(value or EMPTY)
        return known

    def _redate(
        self, connection: Connection, boot_no: int, camera: CameraState, epoch: Epoch, told: list[Change]
    ) -> None:
        hanging = connection.execute(
            FRAMES.add_columns(frames.c.up_ms).where(frames.c.boot_no == boot_no, HANGING)
        ).all()
        dates: list[dict[str, Any]] = []
        news: list[News] = []
        of_days: defaultdict[Quarter, int] = defaultdict(int)
        for row in hanging:
            before = frame_of(row)
            dated = date(FrameClaim(up_ms=row.up_ms), received_at_ms=before.received_at_ms, transfer_ms=0, epoch=epoch)
            after = msgspec.structs.replace(
                before,
                taken_at_ms=dated.taken_at_ms,
                taken_at_source=dated.source,
                taken_at_uncertainty_ms=dated.uncertainty_ms,
            )
            if after == before:
                continue
            dates.append(
                {
                    "b_id": before.id,
                    "at": dated.taken_at_ms,
                    "source": dated.source.value,
                    "uncertainty": dated.uncertainty_ms,
                }
            )
            news.append(News(ChangeKind.FRAME_CHANGED, camera, after))
            was, is_now = quarter_of(before.taken_at_ms, self._zone), quarter_of(after.taken_at_ms, self._zone)
            if was != is_now:
                for no in (camera.no, 0):
                    of_days[no, *was] -= 1
                    of_days[no, *is_now] += 1
        _REDATE.execute(connection, dates)
        self.tell(connection, news, told)
        self._count_days(connection, of_days)

    def _met(self, connection: Connection, of: NewFrame | Report, told: list[Change]) -> CameraState:
        """The camera that something came from, made now if nobody knew it."""
        return self.camera(connection, of.camera) or self.add_camera(connection, of.camera, of.received_at_ms, told)

    def _confess(self, connection: Connection, camera: CameraState, lost: Lost, at_ms: int, told: list[Change]) -> None:
        there = connection.scalar(
            select(losses.c.no).where(
                losses.c.camera_no == camera.no,
                losses.c.boot == lost.boot,
                losses.c.first == lost.first,
                losses.c.last == lost.last,
            )
        )
        if there is not None:
            return
        no = connection.execute(
            insert(losses)
            .values(
                camera_no=camera.no,
                boot=lost.boot,
                first=lost.first,
                last=lost.last,
                reason=lost.reason,
                confessed_at_ms=at_ms,
            )
            .returning(losses.c.no)
        ).scalar_one()
        boot = self._boot(connection, camera, lost.boot)
        if boot is None or not boot.is_ours:
            highest = boot.highest_number if boot else -1
            ledger.confessed(connection, camera.no, lost, no, highest=highest, at_ms=at_ms)
        if boot is not None:
            boot.told_to = max(boot.told_to, lost.last)
        self.tell(connection, [News(ChangeKind.GAP, camera, lost=lost, loss_no=no)], told)

    def _answer(self, connection: Connection, entry: Entry) -> Kept | Exception:
        if entry.error is not None:
            return entry.error
        if entry.result is not None:
            return entry.result
        if entry.same_as is not None:
            answer = self._answer(connection, entry.same_as)
            return answer if isinstance(answer, Exception) else msgspec.structs.replace(answer, is_new=False)
        assert entry.known is not None  # noqa: S101 - one of the four, by `is_new`
        camera = self.camera(connection, entry.known.camera)
        return Kept(frame=entry.known, is_new=False, settings=camera.settings if camera else None)


def alike(connection: Connection, camera_no: int, sha256: bytes, *, is_named: bool) -> Frame | None:
    """A camera's frame with those bytes, for a file that has them.

    A file that names its frame is another one than any that names its own, also with the same bytes: so it closes its
    gap. Of it only frames are alike that came without a name.
    """
    row = connection.execute(_ALIKE, {"camera_no": camera_no, "sha256": sha256, "named": int(is_named)}).first()
    return None if row is None else frame_of(row)


def latest_settings(connection: Connection, camera_no: int) -> Settings | None:
    """The newest settings of a camera, if it has any."""
    row = connection.execute(
        select(settings.c.version, settings.c["values"])
        .where(settings.c.camera_no == camera_no)
        .order_by(settings.c.version.desc())
        .limit(1)
    ).one_or_none()
    return Settings(version=row[0], values=msgspec.json.decode(row[1])) if row else None


def _count_filed(of_files: dict[int, dict[str, Any]], camera: CameraState, frame: Frame) -> None:
    """A frame from a file was not heard of the camera: it is its latest only where it was taken last."""
    counted = of_files.setdefault(camera.no, {"b_no": camera.no, "more": 0, "latest": frame.id, "taken": 0})
    counted["more"] += 1
    if frame.taken_at_ms >= counted["taken"]:
        counted["latest"], counted["taken"] = frame.id, frame.taken_at_ms


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _apart(frame: NewFrame) -> str:
    stem, dot, suffix = frame.name.rpartition(".")
    return f"{stem}-{frame.sha256[:4].hex()}{dot}{suffix}"


def _json(said: dict[str, Any]) -> str:
    return msgspec.json.encode(said).decode()


def _boot_row(boot: BootState, received_at_ms: int) -> dict[str, Any]:
    return {
        "b_no": boot.no,
        "highest": boot.highest_number,
        "count": boot.frames,
        "last": received_at_ms,
        "epoch": boot.epoch.at_ms if boot.epoch else None,
        "uncertainty": boot.epoch.uncertainty_ms if boot.epoch else None,
        "source": boot.epoch.source.value if boot.epoch else None,
    }


_ADD_FRAMES = Many(insert(frames))
_ADD_CHANGES = Many(insert(changes))
_COUNT_CAMERA = Many(
    update(cameras)
    .where(cameras.c.no == bindparam("b_no"))
    .values(
        frames=cameras.c.frames + bindparam("more"),
        latest_frame_id=bindparam("latest"),
        seen_at_ms=bindparam("seen"),
        status=bindparam("said"),
    )
)
_NEVER: ColumnElement[int] = literal_column("0")
_latest = (
    select(func.max(frames.c.taken_at_ms)).where(frames.c.id == cameras.c.latest_frame_id).correlate(cameras)
).scalar_subquery()
_COUNT_FILED = Many(
    update(cameras)
    .where(cameras.c.no == bindparam("b_no"))
    .values(
        frames=cameras.c.frames + bindparam("more"),
        latest_frame_id=case(
            (func.coalesce(_latest, _NEVER) <= bindparam("taken"), bindparam("latest")), else_=cameras.c.latest_frame_id
        ),
        seen_at_ms=case(
            (func.coalesce(cameras.c.seen_at_ms, _NEVER) < bindparam("taken"), bindparam("taken")),
            else_=cameras.c.seen_at_ms,
        ),
    )
)
_ALIKE = (
    FRAMES.where(
        frames.c.camera_no == bindparam("camera_no"),
        frames.c.sha256 == bindparam("sha256", type_=LargeBinary),
        boots.c.is_ours >= bindparam("named"),
    )
    .order_by(frames.c.id)
    .limit(1)
)
_HEAR_CAMERA = (
    update(cameras)
    .where(cameras.c.no == bindparam("b_no"))
    .values(seen_at_ms=bindparam("seen"), status=bindparam("said"))
)
_NOTE_BOOT = Many(
    update(boots)
    .where(boots.c.no == bindparam("b_no"))
    .values(
        highest_number=bindparam("highest"),
        frames=bindparam("count"),
        last_received_at_ms=bindparam("last"),
        epoch_ms=bindparam("epoch"),
        epoch_uncertainty_ms=bindparam("uncertainty"),
        epoch_source=bindparam("source"),
    )
)
_COUNT_DAY = Many(
    update(days)
    .where(days.c.camera_no == bindparam("b_camera_no"), days.c.day == bindparam("b_day"))
    .values(frames=days.c.frames + bindparam("more"), quarters=bindparam("each"))
)
_REDATE = Many(
    update(frames)
    .where(frames.c.id == bindparam("b_id"))
    .values(
        taken_at_ms=bindparam("at"),
        taken_at_source=bindparam("source"),
        taken_at_uncertainty_ms=bindparam("uncertainty"),
    )
)
