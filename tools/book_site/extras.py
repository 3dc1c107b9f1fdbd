"""Pages that are no chapters: the root, the sitemap, and the answer to a wrong address."""

import html
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import yaml

from book_site import reading


def write(app, exception):
    """Write them into the built site."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    (site / "index.html").write_text(root(app), encoding="utf-8")
    (site / "404.html").write_text(not_found(app), encoding="utf-8")
    (site / "sitemap.xml").write_text(sitemap(app), encoding="utf-8")


def listed(app):
    """Return the names of the pages in the table of contents, in order."""
    toc = yaml.safe_load((Path(app.confdir) / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [toc["root"], *chapters]


def sitemap(app):
    """Return the list of pages for search engines."""
    base = app.config.html_baseurl.rstrip("/")
    rows = "".join(f"  <url><loc>{escape(base)}/{name}.html</loc></url>\n" for name in listed(app))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'
    )


def root(app):
    """Return the page at the site's root: it leads to the first page, and can be shared."""
    name, title = app.config.root_doc, app.config.html_title
    about = reading.description(app.env.get_doctree(name))
    return _PAGE.format(
        title=html.escape(title),
        head='<link rel="icon" href="_static/favicon.svg"/>\n'
        f'<meta http-equiv="refresh" content="0; url={name}.html"/>\n'
        + reading.tags(app.config, name, title, about),
        body=f'<h1>{html.escape(title)}</h1>\n<p><a href="{name}.html">Read the book</a></p>',
    )


def not_found(app):
    """Return the page for addresses that do not exist, whose links hold at any depth."""
    path = urlsplit(app.config.html_baseurl).path.rstrip("/")
    rows = "\n".join(
        f'<li><a href="{path}/{name}.html">{html.escape(app.env.titles[name].astext())}</a></li>'
        for name in listed(app)
    )
    return _PAGE.format(
        title="No such page",
        head='<meta name="robots" content="noindex"/>\n'
        f'<link rel="icon" href="{path}/_static/favicon.svg"/>\n',
        body=f"""<h1>There is no page here</h1>
<p>It may have moved. Search the book, or go to one of its pages.</p>
<form action="{path}/search.html" role="search"><label>Search the book
<input type="search" name="q"/></label> <button>Search</button></form>
<ul>\n{rows}\n</ul>""",
    )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>{title}</title>
{head}<style>
:root {{ background: #fff; color: #222; }}
a {{ color: #0050b3; }}
@media (prefers-color-scheme: dark) {{
:root {{ background: #121212; color: #eee; color-scheme: dark; }}
a {{ color: #8ab8ff; }}
}}
body {{ font: 1.1rem/1.6 system-ui, sans-serif; margin: 10vh auto; padding: 1rem; }}
body {{ max-width: 36rem; }}
input, button {{ font: inherit; max-width: 100%; }}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
