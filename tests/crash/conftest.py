"""What the crash tests need of the machine; where it is not to be had they say so and are skipped."""

import os
import random

import pytest

from tests.crash import blocklog, powercut


@pytest.fixture(name="power_can_be_cut", scope="session")
def _power_can_be_cut() -> None:
    if reason := blocklog.why_not():
        pytest.skip(f"NOT RUN: no power was cut: {reason}")


@pytest.fixture(name="calls_can_fail", scope="session")
def _calls_can_fail(tmp_path_factory: pytest.TempPathFactory) -> None:
    if reason := powercut.why_no_strace(tmp_path_factory.mktemp("strace")):
        pytest.skip(f"NOT RUN: no system call was failed: {reason}")


@pytest.fixture(name="seed")
def _seed() -> int:
    """What chance is drawn from: printed, and `CRASH_SEED=` repeats it."""
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"CRASH_SEED={seed}")  # noqa: T201 - pytest shows it when the test fails
    return seed


@pytest.fixture(name="cycles")
def _cycles() -> int | None:
    """How often to do it, where that was asked for: `CRASH_CYCLES=1000`."""
    asked = os.environ.get("CRASH_CYCLES")
    return int(asked) if asked else None
