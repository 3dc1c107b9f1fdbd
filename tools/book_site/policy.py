"""A Content-Security-Policy for every page: what it may load and run, and nothing else.

Scripts are files of the site, or inline scripts of the theme, each allowed by its checksum. Inline
handlers (``onclick``) would need an exception, so there are none: see ``mends``.
"""

import base64
import hashlib
import re
from pathlib import Path

from book_site.mends import mend

INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
HANDLER = re.compile(r"<[a-z][^<>]*\son[a-z]+=")
# Styles: MathJax writes its style sheet as it goes, and drawings carry style attributes. Neither
# can be known beforehand, so inline styles are allowed; they cannot run or load anything else.
RULES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}


def apply(app, exception):
    """Give every page of the built site its repairs and its policy."""
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        if "_static" not in path.parts:
            path.write_text(guarded(mend(path.read_text(encoding="utf-8"))), encoding="utf-8")


def guarded(page):
    """Return a page with its policy, which names the inline scripts that it has.

    Raises
    ------
    ValueError
        If the page has an inline handler, which no checksum can allow.
    """
    if found := HANDLER.search(page):
        raise ValueError(
            f"{found.group()[:80]}: an inline handler does not run under the book's policy; "
            "listen for the event in book/_static/site.js."
        )
    policy = content([script for script in INLINE.findall(page) if script.strip()])
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>'
    return re.sub(r"(<meta charset=[^>]*>)", lambda m: f"{m.group()}\n    {tag}", page, count=1)


def content(scripts):
    """Return the policy of a page with these inline scripts."""
    hashes = sorted({f"'sha256-{_digest(script)}'" for script in scripts})
    rules = RULES | {"script-src": " ".join([RULES["script-src"], *hashes])}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _digest(script):
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
