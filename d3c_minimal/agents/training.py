"""Play: every agent of every run acts by its own network, in a batch of worlds that end together.

The world is anything with ``reset`` and ``step`` as in :mod:`d3c_minimal.gridworlds`, of shape
``(runs, batch)``. Its arrays have agents behind, those here have them in front. The one loop is
over time.
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal.agents import networks


class Unroll(NamedTuple):
    """What T steps of play left behind.

    Attributes
    ----------
    observations : array (agents, runs, T + 1, B, features)
    actions : array of int (agents, runs, T, B)
    rewards : array (agents, runs, T, B)
        The world's, not mixed.
    ended : bool
        Whether the episode ended with the last step; then the last observation begins another.
    output : networks.Output
        Of all T + 1 observations, time and batch flattened.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    ended: bool
    output: networks.Output


def agents_first(array):
    """Put the agents of a world's ``(runs, batch, agents, ...)`` in front."""
    return np.moveaxis(array, 2, 0)


def first_sight(world, rng, extra=0):
    """Begin an episode; return what is seen, (agents, runs, batch, features + extra).

    ``extra`` features of one's own stand at 0.
    """
    seen = agents_first(world.reset(rng))
    return np.concatenate([seen, np.zeros((*seen.shape[:-1], extra), seen.dtype)], -1)


def unroll(network, world, seen, rng, steps, watch=None, replay=None):
    """Play ``steps`` steps from what is ``seen`` and return the Unroll.

    Parameters
    ----------
    network : networks.Network
        With leading axes (agents, runs).
    world : World
        Of shape (runs, batch), its episode begun.
    seen : array (agents, runs, batch, features)
        Of :func:`first_sight`, or ``observations[:, :, -1]`` of the Unroll before.
    rng : numpy.random.Generator
        For actions, and for the next episode.
    steps : int
        A divisor of what is left of the episode.
    watch : callable, optional
        ``(rewards, events, ended) -> extra features`` after each step, rewards and extra features
        with agents in front; the extra features of ``seen`` are those.

    replay : array of int (agents, runs, T, batch), optional
        Actions to take instead of drawn ones; all else, chance included, stays the same.

    Raises
    ------
    ValueError
        If the episode ends within the unroll.
    """
    agents, runs, size, features = seen.shape
    units, heads = network.V.shape[-2:]
    kind = network.W.dtype
    noise = networks.gumbel(rng, (steps, agents, runs, size, heads - 1), kind)
    observations = np.empty((agents, runs, steps + 1, size, features), kind)
    observations[:, :, 0] = seen
    hidden = np.empty((agents, runs, steps + 1, size, units), kind)
    logits = np.empty((agents, runs, steps + 1, size, heads - 1), kind)
    value = np.empty((agents, runs, steps + 1, size), kind)
    actions = np.empty((agents, runs, steps, size), np.intp)
    rewards = np.empty((agents, runs, steps, size), kind)
    ended = False
    for t in range(steps + 1):
        parts = networks.forward(network, observations[:, :, t])
        logits[:, :, t], value[:, :, t], hidden[:, :, t] = parts
        if t == steps:
            break
        if ended:
            raise ValueError(
                f"the episode ended {steps - t} steps before the unroll's {steps}: choose an "
                "unroll that divides its length."
            )
        drawn = networks.sample(parts.logits, noise[t]) if replay is None else replay[:, :, t]
        actions[:, :, t] = drawn
        sight, paid, ended = world.step(np.moveaxis(drawn, 0, -1))
        rewards[:, :, t] = agents_first(paid)
        extra = watch(rewards[:, :, t], world.events, ended) if watch else None
        if ended:
            sight = world.reset(rng)
        observations[:, :, t + 1, :, : sight.shape[-1]] = agents_first(sight)
        if extra is not None:
            observations[:, :, t + 1, :, sight.shape[-1] :] = extra
    flat = (steps + 1) * size
    output = networks.Output(
        logits.reshape(agents, runs, flat, -1),
        value.reshape(agents, runs, flat),
        hidden.reshape(agents, runs, flat, -1),
    )
    return Unroll(observations, actions, rewards, ended, output)
