"""docs/guide/troubleshooting.md is the doctor's own table, by what somebody sees."""

import os
from pathlib import Path

from archive.arduino import SYMPTOMS
from archive.doctor.findings import KNOWN, Symptom
from archive.doctor.handbook import rendered

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "troubleshooting.md"


def test_the_page_is_written_from_the_findings() -> None:
    """To write it anew: WRITE_DOCS=1 pytest tests/unit/test_troubleshooting.py."""
    if os.environ.get("WRITE_DOCS") == "1":
        PAGE.write_text(rendered(), "utf-8")

    assert PAGE.read_text("utf-8") == rendered(), (
        "WRITE_DOCS=1 pytest tests/unit/test_troubleshooting.py writes it anew"
    )


def test_every_chapter_holds_what_somebody_may_see() -> None:
    """None is empty; a finding without a chapter is one that the doctor only says of itself."""
    page = rendered()

    for symptom in Symptom:
        assert f"## {symptom}\n" in page
        assert symptom is Symptom.WONT_FLASH or any(symptom in known.symptoms for known in KNOWN.values())
    assert {known.id for known in KNOWN.values() if not known.symptoms} == {"key-not-given", "sees-nothing"}
    assert all(f"| {symptom.seen} |" in page for symptom in SYMPTOMS)
