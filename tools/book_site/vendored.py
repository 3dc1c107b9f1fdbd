"""Files that are copied into the book from other people's packages, each with its checksum.

Usage: python tools/book_site/vendored.py --write     after a look at what changed

``vendored.sha256`` lists the files by the distribution that they come from. A file that is not
what it was stops the build.
"""

import argparse
import hashlib
import shutil
import sys
from importlib.metadata import distribution
from pathlib import Path

LIST = Path(__file__).with_suffix(".sha256")
MATHJAX = "sphinx-mathjax-offline", "sphinx-mathjax-offline/static/mathjax"
# The loader takes these parts, named in _config.yml; without the context menu, which is a third
# of the usual bundle. The fonts are loaded one by one, as formulas need them.
MATHJAX_PARTS = (
    "startup.js",
    "core.js",
    "input/tex-base.js",
    "input/tex/extensions/ams.js",
    "input/tex/extensions/boldsymbol.js",
    "input/tex/extensions/newcommand.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
)
MATHJAX_FONTS = "output/chtml/fonts/woff-v2"
THEME_FONTS = "pydata_sphinx_theme/theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts"
ICON_FONTS = tuple(
    ("pydata-sphinx-theme", f"{THEME_FONTS}/{name}.ttf")
    for name in ("fa-solid-900", "fa-regular-400", "fa-brands-400")
)
AXE = "axe-playwright-python", "axe_playwright_python/axe.min.js"


class Changed(Exception):
    """A file is not the one whose checksum is listed."""


def located(package, path):
    """Return where a file of an installed distribution is."""
    return Path(str(distribution(package).locate_file(path)))


def checked(package, path):
    """Return where a file is, if it is the one that is listed.

    Raises
    ------
    Changed
        If it is not.
    """
    file = located(package, path)
    wanted = checksums().get((package, path))
    if wanted != _sha256(file):
        raise Changed(
            f"{file} is not the file that {LIST.name} lists: if it should have changed, look at "
            "it and run `python tools/book_site/vendored.py --write`."
        )
    return file


def checksums():
    """Return ``{(package, path): sha256}``."""
    lines = (line.split() for line in LIST.read_text(encoding="utf-8").splitlines())
    return {(package, path): digest for digest, package, path in lines}


def mathjax_files():
    """Yield the path of each part of MathJax that the book serves, from MathJax's root."""
    yield from MATHJAX_PARTS
    package, root = MATHJAX
    for font in sorted((located(package, root) / MATHJAX_FONTS).glob("*.woff")):
        yield f"{MATHJAX_FONTS}/{font.name}"


def copy_mathjax(target):
    """Copy what the book needs of MathJax into a folder."""
    package, root = MATHJAX
    for name in mathjax_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checked(package, f"{root}/{name}"), target / name)


def _all_files():
    package, root = MATHJAX
    yield from ((package, f"{root}/{name}") for name in mathjax_files())
    yield from ICON_FONTS
    yield AXE


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="list the files as they are now")
    if parser.parse_args().write:
        lines = [f"{_sha256(located(*file))}  {' '.join(file)}\n" for file in _all_files()]
        LIST.write_text("".join(lines), encoding="utf-8", newline="\n")
        print(f"{LIST.name}: {len(lines)} files")
        return 0
    for file in _all_files():
        checked(*file)
    print("Every vendored file is the one that is listed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
