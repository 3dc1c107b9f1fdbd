"""Where a map of returns leads those who climb: each agent's slope in its own attention.

Agent i moves ``d_i = ln(A_ii / A_ij)`` and no other number. Its mixed return is
``m_i = A_ii r_i + A_ji r_j``, so a small move changes it by

    d m_i / d d_i  =  A_ii A_ij r_i  +  (A_ii d r_i / d d_i + A_ji d r_j / d d_i),

first the *mechanical* part, arithmetic at unchanged returns, which comes at once; then the
*answer* of the policies, which comes with a lag. Everything is in rewards, to be made large; arrays
are (G, G, 2), the agents last, on the grid of a :class:`d3c_minimal.surrogate.Landscape`.
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal import surrogate


class Slopes(NamedTuple):
    """Slopes in return per unit of one's own attention, each (G, G, 2).

    Attributes
    ----------
    raw : array
        Of the own, unmixed return.
    mechanical : array
        Of the mixed return before policies have answered.
    answer : array
        What the policies' answer adds to it. Mixed return, all told: ``mechanical + answer``;
        where only a share w has come: ``mechanical + w * answer``.
    """

    raw: np.ndarray
    mechanical: np.ndarray
    answer: np.ndarray


def finer(land, parts):
    """Return the same surface on a grid with ``parts`` steps in the place of each.

    A field that is known at the grid's points alone is blurred by a step. A shake that is shorter
    than that finds the slope of the tile it is in, and so does :func:`improve_stay` on a finer
    grid.
    """
    d = np.interp(np.arange((len(land.d) - 1) * parts + 1) / parts, np.arange(len(land.d)), land.d)
    return surrogate.Landscape(d, surrogate.interpolate(land.d, land.returns, _places(d)))


def slopes(land):
    """Return the :class:`Slopes` of a map: central differences, one-sided at the edges."""
    r, grid = land.returns, land.d
    along = np.stack(np.gradient(r, grid, grid, axis=(0, 1)), -2)  # [agent who moves, whose return]
    A = surrogate.rows(_places(grid))
    own = np.diagonal(A, axis1=-2, axis2=-1)
    raw = np.diagonal(along, axis1=-2, axis2=-1)
    others = np.stack([along[..., 0, 1], along[..., 1, 0]], -1)
    handed = 1 - own[..., ::-1]
    return Slopes(raw, own * (1 - own) * r, own * raw + handed * others)


def improve_stay(land, delta, tau, epsilon=0.0, noise=0.0, answered=1.0, measure="mixed", nodes=8):
    """Return the mean change of each agent's attention in a trial of Algorithm 1, at eta_A = 1.

    Both agents are at a point of the grid and shake their rows; the trial before was under other
    shakes there. The mean is over the four shakes, by a rule with ``nodes`` points for each, and
    over the noise, exactly. No bounds of the logits, no penalty.

    Parameters
    ----------
    land : Landscape
    delta, tau, epsilon
        As in :class:`d3c_minimal.trial_rule.Rule`; trials of one length, that begin together.
    noise : float
        Standard deviation of what an agent hears of its return in an episode.
    answered : float
        Share of the policies' answer that a trial's mean has heard, from 0 to 1.
    measure : {"mixed", "raw"}
        What is compared.
    nodes : int
        Even.

    Returns
    -------
    array (G, G, 2)

    Raises
    ------
    ValueError
        If ``measure`` is neither of the two or ``nodes`` is odd.
    """
    if measure not in ("mixed", "raw") or nodes % 2:
        raise ValueError(f"measure={measure!r}, nodes={nodes}: 'mixed' or 'raw', and even nodes.")
    shake = np.sqrt(2) * np.cos((np.arange(nodes) + 0.5) * np.pi / nodes)  # of d, at delta = 1
    pairs = np.stack(np.meshgrid(shake, shake, indexing="ij"), -1).reshape(-1, 2)
    A = surrogate.rows(_places(land.d)[:, :, None] + delta * pairs)
    paid = surrogate.returns_at(land, A)
    paid = land.returns[:, :, None] + answered * (paid - land.returns[:, :, None])
    columns = np.swapaxes(A, -1, -2) if measure == "mixed" else np.broadcast_to(np.eye(2), A.shape)
    heard = np.einsum("...ij,...j->...i", columns, paid)  # (G, G, pairs, agents)
    error = noise**2 * (columns**2).sum(-1) / tau
    fall = (heard[:, :, :, None] - heard[:, :, None]) / tau + epsilon  # before, now
    spread = np.sqrt(error[:, :, :, None] + error[:, :, None]) / tau
    return -(_mean_relu(fall, spread).mean(2) * pairs).mean(2)


def _mean_relu(x, spread):
    """Return E ReLU(x + spread Z) for a standard normal Z."""
    from scipy.special import ndtr

    z = np.divide(x, spread, out=np.zeros_like(x), where=spread > 0)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.where(spread > 0, x * ndtr(z) + spread * density, np.maximum(x, 0.0))


def follow(grid, field, start, steps=400, step=0.05):
    """Go along a field (G, G, 2) from places (..., 2): path (steps + 1, ..., 2), time first.

    All steps have one length, but where the field is below a hundredth of its largest they are
    shorter in proportion. That changes when a place is reached, and not which. Paths stay on the
    grid, and slide along its edge.
    """
    length = np.linalg.norm(field, axis=-1)
    still = 0.01 * length.max()
    path = [np.asarray(start, float)]
    for _ in range(steps):
        v = surrogate.interpolate(grid, field, path[-1])
        pace = np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), still or 1.0)
        path.append(np.clip(path[-1] + step * v / pace, grid[0], grid[-1]))
    return np.stack(path)


def ends(grid, field, near=0.75, **how):
    """Return where the field leads from the grid's points: places (K, 2) and their shares (K,).

    Ends that lie within ``near`` of each other count as one place, at their mean; the largest share
    comes first. ``how`` goes to :func:`follow`.
    """
    last = follow(grid, field, _places(grid).reshape(-1, 2), **how)[-1]
    places, shares = [], []
    left = np.ones(len(last), bool)
    while left.any():
        middle = last[left][0]
        group = left & (np.linalg.norm(last - middle, axis=-1) < near)
        places.append(last[group].mean(0))
        shares.append(group.sum() / len(last))
        left &= ~group
    order = np.argsort(shares, kind="stable")[::-1]
    return np.array(places)[order], np.array(shares)[order]


def _places(grid):
    return np.stack(np.meshgrid(grid, grid, indexing="ij"), -1)
