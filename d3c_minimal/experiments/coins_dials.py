"""Algorithm 1 as printed in Coins, one dial at a time, each time beside three controls.

The threshold epsilon is 0, so that the rule can hear; its step is 0.02 tau^2, so that over a whole
run white noise alone would carry the rows equally far whatever the length of a trial. Dials: the
length of a trial, the learner's rate, its entropy, and how many worlds are averaged in a return.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from d3c_minimal.experiments import coins, coins_play, runner
from d3c_minimal.trials import D3CTrials

CONDITIONS = ("D3C", "random walk", "decorrelated", "shuffled")
POINTS = 16  # stretches of training, for which curves are kept
# Learning runs differ between machines as a whole; `check` compares what can be.
TOLERANCE = dict.fromkeys(("returns", "attention", "final", "square", "first"), 0.0)


class Setting(NamedTuple):
    """One position of the dials; the rest is as in the Coins study, on compact observations.

    Attributes
    ----------
    tau : int
        Length of every trial, in units (an episode in each world).
    learner : dict
        Changes to :class:`coins.Config`: rate, entropy, batch.
    self_weight : float
        A_ii at the start.
    delta : float
        Length of the shake.
    step : float
        eta_A / tau^2.
    units : int
        Length of the run.
    """

    tau: int = 8
    learner: dict = {}  # noqa: RUF012
    self_weight: float = 0.9
    delta: float = 0.7
    step: float = 0.02
    units: int = 256


SETTINGS = {
    "trials of 2": Setting(tau=2),
    "trials of 8": Setting(),
    "trials of 32": Setting(tau=32),
    "rate .003": Setting(learner={"rate": 0.003}),
    "rate .03": Setting(learner={"rate": 0.03}),
    "entropy .03": Setting(learner={"entropy": 0.03}),
    "2 worlds": Setting(learner={"batch": 2}),
    "16 worlds": Setting(learner={"batch": 16}),
}


@dataclass(frozen=True)
class Config:
    """Settings beside SETTINGS."""

    kind: str = "compact"
    walk: float = 2.0  # tau times the rho of the random walk: about what D3C's is
    runs: int = 30
    chunk: int = 15


def rules(setting, config, runs, rng):
    """Return the rule of each condition, each with chance of its own."""
    how = {"eta_A": setting.step * setting.tau**2, "delta": setting.delta, "nu": 0.0}
    how |= {"tau_min": setting.tau, "tau_max": setting.tau, "clip": (-5.0, 5.0)}
    how |= {"A0": setting.self_weight, "runs": runs}
    return [
        D3CTrials(
            2,
            **how,
            epsilon=config.walk / setting.tau if name == "random walk" else 0.0,
            control=None if name == "D3C" else name,
            rng=own,
        )
        for name, own in zip(CONDITIONS, rng.spawn(len(CONDITIONS)), strict=True)
    ]


def batches(settings):
    """Return the names of the settings that can learn in one batch, a list of lists."""
    found = {}
    for name, setting in settings.items():
        found.setdefault((*sorted(setting.learner.items()), setting.units), []).append(name)
    return list(found.values())


def play(settings, config, runs, rng):
    """Run one chunk of the named ``settings``: S settings, 4 conditions, R runs.

    Returns
    -------
    dict of arrays
        ``returns`` and ``attention`` (S, 4, R, 16, 2): own, unmixed returns and ln(A_ii / A_ij),
        means over stretches of training. ``final`` (S, 4, R, 2): returns in the last eighth.
        ``square`` (S, 4, R): mean square of what one trial moves the attention by. ``first``
        (4 R, 2): first unroll of the first setting.
    """
    found, first = {}, None
    for names in batches(settings):
        at = settings[names[0]]
        learner = replace(coins.Config(kind=config.kind), **at.learner)
        sides = [rule for name in names for rule in rules(settings[name], config, runs, rng)]
        record = coins_play.play(learner, sides, at.units, rng)
        first = record.first[: len(CONDITIONS) * runs] if first is None else first
        shape = at.units, len(names), len(CONDITIONS), runs, 2
        returns, d = (array.reshape(shape) for array in record[:2])
        for k, name in enumerate(names):
            found[name] = _kept(returns[:, k], d[:, k], settings[name].tau)
    arrays = (np.stack(parts) for parts in zip(*(found[name] for name in settings), strict=True))
    named = dict(zip(("returns", "attention", "final", "square"), arrays, strict=True))
    return {**named, "first": first.astype(np.float32)}


def _kept(returns, d, tau):
    """Thin out (U, 4, R, 2): curves, final returns, and the mean square of a trial's move."""
    curves = [
        np.moveaxis([part.mean(0) for part in np.array_split(a, POINTS)], 0, 2).astype(np.float32)
        for a in (returns, d)
    ]
    moves = np.diff(d[::tau], axis=0)  # a trial that ends at unit tau moves the row of the next
    eighth = returns[-(len(returns) // 8) :].mean(0)
    return *curves, eighth.astype(np.float32), (moves**2).mean((0, -1)).astype(np.float32)


def simulate(config, runs, rng):
    """Run one chunk of SETTINGS; see :func:`play`."""
    return play(SETTINGS, config, runs, rng)


def collect(chunks):
    """Join the chunks along the runs; ``first`` is of chunk 0."""
    axis = {"returns": 2, "attention": 2, "final": 2, "square": 2}
    joined = {
        key: np.concatenate([chunk[key] for chunk in chunks], where) for key, where in axis.items()
    }
    return {**joined, "first": chunks[0]["first"]}


def first_unroll(settings, config, seed):
    """Return the ``first`` unroll of chunk 0, computed again."""
    runs = runner.chunk_sizes(config)[0]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    names = batches(settings)[0]
    learner = replace(coins.Config(kind=config.kind), **settings[names[0]].learner)
    sides = [rule for name in names for rule in rules(settings[name], config, runs, rng)]
    first = coins_play.first_unroll(learner, sides, rng)
    return first[: len(CONDITIONS) * runs].astype(np.float32)


def check(stored, config, seed):
    """Return what can be compared on another machine, computed again."""
    return {"first": first_unroll(SETTINGS, config, seed)}


def table(names, arrays):
    """Return lines: for each setting and condition return and attention at the end, mean and sd."""
    lines = [f"{'total return, attention':20}" + "".join(f"{name:>21}" for name in CONDITIONS)]
    total, d = arrays["final"].sum(-1), arrays["attention"][..., -1, :].mean(-1)
    for name, returns, rows in zip(names, total, d, strict=True):
        cells = (
            f"{a.mean():6.1f} +-{a.std():4.1f} {b.mean():5.1f}"
            for a, b in zip(returns, rows, strict=True)
        )
        lines.append(f"{name:20}" + "".join(f"{cell:>21}" for cell in cells))
    return "\n".join(lines)


def headline(arrays):
    """Sum up: return and attention at the end."""
    return table(SETTINGS, arrays)


def run(config=None, seed=5, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
