"""What a restarted server sees is durable before it is answered from."""

from pathlib import Path

import pytest

from tests.crash.powercut import lost_in_two_steps

pytestmark = [pytest.mark.usefixtures("power_can_be_cut", "calls_can_fail"), pytest.mark.timeout(3600)]


def test_killed_before_a_sync_then_cut_it_loses_nothing(tmp_path: Path, seed: int, cycles: int | None) -> None:
    """A row only visible when the server starts again is durable once the frame's second sending is acknowledged."""
    turns = min(cycles, 50) if cycles else 2

    lost = [lost_in_two_steps(tmp_path / f"server-{turn}.txt", seed=seed + turn) for turn in range(turns)]

    assert lost == [[] for _ in lost]
