"""The price of anarchy: what selfishness costs at its worst, as a ratio of total losses."""

import numpy as np

from d3c_minimal.bracket import Bracket as Bracket
from d3c_minimal.bracket import FiniteBracket as FiniteBracket
from d3c_minimal.bracket import SmoothBracket as SmoothBracket
from d3c_minimal.bracket import positive_total
from d3c_minimal.bracket import price_of_anarchy_bracket as price_of_anarchy_bracket
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
    least = positive_total(best.sum())
    totals = ends.reshape(-1, len(best)).sum(-1)
    if totals.min() < least - ROUNDING * least:
        raise ValueError(
            f"an equilibrium has the total {totals.min():.9g}, below the optimum's {least:.9g}: "
            "the optimum is none; search it from more starts."
        )
    return float(max(totals.max() / least, 1.0))
