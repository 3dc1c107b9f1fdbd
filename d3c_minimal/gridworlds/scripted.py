"""Scripted policies for Coins: what it looks like to be greedy, and what it costs.

A policy is any function of an agent's observation ``(..., features)`` that returns its action
``(...)``. These read the egocentric observation, as a learner would.
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal.gridworlds import coins, moves
from d3c_minimal.gridworlds.scene import NAMES

WANTS = ("any", "own")


def greedy(rules, wants, rng):
    """Return a policy that walks to the nearest coin that it wants, around the others if need be.

    Parameters
    ----------
    rules : coins.Rules
    wants : {"any", "own"}
        "any" coin is what a selfish agent should go for, its "own" alone what is good for both.
    rng : numpy.random.Generator
        Breaks ties between moves that lead equally near.

    Returns
    -------
    callable
        Observation ``(..., features)`` to action ``(...)``. It stays where there is nothing to
        want or no way to go.

    Raises
    ------
    ValueError
        If ``wants`` is something else.
    """
    if wants not in WANTS:
        raise ValueError(f"wants={wants!r}: choose 'any' or 'own'.")
    n, (rows, columns) = rules.n_players, rules.size
    height, width = 2 * rows - 1, 2 * columns - 1
    after = moves.neighbours(height, width)[:4, height * width // 2]
    away = moves.distances(height, width)[after].astype(np.int16)

    def policy(observation):
        planes = observation[..., : (2 * n - 1) * height * width]
        planes = planes.reshape(*observation.shape[:-1], 2 * n - 1, -1) > 0
        wanted = planes[..., 0 if wants == "own" else slice(0, n), :]
        wanted = wanted if wants == "own" else wanted.any(-2)
        others = planes[..., n:, :].any(-2)
        # Where nothing is wanted, every move is equally far from it and nobody moves.
        far = np.where(wanted[..., None, :], away, np.int16(rows + columns)).min(-1).astype(float)
        row, column = np.split(observation[..., -rows - columns :] > 0, [rows], -1)
        walls = np.stack([row[..., 0], row[..., -1], column[..., 0], column[..., -1]], -1)
        far[walls | others[..., after]] = np.inf
        far += rng.uniform(0, 0.5, far.shape)
        idle = ~wanted.any(-1) | np.isinf(far).all(-1)
        return np.where(idle, moves.ACTIONS.index("stay"), far.argmin(-1))

    return policy


def uniform(rng):
    """Return a policy that draws each action with the same probability, whatever it sees."""

    def policy(observation):
        return rng.integers(len(moves.ACTIONS), size=observation.shape[:-1])

    return policy


class Episode(NamedTuple):
    """What an episode came to.

    Attributes
    ----------
    returns : array ``(*envs, n)``
        Sums of rewards, to be made large.
    pickups : array of int ``(*envs, n, n)``
        ``[..., i, k]`` counts the coins of agent ``k`` that agent ``i`` took.
    states : list of coins.State
        Before the first step and after each; empty unless asked for.
    events : list of coins.Events
        Of each step; empty unless asked for.
    rewards : list of array ``(*envs, n)``
        Of each step; empty unless asked for.
    """

    returns: np.ndarray
    pickups: np.ndarray
    states: list
    events: list
    rewards: list


def play(world, policies, rng, keep=False):
    """Play one episode of every world in a batch of Coins.

    Parameters
    ----------
    world : Coins
        Observed as egocentric, if the policies are those of this module.
    policies : sequence of callable
        One for each agent: its observation ``(*envs, features)`` to its action ``(*envs,)``.
    rng : numpy.random.Generator
        For the world's chance; policies have their own.
    keep : bool
        Whether to keep all states, events and rewards.

    Returns
    -------
    Episode

    Raises
    ------
    ValueError
        If there is not one policy for each agent.
    """
    n = world.n_players
    if len(policies) != n:
        raise ValueError(f"{len(policies)} policies for {n} agents: give one for each.")
    seen, done = world.reset(rng), False
    returns = np.zeros((*world.envs, n))
    pickups = np.zeros((*world.envs, n, n), int)
    kept = Episode(returns, pickups, [world.state] * keep, [], [])
    while not done:
        actions = np.stack([policy(seen[..., i, :]) for i, policy in enumerate(policies)], -1)
        seen, rewards, done = world.step(actions)
        returns += rewards
        pickups += coins.pickups(world.events, n)
        if keep:
            kept.states.append(world.state)
            kept.events.append(world.events)
            kept.rewards.append(rewards)
    return kept


def reel(rules, episode, last=None):
    """Return an episode of one world as (scene, words) pairs, for ``explorers.film``.

    Parameters
    ----------
    rules : coins.Rules
    episode : Episode
        Of one world, played with ``keep=True``.
    last : int, optional
        The last step to show; all by default.

    Raises
    ------
    ValueError
        If the episode was not kept, or is of several worlds.
    """
    if not episode.states or episode.returns.ndim != 1:
        raise ValueError("reel shows one world: play(Coins(), policies, rng, keep=True).")
    frames, so_far = [], np.zeros(rules.n_players)
    for step, state in enumerate(episode.states[: None if last is None else last + 1]):
        words = "an empty board"
        if step:
            words = coins.tell(rules, episode.events[step - 1])
            so_far = so_far + episode.rewards[step - 1]
        sums = ", ".join(f"{name} {value:g}" for name, value in zip(NAMES, so_far, strict=False))
        frames.append((coins.scene(rules, state), f"Step {step}: {words}. Rewards so far: {sums}."))
    return frames
