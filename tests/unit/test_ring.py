"""Trust-Your-Brother: episodes by hand, invariants, and the optimum by brute force."""

import itertools
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal.gridworlds import ring
from d3c_minimal.gridworlds.ring import CLOCKWISE, COUNTER, STAY, Noise, Ring, Rules, State
from d3c_minimal.gridworlds.scene import COLOURS
from d3c_minimal.gridworlds.world import moment, select

some = settings(max_examples=80, deadline=None, derandomize=True)


def at(predator, one, two):
    return State(np.array(predator), np.array([one, two]))


def go(state, one, two, coin=True, **rules):
    return ring.step(Rules(**rules), state, np.array([one, two]), Noise(np.array(coin)))


def places(state):
    return int(state.predator), *map(int, state.prey)


# One step by hand: predator at 0, prey at 2 and 3, the predator steps to 1.
@pytest.mark.parametrize(
    ("one", "two", "prey", "rewards"),
    [
        (STAY, STAY, (2, 3), (-1.0, 0.0)),
        (CLOCKWISE, CLOCKWISE, (3, 4), (-0.1, -0.1)),
        (CLOCKWISE, STAY, (2, 3), (-1.1, 0.0)),  # the way is closed, the attempt is paid for
        (COUNTER, STAY, (2, 3), (-1.1, 0.0)),  # the predator is in the way
        (STAY, CLOCKWISE, (2, 4), (-1.0, -0.1)),
        (CLOCKWISE, COUNTER, (2, 3), (-1.1, -0.1)),  # they would change places
        (STAY, COUNTER, (2, 3), (-1.0, -0.1)),
    ],
)
def test_one_step_by_hand(one, two, prey, rewards):
    state, got, events = go(at(0, 2, 3), one, two)
    assert places(state) == (1, *prey)
    np.testing.assert_allclose(got, rewards, atol=1e-15)
    np.testing.assert_array_equal(events.tried, np.array([one, two]) != STAY)
    np.testing.assert_array_equal(events.moved, np.array(prey) != [2, 3])
    np.testing.assert_array_equal(events.caught, np.array(rewards) <= -1)


def test_prey_that_want_the_same_free_cell_both_stay():
    state, rewards, _ = go(at(0, 2, 4), CLOCKWISE, COUNTER)
    assert places(state)[1:] == (2, 4)
    assert rewards.min() <= -1.1


def test_both_prey_can_be_caught_at_once():
    _, rewards, events = go(at(0, 1, 5), STAY, CLOCKWISE)
    assert events.caught.all()
    np.testing.assert_allclose(rewards, [-1.0, -1.1])


def test_the_predator_goes_to_the_nearest_stays_beside_it_and_tosses_a_coin():
    assert places(go(at(0, 3, 4), STAY, STAY)[0])[0] == 5
    assert places(go(at(0, 2, 3), STAY, STAY)[0])[0] == 1
    assert places(go(at(1, 2, 4), STAY, STAY)[0])[0] == 1
    assert places(go(at(0, 2, 4), STAY, STAY, coin=True)[0])[0] == 1
    assert places(go(at(0, 2, 4), STAY, STAY, coin=False)[0])[0] == 5


def test_prey_that_move_first_are_run_after():
    state, rewards, _ = go(at(0, 2, 3), CLOCKWISE, CLOCKWISE, first="prey")
    assert places(state) == (5, 3, 4)
    np.testing.assert_allclose(rewards, [-0.1, -1.1])


@pytest.mark.parametrize(
    ("way", "total"), [((STAY, STAY), -5.0), ((CLOCKWISE, CLOCKWISE), -1.0), ((1, 0), -5.5)]
)
def test_scripted_episodes(way, total):
    world = Ring(4)
    rng = np.random.default_rng(0)
    world.reset(rng, ring.start(Rules(nearer="balanced"), rng, (4,)))
    nearer = world.state.prey.argmin(-1)
    np.testing.assert_array_equal(nearer, [0, 1, 0, 1])
    actions = np.where(np.arange(2) == nearer[:, None], way[0], way[1])
    sums = 0.0
    for t in range(5):
        _, rewards, done = world.step(actions)
        sums = sums + rewards.sum(-1)
        assert done == (t == 4)
    np.testing.assert_allclose(sums, total)


def test_what_the_prey_see():
    # Prey 1 two cells clockwise of the predator: 2 back, 4 on; prey 2 opposite: 3 and 3.
    seen = ring.observe(Rules(), at(5, 1, 2))
    np.testing.assert_array_equal(seen, [[-2, 0], [-2, 0]])
    assert seen.dtype == np.float32
    np.testing.assert_array_equal(ring.observe(Rules(), at(0, 5, 1))[0], [4, -4])


def test_starts():
    rng = np.random.default_rng(1)
    one = ring.start(Rules(), rng, (3, 10))
    assert (one.predator == 0).all()
    np.testing.assert_array_equal(one.prey[1], [[2, 3], [3, 2]] * 5)
    both = ring.start(Rules(sides="both", nearer="random"), rng, (4000,))
    kinds, counts = np.unique(both.prey, axis=0, return_counts=True)
    np.testing.assert_array_equal(kinds, [[2, 3], [3, 2], [3, 4], [4, 3]])
    assert abs(counts / 4000 - 0.25).max() < 0.04
    alone = {tuple(ring.start(Rules(), rng).prey) for _ in range(40)}
    assert alone == {(2, 3), (3, 2)}
    coins = ring.draw(Rules(), rng, 5, (1000,)).coin
    assert coins.shape == (5, 1000)
    assert abs(coins.mean() - 0.5) < 0.03


def test_the_table_is_the_world():
    world = ring.table(Rules())
    assert len(world.places) == 20
    for s, (one, two) in enumerate(world.places):
        assert world.number[one, two] == s
        np.testing.assert_array_equal(world.seen[s], [2 * one - 6, 2 * two - 6])
        for coin, a, b in itertools.product(range(2), range(3), range(3)):
            after, rewards, _ = go(at(4, (one + 4) % 6, (two + 4) % 6), a, b, coin == 1)
            away = tuple((after.prey - after.predator) % 6)
            assert world.number[away] == world.then[coin, s, a, b]
            np.testing.assert_array_equal(rewards, world.rewards[coin, s, a, b])
    assert (world.then >= 0).all()


def tree(rules, state, steps, weights):
    """Return the best expected weighted reward by the whole game tree, on positions, no table."""
    if steps == 0:
        return 0.0
    worth = []
    for a, b in itertools.product(range(3), range(3)):
        ways = [
            ring.step(rules, state, np.array([a, b]), Noise(np.array(c))) for c in (True, False)
        ]
        value = [r @ weights + tree(rules, s, steps - 1, weights) for s, r, _ in ways]
        worth.append(sum(value) / 2)
    return max(worth)


@pytest.mark.parametrize(
    ("first", "steps", "total"), [("predator", 2, -0.4), ("predator", 3, -0.6), ("prey", 2, -2.0)]
)
def test_the_optimum_is_the_game_trees(first, steps, total):
    rules = Rules(first=first, steps=steps)
    by_tree = tree(rules, at(0, 2, 3), steps, np.ones(2))
    values, _ = ring.best(rules)
    s = ring.table(rules).number[2, 3]
    assert abs(values[-1][s] - by_tree) < 1e-12
    assert abs(by_tree - total) < 1e-12


def test_the_optimum_averages_over_the_coin():
    # Between the prey the predator tosses its coin after they have chosen: to run for 0.1 is
    # better than to stay and lose 1 half of the time.
    lucky = tree(Rules(), at(0, 2, 4), 2, np.array([1.0, 0.0]))
    values, _ = ring.best(Rules(steps=2), (1.0, 0.0))
    assert abs(values[-1][ring.table(Rules()).number[2, 4]] - lucky) < 1e-12
    values, _ = ring.best(Rules(steps=1), (1.0, 0.0))
    assert abs(values[-1][ring.table(Rules()).number[2, 4]] + 0.1) < 1e-12


def test_the_optimum_of_an_episode():
    for first, total in (("predator", -1.0), ("prey", -5.0)):
        values, actions = ring.best(Rules(first=first))
        s = ring.table(Rules()).number[[2, 3], [3, 2]]
        np.testing.assert_allclose(values[-1][s], total, atol=1e-12)
        assert values.shape == (6, 20)
    _, actions = ring.best(Rules())
    np.testing.assert_array_equal(actions[-1][s], CLOCKWISE)
    # Of the farther prey alone the best is to stay; it then pays nothing.
    alone, _ = ring.best(Rules(), (0.0, 1.0))
    assert alone[-1][s[0]] == 0


@some
@given(st.integers(6, 9), st.sampled_from(["predator", "prey"]), st.integers(0, 2**32 - 1))
def test_invariants_and_independence_of_the_batch(cells, first, seed):
    rng = np.random.default_rng(seed)
    rules = Rules(cells=cells, first=first, sides="both", nearer="random")
    state, noise = ring.start(rules, rng, (7,)), ring.draw(rules, rng, 6, (7,))
    alone, lonely = select(state, 3), select(noise, 3, axis=1)
    for t in range(6):
        actions = rng.integers(0, 3, (7, 2))
        kept = [part.copy() for part in (*state, actions)]
        before, (state, rewards, events) = state, ring.step(rules, state, actions, moment(noise, t))
        for part, copy in zip((*before, actions), kept, strict=True):
            np.testing.assert_array_equal(part, copy)
        alone, mine, _ = ring.step(rules, alone, actions[3], moment(lonely, t))
        np.testing.assert_array_equal(mine, rewards[3])
        np.testing.assert_array_equal(alone.prey, state.prey[3])
        assert (state.prey[:, 0] != state.prey[:, 1]).all()
        assert (state.prey != state.predator[:, None]).all()
        assert state.prey.min() >= 0
        assert state.prey.max() < cells
        identity = -0.1 * events.tried - 1.0 * events.caught
        np.testing.assert_allclose(rewards, identity)
        assert not (events.moved & ~events.tried).any()
        away = abs(state.prey - state.predator[:, None])
        np.testing.assert_array_equal(events.caught, np.minimum(away, cells - away) == 1)


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ({"first": "fox"}, "predator"),
        ({"nearer": "left"}, "balanced"),
        ({"sides": "up"}, "both"),
        ({"steps": 0}, "steps"),
        ({"gap": -1}, "gap"),
        ({"cells": 5}, "6 cells"),
        ({"gap": 2, "cells": 7}, "8 cells"),
    ],
)
def test_impossible_rules_are_refused(rules, word):
    with pytest.raises(ValueError, match=word):
        Rules(**rules)


def test_the_wrapper():
    world = Ring((2, 3), cells=8)
    assert (world.n_players, world.n_actions, world.episode_length) == (2, 3, 5)
    assert world.observation_shape() == (2,)
    assert world.reset(np.random.default_rng(0)).shape == (2, 3, 2, 2)
    with pytest.raises(ValueError, match="distances"):
        ring.observe(Rules(), at(0, 2, 3), "pixels")


def test_a_scene_unrolls_the_ring_and_says_who_stands_where():
    state = ring.State(np.array(5), np.array([1, 0]))
    found = ring.scene(ring.Rules(), state)
    assert (found.rows, found.columns) == (1, 6)
    assert [(m.column, m.letter, m.who) for m in found.marks] == [
        (5, "P", 1),
        (1, "1", 0),
        (0, "2", 2),
    ]
    assert found.words == "cells 0 to 5 in a ring: predator at 5, prey 1 at 1, prey 2 at 0"
    with pytest.raises(ValueError, match="select"):
        ring.scene(ring.Rules(), ring.State(np.zeros(2, int), np.zeros((2, 2), int)))


def test_a_ring_is_rendered_and_told():
    world = Ring(envs=(2,))
    world.reset(np.random.default_rng(0))
    image = world.render((1,), cell=8)
    assert image.shape == (9, 49, 3)
    prey = world.state.prey[1]
    assert tuple(image[4, 8 * prey[0] + 4]) == COLOURS[0]
    assert tuple(image[4, 8 * prey[1] + 4]) == COLOURS[2]
    assert tuple(image[4, 8 * world.state.predator[1] + 4]) == COLOURS[1]
    say = partial(ring.tell, ring.Rules())
    assert say(ring.Events([False, False], [False, False], [False, False])).startswith("nobody")
    said = say(ring.Events([True, True], [True, False], [False, True]))
    assert said == "prey 1 moves and prey 2 is held up and prey 2 is caught"
