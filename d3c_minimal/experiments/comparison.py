"""D3C beside what it is compared with: selfish, cooperative and shaping learners, fixed mixtures.

Every rule meets every exact game from the same starts, with the game's own step size. On simplices
all of them move logits, where the shaping rules are defined.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from d3c_minimal import dynamics, games, mixing, shaping
from d3c_minimal.experiments import runner
from d3c_minimal.game import in_logits
from d3c_minimal.spaces import Simplices

GAIN = 1e-3  # a player gains who saves this share of the mean best loss (of 1, if that is not > 0)
SHARED = (0.3, 0.6, 1.0)  # fixed mixtures: the share of the loss that is spread over all alike
FORESIGHT = {
    "LookAhead": shaping.lookahead,
    "LOLA": shaping.lola,
    "SOS": shaping.sos,
    "consensus": shaping.consensus,
    "competitive": shaping.competitive,
}


class Setting(NamedTuple):
    """A game with the rates at which it is played, and the range of its starts (None: sampled)."""

    game: object
    eta_x: float
    eta_A: float
    epsilon: float
    steps: int
    starts: tuple | None
    foresight: float  # alpha, gamma and eta of the shaping rules


def settings():
    """Return the exact games of the paper, by name, each with its rates (all our choice)."""
    B = np.array([[0.0, -0.375], [-0.5, 0.0]])  # half of F.7's C for each player
    return {
        "Nash paradox, kappa 0.1": Setting(
            games.nash_paradox(0.1), 0.05, 0.1, 0.0, 400, (0.4, 1.0), 0.1
        ),
        "dilemma of 2": Setting(games.prisoners_dilemma(2), 0.1, 0.1, 0.1, 300, (0.0, 1.0), 0.1),
        "dilemma of 10": Setting(games.prisoners_dilemma(10), 0.1, 0.1, 0.01, 300, (0.0, 1.0), 0.1),
        "Braess network": Setting(
            games.traffic(45.0, 45.0, 0.0, 10.0, 10.0), 0.1, 0.1, 0.0, 1000, None, 0.01
        ),
        "election": Setting(games.election(), 0.05, 0.25, 0.01, 1000, (0.0, 0.5), 0.1),
        "efficient but unfair": Setting(
            games.efficient_but_unfair(), 0.01, 0.1, 0.0, 1000, (0.5, 2.5), 0.1
        ),
        "bilinear F.7": Setting(games.bilinear(B, B), 0.1, 0.1, 0.0, 1000, None, 0.1),
    }


GAMES = tuple(settings())
RULES = ("selfish", *(f"share {s:g}" for s in SHARED), *FORESIGHT, "symplectic", "D3C")
TOLERANCE = {"total": 1e-4, "gainers": 0.02, "worst_change": 1e-4, "steps": 2.0}


@dataclass(frozen=True)
class Config:
    """Settings beside those of the games, our choice."""

    steps: int = 0  # 0: as many as the game's setting says
    runs: int = 40
    chunk: int = 10


def simulate(config, runs, rng):
    """Run one chunk.

    Returns
    -------
    dict of arrays (R, G, K), for games and rules
        ``total``, the last total loss (over the least, where the game's is known and above 0);
        ``gainers``, the share of players with a lower loss than under selfish play;
        ``worst_change``, the largest change of a player's loss against that; ``steps`` until the
        total stays within 1 % of the way from its start to its end.
    """
    found = {key: np.empty((runs, len(GAMES), len(RULES))) for key in TOLERANCE}
    for g, setting in enumerate(settings().values()):
        game, x0 = _start(setting, runs, rng)
        paths = {rule: _play(rule, setting, game, x0, config.steps) for rule in RULES}
        least = setting.game.reference.optimal_losses
        scale = least.sum() if least is not None and least.sum() > 0 else 1.0
        for k, path in enumerate(paths.values()):
            change = path.summary["f"][-1] - paths["selfish"].summary["f"][-1]
            found["total"][:, g, k] = path.summary["f"][-1].sum(-1) / scale
            found["gainers"][:, g, k] = (change < -GAIN * scale / game.n_players).mean(-1)
            found["worst_change"][:, g, k] = change.max(-1)
            found["steps"][:, g, k] = _settled(path.t, path.summary["f"].sum(-1))
    return found


def _start(setting, runs, rng):
    game = setting.game
    if isinstance(game.space, Simplices):
        return in_logits(game), np.log(game.space.sample(rng, (runs, game.dim)))
    return game, rng.uniform(*setting.starts, (runs, game.dim))


def _play(rule, setting, game, x0, steps):
    n, eta_x = game.n_players, setting.eta_x
    how = {
        "steps": steps or setting.steps,
        "every": 2,
        "summary": {"f": lambda x, A, f: f},
        "progress": False,
    }
    if rule == "D3C":
        return dynamics.d3c(game, x0, eta_x, setting.eta_A, setting.epsilon, **how)
    if rule == "selfish":
        return dynamics.gradient_descent(game, x0, eta_x, **how)
    if rule.startswith("share"):
        s = float(rule.split()[1])
        A = (1 - s) * np.eye(n) + s * mixing.cooperative(n)
        return dynamics.gradient_descent(game, x0, eta_x, A=A, **how)
    if rule == "symplectic":
        return shaping.shape(game, shaping.symplectic, x0, eta_x, **how)

    def look(game, x):
        return FORESIGHT[rule](game, x, setting.foresight)

    return shaping.shape(game, look, x0, eta_x, **how)


def _settled(t, total):
    """Return the first of the times ``t`` from which the total stays near its end, per run."""
    away = abs(total - total[-1]) > 0.01 * abs(total[0] - total[-1])
    last = np.where(away.any(0), len(t) - 1 - away[::-1].argmax(0), -1)
    return t[last + 1]


def collect(chunks):
    """Join the chunks."""
    return {key: np.concatenate([chunk[key] for chunk in chunks]) for key in TOLERANCE}


def headline(arrays):
    """Sum up the numbers: the mean last total of each rule on each game."""
    lines = ["mean last total (over the least, where that is above 0)"]
    for g, name in enumerate(GAMES):
        lines.append(name)
        for k, rule in enumerate(RULES):
            total, steps = arrays["total"][:, g, k], arrays["steps"][:, g, k]
            gainers, worst = arrays["gainers"][:, g, k], arrays["worst_change"][:, g, k]
            lines.append(
                f"  {rule:12} {total.mean():9.4f} sd {total.std():7.4f}, gainers "
                f"{gainers.mean():4.0%}, worst change {worst.max():8.3f}, "
                f"steps {np.median(steps):5.0f}"
            )
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
