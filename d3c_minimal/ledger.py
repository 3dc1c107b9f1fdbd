"""The ledger: every claim of the paper, what was computed for it, and the verdict.

A chapter's cell calls :func:`claim` with what it computed. The call checks the value against
``data/values.json``; with D3C_LEDGER=write in the environment it stores it there instead.
"""

import json
import math
import os
from collections import Counter
from difflib import get_close_matches
from html import escape
from numbers import Real
from pathlib import Path

import numpy as np

from d3c_minimal import data

VERDICTS = ("reproduced", "corrected", "refuted", "not reproduced", "undecidable")
KEYS = ("id", "place", "statement", "paper", "verdict", "chapter", "cell", "control", "note")
DIGITS = 6


class Mismatch(AssertionError):
    """A computed value is not the stored one."""


def claim(id, value, tol):
    """Check a computed value against the ledger's, or store it where D3C_LEDGER=write.

    Parameters
    ----------
    id : str
        A row of ``claims.yml``.
    value : float or dict of floats
        What was computed. Truth values count as 1 and 0.
    tol : float or dict of floats
        Largest absolute difference that counts as agreement; a dict gives one for each name.

    Returns
    -------
    Table
        The claim's row.

    Raises
    ------
    Mismatch
        If the value is not the stored one (to ``tol``, and to the six digits that are stored).
    ValueError, TypeError
        If the id is unknown, the value is not finite or an array, or ``tol`` is off.
    """
    _check_id(id)
    computed = _floats(id, "value", value)
    allowed = _floats(id, "tol", tol)
    if isinstance(allowed, dict) and (
        not isinstance(computed, dict) or allowed.keys() != computed.keys()
    ):
        raise ValueError(f"claim {id}: tol must be one number, or have the names of value.")
    if min(allowed.values() if isinstance(allowed, dict) else [allowed]) < 0:
        raise ValueError(f"claim {id}: tol is {tol}; give 0 or above.")
    mode = os.environ.get("D3C_LEDGER", "")
    if mode == "write":
        _store(id, {"value": _rounded(computed), "tol": _rounded(allowed)})
    elif mode:
        raise ValueError(f"D3C_LEDGER is '{mode}': set it to 'write', or unset it to check.")
    else:
        _compare(id, computed, allowed, data.values().get(id))
    return table([row for row in rows() if row["id"] == id], base=None)


def rows():
    """Return the rows of ``claims.yml`` with ``value`` and ``tol`` joined in (None where unset).

    Raises
    ------
    ValueError
        If a row has unknown or missing keys, an unknown verdict, or an id that stands twice.
    """
    values, seen = data.values(), set()
    out = []
    for row in data.claims():
        id = row.get("id")
        unknown, missing = row.keys() - set(KEYS), set(KEYS) - row.keys() - {"note"}
        if unknown or missing:
            raise ValueError(
                f"claims.yml, row {id}: unknown keys {sorted(unknown)}, missing {sorted(missing)}."
            )
        if row["verdict"] not in (None, *VERDICTS):
            raise ValueError(
                f"claims.yml, row {id}: verdict '{row['verdict']}' must be one of "
                f"{', '.join(VERDICTS)}, or null."
            )
        if id in seen:
            raise ValueError(f"claims.yml: the id {id} stands twice; keep one row.")
        seen.add(id)
        stored = values.get(id, {"value": None, "tol": None})
        out.append({**dict.fromkeys(KEYS), **row, **stored})
    return out


def counts(rows):
    """Return ``{verdict: number of rows}`` in the order of VERDICTS, open rows last."""
    found = Counter(row["verdict"] or "open" for row in rows)
    return {verdict: found[verdict] for verdict in (*VERDICTS, "open") if found[verdict]}


def text(value):
    """Write a value for a reader: numbers to four digits, named ones in a list."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {text(each)}" for name, each in value.items())
    return f"{value:.4g}" if isinstance(value, Real) else str(value)


class Table:
    """The ledger as a table for notebooks and pages; see :func:`table`."""

    _HEADINGS = ("Claim", "What the paper says", "What was computed", "Verdict")

    def __init__(self, rows, base, suffix):
        self.rows, self.base, self.suffix = rows, base, suffix

    def __repr__(self):
        if len(self.rows) == 1:
            row = self.rows[0]
            return f"{row['id']} {row['verdict'] or 'open'}: {text(row['value'])}"
        return "; ".join(f"{count} {verdict}" for verdict, count in counts(self.rows).items())

    def _verdict(self, row):
        verdict = escape(row["verdict"] or "open")
        if not row["chapter"] or self.base is None:
            return verdict
        stem = row["chapter"].removesuffix(".ipynb")
        label = escape(stem.split("/")[-1].replace("_", " "))
        cell = f"{self.base}{stem}{self.suffix}#claim-{row['id']}"
        return f'{verdict}<br/><a href="{escape(cell)}">{label}</a>'

    def _row(self, row):
        id, computed = escape(row["id"]), row["value"]
        said = [escape(row["statement"])]
        if row["paper"] is not None:
            said.append(f"<em>Paper:</em> {escape(text(row['paper']))}")
        named = computed if isinstance(computed, dict) else {"": computed}
        ours = [escape(f"{name}: {text(v)}" if name else text(v)) for name, v in named.items()]
        ours += [f"<em>{escape(row['note'])}</em>"] if row["note"] else []
        cells = "<br/>".join(said), "<br/>".join(ours), self._verdict(row)
        head = f'<th scope="row">{id}<br/><small>{escape(row["place"])}</small></th>'
        body = "".join(f"<td>{cell}</td>" for cell in cells)
        return f'<tr id="claim-{id}">{head}{body}</tr>'

    def _repr_html_(self):
        head = "".join(f'<th scope="col">{heading}</th>' for heading in self._HEADINGS)
        body = "\n".join(self._row(row) for row in self.rows)
        caption = f"<caption>{escape(repr(self))}</caption>" if len(self.rows) > 1 else ""
        return (
            f'<table class="ledger">{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>\n{body}\n</tbody></table>"
        )


def table(selection=None, base="", suffix=".html"):
    """Return the ledger as an object that notebooks show as a table.

    Parameters
    ----------
    selection : list of dicts, optional
        Rows as :func:`rows` gives them, all by default; a chapter may show its own alone.
    base, suffix : str
        A chapter's link is ``base``, its path in the book without ``.ipynb``, ``suffix``, and the
        anchor of its cell. ``base=None`` links nothing.
    """
    return Table(rows() if selection is None else list(selection), base, suffix)


def _check_id(id):
    ids = [row["id"] for row in data.claims()]
    if id not in ids:
        near = get_close_matches(str(id), ids, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"claims.yml has no row '{id}'.{hint} Add one by hand first.")


def _floats(id, what, value):
    if isinstance(value, dict):
        if not value or not all(isinstance(name, str) for name in value):
            raise TypeError(f"claim {id}: name each entry of {what} by a string.")
        return {name: _float(id, f"{what}['{name}']", each) for name, each in value.items()}
    return _float(id, what, value)


def _float(id, what, value):
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, (Real, np.bool_)):
        raise TypeError(
            f"claim {id}: {what} is of type {type(value).__name__}, the ledger holds numbers: "
            "reduce it to a float (a mean, a maximum), or to a flat dict of named floats."
        )
    if not math.isfinite(value):
        raise ValueError(
            f"claim {id}: {what} is {value}: the ledger holds finite numbers; claim a finite "
            "quantity instead, or say in the row's note why there is none."
        )
    return float(value)


def _rounded(value):
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return float(f"{value:.{DIGITS}g}")


def _compare(id, computed, allowed, stored):
    remedy = (
        "If the new value is right, execute the chapter with D3C_LEDGER=write and look at the "
        "change in values.json; if not, find what changed."
    )
    if stored is None:
        raise Mismatch(f"claim {id}: computed {computed}, but no value is stored. {remedy}")
    if _rounded(allowed) != stored["tol"]:
        raise Mismatch(f"claim {id}: tol is {allowed}, stored is {stored['tol']}. {remedy}")
    named = isinstance(computed, dict)
    ours = computed if named else {"": computed}
    theirs = stored["value"] if isinstance(stored["value"], dict) else {"": stored["value"]}
    if ours.keys() != theirs.keys():
        raise Mismatch(
            f"claim {id}: the computed names {sorted(ours)} are not the stored {sorted(theirs)}. "
            f"{remedy}"
        )
    for name, number in ours.items():
        tol = allowed[name] if isinstance(allowed, dict) else allowed
        if not abs(number - theirs[name]) <= tol + _half_digit(theirs[name]):
            label = f"{id}, {name}" if named else id
            raise Mismatch(
                f"claim {label}: computed {number!r}, stored {theirs[name]!r}, tolerance {tol:g}. "
                f"{remedy}"
            )


def _half_digit(number):
    """Return what rounding to DIGITS digits may have changed (and a last bit more)."""
    if number == 0:
        return 0.0
    return 0.5000001 * 10.0 ** (math.floor(math.log10(abs(number))) + 1 - DIGITS)


def _store(id, entry):
    path = Path(str(data.FOLDER.joinpath("values.json")))
    text = json.dumps({**data.values(), id: entry}, indent=2, sort_keys=True) + "\n"
    try:
        data.write(path, lambda file: file.write(text.encode()))
    except OSError as error:
        raise OSError(
            f"D3C_LEDGER=write cannot write {path} ({error.strerror}): use a source checkout that "
            "you may write to, or unset D3C_LEDGER to check."
        ) from None
