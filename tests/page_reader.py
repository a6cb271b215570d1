"""A page that is open in Chromium, as a test reads it."""

import re
from pathlib import Path
from typing import Any


class Reader:
    """An open page, and all that went wrong in it."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.address = path.as_uri()
        self.page = browser.new_page(**{"viewport": {"width": 1400, "height": 900}, **options})
        self.page.set_default_timeout(120_000)  # of a loaded machine
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.open()

    def _asked(self, url: str) -> None:
        if not url.startswith(("data:", "blob:")) and url.partition("#")[0] != self.address:
            self.requests.append(url)

    def open(self, hash_: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(self.address + hash_)
        self.page.wait_for_selector("html[data-ready=yes]", state="attached")

    def detectors(self) -> list[str]:
        return self.page.locator("#rows tbody tr[data-row] .link").all_inner_texts()

    def hash(self) -> str:
        return self.page.evaluate("location.hash")

    def until(self, selector: str, pattern: str) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator(selector)).to_have_text(re.compile(pattern))

    def no_sideways_scroll(self) -> bool:
        return self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def downloaded(self, form: str) -> str:
        self.page.locator("#downloads-menu").evaluate("menu => { menu.open = true; }")
        with self.page.expect_download() as waiting:
            self.page.click(f"#downloads button[data-form={form}]")
        return Path(waiting.value.path()).read_text(encoding="utf-8")
