"""The built book, read once: run `make book` before these tests."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def book():
    """Map each built page's path (from the book's root) to its parsed HTML."""
    if not (HTML / "index.html").exists():
        pytest.fail("no book is built in _build/html: run `make book` first", pytrace=False)
    # The live edition's pages are JupyterLite's, not ours.
    files = (path for path in HTML.rglob("*.html") if not {"_static", "live"} & set(path.parts))
    return {
        path.relative_to(HTML).as_posix(): BeautifulSoup(path.read_bytes(), "html.parser")
        for path in sorted(files)
    }


@pytest.fixture(scope="session")
def chapters(book):
    """Return the pages that _toc.yml names, in its order, with their sources."""
    from tools.chapters import pages

    listed = {}
    for source in pages():
        name = source.relative_to(ROOT).with_suffix(".html").as_posix()
        assert name in book, f"{source} is in _toc.yml but was not built"
        listed[name] = (source, book[name])
    return listed
