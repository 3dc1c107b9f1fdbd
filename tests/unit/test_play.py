"""A film on a page and a game to play: frames, words, every button."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from d3c_minimal import explorers
from d3c_minimal.gridworlds import Coins, coins, scripted

WIDGET = "application/vnd.jupyter.widget-view+json"


def reels():
    made = {}
    for name in ("any", "own"):
        world, ties = Coins(size=3, steps=5, spawn=0.2), np.random.default_rng(0)
        policies = [scripted.greedy(world.rules, name, ties)] * 2
        episode = scripted.play(world, policies, np.random.default_rng(0), keep=True)
        made[name] = scripted.reel(world.rules, episode)
    return made


def test_a_film_shows_every_step_of_every_reel():
    made = reels()
    film = explorers.film(made, title="Two pairs", label="the pair", start=3, interval=400)
    figure = ET.fromstring(film.html())
    frames = [div for div in figure if div.get("class") == "d3c-frame"]
    assert len(frames) == 12
    words = [frame.get("data-words") for frame in frames]
    assert words == [f"{k.capitalize()}. {w}" for k, reel in made.items() for _, w in reel]
    assert [k for k, frame in enumerate(frames) if not frame.get("hidden")] == [3]
    for frame, (scene, _) in zip(frames[6:], made["own"], strict=True):
        svg = frame.find(".//{http://www.w3.org/2000/svg}svg")
        assert svg.get("aria-label") == scene.words + "."
    assert figure.find(".//button").get("data-interval") == "400"
    assert [option.text for option in figure.find(".//select")] == ["any", "own"]
    assert [span.text for span in figure.iter("span")] == ["the pair", "step"]


def test_a_film_of_one_reel_has_no_choice():
    figure = ET.fromstring(explorers.film(reels()["any"]).html())
    assert figure.find(".//select") is None
    assert figure.find(".//input").get("max") == "5"
    assert figure.find(".//button").get("data-interval") == "500"
    assert figure.find("output").text == "Step 0: an empty board. Rewards so far: A 0, B 0."


def test_films_that_cannot_be_shown_are_refused():
    made = reels()
    with pytest.raises(ValueError, match=r"reels of \[2, 6\] frames"):
        explorers.film({"any": made["any"], "own": made["own"][:2]})
    with pytest.raises(ValueError, match="a flicker"):
        explorers.film(made, interval=100)
    with pytest.raises(ValueError, match="heavy page"):
        explorers.film(made["any"] * 26)


def small_world():
    """A corridor: you are A on the left, B on the right, your coin and B's in between."""
    world = Coins(size=(1, 5), steps=3, spawn=0, collisions="fixed")
    game = explorers.play(world, lambda seen: 2, np.random.default_rng(0), title="A corridor")
    state = coins.State(np.array([0, 4]), np.array([0, 1, 0, 2, 0], np.int8))
    game._seen = world.reset(np.random.default_rng(0), state)
    return game


def parts(game):
    _, bar, words, screen = game.widget().children
    return {button.description: button for button in bar.children}, words, screen


def test_every_button_does_what_it_says():
    game = small_world()
    buttons, words, screen = parts(game)
    assert list(buttons) == ["up", "down", "left", "right", "stay", "new episode"]
    assert "You are A. 3 steps to go." in words.value
    assert "A at row 1 column 1" in screen.value
    buttons["right"].click()
    assert words.value == (
        '<div role="status">Step 1: A takes its own coin and B takes its own coin. '
        "Rewards so far: A +1, B +1.</div>"
    )
    assert "A at row 1 column 2; B at row 1 column 4" in screen.value
    buttons["right"].click()
    assert "Step 2: B is held up" in words.value
    buttons["left"].click()
    assert "A at row 1 column 2" in screen.value
    assert words.value.count("The episode is over.") == 1
    before = words.value
    for name in ("up", "down", "left", "right", "stay"):
        buttons[name].click()
        assert words.value == before
    buttons["new episode"].click()
    assert "You are A. 3 steps to go." in words.value
    assert game.returns == [0, 0]
    assert not game.done


@pytest.mark.parametrize("name", ["up", "down", "left", "right", "stay"])
def test_each_move_is_its_own(name):
    world = Coins(size=3, steps=2, spawn=0)
    game = explorers.play(world, lambda seen: 4, np.random.default_rng(0))
    game._seen = world.reset(
        np.random.default_rng(0), coins.State(np.array([4, 0]), np.zeros(9, np.int8))
    )
    _, bar, _, _ = (None, *game.widget().children)
    button = next(b for b in bar.children if b.description == name)
    button.click()
    wanted = {"up": 1, "down": 7, "left": 3, "right": 5, "stay": 4}[name]
    assert world.state.position.tolist() == [wanted, 0]
    assert button.tooltip == f"{name}, one step"


def test_the_policy_sees_what_its_agent_sees():
    seen = []
    world = Coins(kind="compact", steps=4, spawn=0.1)

    def policy(observation):
        seen.append(observation)
        return np.int64(4)

    game = explorers.play(world, policy, np.random.default_rng(2), player=1)
    assert game.words == "You are B. 4 steps to go."
    for _ in range(4):
        expected = world.observe()[0]
        game.act(3)
        np.testing.assert_array_equal(seen[-1], expected)
    assert game.done
    words = game.words
    game.act(3)
    assert (len(seen), game.words) == (4, words)


def test_who_stays_put_loses_to_the_greedy():
    world = Coins(spawn=0.05, steps=40)
    greedy = scripted.greedy(world.rules, "any", np.random.default_rng(0))
    game = explorers.play(world, greedy, np.random.default_rng(0))
    for _ in range(40):
        game.act(4)
    assert game.returns[1] > 10
    assert game.returns[0] < -10
    assert game.words.endswith("The episode is over.")


def test_the_page_shows_the_board_and_where_to_play(monkeypatch):
    game = small_world()
    monkeypatch.delenv("D3C_EXPLORERS", raising=False)
    bundle = game._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", WIDGET}
    assert bundle["text/plain"] == game.words
    figure = ET.fromstring(bundle["text/html"])
    caption = figure.find("figcaption").text
    assert caption.startswith("A corridor You are A.")
    assert caption.endswith("open this chapter in the live edition.")
    assert figure.find(".//button") is None
    monkeypatch.setenv("D3C_EXPLORERS", "static")
    assert set(game._repr_mimebundle_()) == {"text/plain", "text/html"}


@pytest.mark.parametrize(
    ("world", "options", "says"),
    [
        (Coins(envs=2), {}, "one world"),
        (Coins(kind="none"), {}, "one world"),
        (Coins(), {"player": 2}, "numbered 0 to 1"),
    ],
)
def test_what_cannot_be_played_is_refused(world, options, says):
    with pytest.raises(ValueError, match=says):
        explorers.play(world, lambda seen: 0, np.random.default_rng(0), **options)
