"""Scripted policies: what they do by hand, and that greed is a dilemma."""

import numpy as np
import pytest

from d3c_minimal.gridworlds import Coins, coins, moves, scripted

UP, DOWN, LEFT, RIGHT, STAY = range(5)


def chosen(text, wants, agent=0, size=(3, 5), draws=40):
    """Return the set of actions chosen over many draws in a board drawn by letters."""
    cells = "".join(text.split())
    state = coins.State(
        np.array([cells.index("a"), cells.index("b")]),
        np.array([int(c) if c in "12" else 0 for c in cells], np.int8),
    )
    rules = coins.Rules(size=size)
    seen = coins.observe(rules, state)[agent]
    policy = scripted.greedy(rules, wants, np.random.default_rng(0))
    return {int(policy(seen)) for _ in range(draws)}


def test_greedy_walks_to_the_nearest_coin_that_it_wants():
    board = "2.a.. ....1 ....b"
    assert chosen(board, "any") == {LEFT}
    assert chosen(board, "own") == {DOWN, RIGHT}  # three moves either way
    assert chosen(board, "any", agent=1) == {UP}
    assert chosen(board, "own", agent=1) == {UP, LEFT}


def test_greedy_stays_where_there_is_nothing_to_want():
    assert chosen("2.a.. ..... ....b", "own") == {STAY}
    assert chosen("..a.. ..... ....b", "any") == {STAY}


def test_greedy_walks_around_the_other():
    assert chosen(".ab1. ..... .....", "own") == {DOWN, LEFT}
    assert chosen("ab1.. ..... .....", "own") == {DOWN}
    assert chosen("..... .1ba. .....", "own") == {UP, DOWN, RIGHT}
    assert chosen(".ab1.", "own", size=(1, 5)) == {LEFT}
    assert chosen("ab1..", "own", size=(1, 5)) == {STAY}  # against the wall, no way around
    assert chosen("..1ba", "own", size=(1, 5)) == {STAY}
    assert chosen("1..ba", "own", size=(5, 1)) == {STAY}
    assert chosen("ab..1", "own", size=(5, 1)) == {STAY}


def test_policies_take_batches():
    rules = coins.Rules()
    rng = np.random.default_rng(0)
    state = coins.start(rules, rng, (4, 3))
    state = state._replace(coins=(rng.random((4, 3, 25)) < 0.2).astype(np.int8))
    seen = coins.observe(rules, state)[..., 0, :]
    together = scripted.greedy(rules, "own", np.random.default_rng(0))(seen)
    assert together.shape == (4, 3)
    rules_of_one = scripted.greedy(rules, "own", np.random.default_rng(1))
    near = np.array([[_gain(rules, state, e, together[e]) for e in np.ndindex(4, 3)]])
    alone = np.array([[_gain(rules, state, e, rules_of_one(seen[e])) for e in np.ndindex(4, 3)]])
    np.testing.assert_array_equal(near, alone)  # ties may differ, distances may not
    drawn = scripted.uniform(np.random.default_rng(0))(np.zeros((5000, 253)))
    assert np.abs(np.bincount(drawn, minlength=5) - 1000).max() < 150


def _gain(rules, state, e, action):
    """Return the distance to the nearest own coin of agent 0 after a move."""
    cell = moves.neighbours(5, 5)[action, state.position[e][0]]
    wanted = np.flatnonzero(state.coins[e] == 1)
    r, c = divmod(int(cell), 5)
    return min((abs(r - w // 5) + abs(c - w % 5) for w in wanted), default=-1)


def test_three_agents_want_any_but_their_own_alone():
    rules = coins.Rules(size=(1, 7), n_players=3)
    state = coins.State(np.array([3, 0, 6]), np.array([0, 0, 2, 0, 0, 1, 0], np.int8))
    seen = coins.observe(rules, state)
    for wants, action in (("any", LEFT), ("own", RIGHT)):
        policy = scripted.greedy(rules, wants, np.random.default_rng(0))
        assert policy(seen[0]) == action
    state = state._replace(coins=np.array([0, 0, 3, 0, 0, 1, 0], np.int8))
    policy = scripted.greedy(rules, "any", np.random.default_rng(0))
    assert policy(coins.observe(rules, state)[0]) == LEFT


def test_greed_is_a_prisoners_dilemma():
    mean = {}
    for pair in ("any", "any"), ("any", "own"), ("own", "any"), ("own", "own"):
        world, ties = Coins(envs=60), np.random.default_rng(1)
        policies = [scripted.greedy(world.rules, wants, ties) for wants in pair]
        episode = scripted.play(world, policies, np.random.default_rng(0))
        assert episode.returns.shape == (60, 2)
        assert episode.pickups.shape == (60, 2, 2)
        own = np.trace(episode.pickups, axis1=-2, axis2=-1)
        total = episode.pickups.sum((-2, -1)) - 2 * (episode.pickups.sum((-2, -1)) - own)
        np.testing.assert_array_equal(episode.returns.sum(-1), total)
        mean[pair] = episode.returns.mean(0)
    temptation, punishment = mean["any", "own"][0], mean["any", "any"][0]
    reward, sucker = mean["own", "own"][0], mean["own", "any"][0]
    assert temptation > reward + 8 > punishment + 30 > sucker + 35


def test_an_episode_is_kept_and_told():
    world, ties = Coins(size=3, steps=6, spawn=0.2), np.random.default_rng(0)
    policies = [scripted.greedy(world.rules, "any", ties)] * 2
    episode = scripted.play(world, policies, np.random.default_rng(0), keep=True)
    assert (len(episode.states), len(episode.events), len(episode.rewards)) == (7, 6, 6)
    np.testing.assert_array_equal(sum(episode.rewards), episode.returns)
    frames = scripted.reel(world.rules, episode)
    assert len(frames) == 7
    assert frames[0][1] == "Step 0: an empty board. Rewards so far: A 0, B 0."
    assert [scene for scene, _ in frames] == [
        coins.scene(world.rules, state) for state in episode.states
    ]
    a, b = episode.returns
    told = coins.tell(world.rules, episode.events[-1])
    assert frames[-1][1] == f"Step 6: {told}. Rewards so far: A {a:g}, B {b:g}."
    assert len(scripted.reel(world.rules, episode, last=2)) == 3
    quiet = scripted.play(world, policies, np.random.default_rng(0))
    assert quiet.states == quiet.events == quiet.rewards == []
    with pytest.raises(ValueError, match="keep=True"):
        scripted.reel(world.rules, quiet)


def test_refusals_name_the_remedy():
    world = Coins(envs=2)
    with pytest.raises(ValueError, match="'any' or 'own'"):
        scripted.greedy(world.rules, "all", np.random.default_rng(0))
    with pytest.raises(ValueError, match="1 policies for 2 agents"):
        scripted.play(world, [scripted.uniform(np.random.default_rng(0))], np.random.default_rng(0))
    episode = scripted.play(
        world, [scripted.uniform(np.random.default_rng(0))] * 2, np.random.default_rng(0), keep=True
    )
    with pytest.raises(ValueError, match="one world"):
        scripted.reel(world.rules, episode)
