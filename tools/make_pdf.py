"""Print the built book into one file, _build/book.pdf, in the order of the table of contents.

Usage: python tools/make_pdf.py     after `make book`

Chromium prints each page with its print style; the pages are then joined, with an outline. Links
between pages lead to the published book.
"""

import io
import sys

from chapters import ROOT, pages

import chromium
import serve

HTML = ROOT / "_build" / "html"
BOOK = ROOT / "_build" / "book.pdf"
# So that a link in the file does not lead to the server that is gone when the file is read.
TO_PUBLIC = """([local, public]) => {
  for (const link of document.querySelectorAll("a[href]"))
    if (link.href.startsWith(local) && link.href.split("#")[0] !== location.href.split("#")[0])
      link.href = public + link.href.slice(local.length);
}"""
READY = "() => !window.MathJax || window.MathJax.startup?.promise?.then(() => true)"
FOOTER = (
    '<div style="font: 8pt sans-serif; color: #555; width: 100%; text-align: center">'
    '<span class="title"></span></div>'
)


def printed(tab, local, name):
    """Return one page of the book as (title, PDF)."""
    tab.goto(f"{local}{name}.html", wait_until="load")
    tab.wait_for_function(READY)
    tab.evaluate(TO_PUBLIC, [local, serve.base_url()])
    title = tab.locator("article h1").first.evaluate("h => h.firstChild.textContent")
    return title, tab.pdf(
        format="A4",
        print_background=True,
        tagged=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
    )


def join(parts, path):
    """Join printed pages into one file with an outline."""
    from pypdf import PdfReader, PdfWriter

    whole = PdfWriter()
    for title, pdf in parts:
        whole.append(PdfReader(io.BytesIO(pdf)), outline_item=title)
    whole.add_metadata({"/Title": parts[0][0]})
    whole.write(path)
    return len(whole.pages)


def print_book(path=BOOK):
    """Print the whole book; return how many pages it has."""
    from playwright.sync_api import sync_playwright

    names = [page.relative_to(ROOT).with_suffix("").as_posix() for page in pages()]
    with serve.served(HTML) as local, sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium.find_or_install(), args=list(chromium.ARGUMENTS)
        )
        tab = running.new_page(color_scheme="light")
        parts = [printed(tab, local, name) for name in names]
        running.close()
    return join(parts, path)


def main():
    if not (HTML / "index.html").exists():
        print("No book is built yet: run `make book`.", file=sys.stderr)
        return 1
    try:
        count = print_book()
    except chromium.NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{BOOK.relative_to(ROOT)}: {count} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
