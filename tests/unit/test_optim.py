"""RMSProp against its formula, written out for one weight."""

from typing import NamedTuple

import numpy as np
import pytest

from d3c_minimal.agents import optim


class Weights(NamedTuple):
    w: np.ndarray


def test_defaults_are_table_2():
    how = optim.RMSProp()
    assert (how.rate, how.decay, how.momentum, how.epsilon) == (4e-4, 0.99, 0.0, 1e-5)


def test_first_step_by_hand():
    how = optim.RMSProp(rate=0.5, decay=0.75, epsilon=0.25, first=1.0)
    weights = Weights(np.array([1.0]))
    new, state = optim.descend(weights, Weights(np.array([3.0])), optim.start(weights, how), how)
    # square = .75 * 1 + .25 * 9 = 3; step = .5 * 3 / sqrt(3.25)
    np.testing.assert_allclose(state.square.w, [3.0])
    np.testing.assert_allclose(new.w, [1 - 1.5 / np.sqrt(3.25)])
    assert weights.w == [1.0]


def test_many_steps_with_momentum_against_a_scalar_loop():
    how = optim.RMSProp(rate=0.1, decay=0.9, momentum=0.6, epsilon=1e-3, first=0.2)
    gradients = np.random.default_rng(0).normal(size=(7, 2, 3))
    weights = Weights(np.ones((2, 3)))
    state = optim.start(weights, how)
    for g in gradients:
        weights, state = optim.descend(weights, Weights(g), state, how)
    for at in np.ndindex(2, 3):
        w, square, step = 1.0, 0.2, 0.0
        for g in gradients[(slice(None), *at)]:
            square = 0.9 * square + 0.1 * g * g
            step = 0.6 * step + 0.1 * g / (square + 1e-3) ** 0.5
            w -= step
        np.testing.assert_allclose(weights.w[at], w, rtol=1e-13)
        np.testing.assert_allclose(state.square.w[at], square, rtol=1e-13)


def test_float32_stays_float32():
    how, weights = optim.RMSProp(), Weights(np.ones(3, np.float32))
    new, state = optim.descend(weights, weights, optim.start(weights, how), how)
    assert new.w.dtype == state.square.w.dtype == state.step.w.dtype == np.float32


@pytest.mark.parametrize(
    "wrong", [{"rate": 0.0}, {"epsilon": 0.0}, {"first": -1.0}, {"decay": 1.0}, {"momentum": -0.1}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        optim.RMSProp(**wrong)
