"""RMSProp: each weight's step is divided by the root of its gradients' running mean square."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class RMSProp:
    """Settings of RMSProp; the defaults are the paper's Table 2 (appendix G.1).

    Epsilon stands under the root, as in TensorFlow, whose first mean square is 1; the paper names
    neither. Under the root an epsilon of 1e-5 damps gradients below .003: a loss that is averaged
    over a hundred steps, not summed, learns more slowly.
    """

    rate: float = 4e-4
    decay: float = 0.99
    momentum: float = 0.0
    epsilon: float = 1e-5
    first: float = 1.0  # the mean square before the first step

    def __post_init__(self):
        if not (self.rate > 0 and self.epsilon > 0 and self.first >= 0):
            raise ValueError(
                f"rate {self.rate} and epsilon {self.epsilon} must be above 0, and first "
                f"{self.first} not below."
            )
        if not (0 <= self.decay < 1 and 0 <= self.momentum < 1):
            raise ValueError(
                f"decay {self.decay} and momentum {self.momentum} must be at least 0 and below 1."
            )


class State(NamedTuple):
    """The running mean square and the running step of each weight, in the network's shape."""

    square: tuple
    step: tuple


def start(weights, how):
    """Return the State before the first step, for a tuple of arrays of weights."""
    square = type(weights)(*(np.full_like(w, how.first) for w in weights))
    return State(square, type(weights)(*(np.zeros_like(w) for w in weights)))


def descend(weights, gradient, state, how):
    """Take one step down a gradient; return new weights and the new State.

    square <- decay square + (1 - decay) g^2, step <- momentum step + rate g / sqrt(square +
    epsilon), weights <- weights - step.
    """
    new, squares, steps = [], [], []
    for w, g, square, step in zip(weights, gradient, *state, strict=True):
        # In place on fresh arrays: this is bound by memory, not by arithmetic.
        fresh = g * g
        fresh *= 1 - how.decay
        square = how.decay * square
        square += fresh
        move = np.sqrt(np.add(square, how.epsilon, out=fresh), out=fresh)
        np.divide(g, move, out=move)
        move *= how.rate
        if how.momentum:
            move += how.momentum * step
        new.append(w - move)
        squares.append(square)
        steps.append(move)
    kind = type(weights)
    return kind(*new), State(kind(*squares), kind(*steps))
