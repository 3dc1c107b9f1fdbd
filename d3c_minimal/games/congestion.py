"""Congestion games on a road network: trips split over routes, and roads slow down under load.

Symbols: ``h`` flow on each route (vehicles, one number for each coordinate of x), ``v`` flow on
each road, ``t(v)`` minutes on each road. A road takes ``t(v) = free + slope v**power`` minutes.
"""

from typing import NamedTuple

import autograd.numpy as anp
import numpy as np

from d3c_minimal.game import Game
from d3c_minimal.spaces import Simplices


class Latency(NamedTuple):
    """Minutes on a road as a function of its flow v: ``free + slope * v**power``.

    Attributes
    ----------
    free : float
        Minutes on the empty road, 0 or above.
    slope : float
        0 or above; 0 for a road that never slows down.
    power : float
        1 (affine) or above: then every player's loss is convex in its own strategy.
    """

    free: float
    slope: float = 0.0
    power: float = 1.0


def bpr(free, capacity, b=0.15, power=4.0):
    """Return the Latency ``free (1 + b (v / capacity)**power)`` of the Bureau of Public Roads.

    At capacity the road takes ``1 + b`` times its free minutes. ``capacity`` is in vehicles, the
    unit of the trips' demand.

    Examples
    --------
    >>> bpr(10.0, 2.0, b=1.0, power=1.0)
    Latency(free=10.0, slope=5.0, power=1.0)
    """
    if not capacity > 0:
        raise ValueError(f"capacity is {capacity}: give vehicles, above 0.")
    return Latency(float(free), free * b / capacity**power, float(power))


def congestion(edges, trips, b=0.15, power=4.0, max_routes=50):
    """Build the game of trips that share a road network, atomic and splittable.

    Player i sends its whole demand from its origin to its destination and chooses which share of
    it takes which route. Its loss is the total time of its vehicles, in vehicle-minutes:

        f_i(x) = sum over roads e of v_ie t_e(v_e),    v_e = sum_i v_ie,

    with v_ie the flow of player i on road e. The total loss is the total time of all.

    Parameters
    ----------
    edges : list of (tail, head, minutes, capacity) or (tail, head, Latency)
        One-way roads between named places; list a two-way road twice. Four entries give the BPR
        latency :func:`d3c_minimal.games.congestion.bpr`. Two roads may join the same places.
    trips : list of (origin, destination, demand)
        One a player, at least two; demand in vehicles.
    b, power : float
        Parameters of :func:`d3c_minimal.games.congestion.bpr` for the roads of four entries.
    max_routes : int
        Most routes that a trip may have. A route visits no place twice.

    Returns
    -------
    Game
        On Simplices, one block of route shares for each player. Its parameters hold ``edges``
        (tail and head), ``latencies``, ``trips``, ``demand`` (d,), ``incidence`` (E, d), which is
        1 where the route of a coordinate uses a road, and ``routes``: the places of each.

    Raises
    ------
    ValueError
        If a road or a trip is malformed, a trip has no route, or more than ``max_routes``.

    Examples
    --------
    Two roads from S to T, one wide and one that slows down, shared by two players:

    >>> game = congestion([("S", "T", Latency(1.0)), ("S", "T", Latency(0.0, 1.0))],
    ...                   [("S", "T", 0.5), ("S", "T", 0.5)])
    >>> game.loss([0.0, 1.0, 0.0, 1.0])
    array([0.5, 0.5])
    >>> game.loss([0.5, 0.5, 0.5, 0.5])
    array([0.375, 0.375])
    """
    if len(trips) < 2:
        raise ValueError("give at least two trips: a game needs two players.")
    ends, latencies = zip(*(_road(edge, b, power) for edge in edges), strict=True)
    free, slope, powers = np.array(latencies, float).T
    chosen = [_routes(ends, *_trip(trip), max_routes) for trip in trips]
    counts = [len(routes) for routes in chosen]
    owner = np.repeat(np.arange(len(trips)), counts)
    demand = np.repeat([float(trip[2]) for trip in trips], counts)
    paths = [path for routes in chosen for path in routes]
    incidence = np.zeros((len(ends), len(paths)))
    for k, path in enumerate(paths):
        incidence[list(path), k] = 1.0
    # v_ie = load[e, i] x for each player at once
    loads = incidence * demand * (owner == np.arange(len(trips))[:, None])[:, None]

    def losses(x):
        v = anp.einsum("ied,...d->...ie", loads, x)
        minutes = free + slope * anp.sum(v, axis=-2) ** powers
        return anp.sum(v * minutes[..., None, :], axis=-1)

    def jacobian(x):  # faster than autograd, which a test holds against it
        v = np.einsum("ied,...d->...ie", loads, x)
        total = v.sum(-2)
        rise = (slope * powers * total ** (powers - 1))[..., None, :]
        J = (v * rise) @ (incidence * demand)
        minutes = free + slope * total**powers
        J[..., owner, np.arange(len(owner))] += minutes @ (incidence * demand)
        return J

    return Game(
        losses,
        owner,
        Simplices(counts),
        name="congestion",
        jacobian=jacobian,
        parameters={
            "edges": ends,
            "latencies": latencies,
            "trips": tuple(map(tuple, trips)),
            "demand": demand,
            "incidence": incidence,
            "routes": tuple((ends[p[0]][0], *(ends[e][1] for e in p)) for p in paths),
        },
    )


def _road(edge, b, power):
    """Return a road's ends and its Latency."""
    if len(edge) == 3 and isinstance(edge[2], Latency):
        tail, head, latency = edge
    elif len(edge) == 4:
        tail, head, latency = *edge[:2], bpr(*edge[2:], b, power)
    else:
        raise ValueError(
            f"road {edge!r}: give (tail, head, minutes, capacity) or (tail, head, Latency(...))."
        )
    if not (np.isfinite(latency).all() and min(latency) >= 0 and latency.power >= 1):
        raise ValueError(
            f"road {tail}-{head} has {latency}: free and slope must be 0 or above, power 1 or "
            "above."
        )
    return (tail, head), latency


def _trip(trip):
    if len(trip) != 3 or trip[0] == trip[1] or not (np.isfinite(trip[2]) and trip[2] > 0):
        raise ValueError(
            f"trip {trip!r}: give (origin, destination, demand) with two places and vehicles above "
            "0."
        )
    return trip[:2]


def _routes(ends, origin, destination, most):
    """Return the roads of each route that visits no place twice, shortest in roads first."""
    leads = {destination}  # the places from which the destination can be reached
    while more := {tail for tail, head in ends if head in leads} - leads:
        leads |= more
    found, open_ends = [], [((), (origin,))]
    while open_ends and len(found) <= most:
        roads, places = open_ends.pop(0)
        for e, (tail, head) in enumerate(ends):
            if tail != places[-1] or head in places or head not in leads:
                continue
            if head == destination:
                found.append((*roads, e))
            else:
                open_ends.append(((*roads, e), (*places, head)))
    if not found:
        raise ValueError(f"no route leads from {origin} to {destination}: roads are one-way.")
    if len(found) > most:
        raise ValueError(
            f"more than {most} routes lead from {origin} to {destination}: leave out roads that "
            "nobody would take, or pass a larger max_routes."
        )
    return found
