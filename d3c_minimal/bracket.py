"""Brackets on the price of anarchy, each side with what it rests on.

A *finite* game is enumerated, and its worst coarse correlated equilibrium is a linear program:
both sides are proved. A *smooth* game is searched, which proves a lower side at most, since what
a search missed may be worse. Its upper side is proved where the losses are quadratic, the game is
strongly monotone, so that its equilibrium is the only one (:mod:`d3c_minimal.monotone`), and its
total is convex; elsewhere it is infinite. All of this in floating point: what is proved holds up to
the rounding of the losses themselves.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.equilibria import Equilibrium, Optimum, find_equilibria, optimum
from d3c_minimal.finite import (
    BestActions,
    CoarseCorrelated,
    PureEquilibrium,
    best_actions,
    pure_equilibria,
    worst_coarse_correlated,
)
from d3c_minimal.game import Game
from d3c_minimal.monotone import (
    ROUNDING,
    cautious,
    curvature,
    directions,
    distance_bound,
    fall_bound,
)
from d3c_minimal.smoothness import pair_totals, smooth_bound
from d3c_minimal.spaces import Box, Simplices
from d3c_minimal.tensors import check_one_run, loss_tensor, normal_form

_POINTS, _PAIRS = 16, 256
_SAME_VALUE = 1e-9  # of the losses: a change that differs by more is no rounding
_SAME = 1e-6  # a Jacobian that varies by this share of itself is not constant


@dataclass(frozen=True)
class Bracket:
    """Bounds on the price of anarchy, with what each rests on.

    Attributes
    ----------
    lower, upper : float
        1 <= lower <= price of anarchy <= upper; over mixed Nash equilibria for a finite game.
        ``upper`` is infinite where nothing is proved.
    best : BestActions or Optimum
        The optimum, proved or found.
    lower_rests_on, upper_rests_on : str
        Begins with "proved", "found" or "nothing known".
    """

    lower: float
    upper: float
    best: BestActions | Optimum
    lower_rests_on: str
    upper_rests_on: str


@dataclass(frozen=True)
class FiniteBracket(Bracket):
    """A bracket of a finite game.

    Attributes
    ----------
    pure : list of PureEquilibrium
        All of them; the worst attains ``lower``.
    coarse : CoarseCorrelated
        Its ``bound`` gives ``upper``; its own total attains it up to the solver's rounding.
    """

    pure: list[PureEquilibrium]
    coarse: CoarseCorrelated


@dataclass(frozen=True)
class SmoothBracket(Bracket):
    """A bracket of a smooth game.

    Attributes
    ----------
    equilibria : list of Equilibrium
        Those found, the worst first; it attains ``lower``.
    sampled : float
        No bound: the least lambda / (1 - mu) that some sampled pairs with the optimum admit (see
        :mod:`d3c_minimal.smoothness`), a lower estimate of what a smoothness argument could give.
        NaN where a total is negative.
    sampled_rests_on : str
    """

    equilibria: list[Equilibrium]
    sampled: float
    sampled_rests_on: str


def price_of_anarchy_bracket(game, rng=None, starts=32, quadratic=False):
    """Return bounds on the price of anarchy, and what each of them rests on.

    A finite game: below by the worst pure equilibrium (by 1 where there is none), above by the
    worst coarse correlated equilibrium, a linear program. Mixed Nash equilibria lie between: each
    is coarse correlated. Where no-regret learners end up on average, the upper bound holds for
    them too.

    A smooth game: below by the worst equilibrium found over the least total found; above by the
    only equilibrium over a lower bound of the total, if ``quadratic`` lets both be proved, else by
    infinity.

    Parameters
    ----------
    game : array (m_1, ..., m_n, n) or Game
        A loss tensor; a Game that :func:`d3c_minimal.equilibria.normal_form` accepts, which is
        finite too; or any Game on Euclidean, Box or Simplices, which is searched.
    rng : numpy.random.Generator
        Needed for a smooth game.
    starts : int or array (S, d)
        Of the searches, as in :func:`d3c_minimal.equilibria.find_equilibria`.
    quadratic : bool
        Your word that every loss is a polynomial of degree 2 at most in x, on all of the space: no
        kinks, no thresholds. Samples of losses and gradients can refute it, and are used to, but
        cannot prove it: where the word is wrong, "proved" is too.

    Returns
    -------
    FiniteBracket or SmoothBracket

    Raises
    ------
    TypeError
        If a smooth game comes without ``rng``.
    ValueError
        If the game is malformed, its least total is not positive, or its losses are seen not to
        be quadratic though said to be.

    Examples
    --------
    >>> from d3c_minimal.games import prisoners_dilemma, traffic
    >>> bracket = price_of_anarchy_bracket(traffic(45.0, 45.0, 0.0, 10.0, 10.0))
    >>> round(bracket.lower, 4), round(bracket.upper, 4)
    (1.2308, 1.2308)
    >>> rng = np.random.default_rng(0)
    >>> bracket = price_of_anarchy_bracket(prisoners_dilemma(3), rng, starts=4, quadratic=True)
    >>> round(bracket.lower, 4), round(bracket.upper, 4)
    (1.5, 1.5)
    """
    tensor = _finite(game, rng)
    if tensor is not None:
        return _finite_bracket(tensor)
    found, best = find_equilibria(game, rng, starts), optimum(game, rng, starts)
    least = positive_total(best.value)
    points = game.space.sample(rng, (_POINTS, game.dim))
    if quadratic:
        points = np.concatenate([points, [best.x], *([point.x] for point in found)])
    joint, total = (curvature(game, points, of) for of in ("field", "total"))
    if quadratic and not max(joint.varies, total.varies) <= _SAME:
        raise ValueError(
            f"{game.name}: the Jacobian of its gradients differs from point to point, so its "
            "losses are not quadratic: leave quadratic=True out."
        )
    if quadratic:
        _check_values(game, np.concatenate([points, _corners(game)]))
        joint, total = (cautious(known, game.dim) for known in (joint, total))
    lower, upper, below, above = _found_sides(game, found, least)
    doubt = _doubt(joint, total, quadratic)
    if not found:
        above = "nothing known: no equilibrium was found"
    elif doubt:
        above = f"nothing known: {doubt}"
    else:
        lower, upper, below, above = _proved_sides(game, found[0].x, best, joint, total)
    sampled, rests = _sampled(game, best.x, found, rng)
    return SmoothBracket(lower, upper, best, below, above, found, sampled, rests)


def positive_total(least):
    """Return the least total, or raise ValueError with the remedy if it is not above 0."""
    if not least > 0:
        raise ValueError(
            f"the least total loss is {least:.6g}: a price of anarchy needs positive totals. "
            "Compare differences instead, the equilibrium's total minus the least, which no offset "
            "changes; or measure losses from a zero that means something, and say which: an "
            "offset changes the ratio."
        )
    return least


def _finite(game, rng):
    """Return the loss tensor of a finite game, None for a game to be searched."""
    if not isinstance(game, Game):
        return loss_tensor(game)
    check_one_run(game)
    if isinstance(game.space, Simplices):
        try:
            return normal_form(game)
        except ValueError as error:
            if rng is None:
                raise ValueError(
                    f"{error} Or pass rng=np.random.default_rng(0): then the bracket is searched."
                ) from None
    elif rng is None:
        raise TypeError(
            f"{game.name} has no finite list of actions, so it is searched from random starts: "
            "pass rng=np.random.default_rng(0)."
        )
    return None


def _finite_bracket(tensor):
    best = best_actions(tensor)
    least = positive_total(best.value)
    pure, coarse = pure_equilibria(tensor), worst_coarse_correlated(tensor)
    worst = max((point.losses.sum() for point in pure), default=least)
    lower = float(max(worst / least, 1.0))
    upper = float(max(coarse.bound / least, lower))
    below = f"proved: the worst of all pure equilibria, {len(pure)}, by enumeration"
    if not pure:
        below = "nothing known: there is no pure equilibrium, and the price is never below 1"
    above = "proved: the worst coarse correlated equilibrium, by a linear program"
    return FiniteBracket(lower, upper, best, below, above, pure, coarse)


def _corners(game):
    """Return some corners of the space (C, d), where thresholds like to hide; none of R^d."""
    draws = np.random.default_rng(0).random((_POINTS, game.dim))
    if isinstance(game.space, Box):
        return np.where(draws < 0.5, game.space.low, game.space.high)
    if isinstance(game.space, Simplices):
        return (draws == game.space.block_max(draws)).astype(float)
    return np.zeros((0, game.dim))


def _check_values(game, points):
    """Raise ValueError unless losses change between points by the mean of both ends' gradients.

    For quadratic losses that is exact. It sees steps, of which gradients know nothing.
    """
    f, J = game.loss(points), game.jacobian(points)
    moves = points - np.roll(points, 1, axis=0)
    changes = ((J + np.roll(J, 1, axis=0)) / 2 * moves[:, None]).sum(-1)
    size = abs(f).max() + abs(J * moves[:, None]).max()
    if not abs(f - np.roll(f, 1, axis=0) - changes).max() <= _SAME_VALUE * size:
        raise ValueError(
            f"{game.name}: its losses change otherwise than quadratic ones with its gradients "
            "would, by a step or a kink: leave quadratic=True out."
        )


def _found_sides(game, found, least):
    if not found:
        below = "nothing known: no equilibrium was found, and the price is never below 1"
        return 1.0, np.inf, below, ""
    lower = float(max(found[0].losses.sum() / least, 1.0))
    below = (
        f"found: the worst of {len(found)} equilibria from {found[0].starts} starts, at which no "
        f"player was found to gain more than {found[0].gain:.1g}"
    )
    return lower, np.inf, below, ""


def _doubt(joint, total, quadratic):
    """Say why the equilibrium is not known to be the only one; empty where it is."""
    if not joint.least > ROUNDING * joint.steepest:
        return "the game is not strongly monotone, so there may be equilibria that were not found"
    if not quadratic:
        hint = ""
        if max(joint.varies, total.varies) <= _SAME:
            hint = "; if all losses are quadratic in x, quadratic=True makes it a proof"
        return f"the game looks strongly monotone at {_POINTS} sampled points{hint}"
    return ""


def _proved_sides(game, x, best, joint, total):
    """Bound the only equilibrium's total from both sides, and the least total from below."""
    away = distance_bound(game, x, joint)
    slope = np.linalg.norm(game.jacobian(x).sum(-2) @ directions(game.space, game.dim))
    slack = slope * away + total.steepest * away**2 / 2
    at_equilibrium = float(game.loss(x).sum())
    lower = float(max((at_equilibrium - slack) / best.value, 1.0))
    below = (
        f"proved: the only equilibrium, known to within {away:.1g}, over a total that is reached"
    )
    floor = best.value - fall_bound(game, best.x, total)
    if not floor > 0:
        above = "nothing known: the total is not convex enough to rule out a lower one than found"
        if np.isfinite(floor):
            above = "nothing known: the least total is not known well enough to be above 0"
        return lower, np.inf, below, above
    above = "proved: losses are quadratic (on your word), the game is strongly monotone, so the "
    above += "equilibrium is the only one, and the total is convex, so the optimum is global"
    return lower, float(max((at_equilibrium + slack) / floor, lower)), below, above


def _sampled(game, x, found, rng):
    others = game.space.sample(rng, (_PAIRS, game.dim))
    others = np.concatenate([others, *(point.x[None] for point in found)])
    rests = f"sampled: {len(others)} pairs with the optimum found; it bounds nothing"
    try:
        return smooth_bound(*pair_totals(game, x, others)).bound, rests
    except ValueError:
        return np.nan, "nothing known: a total is negative or not finite at a sampled point"
