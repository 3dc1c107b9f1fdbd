"""Each chapter's launch button leads to that chapter in the live edition.

The theme takes one address for all pages. The edition lies beside the pages, wherever the book is
served from, so the button needs an address that is relative to its page.
"""

from posixpath import dirname, relpath


def point_to_edition(app, pagename, templatename, context, doctree):
    """Make the button's address relative, and name it by what it does."""
    for group in context.get("header_buttons", ()):
        for button in group.get("buttons", ()):
            if button["text"] == "JupyterLite":
                button["url"] = relpath(button["url"], dirname(pagename) or ".")
                button["text"] = "In this browser"
                button["tooltip"] = "Run this chapter in your browser, with nothing to install"
