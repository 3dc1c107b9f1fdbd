"""The dials of Algorithm 1 in Coins: who learns in one batch, which rule each gets."""

import numpy as np
import pytest

from d3c_minimal.experiments import coins, coins_dials, coins_held, coins_play
from d3c_minimal.experiments.coins_dials import Setting

FEW = {
    "two": Setting(tau=2, units=16, learner={"batch": 1}),
    "three": Setting(tau=3, units=16, step=0.5, learner={"batch": 2}),
    "four": Setting(tau=4, units=16, self_weight=0.6, learner={"batch": 1}),
}
TINY = coins_dials.Config(runs=2, chunk=2)


def test_each_condition_has_the_step_and_the_signal_it_is_named_for():
    rules = coins_dials.rules(FEW["four"], TINY, 2, np.random.default_rng(0))
    assert [rule.rule.control for rule in rules] == [
        None,
        "random walk",
        "decorrelated",
        "shuffled",
    ]
    for rule in rules:
        assert rule.rule.eta_A == pytest.approx(0.02 * 16)
        assert (rule.rule.tau_min, rule.rule.tau_max, rule.rule.delta) == (4, 4, 0.7)
        assert rule.rule.epsilon == (0.5 if rule.rule.control == "random walk" else 0)
        assert rule.A[:, 0, 0] == pytest.approx(0.6)
        assert (rule.rule.first, rule.rule.measure, rule.rule.compare) == (
            "printed",
            "mixed",
            "trials",
        )


def test_settings_with_one_learner_share_a_batch():
    assert coins_dials.batches(FEW) == [["two", "four"], ["three"]]
    longer = {"a": Setting(), "b": Setting(units=10), "c": Setting(learner={"rate": 1.0})}
    assert coins_dials.batches(longer) == [["a"], ["b"], ["c"]]


def test_a_chunk_by_hand():
    got = coins_dials.play(FEW, TINY, 2, np.random.default_rng(1))
    assert got["returns"].shape == got["attention"].shape == (3, 4, 2, 16, 2)

    rng = np.random.default_rng(1)
    sides = [
        rule for name in ("two", "four") for rule in coins_dials.rules(FEW[name], TINY, 2, rng)
    ]
    learner = coins.Config(kind="compact", batch=1)
    record = coins_play.play(learner, sides, 16, rng)
    returns, d = (array.reshape(16, 2, 4, 2, 2) for array in record[:2])
    for k, where, tau in ((0, 0, 2), (2, 1, 4)):
        assert got["final"][k] == pytest.approx(returns[14:, where].mean(0), rel=1e-5)
        assert got["returns"][k, 3, 1] == pytest.approx(returns[:, where, 3, 1], rel=1e-5)
        assert got["attention"][k, 1] == pytest.approx(
            np.moveaxis(d[:, where, 1], 0, 1), rel=1e-5, abs=1e-6
        )
        moves = d[tau::tau, where] - d[:-tau:tau, where]
        assert got["square"][k] == pytest.approx((moves**2).mean((0, 3)), rel=1e-5)
    assert (got["square"][0, 1] > 0).all()
    assert got["first"] == pytest.approx(record.first[:8], rel=1e-5)


def test_what_is_stored_can_be_checked_and_joined():
    original = dict(coins_dials.SETTINGS)
    try:
        coins_dials.SETTINGS.clear()
        coins_dials.SETTINGS.update(FEW)
        config = coins_dials.Config(runs=4, chunk=2)
        arrays = coins_dials.run(config, seed=7)
        assert np.array_equal(coins_dials.check(arrays, config, 7)["first"], arrays["first"])
        assert arrays["final"].shape == (3, 4, 4, 2)
        assert set(arrays) == set(coins_dials.TOLERANCE)
        assert "three" in coins_dials.headline(arrays)
    finally:
        coins_dials.SETTINGS.clear()
        coins_dials.SETTINGS.update(original)


def test_the_held_settings_are_played_by_the_same_code():
    tiny = coins_held.Config(runs=2, chunk=2)
    assert coins_dials.batches(coins_held.SETTINGS)[2] == ["short trials from .75", "small shake"]
    short = {name: setting._replace(units=8) for name, setting in coins_held.SETTINGS.items()}
    rules = coins_dials.rules(short["small shake"], tiny, 2, np.random.default_rng(0))
    assert rules[0].rule.delta == 0.1
    assert rules[0].A[0, 0, 0] == 0.9
    first = coins_held.check(None, tiny, 7)["first"]
    assert first.shape == (8, 2)
    assert np.array_equal(first, coins_dials.first_unroll(short, tiny, 7))
    assert first.any()
