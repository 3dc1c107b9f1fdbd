"""What went wrong in a recorded run, in sentences that name the knob.

The tests are meant to be silent where in doubt: each holds for at least half of the runs looked at,
and what a thinned record cannot show is not guessed.
"""

import numpy as np

from d3c_minimal import mixing
from d3c_minimal.spaces import Box, Simplices

LOOKED_AT = 16  # runs; of more, evenly spaced ones
FEWEST = 40  # records needed to see a cycle
STILL = 1e-5  # a next step of less than this share of the size of x is none
WORTH = 0.01  # sharing helps if it lowers the total by more than this share of its change or size
LATE = 0.02  # of the range of the total: more change than this in the last tenth is unsettled
SHARED_STEPS = 200  # of descent on the mean loss, to see what sharing would give


class RunWarning(UserWarning):
    """A run that froze, circles or has not settled."""


def diagnose(game, path, rates="tangent"):
    """Return what went wrong in a run, as sentences that name the knob; none if nothing did.

    - *Frozen* (D3C): strategies rest, no row of the mixture can move, and yet sharing all losses
      alike would lower the total. Gates that are shut name ``epsilon``, one-hot rows ``A0``.
    - *Circles*: the strategies go round, or jump back and forth, and do not come nearer. Needs 40
      records, the jumps a record of each step.
    - *Runs off*: the total falls faster and faster.
    - *Not settled*: in the last tenth of the steps the total changed by over 2 % of its range.

    At most 16 runs are looked at, and half of them must be ill.

    Parameters
    ----------
    game : Game
    path : Trajectory
        From :func:`d3c_minimal.dynamics.d3c` or :func:`~d3c_minimal.dynamics.gradient_descent`,
        without a summary.
    rates : {"tangent", "flow", "raw"}
        As the run was asked for, see :func:`d3c_minimal.mixing.contract_game`.

    Returns
    -------
    list of str
    """
    return [sentence for _, sentence in findings(game, path, rates)]


def findings(game, path, rates="tangent"):
    """Return pairs of an ill's name and its sentence, as :func:`diagnose` says them."""
    if path.rates is None or path.summary or len(path.t) < 2:
        return []
    x, A, f = _some_runs(game, path)
    with np.errstate(all="ignore"):
        sentence = _frozen(game, x, A, f, path.rates, rates)
        if sentence:
            return [("frozen", sentence)]
        sentence = _circles(game, path.t, x, path.rates)
        if sentence:
            return [("circles", sentence)]
        sentence = _unsettled(path.t, f)
        return [("unsettled", sentence)] if sentence else []


def _frozen(game, x, A, f, used, way):
    if used.eta_A is None:
        return None
    end, mix = x[-1], A[-1]
    parts = mixing.contract_game(game, end, mix, way)
    shut = mixing.mixed_rate(mix, parts) + used.epsilon <= 0
    one_hot = mix.max(-1) >= 1.0 - 1e-12
    stuck = (shut | one_hot | (used.eta_A == 0)).all(-1)
    stride = abs(game.space.step(end, parts.own, used.eta_x) - end).max(-1)
    ill = stuck & (stride <= STILL * _size(game.space, x))
    if not 2 * ill.sum() >= ill.size or used.eta_x == 0:
        return None
    shared, y = np.broadcast_to(mixing.cooperative(game.n_players), mix.shape), end
    for _ in range(SHARED_STEPS):
        y = game.space.step(y, mixing.joint_gradient(game, y, shared), used.eta_x)
    before, after = f[-1].sum(-1), game.loss(y).sum(-1)
    scale = np.maximum(abs(f.sum(-1) - before).max(0), WORTH * abs(before))
    ill &= before - after > WORTH * scale
    if not 2 * ill.sum() >= ill.size:
        return None
    if used.eta_A == 0:
        remedy = "eta_A is 0, so the mixture cannot move: leave it out, or set it above 0"
    elif one_hot[ill].all():
        remedy = (
            "every row of A holds a single 1, and what is 0 stays 0: start with "
            "A0=mixing.selfish(n), which leaves a little for the others"
        )
    else:
        larger = "set epsilon a little above 0, or leave it out"
        if used.epsilon > 0:  # perhaps it was left out: chosen where more pulled than at the end
            larger = "take a larger one"
        remedy = (
            f"with epsilon = {used.epsilon:g} the gates are shut wherever no mixed loss rises: "
            f"{larger}"
        )
    return (
        f"{game.name}: the run froze with a total loss of {np.median(before[ill]):.4g}, "
        f"where sharing all losses alike leads on to {np.median(after[ill]):.4g}. {remedy}."
    )


def _circles(game, t, x, used):
    """Look at the last half of the record, evenly spaced but for its last step."""
    half = x[len(t) // 2 :]
    if len(half) > 1 and t[-1] - t[-2] != t[1] - t[0]:
        half = half[:-1]
    if 2 * len(half) < FEWEST:
        return None
    moves = np.diff(half, axis=0)
    speed = np.linalg.norm(moves, axis=-1)
    width = np.linalg.norm(half.max(0) - half.min(0), axis=-1)
    third = len(speed) // 3
    lasting = speed[-third:].sum(0) > 0.9 * speed[:third].sum(0)
    steady = np.linalg.norm(half[-1] - half[0], axis=-1) < 0.3 * speed.sum(0)
    round_about = speed.sum(0) > 3.0 * width
    ill = lasting & steady & round_about & (width > 1e-3 * _size(game.space, x))
    if not 2 * ill.sum() >= ill.size:
        return None
    turns = (moves[1:] * moves[:-1]).sum(-1) / np.maximum(speed[1:] * speed[:-1], 1e-300)
    if t[1] - t[0] == 1 and np.median(turns[:, ill]) < -0.5:
        return (
            f"{game.name}: x jumps back and forth and does not settle: eta_x = {used.eta_x:g} is "
            "too large a step; take a smaller one (left out, it is chosen for the game)."
        )
    return (
        f"{game.name}: x goes round in circles and does not settle. A smaller eta_x helps only if "
        "the steps are too long: where the game itself rotates, as zero-sum games do, descent "
        "circles whatever eta_x. Read the average over the path then, or use "
        "equilibria.find_equilibria."
    )


def _unsettled(t, f):
    total = f.sum(-1)
    late = t >= t[-1] - t[-1] / 10
    if late.sum() < 2:
        return None
    span = total.max(0) - total.min(0)
    change = total[late].max(0) - total[late].min(0)
    ill = (change > LATE * span) & (span > 1e-6 * abs(total).max(0))
    if not 2 * ill.sum() >= ill.size:
        return None
    if 2 * (ill & (change > 0.5 * span) & (total[-1] == total.min(0))).sum() >= ill.size:
        return (
            "the total loss falls faster and faster, as if it had no least: bound the strategies, "
            "for example with space=Box(low, high), or take a smaller eta_A."
        )
    return (
        f"the run has not settled: in the last tenth of its {t[-1]} steps the total still changed "
        f"by {np.median((change / span)[ill]):.0%} of its whole range. Take more steps (steps=), "
        "or a larger eta_x."
    )


def _size(space, x):
    """Return how large x is over the whole run."""
    if isinstance(space, Simplices):
        return 1.0
    if isinstance(space, Box):
        return float(np.mean(space.high - space.low))
    return float(abs(x).max())


def _some_runs(game, path):
    """Return x (S, R, d), A and f of some runs: copies, so that long records stay unstacked."""
    x, A, f = path.x, path.A, path.f
    if game.runs or x.ndim == 2:
        return x, A, f
    lead = x.shape[1:-1]
    chosen = np.unique(np.linspace(0, np.prod(lead) - 1, LOOKED_AT).astype(int))
    pick = (slice(None), *np.unravel_index(chosen, lead))
    return x[pick], A[pick], f[pick]
