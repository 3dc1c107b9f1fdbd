"""What this book adds to Sphinx: a site that needs no other server, and is good to read and share.

The pages come out of Sphinx and the theme as ever. This extension then

- copies MathJax from an installed wheel, and a small font with the theme's icons (``vendored``,
  ``icons``), so that no page loads anything from elsewhere;
- says on each page how long it takes to read, and what it is about (``reading``);
- writes the picture that is shown where a page is shared, the sitemap and a page for addresses
  that do not exist (``card``, ``extras``);
- leads each chapter's launch button to that chapter in the live edition (``launch``);
- mends what keeps readers with a keyboard or a screen reader out (``mends``);
- fixes which scripts a page may run (``policy``).
"""

from pathlib import Path

from book_site import card, extras, icons, launch, policy, reading, vendored

HERE = Path(__file__).resolve().parent


def setup(app):
    """Register with Sphinx."""
    app.config.templates_path.insert(0, str(HERE / "templates"))
    app.connect("config-inited", configure)
    app.connect("html-page-context", reading.add_to_page)
    app.connect("html-page-context", launch.point_to_edition, priority=900)  # after the theme
    # In this order, after the extensions that also finish their work here.
    for priority, step in enumerate((finish, extras.write, policy.apply), start=900):
        app.connect("build-finished", step, priority=priority)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def configure(app, config):
    """Leave the search field out of the page's top bar: the sidebar and the article have one."""
    config.html_theme_options["navbar_persistent"] = []


def finish(app, exception):
    """Put the files in place that pages load, and take away those that none does."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    vendored.copy_mathjax(static / "mathjax")
    icons.write(Path(app.outdir))
    card.draw(static / "card.png")
    for path in [*static.rglob("*.map"), static / "scripts" / "fontawesome.js"]:
        path.unlink(missing_ok=True)
