"""The n-player prisoner's dilemma under exact D3C: Figures 5, 13 and 14.

The paper shows, over 1000 runs, the price ratio rho (total loss over the least total loss) going
to 1 and the joint strategy going to the optimum c / n. Gradient descent, which the figures leave
out, starts here from the same points: it is the control.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing
from d3c_minimal.experiments import runner
from d3c_minimal.games.prisoners_dilemma import prisoners_dilemma

# Both descents contract here: a change of 1e-13 in the starts moves no array by more than 1e-12.
TOLERANCE = {
    "t": 0.0,
    **dict.fromkeys(("rho_final", "rho_mean", "rho_std", "rho_median"), 1e-9),
    **dict.fromkeys(("distance_final", "distance_mean", "distance_std", "distance_median"), 1e-9),
    **dict.fromkeys(("attention_final", "selfish_rho_final"), 1e-9),
}


@dataclass(frozen=True)
class Config:
    """Settings; "our choice" marks what the paper does not say."""

    n: int = 10  # n, players (section 3.2)
    c: float = 1.0  # c, entries of C (section 3.2)
    self_weight: float = 0.99  # A_ii at the start (section 3)
    nu: float = 0.0  # nu, weight of the KL term (section 3)
    epsilon: float = 0.01  # epsilon of eq 11, in loss per time; our choice
    eta_x: float = 0.1  # step size of the strategies; our choice
    eta_A: float = 0.1  # eta_A, step size of the mixture; our choice
    steps: int = 500  # our choice: rho reaches 1.0000 near step 300
    every: int = 4  # steps between records, at most 200 of them; our choice
    spread: float = 1.0  # x0 is uniform on [0, spread c], defect to cooperate; our choice
    runs: int = 1000  # (Figure 5)
    chunk: int = 100  # runs that share one random stream and one array; our choice


def simulate(config, runs, rng):
    """Run one chunk.

    Parameters
    ----------
    config : Config
    runs : int
        Number of runs R in this chunk.
    rng : numpy.random.Generator
        Draws the starts.

    Returns
    -------
    dict of arrays
        ``t`` (S,); ``rho`` and ``distance`` (S, R): total loss over the least total, and largest
        ``|x - c/n|``; ``attention_final`` (R,): mean A_ii at the end; ``selfish_rho_final`` (R,).
    """
    game = prisoners_dilemma(config.n, config.c)
    least, optimum = game.reference.optimal_losses.sum(), game.reference.optimum
    x0 = rng.uniform(0.0, config.spread * config.c, (runs, game.dim))
    A0 = mixing.selfish(config.n, config.self_weight)

    def rho(x, A, f):
        return f.sum(-1) / least

    def distance(x, A, f):
        return abs(x - optimum).max(-1)

    compromise = dynamics.d3c(
        game,
        x0,
        config.eta_x,
        config.eta_A,
        config.epsilon,
        config.steps,
        A0=A0,
        nu=config.nu,
        every=config.every,
        summary={"rho": rho, "distance": distance},
        progress=False,
    )
    selfish = dynamics.gradient_descent(
        game, x0, config.eta_x, config.steps, every=config.steps, progress=False
    )
    return {
        "t": compromise.t,
        **compromise.summary,
        "attention_final": np.diagonal(compromise.A[-1], axis1=-2, axis2=-1).mean(-1),
        "selfish_rho_final": selfish.f[-1].sum(-1) / least,
    }


def collect(chunks):
    """Join the chunks: finals (R,) and mean, standard deviation, median over runs (S,)."""
    arrays = {"t": chunks[0]["t"]}
    for key in ("rho", "distance"):
        over_runs = np.concatenate([chunk[key] for chunk in chunks], axis=-1)
        arrays[f"{key}_final"] = over_runs[-1]
        arrays[f"{key}_mean"] = over_runs.mean(-1)
        arrays[f"{key}_std"] = over_runs.std(-1)
        arrays[f"{key}_median"] = np.median(over_runs, axis=-1)
    for key in ("attention_final", "selfish_rho_final"):
        arrays[key] = np.concatenate([chunk[key] for chunk in chunks])
    return arrays


def headline(arrays):
    """Sum up the numbers in two lines."""
    rho, distance = arrays["rho_final"], arrays["distance_final"]
    return (
        f"price ratio after {arrays['t'][-1]} steps: mean {rho.mean():.5f}, largest "
        f"{rho.max():.5f}; gradient descent: mean {arrays['selfish_rho_final'].mean():.5f}\n"
        f"largest distance to the optimum: {distance.max():.2g}; mean share A_ii of an agent's own "
        f"loss that it keeps: {arrays['attention_final'].mean():.4f}"
    )


def run(config=None, seed=0, **how):
    """Run the experiment, by default with the paper's settings.

    Parameters
    ----------
    config : Config, optional
    seed : int
        Chunk k draws from ``SeedSequence(seed, spawn_key=(k,))``.
    **how
        As in :func:`d3c_minimal.experiments.runner.run`: ``jobs``, ``progress``.

    Returns
    -------
    dict of arrays
        As :func:`collect` gives them.
    """
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
