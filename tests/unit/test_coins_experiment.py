"""The Coins study: small runs, its bookkeeping by hand, and its own way to be verified."""

import numpy as np
import pytest

from d3c_minimal import experiments
from d3c_minimal.agents import actor_critic, networks
from d3c_minimal.experiments import coins, results
from d3c_minimal.gridworlds.coins import Events

SMALL = coins.Config(kind="compact", units=3, batch=2, runs=4, chunk=2, points=2)
C = len(coins.CONDITIONS)


@pytest.fixture(scope="module")
def arrays():
    return coins.run(SMALL, seed=5)


def test_settings_are_the_papers_where_it_names_them():
    config = experiments.find("coins_egocentric").config
    assert (config.decay, config.epsilon, config.discount) == (0.99, 1e-5, 0.98)
    assert (config.entropy, config.value) == (0.003, 0.5)
    assert coins.PRINTED == {
        "eta_A": 1e-3, "delta": 0.1, "nu": 1e-6, "tau_min": 5, "tau_max": 10,
        "epsilon": 100.0, "clip": (-5.0, 5.0),
    }  # fmt: skip
    assert config.runs == 30


def test_shapes_and_what_stands_still(arrays):
    assert arrays.keys() == coins.TOLERANCE.keys()
    assert arrays["returns"].shape == (2, C, 4, 2)
    assert arrays["final_kept"].shape == (C, 4, 2)
    assert arrays["unit"].tolist() == [2, 3]
    kept = dict(zip(coins.CONDITIONS, arrays["kept"].swapaxes(0, 1), strict=True))
    for name, share in (("selfish", 1), ("cooperative", 0.5), ("fixed .9", 0.9), ("imitation", 1)):
        np.testing.assert_allclose(kept[name], share)
    for name in coins.D3C:
        assert kept[name].std() > 0
    # Shakes of .1 change a start of .9 by less than .1 .9 .1; shakes of 3 by much more.
    assert abs(kept["D3C printed, from .9"] - 0.9).max() < 0.02
    assert abs(kept["D3C mended, raw"] - 0.9).max() > 0.05


def test_curves_and_finals_agree(arrays):
    curve = arrays["returns"]
    mean = (2 * curve[0] + curve[1]) / 3
    np.testing.assert_allclose(arrays["mean_returns"], mean, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(arrays["final_returns"], curve[1], rtol=1e-6)
    np.testing.assert_allclose(arrays["single"][-1, :, :2], curve[1][:, 0], rtol=1e-6)
    assert len(coins.headline(arrays).splitlines()) == C + 1


def test_shares_are_of_one_stretch_alone():
    """Own coins less stolen ones are the total reward, so share and total give the coins taken."""
    config = coins.Config(kind="compact", units=2, batch=2, runs=2, chunk=2, points=2, unroll=100)
    found = coins.run(config, seed=4)
    share, total = found["own_share"].astype(float), 2 * found["returns"].sum(-1, dtype=float)
    tells = abs(share - 0.5) > 0.01
    taken = (total[tells] / (2 * share[tells] - 1)).round(3)
    assert tells.sum() > C
    np.testing.assert_allclose(taken, taken.round(), atol=0.01)
    assert taken.max() < 250


def test_returns_and_shares_against_a_count_of_events():
    """Play a unit with the same chance, and add up the rewards one by one."""
    config = coins.Config(kind="compact", units=1, batch=2, runs=2, chunk=2)
    found = coins.run(config, seed=3)
    rng = np.random.default_rng(np.random.SeedSequence(3, spawn_key=(0,)))
    world, learners, seen, chance = coins.begin(config, 2, rng)
    tally, total = coins.Tally(2, 2, -2.0), np.zeros((2 * C, 2))
    for _ in range(25):
        learners, play, _ = coins.update(config, learners, world, seen, chance, tally)
        seen = play.observations[:, :, -1]
        for i, c, t, b in np.ndindex(2, 2 * C, 20, 2):
            total[c, i] += play.rewards[i, c, t, b] / 2
    np.testing.assert_allclose(found["mean_returns"].reshape(-1, 2), total, rtol=1e-9, atol=1e-9)
    # own - stolen = total reward, of two worlds; own + stolen = coins
    stolen = tally.taken - tally.own
    np.testing.assert_allclose(tally.own - stolen, 2 * total.sum(-1))
    np.testing.assert_allclose(found["final_own_share"].ravel(), tally.own / tally.taken)


def test_agents_learn_from_mixed_rewards_and_imitators_from_their_balance():
    config = coins.Config(kind="compact", batch=3)
    rng = np.random.default_rng(0)
    world, learners, seen, chance = coins.begin(config, 2, rng)
    tally = coins.Tally(2, 3, -2.0)
    events = Events(np.zeros((2 * C, 3, 2), np.int8), None, None)
    events.taken[:, 0] = [2, 0]  # agent 0 takes a coin of agent 1
    extra = tally(None, events, False)
    who = 2 * list(coins.CONDITIONS).index("imitation")
    assert extra[:, who, 0, 0].tolist() == [2, -2]
    assert np.count_nonzero(extra) == 4
    paid = tally.spend()
    assert paid.shape == (2, 2 * C, 1, 3)
    np.testing.assert_allclose(paid[:, who, 0, 0], -0.2)
    assert np.count_nonzero(paid) == 4
    _, play, slope = coins.update(config, learners, world, seen, chance, tally)
    rewards = actor_critic.mix_rewards(learners.mixture, play.rewards)
    balance = play.observations[:, :, 1:, :, -1]  # what each saw after its step
    assert abs(balance[:, who, 0, 0]).max() > 1  # of the theft before, faded once
    for paid, same in ((rewards, False), (rewards - 0.1 * abs(balance), True)):
        batch = actor_critic.Batch(play.observations, play.actions, paid)
        found = actor_critic.gradient(learners.network, batch, actor_critic.A2C(unroll=20))
        alike = [np.allclose(slope.V[:, k], found.V[:, k], 1e-4, 1e-5) for k in range(2 * C)]
        assert alike[who] == same
        assert all(alike[:who] + alike[who + 2 :])


def test_a_balance_ends_with_its_episode():
    tally = coins.Tally(1, 2, -2.0)
    events = Events(np.full((C, 2, 2), [2, 0], np.int8), None, None)
    assert tally(None, events, True).any() is np.False_
    assert tally.intrinsic[0].any()


def test_shakes_shorten_and_rules_hear_unmixed_returns():
    config = coins.Config(kind="compact", units=4)
    heard = {}

    class Rule:
        def __init__(self, name):
            self.name = name
            self.rule = coins.D3CTrials(
                2, **coins.CONDITIONS[name].rule, A0=0.9, rng=np.random.default_rng(0), runs=3
            ).rule

        def update(self, returns):
            heard[self.name] = returns

    trials = {name: Rule(name) for name in coins.D3C}
    returns = np.arange(C * 2.0).reshape(C, 1, 2)
    coins._judge(config, trials, returns, 1)
    for name in coins.D3C:
        assert np.array_equal(heard[name], returns[list(coins.CONDITIONS).index(name)])
    largest = coins.RAW["delta"]
    expected = np.sqrt(largest * config.delta_last)
    np.testing.assert_allclose(trials["D3C mended, raw"].rule.delta, expected)
    assert trials["random walk"].rule.delta == 0.1
    coins._judge(config, trials, returns, 3)
    np.testing.assert_allclose(trials["raw, shuffled"].rule.delta, config.delta_last)


def test_rows_are_shaken_anew_when_a_trial_ends(monkeypatch):
    two = {name: coins.CONDITIONS[name] for name in ("cooperative", "D3C mended, raw")}
    monkeypatch.setattr(coins, "CONDITIONS", two)
    config = coins.Config(kind="compact", units=8, batch=1, unroll=100, points=8, runs=2, chunk=2)
    kept = coins.run(config, seed=0)["kept"][:, 1]
    assert all(np.array_equal(kept[0], kept[unit]) for unit in range(6))
    assert abs(kept[6] - kept[5]).min() > 1e-3
    assert np.array_equal(kept[6], kept[7])


def test_an_unroll_that_does_not_divide_the_episode_is_refused():
    with pytest.raises(ValueError, match="choose a divisor of 500"):
        coins.run(coins.Config(unroll=30, units=1, runs=2, chunk=2))


def test_one_chunk_does_not_change_another(arrays):
    alone = coins.run(coins.Config(**{**vars(SMALL), "runs": 2}), seed=5)
    assert np.array_equal(alone["final_returns"], arrays["final_returns"][:, :2])


def test_a_chunk_of_one_run_is_refused():
    for runs, chunk in ((6, 5), (1, 5), (3, 1)):
        with pytest.raises(ValueError, match="no other to shuffle"):
            coins.Config(runs=runs, chunk=chunk)


# Verification


def test_verify_computes_the_first_update_again(tmp_path, monkeypatch):
    changes = {"runs": 2, "units": 1, "batch": 2, "chunk": 2}
    results.produce("coins", changes, seed=1, folder=tmp_path)
    rows, _ = results.verify("coins", tmp_path)
    assert [(row.array, row.agrees) for row in rows] == [
        ("first_actions", True),
        ("first_gradient", True),
    ]
    usual = actor_critic.gradient
    monkeypatch.setattr(
        actor_critic,
        "gradient",
        lambda *a: networks.Network(*(1.01 * g for g in usual(*a))),
    )
    rows, _ = results.verify("coins", tmp_path)
    assert [row.agrees for row in rows] == [True, False]


def test_check_goes_by_the_stored_actions():
    config = coins.Config(kind="compact", units=1, batch=2, runs=2, chunk=2)
    stored = coins.run(config, seed=2)
    other = {**stored, "first_actions": stored["first_actions"].copy()}
    other["first_actions"][3, 1, 7, 0] = (other["first_actions"][3, 1, 7, 0] + 1) % 5
    again = coins.check(other, config, 2)
    assert np.array_equal(again["first_actions"], stored["first_actions"])
    differs = abs(again["first_gradient"] - stored["first_gradient"]).max((1, 2)) > 1e-4
    assert np.flatnonzero(differs).tolist() == [3]


# The effect


def test_cooperative_agents_learn_to_leave_the_others_coins(monkeypatch):
    two = {name: coins.CONDITIONS[name] for name in ("selfish", "cooperative")}
    monkeypatch.setattr(coins, "CONDITIONS", two)
    config = coins.Config(kind="compact", units=8, batch=8, runs=2, chunk=2, points=4)
    found = coins.run(config, seed=1)
    selfish, cooperative = found["returns"][-1].sum(-1)
    assert cooperative.min() > 25 > 15 > selfish.max()
    assert found["final_own_share"][1].min() > 0.68 > 0.65 > found["final_own_share"][0].max()


def test_each_run_hears_its_own_returns():
    heard = {}

    class Ear:
        def __init__(self, name):
            self.name = name

        def update(self, returns):
            heard[self.name] = returns

    names = [n for n in coins.D3C if "clip_at" not in coins.CONDITIONS[n].rule]
    returns = np.arange(len(coins.CONDITIONS) * 6.0).reshape(-1, 3, 2)
    coins._judge(coins.Config(), {name: Ear(name) for name in names}, returns, 0)
    assert list(heard) == names
    for name in names:
        first = 6.0 * list(coins.CONDITIONS).index(name)
        np.testing.assert_array_equal(heard[name].ravel(), first + np.arange(6))
