"""Coins after a switch of one row: when do returns answer, and how loud is their noise?

Both agents learn under equal attentions until they have settled. Then copies of them go on, with
agent 1's attention a step lower, as it was, or a step higher. What the three differ in is the
answer; what copies with the old rows do is noise. Rates, entropy and batch are changed one at a
time.
"""

from dataclasses import dataclass, replace

import numpy as np

from d3c_minimal.experiments import coins, coins_landscape, coins_play, runner

BASES = (0.0, 1.0, 2.0, 3.0)  # ln(A_ii / A_ij) of both agents before the switch
KICKS = (-1.0, 0.0, 1.0)  # added to agent 1's
LEARNERS = {
    "as in the study": {},
    "rate .003": {"rate": 0.003},
    "rate .03": {"rate": 0.03},
    "entropy .03": {"entropy": 0.03},
    "2 worlds": {"batch": 2},
    "16 worlds": {"batch": 16},
}
EDGES = (0, 1, 2, 4, 8, 16, 32, 40)  # units after the switch, between which answers are averaged
WINDOWS = (1, 2, 4, 8, 16, 32)  # units, over which noise is averaged
MEASURES = ("raw", "mixed")
# `check` compares what can be repeated on another machine.
TOLERANCE = {"curve": 0.0, "answer": 0.0, "noise": 0.0, "first": 0.0}


@dataclass(frozen=True)
class Config:
    """Settings beside those of :class:`coins.Config`; fixed before the first run."""

    kind: str = "compact"
    before: int = 128  # units until the switch; noise is measured in the last 64
    runs: int = 32
    chunk: int = 16


def _rows(kicks, runs):
    """Return the mixtures of every base, run and kick, the last moving fastest."""
    d = np.array([[(base + kick, base) for kick in kicks] for base in BASES])
    return coins_play.rows(np.repeat(d, runs, 0).reshape(-1, 2))


def _learner(config, name):
    return replace(coins.Config(kind=config.kind), **LEARNERS[name])


def simulate(config, runs, rng):
    """Run one chunk: L learners, 4 bases, 3 kicks, R runs.

    Returns
    -------
    dict of arrays
        Own, unmixed returns of both agents: ``curve`` (L, 4, 3, 40, 2), means over the runs, by
        unit after the switch; ``answer`` (R, L, 4, 3, 7, 2), means between EDGES. ``noise``
        (R, L, 4, 6, 2): mean square of the difference of two neighbouring means over each of
        WINDOWS, under rows that stand still; last axis raw and mixed, both agents' mean.
        ``first`` (4 R, 2): first unroll of the first learner.
    """
    found = [_switch(_learner(config, name), config.before, runs, rng) for name in LEARNERS]
    curve, answer, noise, first = (np.stack(parts) for parts in zip(*found, strict=True))
    return {
        "curve": curve,
        "answer": np.moveaxis(answer, -1, 0).astype(np.float32),
        "noise": np.moveaxis(noise, 2, 0),
        "first": first[0].astype(np.float32),
    }


def _switch(learner, before, runs, rng):
    """Return curve, answer, noise and first unroll of one learner, the runs of answer last."""
    own = rng.spawn(1)[0]
    A = _rows((0.0,), runs)
    settled = coins_play.play(learner, [coins_landscape.held(A, own)], before, rng)
    noise = _noise(settled.returns[-2 * WINDOWS[-1] :], A)
    agents = coins_play.repeat(settled.agents, len(KICKS))
    rule = coins_landscape.held(_rows(KICKS, runs), own)
    after = coins_play.play(learner, [rule], EDGES[-1], rng, agents).returns
    after = after.reshape(EDGES[-1], len(BASES), runs, len(KICKS), 2).transpose(1, 3, 0, 4, 2)
    parts = np.split(after, EDGES[1:-1], axis=2)
    answer = np.stack([part.mean(2) for part in parts], 2)
    return after.mean(-1), answer, noise.reshape(len(BASES), runs, *noise.shape[1:]), settled.first


def _noise(returns, A):
    """Return mean squares (B R, windows, measures) from returns (64, B R, 2) under rows A."""
    both = np.stack([returns, np.einsum("rji,urj->uri", A, returns)], -1)
    squares = []
    for size in WINDOWS:
        means = both.reshape(-1, size, *both.shape[1:]).mean(1)
        squares.append((np.diff(means, axis=0) ** 2).mean((0, 2)))
    return np.stack(squares, 1)


def collect(chunks):
    """Join the chunks: ``curve`` is a mean over all runs, ``first`` of chunk 0."""
    sizes = [len(chunk["answer"]) for chunk in chunks]
    return {
        "curve": np.average([chunk["curve"] for chunk in chunks], 0, sizes).astype(np.float32),
        "answer": np.concatenate([chunk["answer"] for chunk in chunks]),
        "noise": np.concatenate([chunk["noise"] for chunk in chunks]).astype(np.float32),
        "first": chunks[0]["first"],
    }


def check(stored, config, seed):
    """Return the ``first`` unroll of chunk 0, computed again."""
    runs = runner.chunk_sizes(config)[0]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    rule = coins_landscape.held(_rows((0.0,), runs), rng.spawn(1)[0])
    learner = _learner(config, next(iter(LEARNERS)))
    return {"first": coins_play.first_unroll(learner, [rule], rng).astype(np.float32)}


def headline(arrays):
    """Sum up: agent 1's own return per unit of its attention, between EDGES, at each base."""
    slope = (arrays["answer"][..., 2, :, 0] - arrays["answer"][..., 0, :, 0]).mean(0) / 2
    spans = [f"{a}-{b}" for a, b in zip(EDGES[:-1], EDGES[1:], strict=True)]  # noqa: RUF007
    lines = [f"{'slope of own return':22}" + "".join(f"{span:>7}" for span in spans)]
    for name, rows in zip(LEARNERS, slope, strict=True):
        for base, row in zip(BASES, rows, strict=True):
            lines.append(f"{name:16} d = {base:g}" + "".join(f"{value:7.2f}" for value in row))
    return "\n".join(lines)


def run(config=None, seed=4, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
