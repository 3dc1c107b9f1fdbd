"""The experiments with exact gradients: small runs against closed forms and other code."""

from dataclasses import replace

import numpy as np
import pytest

from d3c_minimal import data, dynamics, experiments, games
from d3c_minimal.experiments import (
    comparison,
    mavericks,
    resets,
    scaling,
    sensitivity,
    strengths,
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
    strengths: {"runs": 2, "chunk": 1, "steps": 2},
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
        (strengths, {"of": "LOLA"}, "choose shaping or D3C"),
    ],
)
def test_unknown_choices_are_refused(module, changes, word):
    with pytest.raises(ValueError, match=word):
        module.run(replace(module.Config(), runs=1, chunk=1, **changes))


@pytest.fixture
def compared(monkeypatch):
    """Compare all rules on one game alone: arrays by rule, of the runs."""

    def compare(name, **changes):
        only = {name: comparison.settings()[name]}
        monkeypatch.setattr(comparison, "settings", lambda: only)
        monkeypatch.setattr(comparison, "GAMES", (name,))
        arrays = comparison.run(comparison.Config(**{"runs": 4, "chunk": 2} | changes))
        by_rule = {
            key: dict(zip(comparison.RULES, arrays[key][:, 0].T, strict=True))
            for key in ("total", "gainers", "worst_change", "steps")
        }
        return by_rule | {key: arrays[key] for key in ("later", "path")}

    return compare


def test_the_comparison_on_two_players_is_what_is_known(compared):
    found = compared("dilemma of 2")
    total = found["total"]
    for rule in ("selfish", *comparison.SHAPING):
        np.testing.assert_allclose(total[rule], 2.0)
    for s in comparison.SHARED:  # each hands over s/2: the total is 1 + (1 - s)^2
        np.testing.assert_allclose(total[f"share {s:g}"], 1 + (1 - s) ** 2, atol=1e-6)
    np.testing.assert_allclose(total["frozen start"], 1 + 0.98**2, atol=1e-6)
    np.testing.assert_allclose(total["D3C"], 1.0, atol=1e-3)
    assert (found["gainers"]["D3C"] == 1).all()
    assert (found["gainers"]["LOLA"] == 0).all()
    np.testing.assert_allclose(found["worst_change"]["D3C"], -0.5, atol=1e-3)
    np.testing.assert_allclose(found["later"], 1.0, atol=1e-3)
    assert found["path"].shape == (1, len(comparison.RULES), comparison.POINTS)
    np.testing.assert_allclose(found["path"][0, :, -1], [v.mean() for v in total.values()])


def test_who_gains_from_a_share_in_game_2(compared):
    found = compared("efficient but unfair")
    assert (found["gainers"]["share 1"] == 0.5).all()  # one of two, at the other's cost
    assert (found["worst_change"]["share 1"] > 0).all()
    assert (found["total"]["share 1"] < 0).all()


def test_d3c_is_read_at_the_same_step_as_the_others_and_later(compared, monkeypatch):
    monkeypatch.setitem(comparison.PACE, "election", (0.2, 0.01))
    found = compared("election", steps=40)
    setting = comparison.settings()["election"]
    later = []
    for k in range(2):
        rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(k,)))
        x0 = rng.uniform(0.0, 0.5, (2, 4))
        path = dynamics.d3c(setting.game, x0, setting.eta_x, 0.2, 0.01, 200)
        chunk = slice(2 * k, 2 * k + 2)
        np.testing.assert_allclose(found["total"]["D3C"][chunk], path.f[40].sum(-1) / 2.0)
        later.append(path.f[200].sum(-1) / 2.0)
    np.testing.assert_allclose(found["later"][:, 0], np.concatenate(later))
    assert (abs(found["later"][:, 0] - found["total"]["D3C"]) > 1e-6).any()
    ends = [found["total"][rule].mean() for rule in comparison.RULES]
    np.testing.assert_allclose(found["path"][0, :, -1], ends)


def test_the_dials_are_those_that_did_best_on_other_starts():
    stored = {name: data.result(f"comparison_{name}") for name in ("strengths", "pace")}
    assert strengths.best(stored["strengths"].arrays) == comparison.STRENGTHS
    best = strengths.best(stored["pace"].arrays)
    assert {name: choice for name, (choice,) in best.items()} == comparison.PACE
    seeds = {result.record["seed"] for result in stored.values()}
    assert data.result("comparison").record["seed"] not in seeds


def test_the_best_dial_has_the_least_mean_total():
    total = np.ones((4, 3, 6, 3))
    total[:, 0, 1, 2] = 0.5
    total[:2, 2, 3, 1] = (0.0, 1.5)  # a mean of 0.875
    best = strengths.best({"total": total})
    assert best["Braess network"] == (0.01, 1.0, 0.01, 0.01, 0.01, 0.01)
    assert best["election"] == (0.01,) * 6
    assert best["bilinear F.7"] == (0.01, 0.01, 0.01, 0.1, 0.01, 0.01)


def test_settled_by_hand():
    total = np.array([[4.0, 1.0, 3.0], [1.5, 1.0, 3.0], [2.0, 1.0, 3.001], [2.0, 1.0, 4.0]])
    t = np.array([0, 2, 4, 5])
    assert np.array_equal(comparison._settled(t, total), [4, 0, 5])
