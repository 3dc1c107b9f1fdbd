"""The ring's step eta_A, on other seeds than the report: signal against control at each step.

Algorithm 1 as printed and in two other readings, each with its controls. It is on these runs that
the steps of ``ring_moved`` (the largest lead over the controls) and ``ring_fast`` (the largest
return) were chosen.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.experiments import ring, ring_play, runner
from d3c_minimal.gridworlds import ring as world

STEPS = (1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)  # eta_A
READINGS = {
    "printed": {},
    "within a trial": {"compare": "halves"},
    "raw return": {"first": "measures", "measure": "raw"},
}
CONDITIONS = ("D3C", "decorrelated", "shuffled", "other zero")
TOLERANCE = {"return_final": 1e-4, "attention_final": 1e-4}


@dataclass(frozen=True)
class Config:
    """Settings beside those of :class:`ring.Config`."""

    updates: int = 1500  # as in the report
    runs: int = 40
    chunk: int = 10


def simulate(config, runs, rng):
    """Run one chunk: last ``returns`` and ``attention`` (R, readings, conditions, steps)."""
    own, zeros, learners = ring.Config(), [], []
    for reading in READINGS.values():
        for condition in CONDITIONS:
            eta_A = np.repeat(STEPS, runs)[:, None]
            changes = {**reading, "eta_A": eta_A}
            source = rng.spawn(1)[0]
            learners.append(ring.learner(own, condition, runs * len(STEPS), source, **changes))
            zeros.append(own.zero if condition == "other zero" else 0.0)
    tenth = max(1, config.updates // 10)
    record = ring_play.play(world.Rules(), learners, config.updates, rng, every=tenth, zeros=zeros)
    shape = len(READINGS), len(CONDITIONS), len(STEPS), runs
    last = {
        "return_final": record.returns[-1].sum(-1),
        "attention_final": ring.attention(record.A[-1]).mean(-1),
    }
    return {key: np.moveaxis(value.reshape(shape), -1, 0) for key, value in last.items()}


def collect(chunks):
    """Join the chunks: ``return_final`` and ``attention_final`` (R, 3, 4, 7).

    Axes after the runs: readings, conditions, steps.
    """
    return {
        key: np.concatenate([chunk[key] for chunk in chunks]).astype(np.float32)
        for key in TOLERANCE
    }


def lead(arrays):
    """Return by how much D3C as printed leads the better of its two controls, at each step."""
    means = arrays["return_final"].mean(0)[0]
    return means[0] - means[1:3].max(0)


def headline(arrays):
    """Sum up: mean return of the printed reading at each step."""
    means = arrays["return_final"].mean(0)[0]
    lines = [f"{'eta_A':13}" + "".join(f"{step:7g}" for step in STEPS)]
    for name, row in zip(CONDITIONS, means, strict=True):
        lines.append(f"{name:13}" + "".join(f"{value:7.2f}" for value in row))
    lines.append(f"{'lead':13}" + "".join(f"{value:7.2f}" for value in lead(arrays)))
    return "\n".join(lines)


def run(config=None, seed=1, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
