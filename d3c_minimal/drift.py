"""What a trial of two agents is worth: the drift and the diffusion of a row, from four measures.

An agent's attention is d = ln(A_ii / A_ij). A shake of length delta moves it by delta b, where b is
the difference of the two coordinates of a unit vector: mean 0, mean square 1. Let the mean return
of a trial rise by S for each unit of shake (the *signal*, with the lag in it: S is what has been
answered when the trial ends), and let G_b - G have, beside that, a normal part with standard
deviation sigma (the *noise*). Algorithm 1 then moves d by -eta_A ReLU((G_b - G) / tau + epsilon) b.
Everything is in rewards: S > 0 means that keeping more raises what the rule hears.
"""

from typing import NamedTuple

import numpy as np

_ANGLES = 32  # of b = sqrt(2) cos(angle), for the mean over the shake; exact to rounding


class Step(NamedTuple):
    """Moments of what one trial moves the attention by.

    Attributes
    ----------
    mean : float or array
        The drift; below 0 the row opens.
    square : float or array
        Mean square.
    """

    mean: np.ndarray
    square: np.ndarray


def step(signal, noise, *, eta_A, delta, tau, epsilon=0.0):
    """Return the moments of one trial's move; all arguments broadcast.

    Parameters
    ----------
    signal : float or array
        S, in return per unit of attention.
    noise : float or array
        sigma, in return; above 0.
    eta_A, delta, tau, epsilon : float or array
        As in :class:`d3c_minimal.trial_rule.Rule`, without ``factor``.

    Returns
    -------
    Step

    Raises
    ------
    ValueError
        If ``noise`` is not above 0.

    Notes
    -----
    Given b the rate of loss is normal, with mean epsilon - S delta b / tau and standard deviation
    sigma / tau. Its positive part has closed moments; the mean over b is a sum over angles. Where
    the signal is small beside the noise, the drift is eta_A S delta Phi(epsilon tau / sigma) / tau:
    half of eta_A S delta / tau for epsilon = 0.
    """
    from scipy.special import ndtr

    noise = np.asarray(noise, float)
    if not (noise > 0).all():
        raise ValueError(f"noise is {noise}: give a standard deviation above 0.")
    b = np.sqrt(2) * np.cos((np.arange(_ANGLES) + 0.5) * np.pi / _ANGLES)
    signal, noise, eta_A, delta, tau, epsilon = (
        np.asarray(value, float)[..., None] for value in (signal, noise, eta_A, delta, tau, epsilon)
    )
    mean, spread = epsilon - signal * delta * b / tau, noise / tau
    ratio = mean / spread
    open_, bell = ndtr(ratio), np.exp(-(ratio**2) / 2) / np.sqrt(2 * np.pi)
    length = mean * open_ + spread * bell
    square = (mean**2 + spread**2) * open_ + mean * spread * bell
    return Step(
        -(eta_A * length * b).mean(-1),
        (eta_A**2 * square * b**2).mean(-1),
    )


def clarity(signal, noise, delta, trials):
    """Return the drift of a run over its diffusion, ``sqrt(K) |S| delta / (sqrt(2) sigma)``.

    For epsilon = 0 and a signal that is small beside the noise. No step eta_A is in it: the step
    says how far a row gets, this number whether it gets there by the signal. Below 1 a run drowns.
    Of loud signals it says too much: the exact ratio, by :func:`step`, is never above sqrt(K / 3).
    """
    return np.sqrt(trials) * np.abs(signal) * delta / (np.sqrt(2) * noise)


def reach(signal, *, eta_A, delta, tau, trials):
    """Return how far the drift carries d in a run, K eta_A S delta / (2 tau), for epsilon = 0."""
    return trials * eta_A * signal * delta / (2 * tau)


def mixed_signal(d, own, other, returns):
    """Return the slope of agent i's *mixed* return in its own shake, and its mechanical part.

    Parameters
    ----------
    d : array (..., 2)
        Attentions of agent i and of the other.
    own, other : float or array
        Slopes of both agents' own returns in agent i's attention: what policies have answered.
    returns : float or array
        Agent i's own return. What is handed out of it is lost to the mixed return at once.

    Returns
    -------
    signal, mechanical : array
        A_ii own + A_ji other + A_ii A_ij returns, and the last term alone.
    """
    d = np.asarray(d, float)
    keep = 1 / (1 + np.exp(-d))
    mechanical = keep[..., 0] * (1 - keep[..., 0]) * returns
    return keep[..., 0] * own + (1 - keep[..., 1]) * other + mechanical, mechanical


def walk(law, d, trials, rng, bound=5.0):
    """Follow both agents' attentions through ``trials`` trials.

    Parameters
    ----------
    law : callable
        ``law(d) -> Step`` for attentions (runs, 2): of each agent's next move.
    d : array (runs, 2)
        Start.
    trials : int
    rng : numpy.random.Generator
        Moves are drawn as normal with the law's moments.
    bound : float
        The attention is held within plus and minus this.

    Returns
    -------
    array (trials + 1, runs, 2)
    """
    path = [np.asarray(d, float)]
    for _ in range(trials):
        mean, square = law(path[-1])
        spread = np.sqrt(np.maximum(square - mean**2, 0))
        moved = path[-1] + mean + spread * rng.standard_normal(path[-1].shape)
        path.append(np.clip(moved, -bound, bound))
    return np.stack(path)
