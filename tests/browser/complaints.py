"""What a page said on its console that it should not have."""

import re

from playwright.async_api import ConsoleMessage, Error, Page


class Complaints:
    """Errors, warnings and violations of the policy, but for those a test is about."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def listen(self, page: Page) -> None:
        """Write down what *page* complains of from now on."""
        page.on("console", self._console)
        page.on("pageerror", self._page_error)

    def expect(self, pattern: str) -> None:
        """Complaints that match *pattern* are what this test is about."""
        self._expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        return [said for said in self._heard if not any(pattern.search(said) for pattern in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._heard.append(f"{message.type}: {message.text}")

    def _page_error(self, error: Error) -> None:
        self._heard.append(f"uncaught: {error}")
