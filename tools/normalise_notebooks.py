"""Bring notebooks into the one form that is committed.

A committed notebook is executed and holds the text of its outputs: what it printed, tables, and
for each figure or explorer its alternative text. It does not hold pictures, the HTML of figures
and explorers, widget views or widget state, which the book's build makes afresh; so a change of a
drawing leaves no trace in the history, and a change of a number does.

Its first code cell installs the package where a notebook starts bare: in the live edition, where
pip finds the package beside the page, and on Colab, where it takes the released one. On a desktop
the cell does nothing, and the pages do not show it.

Usage: python tools/normalise_notebooks.py [--check] [NOTEBOOK ...]

Without names it takes all notebooks under book/. With --check it writes nothing, and fails on a
notebook that is not normalised or not executed, stores an error, or has a code cell that is too
long to read.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

BOOK = Path(__file__).resolve().parent.parent / "book"
MAX_CELL_LINES = 20
PICTURE_HTML = re.compile(r'^\s*<figure\b[^>]*\bclass="[^"]*\bd3c-(picture|explorer)\b')
DRAWN_AGAIN = (
    "application/vnd.jupyter.widget-view+json",
    "image/jpeg",
    "image/png",
    "image/svg+xml",
)
KEPT_CELL_METADATA = ("mystnb", "tags")
KEPT_NOTEBOOK_METADATA = ("mystnb",)
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
INSTALL = """\
# Where nothing is installed yet: in the browser, and on Colab.
import sys

if sys.platform == "emscripten" or "google.colab" in sys.modules:
    %pip install -q d3c_minimal"""


def normalise_output(output):
    """Return a copy of one output without the pictures that the build draws again."""
    output = nbformat.from_dict(output)
    if "data" in output:
        data = {mime: value for mime, value in output.data.items() if mime not in DRAWN_AGAIN}
        if PICTURE_HTML.match(_text(data.get("text/html", ""))):
            del data["text/html"]
        output.data = nbformat.from_dict(data)
        output.metadata = nbformat.NotebookNode()
    return output


def normalise(notebook):
    """Return a normalised copy of a notebook; doing it twice changes nothing more."""
    notebook = nbformat.from_dict(notebook)
    kept = {k: v for k, v in notebook.metadata.items() if k in KEPT_NOTEBOOK_METADATA}
    notebook.metadata = nbformat.from_dict(kept | NOTEBOOK_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.cells = with_install_cell(notebook.cells)
    count = 0
    for position, cell in enumerate(notebook.cells):
        cell.metadata = nbformat.from_dict(
            {k: cell.metadata[k] for k in KEPT_CELL_METADATA if cell.metadata.get(k)}
        )
        cell.setdefault("id", _cell_id(position, cell.source))
        if cell.cell_type != "code":
            continue
        cell.outputs = _joined([normalise_output(output) for output in cell.outputs])
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
    return notebook


def with_install_cell(cells):
    """Return the cells with the installing one before the first code, in place of older forms."""
    cells = [cell for cell in cells if cell.get("id") != "install"]
    code = [place for place, cell in enumerate(cells) if cell.cell_type == "code"]
    if code:
        # It counts as executed: on a desktop it does nothing.
        cell = new_code_cell(INSTALL, id="install", execution_count=0)
        cell.metadata.tags = ["remove-cell"]
        cells.insert(code[0], cell)
    return cells


def complaints(notebook):
    """Say in sentences why an otherwise normalised notebook may not be committed."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        lines = len(cell.source.splitlines())
        if lines > MAX_CELL_LINES:
            yield f"cell {number} has {lines} lines of code; {MAX_CELL_LINES} is the limit"
        if cell.source.strip() and cell.execution_count is None:
            yield f"cell {number} has not been executed"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"cell {number} stores an error: {output.ename}: {output.evalue}"


def read(path):
    """Read a notebook as it is stored; ids that are missing stay missing."""
    return nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)


def write(notebook, path):
    """Write a notebook normalised: keys sorted, one newline at the end."""
    Path(path).write_text(stored_text(notebook), encoding="utf-8", newline="\n")


def stored_text(notebook):
    """Return the text of a notebook's normalised form."""
    return nbformat.writes(normalise(notebook)).rstrip("\n") + "\n"


def _text(value):
    return "".join(value) if isinstance(value, list) else value


def _cell_id(position, source):
    return hashlib.sha256(f"{position} {source}".encode()).hexdigest()[:8]


def _joined(outputs):
    """Join neighbouring pieces of one stream: where the kernel cut them is chance."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last.text = _text(last.text) + _text(output.text)
        else:
            joined.append(output)
    return joined


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("notebooks", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    found = (path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
    paths = options.notebooks or sorted(found)
    failed = 0
    for path in paths:
        stored = path.read_text(encoding="utf-8")
        try:
            notebook = read(path)
        except nbformat.reader.NotJSONError:
            print(f"{path}: is not a notebook", file=sys.stderr)
            failed += 1
            continue
        wanted = stored_text(notebook)
        if not options.check:
            if wanted != stored:
                write(notebook, path)
                print(f"{path}: normalised")
            continue
        found = list(complaints(notebook))
        if wanted != stored:
            found.append("is not normalised: run `make notebooks`")
        for complaint in found:
            print(f"{path}: {complaint}", file=sys.stderr)
        failed += bool(found)
    if options.check and not failed:
        print(f"{len(paths)} notebooks are executed and normalised.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
