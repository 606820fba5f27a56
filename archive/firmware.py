"""The firmware that comes with the archive: where its sources lie, and the boards it knows."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

# An app slot of firmware/partitions.csv; the compiler compares with another table (docs/ref/boards.md).
IMAGE_MAX_BYTES = 0x200000


class Board(NamedTuple):
    """One row of firmware/src/esp/Boards.h, as far as flashing must know it; a test keeps the two in step."""

    id: str
    name: str  # as its maker sells it
    profile: str  # in firmware/sketch.yaml
    core_name: str = "esp32s3"  # in the core's list of boards; this one is any


BOARDS = (
    Board("xiao-esp32s3-sense", "Seeed XIAO ESP32S3 Sense", "xiao-esp32s3-sense", "XIAO_ESP32S3"),
    Board(
        "esp32s3-cam",
        "Freenove ESP32-S3 WROOM CAM, Espressif ESP32-S3-EYE, Goouuu ESP32-S3-CAM and their clones",
        "esp32s3-cam",
    ),
    Board("m5-unit-cams3", "M5Stack Unit CamS3, Unit CamS3-5MP", "m5-unit-cams3", "m5stack_unit_cams3"),
    Board("firebeetle2-s3", "DFRobot FireBeetle 2 ESP32-S3", "firebeetle2-s3", "dfrobot_firebeetle2_esp32s3"),
    Board("romeo-s3", "DFRobot Romeo ESP32-S3", "romeo-s3", "dfrobot_romeo_esp32s3"),
    Board("dfr1154", "DFRobot ESP32-S3 AI CAM (DFR1154)", "esp32s3-cam"),
    Board("waveshare-s3-eth", "Waveshare ESP32-S3-ETH with camera", "esp32s3-cam"),
    Board("s3-devcam", "ESP32-S3 DEV CAM RE:1.0", "esp32s3-quad"),
    Board("atoms3r-cam", "M5Stack AtomS3R-CAM, AtomS3R-M12", "esp32s3-cam"),
)


def firmware_folder() -> Path:
    """Where the sketch lies: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "_sketch" / "firmware"
    return installed if installed.is_dir() else package.parent / "firmware"
