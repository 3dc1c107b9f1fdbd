"""Strategy spaces: how a joint strategy moves, and which part of a gradient can move it.

A space knows nothing of players. It answers four questions about a point ``x`` and a gradient
``g`` of the same shape ``(..., d)``:

- ``step(x, g, eta_x)``: where does one descent step end?
- ``tangent(x, v)``: which part of ``v`` points along the space? (linear, a projection)
- ``metric(x, g, v)``: the linear map ``M`` of the flow that the step discretises, applied to ``v``
- ``velocity(x, g)``: that flow itself, ``-M g``

The first axis group of ``v`` may be longer than that of ``x``: rows of a Jacobian
``(..., n, d)`` are passed with ``x[..., None, :]``.
"""

import numpy as np


class Space:
    """The whole of R^d: the step is ``x - eta_x g`` and every direction is free.

    ``dim`` is the number of coordinates, None where any number will do.
    """

    dim = None

    def step(self, x, g, eta_x):
        """Return the end of one descent step, shape of ``x``."""
        return x - eta_x * g

    def tangent(self, x, v):
        """Project ``v`` on the directions along the space, shape of ``v``."""
        return v

    def metric(self, x, g, v):
        """Apply to ``v`` the linear map ``M`` with ``velocity(x, g) = -M g``."""
        return v

    def velocity(self, x, g):
        """Return dx/dt of the continuous flow behind ``step``, shape of ``x``."""
        return -self.metric(x, g, g)

    def check(self, x):
        """Raise ValueError, with the remedy, if ``x`` is not a point of the space."""

    def sample(self, rng, shape):
        """Draw points of the given shape ``(..., d)``: uniform on [-1, 1]."""
        return rng.uniform(-1.0, 1.0, shape)


class Euclidean(Space):
    """R^d with gradient descent."""


class Box(Space):
    """A box ``[low, high]`` with projected gradient descent (clipping).

    Parameters
    ----------
    low, high : float or array (d,)
        Bounds of each coordinate, finite, ``low < high``. For a strategy that is bounded on one
        side alone, put the other bound where no player would go.

    Raises
    ------
    ValueError
        If a bound is not finite, or not below the other.
    """

    def __init__(self, low, high):
        self.low, self.high = np.asarray(low, float), np.asarray(high, float)
        finite = np.isfinite(self.low).all() and np.isfinite(self.high).all()
        if not (finite and (self.low < self.high).all()):
            raise ValueError(
                "Box needs finite bounds with low < high. For a strategy with a bound on one side "
                "alone, put the other bound where no player would go; for R^d use Euclidean()."
            )
        shape = np.broadcast_shapes(self.low.shape, self.high.shape)
        self.dim = shape[-1] if shape else None

    def step(self, x, g, eta_x):
        """Step along ``-g`` and clip to the box."""
        return np.clip(x - eta_x * g, self.low, self.high)

    def metric(self, x, g, v):
        """Zero the coordinates that sit on a bound and are pushed outwards by ``-g``."""
        blocked = ((x <= self.low) & (g > 0)) | ((x >= self.high) & (g < 0))
        return np.where(blocked, 0.0, v)

    def check(self, x):
        """Raise ValueError unless every coordinate lies in the box."""
        if not ((x >= self.low) & (x <= self.high)).all():
            raise ValueError(
                f"x leaves the box [{self.low}, {self.high}]: clip it first, "
                "for example np.clip(x, low, high)."
            )

    def sample(self, rng, shape):
        """Draw points uniformly from the box."""
        return rng.uniform(self.low, self.high, shape)


class Simplices(Space):
    """A product of simplices with entropic mirror descent: mixed strategies.

    The step multiplies by ``exp(-eta_x g)`` and normalises each block; its flow is the replicator
    equation ``dx = -x (g - <x, g>)``. ``tangent`` removes each block's mean: the Euclidean
    projection on directions that keep the block's sum.

    Parameters
    ----------
    sizes : sequence of int
        Number of coordinates of each block, in the order of ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> Simplices([2]).step(np.array([0.5, 0.5]), np.array([np.log(3), 0.0]), 1.0)
    array([0.25, 0.75])
    """

    def __init__(self, sizes):
        if np.ndim(sizes) != 1 or any(int(size) != size or size < 1 for size in sizes):
            raise ValueError(
                f"sizes is {sizes!r}: give the number of coordinates of each block, e.g. [3, 3]."
            )
        self.sizes = tuple(int(size) for size in sizes)
        if not self.sizes:
            raise ValueError("sizes is empty: give at least one block, e.g. [3, 3].")
        self.dim = sum(self.sizes)
        self._starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])

    def block_sum(self, v):
        """Sum ``v`` over each block and spread the sum back, shape of ``v``."""
        if len(set(self.sizes)) == 1:
            blocks = v.reshape(*v.shape[:-1], len(self.sizes), self.sizes[0])
            return np.repeat(blocks.sum(-1), self.sizes[0], axis=-1)
        return np.repeat(np.add.reduceat(v, self._starts, axis=-1), self.sizes, axis=-1)

    def block_max(self, v):
        """Spread the largest entry of each block over the block, shape of ``v``."""
        return np.repeat(np.maximum.reduceat(v, self._starts, axis=-1), self.sizes, axis=-1)

    def step(self, x, g, eta_x):
        """Multiply by ``exp(-eta_x g)`` and normalise each block, without overflow."""
        push = np.where(x > 0, -eta_x * g, -np.inf)  # what is 0 stays 0, whatever its gradient
        weights = x * np.exp(push - self.block_max(push))
        return weights / self.block_sum(weights)

    def tangent(self, x, v):
        """Remove the mean of each block."""
        return v - self.block_sum(v) / np.repeat(self.sizes, self.sizes)

    def metric(self, x, g, v):
        """Apply ``diag(x) - x x^T`` of each block (the replicator's map)."""
        return x * (v - self.block_sum(x * v))

    def check(self, x):
        """Raise ValueError unless each block is non-negative and sums to 1 (to 1e-9)."""
        if (x < 0).any() or (abs(self.block_sum(x) - 1) > 1e-9).any():
            raise ValueError(
                "x is not a product of simplices: each block must be non-negative and sum to 1 "
                "(divide a block by its sum); space.sample(rng, space.dim) draws one."
            )

    def sample(self, rng, shape):
        """Draw each block uniformly from its simplex."""
        weights = rng.exponential(size=shape)
        return weights / self.block_sum(weights)


class ProjectedSimplices(Simplices):
    """The same product of simplices with Euclidean projected gradient descent."""

    def step(self, x, g, eta_x):
        """Step along ``-g`` and project each block on its simplex (Euclidean distance)."""
        y = x - eta_x * g
        blocks = np.split(y, self._starts[1:], axis=-1)
        return np.concatenate([_project_on_simplex(block) for block in blocks], axis=-1)

    def metric(self, x, g, v):
        """Remove the mean over the face on which the projected flow moves, zero elsewhere."""
        step = 1e-6 / (1.0 + abs(g).max(-1, keepdims=True))
        free = np.broadcast_to((x > 0) | (self.step(x, g, step) > 0), v.shape)
        inside = np.where(free, v, 0.0)
        return np.where(free, inside - self.block_sum(inside) / self.block_sum(free * 1.0), 0.0)


def _project_on_simplex(y):
    """Project the last axis of ``y`` on the simplex: sort, find the threshold, cut."""
    descending = -np.sort(-y, axis=-1)
    ranks = np.arange(1, y.shape[-1] + 1)
    excess = (np.cumsum(descending, axis=-1) - 1.0) / ranks
    last = (descending > excess).sum(-1, keepdims=True) - 1
    return np.maximum(y - np.take_along_axis(excess, last, axis=-1), 0.0)
