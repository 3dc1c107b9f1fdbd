"""Braess' road network: a shortcut that slows everyone, and random networks like it."""

import numpy as np

from d3c_minimal.game import Game, Reference
from d3c_minimal.spaces import Simplices

ROUTES = ("S-A-E", "S-B-E", "S-A-B-E")


def traffic(C, D, E, F, G, drivers=4):
    """Build the commute from S to E (section 3.1, appendix E.1); losses are expected minutes.

    Driver i chooses probabilities x_i of the routes S-A-E, S-B-E and S-A-B-E. With n_sa
    drivers on edge SA and n_be on BE, the roads take

        SA: F n_sa,    AE: C,    SB: D,    BE: G n_be,    AB: E  minutes.

    The choices are independent, so the expected commute is multilinear: with
    u_i = x_i1 + x_i3 (on SA) and w_i = x_i2 + x_i3 (on BE),

        f_i = u_i F (1 + sum_{j != i} u_j) + w_i G (1 + sum_{j != i} w_j)
              + C x_i1 + D x_i2 + E x_i3,

    which equals the paper's matrix form (114)-(126).

    Parameters
    ----------
    C, D, E, F, G : float or array
        Road parameters; arrays broadcast over the runs, one network for each run. ``E=None``
        closes the road AB: two routes remain.
    drivers : int
        Number of drivers, at least 2.

    Returns
    -------
    Game
        On a product of simplices, one block a driver. Its reference holds the assignment of
        drivers to routes with the least total, exactly; and everybody on the shortcut, where that
        is strictly dominant (E + n G < C and E + n F < D) and so the only equilibrium.

    Raises
    ------
    ValueError
        If a parameter is negative or not finite, or there are fewer than two drivers.
    """
    if int(drivers) != drivers or drivers < 2:
        raise ValueError(f"drivers is {drivers}: give a whole number, at least 2.")
    is_open = E is not None
    roads = dict(zip("CDEFG", np.broadcast_arrays(C, D, E if is_open else 0.0, F, G), strict=True))
    for name, value in roads.items():
        roads[name] = value = np.asarray(value, float)
        if not (np.isfinite(value).all() and (value >= 0).all()):
            raise ValueError(
                f"road parameter {name} is negative or not finite: give minutes, 0 or above"
                + (" (E=None closes the road AB)." if name == "E" else ".")
            )
    routes = 3 if is_open else 2
    C, D, E, F, G = (roads[name][..., None] for name in "CDEFG")

    def loads(x):
        x = x.reshape(*x.shape[:-1], drivers, routes)
        short = x[..., 2] if is_open else 0.0
        return x, x[..., 0] + short, x[..., 1] + short

    def crowds(x):
        """Route shares, own use of SA and BE, and expected minutes there for a driver on it."""
        x, u, w = loads(x)
        on_sa = F * (1.0 + u.sum(-1, keepdims=True) - u)
        on_be = G * (1.0 + w.sum(-1, keepdims=True) - w)
        return x, u, w, on_sa, on_be

    def losses(x):
        x, u, w, on_sa, on_be = crowds(x)
        fixed = C * x[..., 0] + D * x[..., 1] + (E * x[..., 2] if is_open else 0.0)
        return u * on_sa + w * on_be + fixed

    def jacobian(x):
        x, u, w, on_sa, on_be = crowds(x)
        others = (F * u)[..., None], (G * w)[..., None]  # what a further driver costs each one
        i = np.arange(drivers)

        def block(on_route, sa, be):
            across = np.broadcast_to(sa * others[0] + be * others[1], (*u.shape, drivers)).copy()
            across[..., i, i] = on_route
            return across

        blocks = [block(on_sa + C, 1.0, 0.0), block(on_be + D, 0.0, 1.0)]
        if is_open:
            blocks.append(block(on_sa + on_be + E, 1.0, 1.0))
        return np.stack(blocks, -1).reshape(*u.shape, drivers * routes)

    return Game(
        losses,
        np.repeat(np.arange(drivers), routes),
        Simplices([routes] * drivers),
        name="traffic" if is_open else "traffic, AB closed",
        jacobian=jacobian,
        parameters={**roads, "E": roads["E"] if is_open else None, "drivers": drivers},
        runs=roads["C"].shape,
        reference=_reference(roads, drivers, routes),
    )


def random_braess(rng, gap=0.0, count=None):
    """Draw road networks that show Braess' paradox (Algorithm 4), with four drivers.

    F and G are uniform on 1..20, C on 4G + 10..4G + 20, D on 4F + 10..4F + 20, and E uniform on
    the whole minutes for which both promises of the algorithm hold strictly: the shortcut is
    the faster route whatever the others do, E < min(C - 4G, D - 4F); and when all take it, the
    total exceeds the best total without it by more than ``gap``. Draws for which there is no
    such E are drawn again.

    As printed, the algorithm reads "arg min" for "min", bounds F by C where D is meant (110),
    leaves the gap Delta open, and admits the upper end of the range of E, and the lower one where
    it is above 0: there a promise holds with equality only.

    Parameters
    ----------
    rng : numpy.random.Generator
    gap : float
        Delta of (113) in minutes, 0 or above.
    count : int, optional
        Number of networks; they lie along the runs, so ``x`` must have a leading axis of this
        length. One network without an axis by default.

    Returns
    -------
    Game
        ``.parameters`` holds the drawn C, D, E, F, G.

    Raises
    ------
    ValueError
        If ``gap`` is negative, or so large that no network can satisfy it.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError("networks are drawn: pass rng=np.random.default_rng(0).")
    if count is not None and (int(count) != count or count < 1):
        raise ValueError(f"count is {count}: give a whole number of networks, 1 or above.")
    if not gap >= 0:
        raise ValueError(f"gap is {gap}: give minutes, 0 or above.")
    wanted = 1 if count is None else int(count)
    found = np.empty((0, 5))
    for _ in range(1000):
        found = np.concatenate([found, _draw_networks(rng, gap, 4 * wanted)])[:wanted]
        if len(found) == wanted:
            C, D, E, F, G = found[0] if count is None else found.T
            return traffic(C, D, E, F, G)
    raise ValueError(f"no network with a gap of {gap} minutes turned up: ask for a smaller gap.")


def _draw_networks(rng, gap, tries):
    F, G = rng.integers(1, 21, (2, tries))
    C, D = 4 * np.array([G, F]) + rng.integers(10, 21, (2, tries))
    on_sa = np.arange(1, 4)[:, None]
    without = on_sa * (F * on_sa + C) + (4 - on_sa) * (G * (4 - on_sa) + D)
    threshold = (without.min(0) + gap) / 4 - 4 * (F + G)  # E must lie above it
    lowest = np.maximum(np.floor(threshold) + 1, 0).astype(int)
    highest = np.minimum(C - 4 * G, D - 4 * F) - 1
    fits = lowest <= highest
    C, D, F, G, lowest, highest = (v[fits] for v in (C, D, F, G, lowest, highest))
    return np.stack([C, D, rng.integers(lowest, highest + 1), F, G], -1).astype(float)


def _reference(roads, drivers, routes):
    """Enumerate how many drivers take each route; order within a route does not matter."""
    C, D, E, F, G = (roads[name][..., None] for name in "CDEFG")
    counts = [
        (a, b, drivers - a - b)
        for a in range(drivers + 1)
        for b in range(drivers + 1 - a)
        if routes == 3 or a + b == drivers
    ]
    a, b, s = np.array(counts).T
    minutes = np.stack(
        np.broadcast_arrays(F * (a + s) + C, G * (b + s) + D, F * (a + s) + E + G * (b + s)), -1
    )
    best = (np.stack([a, b, s], -1) * minutes).sum(-1).argmin(-1)
    chosen = np.array([np.repeat([0, 1, 2], row) for row in counts])[best]
    at_best = np.take_along_axis(minutes, best[..., None, None], -2)[..., 0, :]
    known = {
        "optimum": np.eye(3)[chosen][..., :routes].reshape(*chosen.shape[:-1], -1),
        "optimal_losses": np.take_along_axis(at_best, chosen, -1),
    }
    n = drivers
    if routes == 3 and ((E + n * G < C) & (E + n * F < D)).all():
        everybody = (n * (F + G) + E)[..., 0]
        known["nash"] = np.broadcast_to(np.tile([0.0, 0.0, 1.0], n), (*everybody.shape, 3 * n))
        known["nash_losses"] = np.repeat(everybody[..., None], n, -1)
    return Reference(**known, note="optimum by enumeration; equilibrium where it is dominant")
