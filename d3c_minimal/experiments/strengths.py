"""The dials of the rules, set on starts of their own: the choice behind ``comparison``.

Of the shaping rules the strength, where second derivatives couple the players (elsewhere it does
nothing, or lengthens the step); of D3C eta_A and epsilon, in every game whose total has a least.
All are chosen by the mean last total. Run it with another seed than the comparison.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from d3c_minimal.experiments import comparison, runner

TRIED = {
    "shaping": (0.01, 0.1, 1.0),
    "D3C": tuple(itertools.product((0.03, 0.1, 0.3), (0.0, 0.01, 0.1))),  # eta_A, epsilon
}
TOLERANCE = {"total": 1e-4}


@dataclass(frozen=True)
class Config:
    """Settings beside those of the games, our choice."""

    of: str = "shaping"
    steps: int = 0  # 0: as many as the game's setting says
    runs: int = 10
    chunk: int = 5


def simulate(config, runs, rng):
    """Run one chunk: the last ``total`` (R, G, K, S) of games, rules and what was tried."""
    if config.of not in TRIED:
        raise ValueError(f"of={config.of!r}: choose shaping or D3C.")
    games, rules = _what(config.of)
    total = np.empty((runs, len(games), len(rules), len(TRIED[config.of])))
    for g, name in enumerate(games):
        setting = comparison.settings()[name]
        game, x0 = comparison.start(setting, runs, rng)
        for k, rule in enumerate(rules):
            for s, dial in enumerate(TRIED[config.of]):
                _, f = comparison.play(rule, setting, game, x0, config.steps or setting.steps, dial)
                total[:, g, k, s] = f[-1].sum(-1)
    return {"total": total}


def _what(of):
    """Return the games and the rules whose dials are set."""
    if of == "shaping":
        return tuple(comparison.STRENGTHS), tuple(comparison.SHAPING)
    return tuple(comparison.PACE), ("D3C",)


def best(arrays):
    """Return {game: choices of its rules} with the least mean total, of equals the first."""
    total = arrays["total"].mean(0)
    of = "D3C" if total.shape[1] == 1 else "shaping"
    least = total.round(5).argmin(-1)
    return {
        name: tuple(TRIED[of][s] for s in row)
        for name, row in zip(_what(of)[0], least, strict=True)
    }


def collect(chunks):
    """Join the chunks."""
    return {"total": np.concatenate([chunk["total"] for chunk in chunks])}


def headline(arrays):
    """Sum up the numbers: the choice for each game."""
    total = arrays["total"].mean(0)
    lines = ["least mean total"]
    for row, (name, choice) in zip(total, best(arrays).items(), strict=True):
        least = ", ".join(f"{value:.4f}" for value in row.min(-1))
        lines.append(f"  {name}: {choice}, totals {least}")
    return "\n".join(lines)


def run(config=None, seed=1, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
