"""A headless Chromium, one for all tests; without it they are skipped, but not where CI says it is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

# Playwright's loop runs in the test's own thread, and Django would refuse the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator:
    if CHROMIUM is None:
        sentence = "There is no Chromium on this machine; install it (Debian: apt-get install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


class Told(list):
    """What a page complained about."""

    def on(self, page) -> None:
        page.on("console", lambda one: self.append(one.text) if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda one: self.append(str(one)))


@pytest.fixture
def complaints() -> Told:
    return Told()


@pytest.fixture
def open_page(browser, complaints):
    """``open_page(address, width=1440, dark=False, script=True)`` -> the page, once it is loaded."""
    contexts = []

    def opened(address: str, *, width: int = 1440, dark: bool = False, script: bool = True, cookies=()):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        contexts.append(context)
        context.add_cookies(list(cookies))
        page = context.new_page()
        complaints.on(page)
        page.goto(address, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
