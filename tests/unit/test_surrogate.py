"""The map in the place of learning: reading it, walking on it by hand, lag, noise, controls."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import surrogate
from d3c_minimal.trials import D3CTrials

GRID = np.array([-2.0, -1.0, 1.0, 4.0])
QUIET = {"nu": 0.0, "tau_min": 2, "tau_max": 3, "epsilon": 0.0, "clip": (-5, 5)}


def bilinear(d):
    """Returns that bilinear interpolation hits exactly."""
    x, y = d[..., 0], d[..., 1]
    return np.stack([1 + 2 * x - y + 0.5 * x * y, 3 - x + 4 * y - 0.25 * x * y], -1)


def places(grid):
    return np.stack(np.meshgrid(grid, grid, indexing="ij"), -1)


def land(grid=GRID):
    return surrogate.landscape(grid, bilinear(places(grid)))


def learner(seed=0, runs=3, **changes):
    told = {"eta_A": 0.5, "delta": 0.3, "A0": 0.7, **QUIET, **changes}
    return D3CTrials(2, rng=np.random.default_rng(seed), runs=runs, **told)


def walk(learner, episodes=12, noise=0.0, lag=0.0, every=1, seed=1, where=None):
    where = land() if where is None else where
    return surrogate.run(where, learner, episodes, noise, lag, np.random.default_rng(seed), every)


def test_rows_and_attention_by_hand():
    A = surrogate.rows([np.log(9), -np.log(3)])
    np.testing.assert_allclose(A, [[0.9, 0.1], [0.75, 0.25]])
    np.testing.assert_allclose(surrogate.attention(A), [np.log(9), -np.log(3)])
    np.testing.assert_array_equal(surrogate.attention(np.eye(2)), [np.inf, np.inf])


@given(st.tuples(st.floats(-2, 4), st.floats(-2, 4)))
@settings(max_examples=50, derandomize=True)
def test_the_map_is_read_bilinearly_on_an_uneven_grid(d):
    d = np.array(d)
    np.testing.assert_allclose(
        surrogate.returns_at(land(), surrogate.rows(d)), bilinear(d), atol=1e-9
    )


def test_beyond_the_grid_the_edge_goes_on():
    found = surrogate.interpolate(GRID, land().returns, np.array([[9.0, 0.5], [-9.0, 9.0]]))
    np.testing.assert_allclose(found, bilinear(np.array([[4.0, 0.5], [-2.0, 4.0]])))
    selfish = surrogate.returns_at(land(), np.eye(2))
    np.testing.assert_allclose(selfish, bilinear(np.array([4.0, 4.0])))


def test_exchangeable_agents_are_averaged_with_their_mirror_image():
    r = np.arange(18.0).reshape(3, 3, 2)
    even = surrogate.landscape([0, 1, 2], r, exchangeable=True).returns
    assert even[0, 2, 0] == (r[0, 2, 0] + r[2, 0, 1]) / 2 == 8.5
    np.testing.assert_array_equal(even[..., 0], even[..., 1].T)


def test_at_once_and_without_noise_a_run_is_d3ctrials_by_hand():
    record, by_hand = walk(learner(), every=3), learner()
    paid = []
    for _ in range(12):
        paid.append(surrogate.returns_at(land(), by_hand.mixture))
        by_hand.update(paid[-1])
        if len(paid) in (3, 12):
            now = surrogate.attention(by_hand.A)
            np.testing.assert_allclose(record.attention[len(paid) // 3 - 1], now)
    np.testing.assert_allclose(record.returns, np.reshape(paid, (4, 3, 3, 2)).mean(1))
    np.testing.assert_array_equal(record.episode, [3, 6, 9, 12])
    assert np.ptp(record.attention[-1]) > 0.01


def test_returns_come_late_by_the_lag():
    """Rows that stand at another place than at the start: the gap shrinks by q = lag/(1 + lag)."""

    class Switched:
        A = np.repeat(surrogate.rows([[1.0, 1.0]]), 2, 0)
        mixture = np.repeat(surrogate.rows([[-1.0, 1.0]]), 2, 0)

        def update(self, returns):
            self.heard = returns

    rule = Switched()
    lag = np.array([[3.0], [1.0]])
    record = walk(rule, episodes=2, lag=lag)
    old, new = bilinear(np.array([1.0, 1.0])), bilinear(np.array([-1.0, 1.0]))
    first = [old + (new - old) / 4, old + (new - old) / 2]
    second = [old + (new - old) * (1 - 9 / 16), old + (new - old) * 3 / 4]
    np.testing.assert_allclose(record.returns, [first, second])
    np.testing.assert_allclose(rule.heard, second)


@pytest.mark.parametrize("lag", [0.0, 0.7, 10.0])
def test_the_share_of_an_answer_is_the_mean_of_its_episodes(lag):
    q = lag / (1 + lag)
    for tau in (1, 7):
        by_hand = np.mean([1 - q**k for k in range(1, tau + 1)])
        np.testing.assert_allclose(surrogate.answered(tau, lag), by_hand)


def test_noise_is_heard_and_not_paid():
    """On a flat map returns are what they are, whatever is heard; its size is as said."""
    flat = surrogate.landscape(GRID, np.full((4, 4, 2), 3.0))
    heard = []

    class Ear:
        A = mixture = np.full((400, 2, 2), 0.5)

        def update(self, returns):
            heard.append(returns)

    record = walk(Ear(), episodes=20, noise=np.array([[0.5, 2.0]]), where=flat)
    np.testing.assert_array_equal(record.returns, 3.0)
    np.testing.assert_allclose(np.std(heard, (0, 1)), [0.5, 2.0], rtol=0.03)
    np.testing.assert_allclose(np.mean(heard, (0, 1)), [3.0, 3.0], atol=0.1)


def test_controls_have_the_shakes_of_the_rule_and_the_fixed_one_stays():
    runs = {c: walk(learner(control=c)) for c in (None, "decorrelated", "shuffled", "fixed")}
    first = {name: record.returns[0] for name, record in runs.items()}
    np.testing.assert_array_equal(first[None], first["decorrelated"])
    np.testing.assert_array_equal(first[None], first["shuffled"])
    np.testing.assert_allclose(runs["fixed"].attention, np.log(7 / 3))
    for name in ("decorrelated", "shuffled", "fixed"):
        assert abs(runs[name].attention[-1] - runs[None].attention[-1]).max() > 0.01


def test_a_seed_gives_its_run_and_another_gives_another():
    one, again = (walk(learner(), noise=1.0, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.attention, again.attention)
    assert not np.array_equal(one.attention, walk(learner(), noise=1.0, seed=5).attention)


def test_agents_that_change_places_walk_the_mirrored_way():
    """On an exchangeable map, with chance exchanged too: here, a rule that holds mirrored rows."""
    even = surrogate.landscape(GRID, bilinear(places(GRID)), exchangeable=True)
    A = surrogate.rows([[0.3, 2.0]])
    mirrored = A[:, ::-1, ::-1]
    np.testing.assert_allclose(
        surrogate.returns_at(even, A), surrogate.returns_at(even, mirrored)[:, ::-1]
    )


def test_on_a_slope_the_rule_climbs_and_the_decorrelated_control_does_not():
    """Raw returns that fall with one's own attention: a rule that hears them gives away."""
    grid = np.linspace(-5, 5, 3)
    slope = surrogate.landscape(grid, -places(grid))
    told = {"eta_A": 0.3, "delta": 0.5, "measure": "raw", "runs": 60, "A0": 0.5}
    ends = {
        c: walk(learner(control=c, **told), 200, where=slope).attention[-1].mean()
        for c in (None, "decorrelated")
    }
    # Drift eta_A delta / (2 tau) a trial for a slope of 1: 80 trials of 2.5, 0.03 each.
    assert -3.3 < ends[None] < -1.7
    assert abs(ends["decorrelated"]) < 0.4


@pytest.mark.parametrize(
    "how", [{"every": 5}, {"every": 0}, {"noise": -1.0}, {"lag": np.array([[1.0], [-1], [0]])}]
)
def test_a_run_refuses(how):
    with pytest.raises(ValueError, match=r"divisor of the number of episodes|0 or above"):
        walk(learner(), **how)


@pytest.mark.parametrize(
    ("d", "shape", "hint"),
    [
        ([0, 0, 1], (3, 3, 2), "growing"),
        ([[0, 1]], (2, 2, 2), "growing"),
        ([0], (1, 1, 2), "growing"),
        ([0, 1], (2, 2), "shape"),
        ([0, 1], (2, 3, 2), "shape"),
    ],
)
def test_a_map_refuses(d, shape, hint):
    with pytest.raises(ValueError, match=hint):
        surrogate.landscape(d, np.zeros(shape))


def test_a_map_refuses_nan_and_leaves_its_array_alone():
    r = np.arange(8.0).reshape(2, 2, 2)
    before = r.copy()
    surrogate.landscape([0, 1], r, exchangeable=True)
    np.testing.assert_array_equal(r, before)
    with pytest.raises(ValueError, match="finite"):
        surrogate.landscape([0, 1], r * np.nan)
