"""The built book in a browser: run `make book` before these tests.

Without a browser they fail with what to do; D3C_SKIP_BROWSER=1 skips them.
"""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tools"))

import browser as browsers  # noqa: E402
import serve  # noqa: E402
from chapters import pages as sources  # noqa: E402

CHAPTERS = [page.relative_to(ROOT).with_suffix("").as_posix() for page in sources()]
PAGES = [*CHAPTERS, "search", "genindex", "py-modindex", "prf-prf", "404"]
WIDTHS = (1280, 390)
SECONDS = 1000 * 1  # playwright counts milliseconds


def pytest_collection_modifyitems(items):
    if os.environ.get("D3C_SKIP_BROWSER"):
        for item in items:
            item.add_marker(pytest.mark.skip(reason="D3C_SKIP_BROWSER is set"))


@pytest.fixture(scope="session")
def address():
    """Serve the book, as its public server would; the address ends in a slash."""
    if not (HTML / "index.html").exists():
        pytest.fail("no book is built in _build/html: run `make book` first", pytrace=False)
    with serve.served(HTML) as root:
        yield root


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    try:
        path = browsers.find_or_install()
    except browsers.NoBrowser as error:
        pytest.fail(str(error), pytrace=False)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path, args=list(browsers.ARGUMENTS)
        )
        yield running
        running.close()


class Visit:
    """One page in one tab, and what went on while it loaded."""

    def __init__(self, tab, address):
        self.tab, self.address = tab, address
        self.complaints, self.requests, self.files = [], [], {}
        tab.set_default_timeout(20 * SECONDS)
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.on("response", self._answered)
        tab.on("requestfailed", lambda r: self.complaints.append(f"failed: {r.url} {r.failure}"))
        tab.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        tab.on("console", self._said)

    def _answered(self, response):
        self.files[response.url] = response

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def open(self, name):
        """Load a page until its formulas stand, its pictures are there and nothing is under way."""
        self.tab.goto(f"{self.address}{name}.html", wait_until="load")
        self.tab.wait_for_function(
            "() => !window.MathJax || window.MathJax.startup?.promise?.then(() => true)"
        )
        self.tab.evaluate("() => document.fonts.ready.then(() => true)")
        self.tab.wait_for_load_state("networkidle")
        return self


@pytest.fixture
def visit(chromium, address):
    """Open pages: ``visit(name, width=1280, scheme="light", **context)`` gives a Visit."""
    contexts = []

    def new(name, width=1280, scheme="light", **options):
        look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
        contexts.append(chromium.new_context(**look, **options))
        return Visit(contexts[-1].new_page(), address).open(name)

    yield new
    for context in contexts:
        context.close()
