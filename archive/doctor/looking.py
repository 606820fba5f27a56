"""How the doctor takes a step: it says what it does, times it, and tells what it found."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from archive.doctor.findings import STEPS, Begun, Finding, Severity, passed, worst

Told = Begun | Finding


class Looked(msgspec.Struct, kw_only=True):
    """What a step brought to light."""

    findings: list[Finding] = []
    seen: str = ""  # said when there is no fault
    may_go_on: bool = True  # False: the steps behind it would only say the same again


async def step(name: str, look: Callable[[], Awaitable[Looked]], into: list[Looked]) -> AsyncIterator[Told]:
    """Take the step *name*, which is to *look*; what it brought to light goes *into* a list, too."""
    yield Begun(name, STEPS[name].doing)
    began_s = time.perf_counter()
    looked = await look()
    took_ms = round((time.perf_counter() - began_s) * 1000, 1)
    into.append(looked)
    for finding in looked.findings:
        yield msgspec.structs.replace(finding, took_ms=took_ms)
    if worst(looked.findings) in {Severity.OK, Severity.NOTE}:
        yield passed(name, looked.seen, took_ms)
