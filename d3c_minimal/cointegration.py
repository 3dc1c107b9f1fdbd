"""Co-integration as Engle and Granger mean it: do two wandering paths stay near each other?

Each path wanders without bound, and yet some combination of them does not. The test has two steps:
regress one path on the other, then ask whether what is left over pulls back to 0. Its input is the
paths themselves. Their changes do not tell: two paths can take the same steps and part for good, or
stay together for good with steps that hardly correlate.
"""

import numpy as np


def engle_granger(first, second):
    """Return the statistic of the test, the more negative the stronger the pull back.

    The residual e of ``second`` regressed on ``first`` and a constant, by least squares, is put to
    the Dickey-Fuller regression ``e[t] - e[t-1] = g e[t-1]``, without lags or constant, and the
    statistic is g over its standard error. It has no t distribution: hold it against :func:`null`.

    Parameters
    ----------
    first, second : array (..., times)
        Two paths; leading axes are runs.

    Returns
    -------
    array (...)
        NaN where ``first`` stands still, or where nothing is left over.

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite, or there are fewer than five times.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    if x.shape != y.shape or not x.ndim or x.shape[-1] < 5:
        raise ValueError(f"the paths have shapes {x.shape} and {y.shape}: give five times or more.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("a path is not finite: drop runs that diverged.")
    x, y = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        e = y - x * ((x * y).sum(-1) / (x * x).sum(-1))[..., None]
        before, change = e[..., :-1], np.diff(e, axis=-1)
        size = (before**2).sum(-1)
        g = (before * change).sum(-1) / size
        rest = ((change - g[..., None] * before) ** 2).sum(-1) / (change.shape[-1] - 1)
        return g * np.sqrt(size / rest)


def null(times, runs, rng):
    """Draw the statistic (runs,) for pairs of independent random walks with normal steps.

    Parameters
    ----------
    times : int
        Length of each path.
    runs : int
        Pairs.
    rng : numpy.random.Generator
    """
    walks = rng.standard_normal((2, runs, times)).cumsum(-1)
    return engle_granger(*walks)


def p_value(statistic, null):
    """Return the share of ``null`` (and the statistic itself) that is as far below 0."""
    below = np.searchsorted(np.sort(null), statistic, side="right")
    return (1 + below) / (1 + len(null))
