"""Two learners as pure steps, and the one loop that runs a step and records its path.

Everyone moves at once: x and A both step from the same (x, A), as section 2.5 has it.
"""

import builtins
import os
import sys
import warnings
from dataclasses import dataclass, field, replace
from numbers import Real

import numpy as np
from tqdm.auto import tqdm

from d3c_minimal import mixing
from d3c_minimal.diagnosis import RunWarning, findings
from d3c_minimal.game import Game
from d3c_minimal.rates import Rates, default_rates

MAX_RECORD_BYTES = 2**31
BAR_DELAY = 2.0  # seconds before a progress bar appears


@dataclass(frozen=True)
class Trajectory:
    """What a run recorded, time first.

    Attributes
    ----------
    t : array of int (S,)
        The steps that were recorded; 0 is the start, the last step is always there.
    x, A, f : array (S, ..., d), (S, ..., n, n), (S, ..., n)
        Strategies, mixtures and original losses at those steps. Where a summary was asked for,
        the last state alone (S = 1).
    summary : dict of arrays (S, ...)
        The reductions that were asked for, at the steps ``t``.
    rates : Rates or None
        The rates of the run, given or chosen; None for a learner that has others.
    """

    t: np.ndarray
    x: np.ndarray
    A: np.ndarray
    f: np.ndarray
    summary: dict = field(default_factory=dict)
    rates: Rates | None = None


class Diverged(FloatingPointError):
    """Losses stopped being finite.

    Attributes
    ----------
    step : int
        The first step with a loss that is not finite.
    trajectory : Trajectory
        All that was recorded before it.
    """

    def __init__(self, step, trajectory):
        super().__init__(
            f"losses stopped being finite at step {step}: {_smaller(trajectory.rates)}, or start "
            "elsewhere. What was recorded before is in this error's .trajectory."
        )
        self.step, self.trajectory = step, trajectory

    def __reduce__(self):
        return type(self), (self.step, self.trajectory)  # so that it can leave a worker process


def _smaller(rates):
    if rates is None:
        return "take a smaller eta_x or eta_A"
    less = f"take an eta_x smaller than {rates.eta_x:.3g}"
    if rates.eta_A is not None:
        less += f" or an eta_A smaller than {rates.eta_A:.3g}"
    return less + " (left out, they are chosen for the game), bound the strategies (Box)"


def gradient_descent_step(game, x, eta_x, A):
    """Move every agent once down the gradient of its mixed loss under ``A``: the new x."""
    return game.space.step(x, mixing.joint_gradient(game, x, A), eta_x)


def d3c_step(game, x, A, eta_x, eta_A, epsilon, nu=0.0, rates="tangent"):
    """Take one step of exact D3C (eqs 9 and 11): the new (x, A).

    Arguments as in :func:`d3c`, which checks them; here they are taken to be right.
    """
    parts = mixing.contract_game(game, x, A, rates)
    gradient = mixing.shift_gradient(A, parts, epsilon, nu)
    A_next = mixing.unchecked_mirror_step(A, gradient, eta_A)
    return game.space.step(x, parts.own, eta_x), A_next


def gradient_descent(
    game, x0, eta_x=None, steps=None, A=None, every=1, summary=None, progress=None
) -> Trajectory:
    """Let every agent descend its loss under a mixture that stays as it is.

    Parameters
    ----------
    game : Game
    x0 : array (..., d)
        Start of each run.
    eta_x : float, optional
        Step size of the strategies. What is left out is chosen for the game, see
        :func:`d3c_minimal.rates.default_rates`; the Trajectory's ``rates`` says how.
    steps : int, optional
        Number of steps.
    A : array (..., n, n), optional
        The mixture; the identity (everyone selfish) by default.
    every : int
        Record each ``every``-th step, and the last.
    summary : dict of callables, optional
        ``{name: reducer}`` with ``reducer(x, A, f)``: keep these instead of whole arrays.
    progress : bool, optional
        Show a progress bar; by default one appears in a terminal or notebook when a run takes
        over two seconds, unless the environment says D3C_PROGRESS=0.

    Raises
    ------
    ValueError
        If an argument is off, or a recording would not fit in memory.
    Diverged
        If losses stop being finite.

    Warns
    -----
    RunWarning
        If x circles; with ``steps`` left out, also if the run has not settled. See
        :func:`d3c_minimal.diagnosis.diagnose`.
    """
    x = checked_start(game, x0)
    n = game.n_players
    A = mixing.for_each_run(np.eye(n) if A is None else mixing.check(A, n), x)
    rates = _filled(game, x, None, Rates(eta_x, None, None, steps), ("eta_x", "steps"))
    checked_start(game, x, eta_x=rates.eta_x)

    def step(x, A):
        return gradient_descent_step(game, x, rates.eta_x, A), A

    path = record(game, step, x, A, rates.steps, every, summary, progress, rates)
    return _with_warnings(game, path, "tangent", unsettled=steps is None)


def d3c(
    game,
    x0,
    eta_x=None,
    eta_A=None,
    epsilon=None,
    steps=None,
    A0=None,
    nu=0.0,
    every=1,
    rates="tangent",
    summary=None,
    progress=None,
) -> Trajectory:
    """Run exact D3C: agents descend their mixed losses and shift the mixture when these rise.

    Parameters
    ----------
    game, x0, eta_x, steps, every, summary, progress
        As in :func:`gradient_descent`.
    eta_A : float, optional
        Step size of the mixture.
    epsilon : float, optional
        Threshold of eq 11, in loss per time: agent i shifts while d f^A_i/dt + epsilon > 0.
    A0 : array (..., n, n), optional
        Start of the mixture; ``mixing.selfish(n)`` by default. A one-hot row never moves.
    nu : float
        Weight of the penalty nu KL(e_i || A_i).
    rates : {"tangent", "flow", "raw"}
        Which gradients form the time derivatives, see :func:`d3c_minimal.mixing.contract_game`.

    Raises
    ------
    ValueError
        If an argument is off, or a recording would not fit in memory.
    Diverged
        If losses stop being finite.

    Warns
    -----
    RunWarning
        If the mixture is stuck where sharing would help, or x circles; with ``steps`` left out,
        also if the run has not settled. See :func:`d3c_minimal.diagnosis.diagnose`.
    """
    x = checked_start(game, x0, nu=nu)
    n = game.n_players
    A = mixing.for_each_run(mixing.selfish(n) if A0 is None else mixing.check(A0, n), x)
    used = _filled(game, x, A, Rates(eta_x, eta_A, epsilon, steps), Rates._fields)
    checked_start(game, x, eta_x=used.eta_x, eta_A=used.eta_A)
    if np.ndim(used.epsilon) or not np.isfinite(used.epsilon):
        raise ValueError(f"epsilon is {epsilon}: give one finite number, 0 or a little above.")

    def step(x, A):
        return d3c_step(game, x, A, used.eta_x, used.eta_A, used.epsilon, nu, rates)

    path = record(game, step, x, A, used.steps, every, summary, progress, used)
    return _with_warnings(game, path, rates, unsettled=steps is None)


def _filled(game, x, A, rates, names):
    """Put the defaults where one of the named rates is None."""
    missing = [name for name in names if getattr(rates, name) is None]
    if not missing:
        return rates
    chosen = default_rates(game, x, A)
    return rates._replace(**{name: getattr(chosen, name) for name in missing})


def _with_warnings(game, path, rates, unsettled):
    for ill, sentence in findings(game, path, rates):
        if ill != "unsettled" or unsettled:
            warnings.warn(sentence, RunWarning, stacklevel=3)
    return path


def checked_start(game, x0, **rates):
    """Return a copy of ``x0`` as floats, once it and the step sizes are found to be in order.

    Raises
    ------
    ValueError, TypeError
        If ``x0`` is empty, off the game's space or not finite, or a rate is not one number >= 0.
    """
    checked_game(game)
    x = np.array(game.checked(x0))  # a copy: the record must not change with the caller's array
    if x.size == 0 or not np.isfinite(x).all():
        raise ValueError(f"x0 of shape {x.shape} is empty, or holds NaN or infinity.")
    game.space.check(x)
    for name, rate in rates.items():
        if not isinstance(rate, (Real, np.ndarray)) or np.ndim(rate):
            raise TypeError(f"{name} is {rate!r}: give one number.")
        if not (np.isfinite(rate) and rate >= 0):
            raise ValueError(f"{name} is {rate}: give a finite number, 0 or above.")
    return x


def checked_game(game):
    """Raise TypeError, with the remedy, for what is no Game, such as a loss tensor."""
    if not isinstance(game, Game):
        raise TypeError(
            f"learners descend a Game, this is a {type(game).__name__}: of a loss tensor take "
            "finite.mixed_extension(tensor), of a function Game(losses, owner)."
        )


def record(game, step, x, A, steps, every, summary, progress, rates=None):
    """Run ``x, A = step(x, A)`` and record each ``every``-th state and the last: a Trajectory.

    Any learner runs in this loop. ``summary`` and ``progress`` are as in :func:`gradient_descent`,
    and so are the errors; ``rates`` are handed on to the Trajectory.
    """
    for name, count, least in (("steps", steps, 0), ("every", every, 1)):
        if not (np.isfinite(count) and int(count) == count and count >= least):
            raise ValueError(f"{name} is {count}: give a whole number, {least} or above.")
    steps, every = int(steps), int(every)
    f = game.loss(x)
    if not np.isfinite(f).all():
        raise Diverged(0, replace(_trajectory([], [], {}), rates=rates))
    if summary is None:
        _check_memory(1 + -(-steps // every), x.nbytes + A.nbytes + f.nbytes)
    times, states, sums = [], [], {name: [] for name in summary or ()}

    def keep(t):
        times.append(t)
        if summary is not None:
            states.clear()
            for name, reducer in summary.items():
                sums[name].append(np.array(reducer(x, A, f)))
        states.append((x, A, f))

    if progress is None:
        progress = os.environ.get("D3C_PROGRESS") != "0" and _someone_watches()
    keep(0)
    clock = range(1, steps + 1)
    if progress:  # not a disabled bar: even that makes a lock, which a killed worker would leak
        clock = tqdm(clock, desc=game.name, delay=BAR_DELAY, leave=False)
    with np.errstate(over="ignore", invalid="ignore"):  # reported once, as Diverged
        for t in clock:
            x, A = step(x, A)
            f = game.loss(x)
            if not np.isfinite(f).all():
                raise Diverged(t, replace(_trajectory(times, states, sums), rates=rates))
            if t % every == 0 or t == steps:
                keep(t)
    return replace(_trajectory(times, states, sums), rates=rates)


def _someone_watches():
    """Whether a bar would be seen: in a terminal or a notebook, not in a log file."""
    return sys.stderr.isatty() or hasattr(builtins, "__IPYTHON__")


def _trajectory(times, states, sums):
    x, A, f = (_stack(part) for part in zip(*states, strict=True)) if states else (np.empty(0),) * 3
    return Trajectory(np.array(times, int), x, A, f, {k: np.stack(v) for k, v in sums.items()})


def _stack(parts):
    """Stack in time; a part that never changed is viewed, not copied."""
    if all(part is parts[0] for part in parts):
        return np.broadcast_to(parts[0], (len(parts), *parts[0].shape))
    return np.stack(parts)


def _check_memory(records, bytes_each):
    if records * bytes_each > MAX_RECORD_BYTES:
        thin = -(-records * bytes_each // MAX_RECORD_BYTES)
        raise ValueError(
            f"recording {records} states would take {records * bytes_each / 2**30:.0f} GB: keep "
            f"each {thin}-th step (every={thin}) or reductions (summary={{name: reducer}})."
        )
