"""The ring's experiments: what is told to whom, and what is recorded."""

from dataclasses import replace

import numpy as np
import pytest

from d3c_minimal import experiments, mixing
from d3c_minimal.agents import reinforce
from d3c_minimal.experiments import ring, ring_dials, ring_landscape, ring_play
from d3c_minimal.gridworlds import ring as world
from d3c_minimal.gridworlds.world import moment

RULES = world.Rules()
TABLE = world.table(RULES)


class Ear:
    """A learner that holds its rows and remembers what it is told."""

    def __init__(self, A):
        self.A = self.mixture = np.asarray(A, float)
        self.told = []

    def update(self, returns):
        self.told.append(returns)


def test_the_papers_settings():
    config = ring.Config()
    table_1 = (config.eta_A, config.delta, config.nu, config.tau_min, config.tau_max)
    assert table_1 == (1.0, 1.0, 0.0, 10, 20)
    assert (config.self_weight, config.epsilon, config.low, config.high) == (0.99, 0.0, -5.0, 5.0)
    assert (config.batch, config.policy_rate, config.value_rate) == (10, 0.1, 0.1)
    assert config.runs == 1000
    printed = experiments.find("ring_printed").config
    for name in ("ring_moved", "ring_fast"):
        moved = experiments.find(name).config
        assert replace(moved, eta_A=1.0, beside="fixed rows") == printed == config


def test_episodes_are_the_worlds():
    policy = np.random.default_rng(3).normal(size=(2, 3, 2, 3))
    chances = ring_play.at_states(TABLE, policy)
    got = ring_play.episodes(RULES, TABLE, chances, np.random.default_rng(4), 6)
    # The same chance through the world itself: its coins come first, then the prey's numbers.
    rng = np.random.default_rng(4)
    noise, uniform = world.draw(RULES, rng, 5, (3, 6)), rng.random((5, 2, 3, 6))
    state = world.start(RULES, rng, (3, 6))
    for t in range(5):
        x = np.moveaxis(world.observe(RULES, state), 2, 0)
        chances = reinforce.probabilities(policy, x)
        actions = reinforce.choose(chances, uniform[t])
        np.testing.assert_array_equal(TABLE.seen[got.states[:, t]], x[0])
        np.testing.assert_array_equal(got.actions[:, :, t], actions)
        state, rewards, _ = world.step(RULES, state, np.moveaxis(actions, 0, -1), moment(noise, t))
        np.testing.assert_array_equal(got.rewards[:, :, t], np.moveaxis(rewards, -1, 0))


def test_sums_by_state_are_the_gradients_of_reinforce():
    rng = np.random.default_rng(7)
    agents = reinforce.Linear(rng.normal(size=(2, 3, 2, 3)), rng.normal(size=(2, 3, 2)))
    chances = ring_play.at_states(TABLE, agents.policy)
    played = ring_play.episodes(RULES, TABLE, chances, rng, 6)
    rewards = rng.normal(size=played.rewards.shape)
    x = np.broadcast_to(TABLE.seen[played.states], (*rewards.shape, 2))
    slow = reinforce.gradients(agents, x, played.actions, rewards)
    fast = ring_play.directions(TABLE, agents, chances, played, rewards)
    np.testing.assert_allclose(fast.policy, slow.policy, atol=1e-12)
    np.testing.assert_allclose(fast.value, slow.value, atol=1e-12)


def test_rewards_are_mixed_by_columns():
    A = np.array([[[0.9, 0.1], [0.4, 0.6]]])
    rewards = np.array([-1.0, -0.1]).reshape(2, 1, 1, 1)
    np.testing.assert_allclose(ring_play.mixed(A, rewards).ravel(), [-0.94, -0.16])
    np.testing.assert_allclose(
        ring_play.mixed(A, rewards).ravel(), mixing.mixed_loss(A[0], [-1.0, -0.1])
    )


def test_learners_are_told_their_own_returns_and_learning_does_not_see_the_zero():
    rows = [mixing.cooperative(2)] * 3, [mixing.selfish(2, 0.8)] * 2
    first, second, third = Ear(rows[0]), Ear(rows[1]), Ear(rows[1])
    runs = []
    for zeros, pair in ((None, (first, second)), ([0.0, 7.0], (Ear(rows[0]), third))):
        runs.append(ring_play.play(RULES, pair, 4, np.random.default_rng(5), every=2, zeros=zeros))
    assert runs[0].t.tolist() == [2, 4]
    assert runs[0].returns.shape == (2, 5, 2)
    told = np.concatenate([np.array(first.told), np.array(second.told)], 1)
    np.testing.assert_allclose(runs[0].returns, told.reshape(2, 2, 5, 2).mean(1))
    np.testing.assert_allclose(np.array(third.told), np.array(second.told) + 7)
    np.testing.assert_array_equal(runs[0].agents.policy, runs[1].agents.policy)
    np.testing.assert_array_equal(runs[0].A[-1, :3], rows[0])
    # Unmixed, though rows share: the first batch is that of prey that have not learnt yet.
    chances = np.full((2, 5, len(TABLE.places), 3), 1 / 3)
    played = ring_play.episodes(RULES, TABLE, chances, np.random.default_rng(5), 10)
    np.testing.assert_allclose(told.reshape(4, 5, 2)[0], played.rewards.sum(2).mean(-1).T)


def test_cooperative_prey_learn_and_selfish_prey_do_not():
    cooperative, selfish = Ear([mixing.cooperative(2)] * 8), Ear([np.eye(2)] * 8)
    record = ring_play.play(RULES, [cooperative, selfish], 300, np.random.default_rng(6), every=50)
    total = np.median(record.returns[-1].sum(-1).reshape(2, 8), -1)
    assert total[0] > -1.3
    assert total[1] < -4.8


def test_each_condition_is_what_its_name_says():
    config = ring.Config()
    rng = np.random.default_rng(0)
    rules = {name: ring.learner(config, name, 4, rng) for name in ring.conditions(config)}
    assert tuple(rules) == ring.MOVED + ring.FIXED
    controls = [rules[name].rule.control for name in ring.MOVED]
    assert controls == [None, "random walk", "decorrelated", "shuffled", None]
    assert [rules[name].rule.epsilon for name in ring.MOVED] == [0, config.walk, 0, 0, 0]
    for name, own in (("fixed start", 0.99), ("selfish", 1.0), ("cooperative", 0.5)):
        assert rules[name].rule.control == "fixed"
        np.testing.assert_allclose(rules[name].mixture, [[[own, 1 - own], [1 - own, own]]] * 4)
    assert ring.conditions(replace(config, beside="nothing")) == ring.MOVED
    kickless = replace(config, beside="no first kick")
    firsts = [ring.learner(kickless, n, 4, rng).rule.first for n in ring.conditions(kickless)]
    assert firsts == ["printed"] * 5 + ["measures"] * 2
    with pytest.raises(ValueError, match="fixed rows"):
        ring.conditions(replace(config, beside="all"))
    rule = rules["D3C"].rule
    assert (rule.tau_min, rule.tau_max, rule.clip, rule.delta) == (10, 20, (-5, 5), 1.0)


def test_a_small_run_and_its_record():
    config = ring.Config(runs=6, chunk=3, updates=40, every=4)
    arrays = ring.run(config, seed=1, progress=False)
    again = ring.run(config, seed=1, progress=False)
    assert arrays.keys() == ring.TOLERANCE.keys()
    for key in arrays:
        np.testing.assert_array_equal(arrays[key], again[key])
    assert arrays["t"].tolist() == list(range(4, 41, 4))
    assert arrays["return_final"].shape == (8, 6)
    assert arrays["attention_final"].shape == (8, 6, 2)
    assert arrays["paths"].shape == (10, 6, 2)
    np.testing.assert_allclose(arrays["attention_final"][5], np.log(99), rtol=1e-6)
    assert (arrays["attention_final"][6] == 20).all()
    assert (arrays["return_low"] <= arrays["return_median"]).all()
    assert (arrays["return_median"] <= arrays["return_high"]).all()
    assert arrays["signal"][0] > 0
    assert "cooperative" in ring.headline(arrays)
    few = ring.run(replace(config, beside="no first kick", updates=20), seed=1, progress=False)
    assert "no kick, other zero" in ring.headline(few)
    other = ring.run(config, seed=2, progress=False)
    assert not np.array_equal(other["return_final"], arrays["return_final"])


def test_only_one_condition_has_another_zero(monkeypatch):
    seen = {}

    def play(rules, learners, updates, rng, **how):
        seen.update(how)
        raise StopIteration

    monkeypatch.setattr(ring_play, "play", play)
    with pytest.raises(StopIteration):
        ring.simulate(ring.Config(), 2, np.random.default_rng(0))
    assert seen["zeros"] == [0, 0, 0, 0, 5.5, 0, 0, 0]
    with pytest.raises(StopIteration):
        ring.simulate(ring.Config(beside="no first kick"), 2, np.random.default_rng(0))
    assert seen["zeros"] == [0, 0, 0, 0, 5.5, 0, 5.5]
    assert (seen["batch"], seen["rates"], seen["every"]) == (10, (0.1, 0.1), 15)
    with pytest.raises(StopIteration):
        ring_dials.simulate(ring_dials.Config(), 2, np.random.default_rng(0))
    assert seen["zeros"] == [0, 0, 0, 5.5] * 3


def test_the_finals_are_the_last_tenth():
    returns = np.arange(40.0).reshape(20, 1, 2)
    A = np.broadcast_to(mixing.selfish(2, 0.9), (20, 1, 2, 2, 2))
    chunk = {"t": np.arange(20), "returns": returns, "A": A, "signal": np.array([0.04])}
    got = ring.collect([chunk])
    np.testing.assert_allclose(got["return_final"], [[37.0, 38.0]])
    np.testing.assert_allclose(got["return_mean"][-1], [38.5])
    np.testing.assert_allclose(got["return_std"][-1], [0.5])
    np.testing.assert_allclose(got["attention_mean"], np.log(9))
    np.testing.assert_allclose(got["signal"], [0.2])
    chunk["returns"] = np.arange(11.0)[None, None].repeat(20, 0)
    got = ring.collect([{**chunk, "A": np.repeat(A[:, :, :1], 11, 2)}])
    np.testing.assert_allclose([got["return_low"][0], got["return_high"][0]], [[1], [9]])


def test_the_dials():
    arrays = ring_dials.run(ring_dials.Config(updates=20, runs=4, chunk=2), progress=False)
    assert arrays["return_final"].shape == (4, 3, 4, 7)
    assert np.isfinite(arrays["attention_final"]).all()
    assert "lead" in ring_dials.headline(arrays)
    made = {"return_final": np.zeros((2, 3, 4, 7))}
    made["return_final"][:, 0, 0] = np.arange(7)
    made["return_final"][:, 0, 1] = 2.0
    made["return_final"][:, 0, 3] = 9.0  # another zero is no control of the signal
    np.testing.assert_array_equal(ring_dials.lead(made), np.arange(7) - 2.0)


def test_the_landscape():
    A = ring_landscape.rows([[np.log(9), 0.0]])
    np.testing.assert_allclose(A, [[[0.9, 0.1], [0.5, 0.5]]])
    arrays = ring_landscape.run(ring_landscape.Config(updates=200, runs=2, chunk=1), progress=False)
    total = arrays["returns"].sum(-1)
    assert total.shape == (9, 9)
    assert total[4, 4] > total[-1, -1] + 1
    assert arrays["early"].sum(-1)[4, 4] < total[4, 4]
    assert "both at 0" in ring_landscape.headline(arrays)


@pytest.mark.parametrize("name", ["printed", "moved", "fast", "dials", "landscape"])
def test_they_are_registered(name):
    assert experiments.find(f"ring_{name}").module.TOLERANCE
