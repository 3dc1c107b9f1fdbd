"""How D3C grows with n: steps to the optimum, time and memory of a step, in the dilemma.

Each number of players has n (n - 1) coordinates and n^2 entries of A. Steps are a function of
config and seed; seconds and bytes are measured on the machine that made the result, for the
game's own contraction in closed form and for the general one, which forms the Jacobian.
"""

import time
import tracemalloc
from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing
from d3c_minimal.experiments import runner
from d3c_minimal.game import Game
from d3c_minimal.games.prisoners_dilemma import prisoners_dilemma

PLAYERS = (2, 3, 5, 10, 20, 50, 100)
LEFT = 0.01  # a run has arrived once this share of what Nash wastes is left

# A measurement agrees with any other of its kind: these are larger than what a machine has.
TOLERANCE = {
    "n": 0.0,
    "steps": 0.0,
    **dict.fromkeys(("seconds_per_step", "general_seconds_per_step"), 1e6),
    **dict.fromkeys(("peak_bytes", "general_peak_bytes"), 1e15),
}
MEASURED = ("seconds_per_step", "peak_bytes", "general_seconds_per_step", "general_peak_bytes")


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
    steps, cost = np.empty((runs, len(PLAYERS))), np.empty((4, len(PLAYERS)))
    for k, n in enumerate(PLAYERS):
        game = prisoners_dilemma(n)
        x, A = rng.uniform(0.0, 1.0, (runs, game.dim)), mixing.selfish(n)
        A = np.broadcast_to(A, (runs, n, n))
        general = Game(game.losses, game.owner, jacobian=game.jacobian)
        cost[:2, k] = _cost(config, game, x[:1], A[:1])
        cost[2:, k] = _cost(config, general, x[:1], A[:1])
        steps[:, k] = _arrival(config, game, x, A)
    return {"steps": steps, **dict(zip(MEASURED, cost, strict=True))}


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


def _cost(config, game, x, A, repeats=10):
    """Return seconds (the best of some) and peak bytes of one step of one run."""
    _step(config, game, x, A)  # first calls also pay for imports and caches
    seconds = np.inf
    for _ in range(repeats):
        begin = time.perf_counter()
        _step(config, game, x, A)
        seconds = min(seconds, time.perf_counter() - begin)
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
        **{
            key: (np.min if "seconds" in key else np.max)([chunk[key] for chunk in chunks], 0)
            for key in MEASURED
        },
    }


def headline(arrays):
    """Sum up the numbers, a line for each number of players."""
    lines = [
        f"median steps to {LEFT:.0%} of the waste; a step in closed form, and in general:",
        "   n   steps   microseconds   peak kB   microseconds   peak kB",
    ]
    for k, n in enumerate(arrays["n"]):
        a, b, c, d = (arrays[key][k] for key in MEASURED)
        costs = f"{1e6 * a:14.0f} {b / 1e3:9.0f} {1e6 * c:14.0f} {d / 1e3:9.0f}"
        lines.append(f"{n:4} {np.median(arrays['steps'][:, k]):7.0f} {costs}")
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
