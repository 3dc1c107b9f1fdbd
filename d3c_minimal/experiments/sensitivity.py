"""How D3C's end depends on eta_A and epsilon: price ratios on a grid, on two games.

The map is to say whether a setting elsewhere in the book is a lucky one, so run it with another
seed: with the same one, its chunk k begins with the same runs as chunk k of that experiment.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing
from d3c_minimal.experiments import runner
from d3c_minimal.games.prisoners_dilemma import prisoners_dilemma
from d3c_minimal.games.traffic import traffic

ETA_A = 10.0 ** np.arange(-4.0, 1.5, 0.5)  # eleven sizes
EPSILON = np.array([0.0, *10.0 ** np.arange(-4.0, 2.5, 1.0)])  # in loss per time

# At eta_A of 3 and above a start that differs in its last bit moves single runs by up to .07.
TOLERANCE = {"eta_A": 0.0, "epsilon": 0.0, "ratio": 0.2, "kept": 0.5}


@dataclass(frozen=True)
class Config:
    """Settings, all our choice: the paper shows no such map."""

    game: str = "traffic"  # "traffic" (Figure 2a) or "dilemma" (ten players, c = 1)
    eta_x: float = 0.5
    steps: int = 1000
    runs: int = 100
    chunk: int = 25


def simulate(config, runs, rng):
    """Run one chunk: ``ratio`` (R, K, L) of the total over the least, and ``kept``, mean A_ii."""
    if config.game not in ("traffic", "dilemma"):
        raise ValueError(f"game is '{config.game}': choose traffic or dilemma.")
    if config.game == "traffic":
        game = traffic(45.0, 45.0, 0.0, 10.0, 10.0)
        x0 = game.space.sample(rng, (runs, game.dim))
    else:
        game = prisoners_dilemma(10)
        x0 = rng.uniform(0.0, 1.0, (runs, game.dim))
    least, A0 = game.reference.optimal_losses.sum(), mixing.selfish(game.n_players)
    ratio = np.empty((runs, len(ETA_A), len(EPSILON)))
    kept = np.empty_like(ratio)
    for k, eta_A in enumerate(ETA_A):
        for m, epsilon in enumerate(EPSILON):
            end = dynamics.d3c(
                game, x0, config.eta_x, float(eta_A), float(epsilon), config.steps,
                A0=A0, every=config.steps, progress=False,
            )  # fmt: skip
            ratio[:, k, m] = end.f[-1].sum(-1) / least
            kept[:, k, m] = np.diagonal(end.A[-1], axis1=-2, axis2=-1).mean(-1)
    return {"ratio": ratio, "kept": kept}


def collect(chunks):
    """Join the chunks, and add the axes of the map."""
    joined = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in ("ratio", "kept")}
    return {"eta_A": ETA_A, "epsilon": EPSILON, **joined}


def headline(arrays):
    """Sum up the map: the mean ratio for each pair."""
    lines = ["mean price ratio; rows eta_A, columns epsilon " + str(arrays["epsilon"].tolist())]
    for eta_A, row in zip(arrays["eta_A"], arrays["ratio"].mean(0), strict=True):
        lines.append(f"  {eta_A:8.4g} " + " ".join(f"{value:.3f}" for value in row))
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
