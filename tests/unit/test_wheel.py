"""What is installed is whole: the page and the firmware ship inside the wheel, and the installed program finds them."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="wheel", scope="module")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_page_and_the_firmware(wheel: Path) -> None:
    """Every file of web/ and firmware/ is in the wheel, and nothing of the tests."""
    held = set(zipfile.ZipFile(wheel).namelist())

    for folder, inside in (("web", "archive/_web"), ("firmware", "archive/_sketch/firmware")):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        assert files
        assert {f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" for path in files} <= held
    assert not [name for name in held if name.startswith("tests/")]


def test_the_installed_program_finds_its_page(wheel: Path, tmp_path: Path) -> None:
    """Unpacked from the wheel, away from the checkout, the program runs and knows its page, sketch and migrations."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    script = (
        "from archive.index.schema import MIGRATIONS; from archive.server.assets import Assets, web_folder;"
        "import archive; from archive.firmware import firmware_folder as sketch;"
        "assert (sketch() / f'{sketch().name}.ino').is_file();"
        "Assets(web_folder()); assert (MIGRATIONS / 'versions').is_dir(); print(archive.__file__)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )

    assert ran.stdout.startswith(str(tmp_path))
