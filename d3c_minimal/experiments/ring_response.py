"""The ring after a switch of one row: when do returns answer, and how loud is their noise?

Both prey learn under equal attentions. Then prey 1's attention is a step lower, as it was, or a
step higher; runs under the old rows tell the noise. A unit of time is one update, as for the rule.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.experiments import coins_play, ring_play, runner
from d3c_minimal.gridworlds import ring as world

BASES = (0.0, 1.0, 2.0, 3.0, 4.0)  # ln(A_ii / A_ij) of both prey before the switch
KICKS = (-1.0, 0.0, 1.0)  # added to prey 1's
EDGES = (0, 15, 60, 120)  # updates after the switch, between which answers are averaged
WINDOWS = (1, 15, 60)  # updates, over which noise is averaged
# Everything is in float64: a change in the last bits moves no run by more than rounding.
TOLERANCE = {"curve": 1e-6, "answer": 1e-4, "noise": 1e-4, "level": 1e-4}


@dataclass(frozen=True)
class Config:
    """Settings; the learners are those of :class:`ring.Config`. Fixed before the first run."""

    before: int = 480  # updates until the switch; noise is measured in the last 120
    runs: int = 500
    chunk: int = 50


class Switch:
    """Rows that are exchanged once, after ``when`` updates; nothing else moves them."""

    def __init__(self, before, after, when):
        self.rows, self.when, self.t = (before, after), when, 0

    @property
    def mixture(self):
        """The rows (runs, 2, 2) that hold until the next ``update``."""
        return self.rows[self.t >= self.when]

    A = mixture

    def update(self, returns):
        """Count an update."""
        self.t += 1


def simulate(config, runs, rng):
    """Run one chunk of R runs.

    Returns
    -------
    dict of arrays
        Own, unmixed returns of both prey: ``level`` (R, 5, 2), mean of 60 updates before the
        switch. Above each run's own level: ``curve`` (5, 3, 120, 2), means over the runs, by
        update after the switch, and ``answer`` (R, 5, 3, 3, 2), means between EDGES. ``noise``
        (R, 5, 3, 2): mean square of the difference of two neighbouring means over each of WINDOWS,
        under rows that stand still; last axis raw and mixed, both prey's mean.
    """
    d = np.array([[(base + kick, base) for kick in KICKS] for base in BASES])
    after = coins_play.rows(np.repeat(d[:, :, None], runs, 2).reshape(-1, 2))
    d[..., 0] = d[..., 1]
    before = coins_play.rows(np.repeat(d[:, :, None], runs, 2).reshape(-1, 2))
    rule = Switch(before, after, config.before)
    record = ring_play.play(world.Rules(), [rule], config.before + EDGES[-1], rng)
    shape = len(record.t), len(BASES), len(KICKS), runs, 2
    returns = record.returns.reshape(shape)
    level = returns[config.before - WINDOWS[-1] : config.before].mean(0)
    late = returns[config.before :] - level
    parts = np.split(late, EDGES[1:-1])
    still = returns[config.before - 2 * WINDOWS[-1] : config.before]
    A = before.reshape(*shape[1:], 2)
    return {
        "curve": late.mean(-2).transpose(1, 2, 0, 3),
        "answer": np.stack([part.mean(0) for part in parts], -2).transpose(2, 0, 1, 3, 4),
        "noise": _noise(still, A),
        "level": level.mean(1).transpose(1, 0, 2),
    }


def _noise(returns, A):
    """Return mean squares (R, 5, windows, measures) from returns (120, 5, 3, R, 2) under rows A."""
    both = np.stack([returns, np.einsum("bkrji,ubkrj->ubkri", A, returns)], -1)
    squares = []
    for size in WINDOWS:
        means = both.reshape(-1, size, *both.shape[1:]).mean(1)
        squares.append((np.diff(means, axis=0) ** 2).mean((0, 2, 4)))  # kicks are still to come
    return np.stack(squares).transpose(2, 1, 0, 3)


def collect(chunks):
    """Join the chunks: ``curve`` is a mean over all runs."""
    sizes = [len(chunk["answer"]) for chunk in chunks]
    return {
        "curve": np.average([chunk["curve"] for chunk in chunks], 0, sizes),
        "answer": np.concatenate([chunk["answer"] for chunk in chunks]).astype(np.float32),
        "noise": np.concatenate([chunk["noise"] for chunk in chunks]).astype(np.float32),
        "level": np.concatenate([chunk["level"] for chunk in chunks]).astype(np.float32),
    }


def headline(arrays):
    """Sum up: prey 1's own return per unit of its attention, between EDGES, at each base."""
    slope = (arrays["answer"][:, :, 2, :, 0] - arrays["answer"][:, :, 0, :, 0]).mean(0) / 2
    noise = np.sqrt(arrays["noise"].mean(0))[:, 1]
    lines = ["slope of own return in 15, 60, 120 updates; noise of 15 (raw, mixed)"]
    for base, row, loud in zip(BASES, slope, noise, strict=True):
        cells = "".join(f"{value:8.3f}" for value in (*row, *loud))
        lines.append(f"  d = {base:g}{cells}")
    return "\n".join(lines)


def run(config=None, seed=6, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
