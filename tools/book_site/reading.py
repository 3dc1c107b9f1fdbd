"""What a page says of itself: how long it takes to read, and what it is about."""

import html
import math
import re

from docutils import nodes

WORDS_A_MINUTE = 200
LINES_A_MINUTE = 15
DESCRIPTION_LENGTH = 200


def add_to_page(app, pagename, templatename, context, doctree):
    """Add reading time and notebook below the heading, description and card to the head."""
    context.setdefault("metatags", "")
    if doctree is None:
        return
    about = description(doctree)
    title = re.sub("<[^>]*>", "", context.get("title", ""))
    context["metatags"] += tags(app.config, pagename, html.unescape(title), about)
    source = app.env.doc2path(pagename)
    if source.endswith(".ipynb") and pagename != app.config.root_doc:
        notebook = context["pathto"](f"_sources/{context['sourcename']}", resource=True)
        name = notebook.rpartition("/")[2]
        link = f'<a class="d3c-download" download="{name}" href="{notebook}">Take the notebook</a>'
        line = f'<p class="d3c-reading">{words(minutes(doctree), plays(doctree))} {link}</p>'
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{line}", 1)


def minutes(doctree):
    """Return how long a page takes to read: its prose, and the code that is not folded away."""
    prose = sum(
        len(block.astext().split())
        for block in doctree.findall(nodes.TextElement)
        if isinstance(block, (nodes.paragraph, nodes.title, nodes.math_block))
    )
    prose += sum(len(re.sub("<[^>]*>", " ", table).split()) for table in _tables(doctree))
    code = 0
    for block in doctree.findall(nodes.container):
        if "cell_input" in block.get("classes", []) and not _folded(block):
            code += len(block.astext().splitlines())
    return prose / WORDS_A_MINUTE + code / LINES_A_MINUTE


def plays(doctree):
    """Say whether a page has something to play with."""
    return any("d3c-explorer" in raw.astext() for raw in doctree.findall(nodes.raw))


def words(minutes, play):
    """Write a reading time."""
    count = max(1, math.ceil(minutes))
    ending = ", and as long as you play" if play else ""
    return f"Reading time: {count} minute{'s' if count > 1 else ''}{ending}."


def description(doctree):
    """Return a page's first paragraphs, as far as a preview shows them."""
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        text = f"{text} {' '.join(paragraph.astext().split())}".strip()
        if len(text) > DESCRIPTION_LENGTH // 2:
            break
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[:DESCRIPTION_LENGTH].rsplit(" ", 1)[0].rstrip(",;:") + " …"


def tags(config, pagename, title, about):
    """Return the meta elements for search engines and for previews where a page is shared."""
    base = config.html_baseurl.rstrip("/")
    card = f"{base}/_static/card.png"
    named = {"description": about, "twitter:card": "summary_large_image"}
    graph = {
        "og:type": "article",
        "og:site_name": config.html_title,
        "og:title": title,
        "og:description": about,
        "og:url": f"{base}/{pagename}.html",
        "og:image": card,
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": config.html_title,
    }
    lines = [f'<meta name="{k}" content="{html.escape(v)}"/>' for k, v in named.items()]
    lines += [f'<meta property="{k}" content="{html.escape(v)}"/>' for k, v in graph.items()]
    return "\n    ".join(lines) + "\n"


def _tables(doctree):
    """Yield the tables that notebooks print as HTML."""
    for raw in doctree.findall(nodes.raw):
        yield from re.findall("<table.*?</table>", raw.astext(), re.DOTALL)


def _folded(block):
    cell = block.parent
    classes = {*cell.get("classes", []), *cell.get("tags", []), cell.get("hide_mode", "")}
    return any(name and name.startswith(("hide", "tag_hide", "input", "all")) for name in classes)
