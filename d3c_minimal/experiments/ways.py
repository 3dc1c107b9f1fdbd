"""Braess' network once more: each way to move x, and to form the rates of eq (11), beside others.

The paper leaves both open, and the result hangs on them. All ways see the same starts.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing
from d3c_minimal.experiments import runner
from d3c_minimal.experiments.traffic import moving
from d3c_minimal.games.traffic import traffic

WAYS = (
    *(("entropic", eta_x, rates) for eta_x in (0.1, 0.5) for rates in ("tangent", "flow", "raw")),
    *(("projected", eta_x, rates) for eta_x in (0.01, 0.1) for rates in ("tangent", "flow", "raw")),
    *(("logits", eta_x, "tangent") for eta_x in (0.01, 0.1, 0.5)),
)

TOLERANCE = {"ratio": 1e-5, "selfish_ratio": 1e-6}


@dataclass(frozen=True)
class Config:
    """Settings, all our choice but for the self weight (section 3)."""

    self_weight: float = 0.99
    epsilon: float = 0.0
    eta_A: float = 0.1
    steps: int = 1000
    runs: int = 1000
    chunk: int = 250


def simulate(config, runs, rng):
    """Run one chunk: final ``ratio`` of D3C and ``selfish_ratio`` of gradient descent, (R, W)."""
    game = traffic(45.0, 45.0, 0.0, 10.0, 10.0)
    best = game.reference.optimal_losses.sum()
    x0 = game.space.sample(rng, (runs, game.dim))
    A0 = mixing.selfish(game.n_players, config.self_weight)
    arrays = {key: np.empty((runs, len(WAYS))) for key in TOLERANCE}
    for k, (move, eta_x, rates) in enumerate(WAYS):
        view, start = moving(game, x0, move)
        how = {"steps": config.steps, "every": config.steps, "progress": False}
        end = dynamics.d3c(
            view, start, eta_x, config.eta_A, config.epsilon, A0=A0, rates=rates, **how
        )
        arrays["ratio"][:, k] = end.f[-1].sum(-1) / best
        selfish = dynamics.gradient_descent(view, start, eta_x, **how)
        arrays["selfish_ratio"][:, k] = selfish.f[-1].sum(-1) / best
    return arrays


def collect(chunks):
    """Join the chunks."""
    return {key: np.concatenate([chunk[key] for chunk in chunks]) for key in TOLERANCE}


def headline(arrays):
    """Sum up the numbers, a line for each way."""
    lines = ["way to move, eta_x, rates: mean ratio of D3C, sd, median; of gradient descent"]
    for k, (move, eta_x, rates) in enumerate(WAYS):
        r = arrays["ratio"][:, k]
        lines.append(
            f"  {move:9} {eta_x:4} {rates:8} {r.mean():.4f} {r.std():.4f} {np.median(r):.4f}; "
            f"{arrays['selfish_ratio'][:, k].mean():.4f}"
        )
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
