"""Every page, wide and narrow, light and dark: whole, quiet, no heavy load, accessible."""

import gzip
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from book_site import vendored
from site_visits import CHAPTERS, HTML, PAGES, WIDTHS

MOST_BYTES = 1_000_000  # of a page with all that it loads, each file through gzip -6
SERIOUS = ("serious", "critical")
BROKEN_PICTURES = """() => [...document.images]
  .filter((i) => i.loading !== "lazy" && !(i.complete && i.naturalWidth))
  .map((i) => i.outerHTML.slice(0, 100))"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.outerHTML.slice(0, 100)).slice(-3)"""
# Frames that are hidden have what the one in view has, and there are many. So has text whose
# ancestors all have the same names, classes and styles: its contrast, which takes axe most of its
# time, is measured where it comes first.
RUN_AXE = """() => {
  document.querySelectorAll(".d3c-frame[hidden]").forEach((frame) => frame.remove());
  const looks = new Map([[document.body, "body"]]), seen = new Set();
  for (const e of document.querySelectorAll("body *")) {
    const stripe = e.tagName === "TR" ? [...e.parentNode.children].indexOf(e) % 2 : "";
    const own = [e.tagName, e.getAttribute("class"), e.getAttribute("style"), stripe].join("|");
    looks.set(e, looks.get(e.parentNode) + ">" + own);
    if (seen.has(looks.get(e)) || !e.checkVisibility()) continue;
    seen.add(looks.get(e));
    e.dataset.firstLook = "";
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-first-look]" }] });
  return axe.run({ resultTypes: ["violations"], preload: false });
}"""
# Each page once in each scheme and at each width; the sidebars, which the narrow page lacks, are
# the same on all pages, and seen in the dark by a test of their own.
SCHEMES = {1280: "light", 390: "dark"}


def weight(visit):
    """Return how many bytes a page transfers: the sum of gzip -6 over the files it loaded."""
    here = (url for url in set(visit.requests) if url.startswith(visit.address))
    files = {file(url, visit.address) for url in here}
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in files if path.is_file())


def file(url, address):
    return HTML / urlsplit(url[len(address) :]).path


def inspect(tab):
    """Run axe-core on a page as it stands; return (number of checks, what it found)."""
    tab.evaluate(vendored.checked(*vendored.AXE).read_text(encoding="utf-8"))
    found = tab.evaluate(RUN_AXE)
    checks = sum(len(found[kind]) for kind in ("passes", "violations", "incomplete"))
    return checks, [
        f"{v['id']} ({v['impact']}): {v['help']}: "
        + "; ".join(n["html"][:160] for n in v["nodes"][:4])
        for v in found["violations"]
        if v["impact"] in (*SERIOUS, "moderate")
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_page(visit, name, width, record_property):
    page = visit(name, width, SCHEMES[width])
    problems = list(page.complaints)
    outside = [u for u in page.requests if not u.startswith((page.address, "data:", "blob:"))]
    problems += [f"asks another server: {url[:120]}" for url in outside]
    problems += [
        f"{answer.status} for {url}" for url, answer in page.files.items() if not answer.ok
    ]
    problems += [f"broken picture: {tag}" for tag in page.tab.evaluate(BROKEN_PICTURES)]
    errors = page.tab.locator("mjx-merror, [data-mjx-error]")
    problems += [f"formula: {text}" for text in errors.all_text_contents()]
    if page.tab.evaluate("document.documentElement.scrollWidth") > width:
        wide = "; ".join(page.tab.evaluate(TOO_WIDE))
        problems.append(f"scrolls sideways at {width} pixels: {wide}")
    bytes_ = weight(page)
    record_property("bytes", bytes_)
    if bytes_ > MOST_BYTES:
        problems.append(f"weighs {bytes_ / 1000:.0f} kB with all it loads; 1000 is the limit")

    checks, found = inspect(page.tab)
    assert checks > 20, "axe-core checked next to nothing"
    record_property("axe", checks)
    problems += found
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_sidebars_are_readable_in_the_dark(visit):
    _, found = inspect(visit(CHAPTERS[0], 1280, "dark").tab)
    assert found == []


def test_the_checks_find_what_they_are_for(visit):
    """A page with one fault of each kind."""
    page = visit("404")
    page.tab.evaluate(
        """() => {
          document.querySelector("main").innerHTML = `<img src="none.png" id="gone">
            <p style="color: #999; background: #aaa; width: 3000px">pale</p><button></button>`;
          return new Promise((done) => { document.getElementById("gone").onerror = done; });
        }"""
    )
    _, found = inspect(page.tab)
    assert {each.split()[0] for each in found} >= {"color-contrast", "button-name", "image-alt"}
    assert len(page.tab.evaluate(BROKEN_PICTURES)) == 1
    assert page.tab.evaluate("document.documentElement.scrollWidth") > 1280
    assert any("none.png" in each for each in [*page.complaints, *page.files])


def test_the_policy_stops_what_is_not_of_the_book(visit):
    page = visit(CHAPTERS[0])
    assert page.complaints == []
    page.tab.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.intruder = 1";
          document.head.append(script);
          const picture = document.createElement("img");
          picture.src = "https://example.com/picture.png";
          document.body.append(picture);
        }"""
    )
    page.tab.wait_for_timeout(200)
    assert page.tab.evaluate("window.intruder") is None
    refused = " ".join(page.complaints)
    assert "script-src" in refused
    assert "img-src" in refused


def test_pages_work_from_a_folder_without_a_server(chromium):
    tab = chromium.new_page()
    heard = []
    tab.on("console", lambda message: heard.append(message.text) if message.type == "error" else 0)
    tab.goto(Path(HTML / f"{CHAPTERS[0]}.html").as_uri(), wait_until="load")
    tab.wait_for_selector("mjx-container")
    tab.locator("figure.d3c-explorer input").first.press("End")
    assert heard == []
    tab.close()


def test_search_finds_a_word_of_a_chapter(visit):
    page = visit(CHAPTERS[0])
    page.tab.keyboard.press("Control+k")
    page.tab.keyboard.type("Braess")
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_url("**/search.html?q=Braess**")
    results = page.tab.locator("#search-results ul.search li a")
    results.first.wait_for()
    assert any("braess" in link.get_attribute("href") for link in results.all())
    results.first.click()
    page.tab.wait_for_load_state("load")
    assert page.tab.locator("article h1").count() == 1
    assert page.complaints == []


def test_a_wrong_address_leads_back_from_any_depth(visit):
    page = visit("404")
    for wrong in ("nothing.html", "book/no/such/page.html"):
        answer = page.tab.goto(page.address + wrong)
        assert answer.status == 404
        page.tab.get_by_role("link").first.click()
        page.tab.wait_for_url(f"{page.address}{CHAPTERS[0]}.html")


def test_the_root_leads_to_the_first_page(visit):
    page = visit("404")
    page.tab.goto(page.address)
    page.tab.wait_for_url(f"**/{CHAPTERS[0]}.html")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_reader_can_go_on_and_take_the_notebook_along(visit, width):
    from nbformat import reads, validate

    page = visit(CHAPTERS[0], width)
    page.tab.locator("a.right-next").click()
    page.tab.wait_for_url(f"**/{CHAPTERS[1]}.html")
    link = page.tab.locator("a.d3c-download")
    with page.tab.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == Path(CHAPTERS[1]).name + ".ipynb"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    validate(reads(text, as_version=4))
    assert json.loads(text) == json.loads(Path(f"{CHAPTERS[1]}.ipynb").read_text(encoding="utf-8"))


def test_the_theme_switch_changes_the_colours(visit):
    page = visit(CHAPTERS[0])
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.tab.evaluate(ground)
    button = page.tab.locator(".theme-switch-button").first
    for _ in range(3):
        button.click()
        if page.tab.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.tab.evaluate(ground) != before
    assert page.complaints == []
