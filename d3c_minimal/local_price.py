"""The local price of anarchy of one joint gradient step (Definition 1).

The reading of Definition 1 taken here. Everyone is about to step from ``x`` to ``x - dt F``, where
F_i is the gradient of agent i's mixed loss f^A_i in its own strategy. The game is *constrained to
the line* by letting agent i choose how much of its own step it takes, ``tau_i`` in [0, dt], and
nothing else: n numbers, for an equilibrium is about what one agent gains by deviating *alone*, and
with one common tau nobody could. The numerator of (4) is the worst equilibrium of that game. Its
denominator is the least value over one *common* tau, as (4) prints it. With independent tau there
too, the price would exceed the bounds already at first order in dt. So (4) is at least 1 where the
equilibrium lies on the line, as it does for every small dt (tau_i = dt for all i); where it lies
off the line, at a large dt, it may fall below the line's least value, and the price below 1.
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal import mixing
from d3c_minimal.game import Game
from d3c_minimal.spaces import Box, Simplices

_COARSE, _FINE, _ZOOMS = 33, 9, 5  # grids: the last has a spacing of dt / 32768
_SWEEPS, _NEWTON = 40, 12


class SegmentEquilibria(NamedTuple):
    """Where best responses from several starts settled in the game on the segment.

    Attributes
    ----------
    tau : array (S, ..., n)
        How much of its step each agent takes, from each of S starts, in [0, dt].
    losses : array (S, ..., n)
        The mixed losses there.
    gain : array (S, ...)
        The largest share of its mixed loss that an agent was found to gain by another tau_i.
    settled : array of bool (S, ...)
        Whether ``gain`` is within the tolerance, so that ``tau`` counts as an equilibrium.
    """

    tau: np.ndarray
    losses: np.ndarray
    gain: np.ndarray
    settled: np.ndarray


def segment_game(game, x, A, dt):
    """Return the mixed game constrained to one joint step (Definition 1) as a game of its own.

    Agent i has one coordinate, ``tau_i`` in [0, dt], and the loss f^A_i(x - tau F(x)), where
    tau_i scales agent i's own part of the joint gradient F.

    Parameters
    ----------
    game : Game
        On Euclidean space, or on a Box that holds the whole step.
    x : array (..., d)
        Where the step starts.
    A : array (n, n) or (..., n, n)
        Mixture.
    dt : float
        Step size, above 0.

    Returns
    -------
    Game
        n players on Box(0, dt), with the leading axes of ``x`` (and ``A``) as its runs.

    Raises
    ------
    ValueError
        If ``dt`` is not positive, the space is another, or the step leaves the box.
    """
    x, A, F = checked_step(game, x, A, dt)
    owner = game.owner

    def losses(tau):
        return mixing.mixed_loss(A, game.loss(x - tau[..., owner] * F))

    def jacobian(tau):
        at = x - tau[..., owner] * F
        mine = (owner[:, None] == np.arange(game.n_players)).astype(float)
        return -(game.mixed_jacobian(at, A) * F[..., None, :]) @ mine

    return Game(
        losses,
        np.arange(game.n_players),
        Box(0.0, dt),
        name=f"{game.name} on one step",
        jacobian=jacobian,
        runs=x.shape[:-1],
    )


def segment_equilibria(game, x, A, dt, tol=1e-12):
    """Search the equilibria of the game on the segment, from many starts at once for all runs.

    Two searches begin at, or near, the corners all step, none steps, one alone steps, one alone
    stays. In the one the agents go, one after the other, to their best response; the other is
    Newton's method on their gradients, which also finds equilibria that repel best responses. A
    candidate counts if no agent gains more than ``tol`` of its loss by another tau_i, on nested
    grids over all of [0, dt]: that is the certificate.

    The only equilibrium of a small dt (all tau_i = dt) is among the starts, so it is found
    exactly. Where a large dt admits several, the search may miss some.

    Parameters
    ----------
    game, x, A, dt
        As in :func:`segment_game`.
    tol : float
        Relative to the agent's mixed loss.

    Returns
    -------
    SegmentEquilibria

    Raises
    ------
    ValueError
        As :func:`segment_game`.
    """
    line = segment_game(game, x, A, dt)
    n = line.n_players
    alone = np.eye(n)
    corners = np.unique(np.concatenate([alone, 1 - alone, [np.zeros(n), np.ones(n)]]), axis=0)
    starts = np.empty((len(corners), *line.runs, n))
    starts[:] = dt * corners.reshape(-1, *[1] * len(line.runs), n)
    tau = starts.copy()
    for _ in range(_SWEEPS):
        tau = _distinct(tau)
        if not (_sweep(line, tau, dt, tol) > tol).any():
            break
    tau = _distinct(np.concatenate([tau, _newton(line, 0.3 * dt + 0.4 * starts, dt)]))
    gain = _sweep(line, tau, dt, np.inf)
    return SegmentEquilibria(tau, line.loss(tau), gain, gain <= tol)


def local_price(game, x, A, dt, egalitarian=False):
    """Return the local price of anarchy (4) of one joint step from x, shape (...).

    The worst equilibrium of the game in which each agent picks its own tau_i in [0, dt], over the
    least value on the line x - tau F with one common tau; see the module for why. The value of an
    outcome is the total of the losses, or, egalitarian, the largest mixed loss.

    All runs are computed at once, at thousands of evaluations of the losses each: a second or so
    for a thousand runs of two players. See :func:`segment_equilibria` for what the search can
    miss. Where it certified no equilibrium the price is NaN: at a large dt there may be none
    without randomising.

    Parameters
    ----------
    game, x, A, dt
        As in :func:`segment_game`.
    egalitarian : bool
        Take the largest mixed loss instead of the total (appendix D.2).

    Returns
    -------
    array (...)

    Raises
    ------
    ValueError
        As :func:`segment_game`, and if the least value on the line is not positive.

    Examples
    --------
    >>> from d3c_minimal.games import nash_paradox
    >>> price = local_price(nash_paradox(0.1), np.array([0.6, 0.6]), np.eye(2), 0.1)
    >>> round(float(price), 4)
    1.2854
    """
    value = _largest if egalitarian else _total
    found = segment_equilibria(game, x, A, dt)
    values = np.where(found.settled, value(found.losses), -np.inf).max(0)
    line = segment_game(game, x, A, dt)
    _, least = _least(lambda tau: value(line.loss(_common(tau, line))), line.runs, dt)
    if not (least > 0).all():
        raise ValueError(
            f"the least value on the step is {least.min():.6g}: a price of anarchy needs positive "
            "ones. Add an offset to the losses, and say which: it changes the ratio."
        )
    return np.where(values > -np.inf, values, np.nan) / least


def checked_step(game, x, A, dt):
    """Return x and A with common leading axes, and the joint gradient F (..., d), all checked."""
    if not (np.isscalar(dt) and np.isfinite(dt) and dt > 0):
        raise ValueError(f"dt is {dt}: give one step size above 0.")
    if isinstance(game.space, Simplices):
        raise ValueError(
            f"{game.name} lives on simplices, where x - tau F leaves the space: write the game in "
            "logits first, d3c_minimal.game.in_logits(game)."
        )
    x, A = game.checked(x), mixing.check(A, game.n_players)
    runs = np.broadcast_shapes(x.shape[:-1], A.shape[:-2])
    x = np.broadcast_to(x, (*runs, game.dim))
    F = mixing.joint_gradient(game, x, A)
    try:
        game.space.check(x)
        game.space.check(x - dt * F)
    except ValueError as error:
        raise ValueError(
            f"{game.name}: the step from x leaves the space, so it is no straight line: choose a "
            "smaller dt or an x further inside."
        ) from error
    return x, A, F


def _total(f):
    return f.sum(-1)


def _largest(f):
    return f.max(-1)


def _common(tau, line):
    """Let every agent take the same tau (...): (..., n)."""
    return np.repeat(tau[..., None], line.n_players, -1)


def _best_response(line, tau, i, dt):
    """Return agent i's best tau_i against the others', and what share of its loss it gains."""

    def own_loss(candidate):
        profile = np.broadcast_to(tau, (*candidate.shape, tau.shape[-1])).copy()
        profile[..., i] = candidate
        return line.loss(profile)[..., i]

    now = own_loss(tau[..., i])
    best, least = _least(own_loss, now.shape, dt)
    return best, np.maximum(now - least, 0.0) / np.maximum(abs(now), np.finfo(float).tiny)


def _sweep(line, tau, dt, tol):
    """Move each agent who gains over ``tol`` to its best response, in place; return the gains."""
    gain = np.zeros(tau.shape[:-1])
    for i in range(line.n_players):
        best, share = _best_response(line, tau, i, dt)
        gain = np.maximum(gain, share)
        tau[..., i] = np.where(share > tol, best, tau[..., i])
    return gain


def _distinct(tau):
    """Drop starts that stand where an earlier one does, in every run."""
    kept = []
    for each in tau:
        if not any(np.array_equal(each, other) for other in kept):
            kept.append(each)
    return np.stack(kept)


def _newton(line, tau, dt):
    """Follow Newton's method to points where no agent's gradient leads on inside [0, dt]."""
    n = line.n_players
    nudges = 1e-4 * dt * np.eye(n).reshape(n, *[1] * (tau.ndim - 1), n)

    def slopes(at):
        return np.einsum("...ii->...i", line.jacobian(at))

    for _ in range(_NEWTON):
        slope = slopes(tau)
        free = ~(((tau <= 0) & (slope > 0)) | ((tau >= dt) & (slope < 0)))
        up, down = np.minimum(tau + nudges, dt), np.maximum(tau - nudges, 0.0)
        width = (up - down).sum(-1)[..., None]
        H = np.moveaxis((slopes(up) - slopes(down)) / width, 0, -1)
        size = np.maximum(abs(H).max((-2, -1), keepdims=True), np.finfo(float).tiny)
        H = np.where(free[..., None], H / size, np.eye(n))
        slope = np.where(free, slope / size[..., 0], 0.0)
        move = -(np.linalg.pinv(H, rcond=1e-9) @ slope[..., None])
        left = abs(slope + (H @ move)[..., 0]) > 0.5 * abs(slope)  # no root: on to an end
        before, move = tau, np.where(left, -dt * np.sign(slope), move[..., 0])
        tau = np.clip(tau + move, 0.0, dt)
        if (abs(tau - before) <= 1e-14 * dt).all():
            break
    return tau


def _least(value, shape, dt):
    """Minimise value(t) over t in [0, dt] for each entry of ``shape``, on nested grids.

    ``value`` maps (G, *shape) to itself. Each grid holds the best point so far, so the values
    never rise, and the ends 0 and dt are met exactly.
    """
    low, high = np.zeros(shape), np.full(shape, float(dt))
    for points in (_COARSE, *[_FINE] * _ZOOMS):
        share = np.linspace(0.0, 1.0, points).reshape(-1, *[1] * len(shape))
        grid = low * (1 - share) + high * share
        values = value(grid)
        k = values.argmin(0)[None]
        best, least = (np.take_along_axis(each, k, 0)[0] for each in (grid, values))
        low = np.take_along_axis(grid, np.maximum(k - 1, 0), 0)[0]
        high = np.take_along_axis(grid, np.minimum(k + 1, points - 1), 0)[0]
    return best, least
