"""The ledger, its values and the notebooks that compute them tell the same story."""

import json
import re
from pathlib import Path

import pytest

from d3c_minimal import data, ledger

BOOK = Path(__file__).resolve().parents[2] / "book"
PAPER = {f"{letter}{k}" for letter, n in (("T", 22), ("E", 10), ("R", 8)) for k in range(1, n + 1)}
CALL = re.compile(r"(?<![\w.])(?:ledger\.)?claim\(\s*(?:(?:id\s*=\s*)?[\"']([^\"']*)[\"'])?")


def claims_in(notebook):
    """Yield (id, tags) of each call of ledger.claim; the id is None where it is no plain string."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            for match in CALL.finditer("".join(cell["source"])):
                yield match.group(1), cell["metadata"].get("tags", [])


def problems(rows, values, book):
    """List what is wrong, in sentences."""
    calls = {
        path.relative_to(book).as_posix(): list(claims_in(path))
        for path in sorted(book.rglob("*.ipynb"))
        if ".ipynb_checkpoints" not in path.parts
    }
    known = {row["id"]: row for row in rows}
    found = [f"{id}: missing from claims.yml" for id in sorted(PAPER - known.keys())]
    for id in known.keys() - PAPER:
        if id.split(".")[0] not in PAPER or id.count(".") != 1:
            found.append(f"{id}: neither one of the paper's claims nor a part of one")
    found += [f"{id}: a value without a row" for id in values.keys() - known.keys()]
    for id, row in known.items():
        found += [f"{id}: {problem}" for problem in row_problems(id, row, id in values, calls)]
    for chapter, claimed in calls.items():
        for id, tags in claimed:
            row = known.get(id)
            if id is None:
                found.append(f"{chapter}: a ledger.claim whose id is not written out")
            elif row is None:
                found.append(f"{chapter}: ledger.claim('{id}') has no row")
            elif row["chapter"] != chapter or row["cell"] not in tags:
                found.append(f"{chapter}: ledger.claim('{id}') is not where its row says")
    return found


def row_problems(id, row, has_value, calls):
    """Yield what is wrong with one row."""
    if not (row["place"] and row["statement"]):
        yield "no place or no statement"
    if row["verdict"] and not has_value:
        yield "a verdict without a value"
    if has_value and not row["verdict"]:
        yield "a value without a verdict"
    if (row["verdict"] or has_value) and not row["chapter"]:
        yield "no chapter computes it"
    if row["verdict"] and id[0] in "ER" and not row["control"]:
        yield "an experiment without a control (or a reason why none is needed)"
    if row["chapter"]:
        if row["chapter"] not in calls:
            yield f"its chapter {row['chapter']} does not exist"
        elif not any(tag == row["cell"] for _, tags in calls[row["chapter"]] for tag in tags):
            yield f"no cell of its chapter that calls ledger.claim is tagged {row['cell']}"
        elif not any(each == id and row["cell"] in tags for each, tags in calls[row["chapter"]]):
            yield "its cell does not call ledger.claim with its id"


def test_the_ledger_is_whole():
    assert problems(ledger.rows(), data.values(), BOOK) == []


# The checks themselves, on a ledger with one computed claim.


def cell(source, *tags):
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": [source]}


def write_notebook(book, *cells):
    path = book / "part" / "one.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"cells": list(cells)}))


@pytest.fixture
def story(tmp_path):
    """One row computed, the rest open: rows, values, and a book with one notebook."""
    blank = {**dict.fromkeys(ledger.KEYS), "place": "here", "statement": "so"}
    rows = {id: {**blank, "id": id, "cell": f"claim-{id}"} for id in PAPER}
    rows["E4"].update(verdict="reproduced", chapter="part/one.ipynb", control="gradient descent")
    text = {"cell_type": "markdown", "metadata": {}, "source": 'call `ledger.claim("X", 1, 2)`'}
    write_notebook(tmp_path, text, cell('ledger.claim(\n    "E4", value, 1e-6)', "claim-E4"))
    return rows, {"E4": {"value": 1.0, "tol": 0.0}}, tmp_path


def test_a_whole_ledger_passes(story):
    rows, values, book = story
    assert problems(list(rows.values()), values, book) == []
    rows["E4.ten"] = {**rows["T1"], "id": "E4.ten"}
    assert problems(list(rows.values()), values, book) == []


BREAKS = {
    "T7: missing from claims.yml": lambda rows, values, book: rows.pop("T7"),
    "X1: neither one of the paper's": lambda rows, values, book: rows.update(
        X1={**rows["T1"], "id": "X1"}
    ),
    "E4: a verdict without a value": lambda rows, values, book: values.pop("E4"),
    "E4: a value without a verdict": lambda rows, values, book: rows["E4"].update(verdict=None),
    "T2: no chapter computes it": lambda rows, values, book: rows["T2"].update(verdict="refuted"),
    "X2: a value without a row": lambda rows, values, book: values.update(X2=values["E4"]),
    "T3: no place or no statement": lambda rows, values, book: rows["T3"].update(statement=""),
    "E4: an experiment without a control": lambda rows, values, book: rows["E4"].update(
        control=None
    ),
    "E4: its chapter part/two.ipynb does not": lambda rows, values, book: rows["E4"].update(
        chapter="part/two.ipynb"
    ),
    "E4: no cell of its chapter that calls": lambda rows, values, book: write_notebook(
        book, cell("1 + 1", "claim-E4")
    ),
    "E4: no cell of its chapter that calls ledger.claim is": lambda rows, values, book: (
        write_notebook(book, cell('ledger.claim("E4", 1, 2)', "claim-E5"))
    ),
    "E4: its cell does not call": lambda rows, values, book: write_notebook(
        book, cell('ledger.claim("T1", 1, 2)', "claim-E4")
    ),
    "part/one.ipynb: ledger.claim('T1') is not where": lambda rows, values, book: write_notebook(
        book, cell('ledger.claim("E4", 1, 2); ledger.claim("T1", 1, 2)', "claim-E4")
    ),
    "part/one.ipynb: ledger.claim('X3') has no row": lambda rows, values, book: write_notebook(
        book, cell("claim(id='X3', value=1)", "claim-E4")
    ),
    "part/one.ipynb: a ledger.claim whose id is not written out": lambda rows, values, book: (
        write_notebook(book, cell('for id in ids:\n    ledger.claim(id, 1, "E4")', "claim-E4"))
    ),
}


@pytest.mark.parametrize("expected", BREAKS)
def test_each_break_is_found(story, expected):
    rows, values, book = story
    BREAKS[expected](rows, values, book)
    found = problems(list(rows.values()), values, book)
    assert any(problem.startswith(expected) for problem in found), found
