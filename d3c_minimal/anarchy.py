"""The price of anarchy: what selfishness costs at its worst, as a ratio of total losses."""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.finite import (
    BestActions,
    CoarseCorrelated,
    PureEquilibrium,
    best_actions,
    loss_tensor,
    pure_equilibria,
    worst_coarse_correlated,
)
from d3c_minimal.lipschitz import lipschitz_constants as lipschitz_constants
from d3c_minimal.local_bounds import egalitarian_bound as egalitarian_bound
from d3c_minimal.local_bounds import utilitarian_bound as utilitarian_bound
from d3c_minimal.local_price import local_price as local_price
from d3c_minimal.smooth_program import smooth_program as smooth_program
from d3c_minimal.smoothness import SmoothBound as SmoothBound
from d3c_minimal.smoothness import all_pair_totals as all_pair_totals
from d3c_minimal.smoothness import pair_totals as pair_totals
from d3c_minimal.smoothness import robust_price_of_anarchy as robust_price_of_anarchy
from d3c_minimal.smoothness import smooth_bound as smooth_bound

ROUNDING = 1e-9  # an equilibrium may undercut the optimum by this share of it, not by more


@dataclass(frozen=True)
class Bracket:
    """Bounds on the price of anarchy of a finite game, with what attains them.

    Attributes
    ----------
    lower, upper : float
        1 <= lower <= price of anarchy over mixed Nash equilibria <= upper.
    pure : list of PureEquilibrium
        All of them; the worst attains ``lower``.
    coarse : CoarseCorrelated
        Attains ``upper``.
    best : BestActions
        The optimum.
    """

    lower: float
    upper: float
    pure: list[PureEquilibrium]
    coarse: CoarseCorrelated
    best: BestActions


def price_of_anarchy(equilibrium_losses, optimal_losses):
    """Return the price of anarchy (2): the worst equilibrium's total loss over the least total.

    With equilibria from a search it is a lower estimate: a worse one may have been missed. An
    offset of the losses changes it, towards 1 as the offset grows and without bound as the least
    total falls to 0 (appendix D.1.1), so it is defined for positive totals only and says something
    only where the zero of the losses does.

    Parameters
    ----------
    equilibrium_losses : array (E, n) or (n,)
        Losses of all players at each equilibrium, or at the only one.
    optimal_losses : array (n,)
        Losses where their total is least.

    Returns
    -------
    float
        At least 1.

    Raises
    ------
    ValueError
        If shapes do not fit, losses are not finite, there is no equilibrium, the least total is
        not positive, or an equilibrium's total lies below it by more than rounding.

    Examples
    --------
    >>> price_of_anarchy([80.0, 80.0, 80.0, 80.0], [65.0, 65.0, 65.0, 65.0])
    1.2307692307692308
    """
    ends, best = np.asarray(equilibrium_losses, float), np.asarray(optimal_losses, float)
    if best.ndim != 1 or ends.ndim not in (1, 2) or ends.shape[-1:] != best.shape:
        raise ValueError(
            f"equilibrium_losses has shape {ends.shape}, optimal_losses {best.shape}: give (E, n) "
            "or (n,) and (n,), the losses of all n players."
        )
    if ends.size == 0:
        raise ValueError("there is no equilibrium in equilibrium_losses: search from more starts.")
    if not (np.isfinite(ends).all() and np.isfinite(best).all()):
        raise ValueError("losses hold NaN or infinity: the price of anarchy needs finite ones.")
    least = _positive(best.sum())
    totals = ends.reshape(-1, len(best)).sum(-1)
    if totals.min() < least - ROUNDING * least:
        raise ValueError(
            f"an equilibrium has the total {totals.min():.9g}, below the optimum's {least:.9g}: "
            "the optimum is none; search it from more starts."
        )
    return float(max(totals.max() / least, 1.0))


def price_of_anarchy_bracket(finite_game):
    """Return bounds on the price of anarchy of a finite game: Bracket.

    Below by the worst pure equilibrium (by 1 where there is none), above by the worst coarse
    correlated equilibrium, a linear program. Mixed Nash equilibria lie between: each is coarse
    correlated. Where no-regret learners end up on average, the upper bound holds for them too.

    Parameters
    ----------
    finite_game : array (m_1, ..., m_n, n) or Game
        A loss tensor, or a Game that :func:`d3c_minimal.equilibria.normal_form` accepts.

    Raises
    ------
    ValueError
        If the game is malformed or its least total is not positive.

    Examples
    --------
    >>> from d3c_minimal.games import traffic
    >>> bracket = price_of_anarchy_bracket(traffic(45.0, 45.0, 0.0, 10.0, 10.0))
    >>> round(bracket.lower, 4), round(bracket.upper, 4)
    (1.2308, 1.2308)
    """
    tensor = loss_tensor(finite_game)
    best = best_actions(tensor)
    least = _positive(best.value)
    pure, coarse = pure_equilibria(tensor), worst_coarse_correlated(tensor)
    worst = max((point.losses.sum() for point in pure), default=least)
    lower = float(max(worst / least, 1.0))
    upper = float(max(coarse.losses.sum() / least, lower))  # the solver rounds, the bound does not
    return Bracket(lower, upper, pure, coarse, best)


def _positive(least):
    if not least > 0:
        raise ValueError(
            f"the least total loss is {least:.6g}: a price of anarchy needs positive totals. "
            "Compare differences instead, the equilibrium's total minus the least, which no offset "
            "changes; or measure losses from a zero that means something, and say which: an "
            "offset changes the ratio."
        )
    return least
