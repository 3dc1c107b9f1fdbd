"""Rates for a game that comes without any: step sizes, the threshold, the number of steps.

Units decide most of it. With losses in f and strategies in x a gradient is f / x, so the step size
eta_x is x^2 / f; that is also the unit of time, so rates of loss, epsilon and the gradients of the
mixture's rows are f^2 / x^2, and eta_A is one over that. Four pure numbers remain, our choice:
they are the constants below.
"""

import warnings
from typing import NamedTuple

import numpy as np

from d3c_minimal import mixing
from d3c_minimal.diagnosis import RunWarning as RunWarning
from d3c_minimal.diagnosis import diagnose as diagnose
from d3c_minimal.spaces import Box, Simplices

BOLDNESS = 0.25  # eta_x times the largest curvature: plain descent is stable below 2
SIMPLEX_BOLDNESS = 0.5  # on simplices, eta_x times the range of the gradient in a block
PACE = 0.3  # how far the fastest row's logits move while x settles once: x must follow
DISTANCE = 12.0  # that logits have time for, in the slowest row, up to SLOW times slower
SLOW = 4.0
SIMPLEX_PUSH = 1.0  # a step, there: x falls away at the faces, so the mixture has to be as fast
SIMPLEX_PATIENCE = 40  # steps there, in times that descent took
THRESHOLD = 0.1  # epsilon over the pull: gates stay open while x follows the mixture, and only then
FLOOR = 0.002  # of the largest pull along a descent, where the pull fades at its end
STEPS = 1000, 8000  # fewest and most

PROBES = 16  # runs that are tried; of more, evenly spaced ones
TRIAL = 400  # steps of a trial descent at most
SOME = 5  # steps between two looks at the pull
STILL = 0.01  # a trial has settled when its steps are this share of its longest
NUDGE = 1e-4  # of the size of x, to measure curvature by
RUNAWAY = 10.0  # a gradient so many times the largest at the start is left out


class Rates(NamedTuple):
    """The rates of a run, in the units of the module's first lines.

    Attributes
    ----------
    eta_x, eta_A, epsilon : float
        Step sizes of strategies and mixture, and the threshold of eq 11. ``eta_A`` and
        ``epsilon`` are None for a run whose mixture stays as it is.
    steps : int
    """

    eta_x: float
    eta_A: float | None
    epsilon: float | None
    steps: int


def default_rates(game, x0, A0=None):
    """Choose rates from gradients measured along two short descents from the starts.

    From at most 16 of the starts everyone descends its own loss, and everyone the mean loss, for
    at most 400 steps each. Along the way are measured

    - the largest curvature, by differences of the joint gradient in 8 directions at the start
      (power iteration) and along both paths: ``eta_x`` is 0.25 over it, an eighth of what
      one-player descent bears. Where there is none, as in linear losses, one step crosses a
      twentieth of the space. On simplices ``eta_x`` is 0.5 over the largest of the range of the
      gradient within a block and the curvature;
    - how many steps descent needs until they are 1/100 of the longest, ``settled``;
    - the pull on the rows of the mixture, the gradient of eq 11 with open gates: its size at the
      end of the selfish descent, or 1/500 of its largest where it fades; the median over the
      runs, of the row that is pulled most.

    The mixture must be slower than x: where it is not, players shift on gradients that have
    passed, some further than others, and the compromise is lost again. So ``eta_A`` lets the
    logits of a row go 0.3 while x settles once, and ``steps`` lets them go 12, or up to 4 times as
    long where some rows are pulled less; between 1000 and 8000. ``epsilon`` is a tenth of
    the pull: x that follows so slow a mixture changes the losses at lower rates, and gates that
    shut at some players alone would make them share unequally. On simplices x falls away
    at the faces the longer the mixture takes, so there eta_A is 1 over the pull, and ``steps`` 40
    times ``settled``.

    Where moves exist that leave the total as it is, as in Cournot competition, nothing holds them
    at the end: a run of more steps drifts off along them, on R^d without end, in a Box up to its
    faces. The totals stay, what each player gets does not: look at the losses of each.

    The rates follow the units: with losses times c, eta_x is divided by c, eta_A by c^2, epsilon
    multiplied by c^2; with x times c (on R^d and boxes) these are c^2, c^2 and 1 / c^2. Only starts
    that are 0 throughout on R^d have no size: 1 is taken.

    They are a beginning, not an optimum: eta_A trades how fast a compromise is found for how long
    it stays, see :mod:`d3c_minimal.experiments.strengths`.

    Parameters
    ----------
    game : Game
    x0 : array (..., d)
        Start of each run.
    A0 : array (..., n, n), optional
        Start of the mixture; ``mixing.selfish(n)`` by default.

    Returns
    -------
    Rates

    Raises
    ------
    ValueError, TypeError
        If an argument is off.

    Warns
    -----
    RunWarning
        If a player's own coordinates leave its own loss as it is but move another's: ``owner``
        may name the wrong player.

    Examples
    --------
    >>> from d3c_minimal.games import prisoners_dilemma
    >>> found = default_rates(prisoners_dilemma(2), [0.9, 0.2])
    >>> round(found.eta_x, 3), found.steps
    (0.125, 1000)
    """
    x = np.array(game.checked(x0))
    game.space.check(x)
    n = game.n_players
    A = mixing.for_each_run(mixing.selfish(n) if A0 is None else mixing.check(A0, n), x)
    x, A = _some_runs(game, x, A)
    size = _size(game.space, x)
    with np.errstate(all="ignore"):
        _check_owner(game, x, size)
        curvature, slope, pulls, settled = _trials(game, x, A, size)
    pull = max(pulls[-1].max(), FLOOR * np.max(pulls))
    if isinstance(game.space, Simplices):
        push, steps = SIMPLEX_PUSH, SIMPLEX_PATIENCE * settled
    else:
        push = PACE / settled
        steps = DISTANCE / push * min(SLOW, pull / max(pulls[-1].min(), pull / SLOW, 1e-300))
    return Rates(
        eta_x=_step_size(game.space, curvature, slope, size),
        eta_A=float(push / pull) if pull > 0 else 1.0,
        epsilon=float(THRESHOLD * pull),
        steps=int(np.clip(steps, *STEPS)),
    )


def _trials(game, x, A, size):
    """Descend twice: the largest curvature and slope, the pull now and then, how many steps."""
    n = game.n_players
    kinds = np.stack([np.eye(n), mixing.cooperative(n)]).reshape(2, *[1] * (x.ndim - 1), n, n)
    kinds = np.broadcast_to(kinds, (2, *x.shape[:-1], n, n))
    y, pulls, longest = np.stack([x, x]), [], 0.0
    g = mixing.joint_gradient(game, y, kinds)
    first = slope = _largest(_slope(game.space, g))
    curvature = _curvature(game, y, kinds, size)
    for settled in range(1, TRIAL + 1):
        if settled % SOME == 1:
            pulls.append(_pull(game, y[0], A))
        end = game.space.step(y, g, _step_size(game.space, curvature, slope, size))
        h = mixing.joint_gradient(game, end, kinds)
        here, moved = _slope(game.space, h), np.linalg.norm(end - y, axis=-1)
        fine = np.isfinite(here) & (here <= RUNAWAY * first)
        bent = np.linalg.norm(h - g, axis=-1) / np.where(moved > 1e-9 * size, moved, np.inf)
        curvature = max(curvature, _largest(bent[fine]))
        slope = max(slope, _largest(here[fine]))
        y, g = np.where(fine[..., None], end, y), np.where(fine[..., None], h, g)
        longest = max(longest, _largest(moved[fine]))
        if _largest(moved[fine]) <= STILL * longest:
            break
    pulls.append(_pull(game, y[0], A))
    return curvature, slope, pulls, settled


def _check_owner(game, x, size):
    """Look at the starts and at points about them: one zero gradient is no sign, all are."""
    rng = np.random.default_rng(0)
    if isinstance(game.space, Simplices | Box):
        about = game.space.sample(rng, x.shape)
    else:
        about = x + size * rng.normal(size=x.shape)
    J = abs(np.stack([game.jacobian(point) for point in (x, about)]))
    seen = np.max(J.reshape(-1, *J.shape[-2:]), axis=0)  # (n, d)
    for player in range(game.n_players):
        mine = seen[:, game.owner == player]
        if not mine[player].any() and mine.any() and np.isfinite(mine).all():
            warnings.warn(
                f"{game.name}: nothing that player {player} moves enters its own loss, but that of "
                f"player {mine.max(-1).argmax()} it does. Does owner name the right player for "
                f"x[..., {np.flatnonzero(game.owner == player)[0]}]?",
                RunWarning,
                stacklevel=3,
            )


def _some_runs(game, x, A):
    if game.runs or x.ndim == 1:
        return x, A
    x, A = x.reshape(-1, x.shape[-1]), A.reshape(-1, *A.shape[-2:])
    chosen = np.unique(np.linspace(0, len(x) - 1, PROBES).astype(int))
    return x[chosen], A[chosen]


def _size(space, x):
    """Return the size of x that differences are measured in."""
    if isinstance(space, Simplices):
        return 1.0
    if isinstance(space, Box):
        return float(np.mean(space.high - space.low))
    return float(np.sqrt(np.mean(x**2))) or 1.0


def _slope(space, g):
    """Return what one step makes of a gradient: its length, or its range within a block."""
    if isinstance(space, Simplices):
        return (space.block_max(g) + space.block_max(-g)).max(-1)
    return np.linalg.norm(g, axis=-1)


def _step_size(space, curvature, slope, size):
    if isinstance(space, Simplices):
        steepest = max(curvature, slope)
        return SIMPLEX_BOLDNESS / steepest if steepest > 0 else 1.0
    flat = 0.05 * size / slope if slope > 0 else 1.0
    known = curvature * size > 1e-6 * slope  # less is rounding
    return BOLDNESS / curvature if known else flat


def _curvature(game, x, A, size):
    """Return the largest stretch by the joint gradient's Jacobian, by power iteration."""
    space, h = game.space, NUDGE * size
    if isinstance(space, Simplices):
        return 0.0  # leaving them, even by a little, may leave the losses' domain
    if isinstance(space, Box):
        x = np.clip(x, space.low + h, space.high - h)
    v, largest = np.random.default_rng(0).normal(size=x.shape), 0.0
    for _ in range(8):
        length = np.linalg.norm(v, axis=-1, keepdims=True)
        v = h * v / np.where(length > 0, length, 1.0)
        ahead, behind = (mixing.joint_gradient(game, x + s * v, A) for s in (1.0, -1.0))
        v = (ahead - behind) / (2.0 * h)
        largest = max(largest, _largest(np.linalg.norm(v, axis=-1)))
    return largest


def _pull(game, x, A):
    """Return the range of each row's gradient with open gates, the median over the runs: (n,)."""
    gradient = mixing.shift_gradient(A, mixing.contract_game(game, x, A), np.inf)
    ranges = gradient.max(-1) - gradient.min(-1)
    return np.median(ranges.reshape(-1, ranges.shape[-1]), axis=0)


def _largest(values):
    """Return the largest finite value, 0 if there is none."""
    return float(np.max(values, where=np.isfinite(values), initial=0.0))
