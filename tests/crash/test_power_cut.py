"""Whatever the moment of a power cut, what was acknowledged before it is on the disk it leaves."""

from pathlib import Path

import pytest

from tests.crash.powercut import findings, findings_of_a_server, recorded

pytestmark = [pytest.mark.usefixtures("power_can_be_cut"), pytest.mark.timeout(3600)]


def test_a_power_cut_takes_nothing_acknowledged(tmp_path: Path, seed: int, cycles: int | None) -> None:
    """No promise is broken in any crash state; a server started on one keeps everything sent again, once."""
    with recorded(tmp_path / "server.txt", seed=seed, answers=600) as take:
        states = take.recording.choose(cycles or 40, seed)
        print(take.recording)  # noqa: T201 - pytest shows it when the test fails

        broken = {str(state): found for state, found in findings(take, states) if found}
        again = {
            str(state): findings_of_a_server(take, state, tmp_path / "again.txt")
            for state in (states[len(states) // 4], states[len(states) // 2], take.recording.at_last_mark())
        }

    assert broken == {}
    assert again == {state: [] for state in again}
