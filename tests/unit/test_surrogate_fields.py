"""Fields on a map: closed forms, autograd, mean steps by simulation, where they lead."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from d3c_minimal import surrogate, surrogate_fields
from d3c_minimal.trials import D3CTrials

GRID = np.linspace(-3, 3, 7)


def places(grid=GRID):
    return np.stack(np.meshgrid(grid, grid, indexing="ij"), -1)


def quadratic(d):
    """Own returns, not exchangeable; for numpy's and autograd's arrays."""
    x, y = d[..., 0], d[..., 1]
    return anp.stack(
        [4 - x**2 + 0.5 * x * y + 2 * y, 3 + x - 0.5 * y**2 - x * y + 0.2 * x**2], axis=-1
    )


def land(returns=quadratic, grid=GRID):
    return surrogate.landscape(grid, returns(places(grid)))


def mixed(d, at, i):
    """Mixed return of agent i at attentions ``d``; returns are those at ``at``."""
    keep = 1 / (1 + anp.exp(-d))
    r = quadratic(at)
    return keep[i] * r[i] + (1 - keep[1 - i]) * r[1 - i]


def test_slopes_are_autograds_inside_the_grid():
    """Central differences are exact for a quadratic."""
    found = surrogate_fields.slopes(land())
    for k, j in ((1, 1), (2, 5), (5, 3)):
        d = places()[k, j]
        for i in (0, 1):
            raw = grad(lambda d, i=i: quadratic(d)[i])(d)[i]
            mechanical = grad(lambda e, d=d, i=i: mixed(e, d, i))(d)[i]
            answer = grad(lambda e, d=d, i=i: mixed(d, e, i))(d)[i]
            whole = grad(lambda e, i=i: mixed(e, e, i))(d)[i]
            np.testing.assert_allclose(found.raw[k, j, i], raw)
            np.testing.assert_allclose(found.mechanical[k, j, i], mechanical)
            np.testing.assert_allclose(found.answer[k, j, i], answer)
            np.testing.assert_allclose(mechanical + answer, whole)


def test_slopes_of_a_plane_are_exact_at_the_edges_too():
    """r_1 = 3 d_1 - d_2 and r_2 = 2 d_1 + 5 d_2, by hand at the corner (3, -3)."""
    found = surrogate_fields.slopes(
        land(lambda d: np.stack([3 * d[..., 0] - d[..., 1], 2 * d[..., 0] + 5 * d[..., 1]], -1))
    )
    np.testing.assert_allclose(found.raw, np.broadcast_to([3.0, 5.0], (7, 7, 2)))
    keep = 1 / (1 + np.exp(-3.0))  # of agent 1, and what agent 2 hands to it
    np.testing.assert_allclose(
        found.mechanical[6, 0], [keep * (1 - keep) * 12, keep * (keep - 1) * 9]
    )
    np.testing.assert_allclose(
        found.answer[6, 0], [keep * 3 + keep * 2, (1 - keep) * 5 - (1 - keep)]
    )


def test_a_finer_grid_is_the_same_surface():
    uneven = surrogate.landscape([0.0, 1.0, 3.0], np.arange(18.0).reshape(3, 3, 2) ** 2)
    fine = surrogate_fields.finer(uneven, 4)
    np.testing.assert_allclose(fine.d, [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3])
    np.testing.assert_array_equal(fine.returns[::4, ::4], uneven.returns)
    np.testing.assert_allclose(fine.returns[2, 4], uneven.returns[:2, 1].mean(0))
    at = np.array([[0.6, 2.2], [2.9, 0.1]])
    np.testing.assert_allclose(
        surrogate.interpolate(fine.d, fine.returns, at),
        surrogate.interpolate(uneven.d, uneven.returns, at),
    )


def test_fields_of_exchangeable_agents_are_mirrored():
    even = surrogate.landscape(GRID, quadratic(places()), exchangeable=True)
    fields = [*surrogate_fields.slopes(even), surrogate_fields.improve_stay(even, 0.7, 4)]
    for field in fields:
        np.testing.assert_allclose(field, field.swapaxes(0, 1)[..., ::-1], atol=1e-12)
        assert abs(field).max() > 0.01


@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_on_a_plane_the_mean_step_is_half_the_slope(noise):
    """-E ReLU(x) u = delta s / (2 tau) for raw returns: |x| is even, and E u^2 = 1."""
    plane = land(lambda d: np.stack([3 * d[..., 0] - d[..., 1], 2 * d[..., 0] - 5 * d[..., 1]], -1))
    how = {"noise": noise, "measure": "raw"}
    found = surrogate_fields.improve_stay(plane, 0.2, 4, **how)[1:-1, 1:-1]
    expected = np.broadcast_to([3 * 0.2 / 8, -5 * 0.2 / 8], found.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    open_gate = surrogate_fields.improve_stay(plane, 0.2, 4, epsilon=100.0, **how)[1:-1, 1:-1]
    np.testing.assert_allclose(open_gate, 2 * expected, rtol=1e-9)
    half = surrogate_fields.improve_stay(plane, 0.2, 4, answered=0.5, **how)[1:-1, 1:-1]
    np.testing.assert_allclose(half, expected / 2, rtol=1e-9)


@pytest.mark.parametrize("w", [0.0, 0.4, 1.0])
def test_a_short_shake_goes_half_of_the_slope_of_what_has_answered(w):
    """Between the grid's points a map is bilinear: a bilinear one has the slopes of its surface."""
    smooth = land(lambda d: 5 + np.stack([d[..., 0] * d[..., 1], -d[..., 0] + d[..., 1]], -1))
    slopes = surrogate_fields.slopes(smooth)
    found = surrogate_fields.improve_stay(smooth, 0.001, 4, answered=w)
    expected = 0.001 * (slopes.mechanical + w * slopes.answer) / 8
    np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-7)


@pytest.mark.parametrize("measure", ["mixed", "raw"])
def test_the_mean_step_is_that_of_many_trials(measure):
    """D3CTrials itself: a second trial's step, the first having measured, with noise."""
    at, delta, tau, noise, runs = (2, 4), 0.8, 3, 0.5, 40000
    even, d = land(), places()[2, 4]
    told = {"nu": 0.0, "epsilon": 0.1, "clip": None, "first": "measures", "measure": measure}
    rule = D3CTrials(
        2, 1.0, delta, tau_min=tau, tau_max=tau, rng=np.random.default_rng(0), runs=runs,
        A0=surrogate.rows(d), **told,
    )  # fmt: skip
    surrogate.run(even, rule, 2 * tau, noise, 0.0, np.random.default_rng(1), 2 * tau)
    steps = surrogate.attention(rule.A) - d
    how = {"epsilon": 0.1, "noise": noise, "measure": measure, "nodes": 16}
    mean = surrogate_fields.improve_stay(even, delta, tau, **how)[at]
    np.testing.assert_allclose(steps.mean(0), mean, atol=4 * steps.std(0).max() / np.sqrt(runs))
    assert abs(mean).max() > 10 * steps.std(0).max() / np.sqrt(runs)


def test_noise_alone_drives_a_row_from_where_it_is_loud():
    """A map of zeros: the mean second step of D3CTrials, towards giving, and the function's."""
    flat, d, delta, tau, noise, runs = land(np.zeros_like), places()[4, 2], 2.0, 3, 3.0, 40000
    told = {"nu": 0.0, "epsilon": 0.0, "clip": None, "first": "measures"}
    rule = D3CTrials(
        2, 1.0, delta, tau_min=tau, tau_max=tau, rng=np.random.default_rng(2), runs=runs,
        A0=surrogate.rows(d), **told,
    )  # fmt: skip
    surrogate.run(flat, rule, 2 * tau, noise, 0.0, np.random.default_rng(3), 2 * tau)
    steps = surrogate.attention(rule.A) - d
    error = steps.std(0).max() / np.sqrt(runs)
    mean = surrogate_fields.improve_stay(flat, delta, tau, noise=noise, nodes=16)[4, 2]
    np.testing.assert_allclose(steps.mean(0), mean, atol=4 * error)
    assert (mean < -10 * error).all()
    raw = surrogate_fields.improve_stay(flat, delta, tau, noise=noise, measure="raw")
    np.testing.assert_allclose(raw, 0.0, atol=1e-12)


def test_the_mean_step_refuses():
    for how in ({"measure": "both"}, {"nodes": 7}):
        with pytest.raises(ValueError, match="'mixed' or 'raw', and even"):
            surrogate_fields.improve_stay(land(), 0.1, 2, **how)


def test_a_path_has_steps_of_one_length_and_slides_along_the_edge():
    field = np.broadcast_to([3.0, 4.0], (7, 7, 2))
    path = surrogate_fields.follow(GRID, field, [[0.0, 0.0]], steps=100, step=0.05)
    assert path.shape == (101, 1, 2)
    np.testing.assert_allclose(path[10, 0], [0.3, 0.4])
    np.testing.assert_allclose(path[-1, 0], [3.0, 3.0])
    up = surrogate_fields.follow(GRID, np.broadcast_to([1.0, 0.0], (7, 7, 2)), [0.5, 1.0])
    np.testing.assert_allclose(up[-1], [3.0, 1.0])


def test_where_a_field_is_weak_steps_are_short_and_where_it_is_0_there_are_none():
    field = np.zeros((7, 7, 2))
    field[..., 0] = np.where(GRID < 0, 1e-3, 1.0)[:, None]
    path = surrogate_fields.follow(GRID, field, [[-2.5, 0.0], [1.5, 0.0]], steps=1, step=0.1)
    np.testing.assert_allclose(path[1] - path[0], [[0.01, 0], [0.1, 0]])
    still = surrogate_fields.follow(GRID, np.zeros((7, 7, 2)), [[1.0, 2.0]], steps=3)
    np.testing.assert_array_equal(still, np.broadcast_to([1.0, 2.0], (4, 1, 2)))


def test_two_valleys_and_their_shares():
    """d_1 goes to -2 from below 1 and to 3, the edge, from above; d_2 goes to 0."""
    d = places()
    away = np.where(d[..., 0] <= 1, -(d[..., 0] + 2), 1.0)
    field = np.stack([away, -d[..., 1]], -1)
    found, shares = surrogate_fields.ends(GRID, field)
    np.testing.assert_allclose(found, [[-2, 0], [3, 0]], atol=0.05)
    np.testing.assert_allclose(shares, [5 / 7, 2 / 7])
