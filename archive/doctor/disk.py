"""What is known of the disk an archive lies on, and whether it does what it says: how long a sync really takes."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psutil

from archive.doctor.findings import Finding, found

SYNCS = 24
BLOCK_BYTES = 4096

# Of the median; what lies below cannot have reached the medium. A disk of 7,200 turns a minute needs 4 ms for half a
# turn, and every sync is two writes. Flash without a protected cache needs some 0.1 ms to program a page.
FASTEST_S = {True: 0.002, False: 0.000_05}  # by whether it turns
SLOW_S = 0.1

_IN_MEMORY = {"tmpfs", "ramfs", "rootfs"}
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "virtiofs", "fuse.sshfs", "davfs"}
_FAT = {"vfat", "msdos", "exfat", "fuseblk.exfat"}
_CONTAINER = {"overlay", "aufs"}
_NO_BARRIER = {"nobarrier", "barrier=0"}
_MADE_UP = ("vd", "xvd", "nbd", "loop", "dm-", "md", "zram")  # devices that say they turn whatever is behind them


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """A folder's file system, as the system tells of it."""

    kind: str  # of file system; empty where it cannot be told
    options: frozenset[str] = frozenset()
    device: str = ""
    turns: bool | None = None  # whether it is a turning disk; None: not known
    is_removable: bool = False


def disk_of(folder: Path) -> Disk:
    """The disk that *folder* is on."""
    mounts = [
        partition for partition in psutil.disk_partitions(all=True) if folder.is_relative_to(partition.mountpoint)
    ]
    if not mounts:
        return Disk(kind="")
    # The last of equal ones covers those before.
    mount = max(enumerate(mounts), key=lambda one: (len(Path(one[1].mountpoint).parts), one[0]))[1]
    block = _block_device(folder)
    is_real = block is not None and not block.name.startswith(_MADE_UP)
    turns = {"1": True, "0": False}.get(_said(block / "queue/rotational")) if block and is_real else None
    return Disk(
        kind=mount.fstype,
        options=frozenset(mount.opts.split(",")),
        device=mount.device,
        turns=turns,
        is_removable=block is not None and _said(block / "removable") == "1",
    )


def sync_times(folder: Path) -> list[float]:
    """How long each of some small writes takes to be synced, in seconds; nothing is left behind. Raises OSError."""
    times = []
    # With a name: of a file that has none btrfs syncs nothing, for nobody could ever open it again.
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        for _ in range(SYNCS):
            file.write(os.urandom(BLOCK_BYTES))
            file.flush()
            began_s = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began_s)
    return times


def judge(disk: Disk, times_s: Sequence[float]) -> list[Finding]:
    """What there is to say of such a *disk*, whose syncs took *times_s*."""
    named = f"{disk.kind} on {disk.device}" if disk.device else disk.kind
    middle_s = statistics.median(times_s)
    findings = []
    if disk.kind in _IN_MEMORY:
        return [found("disk-memory", named)]
    for kinds, id_ in ((_NETWORK, "disk-network"), (_FAT, "disk-fat"), (_CONTAINER, "disk-container")):
        if disk.kind in kinds:
            findings.append(found(id_, named))
    if lying := _NO_BARRIER & disk.options:
        findings.append(found("disk-lies", f"{named} is mounted with {', '.join(sorted(lying))}"))
    elif middle_s < FASTEST_S[bool(disk.turns)]:
        what = "a turning disk" if disk.turns else "no disk"
        findings.append(
            found("disk-lies", f"{named}: half of {len(times_s)} syncs took under {_ms(middle_s)}; {what} does that")
        )
    if middle_s > SLOW_S:
        findings.append(found("disk-slow", f"{named}: half of {len(times_s)} syncs took over {_ms(middle_s)}"))
    if disk.is_removable:
        findings.append(found("disk-removable", named))
    return findings


def described(disk: Disk, times_s: Sequence[float]) -> str:
    """The disk in a few words."""
    turning = ", a turning disk" if disk.turns else ""
    middle, most = _ms(statistics.median(times_s)), _ms(max(times_s))
    return f"{disk.kind or 'unknown'}{turning}; a sync takes {middle}, at most {most}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"


def _block_device(folder: Path) -> Path | None:
    """The whole device, as Linux shows it; None where the file system has none, and on other systems."""
    number = folder.stat().st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    try:
        device = device.resolve(strict=True)
    except OSError:
        return None
    return device.parent if (device / "partition").exists() else device


def _said(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return ""
