"""The pages that are looked at, and a visit to one of them."""

from pathlib import Path

from chapters import pages as sources

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"

CHAPTERS = [page.relative_to(ROOT).with_suffix("").as_posix() for page in sources()]
PAGES = [*CHAPTERS, "search", "genindex", "py-modindex", "prf-prf", "404"]
WIDTHS = (1280, 390)
TYPESET = "() => !window.MathJax || window.MathJax.startup?.promise?.then(() => true)"
PATIENCE = 20_000  # milliseconds


class Visit:
    """One page in one tab, and what went on while it loaded."""

    def __init__(self, tab, address):
        self.tab, self.address = tab, address
        self.complaints, self.requests, self.files = [], [], {}
        tab.set_default_timeout(PATIENCE)
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
        self.tab.wait_for_function(TYPESET)
        self.tab.evaluate("() => document.fonts.ready.then(() => true)")
        self.tab.wait_for_load_state("networkidle")
        return self
