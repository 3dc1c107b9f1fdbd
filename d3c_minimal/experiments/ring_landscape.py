"""The ring under fixed rows: the return that each pair of attentions leads to.

Prey 1 and prey 2 hold ln(A_ii / A_ij) at a point of a grid and learn. It is the map on which D3C
walks, and shows where moving a row changes what is learnt, and where it does not.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.experiments import ring, ring_play, runner
from d3c_minimal.gridworlds import ring as world

GRID = np.linspace(-5.0, 5.0, 9)  # ln(A_ii / A_ij)
TOLERANCE = {"returns": 1e-6, "early": 1e-6}


@dataclass(frozen=True)
class Config:
    """Settings beside those of :class:`ring.Config`."""

    updates: int = 1500  # as in the report
    runs: int = 16
    chunk: int = 8


def rows(d):
    """Return the mixture with attentions ``d`` (..., 2), shape (..., 2, 2)."""
    keep = 1 / (1 + np.exp(-np.asarray(d, float)))
    return np.stack(
        [
            np.stack([keep[..., 0], 1 - keep[..., 0]], -1),
            np.stack([1 - keep[..., 1], keep[..., 1]], -1),
        ],
        -2,
    )


def simulate(config, runs, rng):
    """Run one chunk: returns of both prey, ``early`` and last, (R, 9, 9, 2)."""
    d = np.stack(np.meshgrid(GRID, GRID, indexing="ij"), -1)
    A0 = np.repeat(rows(d).reshape(-1, 2, 2), runs, axis=0)
    held = ring.learner(ring.Config(), "fixed start", len(A0), rng.spawn(1)[0], A0=A0)
    tenth = max(1, config.updates // 10)
    record = ring_play.play(world.Rules(), [held], config.updates, rng, every=tenth)
    found = {"early": record.returns[0], "returns": record.returns[-1]}
    shape = len(GRID), len(GRID), runs, 2
    return {key: np.moveaxis(value.reshape(shape), 2, 0) for key, value in found.items()}


def collect(chunks):
    """Join the chunks: ``early`` and ``returns`` (9, 9, 2), means over the runs."""
    return {key: np.concatenate([chunk[key] for chunk in chunks]).mean(0) for key in TOLERANCE}


def headline(arrays):
    """Sum up: the total return at some pairs."""
    total = arrays["returns"].sum(-1)
    centre = len(GRID) // 2
    return (
        f"total return, both at {GRID[-1]:g}: {total[-1, -1]:.2f}, both at 0: "
        f"{total[centre, centre]:.2f}, both at {GRID[0]:g}: {total[0, 0]:.2f}"
    )


def run(config=None, seed=2, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
