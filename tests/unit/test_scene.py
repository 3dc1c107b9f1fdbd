"""A hand-made state, drawn: exact pixels, exact marks, exact words, and a small legible SVG."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from d3c_minimal import plots
from d3c_minimal.gridworlds import Coins, coins
from d3c_minimal.gridworlds.scene import COLOURS, LINE, PAPER, Mark, Scene, pixels
from d3c_minimal.plots import style

SVG = "{http://www.w3.org/2000/svg}"
RULES = coins.Rules(size=(2, 3))
STATE = coins.State(np.array([0, 5]), np.array([0, 2, 0, 1, 0, 0], np.int8))
WORDS = (
    "A at row 1 column 1; B at row 2 column 3; coin of A at row 2 column 1; "
    "coin of B at row 1 column 2"
)
# One cell is 5 pixels: a border and 4 x 4 inside. s: square, o: ring, -: border, .: paper.
DRAWN = """
----------------
-....-....-....-
-.AA.-.bb.-....-
-.AA.-.bb.-....-
-....-....-....-
----------------
-....-....-....-
-.aa.-....-.BB.-
-.aa.-....-.BB.-
-....-....-....-
----------------
"""
# 8 pixels: 7 x 7 inside, where squares and rings differ.
SQUARE = [".......", ".#####.", ".#####.", ".#####.", ".#####.", ".#####.", "......."]
RING = [".......", "..###..", ".#...#.", ".#...#.", ".#...#.", "..###..", "......."]


def test_a_state_as_marks_and_words():
    scene = coins.scene(RULES, STATE)
    assert (scene.rows, scene.columns, scene.words) == (2, 3, WORDS)
    assert set(scene.marks) == {
        Mark(0, 0, "square", 0, "A"),
        Mark(1, 2, "square", 1, "B"),
        Mark(1, 0, "ring", 0, "a"),
        Mark(0, 1, "ring", 1, "b"),
    }
    empty = STATE._replace(coins=np.zeros(6, np.int8))
    assert coins.scene(RULES, empty).words.endswith("; no coin of A; no coin of B")
    both = STATE._replace(coins=np.array([0, 2, 2, 0, 0, 0], np.int8))
    assert "coins of B at row 1 column 2, row 1 column 3" in coins.scene(RULES, both).words
    with pytest.raises(ValueError, match="select"):
        coins.scene(RULES, coins.start(RULES, np.random.default_rng(0), (2,)))


def test_exact_pixels():
    image = pixels(coins.scene(RULES, STATE), cell=5)
    assert image.shape == (11, 16, 3)
    assert image.dtype == np.uint8
    colour = {"-": LINE, ".": PAPER, "A": COLOURS[0], "B": COLOURS[1]}
    colour |= {"a": COLOURS[0], "b": COLOURS[1]}
    wanted = [[colour[c] for c in line] for line in DRAWN.split()]
    np.testing.assert_array_equal(image, wanted)


def test_squares_and_rings_differ():
    for shape, drawing in (("square", SQUARE), ("ring", RING)):
        image = pixels(Scene(1, 1, (Mark(0, 0, shape, 1, "x"),), ""), cell=8)[1:8, 1:8]
        found = ["".join(".#"[int((p == COLOURS[1]).all())] for p in row) for row in image]
        assert found == drawing
    with pytest.raises(ValueError, match="at least 5 pixels"):
        pixels(Scene(1, 1, (), ""), cell=4)


def test_the_wrapper_draws_any_world_of_a_batch():
    world = Coins(envs=(2, 3), kind="none", spawn=0.3, steps=4)
    with pytest.raises(ValueError, match="has not begun"):
        world.scene((0, 0))
    world.reset(np.random.default_rng(0))
    with pytest.raises(ValueError, match="nothing has happened"):
        world.tell((0, 0))
    for _ in range(4):
        world.step(np.full((2, 3, 2), 3))
    one = coins.State(world.state.position[1, 2], world.state.coins[1, 2])
    assert world.scene((1, 2)) == coins.scene(world.rules, one)
    np.testing.assert_array_equal(
        world.render((1, 2), cell=7), pixels(coins.scene(world.rules, one), 7)
    )
    assert world.render((1, 2)).shape == (61, 61, 3)
    assert world.agent_names == "AB"


def events(taken, blocked):
    return coins.Events(np.array(taken, np.int8), np.zeros(25, np.int8), np.array(blocked))


def test_what_happened_in_words():
    rules = coins.Rules()
    assert coins.tell(rules, events([0, 0], [False, False])) == "no coin is taken"
    assert coins.tell(rules, events([1, 1], [False, False])) == (
        "A takes its own coin and B takes a coin of A"
    )
    assert coins.tell(rules, events([2, 0], [False, True])) == (
        "A takes a coin of B and B is held up"
    )
    found = coins.pickups(events([2, 0], [False, True]), 2)
    assert found.tolist() == [[0, 1], [0, 0]]


def test_the_drawing_is_a_small_labelled_svg():
    board = plots.grid(coins.scene(RULES, STATE), alt="Two agents", caption="A < B")
    assert board.alt == f"Two agents. {WORDS}."
    figure = ET.fromstring(board.html())
    svg = figure.find(f".//{SVG}svg")
    assert (svg.get("role"), svg.get("aria-label")) == ("img", board.alt)
    assert svg.get("viewBox") == "-1 -1 32 22"
    assert figure.find("figcaption").text == "A < B"
    letters = {(t.text, t.get("x"), t.get("y")) for t in svg.iter(f"{SVG}text")}
    assert letters == {
        ("A", "5", "6.7"),
        ("B", "25", "16.7"),
        ("a", "5", "16.7"),
        ("b", "15", "6.7"),
    }
    squares = {(r.get("x"), r.get("y"), r.get("fill")) for r in svg.iter(f"{SVG}rect")}
    assert squares == {("1", "1", style.BLUE), ("21", "11", style.VERMILLION)}
    rings = {(c.get("cx"), c.get("cy"), c.get("stroke")) for c in svg.iter(f"{SVG}circle")}
    assert rings == {("5", "15", style.BLUE), ("15", "5", style.VERMILLION)}
    assert len(board.html()) < 1800
    assert not re.search(r"<script|\son\w+=|<style| id=", board.html())
    assert board._repr_mimebundle_() == {"text/plain": board.alt, "text/html": board.html()}
    assert 'style="margin:0"' in board.html(inner=True)


def test_a_board_is_saved_dark_on_white(tmp_path):
    board = plots.grid(coins.scene(RULES, STATE))
    board.save(tmp_path / "board.svg")
    svg = ET.parse(tmp_path / "board.svg").getroot()
    assert svg.get("color") == "#1a1a1a"
    ground = svg.find(f"{SVG}rect")
    assert (ground.get("fill"), ground.get("width")) == ("#fff", "100%")
    with pytest.raises(ValueError, match=r"saved as \.svg"):
        board.save(tmp_path / "board.png")


@pytest.mark.parametrize(
    ("mark", "says"),
    [
        (Mark(0, 3, "ring", 0, "a"), "columns to 2"),
        (Mark(-1, 0, "ring", 0, "a"), "rows go from 0 to 1"),
        (Mark(0, 0, "star", 0, "a"), "choose square or ring"),
    ],
)
def test_marks_that_cannot_be_drawn_are_refused(mark, says):
    with pytest.raises(ValueError, match=says):
        plots.grid(Scene(2, 3, (mark,), "x"))
