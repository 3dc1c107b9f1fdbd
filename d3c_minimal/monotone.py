"""Monotone games: where an equilibrium is the only one, and how far a point is from it.

A game is *strongly monotone* if its joint gradient field F, in each coordinate the gradient of its
owner's loss, has ``<F(x) - F(y), x - y> >= m |x - y|^2`` with m > 0 for all joint strategies x, y.
On a closed convex space such a game has exactly one equilibrium (Rosen 1965, theorem 2, under the
weaker diagonal strict convexity). m is the least eigenvalue, along the space, of the symmetric
part of F's Jacobian. Where every loss is quadratic in x that Jacobian is one matrix, and its
eigenvalues settle the matter; elsewhere it can be sampled, which proves nothing.
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal.minimise import projecting
from d3c_minimal.rest_points import field
from d3c_minimal.spaces import Box, Simplices

ROUNDING = 1e-9  # of a matrix: an eigenvalue below it is not told from 0


class Curvature(NamedTuple):
    """Least and largest curvature of a field of gradients along the space.

    Attributes
    ----------
    least : float
        Least eigenvalue of the symmetric part of the field's Jacobian, less what the rounding of
        the gradients may hide. Above 0 the field is strongly monotone; of the gradient of one
        function, that function is strongly convex.
    steepest : float
        The largest singular value: a Lipschitz constant of the field.
    varies : float
        The largest change of the Jacobian between the points looked at, over ``steepest``: at
        rounding level where the field is affine.
    """

    least: float
    steepest: float
    varies: float


def curvature(game, points, of="field"):
    """Measure the curvature of the joint field, or of the total's gradient, at some points.

    Parameters
    ----------
    game : Game
        Without run axes in its parameters; on Euclidean, Box or Simplices.
    points : array (P, d)
        Within the space. The Jacobian is taken by differences between two ends, a hundredth of
        the points' size to each side: exact, up to rounding, where the losses are quadratic.
    of : {"field", "total"}
        What is measured.

    Returns
    -------
    Curvature
        The least ``least`` and the largest ``steepest`` over the points; all infinite, ``least``
        below 0, where a gradient is not finite.
    """
    gradient = _gradients(game, of)
    basis = directions(game.space, game.dim)
    h = 0.01 * (1.0 + abs(points).max())
    ahead, behind = (gradient(points[:, None] + side * h * basis.T) for side in (1, -1))
    D = (ahead - behind) @ basis / (2 * h)  # (P, b, b): direction moved, component along the space
    if not np.isfinite(D).all():
        return Curvature(-np.inf, np.inf, np.inf)
    symmetric = (D + np.swapaxes(D, -1, -2)) / 2
    steepest = float(np.linalg.norm(D, 2, axis=(-2, -1)).max())
    varies = float(abs(D - D[0]).max() / steepest) if steepest > 0 else 0.0
    hidden = 2 * np.finfo(float).eps * max(abs(ahead).max(), abs(behind).max()) * len(basis) / h
    return Curvature(float(np.linalg.eigvalsh(symmetric).min() - hidden), steepest, varies)


def cautious(known, d):
    """Return the Curvature that is left where all that varies is taken for an error (d, d)."""
    error = d * known.varies * known.steepest
    return Curvature(known.least - error, known.steepest + error, known.varies)


def directions(space, d):
    """Return an orthonormal basis (d, b) of the directions along the space.

    All of them in Euclidean space and in a box; those that keep each block's sum on simplices.
    """
    if not isinstance(space, Simplices):
        return np.eye(d)
    blocks = np.repeat(np.eye(len(space.sizes)), space.sizes, axis=-1)
    return np.linalg.svd(blocks)[2][len(blocks) :].T


def distance_bound(game, x, known):
    """Bound the distance of ``x`` (d,) from the equilibrium of a strongly monotone game.

    With r the distance of ``x`` from P(x - F(x)), P the nearest point of the space, it is at most
    (1 + L) / m times r, for L ``steepest`` and m ``least`` of the field (Pang 1987).
    """
    if not known.least > 0:
        return np.inf
    g = field(game, x)
    r = np.linalg.norm(x - projecting(game.space).step(x, g, 1.0))
    return float((1.0 + known.steepest) / known.least * r)


def fall_bound(game, x, known):
    """Bound how much lower than at ``x`` (d,) the total can be, from its convexity.

    A convex total lies above its tangent at ``x``, whose least value on a box or on simplices is
    at a corner; in Euclidean space a strongly convex one falls by at most ``|g|^2 / (2 m)``.
    Infinite where neither says anything. A ``least`` that is below 0 by rounding alone may still
    bend the total down by half of it times the squared distance: in a wide box that is much.

    Parameters
    ----------
    known : Curvature
        Of the total.
    """
    if not known.least > -ROUNDING * known.steepest:
        return np.inf
    g = game.jacobian(x).sum(-2)
    space, bend = game.space, max(-known.least, 0.0) / 2
    if isinstance(space, Simplices):
        lowest = np.minimum.reduceat(g, np.cumsum(space.sizes) - space.sizes)
        return float(max(g @ x - lowest.sum(), 0.0) + bend * 2 * len(space.sizes))
    if isinstance(space, Box):
        reach = np.maximum(x - space.low, space.high - x)
        linear = (g * (x - np.where(g > 0, space.low, space.high))).sum()
        return float(linear + bend * (reach**2).sum())
    clear = known.least > ROUNDING * known.steepest
    return float(g @ g / (2 * known.least)) if clear else np.inf


def _gradients(game, of):
    if of == "field":
        return lambda x: field(game, x)
    if of == "total":
        return lambda x: game.jacobian(x).sum(-2)
    raise ValueError(f"of={of!r}: choose 'field' or 'total'.")
