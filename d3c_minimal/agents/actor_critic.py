"""Advantage actor-critic (A2C): returns, V-trace, and the gradient of one update.

Arrays are [agent, run, time, batch]; time is axis -2. Rewards are to be made large. The scalar
whose gradient is taken, for each agent and run, is

    sum_t mean_b ( - a_tb ln pi(u_tb) + (value / 2) (R_tb - v_tb)^2 - entropy H(pi_tb) ),

with R the target of the value and a = R - v the advantage, both held constant: a sum over time,
as in V-trace's source (Espeholt et al., IMPALA, ICML 2018, section 4), and a mean over the batch of
environments.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from d3c_minimal.agents import networks


@dataclass(frozen=True)
class A2C:
    """Settings of the update; the defaults are the paper's Table 2 (appendix G.1)."""

    discount: float = 0.98
    entropy: float = 0.003
    value: float = 0.5  # "baseline loss scaling"; the half of the square is our reading
    unroll: int = 100  # steps between updates

    def __post_init__(self):
        if not 0 <= self.discount <= 1 or self.entropy < 0 or self.value < 0 or self.unroll < 1:
            raise ValueError(
                f"{self}: give a discount from 0 to 1, entropy and value not below 0, and an "
                "unroll of 1 or more steps."
            )


class Batch(NamedTuple):
    """What every agent of every run met in one unroll of T steps in B environments.

    Attributes
    ----------
    observations : array (agents, runs, T + 1, B, features)
        The last is the one after the unroll, for the bootstrap.
    actions : array of int (agents, runs, T, B)
    rewards : array (agents, runs, T, B)
        What each is to learn from: mixed by the caller, if at all.
    ended : bool
        Whether an episode ended with the last step, so that nothing follows it.
    log_chance : array (agents, runs, T, B), optional
        ln of the chance with which each action was drawn, where that was by another policy than
        the present one: then V-trace corrects for it.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    ended: bool = False
    log_chance: np.ndarray | None = None


def mix_rewards(A, rewards):
    """Return r^A = A^T r: agent j learns from sum_i A[i, j] r_i (Algorithm 3).

    ``A`` is (runs, n, n) and ``rewards`` (n, runs, ...), agents first.
    """
    n, runs = rewards.shape[:2]
    if A.shape != (runs, n, n):
        raise ValueError(
            f"A has shape {A.shape} and rewards {rewards.shape}: with agents first in the rewards, "
            f"A is {(runs, n, n)}."
        )
    flat = rewards.reshape(n, runs, -1).swapaxes(0, 1)
    mixed = np.swapaxes(A, -1, -2).astype(rewards.dtype) @ flat
    return mixed.swapaxes(0, 1).reshape(rewards.shape)


def returns(rewards, bootstrap, discount):
    """Return the discounted sums of rewards to come, R_t = r_t + discount R_{t+1}, R_T = bootstrap.

    Parameters
    ----------
    rewards : array (..., T, B)
    bootstrap : array (..., B)
        Value of what follows; 0 where the episode has ended.
    discount : float
    """
    sums, ahead = np.empty_like(rewards), bootstrap
    for t in reversed(range(rewards.shape[-2])):
        ahead = rewards[..., t, :] + discount * ahead
        sums[..., t, :] = ahead
    return sums


def vtrace(log_ratio, rewards, values, bootstrap, discount, most=1.0):
    """Return V-trace targets and advantages for actions drawn by another policy.

    With d_t = w_t (r_t + discount v_{t+1} - v_t), w_t = min(most, ratio_t) and
    c_t = min(1, ratio_t), the targets are R_t = v_t + d_t + discount c_t (R_{t+1} - v_{t+1}), and
    the advantages w_t (r_t + discount R_{t+1} - v_t). On-policy the targets are :func:`returns`.

    Parameters
    ----------
    log_ratio : array (..., T, B)
        ln of the policy's chance of each action over the chance with which it was drawn.
    rewards, values : array (..., T, B)
    bootstrap : array (..., B)
        Value of what follows; 0 where the episode has ended.
    discount : float
    most : float
        Cap of the weights w; those of the trace are capped at 1.

    Returns
    -------
    targets, advantages : array (..., T, B)
    """
    ratio = np.exp(log_ratio)
    weight, trace = np.minimum(most, ratio), np.minimum(1, ratio)
    after = np.concatenate([values[..., 1:, :], bootstrap[..., None, :]], -2)
    error = weight * (rewards + discount * after - values)
    excess, beyond = np.empty_like(error), np.zeros_like(bootstrap)
    for t in reversed(range(rewards.shape[-2])):
        beyond = error[..., t, :] + discount * trace[..., t, :] * beyond
        excess[..., t, :] = beyond
    targets = values + excess
    ahead = np.concatenate([targets[..., 1:, :], bootstrap[..., None, :]], -2)
    return targets, weight * (rewards + discount * ahead - values)


class Judged(NamedTuple):
    """A Batch in the eyes of a network.

    Attributes
    ----------
    log_policy : array (agents, runs, T, B, actions)
        ln of the chance of every action.
    values : array (agents, runs, T, B)
    targets : array (agents, runs, T, B)
        What the values should have been.
    advantages : array (agents, runs, T, B)
    output : networks.Output
        Of all T + 1 observations, time and batch flattened.
    """

    log_policy: np.ndarray
    values: np.ndarray
    targets: np.ndarray
    advantages: np.ndarray
    output: networks.Output


def judge(network, batch, how, output=None):
    """Return a Batch as Judged: by n-step returns, or V-trace where ``log_chance`` is given.

    ``output``, if known, is the network's Output for all observations, time and batch flattened.
    """
    *lead, steps, size = batch.actions.shape
    if output is None:
        output = networks.forward(network, _flat(batch.observations))
    logits = output.logits.reshape(*lead, steps + 1, size, -1)
    values = output.value.reshape(*lead, steps + 1, size)
    log_policy = networks.log_softmax(logits[..., :-1, :, :])
    bootstrap = values[..., -1, :] * (not batch.ended)
    values = values[..., :-1, :]
    if batch.log_chance is None:
        targets = returns(batch.rewards, bootstrap, how.discount)
        return Judged(log_policy, values, targets, targets - values, output)
    chosen = np.take_along_axis(log_policy, batch.actions[..., None], -1)[..., 0]
    ratio = chosen - batch.log_chance
    found = vtrace(ratio, batch.rewards, values, bootstrap, how.discount)
    return Judged(log_policy, values, *found, output)


def gradient(network, batch, how, output=None):
    """Return the gradient of the update's scalar, a Network; see the module's first lines.

    A pure function of its arguments; ``output`` as in :func:`judge`. Rewards grow against it.
    """
    *lead, steps, size = batch.actions.shape
    seen = judge(network, batch, how, output)
    policy = np.exp(seen.log_policy)
    # d(-H) = pi (ln pi + H), d(-a ln pi(u)) = a (pi - 1[u]) in the logits
    entropy = -np.einsum("...k,...k->...", policy, seen.log_policy)[..., None]
    to_logits = how.entropy * (seen.log_policy + entropy) + seen.advantages[..., None]
    to_logits *= policy
    index = batch.actions[..., None]
    drawn = np.take_along_axis(to_logits, index, -1) - seen.advantages[..., None]
    np.put_along_axis(to_logits, index, drawn, -1)
    to_value = how.value * (seen.values - seen.targets)
    many = steps * size
    return networks.backward(
        network,
        _flat(batch.observations)[..., :many, :],
        seen.output._replace(hidden=seen.output.hidden[..., :many, :]),
        to_logits.reshape(*lead, many, -1) / size,
        to_value.reshape(*lead, many) / size,
    )


def _flat(observations):
    *lead, steps, size, features = observations.shape
    return observations.reshape(*lead, steps * size, features)
