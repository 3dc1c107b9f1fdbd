"""The built book in a browser: run `make book` before these tests.

Without a browser they fail with what to do; D3C_SKIP_BROWSER=1 skips them.
"""

import os

import pytest

import chromium as browsers
import serve
from site_visits import HTML, Visit


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
        running = playwright.chromium.launch(executable_path=path, args=list(browsers.ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def visit(chromium, address):
    """Open pages: ``visit(name, width=1280, scheme="light")`` gives a Visit.

    With ``clock=True`` the test can stop the page's time and move it.
    """
    contexts = []

    def new(name, width=1280, scheme="light", clock=False, **options):
        look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
        contexts.append(chromium.new_context(**look, **options))
        if clock:
            contexts[-1].clock.install()
        return Visit(contexts[-1].new_page(), address).open(name)

    yield new
    for context in contexts:
        context.close()
