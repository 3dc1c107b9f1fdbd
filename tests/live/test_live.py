"""Every chapter runs in a browser, from top to bottom, and gives what a desktop gives."""

import re
import time
from pathlib import Path

import numbers_here
import numpy as np
import pytest
from chapters import notebooks
from reader import ANSWER, Reader

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = [path.relative_to(ROOT).as_posix() for path in notebooks()]
WIDGET = "application/vnd.jupyter.widget-view+json"
DIRECTIVE = re.compile(r"^(?:```+|:::+)\{([\w:-]+)\}", re.M)
SHOWN_AS = {"prf": ".myst-proof", "exercise": ".myst-exercise", "admonition": ".myst-admonition"}
RAW = re.compile(r"```|:::|\{(?:prf:|exercise|solution|cite|func|admonition)")
# JupyterLite draws these, but as an empty box and as a bare key with a warning sign.
UNKNOWN = re.compile(r"\{(?:exercise|solution)-(?:start|end)\}|\{cite\}")


def test_time_to_the_first_plot(chromium, address, closed_off, record_property):
    context = chromium.new_context()
    for state in ("cold", "warm"):
        reader, begin = Reader(context, address), time.monotonic()
        reader.open(CHAPTERS[0])
        opened = time.monotonic() - begin
        reader.start()
        reader.wait_for_picture()
        shown = time.monotonic() - begin
        record_property(f"{state} start", f"open {opened:.1f} s, first plot {shown:.1f} s")
        reader.close()
    context.close()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_runs(reader, chapter, record_property):
    begin = time.monotonic()
    reader.open(chapter)
    reader.run()
    record_property(chapter, f"{time.monotonic() - begin:.0f} s from launch to the last cell")
    cells, explorers = reader.cells(), 0
    assert failures(cells) == []
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            read_text(reader, index, "".join(cell["source"]))
        elif any(is_explorer(output.get("data", {})) for output in cell["outputs"]):
            explorers += 1
            play(reader, index)
    makers = ("Explorer(", "explorers.explore(", "explorers.film(")
    assert explorers == sum(any(m in cell["source"] for m in makers) for cell in cells)
    assert reader.complaints == []


def is_explorer(data):
    """Tell an explorer from other widgets, such as a progress bar."""
    return WIDGET in data and "d3c-explorer" in data.get("text/html", "")


def failures(cells):
    """List what went wrong: errors, warnings, and cells that did not run."""
    found = []
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] != "code":
            continue
        if not cell["execution_count"]:
            found.append(f"cell {number} did not run")
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"cell {number}: {output['ename']}: {output['evalue']}")
            if output.get("name") == "stderr":
                found.append(f"cell {number}: {''.join(output['text'])}")
    return found


def read_text(reader, index, source):
    """Check that a cell of text is rendered, its directives as what they are."""
    assert not UNKNOWN.search(source), source
    cell = reader.cell(index)
    cell.wait_for_selector(".myst", state="attached")
    shown = cell.query_selector(".myst")
    assert not RAW.search(shown.inner_text()), shown.inner_text()
    for name in DIRECTIVE.findall(source):
        kind = SHOWN_AS.get(name.partition(":")[0])
        assert kind is None or shown.query_selector(kind), f"{name} in cell {index + 1}"


def play(reader, index):
    """Move each control of an explorer; its words and its picture follow."""
    cell = reader.cell(index)
    cell.wait_for_selector(".widget-html-content svg", state="attached")
    controls = cell.query_selector_all(".noUi-handle, .widget-toggle-buttons")
    assert controls, f"cell {index + 1} has an explorer without controls"
    for control in controls:
        before = faces(cell)
        if "noUi-handle" in control.get_attribute("class"):
            control.focus()
            at_end = control.get_attribute("aria-valuenow") == control.get_attribute(
                "aria-valuemax"
            )
            control.press("ArrowLeft" if at_end else "ArrowRight")
        else:
            control.query_selector("button:not(.mod-active)").click()
        deadline = time.monotonic() + ANSWER / 1000
        while any(old == new for old, new in zip(before, faces(cell), strict=True)):
            assert time.monotonic() < deadline, f"the explorer in cell {index + 1} does not answer"
            reader.page.wait_for_timeout(100)


def faces(cell):
    """Return an explorer's words and picture."""
    *_, words, picture = cell.query_selector_all(".widget-html-content")
    return words.inner_text(), picture.inner_html()


def test_numbers_are_a_desktop_s(reader):
    reader.open("book/ledger.ipynb")
    reader.run()
    source = Path(numbers_here.__file__).read_text()
    there = reader.execute(
        f"{source}\nimport json\nprint(json.dumps([final_states(), commutes()]))"
    )
    for name, here in numbers_here.final_states().items():
        np.testing.assert_allclose(there[0][name], here, rtol=0, atol=1e-9, err_msg=name)
    here, there = np.array(numbers_here.commutes()), np.array(there[1])
    assert abs(there.mean() - here.mean()) < 1e-3
    assert np.mean(abs(there - here) < 1e-3) >= 0.99


def test_the_trap_sees_what_leaves_the_machine(context, trap):
    """The check of the checks: a page that asks for another machine is found out."""
    page = context.new_page()
    page.set_content('<img src="https://elsewhere.example/a.png">')
    page.evaluate("() => fetch('http://elsewhere.example/b').catch(() => 0)")
    page.close()
    assert sum("elsewhere.example" in line for line in trap.asked) == 2
    trap.asked.clear()
