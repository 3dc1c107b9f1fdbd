"""H.2: how the two agents' attention moves in Coins, under D3C and under rules that cannot hear.

Attention is ln(A_ii / A_ij) of the unshaken row. The paper correlates the agents' changes of it;
:mod:`d3c_minimal.reciprocity` is that test, and here are the runs it is put to. The learners are
those of :mod:`d3c_minimal.experiments.coins`; everything is in rewards, to be made large.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.experiments import coins, coins_play, runner
from d3c_minimal.trials import D3CTrials

LARGER = {**coins.PRINTED, "epsilon": 0.0, "eta_A": 16.0, "delta": 0.7}
"""The printed rule without the threshold that drowns it, with steps of the same order."""
RAW = {**coins.RAW, "delta": 1.5}
"""As in the Coins study, but the shake keeps one length; so in `HALVES`."""
HALVES = {**coins.HALVES, "delta": 1.5}

CONDITIONS = {
    "D3C printed": coins.PRINTED,
    "printed, random walk": {**coins.PRINTED, "control": "random walk"},
    "printed, decorrelated": {**coins.PRINTED, "control": "decorrelated"},
    "printed, shuffled": {**coins.PRINTED, "control": "shuffled"},
    "D3C larger steps": LARGER,
    "larger steps, decorrelated": {**LARGER, "control": "decorrelated"},
    "D3C raw": RAW,
    "raw, decorrelated": {**RAW, "control": "decorrelated"},
    "D3C halves": HALVES,
    "halves, decorrelated": {**HALVES, "control": "decorrelated"},
}
# Learning runs differ between machines as a whole; `check` compares what can be.
TOLERANCE = dict.fromkeys(("unit", "attention", "returns", "first"), 0.0)


@dataclass(frozen=True)
class Config:
    """Settings beside those of :class:`coins.Config`; nothing was chosen by what the test says.

    Every trial lasts five units or more, so that between two records each row moves once at most.
    """

    kind: str = "compact"
    self_weight: float = 0.9  # Figure 8
    units: int = 240
    every: int = 3  # units between records of attention
    points: int = 20  # stretches of training, for which mean returns are kept
    batch: int = 8  # worlds of a run
    runs: int = 30  # of each condition; Figure 8: ten
    chunk: int = 5

    def __post_init__(self):
        if self.runs % self.chunk == 1 or self.chunk == 1:
            raise ValueError(
                f"runs is {self.runs} and chunk {self.chunk}: a chunk of one run has no other to "
                f"shuffle its signal with; make runs a multiple of {max(2, self.chunk)}."
            )
        if not 1 <= self.every <= self.units:
            raise ValueError(f"every is {self.every}: give a number of units from 1 to units.")


def _rules(config, runs, rng):
    """Return one rule a condition, each with chance of its own."""
    return [
        D3CTrials(2, **rule, A0=config.self_weight, rng=own, runs=runs)
        for rule, own in zip(CONDITIONS.values(), rng.spawn(len(CONDITIONS)), strict=True)
    ]


def _by_condition(array, runs):
    """Bring (..., C * R, 2) into (R, C, ..., 2)."""
    shaped = array.reshape(*array.shape[:-2], len(CONDITIONS), runs, 2)
    return np.moveaxis(shaped, (-2, -3), (0, 1)).astype(np.float32)


def simulate(config, runs, rng):
    """Run one chunk: R runs of each of C conditions.

    Returns
    -------
    dict of arrays
        ``attention`` (R, C, S, 2): at the start and after every ``every`` units. ``returns``
        (R, C, points, 2): of an episode, unmixed, mean over each stretch of training. ``first``
        (R, C, 2): rewards of the first unroll, see `check`.
    """
    rules = _rules(config, runs, rng)
    learner = coins.Config(kind=config.kind, batch=config.batch)
    record = coins_play.play(learner, rules, config.units, rng)
    last = coins_play.attention(np.concatenate([rule.A for rule in rules]))
    parts = np.array_split(record.returns, min(config.points, config.units))
    return {
        "attention": _by_condition(
            np.concatenate([record.attention, last[None]])[:: config.every], runs
        ),
        "returns": _by_condition(np.stack([part.mean(0) for part in parts]), runs),
        "first": _by_condition(record.first, runs),
        "unit": np.arange(0.0, config.units + 1, config.every),
    }


def collect(chunks):
    """Join the chunks along the runs; ``unit`` and ``first`` are of chunk 0."""
    joined = {
        key: np.concatenate([chunk[key] for chunk in chunks]) for key in ("attention", "returns")
    }
    return {**joined, **{key: chunks[0][key] for key in ("unit", "first")}}


def check(stored, config, seed):
    """Return the times and the ``first`` unroll of chunk 0, computed again."""
    runs = runner.chunk_sizes(config)[0]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    rules = _rules(config, runs, rng)
    learner = coins.Config(kind=config.kind, batch=config.batch)
    first = coins_play.first_unroll(learner, rules, rng)
    unit = np.arange(0.0, config.units + 1, config.every)
    return {"unit": unit, "first": _by_condition(first, runs)}


def headline(arrays):
    """Sum up: for each condition the return and the attention at the end, mean and sd."""
    lines = [f"{'end of training':28} total return     attention"]
    total, d = arrays["returns"][:, :, -1].sum(-1), arrays["attention"][:, :, -1]
    for k, name in enumerate(CONDITIONS):
        lines.append(
            f"{name:28} {total[:, k].mean():6.1f} +- {total[:, k].std():4.1f}  "
            f"{d[:, k].mean():6.2f} +- {d[:, k].std():4.2f}"
        )
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
