"""Every explorer, from the keyboard: frame, words and what is spoken follow its controls."""

import re
from datetime import datetime, timedelta

import pytest

from site_visits import CHAPTERS, HTML

STATE = """(control) => {
  const explorer = control.closest("figure.d3c-explorer");
  const frames = [...explorer.querySelectorAll(".d3c-frame")];
  const shown = frames.filter((frame) => !frame.hidden);
  return { value: control.value, spoken: control.getAttribute("aria-valuetext"),
           said: explorer.querySelector("output").textContent,
           frames: shown.map((frame) => frames.indexOf(frame)),
           words: shown.map((frame) => frame.dataset.words),
           heights: shown.map((frame) => frame.getBoundingClientRect().height) };
}"""


def with_explorers():
    """List the pages that have explorers."""
    return [
        name
        for name in CHAPTERS
        if (page := HTML / f"{name}.html").exists()
        and '<figure class="d3c-explorer"' in page.read_text(encoding="utf-8")
    ]


def state(control):
    """Return what the explorer of a control shows, checked to be one frame and its words."""
    now = control.evaluate(STATE)
    assert len(now["frames"]) == 1
    assert now["heights"][0] > 50
    assert now["said"] == now["words"][0] != ""
    assert now["spoken"] in (None, now["said"])
    return now


def test_there_are_explorers():
    assert CHAPTERS[0] in with_explorers()


@pytest.mark.parametrize("name", with_explorers())
def test_controls_follow_the_keyboard_from_end_to_end(visit, name):
    page = visit(name)
    for slider in page.tab.locator("figure.d3c-explorer input[type=range]").all():
        move_slider(slider)
    for choice in page.tab.locator("figure.d3c-explorer select").all():
        move_choice(choice)
    assert page.complaints == []


def move_slider(slider):
    """Press Home, each arrow to the end, End and back; the state must follow each time."""
    last = int(slider.get_attribute("max"))
    slider.focus()
    slider.press("Home")
    seen = [state(slider)]
    for position in range(1, last + 1):
        slider.press("ArrowRight")
        seen.append(state(slider))
        assert seen[-1]["value"] == str(position)
        assert seen[-1]["spoken"] == seen[-1]["said"]
    assert len({each["frames"][0] for each in seen}) == last + 1
    assert len({each["said"] for each in seen}) > 1, "the words never change"
    for key, expected in (("End", seen[-1]), ("ArrowLeft", seen[-2]), ("Home", seen[0])):
        slider.press(key)
        assert state(slider) == expected


def move_choice(choice):
    """Choose each option in turn."""
    choice.focus()
    choice.press("Home")
    seen = [state(choice)]
    for _ in range(choice.locator("option").count() - 1):
        choice.press("ArrowDown")
        seen.append(state(choice))
    assert len({each["frames"][0] for each in seen}) == len(seen)


@pytest.mark.parametrize("name", with_explorers())
def test_play_moves_and_stops(visit, name):
    page = visit(name, clock=True)
    page.tab.clock.pause_at(datetime.now() + timedelta(hours=1))
    for button in page.tab.locator("figure.d3c-explorer .d3c-play").all():
        slider = button.locator("xpath=preceding-sibling::label[1]//input")
        last = int(slider.get_attribute("max"))
        pace = int(button.get_attribute("data-interval"))
        slider.press("Home")
        button.press("Enter")  # moves once at the press, then at its pace
        seen = [state(slider)["frames"][0]]
        for _ in range(last - 1):
            page.tab.clock.run_for(pace)
            seen.append(state(slider)["frames"][0])
        assert len(set(seen)) == last, "it did not show every frame"
        page.tab.clock.run_for(pace)
        assert button.text_content() == "Play", "it did not stop at the end"
        button.press("Enter")
        assert state(slider)["value"] == "0", "it did not begin again"
        button.press("Enter")
        assert button.text_content() == "Play", "it cannot be stopped"


def test_nothing_moves_unasked_and_less_motion_is_heeded(visit):
    page = visit(CHAPTERS[0], reduced_motion="reduce")
    sliders = page.tab.locator("figure.d3c-explorer input").all()
    before = [state(slider) for slider in sliders]
    page.tab.wait_for_timeout(1200)
    assert [state(slider) for slider in sliders] == before
    moving = page.tab.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => {
          const look = getComputedStyle(e);
          return look.scrollBehavior === "smooth" || parseFloat(look.transitionDuration) > 0.01
            || (look.animationName !== "none" && parseFloat(look.animationDuration) > 0.01);
        }).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert moving == []


def test_first_explorer_answers_soon(visit, record_property):
    """Time until the first explorer can be moved, from this machine's own server."""
    page = visit(CHAPTERS[0])
    ready = page.tab.evaluate(
        "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
    )
    record_property("milliseconds", ready)
    assert 0 < ready < 5000


def test_each_state_is_named_in_words(visit):
    page = visit(CHAPTERS[0])
    words = page.tab.locator("figure.d3c-explorer .d3c-frame").evaluate_all(
        "(frames) => frames.map((f) => f.dataset.words)"
    )
    assert all(re.search(r"\d", each) and len(each.split()) > 3 for each in words)
