import json

import numpy as np
import pytest

from d3c_minimal import data, ledger

BLANK = dict.fromkeys(ledger.KEYS)


def row(id, **entries):
    return {**BLANK, "id": id, "place": "here", "statement": f"says {id}", **entries}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Give the ledger two rows, E4 and T1, and an empty folder to write to."""
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    monkeypatch.delenv("D3C_LEDGER", raising=False)
    rows = [row("T1"), row("E4", verdict="corrected", paper="10/9")]
    # A JSON list is YAML too.
    (tmp_path / "claims.yml").write_text(json.dumps(rows))
    return tmp_path


@pytest.fixture
def write(monkeypatch):
    def store(id, value, tol):
        monkeypatch.setenv("D3C_LEDGER", "write")
        ledger.claim(id, value, tol)
        monkeypatch.delenv("D3C_LEDGER")

    return store


def test_a_value_is_written_rounded_and_sorted_then_checked(book, write):
    write("T1", 2.0, 0)
    write("E4", {"selfish": 10 / 9, "d3c": np.float64(1 + 1e-9)}, 1e-6)
    assert (book / "values.json").read_text() == (
        '{\n  "E4": {\n    "tol": 1e-06,\n    "value": {\n      "d3c": 1.0,\n'
        '      "selfish": 1.11111\n    }\n  },\n'
        '  "T1": {\n    "tol": 0.0,\n    "value": 2.0\n  }\n}\n'
    )
    value = {"d3c": 1.0, "selfish": 10 / 9}
    ledger.claim("E4", value, 1e-6)
    assert [path.name for path in sorted(book.iterdir())] == ["claims.yml", "values.json"]


@pytest.mark.parametrize("number", [1 / 3, -2e7 / 3, 123456.5, 9.999995, 1e-12 / 7, 0.0, 80])
def test_what_was_written_agrees_with_itself_at_tolerance_zero(book, write, number):
    write("T1", number, 0)
    ledger.claim("T1", number, 0)
    with pytest.raises(ledger.Mismatch):
        ledger.claim("T1", number * (1 + 2e-5) + 1e-300, 0)


def test_the_tolerance_is_absolute_and_inclusive(book, write):
    write("T1", 80.0, 0.5)
    ledger.claim("T1", 80.5, 0.5)
    with pytest.raises(ledger.Mismatch) as caught:
        ledger.claim("T1", 80.51, 0.5)
    message = str(caught.value)
    for part in ("T1", "80.51", "stored 80.0", "tolerance 0.5", "D3C_LEDGER=write"):
        assert part in message
    assert isinstance(caught.value, AssertionError)


def test_named_values_may_have_tolerances_of_their_own(book, write):
    tol = {"minutes": 0.5, "ratio": 0.01}
    write("T1", {"minutes": 80, "ratio": 1.23}, tol)
    ledger.claim("T1", {"minutes": 80.4, "ratio": 1.235}, tol)
    with pytest.raises(ledger.Mismatch, match=r"T1, ratio: computed 1\.3"):
        ledger.claim("T1", {"minutes": 80.4, "ratio": 1.3}, tol)
    with pytest.raises(ValueError, match="names of value"):
        ledger.claim("T1", {"minutes": 80.4}, tol)
    with pytest.raises(ValueError, match="names of value"):
        ledger.claim("T1", 1.0, tol)


def test_other_names_another_tolerance_or_no_value_do_not_pass(book, write):
    with pytest.raises(ledger.Mismatch, match="no value is stored"):
        ledger.claim("T1", 1.0, 0.1)
    write("T1", {"a": 1.0}, 0.1)
    for value in ({"b": 1.0}, {"a": 1.0, "b": 1.0}, 1.0):
        with pytest.raises(ledger.Mismatch, match="names"):
            ledger.claim("T1", value, 0.1)
    with pytest.raises(ledger.Mismatch, match=r"tol is 10\.0, stored is 0\.1"):
        ledger.claim("T1", {"a": 1.0}, 10)


@pytest.mark.parametrize("value", [True, np.True_, np.float32(1), np.array(1.0), 1, np.int64(1)])
def test_numbers_and_truth_values_count(book, write, value):
    write("T1", value, 0)
    assert data.values()["T1"]["value"] == 1.0


@pytest.mark.parametrize("mode", ["write", None])
@pytest.mark.parametrize(
    ("value", "error", "remedy"),
    [
        (np.ones(3), TypeError, "reduce it to a float"),
        ([1.0], TypeError, "flat dict of named floats"),
        ("1", TypeError, "type str"),
        (None, TypeError, "type NoneType"),
        ({"a": {"b": 1.0}}, TypeError, r"value\['a'\] is of type dict"),
        ({"a": np.ones(2)}, TypeError, "reduce it"),
        ({}, TypeError, "name each entry"),
        ({1: 1.0}, TypeError, "name each entry"),
        (float("nan"), ValueError, "finite"),
        ({"a": np.inf}, ValueError, r"value\['a'\] is inf"),
    ],
)
def test_what_is_no_finite_number_is_refused(book, monkeypatch, mode, value, error, remedy):
    if mode:
        monkeypatch.setenv("D3C_LEDGER", mode)
    with pytest.raises(error, match=remedy):
        ledger.claim("T1", value, 0.1)
    assert not (book / "values.json").exists()


@pytest.mark.parametrize("tol", [-1, float("nan"), float("inf")])
def test_a_tolerance_that_is_none_is_refused(book, tol):
    with pytest.raises(ValueError, match="tol is"):
        ledger.claim("T1", 1.0, tol)


def test_an_unknown_id_and_an_unknown_mode_are_refused(book, monkeypatch):
    with pytest.raises(ValueError, match=r"no row 'E44'. Did you mean E4\?"):
        ledger.claim("E44", 1.0, 0)
    monkeypatch.setenv("D3C_LEDGER", "yes")
    with pytest.raises(ValueError, match="D3C_LEDGER is 'yes': set it to 'write'"):
        ledger.claim("T1", 1.0, 0)


def test_checking_writes_nothing_and_writing_needs_a_checkout(book, write, monkeypatch):
    write("T1", 1.0, 0)
    before = (book / "values.json").stat().st_mtime_ns
    ledger.claim("T1", 1.0, 0)
    assert (book / "values.json").stat().st_mtime_ns == before

    def refuse(path, fill):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(data, "write", refuse)
    with pytest.raises(OSError, match=r"cannot write .*values.json \(Permission denied\).*unset"):
        write("T1", 1.0, 0)


def test_rows_join_the_values(book, write):
    write("E4", {"d3c": 1.0}, 0.1)
    first, second = ledger.rows()
    assert (first["id"], first["value"], first["tol"]) == ("T1", None, None)
    assert (second["id"], second["value"], second["tol"]) == ("E4", {"d3c": 1.0}, 0.1)
    assert second["verdict"] == "corrected"


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([row("T1", colour="red")], r"unknown keys \['colour'\]"),
        ([{"id": "T1"}], "missing"),
        ([row("T1", verdict="maybe")], "must be one of reproduced"),
        ([row("T1"), row("T1")], "stands twice"),
    ],
)
def test_malformed_rows_are_refused(book, rows, word):
    (book / "claims.yml").write_text(json.dumps(rows))
    with pytest.raises(ValueError, match=word):
        ledger.rows()


def test_table_escapes_links_and_counts():
    rows = [
        row("T1", statement="a < b & <script>", value=None, paper='"quoted"'),
        row(
            "E4", verdict="refuted", value={"at_nash": 80, "x": 1.23456}, chapter="a/the_road.ipynb"
        ),
        row("E5", verdict="refuted", value=2.0, chapter="b.ipynb", note="why <b>"),
    ]
    table = ledger.table(rows, base="../")
    assert repr(table) == "2 refuted; 1 open"
    html = table._repr_html_()
    assert "a &lt; b &amp; &lt;script&gt;" in html
    assert "&quot;quoted&quot;" in html
    assert "why &lt;b&gt;" in html
    assert "<script>" not in html
    assert "<td>at_nash: 80<br/>x: 1.235</td>" in html
    assert '<a href="../a/the_road.html#claim-E4">the road</a>' in html
    assert html.count("<tr") == 4
    assert '<tr id="claim-E4">' in html
    assert "<caption>2 refuted; 1 open</caption>" in html


def test_the_shipped_ledger_has_every_claim():
    ids = [row["id"] for row in ledger.rows()]
    for letter, count in (("T", 22), ("E", 10), ("R", 8)):
        assert {f"{letter}{k}" for k in range(1, count + 1)} <= set(ids)
    assert ledger.table()._repr_html_().count("<tr id=") == len(ids)
