"""What brings the last runs home: now and then every driver takes its row back to selfish.

Beyond the paper. After each round of D3C all rows begin again almost selfish, and the strategies
stay where they are, but for a small lift off the corners: an entropic step never moves what is 0.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing
from d3c_minimal.experiments import runner
from d3c_minimal.experiments.traffic import network

LIFTS = np.array([1e-9, 1e-6, 1e-4, 1e-3, 1e-2])  # share of uniform choice that is mixed in

# A run that is lifted off a corner may leave it along either of two routes.
TOLERANCE = {"lifts": 0.0, "ratio": 1e-4, "networks": 0.0}


@dataclass(frozen=True)
class Config:
    """Settings, all our choice; ``networks`` and the roads as in the traffic experiment."""

    networks: str = "braess"
    C: float = 45.0
    D: float = 45.0
    E: float = 0.0
    F: float = 10.0
    G: float = 10.0
    gap: float = 0.0
    epsilon: float = 0.0
    eta_x: float = 0.5
    eta_A: float = 0.1
    steps: int = 1000  # of each round
    rounds: int = 4  # after the first
    runs: int = 1000
    chunk: int = 250


def simulate(config, runs, rng):
    """Run one chunk.

    Returns
    -------
    dict of arrays
        ``ratio`` (R, L, K + 1), the total over the least after each round, for each lift;
        ``networks`` (R, 5), C to G.
    """
    game = network(config, runs, rng)
    best = game.reference.optimal_losses.sum(-1)
    x0 = game.space.sample(rng, (runs, game.dim))
    A0 = mixing.selfish(game.n_players)

    def round_from(x):
        end = dynamics.d3c(
            game, x, config.eta_x, config.eta_A, config.epsilon, config.steps,
            A0=A0, every=max(config.steps, 1), progress=False,
        )  # fmt: skip
        return end.x[-1], end.f[-1].sum(-1) / best

    first, ratio_first = round_from(x0)
    ratio = np.empty((runs, len(LIFTS), config.rounds + 1))
    for k, lift in enumerate(LIFTS):
        x, ratio[:, k, 0] = first, ratio_first
        for m in range(config.rounds):
            x, ratio[:, k, m + 1] = round_from((1 - lift) * x + lift / 3)
    roads = [np.broadcast_to(game.parameters[name], (runs,)) for name in "CDEFG"]
    return {"ratio": ratio, "networks": np.stack(roads, -1)}


def collect(chunks):
    """Join the chunks, and add the lifts."""
    joined = {key: np.concatenate([c[key] for c in chunks]) for key in ("ratio", "networks")}
    return {"lifts": LIFTS, **joined}


def headline(arrays):
    """Sum up: for each lift the share of runs at the best total, and the mean, by round."""
    lines = ["lift: share of runs within 0.1 % of the best / mean ratio, after each round"]
    for lift, ratio in zip(arrays["lifts"], np.moveaxis(arrays["ratio"], 1, 0), strict=True):
        ends = zip((ratio < 1.001).mean(0), ratio.mean(0), strict=True)
        lines.append(f"  {lift:6.0e} " + "  ".join(f"{a:.3f}/{b:.4f}" for a, b in ends))
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
