"""Every page of the built book: present, titled, free of errors, its links and pictures whole."""

from collections import Counter
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
CONFIGURATION = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
SITE = urlsplit(CONFIGURATION["html"]["baseurl"]).path


def fail_with(problems):
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def links(soup):
    """Yield every address that a page refers to."""
    for attribute in ("href", "src", "poster", "data"):
        for tag in soup.find_all(attrs={attribute: True}):
            yield tag[attribute]
    for tag in soup.find_all(srcset=True):
        for candidate in tag["srcset"].split(","):
            yield candidate.split()[0]


def anchors(soup):
    return {tag["id"] for tag in soup.find_all(id=True)} | {
        tag["name"] for tag in soup.find_all("a", attrs={"name": True})
    }


def test_every_internal_link_and_anchor_resolves(book):
    known = {page: anchors(soup) for page, soup in book.items()}
    problems = []
    for page, soup in book.items():
        for link in links(soup):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link in ("#", ""):
                continue
            target = page
            if parts.path:
                path = unquote(parts.path)
                folder = PurePosixPath(page).parent
                if path.startswith(SITE):  # the page for wrong addresses counts from the root
                    folder, path = PurePosixPath(), path.removeprefix(SITE)
                target = normpath(str(folder / path))
                if (HTML / target).is_dir():
                    target = normpath(target + "/index.html")
                if target.startswith("..") or not (HTML / target).exists():
                    problems.append(f"{page}: {link} leads nowhere")
                    continue
            fragment = unquote(parts.fragment)
            if fragment and target in known and fragment not in known[target]:
                problems.append(f"{page}: {link} names an anchor that is not there")
    fail_with(problems)


def test_every_notebook_is_in_the_table_of_contents(chapters):
    written = {p for p in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts}
    listed = {source for source, _ in chapters.values()}
    fail_with([f"{path} is not in _toc.yml" for path in sorted(written - listed)])


def test_every_page_has_a_title(chapters):
    problems = []
    for page, (_, soup) in chapters.items():
        headings = soup.select("article h1")
        if len(headings) != 1 or not headings[0].get_text(strip=True):
            problems.append(f"{page}: {len(headings)} main headings")
        if not soup.title or not soup.title.get_text(strip=True):
            problems.append(f"{page}: no title")
    titles = [soup.title.get_text() for _, soup in chapters.values()]
    assert len(set(titles)) == len(titles), "two pages share a title"
    fail_with(problems)


def test_no_page_shows_an_error(chapters):
    signs = ".cell_output .stderr, .cell_output .traceback, .problematic, .system-message"
    problems = []
    for page, (_, soup) in chapters.items():
        for tag in soup.select(signs):
            problems.append(f"{page}: {tag.get_text(' ', strip=True)[:200]}")
        for tag in soup.select(".cell_output"):
            if "Traceback (most recent call last)" in tag.get_text():
                problems.append(f"{page}: a traceback")
    fail_with(problems)


def test_every_picture_has_alternative_text(chapters):
    problems = []
    for page, (_, soup) in chapters.items():
        for image in soup.select("article img"):
            if not image.get("alt", "").strip():
                problems.append(f"{page}: {image.get('src', '')[:80]} has no alternative text")
        for figure in soup.select("figure.d3c-picture, figure.d3c-explorer"):
            drawings = figure.select("svg")
            if not drawings:
                problems.append(f"{page}: a figure without a drawing")
            problems += [f"{page}: a drawing without a name" for d in drawings if not named(d)]
    fail_with(problems)


def named(drawing):
    """Say whether a drawing, or what holds it, has a name that a screen reader speaks."""
    title = drawing.find("title", recursive=False)
    if title is not None and title.get_text(strip=True):
        return True
    return any(
        tag.get("aria-label") or tag.get("aria-labelledby")
        for tag in (drawing, *drawing.parents)
        if tag is drawing or tag.get("role") == "img" or tag.name == "figure"
    )


def test_ids_are_unique_on_each_page(chapters):
    problems = []
    for page, (_, soup) in chapters.items():
        counts = Counter(tag["id"] for tag in soup.find_all(id=True))
        del counts["proof-content"]  # sphinx-proof gives it to every box; nothing links to it
        problems += [f"{page}: id {name} twice" for name, n in counts.items() if n > 1]
    fail_with(problems)


def test_every_code_cell_of_a_chapter_was_executed(chapters):
    import nbformat

    problems = []
    for page, (source, soup) in chapters.items():
        if source.suffix != ".ipynb":
            continue
        cells = nbformat.read(source, as_version=4).cells
        code = [c for c in cells if c.cell_type == "code" and "remove-cell" not in tags(c)]
        if len(soup.select("div.cell")) < len(code):
            problems.append(f"{page}: fewer cells than its notebook")
        shown = sum(bool(c.outputs) and "remove-output" not in tags(c) for c in code)
        if len(soup.select("div.cell_output")) < shown:
            problems.append(f"{page}: fewer outputs than its notebook")
    fail_with(problems)


def tags(cell):
    return cell.metadata.get("tags", [])


def test_the_address_of_the_repository_comes_from_the_configuration(chapters):
    address = CONFIGURATION["repository"]["url"]
    for page, (_, soup) in chapters.items():
        assert soup.select_one(f'a[href^="{address}"]'), f"{page} does not link its source"


def test_no_formula_is_left_unread(chapters):
    """A line that begins with - or > makes a list or a quotation of half a formula."""
    problems = []
    for page, (_, soup) in chapters.items():
        for text in soup.find(id="main-content").find_all(string=lambda text: "$" in text):
            if not text.find_parent(["pre", "code", "script", "style"]):
                problems.append(f"{page}: {text.strip()[:80]}")
    fail_with(problems)
