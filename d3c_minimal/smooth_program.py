"""The two-dimensional program behind the local bound: one agent's best smoothness constants.

Symbols: ``a`` and ``c`` are the paper's a-hat and c-hat, the slack of Lemma 6 and the loss after
the step, both over the loss before it; ``mu_hat`` is 1 - mu; ``lam`` is lambda.
"""

from typing import NamedTuple

import numpy as np


class ProgramSolution(NamedTuple):
    """The solution of (78) to (83), each field an array of the common shape of a, c and mu_bar.

    Attributes
    ----------
    rho : array
        The infimum of lam / mu_hat: max(1, c + a / mu_bar).
    first, last : array
        The minimisers are all ``mu_hat`` in [first, last], mu_hat = 0 itself excluded. Both are
        infinite where the infimum is not attained.
    case : array of int
        1: a > 0 and c >= 1; 2: a > 0, c < 1 and mu_bar comes before the two constraints cross at
        a / (1 - c); 3: it comes after, so the ratio reaches 1; 4: a = 0.
    """

    rho: np.ndarray
    first: np.ndarray
    last: np.ndarray
    case: np.ndarray


def smooth_program(a, c, mu_bar=np.inf):
    """Solve the program (78) to (83) in closed form.

    Minimise lam / mu_hat subject to lam >= a + c mu_hat, lam >= mu_hat and 0 < mu_hat <= mu_bar.
    At a given mu_hat the least ratio is max(1, c + a / mu_hat), which does not rise with mu_hat,
    so mu_bar itself is always a minimiser if it is finite. Not attained is the infimum in case 1
    with an infinite mu_bar alone: there the ratio falls towards c for ever.

    Parameters
    ----------
    a, c : array (...)
        Not negative. A negative ``a``, from a step too long for Lemma 6, would make the ratio
        rise with mu_hat, and the formula wrong.
    mu_bar : float or array (...)
        Above 0; infinite for no bound. It bounds 1 - mu, not mu.

    Returns
    -------
    ProgramSolution

    Raises
    ------
    ValueError
        If ``a`` or ``c`` is negative or not finite, or ``mu_bar`` not above 0.

    Examples
    --------
    >>> float(smooth_program(0.5, 1.2, mu_bar=5.0).rho)
    1.3
    """
    a, c, mu_bar = np.broadcast_arrays(*(np.asarray(v, float) for v in (a, c, mu_bar)))
    check_mu_bar(mu_bar)
    if not (np.isfinite(a) & np.isfinite(c) & (a >= 0) & (c >= 0)).all():
        raise ValueError(
            "a and c of the program must be finite and not negative: losses before and after the "
            "step positive, and the step short enough for Lemma 6."
        )
    rho = np.maximum(1.0, c + a / mu_bar)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = np.where(c < 1, a / (1 - c), np.inf)
    reached = (a > 0) & (crossing <= mu_bar) & (c < 1)
    case = np.select([a == 0, reached, c < 1], [4, 3, 2], 1)
    first = np.select([case == 4, case == 3], [0.0, crossing], mu_bar)
    return ProgramSolution(rho, first, mu_bar.copy(), case)


def check_mu_bar(mu_bar):
    """Raise ValueError unless mu_bar is above 0 (infinity included)."""
    if not (np.asarray(mu_bar) > 0).all():
        raise ValueError(
            f"mu_bar is {mu_bar}: it bounds 1 - mu from above, so give a number above 0, or "
            "infinity for no bound."
        )
