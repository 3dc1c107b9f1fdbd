"""How D3C grows with n: steps to the optimum, time and memory of a step, in the dilemma.

Each number of players has n (n - 1) coordinates and n^2 entries of A. Steps are a function of
config and seed; seconds and bytes are measured on the machine that made the result.
"""

import time
import tracemalloc
from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing
from d3c_minimal.experiments import runner
from d3c_minimal.games.prisoners_dilemma import prisoners_dilemma

PLAYERS = (2, 3, 5, 10, 20, 50, 100)
LEFT = 0.01  # a run has arrived once this share of what Nash wastes is left

# What is measured differs from machine to machine: verify holds only its order of magnitude.
TOLERANCE = {"n": 0.0, "steps": 0.0, "seconds_per_step": 0.1, "peak_bytes": 1e7}


@dataclass(frozen=True)
class Config:
    """Settings, all our choice."""

    eta_x: float = 0.1
    eta_A: float = 0.1
    epsilon: float = 0.01
    limit: int = 4000  # steps after which a run counts as not arrived
    runs: int = 20
    chunk: int = 5


def simulate(config, runs, rng):
    """Run one chunk: ``steps`` (R, K) until arrival, -1 where there is none; time and memory."""
    steps = np.empty((runs, len(PLAYERS)))
    seconds, peaks = np.empty(len(PLAYERS)), np.empty(len(PLAYERS))
    for k, n in enumerate(PLAYERS):
        game = prisoners_dilemma(n)
        x, A = rng.uniform(0.0, 1.0, (runs, game.dim)), mixing.selfish(n)
        A = np.broadcast_to(A, (runs, n, n))
        seconds[k], peaks[k] = _cost(config, game, x[:1], A[:1])
        steps[:, k] = _arrival(config, game, x, A)
    return {"steps": steps, "seconds_per_step": seconds, "peak_bytes": peaks}


def _step(config, game, x, A):
    return dynamics.d3c_step(game, x, A, config.eta_x, config.eta_A, config.epsilon)


def _arrival(config, game, x, A):
    least, nash = game.reference.optimal_losses.sum(), game.reference.nash_losses.sum()
    arrived = np.full(len(x), -1.0)
    for t in range(config.limit + 1):
        near = game.loss(x).sum(-1) < least + LEFT * (nash - least)
        arrived[near & (arrived < 0)] = t
        if (arrived >= 0).all():
            break
        x, A = _step(config, game, x, A)
    return arrived


def _cost(config, game, x, A, repeats=20):
    """Return seconds and peak bytes of one step of one run."""
    _step(config, game, x, A)  # first calls also pay for imports and caches
    begin = time.perf_counter()
    for _ in range(repeats):
        _step(config, game, x, A)
    seconds = (time.perf_counter() - begin) / repeats
    tracemalloc.start()
    _step(config, game, x, A)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


def collect(chunks):
    """Join the chunks; the best of the measured times, the largest of the peaks."""
    return {
        "n": np.array(PLAYERS),
        "steps": np.concatenate([chunk["steps"] for chunk in chunks]),
        "seconds_per_step": np.min([chunk["seconds_per_step"] for chunk in chunks], 0),
        "peak_bytes": np.max([chunk["peak_bytes"] for chunk in chunks], 0),
    }


def headline(arrays):
    """Sum up the numbers, a line for each number of players."""
    lines = [f"   n   median steps to {LEFT:.0%} of the waste   microseconds a step   peak kB"]
    for k, n in enumerate(arrays["n"]):
        lines.append(
            f"{n:4} {np.median(arrays['steps'][:, k]):32.0f} "
            f"{1e6 * arrays['seconds_per_step'][k]:21.0f} {arrays['peak_bytes'][k] / 1e3:9.0f}"
        )
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
