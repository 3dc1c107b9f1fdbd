"""The runs behind the test of reciprocity: what is played, what is kept, and how it is verified."""

from dataclasses import replace

import numpy as np
import pytest

from d3c_minimal import experiments
from d3c_minimal.experiments import coins, coins_play, reciprocity_runs
from d3c_minimal.trials import D3CTrials

SMALL = reciprocity_runs.Config(units=11, every=2, points=4, batch=1, runs=4, chunk=2)
NAMES = list(reciprocity_runs.CONDITIONS)


@pytest.fixture(scope="module")
def arrays():
    return reciprocity_runs.run(SMALL, seed=5)


def test_settings():
    config = experiments.find("coins_reciprocity").config
    assert (config.kind, config.self_weight, config.runs) == ("compact", 0.9, 30)
    rules = reciprocity_runs.CONDITIONS
    assert rules["D3C printed"] == coins.PRINTED
    larger = rules["D3C larger steps"]
    assert (larger["epsilon"], larger["eta_A"], larger["delta"]) == (0.0, 16.0, 0.7)
    assert rules["D3C raw"]["delta"] == rules["D3C halves"]["delta"] == 1.5
    for name, rule in rules.items():
        if "," in name:
            kind, control = name.split(", ")
            assert {**rules[f"D3C {kind}"], "control": control} == rule
    # Between two records a row moves once at most.
    assert config.every <= min(rule["tau_min"] for rule in rules.values())
    # 300 kB are the most that a stored result may weigh.
    records = config.units // config.every + 1 + config.points
    assert 4 * config.runs * len(rules) * 2 * records < 290_000


def test_shapes_and_times(arrays):
    assert arrays.keys() == reciprocity_runs.TOLERANCE.keys()
    assert arrays["unit"].tolist() == [0, 2, 4, 6, 8, 10]
    assert arrays["attention"].shape == (4, len(NAMES), 6, 2)
    assert arrays["returns"].shape == (4, len(NAMES), 4, 2)
    assert arrays["first"].shape == (2, len(NAMES), 2)
    np.testing.assert_allclose(arrays["attention"][:, :, 0], np.log(9), rtol=1e-6)


def test_rows_move_when_trials_end(arrays):
    """Trials last 5 to 10 units as printed, and six in the mended rules."""
    change = np.diff(arrays["attention"], axis=2) != 0
    assert not change[:, :, :2].any()
    mended = [NAMES.index(name) for name in ("raw, decorrelated", "halves, decorrelated")]
    assert not change[:, mended][:, :, [0, 1, 3, 4]].any()
    assert change[:, :3, 2:].any(2).all()
    walk = arrays["attention"][:, NAMES.index("printed, random walk")]
    assert 0 < abs(walk - walk[:, :1]).max() < 3 * 0.1 * np.sqrt(2)


def test_a_chunk_is_the_loop_of_coins_by_hand(arrays):
    """The same chance through `coins_play`, with the rules made one by one."""
    rng = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(1,)))
    rules = [
        D3CTrials(2, **rule, A0=0.9, rng=own, runs=2)
        for rule, own in zip(reciprocity_runs.CONDITIONS.values(), rng.spawn(10), strict=True)
    ]
    record = coins_play.play(coins.Config(kind="compact", batch=1), rules, 11, rng)
    for k in range(len(NAMES)):
        for r in range(2):
            path = record.attention[::2, 2 * k + r]
            np.testing.assert_allclose(arrays["attention"][2 + r, k], path, rtol=1e-6)
            earned = record.returns[:, 2 * k + r]
            stretches = [part.mean(0) for part in np.split(earned, [3, 6, 9])]
            np.testing.assert_allclose(arrays["returns"][2 + r, k], stretches, rtol=1e-5)
    last = coins_play.attention(rules[-1].A)
    short = reciprocity_runs.run(replace(SMALL, every=11), seed=5)
    assert short["unit"].tolist() == [0, 11]
    np.testing.assert_allclose(short["attention"][2:, -1, 1], last, rtol=1e-6)
    np.testing.assert_allclose(
        arrays["first"][0], reciprocity_runs.check(None, SMALL, 5)["first"][0]
    )


def test_check_repeats_the_beginning(arrays):
    again = reciprocity_runs.check(arrays, SMALL, 5)
    for key, value in again.items():
        np.testing.assert_array_equal(value, arrays[key])
    other = reciprocity_runs.check(arrays, SMALL, 6)
    assert (other["first"] != arrays["first"]).any()


def test_headline_names_every_condition(arrays):
    lines = reciprocity_runs.headline(arrays).splitlines()[1:]
    assert [line[:28].strip() for line in lines] == NAMES
    total = arrays["returns"][:, 0, -1].sum(-1)
    assert f"{total.mean():.1f} +- {total.std():4.1f}" in lines[0]


def test_chunks_of_one_run_and_odd_intervals_are_refused():
    with pytest.raises(ValueError, match="make runs a multiple of 5"):
        reciprocity_runs.Config(runs=6)
    with pytest.raises(ValueError, match="from 1 to units"):
        reciprocity_runs.Config(every=0)
