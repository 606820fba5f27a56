"""What a watched folder says in the log: how far its first walk is, and what was not taken, in bounds."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import msgspec

log = logging.getLogger("archive.watching")

PROGRESS_FILES = 1000
COMPLAINTS = 20  # a minute; the others are counted


class First(msgspec.Struct):
    """How far the first walk is: it may have years of pictures before it."""

    total: int | None = None
    is_walked: bool = False
    new: int = 0
    known: int = 0
    refused: int = 0

    def count(self, place: Path, *, is_new: bool) -> None:
        self.new += is_new
        self.known += not is_new
        if (self.new + self.known) % PROGRESS_FILES == 0:
            self.say(place)

    def say(self, place: Path, *, is_done: bool = False) -> None:
        looked = self.new + self.known + self.refused
        how_far = f"{looked} files" if is_done else f"{looked} of {self.total} files so far"
        log.info("%s: %s, %d new, %d known, %d refused", place, how_far, self.new, self.known, self.refused)


class Complaints:
    """Warnings, only so many a minute: a folder of a million texts called .jpg must not fill the disk with log."""

    def __init__(self) -> None:
        self._since_s = 0.0
        self._said = 0

    def say(self, sentence: str) -> None:
        now_s = time.monotonic()
        if now_s - self._since_s > 60:
            if self._said > COMPLAINTS:
                log.warning("and %d more like that", self._said - COMPLAINTS)
            self._since_s, self._said = now_s, 0
        self._said += 1
        if self._said <= COMPLAINTS:
            log.warning("%s", sentence)


def cure(place: Path, error: Exception) -> str:
    """What it means that the system gives no events, and what helps."""
    said = f"the system does not tell what happens in {place} ({error}), so it is looked through every few seconds"
    if "limit" in str(error).lower() or "space" in str(error).lower():
        return f"{said}; it watches more folders with: sudo sysctl fs.inotify.max_user_watches=524288"
    if "too many open files" in str(error).lower():
        return f"{said}; it allows more watchers with: sudo sysctl fs.inotify.max_user_instances=512"
    return said
