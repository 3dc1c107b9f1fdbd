"""D3C beside what it is compared with: selfish, cooperative and shaping learners, fixed mixtures.

Every rule meets every exact game from the same starts, with the game's step size and number of
steps. On simplices all of them move logits, where the shaping rules are defined. The dials of a
rule are set to what did best on other starts (see ``strengths``): each shaping rule's strength
where foresight can matter, and D3C's eta_A and epsilon where the total has a least.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from d3c_minimal import compare, games
from d3c_minimal.compare import SHAPING
from d3c_minimal.experiments import runner
from d3c_minimal.game import in_logits
from d3c_minimal.rates import Rates
from d3c_minimal.spaces import Simplices

GAIN = 1e-3  # a player gains who saves this share of the mean best loss (of 1, if that is not > 0)
SHARED = (0.3, 0.6, 1.0)  # fixed mixtures: the share of the loss that is spread over all alike
STRENGTHS = {  # of the rules in the order above; where the losses split, foresight is idle
    "Braess network": (1.0, 1.0, 1.0, 1.0, 0.01, 1.0),
    "election": (0.01, 0.01, 0.01, 0.01, 0.01, 0.01),
    "bilinear F.7": (1.0, 1.0, 1.0, 1.0, 0.01, 1.0),
}
PACE = {  # eta_A and epsilon of D3C
    "Nash paradox": (0.03, 0.1),
    "dilemma of 2": (0.03, 0.1),
    "dilemma of 10": (0.1, 0.1),
    "Braess network": (0.3, 0.1),
    "election": (0.1, 0.1),
    "bilinear F.7": (0.03, 0.0),
}
BY_HAND = 0.1, 0.0  # where there is no least total to choose by
LATER = 5  # D3C is watched for so many times the steps of the others: does it stay where it is?
POINTS = 51  # of each path that is kept


class Setting(NamedTuple):
    """A game, the step size and number of steps, and the range of starts (None: sampled)."""

    game: object
    eta_x: float
    steps: int
    starts: tuple | None


def settings():
    """Return the exact games of the paper, by name, each with its setting (all our choice)."""
    B = np.array([[0.0, -0.375], [-0.5, 0.0]])  # half of F.7's C for each player
    return {
        "Nash paradox": Setting(games.nash_paradox(0.25), 0.05, 800, (0.0, 1.0)),
        "dilemma of 2": Setting(games.prisoners_dilemma(2), 0.1, 300, (0.0, 1.0)),
        "dilemma of 10": Setting(games.prisoners_dilemma(10), 0.1, 300, (0.0, 1.0)),
        "Braess network": Setting(games.traffic(45.0, 45.0, 0.0, 10.0, 10.0), 0.1, 1000, None),
        "election": Setting(games.election(), 0.05, 1000, (0.0, 0.5)),
        "efficient but unfair": Setting(games.efficient_but_unfair(), 0.01, 1000, (0.5, 2.5)),
        "bilinear F.7": Setting(games.bilinear(B, B), 0.5, 1000, None),
    }


GAMES = tuple(settings())
RULES = ("selfish", "frozen start", *(f"share {s:g}" for s in SHARED), *SHAPING, "D3C")
TOLERANCE = {
    "total": 1e-4,
    "gainers": 0.02,
    "worst_change": 1e-4,
    "steps": 2.0,
    "later": 1e-3,
    "path": 1e-4,
}


@dataclass(frozen=True)
class Config:
    """Settings beside those of the games, our choice."""

    steps: int = 0  # 0: as many as the game's setting says
    runs: int = 40
    chunk: int = 20


def simulate(config, runs, rng):
    """Run one chunk.

    Returns
    -------
    dict of arrays (R, G, K), for games and rules
        ``total``, the last total loss (over the least, where the game's is known and above 0);
        ``gainers``, the share of players with a lower loss than under selfish play;
        ``worst_change``, the largest change of a player's loss against that; ``steps`` until the
        total stays within 1 % of the way from its start to its end; ``path`` (R, G, K, 51), the
        total at evenly spaced steps from the first to the last.
        And ``later`` (R, G): D3C's ``total`` after 5 times the steps.
    """
    shape = (runs, len(GAMES), len(RULES))
    found = {key: np.empty(shape) for key in ("total", "gainers", "worst_change", "steps")}
    found |= {"later": np.empty(shape[:2]), "path": np.empty((*shape, POINTS))}
    for g, (name, setting) in enumerate(settings().items()):
        steps = config.steps or setting.steps
        game, x0 = start(setting, runs, rng)
        scale = _scale(setting.game)
        dials = dict(zip(SHAPING, STRENGTHS.get(name, [0.1] * len(SHAPING)), strict=True))
        dials["D3C"] = PACE.get(name, BY_HAND)
        ends = []
        for k, rule in enumerate(RULES):
            longer = LATER if rule == "D3C" else 1
            t, f = play(rule, setting, game, x0, longer * steps, dials.get(rule))
            found["later"][:, g] = f[-1].sum(-1) / scale  # D3C is the last rule
            t, f = t[t <= steps], f[t <= steps]
            ends.append(f[-1])
            total = f.sum(-1) / scale
            found["total"][:, g, k] = total[-1]
            found["steps"][:, g, k] = _settled(t, total)
            found["path"][:, g, k] = total[np.linspace(0, len(t) - 1, POINTS).round().astype(int)].T
        change = np.stack(ends, 1) - ends[0][:, None]  # (R, K, n), against selfish play
        found["gainers"][:, g] = (change < -GAIN * scale / game.n_players).mean(-1)
        found["worst_change"][:, g] = change.max(-1)
    return found


def start(setting, runs, rng):
    """Return the game that all rules play, and random starts of it."""
    game = setting.game
    if isinstance(game.space, Simplices):
        return in_logits(game), np.log(game.space.sample(rng, (runs, game.dim)))
    return game, rng.uniform(*setting.starts, (runs, game.dim))


def play(rule, setting, game, x0, steps, dial=None):
    """Return each second step (S,), the last too, and everyone's losses (S, R, n) there.

    ``dial`` is the strength of a shaping rule, or (eta_A, epsilon) of D3C.
    """
    eta_A, epsilon = dial if rule == "D3C" else (None, None)
    rates = Rates(setting.eta_x, eta_A, epsilon, steps)
    return compare.play(rule, game, x0, rates, dial, every=2)


def _scale(game):
    least = game.reference.optimal_losses
    return least.sum() if least is not None and least.sum() > 0 else 1.0


def _settled(t, total):
    """Return the first of the times ``t`` from which the total stays near its end, per run."""
    away = abs(total - total[-1]) > 0.01 * abs(total[0] - total[-1])
    last = np.where(away.any(0), len(t) - 1 - away[::-1].argmax(0), -1)
    return t[last + 1]


def collect(chunks):
    """Join the chunks; of the paths the mean over all runs is kept, (G, K, 51)."""
    arrays = {key: np.concatenate([chunk[key] for chunk in chunks]) for key in TOLERANCE}
    return arrays | {"path": arrays["path"].mean(0)}


def headline(arrays):
    """Sum up the numbers: the mean last total of each rule on each game."""
    lines = ["mean last total (over the least, where that is above 0)"]
    for g, name in enumerate(GAMES):
        lines.append(f"{name}; D3C later {arrays['later'][:, g].mean():.4f}")
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
