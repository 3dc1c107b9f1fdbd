"""Experiments: one module a figure of the paper, each with a frozen ``Config`` and ``run``.

A module offers ``Config`` (with at least ``runs`` and ``chunk``), ``simulate(config, runs, rng)``
for one chunk of runs, ``collect(chunks)`` to join them, ``headline(arrays)``, ``TOLERANCE`` (the
largest difference of each array that counts as the same result) and ``run(config, seed)``.
"""

from difflib import get_close_matches
from typing import Any, NamedTuple

from d3c_minimal.experiments import prisoners_dilemma


class Experiment(NamedTuple):
    """A registered experiment: a module and the settings that make it one of the paper's."""

    name: str
    about: str
    module: Any
    config: Any


REGISTRY = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "prisoners_dilemma_10",
            "Figure 5: D3C in the 10-player prisoner's dilemma, c = 1, 1000 runs",
            prisoners_dilemma,
            prisoners_dilemma.Config(),
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
