"""Each chapter's launch buttons lead to that chapter, and the live edition has it."""

import json
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
LIVE = HTML / "live"


def buttons(soup):
    return [link["href"] for link in soup.select(".dropdown-launch-buttons a[href]")]


def test_each_chapter_opens_in_the_browser_on_binder_and_on_colab(chapters):
    for page, (source, soup) in chapters.items():
        links = buttons(soup)
        if source.suffix != ".ipynb":
            assert links == []
            continue
        path = source.relative_to(ROOT).as_posix()
        here = [link for link in links if not urlsplit(link).netloc]
        assert len(here) == 1, page
        parts = urlsplit(here[0])
        assert (HTML / normpath(join(dirname(page), parts.path))).is_file(), here[0]
        assert parse_qs(parts.query) == {"path": [path]}
        assert (LIVE / "files" / path).is_file()
        for name in ("mybinder.org", "colab.research.google.com"):
            (away,) = (link for link in links if urlsplit(link).netloc == name)
            assert away.endswith(path)


@pytest.mark.parametrize("folder", ["", "book", "book/first_games"])
def test_the_live_edition_lists_its_files(folder):
    listing = json.loads((LIVE / "api" / "contents" / folder / "all.json").read_text())
    listed = {entry["name"] for entry in listing["content"]}
    assert listed == {path.name for path in (LIVE / "files" / folder).iterdir()}
    assert listing["path"] == folder


def test_live_chapters_install_first_and_hold_no_outputs(chapters):
    for source, _ in chapters.values():
        if source.suffix == ".ipynb":
            live = nbformat.read(LIVE / "files" / source.relative_to(ROOT), as_version=4)
            code = [cell for cell in live.cells if cell.cell_type == "code"]
            assert "%pip install -q d3c_minimal" in code[0].source
            assert not any(cell.outputs for cell in code)


def test_no_package_index_is_asked():
    site = json.loads((LIVE / "jupyter-lite.json").read_text())["jupyter-config-data"]
    (kernel,) = site["litePluginSettings"].values()
    assert kernel["disablePyPIFallback"] is True
    assert kernel["pipliteUrls"][0].startswith("./pypi/all.json?sha256=")
    served = json.loads((LIVE / "pypi" / "all.json").read_text())
    assert {"d3c-minimal", "autograd", "pyyaml", "ipywidgets", "joblib", "tqdm"} <= served.keys()
    for package in served.values():
        for ((wheel,),) in [package["releases"].values()]:
            assert (LIVE / "pypi" / wheel["filename"]).is_file()
