"""Mavericks in the n-player prisoner's dilemma: some keep to themselves, the rest run D3C (E.2.1).

For each number m of mavericks, from none to all. They either stay at 0 (fixed defectors, as in the
paper) or start anywhere and learn by gradient descent. Agents share among those who run D3C: a
maverick's row is its own unit vector, and nobody else's row has a share for it.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing
from d3c_minimal.experiments import runner
from d3c_minimal.games.prisoners_dilemma import prisoners_dilemma

TOLERANCE = dict.fromkeys(
    ("maverick_mean", "maverick_least", "member_mean", "member_largest", "total"), 1e-9
)


@dataclass(frozen=True)
class Config:
    """Settings; "our choice" marks what the paper does not say."""

    n: int = 10  # our choice
    c: float = 1.0  # (Proposition E.1 needs c = 1 for its numbers)
    learning: bool = False  # whether mavericks learn; the paper's play 0
    self_weight: float = 0.99  # A_ii of members at the start (section 3)
    epsilon: float = 0.01  # our choice
    eta_x: float = 0.1  # our choice
    eta_A: float = 0.1  # our choice
    steps: int = 3000  # our choice: long enough for two members alone
    runs: int = 100  # our choice, for each m
    chunk: int = 25  # our choice


def mixture(n, mavericks, self_weight=0.99):
    """Return the start: rows e_i for the first ``mavericks``, an almost selfish block for the rest.

    A single member has nobody to share with and is selfish as well.
    """
    A, members = np.eye(n), n - mavericks
    if members >= 2:
        A[mavericks:, mavericks:] = mixing.selfish(members, self_weight)
    return A


def simulate(config, runs, rng):
    """Run one chunk.

    Returns
    -------
    dict of arrays (n + 1, R)
        Final losses for m = 0, ..., n mavericks: ``maverick_mean`` and ``maverick_least`` over
        the mavericks, ``member_mean`` and ``member_largest`` over the rest (nan where there is
        none), and ``total`` over the least total.
    """
    game = prisoners_dilemma(config.n, config.c)
    x0 = rng.uniform(0.0, config.c, (runs, game.dim))
    rows = []
    for m in range(config.n + 1):
        defects = (game.owner < m) & (not config.learning)
        end = dynamics.d3c(
            game,
            np.where(defects, 0.0, x0),  # at 0 its own gradient is 0: it stays
            config.eta_x,
            config.eta_A,
            config.epsilon,
            config.steps,
            A0=mixture(config.n, m, config.self_weight),
            every=config.steps,
            progress=False,
        )
        rows.append(_of_groups(end.f[-1], m, game.reference.optimal_losses.sum()))
    return {key: np.stack([row[key] for row in rows]) for key in TOLERANCE}


def _of_groups(f, m, least):
    nobody = np.full(len(f), np.nan)
    mavericks, members = f[:, :m], f[:, m:]
    return {
        "maverick_mean": mavericks.mean(-1) if m else nobody,
        "maverick_least": mavericks.min(-1) if m else nobody,
        "member_mean": members.mean(-1) if m < f.shape[-1] else nobody,
        "member_largest": members.max(-1) if m < f.shape[-1] else nobody,
        "total": f.sum(-1) / least,
    }


def collect(chunks):
    """Join the chunks: arrays (n + 1, R)."""
    return {key: np.concatenate([chunk[key] for chunk in chunks], -1) for key in TOLERANCE}


def headline(arrays):
    """Sum up the numbers, a line for each number of mavericks."""
    lines = ["mavericks   their mean loss   the others' mean loss   largest of the others'"]
    for m in range(len(arrays["total"])):
        means = [arrays[key][m].mean() for key in ("maverick_mean", "member_mean")]
        lines.append(
            f"{m:9}   {means[0]:15.4f}   {means[1]:21.4f}   {arrays['member_largest'][m].max():.4f}"
        )
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
