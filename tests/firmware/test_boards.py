"""The board table, the profiles and what the documents say of them are one."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive.firmware import BOARDS, IMAGE_MAX_BYTES

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
BOARDS_PAGE = ROOT / "docs" / "ref" / "boards.md"
WORKFLOW = ROOT / ".github" / "workflows" / "firmware.yml"

SLOT_BYTES = 0x200000
TABLE_MIB = 8  # what partitions.csv fills

# The menu names of the board list (boards.txt of the core) and what its linker stops at.
LIMITS = {"default_8MB": 3_342_336, "min_spiffs": 1_966_080, "app3M_fat9M_16MB": 3_145_728}


def table_below(heading: str, page: Path = BOARDS_PAGE) -> list[list[str]]:
    """The cells of the table that follows *heading*, without its head."""
    section = f"\n{page.read_text('utf-8')}".split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows[2:]]


@pytest.fixture(name="boards", scope="module")
def _boards(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    program = tmp_path_factory.mktemp("boards") / "dump"
    source = Path(__file__).with_name("boards_dump.cpp")
    subprocess.run(["g++", "-std=gnu++2b", "-Wall", "-Wextra", "-Werror", source, "-o", program], check=True)
    boards: list[dict[str, Any]] = json.loads(subprocess.run([program], check=True, capture_output=True).stdout)
    return boards


@pytest.fixture(name="sketch", scope="module")
def _sketch() -> dict[str, Any]:
    sketch: dict[str, Any] = yaml.safe_load((FIRMWARE / "sketch.yaml").read_text("utf-8"))
    return sketch


def options(fqbn: str) -> dict[str, str]:
    """The menu options in a board name."""
    return dict(option.split("=", 1) for option in fqbn.split(":")[3].split(","))


def test_no_pin_of_a_board_has_two_jobs(boards: list[dict[str, Any]]) -> None:
    """A transposed digit in a row is caught: within one board every pin that is wired is wired once."""
    for board in boards:
        pins = [pin for pin in [*board["sensor"], board["rail"], *board["card"]] if pin != -1]

        assert len(pins) == len(set(pins)), board["id"]
        assert all(0 <= pin <= 48 for pin in pins), board["id"]
        assert not {22, 23, 24, 25} & set(pins), f"{board['id']}: the chip has no GPIO 22 to 25"


def test_no_board_uses_a_pin_of_its_own_memory(boards: list[dict[str, Any]]) -> None:
    """GPIO 26 to 32 are the flash's, and 33 to 37 are taken where PSRAM is octal."""
    for board in boards:
        taken = set(range(26, 38 if board["is_octal"] else 33))

        assert not taken & {*board["sensor"], board["rail"], *board["card"], board["led"]}, board["id"]


def test_every_sensor_is_wired_whole(boards: list[dict[str, Any]]) -> None:
    """All but the power and reset pins are there in every row."""
    for board in boards:
        assert -1 not in board["sensor"][2:], board["id"]


def test_a_card_has_the_pins_of_its_bus(boards: list[dict[str, Any]]) -> None:
    """Clock, command and data on both; on SPI a select pin as well; none where there is no card."""
    for board in boards:
        clk, cmd, d0, cs = board["card"]
        match board["card_bus"]:
            case 0:
                assert (clk, cmd, d0, cs) == (-1, -1, -1, -1), board["id"]
            case 1:
                assert -1 not in (clk, cmd, d0), board["id"]
            case _:
                assert -1 not in (clk, cmd, d0, cs), board["id"]


def test_board_names_fit_a_field_and_are_unlike(boards: list[dict[str, Any]]) -> None:
    """An id is a word of a structured field and stands for one board."""
    ids = [board["id"] for board in boards]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{2,31}", name) for name in ids)


def test_every_board_has_a_profile_and_every_profile_a_board(boards: list[dict[str, Any]], sketch: Any) -> None:
    """sketch.yaml has exactly the profiles that the rows name, and its default is one of them."""
    assert set(sketch["profiles"]) == {board["profile"] for board in boards}
    assert sketch["default_profile"] in sketch["profiles"]


def test_every_profile_pins_the_core(sketch: Any) -> None:
    """No version in brackets would silently mean whatever is installed."""
    for name, profile in sketch["profiles"].items():
        assert [platform["platform"] for platform in profile["platforms"]] == ["esp32:esp32 (3.3.10)"], name
        assert profile["platforms"][0]["platform_index_url"].startswith("https://espressif.github.io/"), name
        assert profile["port_config"] == {"baudrate": 115200}, name


def test_every_profile_names_the_psram_of_its_boards(boards: list[dict[str, Any]], sketch: Any) -> None:
    """The core leaves PSRAM off, or guesses the wrong kind, unless the profile says it."""
    for board in boards:
        psram = options(sketch["profiles"][board["profile"]]["fqbn"])["PSRAM"]

        assert psram == ("opi" if board["is_octal"] else "enabled"), board["id"]


def test_every_profile_talks_over_the_chips_own_usb(sketch: Any) -> None:
    """Hardware CDC, and CDC on at boot; on the XIAO the menu is inverted and must be left alone."""
    for name, profile in sketch["profiles"].items():
        chosen = options(profile["fqbn"])

        assert chosen["USBMode"] == "hwcdc", name
        assert chosen.get("CDCOnBoot") == (None if ":XIAO_ESP32S3:" in profile["fqbn"] else "cdc"), name


def test_no_profile_believes_in_more_flash_than_its_boards_have(boards: list[dict[str, Any]], sketch: Any) -> None:
    """An image made for more flash than there is does not start; less than the partition table needs, neither."""
    for board in boards:
        said = options(sketch["profiles"][board["profile"]]["fqbn"]).get("FlashSize")
        if said is None or board["flash_mb"] == 0:
            continue
        assert TABLE_MIB <= int(said.removesuffix("M")) <= board["flash_mb"], board["id"]


def test_what_flashing_knows_of_the_boards_is_the_table(boards: list[dict[str, Any]], sketch: Any) -> None:
    """`archive flash` offers each board, with its profile and the core's name for it; the slot is the same."""
    known = [(board.id, board.name, board.profile) for board in BOARDS]

    assert known == [(board["id"], board["name"], board["profile"]) for board in boards]
    assert {board.profile: board.core_name for board in BOARDS} == {
        name: profile["fqbn"].split(":")[2] for name, profile in sketch["profiles"].items()
    }
    assert IMAGE_MAX_BYTES == SLOT_BYTES


def test_the_list_of_boards_is_the_table(boards: list[dict[str, Any]]) -> None:
    """docs/ref/boards.md has every board with its name, profile, memory and whether its sensor can be switched off."""
    for board, row in zip(boards, table_below("# Boards"), strict=True):
        assert row[0] == board["id"]
        assert row[1] == board["name"]
        assert row[2] == board["profile"]
        assert ("octal" in row[3]) == board["is_octal"], row
        assert row[3].startswith(f"{board['psram_mb']} MB") == (board["psram_mb"] != 0), row
        assert row[4].startswith(f"{board['flash_mb']} MB") == (board["flash_mb"] != 0), row
        assert row[5] == ("none", "SD_MMC", "SPI")[board["card_bus"]]
        assert (row[6] != "always on") == board["can_cut_sensor"], row


def test_every_board_has_its_sources(boards: list[dict[str, Any]]) -> None:
    """Two independent sources at least, named."""
    sources = {row[0]: row[1].split(";") for row in table_below("## Sources")}

    assert set(sources) == {board["id"] for board in boards}
    assert all(len(named) >= 2 for named in sources.values())


def test_the_firmwares_readme_lists_the_boards(boards: list[dict[str, Any]]) -> None:
    """In the order of the table."""
    section = (FIRMWARE / "README.md").read_text("utf-8").split("## Boards", 1)[1].split("##", 1)[0]

    assert re.findall(r"`([^`]+)`", section) == [board["id"] for board in boards]


def test_the_list_of_profiles_is_sketch_yaml(sketch: Any) -> None:
    """Every profile with its board name, and the image size at which its compiler stops."""
    rows = {row[0]: row for row in table_below("## Profiles")}

    assert list(rows) == list(sketch["profiles"])
    for name, profile in sketch["profiles"].items():
        assert f"esp32:esp32:{rows[name][1]}" == profile["fqbn"], name
        scheme = options(profile["fqbn"]).get("PartitionScheme")
        limit = f"{LIMITS[scheme]:,} bytes" if scheme else "not confirmed"
        assert rows[name][2] == limit, name


def test_the_slot_is_the_limit_that_is_told() -> None:
    """The page says the size of an app slot, and the workflow holds every image against it."""
    assert f"{SLOT_BYTES:,} bytes" in BOARDS_PAGE.read_text("utf-8")
    assert f'test "$size" -le {SLOT_BYTES}' in WORKFLOW.read_text("utf-8")


def test_the_workflow_compiles_every_profile(sketch: Any) -> None:
    """None is left out, none is invented."""
    workflow = yaml.safe_load(WORKFLOW.read_text("utf-8"))

    assert workflow["jobs"]["compile"]["strategy"]["matrix"]["profile"] == list(sketch["profiles"])


@pytest.mark.parametrize(
    "symptom",
    [
        "no port at all",
        "No serial data received",
        "uploads once, then the port is gone",
        "nothing on the serial monitor",
        "runs only while a computer listens",
        "Permission denied",
        "no PSRAM",
        "after a new partition table",
    ],
)
def test_the_guide_has_a_cure_for_every_symptom(symptom: str) -> None:
    """Each known way for flashing to fail stands in the guide, with what to do."""
    rows = table_below("## When it fails", ROOT / "docs" / "guide" / "flashing.md")
    (row,) = [row for row in rows if symptom in row[0]]

    assert len(row) == 3
    assert row[2]


def test_the_guide_names_profiles_that_exist(sketch: Any) -> None:
    """Every `--profile` in the guide is one of ours."""
    guide = (ROOT / "docs" / "guide" / "flashing.md").read_text("utf-8")

    named = set(re.findall(r"--profile (\S+)", guide))

    assert named
    assert named <= set(sketch["profiles"])
