"""What every attack needs: a victim, the seed of what chance does, and how much is asked for."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.attack.victim import Victim

MakeVictim = Callable[..., Victim]


@pytest.fixture(name="make_victim", scope="module")
def _make_victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeVictim]:
    """Makes archives with the settings given, for all tests of a file, started."""
    victims: list[Victim] = []

    def make(*prefix: str, **settings: str) -> Victim:
        victim = Victim(Path(tmp_path_factory.mktemp("victim")) / "archive", **settings)
        victims.append(victim)
        victim.start(*prefix)
        return victim

    yield make
    for victim in victims:
        if victim.process is not None and victim.process.poll() is None:
            victim.kill()


@pytest.fixture(name="victim", scope="module")
def _victim(make_victim: MakeVictim) -> Victim:
    """One archive for all tests of a file."""
    return make_victim()


@pytest.fixture(name="patient", scope="module")
def _patient(make_victim: MakeVictim) -> Victim:
    """One that waits no longer than it must: every connection is over soon, whatever was said on it."""
    return make_victim(idle_s="2", body_deadline_s="2")


@pytest.fixture(name="seed")
def _seed() -> int:
    """What chance is drawn from: printed, and `ATTACK_SEED=` repeats it."""
    seed = int(os.environ.get("ATTACK_SEED", "0")) or random.SystemRandom().getrandbits(32)
    print(f"ATTACK_SEED={seed}")  # noqa: T201 - pytest shows it when the test fails
    return seed


@pytest.fixture(name="amount", scope="session")
def _amount() -> Callable[[int, int], int]:
    """How many: the first in the suite, the second in `make attack`."""
    is_long = bool(os.environ.get("ATTACK_LONG"))
    return lambda suite, long: long if is_long else suite
