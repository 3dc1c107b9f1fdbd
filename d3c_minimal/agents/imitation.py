"""Metric Matching Imitation: an agent that does to the other as the other has done to it.

The paper sets D3C beside this method in Coins (section 3.4) and cites it, [12], without restating
it: neither which metric is matched, nor over which stretch of time, nor how the wish to match is
weighed against the agent's own reward, nor whether one or both of its agents imitate. What follows
is therefore a reconstruction from the method's name and purpose, an intrinsic reward for keeping
level with a co-player. Every choice is an argument or stated here:

* the metric is harm: how much reward an agent's act took from the other (in Coins 2 for a coin of
  the other's colour), a number that the caller reads from the world's events;
* each agent keeps a running balance, what it did less what was done to it, that fades by
  ``fade`` a step and starts at 0 with each episode;
* the intrinsic reward is ``-weight |balance|``, added to the agent's own: too much harm and too
  much patience cost alike, since the method matches, and does not only punish;
* the agent sees its balance as one more feature, as it has no memory of its own;
* both agents imitate.

Not rebuilt: recurrent networks, the learned measure of niceness that [12] also proposes, and
imitators among selfish innovators.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Imitation:
    """Settings; all are our choice."""

    weight: float = 1.0
    fade: float = 0.9

    def __post_init__(self):
        if self.weight < 0 or not 0 <= self.fade < 1:
            raise ValueError(f"{self}: give a weight not below 0, and a fade from 0 to below 1.")


def balance(before, harm, how):
    """Return each agent's balance after a step: its harm to the other less the other's to it.

    Parameters
    ----------
    before, harm : array (2, ...)
        Agents first; ``harm`` is the reward that each took from the other, 0 or above.

    Raises
    ------
    ValueError
        If there are not two agents.
    """
    if len(harm) != 2:
        raise ValueError(f"{len(harm)} agents: matching a co-player is defined here for two.")
    return how.fade * before + harm - harm[::-1]


def intrinsic(balance, how):
    """Return the intrinsic reward for a balance: 0 at best."""
    return -how.weight * np.abs(balance)
