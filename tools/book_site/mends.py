"""Small repairs of what the theme and Sphinx write, for readers with a keyboard or a screen reader.

Each is a piece of HTML and what stands there instead. ``tests/browser`` finds what they are for.
"""

import re

REPLACED = {
    # The theme complains on the first visit if no mode is stored, and shows no colours until its
    # script has run.
    'localStorage.getItem("mode") || ""': 'localStorage.getItem("mode") || "auto"',
    'localStorage.getItem("theme") || ""': (
        'localStorage.getItem("theme") || '
        '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
    ),
    # Handlers in the HTML do not run under the book's policy; site.js reads these marks.
    'onclick="window.print()"': 'type="button" data-d3c-do="print"',
    'onclick="toggleFullScreen()"': 'type="button" data-d3c-do="fullscreen"',
    # Roles that are deprecated, and break the list that they stand in.
    ' role="doc-biblioentry"': ' role="listitem"',
    ' role="doc-backlink"': "",
    # Proofs, exercises and solutions all carry one id, and a lemma's title that of the lemma.
    'class="proof admonition" id="proof"': 'class="proof admonition"',
    '<section id="exercise-content">': "<section>",
    '<section id="solution-content">': "<section>",
}
TITLE_ID = re.compile(r'(<p class="admonition-title") id="[^"]*"')
# The script that draws every icon there is; icons.py brings those in use.
ICON_SCRIPT = re.compile(r"\s*<script[^>]*\bfontawesome\.js[^>]*></script>")


def mend(page):
    """Return a page's HTML with the repairs."""
    page = ICON_SCRIPT.sub("", page)
    for wrong, right in REPLACED.items():
        page = page.replace(wrong, right)
    return TITLE_ID.sub(r"\1", page)
