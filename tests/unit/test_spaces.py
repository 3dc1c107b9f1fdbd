"""Spaces: steps stay inside, and the flow is the limit of the step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal.spaces import Box, Euclidean, ProjectedSimplices, Simplices

SPACES = [Euclidean(), Box(0.0, 1.0), Simplices([3, 2]), ProjectedSimplices([3, 2])]
names = [type(space).__name__ for space in SPACES]


def points(space, seed=0, runs=50):
    rng = np.random.default_rng(seed)
    return space.sample(rng, (runs, 5)), rng.normal(size=(runs, 5))


@pytest.mark.parametrize("space", SPACES, ids=names)
def test_velocity_is_the_limit_of_the_step(space):
    x, g = points(space)
    x[:10, :3] = [0.0, 0.5, 0.5]
    np.testing.assert_allclose((space.step(x, g, 1e-7) - x) / 1e-7, space.velocity(x, g), atol=1e-5)


@pytest.mark.parametrize("space", SPACES, ids=names)
def test_metric_is_symmetric_and_tangent_is_a_projection(space):
    x, g = points(space)
    _, v = points(space, seed=1)
    _, w = points(space, seed=2)
    left, right = (space.metric(x, g, v) * w).sum(-1), (v * space.metric(x, g, w)).sum(-1)
    np.testing.assert_allclose(left, right, atol=1e-12)
    once = space.tangent(x, v)
    np.testing.assert_allclose(space.tangent(x, once), once, atol=1e-12)


@pytest.mark.parametrize("space", SPACES, ids=names)
def test_samples_and_steps_pass_the_check(space):
    x, g = points(space)
    before = x.copy()
    space.check(x)
    space.check(space.step(x, g, 3.0))
    assert np.array_equal(x, before)


def test_steps_by_hand():
    assert np.array_equal(Euclidean().step(np.array([1.0]), np.array([2.0]), 0.5), [0.0])
    assert np.array_equal(
        Box(0.0, 1.0).step(np.array([0.9, 0.1]), np.array([-1.0, 1.0]), 1), [1, 0]
    )
    x, g = np.array([0.5, 0.5]), np.array([np.log(3.0), 0.0])
    np.testing.assert_allclose(Simplices([2]).step(x, g, 1.0), [0.25, 0.75])
    np.testing.assert_allclose(Simplices([2]).velocity(x, g), [-np.log(3) / 4, np.log(3) / 4])
    np.testing.assert_allclose(
        ProjectedSimplices([3]).step(np.array([0.5, 0.5, 0.0]), np.array([-1.0, 0, 0]), 0.1),
        [0.55, 0.45, 0.0],
    )
    np.testing.assert_allclose(
        ProjectedSimplices([2]).step(np.array([0.5, 0.5]), np.array([-9.0, 0]), 1.0), [1.0, 0.0]
    )


@given(scale=st.floats(0, 300), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_entropic_step_never_overflows(scale, seed):
    space = Simplices([3, 2])
    x, g = points(space, seed, runs=4)
    y = space.step(x, g * 10.0**scale, 1.0)
    assert np.isfinite(y).all()
    assert (abs(space.block_sum(y) - 1) < 1e-12).all()


def test_what_is_0_stays_0_whatever_its_gradient():
    step = Simplices([2]).step(np.array([0.0, 1.0]), np.array([-1e4, 0.0]), 1.0)
    assert np.array_equal(step, [0.0, 1.0])


def test_projection_is_the_nearest_point():
    from scipy.optimize import minimize

    y = np.random.default_rng(3).normal(size=4)
    found = minimize(
        lambda p: ((p - y) ** 2).sum(),
        np.full(4, 0.25),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1},
        options={"ftol": 1e-14},
    ).x
    step = ProjectedSimplices([4]).step(np.zeros(4), -y, 1.0)
    np.testing.assert_allclose(step, found, atol=1e-6)


def test_bad_spaces_and_points():
    for bounds in (
        *((1.0, 0.0), (1.0, 1.0), (0.0, np.inf), (-np.inf, 0.0), (np.nan, 1.0), (0.0, None)),
        *(([0.0, 1.0], [1.0, 1.0]), ([0.0, 0.0], [1.0, np.inf])),
    ):
        with pytest.raises(ValueError, match="side alone"):
            Box(*bounds)
    for sizes in ([], 3, [2, 0], [2.5], [-1, 3]):
        with pytest.raises(ValueError, match=r"block.*\[3, 3\]"):
            Simplices(sizes)
    for x in ([0.5, 1.5], [-0.1, 0.5], [np.nan, 0.5]):
        with pytest.raises(ValueError, match="clip"):
            Box(0.0, 1.0).check(np.array(x))
    Box(0.0, 1.0).check(np.array([0.0, 1.0]))
    for x in ([0.5, 0.6], [-0.1, 1.1]):
        with pytest.raises(ValueError, match="sum to 1"):
            Simplices([2]).check(np.array(x))
