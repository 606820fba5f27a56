"""The findings as a page for people: docs/guide/troubleshooting.md, by what somebody sees. Pure."""

from __future__ import annotations

import re

from archive.arduino import NO_PORT, SYMPTOMS
from archive.doctor.findings import KNOWN, Known, Severity, Symptom

_HEAD = """\
# When something is wrong

```sh
archive doctor
```

on the archive's machine plays a camera and a viewer at the address of the archive that runs there, then looks at the
archive, its disk and its cameras. With the address that the world uses it looks from outside in:

```sh
archive doctor https://garden.example
```

On the archive's page `/doctor` shows its owner what is found within. Each finding says what it is, why it matters and
what to do. [All options](../ref/commands.md#archive-doctor-url). It sends two frames of a camera named `doctor`, which
are kept like any other; `--no-send` leaves that.

This page holds all that the doctor can find, by what you see; it is written from the doctor's own table. ● is a
problem, ○ may become one, and what has no mark is good to know.
"""

# What comes before the findings of a chapter.
_FIRST = {
    Symptom.NO_PICTURES: (
        "Run the doctor with the very address that the camera was told, from the network that the camera is in."
    ),
    Symptom.WONT_START: "The last line that `archive serve` prints says why, and what to do.",
    Symptom.NOT_SHOWING: (
        "The line at the top of the page says how it stands: `live` is as it should be; `live, by asking` means that "
        "somebody in between holds the event stream back; `reconnecting` that the archive does not answer."
    ),
    Symptom.TUNNEL: (
        "Run the doctor twice: with the address on your network, then with the public one. What differs is of the "
        "tunnel or the proxy."
    ),
    Symptom.WONT_FLASH: (
        "`archive flash` recognises these in what arduino-cli and the board say, and answers with the cure. "
        "[All of it](flashing.md#when-it-fails)."
    ),
    Symptom.RESETS: "The camera's page, `/cameras/NAME`, draws its Wi-Fi, its memory and its restarts over time.",
    Symptom.SIGN_IN: (
        "The link that `archive serve` prints works once, and for a short time: start it again, or ask for a new one. "
        "A browser that refuses cookies cannot stay signed in."
    ),
    Symptom.AT_RISK: "Nothing seems wrong yet. The doctor looks for these all the same.",
}

_MARKS = {Severity.PROBLEM: "● ", Severity.WARNING: "○ "}


def rendered() -> str:
    """The whole page, as Markdown."""
    contents = " · ".join(f"[{symptom}](#{_anchor(symptom)})" for symptom in Symptom)
    return "\n".join([_HEAD, f"{contents}\n", *(_chapter(symptom) for symptom in Symptom)])


def _anchor(symptom: Symptom) -> str:
    return re.sub(r"[^a-z -]", "", symptom.lower()).replace(" ", "-")


def _chapter(symptom: Symptom) -> str:
    known = [one for one in KNOWN.values() if symptom in one.symptoms]
    rows = [_row(one) for one in sorted(known, key=lambda one: list(Severity).index(one.severity), reverse=True)]
    head = "| what the doctor finds | why it matters | what to do |\n|---|---|---|"
    if symptom is Symptom.WONT_FLASH:
        head = "| what you see | what to do |\n|---|---|"
        rows = [
            f"| no port at all | {_sentence(NO_PORT)} |",
            *(f"| {one.seen} | {_sentence(one.cure)} |" for one in SYMPTOMS),
        ]
    return f"## {symptom}\n\n{_FIRST[symptom]}\n\n{head}\n" + "\n".join(rows) + "\n"


def _row(known: Known) -> str:
    return f"| {_MARKS.get(known.severity, '')}{known.title} | {_cell(known.why)} | {_cell(known.do)} |"


def _sentence(text: str) -> str:
    cell = _cell(text)
    return cell[0].upper() + cell[1:] + ("" if cell.endswith("?") else ".")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").strip()
