"""REINFORCE with a linear policy and a linear baseline, for many agents and runs at once.

Agent i holds weights W (features, actions) and v (features,). At an observation x it acts by
softmax(x W) and expects v.x more reward; neither has a bias term (section 3.3). From a batch of
whole episodes, each with T steps,

    policy:    sum_t (R_t - v.x_t) x_t (e_{a_t} - softmax(x_t W)),   R_t = r_t + ... + r_{T-1},
    baseline:  sum_t (r_t + v.x_{t+1} - v.x_t) x_t,                  v.x_T = 0,

averaged over episodes: an estimate of the gradient of the expected return, and TD(0) (appendix
G.1). Rewards are what the agent learns from; under D3C that is its mixed reward.

Axes: [agent, run, time, batch, feature], less those that an array does not have.
"""

from functools import reduce
from typing import NamedTuple

import numpy as np


class Linear(NamedTuple):
    """Weights of linear agents, or a direction in which to move them.

    Attributes
    ----------
    policy : array (agents, runs, features, actions)
    value : array (agents, runs, features)
    """

    policy: np.ndarray
    value: np.ndarray


def initial(agents, runs, features, actions):
    """Return weights of 0: every action equally likely, nothing expected.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    if min(agents, runs, features, actions) < 1:
        raise ValueError(
            f"agents, runs, features, actions are {agents}, {runs}, {features}, {actions}: give "
            "1 or more."
        )
    return Linear(np.zeros((agents, runs, features, actions)), np.zeros((agents, runs, features)))


def probabilities(policy, x):
    """Return the chance of each action, (agents, runs, ..., actions), at ``x``.

    Parameters
    ----------
    policy : array (agents, runs, features, actions)
    x : array (agents, runs, ..., features)
        Leading axes of length 1 are seen by all.
    """
    lead = policy.shape[:2]
    flat = x.reshape(*x.shape[:2], -1, x.shape[-1])
    weights = flat @ policy
    # Over an axis this short, numpy's own max and sum would take most of the time.
    top = reduce(np.maximum, np.moveaxis(weights, -1, 0))
    weights -= top[..., None]
    np.exp(weights, out=weights)
    weights /= weights @ np.ones((weights.shape[-1], 1))
    return weights.reshape(*lead, *x.shape[2:-1], policy.shape[-1])


def choose(chances, uniform):
    """Turn chances (..., actions) and uniform numbers (...) into actions, by the inverse CDF.

    Examples
    --------
    >>> choose(np.array([[0.2, 0.3, 0.5]] * 3), np.array([0.1, 0.4, 0.9]))
    array([0, 1, 2])
    """
    below, actions = 0.0, np.zeros(np.shape(uniform), int)
    for k in range(chances.shape[-1] - 1):  # the last sum may fall short of 1 by rounding
        below = below + chances[..., k]
        actions += uniform >= below
    return actions


def to_go(rewards):
    """Return R_t = r_t + ... + r_{T-1} of rewards (agents, runs, T, batch); gamma is 1."""
    return np.flip(np.cumsum(np.flip(rewards, 2), 2), 2)


def gradients(agents, x, actions, rewards, baseline=True):
    """Return the directions of both updates, summed over time, averaged over the batch.

    Parameters
    ----------
    agents : Linear
    x : array (agents, runs, T, B, features)
        Observations before each step.
    actions : array of int (agents, runs, T, B)
    rewards : array (agents, runs, T, B)
        What each agent learns from, large is good.
    baseline : bool
        Whether the expected reward is subtracted from the returns.

    Returns
    -------
    Linear
        Add them, times a learning rate.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    shape = (*agents.policy.shape[:2], *x.shape[2:4])
    if x.ndim != 5 or x.shape[:2] != shape[:2] or x.shape[-1] != agents.policy.shape[-2]:
        raise ValueError(
            f"observations of shape {x.shape} do not fit weights of shape {agents.policy.shape}: "
            "give (agents, runs, time, batch, features)."
        )
    if actions.shape != shape or rewards.shape != shape:
        raise ValueError(
            f"actions {actions.shape} and rewards {rewards.shape} must have the shape {shape}."
        )
    flat = x.reshape(*shape[:2], -1, x.shape[-1])
    value = (flat @ agents.value[..., None])[..., 0].reshape(shape)
    advantage = to_go(rewards) - value if baseline else to_go(rewards)
    error = rewards - value
    error[:, :, :-1] += value[:, :, 1:]
    score = -probabilities(agents.policy, x)
    score += np.asarray(actions)[..., None] == np.arange(agents.policy.shape[-1])
    score *= advantage[..., None]
    sums = np.swapaxes(flat, -1, -2) @ np.concatenate(
        [score.reshape(*flat.shape[:-1], -1), error.reshape(*flat.shape[:-1], 1)], -1
    )
    sums /= shape[-1]
    return Linear(sums[..., :-1], sums[..., -1])


def update(agents, directions, policy_rate=0.1, value_rate=0.1):
    """Return the weights after one step; both rates are 0.1 in the paper (appendix G.1)."""
    return Linear(
        agents.policy + policy_rate * directions.policy,
        agents.value + value_rate * directions.value,
    )
