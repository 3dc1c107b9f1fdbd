"""Smooth games: a bound on the price of anarchy that needs no equilibrium (Definition 2, Lemma 1).

A game is (lambda, mu)-smooth if, for all joint strategies x and x',

    sum_i f_i(x_i, x'_-i)  <=  lambda sum_i f_i(x) + mu sum_i f_i(x'),    lambda > 0, mu < 1.

Each pair is one such inequality in its three totals, here called ``cross``, ``here`` (at x) and
``there`` (at x'). With x an optimum and x' an equilibrium they bound the price of anarchy by
lambda / (1 - mu). (This has nothing to do with losses being differentiable.)
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.tensors import MAX_ENTRIES, loss_tensor

ROUNDING = 1e-13  # relative: what is below it is taken for 0


@dataclass(frozen=True)
class SmoothBound:
    """The least lambda / (1 - mu) that a set of pairs allows.

    Attributes
    ----------
    bound : float
        At least 1. Infinite where no (lambda, mu) satisfies all pairs.
    lam, mu : float
        What attains it (nan where nothing does). mu is -inf, and lam inf, where the bound is
        approached in that limit only; it is then the largest total over the least.
    """

    bound: float
    lam: float
    mu: float


def pair_totals(game, x, other):
    """Return the three totals of Definition 2 (5) at pairs of joint strategies.

    Parameters
    ----------
    game : Game
        Its joint strategies must form a product: each player may leave ``other`` alone.
    x, other : array (..., d)
        They broadcast against each other: ``x[:, None]`` and ``other`` give all pairs.

    Returns
    -------
    cross, here, there : arrays (...)
        ``sum_i f_i(x_i, other_-i)``, ``sum_i f_i(x)`` and ``sum_i f_i(other)``, in units of loss.
        ``here`` has the leading axes of ``x``, ``there`` those of ``other``, ``cross`` both.

    Raises
    ------
    TypeError, ValueError
        If ``x`` or ``other`` is no array of floats (..., d).

    Examples
    --------
    Two players of the dilemma at 1/2 each, against both at 0:

    >>> from d3c_minimal.games import prisoners_dilemma
    >>> [float(v) for v in pair_totals(prisoners_dilemma(2), [0.5, 0.5], [0.0, 0.0])]
    [2.5, 1.0, 2.0]
    """
    x, other = game.checked(x), game.checked(other)
    cross = sum(
        game.loss(np.where(game.owner == i, x, other))[..., i] for i in range(game.n_players)
    )
    return cross, game.loss(x).sum(-1), game.loss(other).sum(-1)


def all_pair_totals(finite_game):
    """Return the three totals of Definition 2 at all pairs of joint actions of a finite game.

    An inequality (5) that holds at all of them holds for mixed strategies too: it is linear in the
    chances of x and of x', and these are drawn apart.

    Parameters
    ----------
    finite_game : array (m_1, ..., m_n, n) or Game
        A loss tensor, or a Game that :func:`d3c_minimal.equilibria.normal_form` accepts.

    Returns
    -------
    cross, here, there : arrays (J, J), (J, 1), (1, J)
        J joint actions in the order of ``itertools.product``: x along the first axis, x' along the
        second. ``here`` and ``there`` are the same J totals; they broadcast against ``cross``.

    Raises
    ------
    ValueError
        If the game is malformed, or has too many pairs to enumerate.
    """
    tensor = loss_tensor(finite_game)
    n, total = tensor.shape[-1], tensor.sum(-1).ravel()
    if total.size**2 > MAX_ENTRIES:
        raise ValueError(
            f"{total.size} joint actions have {total.size**2:.3g} pairs, too many to enumerate: "
            "draw some and pass them to pair_totals; the bound is then a lower estimate."
        )
    actions = np.indices(tensor.shape[:-1]).reshape(n, -1)
    cross = np.zeros((total.size, total.size))
    for i in range(n):
        moved = [a[:, None] if k == i else a for k, a in enumerate(actions)]
        cross += tensor[(*moved, i)]
    return cross, total[:, None], total[None, :]


def robust_price_of_anarchy(finite_game, at_optimum=False):
    """Return the least lambda / (1 - mu) for which a finite game is smooth: its robust price.

    It bounds the total loss of every coarse correlated equilibrium, so of every correlated, mixed
    and pure one, by that multiple of the least total (Roughgarden 2015). It is never below
    ``price_of_anarchy_bracket(finite_game).upper``, the same bound without the detour.

    Parameters
    ----------
    finite_game : array (m_1, ..., m_n, n) or Game
        A loss tensor, or a Game that :func:`d3c_minimal.equilibria.normal_form` accepts.
    at_optimum : bool
        Ask for the inequality (5) only where x is the optimum (the first, where several tie), the
        only use that the bound makes of it. The result can be smaller, and still bounds all
        these equilibria.

    Returns
    -------
    SmoothBound
        Exact: a linear program in two unknowns, solved by :func:`smooth_bound`.

    Raises
    ------
    ValueError
        If the game is malformed, a total is negative, or, for all pairs, there are too many.

    Examples
    --------
    The second player's second action is always better, and then so is the first player's: that
    equilibrium is the only one and the optimum, which smoothness alone does not see.

    >>> game = [[[2, 4], [4, 3]], [[3, 4], [3, 2]]]
    >>> round(robust_price_of_anarchy(game).bound, 4)  # 14 / 11
    1.2727
    >>> round(robust_price_of_anarchy(game, at_optimum=True).bound, 4)
    1.2
    """
    if not at_optimum:
        return smooth_bound(*all_pair_totals(finite_game))
    tensor = loss_tensor(finite_game)
    total = tensor.sum(-1)
    best = np.unravel_index(total.argmin(), total.shape)
    cross = sum(np.take(tensor[..., i], [a], axis=i) for i, a in enumerate(best))
    return smooth_bound(cross, total[best], total)


def smooth_bound(cross, here, there):
    """Find the least lambda / (1 - mu) for which all given pairs satisfy Definition 2 (6).

    With rho = lambda / (1 - mu) and s = 1 / (1 - mu) > 0 a pair reads

        rho here >= there + s (cross - there),

    so the bound is the lowest point of the upper envelope of lines in s, one line a pair. The line
    rho = 1 is among them: it is each point's pair with itself.

    Parameters
    ----------
    cross, here, there : arrays
        As :func:`pair_totals` and :func:`all_pair_totals` give them; they broadcast.

    Returns
    -------
    SmoothBound
        For all pairs of a finite game it holds for the game; so it does for all pairs whose x is
        one and the same optimum. For a sample of pairs it is a *lower estimate* of the game's own
        bound, and bounds nothing.

    Raises
    ------
    ValueError
        If there is no pair, a total is negative, or a number is not finite.

    Examples
    --------
    >>> from d3c_minimal.games import traffic
    >>> found = smooth_bound(*all_pair_totals(traffic(45.0, 45.0, 0.0, 10.0, 10.0)))
    >>> [round(v, 6) for v in (found.bound, found.lam, found.mu)]
    [1.25, 5.0, -3.0]
    """
    cross, here, there = np.broadcast_arrays(*(np.asarray(v, float) for v in (cross, here, there)))
    if cross.size == 0:
        raise ValueError("there is no pair: give at least one, from pair_totals.")
    if not (np.isfinite([cross, here, there]).all() and min(here.min(), there.min()) >= 0):
        raise ValueError(
            f"Definition 2 needs finite losses and totals that are not negative, the least here is "
            f"{min(here.min(), there.min()):.6g}: measure losses from a zero that means something, "
            "and say which (an offset changes every ratio), or compare differences of totals."
        )
    largest = max(here.max(), there.max())
    zero = here <= ROUNDING * largest
    s = _least_s(cross[zero], there[zero], ROUNDING * largest)
    if s == np.inf:
        return SmoothBound(np.inf, np.nan, np.nan)
    cross, here, there = (v[~zero] for v in (cross, here, there))
    rise = np.where(abs(cross - there) > ROUNDING * there, cross - there, 0.0)
    height, slope = np.append(there / here, 1.0), np.append(rise / here, 0.0)
    s, rho = _lowest(height, slope, s)
    if s <= ROUNDING:
        return SmoothBound(float(height.max()), np.inf, -np.inf)
    return SmoothBound(rho, rho / s, 1.0 - 1.0 / s)


def _least_s(cross, there, rounding):
    """Return the least s that pairs with here = 0 allow, s (there - cross) >= there; inf if none.

    Only s > 0 counts: s = 0 would satisfy there = 0 < cross, and no (lambda, mu) does.
    """
    binding = np.maximum(cross, there) > rounding
    cross, there = cross[binding], there[binding]
    if not (there > cross).all():
        return np.inf
    return float((there / (there - cross)).max(initial=0.0))


def _lowest(height, slope, least_s):
    """Return the s >= least_s at which the highest of the lines height + s slope is lowest, and it.

    A falling and a rising line cut each other at a candidate; the line that is highest there takes
    the place of one of them, until there is none above the cut. No line comes back.
    """
    falling = (height + least_s * slope).argmax()
    rising = np.lexsort((height, slope))[-1]
    if slope[falling] >= 0:
        return least_s, float(height[falling] + least_s * slope[falling])
    for _ in height:
        s = (height[falling] - height[rising]) / (slope[rising] - slope[falling])
        values = height + s * slope
        line, cut = values.argmax(), values[rising]
        if values[line] <= cut + ROUNDING * abs(cut):
            break
        falling, rising = (line, rising) if slope[line] < 0 else (falling, line)
    return float(s), float(values.max())
