"""Do two agents' attentions move together? The permutation test of H.2, with its choices named.

A *path* is an agent's attention ln(A_ii / A_ij) at evenly spaced times, one row a run. The
coefficient of agent 1 in run a and agent 2 in run b is the correlation of their paths' changes. In
run a = b they met, and the coefficient is *real*; otherwise they never met, and it is *resampled*.
The paper ranks each real coefficient in a pool, and joins the ranks by the harmonic mean p-value.

The paper calls the coefficient co-integration. It is not: see :mod:`d3c_minimal.cointegration`.
"""

from typing import NamedTuple

import numpy as np

POOLS = ("other runs", "all", "everyone")
TAILS = ("larger", "both")


class Permutation(NamedTuple):
    """What :func:`permutation` found; n runs, m pairs in the pool.

    Attributes
    ----------
    real : array (..., n)
        Coefficients of agents that met.
    pool : array (..., m)
        What they are ranked in.
    p : array (..., n)
        The share of the pool that is as extreme.
    harmonic : array (...)
        Their harmonic mean.
    """

    real: np.ndarray
    pool: np.ndarray
    p: np.ndarray
    harmonic: np.ndarray


def changes(paths, every=1):
    """Return the changes of paths (..., times) over ``every`` times; a rest at the end is dropped.

    Raises
    ------
    ValueError
        If ``every`` is no whole number from 1, a value is not finite, or fewer than three changes
        are left: two always correlate by 1 or -1.
    """
    paths = np.asarray(paths, float)
    if not (int(every) == every and every >= 1):
        raise ValueError(f"every is {every}: give a whole number of times, 1 or more.")
    if not np.isfinite(paths).all():
        raise ValueError("a path is not finite: ln(A_ii / A_ij) needs shares inside (0, 1).")
    found = np.diff(paths[..., :: int(every)], axis=-1)
    if found.shape[-1] < 3:
        raise ValueError(
            f"{paths.shape[-1]} times leave {found.shape[-1]} changes over {every}: a correlation "
            "needs three or more; give longer paths or a smaller `every`."
        )
    return found


def coefficients(first, second, every=1, lag=0):
    """Correlate the changes of every path of agent 1 with those of every path of agent 2.

    Parameters
    ----------
    first : array (..., n, times)
        Paths of agent 1, one a run.
    second : array (..., m, times)
        Paths of agent 2, in the same order.
    every : int
        Times from one value that is looked at to the next. Reason to choose it large: agents whose
        trials end at their own clocks seldom move at the same time, and an answer that comes later
        than the interval is not in it.
    lag : int
        Correlate agent 1's changes with those of agent 2 that come ``lag`` intervals later (for a
        negative lag: earlier). Reason: who answers moves second.

    Returns
    -------
    array (..., n, m)
        Those who met are on the diagonal. NaN where a path's changes are all the same, as a path
        that stands still: there is no correlation then.

    Raises
    ------
    ValueError
        As :func:`changes`, or if the paths do not fit each other or ``lag``.
    """
    one, two = changes(first, every), changes(second, every)
    if one.ndim < 2 or two.ndim < 2 or one.shape[-1] != two.shape[-1]:
        raise ValueError(
            f"the paths have shapes {np.shape(first)} and {np.shape(second)}: give (runs, times) "
            "for each agent, at the same times."
        )
    left = one.shape[-1] - abs(lag)
    if int(lag) != lag or left < 3:
        raise ValueError(f"lag is {lag}: give a whole number that leaves three changes or more.")
    if lag >= 0:
        one, two = one[..., :left], two[..., lag:]
    else:
        one, two = one[..., -lag:], two[..., :left]
    return _unit(one) @ np.swapaxes(_unit(two), -1, -2)


def _unit(x):
    """Centre and normalise along the last axis; NaN where nothing varies but by rounding."""
    centred = x - x.mean(-1, keepdims=True)
    size = np.sqrt((centred**2).sum(-1, keepdims=True))
    still = size <= 1e-9 * np.sqrt((x**2).sum(-1, keepdims=True))
    return np.where(still, np.nan, centred / np.where(still, 1.0, size))


def permutation(first, second, every=1, lag=0, pool="other runs", tail="larger"):
    """Rank the real coefficients among resampled ones, as H.2 does (Figure 19).

    Parameters
    ----------
    first, second : array (..., n, times)
        Paths of both agents; row a of both is run a.
    every, lag : int
        As in :func:`coefficients`.
    pool : str
        "other runs": the n (n - 1) pairs of agent 1 with the agent 2 of another run, and beside
        them only the real pair that is ranked. Reason: a real pair is held against pairs that are
        known not to have met. "all": all n^2 pairs of an agent 1 with an agent 2, the real ones
        among them, so that only one of these can rank first. "everyone": all n (2 n - 1) pairs of
        the 2 n paths, two agents 1 as well. The text speaks of all possible values and of the full
        resampled set, which fits each.
    tail : str
        "larger": as extreme means as large. Reason: attention that moves *together* is asked for.
        "both": as far from 0.

    Returns
    -------
    Permutation

    Raises
    ------
    ValueError
        If a name is unknown, the shapes do not fit, there are fewer than two runs, or a
        correlation is undefined.
    """
    _check(pool, POOLS, "pool")
    _check(tail, TAILS, "tail")
    first, second = np.asarray(first, float), np.asarray(second, float)
    c = coefficients(first, second, every, lag)
    n = c.shape[-1]
    _check_pairs(c)
    real = np.diagonal(c, axis1=-2, axis2=-1)
    if pool == "other runs":
        resampled = c[..., ~np.eye(n, dtype=bool)]
    elif pool == "all":
        resampled = c.reshape(*c.shape[:-2], n * n)
    else:
        paths = np.concatenate([first, second], -2)
        resampled = coefficients(paths, paths, every, lag)[..., *np.triu_indices(2 * n, 1)]
    as_extreme = _counted(real, resampled, tail)
    beside = 1 if pool == "other runs" else 0  # the pair itself is in the other pools already
    p = (as_extreme + beside) / (resampled.shape[-1] + beside)
    return Permutation(real, resampled, p, harmonic_mean_p(p))


def _counted(real, resampled, tail):
    """Count for each real coefficient the resampled ones that are as extreme, up to rounding."""
    if tail == "both":
        real, resampled = abs(real), abs(resampled)
    return (resampled[..., None, :] >= real[..., None] - 1e-12).sum(-1)


def shuffled_partners(c, rng, count=999, tail="larger"):
    """Test the mean real coefficient against the means under other pairings of the same runs.

    Every agent 1 gets one agent 2, at random, ``count`` times. If each agent 2's path had nothing
    to do with the agent 1 that it met, any pairing would be as likely as the real one. So the
    share of pairings, the real one among them, whose mean is as extreme is an exact p-value,
    whatever the runs have in common. It cannot be below 1 / (count + 1).

    Parameters
    ----------
    c : array (..., n, n)
        :func:`coefficients`.
    rng : numpy.random.Generator
        Draws the pairings; all leading axes share them.
    count : int
        Pairings.
    tail : str
        As in :func:`permutation`.

    Returns
    -------
    array (...)
        p-values.

    Raises
    ------
    ValueError
        If ``c`` is not square, undefined somewhere, or of one run; or if ``count`` or ``tail`` is
        off.
    """
    _check(tail, TAILS, "tail")
    c = np.asarray(c, float)
    _check_pairs(c)
    if not (int(count) == count and count >= 1):
        raise ValueError(f"count is {count}: give a whole number of pairings, 1 or more.")
    runs = np.arange(c.shape[-1])
    partners = rng.permuted(np.tile(runs, (int(count), 1)), axis=-1)
    means = c[..., runs, partners].mean(-1)
    real = np.diagonal(c, axis1=-2, axis2=-1).mean(-1)
    if tail == "both":
        means, real = abs(means), abs(real)
    return (1 + (means >= real[..., None] - 1e-12).sum(-1)) / (1 + count)


def harmonic_mean_p(p):
    """Return the harmonic mean of p-values along the last axis (equal weights; Wilson 2019).

    As a p-value it is a little too small; :func:`landau_p` mends that.

    Raises
    ------
    ValueError
        If there is none, or one is not in (0, 1].

    Examples
    --------
    >>> round(float(harmonic_mean_p([0.01, 0.5, 1.0])), 4)
    0.0291
    """
    p = np.asarray(p, float)
    if p.ndim < 1 or not p.shape[-1] or not ((p > 0) & (p <= 1)).all():
        raise ValueError("give one or more p-values along the last axis, each above 0 and up to 1.")
    return p.shape[-1] / (1 / p).sum(-1)


def landau_p(harmonic, count):
    """Return the p-value of a harmonic mean of ``count`` p-values, for large counts (Wilson 2019).

    1/p of a uniform p has a tail so heavy that the mean of ``count`` of them is near a Landau
    variable, with location ln(count) + 0.874 and scale pi/2; this is the chance that it exceeds
    1 / harmonic.

    Raises
    ------
    ValueError
        If ``harmonic`` is not in (0, 1] or ``count`` is below 2.
    """
    from scipy.integrate import quad

    if not 0 < harmonic <= 1 or not (int(count) == count and count >= 2):
        raise ValueError(
            f"harmonic is {harmonic}, count {count}: give a harmonic mean in (0, 1] of two or more "
            "p-values."
        )
    place = np.log(count) + 1 - np.euler_gamma - np.log(2 / np.pi)
    z = (1 / harmonic - place) / (np.pi / 2)

    def integrand(t):
        return np.exp(-t * z - 2 / np.pi * t * np.log(t)) * np.sin(2 * t) / (np.pi * t)

    return quad(integrand, 0, np.inf, limit=500)[0]


def _check(value, known, name):
    if value not in known:
        raise ValueError(f"{name}={value!r}: choose one of {known}.")


def _check_pairs(c):
    if c.ndim < 2 or c.shape[-1] != c.shape[-2] or c.shape[-1] < 2:
        raise ValueError(
            f"there are {c.shape[-2:]} pairs: give as many paths of agent 1 as of agent 2, one a "
            "run, and two runs or more."
        )
    undefined = np.isnan(c)
    if undefined.any():
        which = [
            f"agent {agent + 1} in run {run}"
            for agent in (0, 1)
            for run in np.nonzero(undefined.all(-1 - agent).reshape(-1, c.shape[-1]).any(0))[0]
        ]
        raise ValueError(
            f"the changes of {', '.join(which)} are all the same, so no correlation is defined: "
            "leave these runs out, or look over another interval."
        )
