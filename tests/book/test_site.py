"""The built site as files: no other server, policies that fit, what readers and finders need."""

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from PIL import Image

from book_site import icons, mends, policy, reading, vendored

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"

BASE = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]
LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "object": "data"}
DELIVERY = re.compile(r"jsdelivr|unpkg|cdnjs|cloudflare|googleapis|gstatic|\bcdn\.", re.IGNORECASE)


def fail_with(problems):
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def meta(soup, **attributes):
    tag = soup.find("meta", attrs=attributes)
    return tag["content"] if tag else None


def loaded(soup):
    """Yield every address that a page loads by itself, as links to follow are not."""
    for name, attribute in LOADED.items():
        yield from (tag[attribute] for tag in soup.find_all(name, attrs={attribute: True}))
    for tag in soup.find_all("link", href=True):
        if {"stylesheet", "preload", "icon", "modulepreload"} & set(tag.get("rel", [])):
            yield tag["href"]


def test_no_page_loads_from_another_server(book):
    problems = []
    for page, soup in book.items():
        problems += [f"{page}: {url}" for url in loaded(soup) if urlsplit(url).netloc]
        if found := DELIVERY.search((HTML / page).read_text(encoding="utf-8")):
            problems.append(f"{page} names a delivery network: {found.group()}")
    for sheet in (HTML / "_static").rglob("*.css"):
        for url in re.findall(r"(?:url\(|@import )[\"']?(https?:)?//[^)\"']+", sheet.read_text()):
            problems.append(f"{sheet.name}: {url}")
    fail_with(problems)


def test_every_file_that_a_style_sheet_names_is_there():
    sheet = (HTML / "_static" / "icons.css").read_text(encoding="utf-8")
    fonts = re.findall(r"url\(([^)]+)\)", sheet)
    assert fonts
    assert all((HTML / "_static" / font).exists() for font in fonts)


def test_every_page_has_a_policy_that_fits_its_scripts(book):
    problems = []
    for page, soup in book.items():
        rules = meta(soup, **{"http-equiv": "Content-Security-Policy"})
        if rules is None:
            problems.append(f"{page} has no policy")
            continue
        allowed = re.search(r"script-src ([^;]*)", rules).group(1).split()
        wanted = {"'self'"}
        for script in soup.find_all("script", src=False):
            if script.string and script.string.strip():
                digest = hashlib.sha256(script.string.encode()).digest()
                wanted.add(f"'sha256-{base64.b64encode(digest).decode()}'")
        if set(allowed) != wanted:
            problems.append(f"{page}: its policy does not fit its inline scripts")
        if re.search(r"https?:|\*|unsafe-eval", rules):
            problems.append(f"{page}: its policy lets other servers or eval in")
    fail_with(problems)


def test_the_policy_refuses_inline_handlers():
    with pytest.raises(ValueError, match=r"site\.js"):
        policy.guarded('<meta charset="utf-8"><p onclick="alert(1)">')
    assert "sha256-" in policy.guarded('<meta charset="utf-8"><script>1</script>')


def test_every_repair_still_finds_what_it_repairs():
    """A new theme may no longer need one: then it goes."""
    import pydata_sphinx_theme
    import sphinx_book_theme

    packages = (pydata_sphinx_theme, sphinx_book_theme)
    files = (
        path
        for package in packages
        for path in Path(package.__file__).parent.rglob("*")
        if path.suffix in (".html", ".py")
    )
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    for wrong in ("localStorage.getItem", 'onclick="{{ javascript }}"'):
        assert wrong in text
    page = '<i onclick="window.print()"></i><script defer src="a/fontawesome.js?digest=1"></script>'
    assert mends.mend(page) == '<i type="button" data-d3c-do="print"></i>'
    titled = '<div class="proof lemma" id="a"><p class="admonition-title" id="a">Lemma</p></div>'
    assert mends.mend(titled) == titled.replace(' id="a">Lemma', ">Lemma")


def test_vendored_files_are_those_that_are_listed(tmp_path, monkeypatch):
    vendored.copy_mathjax(tmp_path)
    assert (tmp_path / "startup.js").exists()
    changed = vendored.LIST.read_text(encoding="utf-8").replace("0", "1")
    monkeypatch.setattr(vendored, "LIST", tmp_path / "list")
    vendored.LIST.write_text(changed, encoding="utf-8")
    with pytest.raises(vendored.Changed, match="--write"):
        vendored.checked(*vendored.AXE)


def test_icons_are_few_and_small():
    sizes = [path.stat().st_size for path in (HTML / "_static").glob("fa-*.woff")]
    assert sizes
    assert sum(sizes) < 20_000
    assert not list((HTML / "_static/vendor").rglob("*.woff2"))
    assert icons.code_points(HTML)


def test_sitemap_lists_the_pages(chapters):
    found = re.findall("<loc>(.*?)</loc>", (HTML / "sitemap.xml").read_text(encoding="utf-8"))
    assert found == [urljoin(BASE, page) for page in chapters]


def test_every_page_can_be_shared(chapters):
    problems, seen = [], {}
    for page, (_, soup) in chapters.items():
        about = meta(soup, name="description") or ""
        if not 40 <= len(about) <= reading.DESCRIPTION_LENGTH + 2:
            problems.append(f"{page}: its description has {len(about)} characters")
        problems += [f"{page}: described like {seen[about]}"] if about in seen else []
        seen[about] = page
        if meta(soup, property="og:url") != urljoin(BASE, page):
            problems.append(f"{page}: og:url")
        if soup.find("link", rel="canonical")["href"] != urljoin(BASE, page):
            problems.append(f"{page}: its canonical address")
        card = meta(soup, property="og:image")
        if card is None or not (HTML / card.removeprefix(BASE)).exists():
            problems.append(f"{page}: no picture to show")
        if not (meta(soup, property="og:title") and meta(soup, name="twitter:card")):
            problems.append(f"{page}: no title to show")
    fail_with(problems)


def test_the_card_is_a_picture_of_the_size_that_previews_take():
    with Image.open(HTML / "_static" / "card.png") as card:
        assert card.size == (1200, 630)
        assert len(set(card.convert("L").resize((60, 30)).tobytes())) > 20, "it is nearly empty"


def test_every_chapter_tells_its_reading_time_and_offers_its_notebook(chapters):
    for page, (source, soup) in list(chapters.items())[1:]:
        if source.suffix != ".ipynb":
            continue
        line = soup.select_one("article h1 + p.d3c-reading")
        assert line is not None, page
        assert re.search(r"Reading time: \d+ minute", line.get_text())
        link = line.select_one("a.d3c-download[download]")
        served = (HTML / page).parent / link["href"]
        assert json.loads(served.read_text(encoding="utf-8")) == json.loads(source.read_text())


def test_reading_time_grows_with_words():
    assert reading.words(0.2, play=False) == "Reading time: 1 minute."
    assert reading.words(6.1, play=True) == "Reading time: 7 minutes, and as long as you play."


def test_the_glossary_explains_the_words_of_the_field(book):
    terms = book["book/glossary.html"].select("dl.glossary > dt")
    names = [term.get_text().rstrip("#") for term in terms]
    assert len(names) >= 20
    assert names == sorted(names, key=str.lower)
    for term in terms:
        assert len(term.find_next_sibling("dd").get_text().split()) > 10, term


def test_the_page_for_wrong_addresses_names_every_page_from_the_root(chapters):
    text = (HTML / "404.html").read_text(encoding="utf-8")
    path = urlsplit(BASE).path
    assert all(f'href="{path}{page}"' in text for page in chapters)


def test_no_address_of_the_site_is_written_down_twice():
    host = urlsplit(BASE).netloc
    written = [
        path
        for folder in ("book", "tools", "d3c_minimal", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".ipynb", ".md", ".html", ".js", ".css")
        and host in path.read_text(encoding="utf-8")
    ]
    assert written == []
