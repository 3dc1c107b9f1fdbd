"""The study on the map of Coins: small runs, their shapes and seeds; the stored result."""

from dataclasses import replace

import numpy as np
import pytest

from d3c_minimal import data, surrogate
from d3c_minimal.experiments import surrogate as study
from d3c_minimal.trials import D3CTrials

TINY = study.Config(episodes=20, runs=8, chunk=4)


@pytest.fixture(scope="module")
def tiny():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "TABLE1_EPISODES", 30)
        yield study.run(TINY, seed=5, progress=False), study.run(TINY, seed=5, progress=False)


def test_it_gives_the_arrays_it_has_tolerances_for_and_repeats(tiny):
    one, again = tiny
    assert one.keys() == study.TOLERANCE.keys()
    assert one["sweep_mean"].shape == one["sweep_error"].shape == (5, 3, 2, 4, 3)
    assert one["threshold_mean"].shape == (3, 4, 3)
    assert one["dial"].shape == (8, 3, 3, 4, 7)
    assert one["table1"].shape == (8, 2, 10)
    for key, array in one.items():
        np.testing.assert_array_equal(array, again[key])
        assert np.isfinite(array).all()
    assert "at once: printed" in study.headline(one)


def test_rule_and_control_have_the_same_shakes_in_the_first_trial():
    """Two episodes, trials of five: nothing has moved, and both return the same."""
    land = study.coins_map()
    told = {"eta_A": 1.0, "delta": 1.0}
    pair = [
        study.walk(land, np.random.default_rng(1), 3, 2, every=1, control=c, **told)
        for c in (None, "decorrelated")
    ]
    np.testing.assert_array_equal(pair[0].returns, pair[1].returns)
    assert np.ptp(pair[0].returns) > 0.1


def test_a_walk_is_the_surrogates_run_from_its_case():
    land, case = study.coins_map(), study.Case((3, 4), 1.0, 2.0, 0.8)
    record = study.walk(land, np.random.default_rng(2), 3, 20, case, eta_A=1.0, delta=1.0)
    own, noise = np.random.default_rng(2).spawn(2)
    rule = D3CTrials(2, 1.0, 1.0, 0.0, 3, 4, 0.0, (-5, 5), own, runs=3, A0=0.8)
    by_hand = surrogate.run(land, rule, 20, 1.0, 2.0, noise, 2)
    np.testing.assert_array_equal(record.attention, by_hand.attention)
    np.testing.assert_array_equal(record.returns, by_hand.returns)


def test_settings_and_runs_lie_where_they_should():
    eta_A, delta = study._each((1, 2), (3, 4, 5), 2)
    assert eta_A[:, 0].tolist() == [1] * 6 + [2] * 6
    assert delta[:, 0].tolist() == [3, 3, 4, 4, 5, 5] * 2
    returns = np.arange(48.0).reshape(2, 12, 2)[::-1]
    record = surrogate.Record(None, None, returns)
    found = study._finals(record, (1, 2), (3, 4, 5))
    assert found.shape == (2, 2, 3)
    assert found[1, 1, 2] == returns[-1, 11].sum() == 45
    assert found[0, 0, 1] == returns[-1, 2].sum() == 9


def test_sweeps_are_told_their_settings_and_have_their_controls(monkeypatch):
    """A step of the threshold's walks is eta_A epsilon; the sweep stands beside decorrelated."""
    land, calls, walk = study.coins_map(), [], study.walk

    def watched(land, rng, runs, episodes, case=study.Case(), **told):  # noqa: B008
        calls.append((case, told))
        return walk(land, rng, runs, episodes, case, **told)

    monkeypatch.setattr(study, "walk", watched)
    study._threshold(land, 2, 20, np.random.default_rng(0))
    for _, told in calls:
        steps = (told["eta_A"] * told["epsilon"]).reshape(4, 3, 2)
        np.testing.assert_allclose(steps, np.array(study.STEP)[:, None] * np.ones((4, 1, 2)))
    controls = [told["control"] for _, told in calls]
    assert controls == [None, "random walk", "decorrelated"]
    calls.clear()
    study._sweep(land, 2, 20, np.random.default_rng(0))
    assert [told["control"] for _, told in calls] == [None, "decorrelated"] * 15
    assert [case for case, _ in calls[::6]] == list(study.CASES.values())


def test_one_seed_a_setting_for_rule_and_controls():
    """What chance gives is the same for all of a setting, and another from seed to seed."""

    def one(case, rule, control, chance):
        return np.full(2, chance.random())

    first, again, other = (
        study._over(one, None, study.CONTROLS, np.random.default_rng(k)) for k in (0, 0, 1)
    )
    assert first.shape == (2, 3, 3)
    assert np.ptp(first) == 0
    assert first[0, 0, 0] == again[0, 0, 0] != other[0, 0, 0]


def test_runs_of_sweeps_become_means_and_their_errors():
    sweep = np.array([[1.0], [3.0], [5.0], [7.0]])
    chunk = {"sweep": sweep, "threshold": 2 * sweep, "dial": sweep}
    found = study.collect(
        [{k: v[:2] for k, v in chunk.items()}, {k: v[2:] for k, v in chunk.items()}]
    )
    np.testing.assert_allclose(found["sweep_mean"], [4.0])
    np.testing.assert_allclose(found["sweep_error"], [np.sqrt(20 / 3) / 2])
    np.testing.assert_allclose(found["threshold_error"], [np.sqrt(20 / 3)])
    np.testing.assert_array_equal(found["dial"], sweep)


def test_the_dial_turns_noise_and_lag_and_partners_are_of_one_kind(monkeypatch):
    """The signal of a shuffled run comes from a run of the same noise and lag."""
    land, calls, walk = study.coins_map(), [], study.walk

    def watched(land, rng, runs, episodes, case, **told):
        kinds = len(np.unique(np.hstack([case.noise, case.lag]), axis=0))
        assert set(np.ravel(case.noise)) <= set(study.NOISE)
        assert set(np.ravel(case.lag)) <= set(study.LAG)
        calls.append((told["control"], told.get("measure"), told.get("compare"), runs, kinds))
        return walk(land, rng, runs, episodes, case, **told)

    monkeypatch.setattr(study, "walk", watched)
    dial = study._dial(land, 4, 60, np.random.default_rng(3)).astype(float)
    for control in range(3):
        for rule in range(3):
            still = dial[:, rule, control, 0, 0]
            assert abs(still - dial[:, rule, control, 3, 0]).max() > 0.01
            assert abs(still - dial[:, rule, control, 0, 6]).max() > 0.01
    assert {call[3:] for call in calls if call[0] == "shuffled"} == {(4, 1)}
    assert {call[3:] for call in calls if call[0] != "shuffled"} == {(4 * 28, 28)}
    rules = [call[1:3] for call in calls if call[0] is None]
    assert rules == [(None, None), ("raw", None), (None, "halves")]


def test_a_row_that_stands_still_returns_what_the_map_says():
    land, case = study.coins_map(), study.Case(lag=3.0, noise=4.0)
    how = {"control": "fixed", "eta_A": 1.0, "delta": 1.0}
    record = study.walk(land, np.random.default_rng(0), 2, 20, case, **how)
    there = surrogate.returns_at(land, surrogate.rows(np.log([9, 9])))
    np.testing.assert_allclose(record.returns, np.broadcast_to(there, (10, 2, 2)))


def test_the_map_is_the_stored_one_and_exchangeable():
    land = study.coins_map()
    np.testing.assert_array_equal(land.returns[..., 0], land.returns[..., 1].T)
    stored = data.result("coins_landscape").arrays["returns"][-1].astype(float)
    np.testing.assert_allclose(land.returns.sum(-1).mean(), stored.sum(-1).mean(), rtol=1e-6)
    earlier = study.coins_map(stretch=0)
    assert abs(earlier.returns - land.returns).max() > 1


def test_another_map_or_too_few_runs_are_refused():
    with pytest.raises(ValueError, match=r"give Config\.landscape that value"):
        study.simulate(replace(TINY, landscape="ffff"), 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match="give 4 or more"):
        study.simulate(TINY, 3, np.random.default_rng(0))


def test_what_is_stored():
    arrays, record = data.result("surrogate")
    assert record["config"]["landscape"] == study.Config().landscape
    assert arrays["dial"].shape == (200, 3, 3, 4, 7)
    best = arrays["sweep_mean"][0, 0, 0]
    eta_A, delta = np.unravel_index(best.argmax(), best.shape)
    found = {"eta_A": study.ETA_A[eta_A], "delta": study.DELTA[delta]}
    assert found == study.CHOSEN
