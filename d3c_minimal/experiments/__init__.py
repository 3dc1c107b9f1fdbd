"""Experiments: one module a figure of the paper, each with a frozen ``Config`` and ``run``.

A module offers ``Config`` (with at least ``runs`` and ``chunk``), ``simulate(config, runs, rng)``
for one chunk of runs, ``collect(chunks)`` to join them, ``headline(arrays)``, ``TOLERANCE`` (the
largest difference of each array that counts as the same result) and ``run(config, seed)``.
A module whose runs cannot be repeated to the last bits on another machine adds ``check(stored,
config, seed)``: the arrays that `verify` is to compare instead of all, computed again.
"""

from difflib import get_close_matches
from typing import Any, NamedTuple

from d3c_minimal.experiments import (
    coins,
    coins_dials,
    coins_held,
    coins_landscape,
    coins_response,
    comparison,
    mavericks,
    prisoners_dilemma,
    reciprocity_runs,
    resets,
    ring,
    ring_dials,
    ring_landscape,
    ring_response,
    scaling,
    sensitivity,
    strengths,
    surrogate,
    traffic,
    ways,
)


class Experiment(NamedTuple):
    """A registered experiment: a module and the settings that make it one of the paper's."""

    name: str
    about: str
    module: Any
    config: Any


REGISTRY = {
    name: Experiment(name, about, module, config)
    for name, about, module, config in (
        (
            "traffic_closed",
            "Figure 3a: four drivers, the road AB closed, 1000 runs",
            traffic,
            traffic.Config(networks="closed"),
        ),
        (
            "traffic_braess",
            "Figure 3b: four drivers, the road AB open, 1000 runs",
            traffic,
            traffic.Config(),
        ),
        (
            "traffic_ways",
            "Figure 3b under each way to move x and to form the rates, 1000 runs each",
            ways,
            ways.Config(),
        ),
        (
            "traffic_random",
            "Figure 2b: 1000 random networks with Braess' paradox",
            traffic,
            traffic.Config(networks="random"),
        ),
        (
            "traffic_sensitivity",
            "a map over eta_A and epsilon: Braess' network",
            sensitivity,
            sensitivity.Config(),
        ),
        (
            "traffic_resets",
            "Figure 3b with rows that begin again, beyond the paper: 1000 runs",
            resets,
            resets.Config(),
        ),
        (
            "traffic_resets_random",
            "the same on 1000 random networks",
            resets,
            resets.Config(networks="random"),
        ),
        (
            "prisoners_dilemma_10",
            "Figure 5: D3C in the 10-player prisoner's dilemma, c = 1, 1000 runs",
            prisoners_dilemma,
            prisoners_dilemma.Config(),
        ),
        (
            "prisoners_dilemma_2",
            "Figure 13: two players, c = 1, 1000 runs",
            prisoners_dilemma,
            prisoners_dilemma.Config(n=2, epsilon=0.1),
        ),
        (
            "prisoners_dilemma_10_ninth",
            "Figure 14: ten players, c = 1/9, with the rates of c = 1, 1000 runs",
            prisoners_dilemma,
            prisoners_dilemma.Config(c=1 / 9, steps=3000, every=20),
        ),
        (
            "prisoners_dilemma_sensitivity",
            "a map over eta_A and epsilon: ten players, c = 1",
            sensitivity,
            sensitivity.Config(game="dilemma", eta_x=0.1, steps=500),
        ),
        (
            "prisoners_dilemma_scaling",
            "steps, time and memory from 2 to 100 players",
            scaling,
            scaling.Config(),
        ),
        (
            "mavericks",
            "Proposition E.1: 0 to 10 of ten players stay at 0",
            mavericks,
            mavericks.Config(),
        ),
        (
            "mavericks_learning",
            "0 to 10 of ten players learn by gradient descent, beyond the paper",
            mavericks,
            mavericks.Config(learning=True),
        ),
        (
            "comparison_strengths",
            "the strength of each shaping rule for the comparison, chosen with another seed",
            strengths,
            strengths.Config(),
        ),
        (
            "comparison_pace",
            "eta_A and epsilon of D3C for the comparison, chosen with another seed",
            strengths,
            strengths.Config(of="D3C"),
        ),
        (
            "comparison",
            "D3C beside selfish, cooperative and shaping learners and fixed mixtures, every game",
            comparison,
            comparison.Config(),
        ),
        (
            "coins_egocentric",
            "Figure 8: Coins, agents see the board; D3C, its mends and controls, 30 runs each",
            coins,
            coins.Config(),
        ),
        (
            "coins",
            "the same with compact observations, which are learnt from faster",
            coins,
            coins.Config(kind="compact"),
        ),
        (
            "coins_landscape",
            "Coins: the return under each pair of fixed rows, compact observations",
            coins_landscape,
            coins_landscape.Config(),
        ),
        (
            "coins_response",
            "Coins after a switch of one row: answers, lag and noise, six learners",
            coins_response,
            coins_response.Config(),
        ),
        (
            "coins_dials",
            "Coins: Algorithm 1 as printed over trial length, learner and worlds, with controls",
            coins_dials,
            coins_dials.Config(),
        ),
        (
            "coins_held",
            "Coins: the printed rule at settings that the law chose beforehand, with controls",
            coins_held,
            coins_held.Config(),
        ),
        (
            "coins_reciprocity",
            "Figure 19: how attention moves in Coins, D3C in four readings and controls, 30 runs",
            reciprocity_runs,
            reciprocity_runs.Config(),
        ),
        (
            "coins_reciprocity_again",
            "the same with other chance: does what was found come again? Stored with seed 2",
            reciprocity_runs,
            reciprocity_runs.Config(every=6, points=1),
        ),
        (
            "surrogate",
            "Algorithm 1 on the map of Coins, where policies answer at once or late; with controls",
            surrogate,
            surrogate.Config(),
        ),
        (
            "ring_printed",
            "Figures 7, 15, 16: Trust-Your-Brother with the settings of Table 1, 1000 runs",
            ring,
            ring.Config(),
        ),
        (
            "ring_moved",
            "Trust-Your-Brother with the step of A at which D3C leads its controls most",
            ring,
            ring.Config(eta_A=20.0, beside="no first kick"),
        ),
        (
            "ring_fast",
            "Trust-Your-Brother with the step of A at which the return is largest",
            ring,
            ring.Config(eta_A=200.0, beside="nothing"),
        ),
        (
            "ring_dials",
            "Trust-Your-Brother: steps and readings of Algorithm 1, on other seeds",
            ring_dials,
            ring_dials.Config(),
        ),
        (
            "ring_landscape",
            "Trust-Your-Brother: the return under each pair of fixed rows",
            ring_landscape,
            ring_landscape.Config(),
        ),
        (
            "ring_response",
            "Trust-Your-Brother after a switch of one row: answers, lag and noise",
            ring_response,
            ring_response.Config(),
        ),
    )
}


def find(name):
    """Return the experiment called ``name``.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest.
    """
    if name not in REGISTRY:
        near = get_close_matches(name, REGISTRY, n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(
            f"unknown experiment '{name}'.{hint} `python -m d3c_minimal list` names them all."
        )
    return REGISTRY[name]
