"""Congestion games and traffic assignment: closed forms, loops over roads, and the conditions."""

from itertools import pairwise

import autograd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from d3c_minimal import assignment, equilibria, games
from d3c_minimal.anarchy import price_of_anarchy
from d3c_minimal.games.congestion import Latency, bpr, congestion

PIGOU = [("S", "T", Latency(1.0)), ("S", "T", Latency(0.0, 1.0))]
GRID = [
    *[("A", "B", 4, 30), ("A", "C", 6, 20), ("B", "C", 1, 10), ("C", "B", 1, 10)],
    *[("B", "D", 5, 25), ("C", "D", 3, 15), ("B", "E", 9, 20), ("D", "E", 2, 40)],
]
GRID_TRIPS = [("A", "D", 30.0), ("A", "E", 20.0), ("B", "E", 10.0)]


def braess_1968(bridge):
    """Braess' own numbers: six units of flow, 83 minutes without the bridge, 92 with it."""
    edges = [
        *[("S", "A", Latency(0.0, 10.0)), ("A", "E", Latency(50.0, 1.0))],
        *[("S", "B", Latency(50.0, 1.0)), ("B", "E", Latency(0.0, 10.0))],
    ]
    if bridge:
        edges.append(("A", "B", Latency(10.0, 1.0)))
    return congestion(edges, [("S", "E", 3.0), ("S", "E", 3.0)])


def by_loops(edges, trips, routes_of, x, b=0.15, power=4.0):
    """Losses of a network of four-entry roads, counted road by road."""
    x = iter(x)
    shares = [[next(x) for _ in routes] for routes in routes_of]
    on = np.zeros((len(trips), len(edges)))
    for i, (routes, trip) in enumerate(zip(routes_of, trips, strict=True)):
        for share, places in zip(shares[i], routes, strict=True):
            for leg in pairwise(places):
                (e,) = [k for k, edge in enumerate(edges) if edge[:2] == leg]
                on[i, e] += share * trip[2]
    total = on.sum(0)
    minutes = [m * (1 + b * (v / c) ** power) for (_, _, m, c), v in zip(edges, total, strict=True)]
    return on @ minutes


def routes_of(game):
    ends = np.cumsum((0, *game.space.sizes))
    return [game.parameters["routes"][a:b] for a, b in pairwise(ends)]


def test_a_road_takes_its_free_time_and_1_plus_b_times_it_at_capacity():
    road = bpr(8.0, 20.0)
    assert road.free == 8.0
    assert np.isclose(road.free + road.slope * 20.0**road.power, 8.0 * 1.15)


def test_routes_are_all_simple_paths_shortest_in_roads_first():
    game = congestion(GRID, GRID_TRIPS)
    first, second, third = routes_of(game)
    assert set(first) == {tuple(r) for r in ("ABD", "ACD", "ABCD", "ACBD")}
    assert set(second) == {tuple(r) for r in ("ABE", "ABDE", "ACDE", "ACBE", "ABCDE", "ACBDE")}
    assert set(third) == {tuple(r) for r in ("BE", "BDE", "BCDE")}
    for routes in (first, second, third):
        assert [len(r) for r in routes] == sorted(len(r) for r in routes)


def test_losses_equal_a_loop_over_roads_and_batch():
    game = games.congestion(GRID, GRID_TRIPS)
    x = game.space.sample(np.random.default_rng(0), (5, game.dim))
    loops = [by_loops(GRID, GRID_TRIPS, routes_of(game), run) for run in x]
    assert np.allclose(game.loss(x), loops)
    assert np.allclose(game.loss(x[0]), loops[0])
    other = games.congestion(GRID, GRID_TRIPS, b=0.5, power=2.0)
    assert np.allclose(
        other.loss(x[0]), by_loops(GRID, GRID_TRIPS, routes_of(game), x[0], 0.5, 2.0)
    )


def test_total_loss_is_flow_times_minutes_and_flows_carry_the_demand():
    game = congestion(GRID, GRID_TRIPS)
    x = game.space.sample(np.random.default_rng(1), game.dim)
    v = assignment.flows(game, x)
    minutes = [
        m * (1 + 0.15 * (f / c) ** 4) for (_, _, m, c), f in zip(GRID, v.sum(0), strict=True)
    ]
    assert np.isclose(game.loss(x).sum(), v.sum(0) @ minutes)
    leaving_a = [k for k, edge in enumerate(GRID) if edge[0] == "A"]
    assert np.allclose(v[:, leaving_a].sum(-1), [30.0, 20.0, 0.0])


def test_jacobian_is_autograds():
    game = congestion(GRID, GRID_TRIPS)
    x = game.space.sample(np.random.default_rng(3), (4, game.dim))
    for run, J in zip(x, game.jacobian(x), strict=True):
        assert np.allclose(J, autograd.jacobian(game.losses)(run), rtol=1e-12)


def test_costs_of_the_kinds_are_the_gradients_that_they_stand_for():
    game = congestion(GRID, GRID_TRIPS)
    x, p = game.space.sample(np.random.default_rng(2), game.dim), game.parameters
    own = game.jacobian(x)[game.owner, np.arange(game.dim)]
    assert np.allclose(assignment.route_costs(game, x, "own") * p["demand"], own)
    total = autograd.grad(lambda y: game.losses(y).sum())(x)
    assert np.allclose(assignment.route_costs(game, x, "social") * p["demand"], total)
    minutes = [m * (1 + 0.15 * (f / c) ** 4) for (_, _, m, c), f in
               zip(GRID, assignment.flows(game, x).sum(0), strict=True)]  # fmt: skip
    assert np.allclose(assignment.route_costs(game, x), minutes @ p["incidence"])


def test_waste_is_mean_cost_less_least_cost_by_hand():
    game = congestion(PIGOU, [("S", "T", 0.5), ("S", "T", 0.5)])
    x = np.array([0.5, 0.5, 1.0, 0.0])  # a quarter on the second road: 1 and 0.25 minutes
    assert np.allclose(assignment.waste(game, x), [0.375, 0.75])
    assert np.allclose(assignment.waste(game, x, "own"), [0.25, 0.75])  # costs 1, .5 and 1, .25
    assert np.allclose(assignment.waste(game, x, "social"), [0.25, 0.5])  # costs 1, .5
    assert np.allclose(assignment.waste(game, np.stack([x, x]))[1], [0.375, 0.75])


def test_pigou_crowd_1_optimum_three_quarters_atomic_by_its_closed_form():
    for n in (2, 3):
        game = congestion(PIGOU, [("S", "T", 1 / n)] * n)
        crowd, best = assignment.wardrop(game), assignment.best_flow(game)
        assert np.isclose(game.loss(crowd).sum(), 1.0)
        assert np.isclose(game.loss(best).sum(), 0.75)
        (nash,) = equilibria.find_equilibria(game, np.random.default_rng(0), 2)
        assert np.isclose(nash.losses.sum(), 1 - n / (n + 1) ** 2)  # 1 / (n + 1) of each on road 2


def test_braess_own_numbers():
    with_bridge, without = braess_1968(True), braess_1968(False)
    for game, minutes in ((with_bridge, 92.0), (without, 83.0)):
        crowd = assignment.wardrop(game)
        assert np.allclose(game.loss(crowd), 3 * minutes, atol=1e-4)
        assert assignment.waste(game, crowd).max() < 1e-3
    best = assignment.best_flow(with_bridge)
    assert np.isclose(with_bridge.loss(best).sum(), 6 * 83.0, rtol=2e-3)
    assert with_bridge.loss(best).sum() <= 6 * 83.0 + 1e-6


def test_two_parallel_roads_against_a_scalar_equation():
    edges = [("S", "T", 10.0, 4.0), ("S", "T", 12.0, 6.0)]
    game = congestion(edges, [("S", "T", 5.0), ("S", "T", 7.0)])

    def minutes(e, v):
        return edges[e][2] * (1 + 0.15 * (v / edges[e][3]) ** 4)

    def social(e, v):
        return edges[e][2] * (1 + 0.75 * (v / edges[e][3]) ** 4)

    for cost, x in ((minutes, assignment.wardrop(game)), (social, assignment.best_flow(game))):
        first = brentq(lambda v, cost=cost: cost(0, v) - cost(1, 12.0 - v), 0.0, 12.0)
        assert np.isclose(assignment.flows(game, x).sum(0)[0], first, atol=1e-4)


def test_network_conditions_hold_and_the_order_is_optimum_atomic_crowd():
    game = congestion(GRID, GRID_TRIPS)
    crowd, best = assignment.wardrop(game), assignment.best_flow(game)
    nash = equilibria.find_equilibria(game, np.random.default_rng(0), 1)[0]
    assert assignment.waste(game, crowd).max() < 1e-4
    assert assignment.waste(game, best, "social").max() < 1e-4
    assert assignment.waste(game, nash.x, "own").max() < 1e-6
    least, atomic, free = (game.loss(x).sum() for x in (best, nash.x, crowd))
    assert least < atomic < free
    assert assignment.waste(game, best).max() > 0.01  # and the optimum is no equilibrium
    used = best > 1e-4
    for cost in np.split(np.where(used, assignment.route_costs(game, best, "social"), np.nan),
                         np.cumsum(game.space.sizes)[:-1]):  # fmt: skip
        assert np.nanmax(cost) - np.nanmin(cost) < 1e-2


def test_demands_of_very_different_size_still_settle():
    game = congestion(GRID, [("A", "D", 40.0), ("A", "E", 0.5), ("B", "E", 0.01)])
    assert assignment.waste(game, assignment.wardrop(game)).max() < 1e-3
    assert assignment.waste(game, assignment.best_flow(game), "social").max() < 1e-3


def test_marginal_cost_tolls_turn_the_crowd_into_the_optimum():
    game = congestion(GRID, GRID_TRIPS)
    best = assignment.best_flow(game)
    v = assignment.flows(game, best).sum(0)
    tolled = [
        (*ends, road._replace(free=road.free + road.slope * road.power * f**road.power))
        for ends, road, f in zip(
            game.parameters["edges"], game.parameters["latencies"], v, strict=True
        )
    ]
    crowd = assignment.wardrop(congestion(tolled, GRID_TRIPS))
    assert np.isclose(game.loss(crowd).sum(), game.loss(best).sum(), rtol=1e-6)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_affine_price_of_anarchy_of_the_crowd_is_at_most_four_thirds(seed):
    rng = np.random.default_rng(seed)
    edges = [(*edge[:2], Latency(*rng.uniform(0, 5, 2))) for edge in GRID]
    trips = [(*trip[:2], rng.uniform(0.5, 5)) for trip in GRID_TRIPS]
    game = congestion(edges, trips)
    crowd, best = assignment.wardrop(game), assignment.best_flow(game)
    price = price_of_anarchy(game.loss(crowd), game.loss(best) * (1 - 1e-8))
    assert 1 <= price <= 4 / 3


@pytest.mark.parametrize(
    ("edges", "trips", "words"),
    [
        ([("S", "T", 1)], [("S", "T", 1.0)] * 2, "give \\(tail, head, minutes, capacity\\)"),
        ([("S", "T", Latency(-1.0))], [("S", "T", 1.0)] * 2, "0 or above"),
        ([("S", "T", Latency(1.0, 1.0, 0.5))], [("S", "T", 1.0)] * 2, "power 1 or above"),
        ([("S", "T", 1, 0)], [("S", "T", 1.0)] * 2, "capacity is 0"),
        ([("S", "T", 1, 1)], [("T", "S", 1.0)] * 2, "roads are one-way"),
        ([("S", "T", 1, 1)], [("S", "T", 0.0)] * 2, "vehicles above"),
        ([("S", "T", 1, 1)], [("S", "S", 1.0)] * 2, "two places"),
        ([("S", "T", 1, 1)], [("S", "T", 1.0)], "at least two"),
    ],
)
def test_malformed_networks_are_refused_with_the_remedy(edges, trips, words):
    with pytest.raises(ValueError, match=words):
        congestion(edges, trips)


def test_too_many_routes_are_refused_and_exactly_so():
    roads = [(k, k + 1, 1.0, 1.0) for k in range(3) for _ in range(2)]  # 8 routes
    assert congestion(roads, [(0, 3, 1.0)] * 2, max_routes=8).dim == 16
    for most in (6, 7):  # the routes are found two at a time
        with pytest.raises(ValueError, match=rf"more than {most} routes .* larger max_routes"):
            congestion(roads, [(0, 3, 1.0)] * 2, max_routes=most)


def test_assignment_refuses_other_games_and_kinds():
    with pytest.raises(TypeError, match=r"games\.congestion"):
        assignment.wardrop(games.traffic(45, 45, 0, 10, 10))
    game = congestion(PIGOU, [("S", "T", 0.5)] * 2)
    with pytest.raises(ValueError, match="'minutes', 'own' or 'social'"):
        assignment.route_costs(game, np.full(4, 0.5), "total")
