"""The browser that shows the page to tests and to measurements: where it is, and how it is started."""

import os
import shutil
from pathlib import Path

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "Chromium is needed: install it (apt install chromium), or say where it is: CHROMIUM=PATH"


def chromium() -> str | None:
    """Where the browser is, if it is."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    return found if found and Path(found).exists() else None
