"""A network with one hidden layer, a policy and a value, for many agents and runs at once.

With W, b the hidden layer's weights and V, c the heads',

    h = max(0, x W + b),    (l_1, ..., l_K, v) = h V + c:

K logits and one value. Each leading axis (agents, runs) has weights of its own; ``x`` holds a
stack of observations for each of them, and a batched product serves all. Derivatives are written
out by hand: the chain rule from the two outputs back to the four arrays.
"""

from typing import NamedTuple

import numpy as np


class Network(NamedTuple):
    """Weights, or gradients with respect to them; leading axes are agents and runs.

    Attributes
    ----------
    W : array (..., features, hidden)
    b : array (..., 1, hidden)
    V : array (..., hidden, actions + 1)
        The last column is the value's.
    c : array (..., 1, actions + 1)
    """

    W: np.ndarray
    b: np.ndarray
    V: np.ndarray
    c: np.ndarray


class Output(NamedTuple):
    """What a network says of observations (..., m, features).

    Attributes
    ----------
    logits : array (..., m, actions)
    value : array (..., m)
        Estimate of the discounted sum of rewards to come.
    hidden : array (..., m, hidden)
        Kept for :func:`backward`.
    """

    logits: np.ndarray
    value: np.ndarray
    hidden: np.ndarray


def initial(rng, lead, features, hidden, actions, dtype=np.float32):
    """Draw a network for each leading index ``lead``, such as ``(agents, runs)``.

    Weights are normal with variance 2 / inputs, the heads' a hundredth of that scale, so that the
    first policy is nearly uniform; biases are 0.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    if min(features, hidden, actions) < 1:
        raise ValueError(
            f"features, hidden, actions are {features}, {hidden}, {actions}: give 1 or more."
        )
    W = rng.standard_normal((*lead, features, hidden), dtype) * np.sqrt(2 / features)
    V = rng.standard_normal((*lead, hidden, actions + 1), dtype) * (0.01 * np.sqrt(2 / hidden))
    zeros = (np.zeros((*lead, 1, size), dtype) for size in (hidden, actions + 1))
    return Network(W.astype(dtype), next(zeros), V.astype(dtype), next(zeros))


def forward(network, x):
    """Return the Output for observations ``x`` (..., m, features), m for each network.

    Raises
    ------
    ValueError
        If ``x`` has another number of features or other leading axes than the network.
    """
    if x.shape[:-2] != network.W.shape[:-2] or x.shape[-1] != network.W.shape[-2]:
        raise ValueError(
            f"observations of shape {x.shape} do not fit weights of shape {network.W.shape}: "
            "give (*agents and runs, observations, features)."
        )
    hidden = x @ network.W
    hidden += network.b
    np.maximum(hidden, 0, out=hidden)
    heads = hidden @ network.V
    heads += network.c
    return Output(heads[..., :-1], heads[..., -1], hidden)


def backward(network, x, output, to_logits, to_value):
    """Return the gradient of a scalar with respect to the weights, as a Network.

    ``to_logits`` (..., m, actions) and ``to_value`` (..., m) are its derivatives in the outputs.
    Where a hidden unit stands at exactly 0 its derivative is taken as 0.
    """
    heads = np.concatenate([to_logits, to_value[..., None]], -1)
    hidden = heads @ np.swapaxes(network.V, -1, -2)
    hidden *= output.hidden > 0
    return Network(
        np.swapaxes(x, -1, -2) @ hidden,
        hidden.sum(-2, keepdims=True),
        np.swapaxes(output.hidden, -1, -2) @ heads,
        heads.sum(-2, keepdims=True),
    )


def log_softmax(logits):
    """Return ln of the action probabilities, (..., actions)."""
    # numpy reduces a short last axis slowly: the actions go first for the largest of them.
    low = logits - np.ascontiguousarray(np.moveaxis(logits, -1, 0)).max(0)[..., None]
    low -= np.log(np.einsum("...k->...", np.exp(low)))[..., None]
    return low


def gumbel(rng, shape, dtype=np.float32):
    """Draw Gumbel noise, -ln E with E exponential, for :func:`sample`."""
    noise = rng.standard_exponential(shape, dtype)
    np.log(np.maximum(noise, np.finfo(dtype).tiny, out=noise), out=noise)
    return np.negative(noise, out=noise)


def sample(logits, noise):
    """Draw actions (...) from softmax(logits): the largest of logits plus Gumbel noise.

    P(argmax_k (l_k + g_k) = j) = exp(l_j) / sum_k exp(l_k), so that no probability is formed.
    """
    return (logits + noise).argmax(-1)
