"""What the doctor knows: its table, its reading of certificates, and what it thinks of disks and versions."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from yarl import URL

from archive.doctor import disk
from archive.doctor.certificate import Certificate, read
from archive.doctor.disk import Disk
from archive.doctor.findings import KNOWN, STEPS, Severity, found, passed, worst
from archive.doctor.inside import has_wal_reset_bug
from archive.doctor.reaching import is_in_the_open, of_chain
from archive.errors import Malformed

FLASH = [0.0004, 0.0005, 0.0006]
ROOT = Path(__file__).parents[2]


def certificate(folder: Path, *key: str) -> bytes:
    """A certificate of its own, in DER."""
    made = subprocess.run(
        [
            *f"openssl req -x509 -days 30 -utf8 -nodes -subj /CN=gärten.example -keyout {folder}/key.pem".split(),
            "-newkey",
            *key,
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return ssl.PEM_cert_to_DER_cert(made.stdout)


def test_every_finding_says_what_why_and_what_to_do() -> None:
    """In sentences, of a step there is; none is good news, which has no remedy."""
    for known in KNOWN.values():
        assert known.step in STEPS, known.id
        assert known.title[-1] not in ".:", known.id
        assert known.why.endswith("."), known.id
        assert known.do.endswith((".", "`.", "`;`.")), known.id
        assert known.severity is not Severity.OK, known.id


def test_every_finding_can_be_found() -> None:
    """The code knows where to find each, by its id."""
    code = "\n".join(
        path.read_text("utf-8")
        for path in [*(ROOT / "archive" / "doctor").glob("*.py"), ROOT / "archive" / "cli" / "doctor.py"]
        if path.name != "findings.py"
    )

    assert [id_ for id_ in KNOWN if f'"{id_}"' not in code] == []


def test_the_worst_counts() -> None:
    """The exit status is that of the worst finding; nothing found is well."""
    fine = passed("name", "here", 1)

    assert worst([]) is Severity.OK
    assert worst([fine, found("redirected")]) is Severity.NOTE
    assert worst([found("name-unknown"), found("disk-slow"), fine]) is Severity.PROBLEM


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("ECDSA", 256)),
        (("ec", "-pkeyopt", "ec_paramgen_curve:P-384"), ("ECDSA", 384)),
        (("ec", "-pkeyopt", "ec_paramgen_curve:sect283k1"), ("ECDSA", 0)),
        (("rsa:2048",), ("RSA", 2048)),
        (("ed25519",), ("1.3.101.112", 0)),
    ],
)
def test_a_certificate_tells_its_key_its_name_and_its_days(
    tmp_path: Path, key: tuple[str, ...], expected: tuple[str, int]
) -> None:
    """As openssl wrote them."""
    der = certificate(tmp_path, *key)

    got = read(der)

    assert (got.key, got.key_bits) == expected
    assert got.subject == got.issuer == "gärten.example"
    assert got.is_own_issuer
    assert got.weak_digest == ""
    assert got.not_after - got.not_before == timedelta(days=30)
    assert abs(got.not_before - datetime.now(UTC)) < timedelta(days=1)
    assert got.size_bytes == len(der)


def test_what_is_no_certificate_is_malformed_and_nothing_else(tmp_path: Path) -> None:
    """Cut at every byte, and with every byte another: an answer or Malformed."""
    der = certificate(tmp_path, "ec", "-pkeyopt", "ec_paramgen_curve:P-256")

    for end in range(len(der)):
        with pytest.raises(Malformed):
            read(der[:end])
    for at in range(len(der)):
        damaged = bytearray(der)
        damaged[at] ^= 0xFF
        try:
            read(bytes(damaged))
        except Malformed:
            continue


def test_a_chain_is_weighed_by_its_keys_too() -> None:
    """Beyond what the chip's own arithmetic takes."""
    leaf = Certificate(
        subject="garden.example",
        issuer="A root",
        is_own_issuer=False,
        not_before=datetime.now(UTC) - timedelta(days=10),
        not_after=datetime.now(UTC) + timedelta(days=80),
        key="RSA",
        key_bits=8192,
        weak_digest="",
        size_bytes=2000,
    )

    looked = of_chain([leaf], [leaf], is_pinned=True)

    assert [(one.id, one.seen) for one in looked.findings] == [("tls-heavy", "“garden.example”: RSA 8192")]


@pytest.mark.parametrize(
    ("known", "times_s", "expected"),
    [
        (Disk(kind="ext4", device="/dev/sda1", turns=False), FLASH, []),
        (Disk(kind="ext4", device="/dev/sda1", turns=True), [0.008, 0.009, 0.012], []),
        (Disk(kind="ext4", device="/dev/sda1", turns=True), FLASH, ["disk-lies"]),
        (Disk(kind="ext4", device="/dev/sda1", turns=None), [0.000_003, 0.000_004, 0.001], ["disk-lies"]),
        (Disk(kind="ext4", options=frozenset({"rw", "nobarrier"})), FLASH, ["disk-lies"]),
        (Disk(kind="tmpfs"), [0.000_001], ["disk-memory"]),
        (Disk(kind="nfs4", device="nas:/photos"), FLASH, ["disk-network"]),
        (Disk(kind="vfat", is_removable=True), FLASH, ["disk-fat", "disk-removable"]),
        (Disk(kind="overlay"), FLASH, ["disk-container"]),
        (Disk(kind="ext4", is_removable=True), [0.2, 0.3, 0.9], ["disk-slow", "disk-removable"]),
    ],
)
def test_a_disk_is_judged_by_what_it_is_and_does(known: Disk, times_s: list[float], expected: list[str]) -> None:
    """What cannot be is a lie, whoever tells it."""
    assert [finding.id for finding in disk.judge(known, times_s)] == expected


def test_the_disk_of_a_folder_is_known_and_tried(tmp_path: Path) -> None:
    """As `stat -f` names it; trying leaves nothing behind."""
    kind = subprocess.run(["df", "--output=fstype", tmp_path], check=True, capture_output=True, text=True)

    times_s = disk.sync_times(tmp_path)

    assert disk.disk_of(tmp_path).kind == kind.stdout.split()[-1]
    assert len(times_s) == disk.SYNCS
    assert min(times_s) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no memory file system here")
def test_a_folder_in_memory_is_no_disk() -> None:
    """The real one, with its real times."""
    memory = Path("/dev/shm")

    assert [finding.id for finding in disk.judge(disk.disk_of(memory), disk.sync_times(memory))] == ["disk-memory"]


def test_the_versions_of_sqlite_with_the_bug_are_those_of_its_authors() -> None:
    """3.7.0 to 3.51.2, but for the lines that were mended."""
    bad = ["3.7.0", "3.40.1", "3.44.5", "3.45.0", "3.50.6", "3.51.0", "3.51.2"]
    good = ["3.6.23", "3.44.6", "3.50.7", "3.51.3", "3.53.0", "4.0.0"]

    def has_bug(version: str) -> bool:
        return has_wal_reset_bug(tuple(map(int, version.split("."))))

    assert [version for version in bad if not has_bug(version)] == []
    assert [version for version in good if has_bug(version)] == []


def test_steps_go_from_the_outside_in() -> None:
    """What is nearer to the world comes before what depends on it."""
    order = ["name", "connection", "certificate", "answer", "sending", "pictures", "events", "server", "promises"]

    at = [list(STEPS).index(step) for step in order]
    assert all(before < after for before, after in pairwise(at))


def test_only_plain_http_over_the_internet_is_in_the_open() -> None:
    """A network of one's own may go without."""
    assert is_in_the_open(URL("http://garden.example"), "93.184.215.14")
    assert not is_in_the_open(URL("https://garden.example"), "93.184.215.14")
    assert not any(is_in_the_open(URL("http://garden"), near) for near in ("192.168.1.2", "127.0.0.1", "fe80::1"))
