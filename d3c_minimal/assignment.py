"""Traffic assignment: where crowds of drivers, and a planner, would put the same trips.

In a congestion game a player steers a whole flow and sees what its own vehicles do to each other.
A crowd in which each vehicle decides for itself sees minutes alone. Three conditions differ only
in what a route is taken to cost, with v the flow on a road and v_i player i's part of it:

========== ============================ =======================================================
``kind``   cost of a road               where the used routes of each trip cost least
========== ============================ =======================================================
minutes    ``t(v)``                     Wardrop equilibrium: the crowd
own        ``t(v) + v_i t'(v)``         atomic splittable equilibrium: the game's Nash point
social     ``t(v) + v t'(v)``           the least total time
========== ============================ =======================================================

The first and the third are minima of convex functions (Beckmann, McGuire and Winsten 1956), so
the condition is enough; the second is the players' first-order condition, enough because each
loss is convex in the player's own strategy.
"""

import numpy as np

from d3c_minimal.minimise import minimise

KINDS = ("minutes", "own", "social")


def flows(game, x):
    """Return the flow of each player on each road: (..., n, E), in vehicles.

    Parameters
    ----------
    game : Game
        From :func:`d3c_minimal.games.congestion`.
    x : array (..., d)
    """
    p, x = _network(game), game.checked(x)
    mine = game.owner == np.arange(game.n_players)[:, None]
    return np.einsum("ed,id,...d->...ie", p["incidence"], mine * p["demand"], x)


def route_costs(game, x, kind="minutes"):
    """Return what each route costs a further vehicle, by the table above: (..., d), in minutes."""
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: choose 'minutes', 'own' or 'social'.")
    p, v = _network(game), flows(game, x)
    free, slope, power = np.array(p["latencies"]).T
    total = v.sum(-2)
    minutes, rise = free + slope * total**power, slope * power * total ** (power - 1)
    counted = {"minutes": 0.0 * v, "own": v, "social": total[..., None, :] + 0.0 * v}[kind]
    cost = minutes[..., None, :] + counted * rise[..., None, :]
    return np.einsum("...de,ed->...d", cost[..., game.owner, :], p["incidence"])


def waste(game, x, kind="minutes"):
    """Return how far x is from the condition of that kind: (..., n), in minutes.

    For each player the mean cost of its vehicles less the least cost of its routes. It is 0
    exactly where every route in use is a cheapest one.
    """
    cost = route_costs(game, x, kind)
    ends = np.cumsum(game.space.sizes)[:-1]
    blocks = zip(np.split(cost, ends, -1), np.split(game.checked(x), ends, -1), strict=True)
    return np.stack([(c * share).sum(-1) - c.min(-1) for c, share in blocks], -1)


def wardrop(game):
    """Return the Wardrop equilibrium of the trips, each vehicle for itself: x (d,).

    It minimises Beckmann's potential, the sum over roads of the integral of t from 0 to v. Flows
    on roads that slow down are unique, route shares need not be. ``waste(game, x)`` certifies it.

    Raises
    ------
    TypeError
        If the game is not a congestion game.
    """
    free, slope, power = np.array(_network(game)["latencies"]).T
    return _least(game, lambda v: (free + slope * v**power / (power + 1)) @ v, "minutes")


def best_flow(game):
    """Return a strategy with the least total time: x (d,); ``waste(game, x, "social")`` certifies.

    Raises
    ------
    TypeError
        If the game is not a congestion game.
    """
    free, slope, power = np.array(_network(game)["latencies"]).T
    return _least(game, lambda v: (free + slope * v**power) @ v, "social")


def _least(game, potential, kind):
    """Minimise a convex potential of the road flows whose gradient in h is the cost of ``kind``."""
    even = np.concatenate([np.full(size, 1 / size) for size in game.space.sizes])
    demand = _network(game)["demand"]
    scale = potential(flows(game, even).sum(-2)) or 1.0  # the solver's tolerances are absolute

    def value_and_gradient(x):
        v = flows(game, x).sum(-2)
        return potential(v) / scale, demand * route_costs(game, x, kind) / scale

    return minimise(game.space, value_and_gradient, even)[0]


def _network(game):
    if "incidence" not in getattr(game, "parameters", {}):
        raise TypeError("give a congestion game, from games.congestion(edges, trips).")
    return game.parameters
