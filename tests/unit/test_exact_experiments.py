"""The experiments with exact gradients: small runs against closed forms and other code."""

from dataclasses import replace

import numpy as np
import pytest

from d3c_minimal import dynamics, experiments, games
from d3c_minimal.experiments import (
    comparison,
    mavericks,
    resets,
    scaling,
    sensitivity,
    traffic,
    ways,
)

TINY = {
    traffic: {"runs": 5, "chunk": 3, "steps": 8, "every": 3},
    ways: {"runs": 3, "chunk": 2, "steps": 3},
    sensitivity: {"runs": 3, "chunk": 2, "steps": 2},
    mavericks: {"runs": 3, "chunk": 2, "steps": 3},
    resets: {"runs": 3, "chunk": 2, "steps": 3, "rounds": 2},
    scaling: {"runs": 3, "chunk": 2, "limit": 2},
    comparison: {"runs": 2, "chunk": 1, "steps": 4},
}
HERE = [entry for entry in experiments.REGISTRY.values() if entry.module in TINY]


@pytest.mark.parametrize("entry", HERE, ids=lambda entry: entry.name)
def test_each_experiment_gives_the_arrays_it_has_tolerances_for(entry):
    config = replace(entry.config, **TINY[entry.module])
    arrays = entry.module.run(config, seed=3)
    assert arrays.keys() == entry.module.TOLERANCE.keys()
    assert arrays.keys() == entry.module.collect([entry.module.simulate(
        config, 2, np.random.default_rng(0))]).keys()  # fmt: skip
    assert len(entry.module.headline(arrays).splitlines()) > 1


@pytest.mark.parametrize("name", experiments.REGISTRY)
def test_tolerances_are_numbers_that_a_stored_record_may_hold(name):
    tolerances = experiments.find(name).module.TOLERANCE.values()
    assert all(isinstance(tol, float) and 0 <= tol < np.inf for tol in tolerances)


def test_selfish_drivers_end_at_80_minutes_and_the_best_is_65():
    arrays = traffic.run(traffic.Config(runs=20, chunk=20))
    np.testing.assert_allclose(arrays["selfish_total_final"], 80 / 65, atol=1e-6)
    np.testing.assert_allclose(arrays["best"], 4 * 65)
    assert arrays["cooperative_total_final"].max() < arrays["selfish_total_final"].min()
    assert arrays["d3c_total_final"].mean() < 1.05
    routes = arrays["d3c_routes_final"]
    np.testing.assert_allclose(routes.sum(-1), 4.0)
    np.testing.assert_allclose(arrays["selfish_routes_final"], [[0, 0, 4]] * 20, atol=1e-6)
    assert arrays["d3c_kept_final"].mean() < 0.9


def test_totals_of_d3c_are_those_of_a_plain_run():
    config = traffic.Config(runs=4, chunk=4, steps=50, every=10)
    arrays = traffic.simulate(config, 4, np.random.default_rng(5))
    game = games.traffic(45.0, 45.0, 0.0, 10.0, 10.0)
    x0 = game.space.sample(np.random.default_rng(5), (4, 12))
    path = dynamics.d3c(game, x0, 0.5, 0.1, 0.0, 50, every=10)
    np.testing.assert_allclose(arrays["d3c_total"], path.f.sum(-1) / 260)
    np.testing.assert_allclose(arrays["d3c_longest"], path.f.max(-1) / 65)
    np.testing.assert_allclose(
        arrays["d3c_routes_final"], path.x[-1].reshape(4, 4, 3).sum(1), atol=1e-12
    )


@pytest.mark.parametrize("move", traffic.MOVES)
def test_each_way_to_move_sees_the_same_game(move):
    game = games.traffic(45.0, 45.0, 0.0, 10.0, 10.0)
    x0 = game.space.sample(np.random.default_rng(0), (3, 12))
    view, start = traffic.moving(game, x0, move)
    np.testing.assert_allclose(view.loss(start), game.loss(x0))
    np.testing.assert_allclose(
        traffic._routes(view, start, move, 4), x0.reshape(3, 4, 3).sum(1), rtol=1e-12
    )


def test_the_closed_road_has_no_third_route():
    arrays = traffic.run(traffic.Config(networks="closed", runs=5, chunk=5, steps=200))
    assert (arrays["d3c_routes_final"][:, 2] == 0).all()
    assert np.isnan(arrays["networks"][:, 2]).all()
    np.testing.assert_allclose(arrays["best"], arrays["best_without"])


def test_random_networks_are_divided_by_their_own_best():
    arrays = traffic.run(traffic.Config(networks="random", runs=6, chunk=3, steps=400))
    C, D, E, F, G = arrays["networks"].T
    selfish = 4 * (4 * (F + G) + E) / arrays["best"]
    np.testing.assert_allclose(arrays["selfish_total_final"], selfish, rtol=1e-3)
    on_sa = np.arange(1, 4)[:, None]
    without = on_sa * (F * on_sa + C) + (4 - on_sa) * (G * (4 - on_sa) + D)
    np.testing.assert_allclose(arrays["best_without"], without.min(0))
    assert (arrays["best"] <= arrays["best_without"]).all()


def test_rows_begin_again_and_strategies_stay():
    config = resets.Config(runs=3, chunk=3, steps=40, rounds=1)
    arrays = resets.run(config, seed=4)
    rng = np.random.default_rng(np.random.SeedSequence(4, spawn_key=(0,)))
    game = games.traffic(45.0, 45.0, 0.0, 10.0, 10.0)
    path = dynamics.d3c(game, game.space.sample(rng, (3, 12)), 0.5, 0.1, 0.0, 40)
    np.testing.assert_allclose(arrays["ratio"][:, 0, 0], path.f[-1].sum(-1) / 260)
    for k, lift in enumerate(arrays["lifts"]):
        lifted = (1 - lift) * path.x[-1] + lift / 3
        again = dynamics.d3c(game, lifted, 0.5, 0.1, 0.0, 40).f[-1].sum(-1) / 260
        np.testing.assert_allclose(arrays["ratio"][:, k, 1], again, rtol=1e-9)
        without = dynamics.d3c(game, lifted, 0.5, 0.1, 0.0, 40, A0=path.A[-1]).f[-1].sum(-1) / 260
        assert abs(without - again).max() > 1e-3  # the rows did begin again


def test_resets_on_random_networks_divide_by_each_ones_best():
    arrays = resets.run(resets.Config(networks="random", runs=4, chunk=2, steps=30, rounds=1))
    plain = traffic.run(traffic.Config(networks="random", runs=4, chunk=2, steps=30, every=30))
    np.testing.assert_array_equal(arrays["networks"], plain["networks"])
    np.testing.assert_allclose(arrays["ratio"][:, 0, 0], plain["d3c_total_final"])


def test_mavericks_gain_nothing_and_members_end_as_the_proposition_says():
    config = mavericks.Config(n=5, runs=3, chunk=3, steps=3000)
    arrays = mavericks.run(config)
    for m in range(4):
        member = m + (5 - m - 1) ** 2 / (5 - m)
        np.testing.assert_allclose(arrays["member_largest"][m], member, rtol=1e-3)
    share = 1 / (5 - np.arange(1, 4))  # a member's number towards another member, c/(n - m)
    m = np.arange(1, 4)
    by_hand = (5 - m) * ((5 - m - 1) * share**2) + 5 - 1
    np.testing.assert_allclose(arrays["maverick_mean"][1:4, 0], by_hand, rtol=1e-3)
    assert (arrays["maverick_least"][1:4] > arrays["member_largest"][1:4]).all()
    np.testing.assert_allclose(arrays["maverick_mean"][5], 4.0)
    learning = mavericks.run(replace(config, learning=True))
    np.testing.assert_allclose(learning["maverick_mean"], arrays["maverick_mean"], rtol=1e-3)


def test_mixture_of_mavericks():
    A = mavericks.mixture(4, 2, 0.9)
    np.testing.assert_allclose(A, [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0.9, 0.1], [0, 0, 0.1, 0.9]])
    assert np.array_equal(mavericks.mixture(3, 2), np.eye(3))


def test_the_map_agrees_with_a_single_run():
    arrays = sensitivity.run(sensitivity.Config(game="dilemma", eta_x=0.1, steps=30, runs=2))
    k, m = 6, 3
    assert np.isclose(arrays["eta_A"][k], 0.1)
    assert np.isclose(arrays["epsilon"][m], 0.01)
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0,)))
    x0 = rng.uniform(0.0, 1.0, (2, 90))
    path = dynamics.d3c(games.prisoners_dilemma(10), x0, 0.1, arrays["eta_A"][k], 0.01, 30)
    np.testing.assert_allclose(arrays["ratio"][:, k, m], path.f[-1].sum(-1) / 81, rtol=1e-9)


def test_steps_to_the_optimum_are_counted_from_the_start():
    config = scaling.Config(runs=2, chunk=2, limit=400)
    steps = scaling.run(config)["steps"]
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0,)))
    path = dynamics.d3c(games.prisoners_dilemma(2), rng.uniform(size=(2, 2)), 0.1, 0.1, 0.01, 400)
    excess = path.f.sum(-1) - 1.0
    assert np.array_equal(steps[:, 0], (excess < 0.01).argmax(0))
    assert (scaling.run(replace(config, limit=3))["steps"] == -1).any()


def test_closed_form_takes_less_memory_than_the_jacobian_of_many_players():
    arrays = scaling.run(scaling.Config(runs=2, chunk=1, limit=1))
    n = arrays["n"]
    assert (arrays["general_peak_bytes"][n >= 20] > 8 * n[n >= 20] ** 2 * (n[n >= 20] - 1)).all()
    assert (arrays["peak_bytes"][n >= 20] < 8 * n[n >= 20] ** 2 * 10).all()
    assert (arrays["seconds_per_step"] > 0).all()
    assert (arrays["general_seconds_per_step"] > 0).all()


@pytest.mark.parametrize(
    ("module", "changes", "word"),
    [
        (traffic, {"networks": "none"}, "choose braess, closed or random"),
        (traffic, {"move": "sideways"}, "choose entropic"),
        (sensitivity, {"game": "chess"}, "choose traffic or dilemma"),
    ],
)
def test_unknown_choices_are_refused(module, changes, word):
    with pytest.raises(ValueError, match=word):
        module.run(replace(module.Config(), runs=1, chunk=1, **changes))


def test_the_comparison_on_two_players_is_what_is_known(monkeypatch):
    only = {"dilemma of 2": comparison.settings()["dilemma of 2"]}
    monkeypatch.setattr(comparison, "settings", lambda: only)
    monkeypatch.setattr(comparison, "GAMES", tuple(only))
    arrays = comparison.run(comparison.Config(runs=4, chunk=2))
    total = dict(zip(comparison.RULES, arrays["total"].mean(0)[0], strict=True))
    for rule in ("selfish", *comparison.FORESIGHT, "symplectic"):
        assert np.isclose(total[rule], 2.0)
    for s in comparison.SHARED:  # each hands over s/2: the total is 1 + (1 - s)^2
        assert np.isclose(total[f"share {s:g}"], 1 + (1 - s) ** 2, atol=1e-6)
    assert np.isclose(total["D3C"], 1.0, atol=1e-3)
    gainers = dict(zip(comparison.RULES, arrays["gainers"].mean(0)[0], strict=True))
    assert gainers["D3C"] == 1
    assert gainers["LOLA"] == 0
    worst = dict(zip(comparison.RULES, arrays["worst_change"].mean(0)[0], strict=True))
    assert np.isclose(worst["D3C"], -0.5, atol=1e-3)


def test_settled_by_hand():
    total = np.array([[4.0, 1.0, 3.0], [1.5, 1.0, 3.0], [2.0, 1.0, 3.001], [2.0, 1.0, 4.0]])
    t = np.array([0, 2, 4, 5])
    assert np.array_equal(comparison._settled(t, total), [4, 0, 5])
