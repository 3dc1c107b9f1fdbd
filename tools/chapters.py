"""The pages of the book, in the order of the table of contents."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def pages(root=ROOT):
    """List the source files that _toc.yml names, the landing page first."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [_source(root, name) for name in _names(toc)]


def notebooks(root=ROOT):
    """List the notebooks among them: the chapters."""
    return [page for page in pages(root) if page.suffix == ".ipynb"]


def _names(entry):
    if isinstance(entry, list):
        for item in entry:
            yield from _names(item)
    elif isinstance(entry, dict):
        yield from (entry[key] for key in ("root", "file") if key in entry)
        for key in ("parts", "chapters", "sections"):
            yield from _names(entry.get(key))


def _source(root, name):
    for suffix in (".ipynb", ".md"):
        path = root / (name + suffix)
        if path.exists():
            return path
    raise SystemExit(f"_toc.yml names {name}, but neither {name}.ipynb nor {name}.md exists.")
