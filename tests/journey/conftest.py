"""The browser of the page's own tests, before an archive that takes no frame without a key."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import _browser, _complaints, _page
from tests.conftest import ArchiveServer

__all__ = ["_browser", "_complaints", "_page"]


@pytest.fixture(name="archive_server")
def _archive_server(archive_servers: Callable[..., ArchiveServer]) -> ArchiveServer:
    return archive_servers()
