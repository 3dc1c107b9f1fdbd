"""Coins under fixed rows: the returns that each pair of attentions leads to.

Agents 1 and 2 hold ln(A_ii / A_ij) at a point of a grid and learn, from nothing, until the end.
Whatever a rule does to the rows, it moves on this map, or behind it where policies lag.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.experiments import coins, coins_play, runner
from d3c_minimal.trials import D3CTrials

GRID = np.linspace(-5.0, 5.0, 11)  # ln(A_ii / A_ij)
# Learning runs differ between machines as a whole; `check` compares what can be.
TOLERANCE = {"d": 0.0, "returns": 0.0, "first": 0.0}


@dataclass(frozen=True)
class Config:
    """Settings beside those of :class:`coins.Config`."""

    kind: str = "compact"
    units: int = 200
    stretches: int = 4  # of training, for which returns are kept: the last is the end
    runs: int = 4
    chunk: int = 1


def held(A, rng):
    """Return a rule that holds the mixtures ``A`` (runs, 2, 2)."""
    how = {"eta_A": 0.0, "delta": 1.0, "nu": 0.0, "tau_min": 1, "tau_max": 1, "epsilon": 0.0}
    return D3CTrials(2, **how, clip=None, rng=rng, runs=len(A), A0=A, control="fixed")


def _rules(runs, rng):
    d = np.stack(np.meshgrid(GRID, GRID, indexing="ij"), -1).reshape(-1, 2)
    return [held(np.repeat(coins_play.rows(d), runs, 0), rng.spawn(1)[0])]


def simulate(config, runs, rng):
    """Run one chunk: ``returns`` (stretches, R, 11, 11, 2) and ``first`` (R, 11, 11, 2)."""
    learner = coins.Config(kind=config.kind)
    record = coins_play.play(learner, _rules(runs, rng), config.units, rng)
    parts = np.array_split(record.returns, config.stretches)
    return {
        "returns": _on_grid(np.stack([part.mean(0) for part in parts]), runs),
        "first": _on_grid(record.first, runs),
    }


def _on_grid(array, runs):
    """Bring (..., 11 * 11 * R, 2) into (..., R, 11, 11, 2)."""
    shaped = array.reshape(*array.shape[:-2], len(GRID), len(GRID), runs, 2)
    return np.moveaxis(shaped, -2, -4).astype(np.float32)


def collect(chunks):
    """Join the chunks along the runs, and add ``d`` (11,), the grid; ``first`` is of chunk 0."""
    returns = np.concatenate([chunk["returns"] for chunk in chunks], 1)
    return {"d": GRID, "returns": returns, "first": chunks[0]["first"]}


def check(stored, config, seed):
    """Return the grid and the ``first`` unroll of chunk 0, computed again."""
    runs = runner.chunk_sizes(config)[0]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    first = coins_play.first_unroll(coins.Config(kind=config.kind), _rules(runs, rng), rng)
    return {"d": GRID, "first": _on_grid(first, runs)}


def headline(arrays):
    """Sum up: the total return at some pairs at the end."""
    total = arrays["returns"][-1].sum(-1).mean(0)
    best = np.unravel_index(total.argmax(), total.shape)
    where = ", ".join(f"{GRID[k]:g}" for k in best)
    return (
        f"total return at (5, 5): {total[-1, -1]:.1f}, (0, 0): {total[5, 5]:.1f}, (-5, -5): "
        f"{total[0, 0]:.1f}; most, {total.max():.1f}, at ({where}); mean {total.mean():.1f}"
    )


def run(config=None, seed=3, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
