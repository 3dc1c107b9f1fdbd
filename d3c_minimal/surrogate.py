"""A map in the place of learning: Algorithm 1 where the returns of every mixture are known.

A :class:`Landscape` holds the returns that two agents come to under each pair of fixed rows. A rule
of trials (:mod:`d3c_minimal.trials`) can walk on it without any learner: its returns are read off
the map, at once or with a lag, with or without noise. So what is wrong with a rule can be told
apart from what is wrong with what it hears. Everything is in rewards, to be made large.

Places are *attentions* ``d_i = ln(A_ii / A_ij)``: large for an agent that keeps its reward, 0 for
one that hands out half.
"""

from typing import NamedTuple

import numpy as np


class Landscape(NamedTuple):
    """Returns of two agents under fixed rows.

    Attributes
    ----------
    d : array (G,)
        Attentions, growing: the grid of both agents.
    returns : array (G, G, 2)
        Each agent's own, unmixed return an episode, once policies have answered; the first axis is
        agent 1's attention.
    """

    d: np.ndarray
    returns: np.ndarray


def landscape(d, returns, exchangeable=False):
    """Return a :class:`Landscape`, checked.

    Parameters
    ----------
    d : array (G,)
    returns : array (G, G, 2)
    exchangeable : bool
        The agents' parts in the game are the same: average each point with its mirror image, where
        the agents have changed places.

    Raises
    ------
    ValueError
        If the shapes do not fit, ``d`` does not grow, or a number is not finite.
    """
    d, returns = np.asarray(d, float), np.asarray(returns, float)
    if d.ndim != 1 or len(d) < 2 or not (np.diff(d) > 0).all():
        raise ValueError("d must be a growing grid of two attentions or more, one axis: sort it.")
    if returns.shape != (len(d), len(d), 2) or not np.isfinite(returns).all():
        raise ValueError(
            f"returns have shape {returns.shape}: give finite ones of shape {(len(d), len(d), 2)}, "
            "for each pair of attentions those of both agents."
        )
    if exchangeable:
        returns = (returns + returns.swapaxes(0, 1)[..., ::-1]) / 2
    return Landscape(d, returns)


def rows(d):
    """Return the mixtures (..., 2, 2) with attentions ``d`` (..., 2)."""
    d = np.asarray(d, float)
    keep, give = 1 / (1 + np.exp(-d)), 1 / (1 + np.exp(d))
    first = np.stack([keep[..., 0], give[..., 0]], -1)
    second = np.stack([give[..., 1], keep[..., 1]], -1)
    return np.stack([first, second], -2)


def attention(A):
    """Return ``d`` (..., 2) of mixtures (..., 2, 2); infinite where a share is 0."""
    own = np.diagonal(A, axis1=-2, axis2=-1)
    given = np.stack([A[..., 0, 1], A[..., 1, 0]], -1)
    with np.errstate(divide="ignore"):
        return np.log(own) - np.log(given)


def interpolate(d, values, at):
    """Return values (G, G, k) between the points of the grid: (..., k) at places (..., 2).

    Bilinear; beyond the grid the edge goes on.
    """
    at = np.clip(at, d[0], d[-1])
    cell = np.clip(np.searchsorted(d, at, side="right") - 1, 0, len(d) - 2)
    share = (at - d[cell]) / (d[cell + 1] - d[cell])
    (i, j), (u, v) = np.moveaxis(cell, -1, 0), np.moveaxis(share, -1, 0)[..., None]
    low = (1 - v) * values[i, j] + v * values[i, j + 1]
    high = (1 - v) * values[i + 1, j] + v * values[i + 1, j + 1]
    return (1 - u) * low + u * high


def returns_at(land, A):
    """Return both agents' own returns (..., 2) under mixtures (..., 2, 2), read off the map."""
    return interpolate(land.d, land.returns, attention(A))


def answered(tau, lag):
    """Return the share of an answer that a trial's mean has heard.

    Policies come ``1 / (1 + lag)`` of the remaining way to a new row's returns in each episode, so
    after ``k`` episodes ``1 - q^k`` with ``q = lag / (1 + lag)``; this is its mean over 1 to
    ``tau``.
    """
    lag = np.asarray(lag, float)
    return 1 - lag * (1 - (lag / (1 + lag)) ** tau) / tau


class Record(NamedTuple):
    """What :func:`run` keeps of S stretches of episodes and R runs.

    Attributes
    ----------
    episode : array (S,)
        At which a stretch ends.
    attention : array (S, R, 2)
        Of the unshaken rows, at its end.
    returns : array (S, R, 2)
        Mean return an episode in it, own and unmixed, without noise.
    """

    episode: np.ndarray
    attention: np.ndarray
    returns: np.ndarray


def run(land, learner, episodes, noise, lag, rng, every=1):
    """Let a rule of trials walk on the map.

    Parameters
    ----------
    land : Landscape
    learner : d3c_minimal.trials.D3CTrials
        Of two agents; it is moved on. Or whatever else has ``mixture``, ``A`` (R, 2, 2) and
        ``update(returns)``.
    episodes : int
    noise : float or array that broadcasts to (R, 2)
        Standard deviation of what an agent hears of its return in an episode.
    lag : float or array that broadcasts to (R, 2)
        Episodes. Returns come ``1 / (1 + lag)`` of the way to those of the present shaken rows in
        each, so they are late by ``lag`` on average; 0: policies answer at once. At the start they
        have answered to the unshaken rows.
    rng : numpy.random.Generator
        For the noise; the learner has its own.
    every : int
        Episodes in a stretch; it divides ``episodes``.

    Returns
    -------
    Record

    Raises
    ------
    ValueError
        If ``every`` does not divide ``episodes``, or noise or lag is negative.
    """
    if every < 1 or episodes < 1 or episodes % every:
        raise ValueError(
            f"every is {every}: choose a divisor of the number of episodes, {episodes}."
        )
    noise, lag = np.asarray(noise, float), np.asarray(lag, float)
    if not (noise >= 0).all() or not (lag >= 0).all():
        raise ValueError("noise and lag are 0 or above: a standard deviation, and episodes.")
    paid = returns_at(land, learner.A)
    attentions, means = [], []
    for _ in range(episodes // every):
        total = 0.0
        for _ in range(every):
            paid = paid + (returns_at(land, learner.mixture) - paid) / (1 + lag)
            learner.update(paid + noise * rng.standard_normal(paid.shape))
            total = total + paid
        attentions.append(attention(learner.A))
        means.append(total / every)
    ends = np.arange(every, episodes + 1, every)
    return Record(ends, np.stack(attentions), np.stack(means))
