"""On paper: no sidebars, nothing folded, each explorer as one picture with its words; the PDF."""

import make_pdf
from site_visits import CHAPTERS

FOLDED = "() => document.querySelectorAll('details:not([open])').length"
FRAMES = """() => [...document.querySelectorAll("figure.d3c-explorer")].map((e) =>
  [...e.querySelectorAll(".d3c-frame")].filter((f) => f.offsetHeight).length)"""


def test_paper_shows_all_that_can_be_shown(visit):
    page = visit(CHAPTERS[1])
    folded = page.tab.evaluate(FOLDED)
    assert folded > 0
    page.tab.emulate_media(media="print")
    page.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in ("#pst-primary-sidebar", "#pst-secondary-sidebar", ".d3c-controls", ".d3c-play"):
        assert not page.tab.locator(hidden).first.is_visible(), hidden
    assert page.tab.evaluate(FOLDED) == 0
    frames = page.tab.evaluate(FRAMES)
    assert frames
    assert set(frames) == {1}
    assert page.tab.locator("figure.d3c-explorer output").first.is_visible()
    assert page.tab.locator("article h1").is_visible()
    page.tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.tab.evaluate(FOLDED) == folded


def test_a_dark_page_is_printed_dark_on_white(visit):
    page = visit(CHAPTERS[1], scheme="dark")
    theme = "document.documentElement.dataset.theme"
    assert page.tab.evaluate(theme) == "dark"
    page.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.tab.evaluate(theme) == "light"
    page.tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.tab.evaluate(theme) == "dark"


def test_a_printed_chapter_is_whole(visit, tmp_path):
    import io

    from pypdf import PdfReader

    page = visit(CHAPTERS[1])
    title, pdf = make_pdf.printed(page.tab, page.address, CHAPTERS[1])
    text = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages)
    assert title in text
    assert "gradient_descent(" in text
    links = [
        note["/A"].get("/URI", "")
        for sheet in PdfReader(io.BytesIO(pdf)).pages
        for note in sheet.get("/Annots", [])
        if "/A" in note.get_object()
    ]
    assert not any("127.0.0.1" in link for link in links)
    path = tmp_path / "book.pdf"
    assert make_pdf.join([(title, pdf), ("Again", pdf)], path) > 2
    assert [entry.title for entry in PdfReader(path).outline if not isinstance(entry, list)] == [
        title,
        "Again",
    ]
