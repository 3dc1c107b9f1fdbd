"""Prey that learn on the ring, many runs at once: episodes from the world's table, and the loop.

A run's state is one number, so an episode of all runs is a handful of look-ups a step. Rewards
and returns are made large here. Inside, the agent axis leads: [agent, run, time, batch].
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal.agents import reinforce
from d3c_minimal.gridworlds import ring


class Episodes(NamedTuple):
    """A batch of episodes in each run.

    Attributes
    ----------
    x : array (2, R, T, B, 2)
        What the prey saw before each step.
    actions : array of int (2, R, T, B)
    rewards : array (2, R, T, B)
        Their own rewards, unmixed.
    """

    x: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray


class Record(NamedTuple):
    """What :func:`play` keeps; S records, R runs, the two prey last.

    Attributes
    ----------
    t : array of int (S,)
        Updates made.
    returns : array (S, R, 2)
        Return of an episode, unmixed, mean since the record before.
    A : array (S, R, 2, 2)
        Rows of the mixture, unshaken.
    agents : reinforce.Linear
        The prey at the end.
    """

    t: np.ndarray
    returns: np.ndarray
    A: np.ndarray
    agents: reinforce.Linear


def episodes(rules, world, policy, rng, batch):
    """Play ``batch`` episodes in each run with linear softmax policies.

    Parameters
    ----------
    rules : ring.Rules
    world : ring.Table
        ``ring.table(rules)``.
    policy : array (2, R, 2, 3)
    rng : numpy.random.Generator
    batch : int
    """
    runs, T = policy.shape[1], rules.steps
    seen = np.broadcast_to(world.seen, (*policy.shape[:2], *world.seen.shape))
    chances = reinforce.probabilities(policy, seen)  # of each state, not of each visit
    coin = ring.draw(rules, rng, T, (runs, batch)).coin.astype(int)
    uniform = rng.random((T, 2, runs, batch))
    begin = ring.start(rules, rng, (runs, batch))
    state = world.number[tuple(np.moveaxis((begin.prey - begin.predator[..., None]), -1, 0))]
    visited = np.empty((runs, T, batch), int)
    actions = np.empty((2, runs, T, batch), int)
    rewards = np.empty((2, runs, T, batch))
    run = np.arange(runs)[:, None]
    for t in range(T):
        visited[:, t] = state
        actions[:, :, t] = now = reinforce.choose(chances[:, run, state], uniform[t])
        what = coin[t], state, now[0], now[1]
        rewards[:, :, t] = np.moveaxis(world.rewards[what], -1, 0)
        state = world.then[what]
    x = world.seen[visited]
    return Episodes(np.broadcast_to(x, (2, *x.shape)), actions, rewards)


def mixed(A, rewards):
    """Return what the prey learn from: r^A_i = sum_j A_ji r_j for rewards (2, R, T, B)."""
    flat = rewards.reshape(2, len(A), -1)
    return np.einsum("rji,jrk->irk", A, flat).reshape(rewards.shape)


def play(rules, learners, updates, rng, *, batch=10, rates=(0.1, 0.1), every=1, zeros=None):
    """Let prey learn by REINFORCE from rewards mixed by the learners' rows.

    Parameters
    ----------
    rules : ring.Rules
    learners : list
        Of :class:`d3c_minimal.trials.D3CTrials`, or whatever else has ``mixture``, ``A``
        (runs, 2, 2) and ``update(returns)``. Their runs stand side by side in one batch.
    updates : int
        Policy updates, each on ``batch`` episodes a run.
    rng : numpy.random.Generator
        The episodes' chance; the learners have their own.
    batch : int
        Episodes for an update.
    rates : (float, float)
        Learning rates of policy and baseline.
    every : int
        Updates between records.
    zeros : list of float, optional
        Added, for each learner, to the returns that it is told; learning does not see it.

    Returns
    -------
    Record
    """
    world = ring.table(rules)
    sizes = [len(learner.A) for learner in learners]
    cuts = np.cumsum(sizes)[:-1]
    agents = reinforce.initial(2, sum(sizes), 2, len(ring.ACTION_NAMES))
    kept, since = [], np.zeros((sum(sizes), 2))
    for t in range(1, updates + 1):
        A = np.concatenate([learner.mixture for learner in learners])
        x, actions, rewards = episodes(rules, world, agents.policy, rng, batch)
        own = rewards.sum(2).mean(-1).T
        directions = reinforce.gradients(agents, x, actions, mixed(A, rewards))
        agents = reinforce.update(agents, directions, *rates)
        told = np.split(own, cuts)
        for learner, returns, zero in zip(learners, told, zeros or [0.0] * len(told), strict=True):
            learner.update(returns + zero)
        since += own
        if t % every == 0:
            kept.append((t, since / every, np.concatenate([one.A for one in learners])))
            since = np.zeros_like(since)
    return Record(*map(np.array, zip(*kept, strict=True)), agents)
