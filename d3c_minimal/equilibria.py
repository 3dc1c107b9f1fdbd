"""Equilibria and optima, each value with its certificate.

Finite games are enumerated (:mod:`d3c_minimal.finite`, :mod:`d3c_minimal.mixed`); smooth games
are searched from many starts. What a search returns is checked, so each value is what it says to
tolerance; what a search misses it does not know.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from d3c_minimal.finite import best_actions, mixed_equilibria, pure_equilibria
from d3c_minimal.game import Game
from d3c_minimal.minimise import (
    falls_without_bound,
    minimise,
    projecting,
    residual,
    subspace,
    vertices,
)
from d3c_minimal.rest_points import approach, field, polish
from d3c_minimal.spaces import Box, Simplices
from d3c_minimal.tensors import block_owners, check_one_run, normal_form

__all__ = [
    "deviation_gains",
    "find_equilibria",
    "mixed_equilibria",
    "normal_form",
    "optimum",
    "pure_equilibria",
]

_WIDER, _LOW, _DESCENTS = 16, 256, 6  # of the scan for deviations
SHORT = 1e-4  # a residual above this, relative to the value, is no optimum inside the space
SAME_POINT = 1e-3  # ends closer than this, relative to their size, are counted as one


@dataclass(frozen=True)
class Equilibrium:
    """A point from which no player was found to gain by deviating.

    Attributes
    ----------
    x : array (d,)
    losses : array (n,)
    gain : float
        The largest gain of any player that the search for deviations found, in units of loss.
    reached : int
        How many of the ``starts`` led here.
    starts : int
    """

    x: np.ndarray
    losses: np.ndarray
    gain: float
    reached: int
    starts: int


@dataclass(frozen=True)
class Optimum:
    """The least total loss that a search found.

    Attributes
    ----------
    value : float
        The total.
    x : array (d,)
    losses : array (n,)
    residual : float
        Largest entry of the projected gradient of the total at ``x``: x - P(x - gradient).
    agree : int
        How many of the ``starts`` ended at this value, to 1e-6 of it.
    starts : int
    spread : float
        Largest minus least end value: 0 where all starts agree.
    """

    value: float
    x: np.ndarray
    losses: np.ndarray
    residual: float
    agree: int
    starts: int
    spread: float


def find_equilibria(game, rng, starts=32, tol=1e-6):
    """Search a smooth game for Nash equilibria from many starts, and certify what is found.

    Every start leads to two candidates: the end of an extragradient descent, which also settles
    where simultaneous descent cycles, and the nearest rest point by Newton's method, which also
    finds equilibria that repel descent. A candidate stays if no player gains more than ``tol`` by
    a deviation, see :func:`deviation_gains`.

    A search proves nothing about what it did not find: there may be further equilibria, worse
    ones among them, so a price of anarchy from here is a lower estimate. Where equilibria fill a
    curve, as partly mixed ones can, it returns the points of the curve that the starts led to.

    Parameters
    ----------
    game : Game
        Without run axes in its parameters; on Euclidean, Box or Simplices.
    rng : numpy.random.Generator
    starts : int or array (S, d)
        Number of starts drawn from the space (from [-1, 1] in Euclidean space), or the starts.
    tol : float
        In units of loss, above 0.

    Returns
    -------
    list of Equilibrium
        The largest total loss first; empty where no candidate passed.

    Raises
    ------
    TypeError, ValueError
        If an argument is off.
    """
    if not (np.isfinite(tol) and tol > 0):
        raise ValueError(f"tol is {tol}: give a loss above 0 that counts as no gain, e.g. 1e-6.")
    x0 = _starts(game, rng, starts)
    with np.errstate(all="ignore"):
        polished = [polish(game, end, near) for end in approach(game, x0) for near in (1e-3, 1e-7)]
        polished += [polish(game, start, 0.0) for start in x0]
    origins = np.concatenate([np.repeat(np.arange(len(x0)), 2), np.arange(len(x0))])
    found = []
    for x, reached in _merged(np.stack(polished), origins, game):
        gain = _largest_gain(game, x, rng, tol)
        if gain <= tol:
            found.append(Equilibrium(x, game.loss(x), gain, reached, len(x0)))
    return sorted(found, key=lambda point: -point.losses.sum())


def optimum(game, rng=None, starts=32):
    """Find the least total loss.

    A finite game (a loss tensor) is enumerated, exactly. A Game is searched by scipy from many
    starts, with exact gradients; on simplices the vertices are tried as well, all of them where
    there are at most 65,536, so that the optimum of a mixed extension is exact too.

    Parameters
    ----------
    game : array (m_1, ..., m_n, n) or Game
    rng : numpy.random.Generator
        Needed for a Game.
    starts : int or array (S, d)
        As in :func:`find_equilibria`.

    Returns
    -------
    BestActions (for a tensor) or Optimum

    Raises
    ------
    ValueError
        If the total falls without bound, or is finite at no end; if an argument is off.

    Warns
    -----
    RuntimeWarning
        If losses or gradients were not finite on the way and the end is no rest point.
    """
    if not isinstance(game, Game):
        return best_actions(game)
    x0 = _starts(game, rng, starts)

    def values(x):
        return game.loss(x).sum(-1)

    holes = []  # points where losses or gradients are not finite: a descent may end beside them

    def value_and_gradient(x):
        value, gradient = values(x), game.jacobian(x).sum(-2)
        if not (holes or (np.isfinite(value) and np.isfinite(gradient).all())):
            holes.append(x.copy())
        return value, gradient

    ends = [minimise(game.space, value_and_gradient, start) for start in x0]
    reached = np.array([value for _, value in ends])
    reached[np.isnan(reached)] = np.inf
    x, value = ends[reached.argmin()][0], float(reached.min())
    if isinstance(game.space, Simplices):
        corners = vertices(game.space, rng)
        corner = corners[values(corners).argmin()]
        corner, at_corner = minimise(game.space, value_and_gradient, corner)
        if at_corner <= value + 1e-9 * (1 + abs(value)):  # at a tie, the pure optimum reads better
            x, value = corner, at_corner
    elif not isinstance(game.space, Box) and any(
        falls_without_bound(values, x, x - start) for start, (x, _) in zip(x0, ends, strict=True)
    ):
        raise ValueError(
            f"{game.name}: the total loss falls without bound, so it has no optimum and no price "
            "of anarchy: bound the strategies, for example with space=Box(low, high)."
        )
    if not np.isfinite(value):
        raise ValueError(f"{game.name}: no start led to a finite total loss: check the losses.")
    rest = float(residual(game.space, x, game.jacobian(x).sum(-2)))
    if holes and not rest <= SHORT * (1 + abs(value)):
        warnings.warn(
            f"{game.name}: losses or gradients are not finite at x = {holes[0]}, and the search "
            "stopped short of the optimum. Keep the strategies off such points, for example with "
            "Box(0.001, 1.0) instead of Box(0.0, 1.0).",
            RuntimeWarning,
            stacklevel=2,
        )
    return Optimum(
        value=value,
        x=x,
        losses=game.loss(x),
        residual=rest,
        agree=int((reached <= value + 1e-6 * (1 + abs(value))).sum()),
        starts=len(x0),
        spread=float(reached.max() - min(value, reached.min())),
    )


def deviation_gains(game, x, rng, tries=64):
    """Return what each player could gain at ``x`` by changing its own strategy alone: (n,).

    For each player own strategies are drawn and scanned, 17 times ``tries`` of them (on simplices
    the vertices are added), and scipy descends from ``x``, from six low ones that lie apart, and
    from two more, with exact gradients. On games that are linear in each player's blocks the
    vertices make the gain exact; on games that are convex in each player's strategy the descent
    does; otherwise it is a lower bound: a narrow well among many can be missed, the more so the
    more coordinates a player owns.

    Parameters
    ----------
    game : Game
        Without run axes in its parameters; on Euclidean, Box or Simplices.
    x : array (d,)
    rng : numpy.random.Generator
    tries : int

    Returns
    -------
    array (n,)
        In units of loss, 0 or above. At a Nash equilibrium all are 0.
    """
    x = _starts(game, rng, np.asarray(x)[None])[0]
    return np.array([_gain(game, x, player, rng, tries) for player in range(game.n_players)])


def _gain(game, x, player, rng, tries=64):
    mine = game.owner == player
    arena = subspace(game.space, mine)

    def joint(y):
        z = np.broadcast_to(x, (*y.shape[:-1], game.dim)).copy()
        z[..., mine] = y
        return z

    def value_and_gradient(y):
        z = joint(y)
        return game.loss(z)[player], game.jacobian(z)[player, mine]

    # The wide scan has a stream of its own, the same each time: it costs the caller's none.
    wide = np.random.default_rng(tries).spawn(1)[0]
    near = arena.sample(rng, (tries, mine.sum()))
    far = arena.sample(wide, (_WIDER * tries, mine.sum()))
    if isinstance(arena, Simplices):
        near = np.concatenate([vertices(arena, rng), near])
    elif game.space is arena:  # Euclidean: look near and far around x
        near = _around(x[mine], near, rng)
        far = _around(x[mine], far, wide)
    draws = np.concatenate([far, near])
    with np.errstate(all="ignore"):
        scanned = np.nan_to_num(game.loss(joint(draws))[:, player], nan=np.inf)
    starts = [x[mine], *_low_and_apart(draws, scanned), *near[-2:]]
    lowest = np.nanmin([minimise(arena, value_and_gradient, start)[1] for start in starts])
    return float(max(game.loss(x)[player] - lowest, 0.0))


def _around(x, draws, rng):
    reach = 10.0 ** rng.uniform(-1, 2, (len(draws), 1))
    return x + reach * (1.0 + abs(x)) * draws


def _low_and_apart(draws, values):
    """Return the lowest of the draws, and further low ones that are no neighbours of those."""
    order = np.argsort(values, kind="stable")[: min(len(draws) // 4 + 1, _LOW)]
    draws, chosen = draws[order], []
    distance = np.linalg.norm(draws[:, None] - draws, axis=-1)
    apart = np.quantile(distance, 0.1)
    left = np.ones(len(draws), bool)
    while left.any() and len(chosen) < _DESCENTS:
        k = int(left.argmax())
        chosen.append(draws[k])
        left &= distance[k] > apart
    return chosen


def _largest_gain(game, x, rng, tol):
    """Return the largest gain, or the first found above ``tol``: enough to drop a candidate."""
    if not np.isfinite(game.loss(x)).all():
        return np.inf
    gain = 0.0
    for player in range(game.n_players):
        gain = max(gain, _gain(game, x, player, rng))
        if not gain <= tol:
            break
    return gain


def _merged(points, origins, game):
    """Yield the distinct points, best rest first, with the number of starts that led to each."""
    rest = residual(game.space, points, field(game, points))
    points, origins = points[rest.argsort(kind="stable")], origins[rest.argsort(kind="stable")]
    while len(points):
        same = abs(points - points[0]).max(-1) <= SAME_POINT * (1.0 + abs(points[0]).max())
        same[0] = True
        yield points[0], len(set(origins[same]))
        points, origins = points[~same], origins[~same]


def _starts(game, rng, starts):
    """Return the starts (S, d), after checking that the game can be searched."""
    if not isinstance(game, Game):
        raise TypeError("a search needs a Game; a loss tensor is enumerated by pure_equilibria.")
    check_one_run(game)
    projecting(game.space)
    if isinstance(game.space, Simplices):
        block_owners(game)
    if not isinstance(rng, np.random.Generator):
        raise TypeError("a search draws its starts: pass rng=np.random.default_rng(0).")
    if np.ndim(starts) == 0:
        if int(starts) != starts or starts < 1:
            raise ValueError(f"starts is {starts}: give a whole number, 1 or above, or points.")
        starts = game.space.sample(rng, (int(starts), game.dim))
    x0 = game.checked(starts)
    if x0.ndim != 2 or len(x0) == 0 or not np.isfinite(x0).all():
        raise ValueError(f"starts has shape {x0.shape}: give finite points (S, {game.dim}).")
    game.space.check(x0)
    return x0
