"""The test of the tests: a bug planted in the archive is noticed."""

import sys
from pathlib import Path

import pytest

from tests.crash.powercut import findings, lost_in_two_steps, recorded

pytestmark = [pytest.mark.usefixtures("power_can_be_cut"), pytest.mark.timeout(300)]

STATES = 90
PLANTED = str(Path(__file__).with_name("planted.py"))


def _program(bug: str) -> tuple[str, ...]:
    return (sys.executable, PLANTED, bug)


@pytest.mark.parametrize("bug", ["no_file_sync", "no_directory_sync", "synchronous_normal", "answer_before_commit"])
def test_the_power_cut_notices(bug: str, tmp_path: Path, seed: int) -> None:
    """At the latest at the ninetieth power cut, and mostly at the first."""
    with recorded(tmp_path / "server.txt", seed=seed, answers=200, program=_program(bug)) as take:
        states = take.recording.choose(STATES, seed)

        looked = (bool(found) for _, found in findings(take, states))
        is_noticed = any(looked)

    assert is_noticed


def test_the_launcher_of_bugs_breaks_nothing_itself(tmp_path: Path, seed: int) -> None:
    """Started the same way with no bug, the archive is clean: what the other tests notice is the bug."""
    with recorded(tmp_path / "server.txt", seed=seed, answers=200, program=_program("nothing")) as take:
        broken = {str(state): found for state, found in findings(take, take.recording.choose(20, seed)) if found}

    assert broken == {}


@pytest.mark.usefixtures("calls_can_fail")
def test_the_two_step_crash_notices_a_start_without_sync(tmp_path: Path, seed: int) -> None:
    """Without its cure the two-step crash loses the frame."""
    lost = lost_in_two_steps(tmp_path / "server.txt", seed=seed, program=_program("no_sync_at_start"))

    assert any(finding.startswith("lost") for finding in lost), lost
