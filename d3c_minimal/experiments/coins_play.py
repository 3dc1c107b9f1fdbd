"""Agents that learn in Coins, many runs at once, while rules of trials move their rows.

The learners, worlds and updates are those of :mod:`d3c_minimal.experiments.coins`; here any rules
stand side by side, and agents can be taken up again under other rows. Everything is in rewards.
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal.agents import networks, optim, training
from d3c_minimal.experiments import coins
from d3c_minimal.gridworlds.coins import Coins


class Agents(NamedTuple):
    """What has been learnt: networks with leading axes (2, runs), and their optimiser's state."""

    network: networks.Network
    state: optim.State


class Record(NamedTuple):
    """What :func:`play` keeps; U units, R runs, the two agents last.

    Attributes
    ----------
    returns : array (U, R, 2)
        Return of an episode, unmixed: mean over the worlds of a run.
    attention : array (U, R, 2)
        ln(A_ii / A_ij) of the unshaken rows during the unit.
    first : array (R, 2)
        Rewards of the first unroll, before anything was learnt: what another machine can repeat.
    agents : Agents
        At the end.
    """

    returns: np.ndarray
    attention: np.ndarray
    first: np.ndarray
    agents: Agents


class _Quiet:
    """In the place of `coins.Tally`: counts nothing, and the extra feature stands at 0."""

    def __call__(self, rewards, events, ended):
        return np.zeros((*rewards.shape, 1), rewards.dtype)

    def spend(self):
        return np.float32(0.0)


def attention(A):
    """Return ln(A_ii / A_ij) of both agents (..., 2) for mixtures (..., 2, 2)."""
    own = np.diagonal(A, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore"):
        return np.log(own) - np.log(1 - own)


def rows(d):
    """Return the mixtures (..., 2, 2) with attentions ``d`` (..., 2)."""
    keep = 1 / (1 + np.exp(-np.asarray(d, float)))
    first = np.stack([keep[..., 0], 1 - keep[..., 0]], -1)
    second = np.stack([1 - keep[..., 1], keep[..., 1]], -1)
    return np.stack([first, second], -2)


def _optimiser(config):
    return optim.RMSProp(config.rate, config.decay, 0.0, config.epsilon, config.first)


def newborn(config, runs, rng):
    """Return Agents that have learnt nothing."""
    world = Coins(envs=(), kind=config.kind)
    features = world.observation_shape()[0] + 1
    network = networks.initial(rng, (2, runs), features, config.hidden, world.n_actions)
    return Agents(network, optim.start(network, _optimiser(config)))


def repeat(agents, times):
    """Return ``times`` copies of every run, side by side: run 0, run 0, ..., run 1, ..."""
    network, (square, step) = agents

    def copies(arrays):
        return type(arrays)(*(np.repeat(array, times, 1) for array in arrays))

    return Agents(copies(network), optim.State(copies(square), copies(step)))


def play(config, learners, units, rng, agents=None):
    """Let agents learn for ``units`` episodes in each of their worlds.

    Parameters
    ----------
    config : coins.Config
        The learners' settings; ``units``, ``runs``, ``chunk`` and ``points`` are not used.
    learners : list
        Of :class:`d3c_minimal.trials.D3CTrials`, or whatever else has ``mixture``, ``A``
        (runs, 2, 2) and ``update(returns)``. They hear one episode's returns a unit.
    units : int
    rng : numpy.random.Generator
        For worlds and actions; the learners have their own.
    agents : Agents, optional
        Those of an earlier record; by default newborn.

    Returns
    -------
    Record

    Raises
    ------
    ValueError
        If the unroll does not divide an episode.
    """
    cuts = np.cumsum([len(learner.A) for learner in learners])
    agents = newborn(config, cuts[-1], rng) if agents is None else agents
    world, seen = _first_sight(config, cuts[-1], rng)
    updates = world.episode_length // config.unroll
    returns, kept = np.empty((units, cuts[-1], 2)), np.empty((units, cuts[-1], 2))
    first = None
    for unit in range(units):
        kept[unit] = attention(np.concatenate([learner.A for learner in learners]))
        A, earned = _mixtures(learners), 0.0
        for _ in range(updates):
            agents, seen, paid = _update(config, agents, A, world, seen, rng)
            first = paid if first is None else first
            earned = earned + paid
        returns[unit] = earned
        for learner, told in zip(learners, np.split(earned, cuts[:-1]), strict=True):
            learner.update(told)
    return Record(returns, kept, first, agents)


def first_unroll(config, learners, rng):
    """Return ``Record.first`` of :func:`play` with newborn agents, and nothing more."""
    runs = sum(len(learner.A) for learner in learners)
    agents = newborn(config, runs, rng)
    world, seen = _first_sight(config, runs, rng)
    return _update(config, agents, _mixtures(learners), world, seen, rng)[2]


def _first_sight(config, runs, rng):
    world = Coins(envs=(runs, config.batch), kind=config.kind)
    if world.episode_length % config.unroll:
        raise ValueError(f"unroll is {config.unroll}: choose a divisor of {world.episode_length}.")
    return world, training.first_sight(world, rng, extra=1)


def _mixtures(learners):
    return np.concatenate([learner.mixture for learner in learners])


def _update(config, agents, A, world, seen, rng):
    """Play one unroll and learn from it; return agents, what is seen then, and rewards (R, 2)."""
    learners = coins.Learners(*agents, {}, A)
    learners, played, _ = coins.update(config, learners, world, seen, rng, _Quiet())
    paid = played.rewards.sum(2, dtype=float).mean(-1).T
    return Agents(*learners[:2]), played.observations[:, :, -1], paid
