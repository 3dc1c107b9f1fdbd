"""Prey that learn on the ring, many runs at once: episodes from the world's table, and the loop.

A run's state is one number, so an episode of all runs is a handful of look-ups a step. Rewards
and returns are made large here. Inside, the agent axis leads: [agent, run, time, batch].
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal.agents import reinforce
from d3c_minimal.gridworlds import ring


class Episodes(NamedTuple):
    """A batch of episodes in each run; R runs, T steps, B episodes.

    Attributes
    ----------
    states : array of int (R, T, B)
        Numbers in the world's table, before each step.
    actions : array of int (2, R, T, B)
    rewards : array (2, R, T, B)
        The prey's own, unmixed.
    """

    states: np.ndarray
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


def episodes(rules, world, chances, rng, batch):
    """Play ``batch`` episodes in each run.

    Parameters
    ----------
    rules : ring.Rules
    world : ring.Table
        ``ring.table(rules)``.
    chances : array (2, R, S, 3)
        Of each action in each state: ``at_states(world, policy)``.
    rng : numpy.random.Generator
    batch : int
    """
    (_, runs, S, _), T = chances.shape, rules.steps
    chances = chances.reshape(-1, 3)
    rows = np.arange(2 * runs).reshape(2, runs, 1) * S
    coin = ring.draw(rules, rng, T, (runs, batch)).coin.astype(int)
    uniform = rng.random((T, 2, runs, batch))
    begin = ring.start(rules, rng, (runs, batch))
    state = world.number[tuple(np.moveaxis(begin.prey - begin.predator[..., None], -1, 0))]
    then, states = world.then.ravel(), np.empty((runs, T, batch), int)
    actions = np.empty((2, runs, T, batch), int)
    what = np.empty((runs, T, batch), int)  # place in the table of coin, state and both actions
    for t in range(T):
        states[:, t] = state
        one, two = reinforce.choose(chances.take(rows + state, 0), uniform[t])
        actions[0, :, t], actions[1, :, t] = one, two
        what[:, t] = ((coin[t] * S + state) * 3 + one) * 3 + two
        state = then.take(what[:, t])
    rewards = world.rewards.reshape(-1, 2).T.take(what, 1)
    return Episodes(states, actions, rewards)


def at_states(world, policy):
    """Return the chance of each action in each state, (2, R, S, 3), not for each visit anew."""
    seen = np.broadcast_to(world.seen, (*policy.shape[:2], *world.seen.shape))
    return reinforce.probabilities(policy, seen)


def directions(world, agents, chances, played, rewards):
    """Return what ``reinforce.gradients`` does for ``rewards``, summed by state first.

    Runs visit few states often: the sums take a third of the time that single visits do.
    """
    S, shape, batch = len(world.places), agents.policy.shape, rewards.shape[-1]
    rows = np.arange(shape[0] * shape[1]).reshape(*shape[:2], 1, 1) * S + played.states
    value = (agents.value @ world.seen.T).take(rows)
    error = rewards - value
    error[:, :, :-1] += value[:, :, 1:]
    advantage = reinforce.to_go(rewards) - value
    size = shape[0] * shape[1] * S
    taken = np.bincount((rows * 3 + played.actions).ravel(), advantage.ravel(), size * 3)
    taken = taken.reshape(*shape[:2], S, 3)
    score = taken - chances * (taken @ np.ones((3, 1)))
    errors = np.bincount(rows.ravel(), error.ravel(), size).reshape(*shape[:2], S)
    return reinforce.Linear(world.seen.T @ score / batch, errors @ world.seen / batch)


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
        chances = at_states(world, agents.policy)
        played = episodes(rules, world, chances, rng, batch)
        own = played.rewards.sum(2).mean(-1).T
        step = directions(world, agents, chances, played, mixed(A, played.rewards))
        agents = reinforce.update(agents, step, *rates)
        told = np.split(own, cuts)
        for learner, returns, zero in zip(learners, told, zeros or [0.0] * len(told), strict=True):
            learner.update(returns + zero)
        since += own
        if t % every == 0:
            kept.append((t, since / every, np.concatenate([one.A for one in learners])))
            since = np.zeros_like(since)
    return Record(*map(np.array, zip(*kept, strict=True)), agents)
