"""Explorers: both faces show the same frames and say the same words."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import d3c_minimal.explorers
from d3c_minimal import plots
from d3c_minimal.explorers import Choice, Explorer, Slider

T = np.arange(5.0)
WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "{http://www.w3.org/2000/svg}svg"


def draw(a, b="x"):
    return plots.lines(T, a * T, alt=f"a is {a:g}, b is {b}")


def say(a, b="x"):
    return f"a {a:g} & b {b}: slope <{a:g}>"


def one_control(**options):
    return Explorer(draw, {"a": Slider([0.0, 0.5, 1.0], label="the slope")}, say, **options)


def two_controls(**options):
    controls = {
        "a": Slider([1.0, 2.0, 3.0], label="a", live=(0.0, 10.0)),
        "b": Choice({"open": "o", "closed": None}, label="b"),
    }
    return Explorer(draw, controls, say, **options)


def parsed(explorer):
    return ET.fromstring(explorer.html())


def frames_of(figure):
    return [div for div in figure if div.get("class") == "d3c-frame"]


@pytest.mark.parametrize("make", [one_control, two_controls])
def test_every_frame_can_be_drawn_and_has_words_of_its_own(make):
    frames = list(make().frames())
    assert [picture.alt.startswith(f"a is {v['a']:g}") for v, picture, _ in frames] == [True] * len(
        frames
    )
    assert [words for *_, words in frames] == [say(**values) for values, *_ in frames]
    assert len({words for *_, words in frames}) == len(frames)
    assert len(frames) == {one_control: 3, two_controls: 6}[make]


def test_page_shows_the_start_and_hides_the_rest():
    explorer = one_control(start={"a": 0.5}, title="A < B")
    text = explorer.html()
    assert text.startswith('<figure class="d3c-explorer">')
    figure = ET.fromstring(text)
    assert figure.find("figcaption").text == "A < B"
    frames = frames_of(figure)
    assert [frame.get("hidden") for frame in frames] == ["hidden", None, "hidden"]
    assert [frame.get("data-words") for frame in frames] == [say(0.0), say(0.5), say(1.0)]
    assert figure.find("output").text == say(0.5)
    assert figure.find("output").get("aria-live") == "off"  # the input says it already
    assert all(frame.find(f".//{SVG}").get("role") == "img" for frame in frames)


def test_page_inputs_are_native_and_labelled():
    figure = parsed(one_control(start={"a": 0.5}))
    label = figure.find(".//label")
    assert label.find("span").text == "the slope"
    wanted = {"type": "range", "min": "0", "max": "2", "step": "1", "value": "1"}
    wanted |= {"data-stride": "1", "aria-valuetext": say(0.5)}
    assert wanted.items() <= label.find("input").attrib.items()
    button = figure.find(".//button")
    assert (button.get("type"), button.text) == ("button", "Play")
    assert figure.find("div").get("hidden")  # shown by the script, without which it does nothing
    assert not re.search(r"<script|\son\w+=", one_control().html())


def test_two_controls_count_frames_with_the_last_fastest():
    explorer = two_controls(start={"a": 2.0, "b": None})
    figure = parsed(explorer)
    slider, select = figure.find(".//input"), figure.find(".//select")
    strides = [int(slider.get("data-stride")), int(select.get("data-stride"))]
    assert strides == [2, 1]
    frames = frames_of(figure)
    for i, a in enumerate((1.0, 2.0, 3.0)):
        for j, b in enumerate(("o", None)):
            frame = frames[i * strides[0] + j * strides[1]]
            assert frame.get("data-words") == say(a, b)
            assert f"b is {b}" in frame.find(f".//{SVG}").get("aria-label")
    assert [option.get("selected") for option in select] == [None, "selected"]
    assert [option.text for option in select] == ["open", "closed"]
    shown = [k for k, frame in enumerate(frames) if not frame.get("hidden")]
    assert shown == [int(slider.get("value")) * 2 + 1] == [3]


def test_ids_are_unique_over_frames_and_over_showings():
    explorer = two_controls()
    ids = re.findall(r' id="([^"]+)"', explorer.html() + explorer.html())
    assert len(ids) == len(set(ids)) > 0


def test_bundle_has_both_faces_and_the_words(monkeypatch):
    monkeypatch.delenv("D3C_EXPLORERS", raising=False)
    bundle = one_control()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", WIDGET}
    assert bundle["text/plain"] == say(0.0)
    assert set(bundle[WIDGET]) >= {"model_id", "version_major"}
    monkeypatch.setenv("D3C_EXPLORERS", "static")
    assert set(one_control()._repr_mimebundle_()) == {"text/plain", "text/html"}
    monkeypatch.setenv("D3C_EXPLORERS", "live")
    live = one_control()._repr_mimebundle_()
    assert len(frames_of(ET.fromstring(live["text/html"]))) == 1
    assert "<input" not in live["text/html"]


def parts(box):
    *_, bar, words, screen = box.children
    return bar.children, words, screen


def test_widget_draws_anew_at_any_value():
    controls, words, screen = parts(two_controls(title="A").widget())
    slider, choice, player = controls
    assert "a is 1, b is o" in screen.value
    slider.value = 7.25
    assert "a is 7.25, b is o" in screen.value
    assert words.value == "a 7.25 &amp; b o: slope &lt;7.25&gt;"
    choice.index = 1
    assert "a is 7.25, b is None" in screen.value
    assert choice.index == 1  # None is a value like any other
    player.value = 2
    assert slider.value == 3.0
    assert "a is 3, b is None" in screen.value


def test_widget_of_a_slider_without_a_live_range_offers_the_values():
    (slider, _), words, screen = parts(one_control(start={"a": 0.5}).widget())
    assert list(slider._options_labels) == ["0", "0.5", "1"]
    assert words.value == "a 0.5 &amp; b x: slope &lt;0.5&gt;"
    slider.index = 2
    assert "a is 1" in screen.value


def test_widget_logarithmic_range():
    control = Slider([0.01, 0.1], label="eps", live=(0.001, 1.0), log=True)
    widget = control.widget(1)
    assert (widget.min, widget.max) == pytest.approx((-3, 0))
    assert widget.value == pytest.approx(0.1)


def test_widget_says_where_nothing_can_be_drawn():
    def broken(a):
        if a > 1:
            raise ValueError("a must be at most 1")
        return draw(a)

    explorer = Explorer(broken, {"a": Slider([0.0, 1.0], label="a", live=(0.0, 5.0))}, say)
    (slider, _), words, screen = parts(explorer.widget())
    slider.value = 2.0
    assert words.value == "Nothing to draw here: a must be at most 1"
    assert screen.value == ""
    slider.value = 0.5
    assert "a is 0.5" in screen.value


def test_numpy_values_become_plain_numbers():
    slider = Slider(np.linspace(0, 0.3, 4), label="eps")
    assert all(type(value) is float for value in slider.values)
    assert slider.index(0.2) == 2  # linspace gives 0.19999999999999998
    assert slider.words(0.1) == "0.1"
    assert Slider([0, 1], label="p", format=lambda v: f"{v} %").words(1) == "1 %"


def test_play_can_be_left_out_or_moved():
    assert parsed(one_control(play=False)).find(".//button") is None
    assert len(parts(one_control(play=False).widget())[0]) == 1
    only_choice = Explorer(draw, {"a": Choice({"x": 1.0, "y": 2.0}, label="a")}, say)
    assert parsed(only_choice).find(".//button") is None


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (lambda: Explorer(draw, {}, say), "needs a control"),
        (lambda: one_control(start={"a": 0.3}), "not among the values 0.0, 0.5, 1.0"),
        (lambda: one_control(start={"c": 0.5}), "no such control"),
        (lambda: one_control(play="b"), "one of the sliders"),
        (lambda: Slider([1.0], label="a"), "at least two"),
        (lambda: Choice({"one": 1}, label="a"), "at least two"),
        (lambda: Slider([1, 2], label="a", live=(1.5, 3)), "hold all"),
        (lambda: Slider([1, 2], label="a", live=(3, 1)), r"\(low, high\)"),
        (lambda: Slider([0, 2], label="a", live=(0, 3), log=True), "above 0"),
        (lambda: Explorer(draw, {"a": Slider(range(151), label="a")}, say), "fewer values"),
    ],
)
def test_mistakes_are_answered_with_the_remedy(wrong, remedy):
    with pytest.raises(ValueError, match=remedy):
        wrong()


def test_script_and_style_sheet_come_with_the_package():
    folder = Path(d3c_minimal.explorers.__file__).parent
    script = (folder / "explorer.js").read_text()
    assert "https" not in script
    used = set(re.findall(r"\.(d3c-[a-z]+)", script + (folder / "explorer.css").read_text()))
    made = set(re.findall(r"d3c-[a-z]+", two_controls().html()))
    assert used <= made


def test_importing_explorers_does_not_import_ipywidgets():
    code = "import sys, d3c_minimal.explorers; assert 'ipywidgets' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
