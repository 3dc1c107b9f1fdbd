"""The errata: each entry says what is printed, what it should read, and where that is shown."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("*As printed:*", "*Should read:*", "*Shown:*")


def entries(text):
    """Yield (title, body) of each definition-list entry."""
    for block in re.split(r"\n\n(?=[^\s:])", text):
        lines = block.strip().splitlines()
        if any(line.startswith(": ") for line in lines):
            yield lines[0], "\n".join(lines[1:])


def problems(text):
    """Yield a sentence for each entry that lacks a part or points nowhere in the book."""
    for title, body in entries(text):
        for part in PARTS:
            if body.count(f": {part}") != 1:
                yield f"{title}: no {part}"
        shown = body.split(PARTS[2])[-1]
        chapters = re.findall(r"\]\(([\w/]+)(?:\.ipynb#[\w-]+)?\)", shown)
        if not chapters and "{func}" not in shown:
            yield f"{title}: nothing shows it"
        for chapter in chapters:
            if not (ROOT / "book" / f"{chapter}.ipynb").exists():
                yield f"{title}: no chapter {chapter}"


def test_every_erratum_has_its_three_parts_and_a_chapter():
    text = (ROOT / "book" / "errata.md").read_text(encoding="utf-8")
    assert len(list(entries(text))) > 30
    assert list(problems(text)) == []


def test_what_is_missing_is_found():
    whole = "(1)\n: *As printed:* a\n: *Should read:* b\n: *Shown:* [c](theory/criteria)."
    assert list(problems(whole)) == []
    assert list(problems(whole.replace("*Should", "*should"))) == ["(1): no *Should read:*"]
    assert list(problems(whole.replace("criteria", "nowhere"))) == [
        "(1): no chapter theory/nowhere"
    ]
    assert list(problems(whole.replace("[c](theory/criteria)", "soon"))) == [
        "(1): nothing shows it"
    ]
