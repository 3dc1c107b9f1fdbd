"""Rest points of simultaneous descent: where no player can improve to first order.

Every Nash equilibrium of a differentiable game is one; the converse holds where each loss is
convex in its own player's strategy. ``field`` is the joint gradient F(x), in each coordinate
that of its owner's loss, and a rest point has ``x = P(x - F(x))`` with P the nearest point.
"""

import numpy as np

from d3c_minimal.minimise import projecting, residual
from d3c_minimal.spaces import Box, Simplices


def field(game, x):
    """Return in each coordinate the gradient of its owner's own loss: (..., d)."""
    return game.jacobian(x)[..., game.owner, np.arange(game.dim)]


def approach(game, x, steps=1000, rest=1e-11):
    """Descend from all starts at once by extragradient, which settles where descent cycles.

    Each step looks ahead, ``y = step(x, F(x))``, and goes by the gradient found there,
    ``x <- step(x, F(y))`` (Korpelevich 1976; with entropic steps, Nemirovski's mirror-prox). The
    step size of each run starts from a Lipschitz constant of F measured between the starts; a
    step is taken only if it is at most 0.7 of what ``|F(y) - F(x)| / |y - x|`` admits (Khobotov
    1987), else it shrinks.

    Parameters
    ----------
    game : Game
    x : array (S, d)
        Starts.
    steps : int
        At most so many.
    rest : float
        Residual below which a run has arrived.

    Returns
    -------
    array (S, d)
    """
    between = _admitted(game, x, np.roll(x, 1, axis=0))
    measured = between[np.isfinite(between) & (between > 0)]
    eta = np.full((len(x), 1), measured.min() if measured.size else 1.0)
    limit = 1e6 * eta
    for _ in range(steps):
        g = field(game, x)
        if (residual(game.space, x, g) <= rest).all():
            break
        ahead = game.space.step(x, g, eta)
        g_ahead = field(game, ahead)
        admitted = _admitted(game, x, ahead, g, g_ahead)
        new = game.space.step(x, g_ahead, eta)
        taken = (eta <= admitted) & np.isfinite(new).all(-1, keepdims=True)
        x = np.where(taken, new, x)
        less = 0.8 * np.clip(np.nan_to_num(admitted), 0.1 * eta, eta)
        eta = np.where(taken, np.minimum(1.05 * eta, limit), less)
    return x


def polish(game, x, near):
    """Solve for the rest point on the face of ``x``, from ``x``: (d,) -> (d,).

    Coordinates within ``near`` of a bound (as a share of the box's side, or of the block's largest
    entry) are put on it; in the others the gradient vanishes or,
    on simplices, is the same along each block. These equations go to Levenberg and Marquardt's
    method. The end is kept if it is closer to rest than ``x``.
    """
    from scipy.optimize import root

    arena = projecting(game.space)
    x_face, free, blocks = _face(arena, x, near)
    m, spread = int(free.sum()), blocks[:, free]
    if m == 0:
        end = x_face
    else:

        def equations(z):
            y = x_face.copy()
            y[free] = z[:m]
            return np.concatenate([field(game, y)[free] - z[m:] @ spread, spread @ z[:m] - 1.0])

        level = spread @ field(game, x_face)[free] / np.maximum(spread.sum(-1), 1.0)
        z = root(equations, np.concatenate([x_face[free], level]), method="lm", tol=1e-14).x
        end = x_face.copy()
        end[free] = z[:m]
    if not np.isfinite(end).all():
        return x
    end = arena.step(end, np.zeros_like(x), 1.0)
    ends = np.stack([x, end])
    return ends[np.nan_to_num(residual(arena, ends, field(game, ends)), nan=np.inf).argmin()]


def _face(space, x, near):
    """Put coordinates near a bound on it: the point, its free coordinates, the blocks' sums."""
    if isinstance(space, Simplices):
        x = np.where(x <= near * space.block_max(x), 0.0, x)
        blocks = np.repeat(np.eye(len(space.sizes)), space.sizes, axis=-1)
        return x / space.block_sum(x), x > 0, blocks
    none = np.zeros((0, len(x)))
    if not isinstance(space, Box):
        return x.copy(), np.ones(len(x), bool), none
    close = near * (space.high - space.low)
    low, high = x <= space.low + close, x >= space.high - close
    return np.where(low, space.low, np.where(high, space.high, x)), ~(low | high), none


def _admitted(game, x, y, g=None, g_y=None):
    """Return 0.7 |y - x| / |F(y) - F(x)| (S, 1): the largest step that the field admits."""
    g = field(game, x) if g is None else g
    turned = np.linalg.norm((field(game, y) if g_y is None else g_y) - g, axis=-1, keepdims=True)
    moved = np.linalg.norm(y - x, axis=-1, keepdims=True)
    return np.where(turned > 0, 0.7 * moved / np.where(turned > 0, turned, 1.0), np.inf)
