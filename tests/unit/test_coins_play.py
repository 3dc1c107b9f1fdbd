"""The loop of learners in Coins under any rules, and the map of fixed rows."""

import numpy as np
import pytest

from d3c_minimal.agents import networks, training
from d3c_minimal.experiments import coins, coins_landscape, coins_play
from d3c_minimal.gridworlds.coins import Coins
from d3c_minimal.trials import D3CTrials

SMALL = coins.Config(kind="compact", hidden=4, batch=2)


def rule(rng, runs, **how):
    return D3CTrials(2, 1.0, 0.5, 0.0, 2, 2, 0.0, (-5.0, 5.0), rng, runs=runs, **how)


def test_rows_and_attention_are_inverse_and_one_row_by_hand():
    d = np.array([[2.0, -1.0], [0.0, 3.0]])
    A = coins_play.rows(d)
    assert np.allclose(A.sum(-1), 1)
    assert A[1, 0] == pytest.approx([0.5, 0.5])
    assert A[0, 1, 1] == pytest.approx(1 / (1 + np.exp(1.0)))
    assert np.allclose(coins_play.attention(A), d)


def test_a_unit_is_the_coins_study_by_hand():
    """Twenty-five updates of `coins.update` under held rows, then one call of each rule."""
    A0 = coins_play.rows([[1.0, 0.5], [2.0, 0.0], [0.0, 0.0]])
    held = coins_landscape.held(A0, np.random.default_rng(1))
    got = coins_play.play(SMALL, [held], 2, np.random.default_rng(5))

    rng = np.random.default_rng(5)
    agents = coins_play.newborn(SMALL, 3, rng)
    world = Coins(envs=(3, 2), kind="compact")
    seen = training.first_sight(world, rng, extra=1)
    at = coins.Learners(*agents, {}, A0)
    tally = coins.Tally(1, 2, 2.0)
    tally.imitators = np.zeros((3, 1), bool)
    tally.balance = np.zeros((2, 3, 2), np.float32)
    tally.own, tally.taken = np.zeros(3), np.zeros(3)
    earned = np.zeros((2, 3, 2))
    for k in range(50):
        at, played, _ = coins.update(SMALL, at, world, seen, rng, tally)
        seen = played.observations[:, :, -1]
        paid = played.rewards.sum(2).mean(-1).T
        earned[k // 25] += paid
        if k == 0:
            assert np.allclose(got.first, paid)
    assert np.allclose(got.returns, earned, atol=1e-5)
    assert np.array_equal(got.agents.network.W, at.network.W)
    assert np.allclose(got.attention, [[1.0, 0.5], [2.0, 0.0], [0.0, 0.0]])


def test_rules_hear_their_own_runs_and_move_their_own_rows():
    rng = np.random.default_rng(0)
    one, two = rule(rng.spawn(1)[0], 2), rule(rng.spawn(1)[0], 3, control="fixed")
    twin = rule(np.random.default_rng(0).spawn(1)[0], 2)
    got = coins_play.play(SMALL, [one, two], 5, np.random.default_rng(2))
    for unit in range(5):
        assert np.allclose(got.attention[unit, :2], coins_play.attention(twin.A))
        twin.update(got.returns[unit, :2])
    assert np.array_equal(one.A, twin.A)
    assert (got.attention[:, 2:] == got.attention[0, 2:]).all()
    assert (got.attention[:2] == got.attention[0]).all()  # a trial lasts two units
    assert (got.attention[-1, :2] != got.attention[0, :2]).any()


def test_agents_are_taken_up_again_with_their_optimiser():
    held = coins_landscape.held(coins_play.rows(np.zeros((2, 2))), np.random.default_rng(0))
    begun = coins_play.play(SMALL, [held], 1, np.random.default_rng(3)).agents
    more = coins_play.play(SMALL, [held], 1, np.random.default_rng(4), begun).agents
    assert np.array_equal(begun.state.square.W.shape, more.state.square.W.shape)
    # The running mean square forgets a hundredth at each of 25 updates, and no more.
    assert (more.state.square.W >= 0.99**25 * begun.state.square.W - 1e-7).all()
    assert (more.network.W != begun.network.W).any()


def test_repeat_copies_each_run_beside_itself():
    agents = coins_play.newborn(SMALL, 2, np.random.default_rng(0))
    twice = coins_play.repeat(agents, 2)
    for name in networks.Network._fields:
        one, two = getattr(agents.network, name), getattr(twice.network, name)
        assert np.array_equal(two[:, [0, 2]], one)
        assert np.array_equal(two[:, [1, 3]], one)
    assert twice.state.square.W.shape == twice.network.W.shape


def test_an_unroll_that_does_not_divide_an_episode_is_refused():
    held = coins_landscape.held(coins_play.rows(np.zeros((1, 2))), np.random.default_rng(0))
    with pytest.raises(ValueError, match="choose a divisor of 500"):
        coins_play.play(coins.Config(unroll=30), [held], 1, np.random.default_rng(0))


def test_the_map_has_agent_one_first_and_can_be_checked():
    config = coins_landscape.Config(units=2, stretches=2, runs=2, chunk=2)
    arrays = coins_landscape.run(config, seed=0)
    assert arrays["returns"].shape == (2, 2, 11, 11, 2)
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0,)))
    rules = coins_landscape._rules(2, rng)
    assert np.allclose(coins_play.attention(rules[0].A)[2 * 13], [-4, -3])  # row 1, column 2
    record = coins_play.play(coins.Config(kind="compact"), rules, 2, rng)
    assert np.allclose(arrays["returns"][:, 1, 1, 2], record.returns[:, 2 * 13 + 1], rtol=1e-6)
    again = coins_landscape.check(arrays, config, 0)
    assert np.array_equal(again["first"], arrays["first"])
    assert again["first"].any()
