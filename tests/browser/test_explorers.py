"""Every explorer on every page, from the keyboard: the frame, the words and what is spoken follow."""

import re

import pytest
from conftest import CHAPTERS, HTML

STATE = """(explorer) => {
  const frames = [...explorer.querySelectorAll(".d3c-frame")];
  const shown = frames.map((f, k) => (f.hidden ? -1 : k)).filter((k) => k >= 0);
  return { shown, count: frames.length, said: explorer.querySelector("output").textContent,
           words: shown.map((k) => frames[k].dataset.words),
           visible: shown.every((k) => frames[k].getBoundingClientRect().height > 50) };
}"""


def with_explorers():
    """List the pages that have explorers."""
    return [
        name
        for name in CHAPTERS
        if (page := HTML / f"{name}.html").exists()
        and '<figure class="d3c-explorer"' in page.read_text(encoding="utf-8")
    ]


def state(explorer):
    """Return what an explorer shows, after a check that it is one frame and its words."""
    now = explorer.evaluate(STATE)
    assert len(now["shown"]) == 1
    assert now["visible"]
    assert now["said"] == now["words"][0] != ""
    return now


def test_there_are_explorers():
    assert CHAPTERS[0] in with_explorers()


@pytest.mark.parametrize("name", with_explorers())
def test_sliders_follow_the_keyboard_from_end_to_end(visit, name):
    page = visit(name)
    for explorer in page.tab.locator("figure.d3c-explorer").all():
        state(explorer)
        for slider in explorer.locator("input[type=range]").all():
            move_through(explorer, slider)
    assert page.complaints == []


def move_through(explorer, slider):
    """Press Home, each arrow to the end, End and one back; the state must follow each time."""
    last = int(slider.get_attribute("max"))
    slider.focus()
    slider.press("Home")
    seen = [state(explorer)["shown"]]
    said = {state(explorer)["said"]}
    for position in range(1, last + 1):
        slider.press("ArrowRight")
        assert slider.input_value() == str(position)
        now = state(explorer)
        seen.append(now["shown"])
        said.add(now["said"])
        assert slider.get_attribute("aria-valuetext") == now["said"]
    assert len({tuple(each) for each in seen}) == last + 1
    assert len(said) > 1, "the words never change"
    slider.press("End")
    assert state(explorer)["shown"] == seen[-1]
    slider.press("ArrowLeft")
    assert state(explorer)["shown"] == seen[-2]
    slider.press("Home")
    assert state(explorer)["shown"] == seen[0]


@pytest.mark.parametrize("name", with_explorers())
def test_choices_follow_the_keyboard(visit, name):
    page = visit(name)
    for explorer in page.tab.locator("figure.d3c-explorer").all():
        for choice in explorer.locator("select").all():
            options = choice.locator("option").count()
            choice.focus()
            choice.press("Home")
            seen = [state(explorer)["shown"]]
            for _ in range(options - 1):
                choice.press("ArrowDown")
                seen.append(state(explorer)["shown"])
            assert len({tuple(each) for each in seen}) == options
    assert page.complaints == []


@pytest.mark.parametrize("name", with_explorers())
def test_play_moves_and_stops(visit, name):
    page = visit(name)
    page.tab.clock.install()
    page.tab.reload(wait_until="load")
    for explorer in page.tab.locator("figure.d3c-explorer:has(.d3c-play)").all():
        button = explorer.locator(".d3c-play")
        slider = explorer.locator("label:has(+ .d3c-play) input")
        slider.press("Home")
        button.focus()
        button.press("Enter")
        seen = {tuple(state(explorer)["shown"])}
        for _ in range(int(slider.get_attribute("max"))):
            page.tab.clock.run_for(800)
            seen.add(tuple(state(explorer)["shown"]))
        page.tab.clock.run_for(800)
        assert len(seen) == int(slider.get_attribute("max")), "it did not show every frame"
        assert button.text_content() == "Play", "it did not stop at the end"
        button.press("Enter")
        assert slider.input_value() == "0", "it did not begin again"
        button.press("Enter")
        assert button.text_content() == "Play", "it cannot be stopped"


def test_nothing_moves_unasked_and_less_motion_is_heeded(visit):
    page = visit(CHAPTERS[0], reduced_motion="reduce")
    before = [state(e) for e in page.tab.locator("figure.d3c-explorer").all()]
    page.tab.wait_for_timeout(1200)
    assert [state(e) for e in page.tab.locator("figure.d3c-explorer").all()] == before
    moving = page.tab.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => {
          const look = getComputedStyle(e);
          return look.scrollBehavior === "smooth" || parseFloat(look.transitionDuration) > 0.01
            || (look.animationName !== "none" && parseFloat(look.animationDuration) > 0.01);
        }).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert moving == []


def test_first_explorer_answers_soon(visit, record_property):
    """Time from the request to a first page on which the explorer can be moved, on this machine."""
    page = visit(CHAPTERS[0])
    ready = page.tab.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
    record_property("milliseconds", ready)
    assert ready < 5000


def test_each_state_is_named_in_words(visit):
    page = visit(CHAPTERS[0])
    words = page.tab.locator("figure.d3c-explorer .d3c-frame").evaluate_all(
        "(frames) => frames.map((f) => f.dataset.words)"
    )
    assert all(re.search(r"\d", each) and len(each.split()) > 3 for each in words)
