"""The partition table is one that arduino-cli can flash and the firmware can live in."""

import itertools
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "firmware" / "partitions.csv").read_text("utf-8")

FLASH_BYTES = 8 * 1024 * 1024
TABLE_END = 0x9000  # boot loader and the table itself lie below
SECTOR = 0x1000
APP_ALIGNMENT = 0x10000
NAME_BYTES = 16  # with its closing zero


class Partition(NamedTuple):
    name: str
    kind: str
    subtype: str
    offset: int
    size_bytes: int

    @property
    def end(self) -> int:
        return self.offset + self.size_bytes


def read_partitions(text: str) -> list[Partition]:
    """The rows of a table: five fields each, every offset said."""
    rows = [line.split("#")[0].strip() for line in text.splitlines()]
    partitions = []
    for row in filter(None, rows):
        name, kind, subtype, offset, size = (field.strip() for field in row.split(","))
        partitions.append(Partition(name, kind, subtype, int(offset, 0), int(size, 0)))
    return partitions


def faults(partitions: list[Partition]) -> list[str]:
    """What a boot loader could not live with, or we could not."""
    found = []
    for before, after in itertools.pairwise(partitions):
        if before.end > after.offset:
            found.append(f"{before.name} overlaps {after.name}")
    for partition in partitions:
        if partition.offset % (APP_ALIGNMENT if partition.kind == "app" else SECTOR):
            found.append(f"{partition.name} starts crooked")
        if partition.size_bytes % SECTOR or partition.size_bytes <= 0:
            found.append(f"{partition.name} has an odd size")
        if partition.offset < TABLE_END or partition.end > FLASH_BYTES:
            found.append(f"{partition.name} lies outside the flash")
        if len(partition.name) >= NAME_BYTES:
            found.append(f"{partition.name} is too long a name")
    if len({partition.name for partition in partitions}) != len(partitions):
        found.append("a name stands twice")
    return found


PARTITIONS = read_partitions(TABLE)


def test_the_table_is_sound() -> None:
    """In order, aligned, nothing twice, no overlap, all within 8 MB, and no byte of them wasted."""
    assert faults(PARTITIONS) == []
    assert PARTITIONS[0].offset == TABLE_END
    assert PARTITIONS[-1].end == FLASH_BYTES
    assert sum(partition.size_bytes for partition in PARTITIONS) == FLASH_BYTES - TABLE_END


@pytest.mark.parametrize(
    ("change", "into", "fault"),
    [
        ("0x210000, 0x200000", "0x210000, 0x300000", "app1 overlaps cfg"),
        ("0x416000", "0x416800", "spool starts crooked"),
        ("0x7F0000, 0x10000", "0x7F0000, 0x20000", "coredump lies outside the flash"),
        ("0x3DA000", "0x3D9F00", "spool has an odd size"),
        ("app1,", "app0,", "a name stands twice"),
    ],
)
def test_a_wrong_table_is_noticed(change: str, into: str, fault: str) -> None:
    """The check above bites."""
    assert change in TABLE

    assert fault in faults(read_partitions(TABLE.replace(change, into)))


def test_upload_finds_what_it_writes() -> None:
    """arduino-cli writes otadata to 0xe000 and the app to 0x10000, whatever the table says."""
    places = {(partition.kind, partition.subtype): partition.offset for partition in PARTITIONS}

    assert places["data", "ota"] == 0xE000
    assert places["app", "ota_0"] == 0x10000


def test_there_are_two_app_slots_of_one_size() -> None:
    """An update goes to the other slot, so it must fit wherever this one does."""
    slots = {partition.subtype: partition.size_bytes for partition in PARTITIONS if partition.kind == "app"}

    assert slots == {"ota_0": 0x200000, "ota_1": 0x200000}


def test_settings_have_a_partition_of_their_own() -> None:
    """The core may erase `nvs` without asking, so ours are in `cfg`."""
    assert [partition.name for partition in PARTITIONS if partition.subtype == "nvs"] == ["nvs", "cfg"]


def test_the_spool_holds_986_blocks() -> None:
    """The size that wear and thinning are reckoned with; LittleFS goes by the subtype of SPIFFS."""
    (spool,) = [partition for partition in PARTITIONS if partition.name == "spool"]

    assert (spool.kind, spool.subtype) == ("data", "spiffs")
    assert spool.size_bytes == 986 * 4096


def test_the_list_of_partitions_is_the_table() -> None:
    """docs/ref/boards.md has every partition where it is."""
    section = (ROOT / "docs" / "ref" / "boards.md").read_text("utf-8").split("## Partitions")[1].split("\n#")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    told = [(name.strip(" `"), int(offset, 0), int(size, 0)) for name, offset, size in rows]

    assert told == [(partition.name, partition.offset, partition.size_bytes) for partition in PARTITIONS]
