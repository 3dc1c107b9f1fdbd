"""Minimise a smooth function over a strategy space, by scipy from given starts.

The searches for optima and for profitable deviations need the same four things of a space: its
part that belongs to one player, its nearest point, its corners, and a local minimiser.
"""

from contextlib import suppress

import numpy as np

from d3c_minimal.spaces import Box, Euclidean, ProjectedSimplices, Simplices, Space

MAX_VERTICES = 2**16
DEEP = 1e12  # a fall by this multiple of the value at the start ends a descent


def projecting(space):
    """Return the same set with the Euclidean projected step, or raise TypeError if unknown."""
    if isinstance(space, Simplices):
        return ProjectedSimplices(space.sizes)
    if isinstance(space, (Box, Euclidean)) or type(space) is Space:
        return space
    raise TypeError(
        f"the searches know Euclidean, Box and Simplices, not {type(space).__name__}: write the "
        "game on one of these."
    )


def subspace(space, mine):
    """Return the space of the coordinates in the mask ``mine`` (d,), whole blocks of simplices."""
    space = projecting(space)
    if isinstance(space, Simplices):
        ends = np.cumsum(space.sizes)
        return ProjectedSimplices(np.array(space.sizes)[mine[ends - 1]])
    if isinstance(space, Box):
        return Box(*(np.broadcast_to(bound, mine.shape)[mine] for bound in (space.low, space.high)))
    return space


def residual(space, x, g):
    """Return the largest entry of ``x - P(x - g)``, P the nearest point of the space: (...).

    It is 0 exactly where no direction along the space descends to first order; inside the space
    it is the size of the gradient.
    """
    return abs(x - projecting(space).step(x, g, 1.0)).max(-1)


def vertices(space, rng):
    """Return the corners of a product of simplices (V, d): all, or a sample of 65,536."""
    if not isinstance(space, Simplices):
        raise TypeError("only a product of simplices has vertices here.")
    sizes = np.array(space.sizes)
    if np.prod(sizes.astype(float)) <= MAX_VERTICES:
        picks = np.indices(tuple(sizes)).reshape(len(sizes), -1).T
    else:
        picks = rng.integers(sizes, size=(MAX_VERTICES, len(sizes)))
    x = np.zeros((len(picks), sizes.sum()))
    np.put_along_axis(x, np.cumsum(sizes) - sizes + picks, 1.0, axis=-1)
    return x


def minimise(space, value_and_gradient, start):
    """Descend from one start to a local minimum, with exact gradients.

    L-BFGS-B on Euclidean and Box, SLSQP on Simplices.

    Parameters
    ----------
    space : Euclidean, Box or Simplices
    value_and_gradient : callable
        Maps ``x`` (d,) to (float, array (d,)).
    start : array (d,)

    Returns
    -------
    x : array (d,)
        A point of the space; the start itself where nothing better was found. Where the function
        seems to fall without bound, a point far down.
    value : float
    """
    from scipy.optimize import minimize

    space, d = projecting(space), len(start)
    with np.errstate(all="ignore"):
        before = float(value_and_gradient(start)[0])
    best = [start, np.inf if np.isnan(before) else before]
    floor = best[1] - DEEP * (1.0 + abs(before))

    def watched(x):
        value, gradient = value_and_gradient(x)
        if value < best[1]:
            best[:] = x.copy(), float(value)
        if value < floor:  # before the losses overflow and the solver loses its way
            raise _FarDown
        return value, gradient

    with np.errstate(all="ignore"), suppress(_FarDown):
        if isinstance(space, Simplices):
            end = minimize(value_and_gradient, start, jac=True, **_on_simplices(space.sizes)).x
            end = space.step(end, np.zeros(d), 1.0)  # SLSQP ends up to rounding outside
            after = float(value_and_gradient(end)[0])
            return (end, after) if after <= best[1] else tuple(best)
        bounds = None
        if isinstance(space, Box):
            bounds = np.stack([np.broadcast_to(b, d) for b in (space.low, space.high)], -1)
        options = {"ftol": 1e-15, "gtol": 1e-11, "maxiter": 2000, "maxfun": 4000}
        minimize(watched, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return tuple(best)


def _on_simplices(sizes):
    blocks = np.repeat(np.eye(len(sizes)), sizes, axis=-1)
    return {
        "method": "SLSQP",
        "bounds": [(0.0, 1.0)] * sum(sizes),
        "constraints": {"type": "eq", "fun": lambda x: blocks @ x - 1, "jac": lambda x: blocks},
        "options": {"ftol": 1e-14, "maxiter": 500},
    }


class _FarDown(Exception):
    """The function has fallen by DEEP times its size."""


def falls_without_bound(values, x, direction):
    """Say whether ``values`` (S, d) -> (S,) keep falling from ``x`` along ``direction``.

    Looks eight decades ahead: each decade must bring a fall, and the last at least half as much as
    the first, so that a function that levels off does not count.
    """
    with np.errstate(all="ignore"):
        ahead = values(x + np.concatenate([[0.0], 10.0 ** np.arange(9)])[:, None] * direction)
    if not np.isfinite(ahead).all():
        return bool(np.isneginf(ahead[np.argmin(np.isfinite(ahead))]))
    falls = -np.diff(ahead)
    return bool((falls > 0).all() and falls[-1] >= falls[0] / 2)
