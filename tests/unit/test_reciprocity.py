"""The permutation test of H.2: by hand, against numpy and scipy, its size, and what it refuses."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from d3c_minimal import reciprocity
from d3c_minimal.reciprocity import changes, coefficients, permutation, shuffled_partners


def walks(rng, *shape):
    return rng.standard_normal(shape).cumsum(-1)


def test_changes_by_hand_and_a_rest_is_dropped():
    path = [0.0, 1.0, 3.0, 2.0, 2.5, 7.0, 9.0, 8.0]
    assert changes(path).tolist() == [1, 2, -1, 0.5, 4.5, 2, -1]
    assert changes(path, 2).tolist() == [3, -0.5, 6.5]
    with pytest.raises(ValueError, match="leave 2 changes over 3"):
        changes(path, 3)
    for every in (0, 1.5):
        with pytest.raises(ValueError, match="whole number"):
            changes(path, every)
    with pytest.raises(ValueError, match="not finite"):
        changes([0.0, np.inf, 1.0, 2.0])


def test_coefficients_are_numpys_and_changes_what_they_should():
    rng = np.random.default_rng(0)
    first, second = walks(rng, 2, 3, 40), walks(rng, 2, 4, 40)
    kept = first.copy()
    for every, lag in ((1, 0), (3, 0), (1, 2), (2, -3)):
        c = coefficients(first, second, every, lag)
        assert c.shape == (2, 3, 4)
        for b, i, j in np.ndindex(c.shape):
            x = np.diff(first[b, i, ::every])
            y = np.diff(second[b, j, ::every])
            if lag > 0:
                x, y = x[:-lag], y[lag:]
            elif lag < 0:
                x, y = x[-lag:], y[:lag]
            assert c[b, i, j] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert np.array_equal(first, kept)


def test_a_correlation_by_hand():
    # Changes (1, -1, 0) and (1, 0, -1): product 1, squares 2 and 2.
    c = coefficients([[0.0, 1, 0, 0]], [[0.0, 1, 1, 0]])
    assert c == pytest.approx(0.5)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.floats(0.1, 50), st.floats(-5, 5))
def test_scale_level_and_drift_do_not_matter(seed, scale, drift):
    first, second = walks(np.random.default_rng(seed), 2, 4, 30)
    moved = scale * first + drift * np.arange(30) + 3
    c = coefficients(first, second)
    np.testing.assert_allclose(coefficients(moved, second), c, atol=1e-9)
    np.testing.assert_allclose(coefficients(-moved, second), -c, atol=1e-9)
    np.testing.assert_allclose(coefficients(second, first), c.T, atol=1e-12)


def test_a_follower_is_found_at_its_lag_alone():
    rng = np.random.default_rng(1)
    steps = rng.standard_normal((5, 300))
    first, second = steps.cumsum(-1), np.roll(steps, 4, -1).cumsum(-1)
    for lag in range(-6, 7):
        real = np.diagonal(coefficients(first, second, lag=lag))
        assert (real > 0.9).all() if lag == 4 else (abs(real) < 0.3).all()


def test_a_path_that_stands_still_has_no_coefficient():
    first, second = walks(np.random.default_rng(2), 2, 3, 20)
    first[1] = 2.0
    second[2] = 0.1 * np.arange(20)  # the same change each time
    c = coefficients(first, second)
    assert np.isnan(c[1]).all()
    assert np.isnan(c[:, 2]).all()
    assert np.isfinite(c[[0, 2]][:, :2]).all()
    with pytest.raises(ValueError, match="agent 1 in run 1, agent 2 in run 2"):
        permutation(first, second)
    with pytest.raises(ValueError, match="leave these runs out"):
        shuffled_partners(c, np.random.default_rng(0))


def test_pools_by_brute_force():
    first, second = walks(np.random.default_rng(3), 2, 5, 30)
    c, n = coefficients(first, second), 5
    paths = [*first, *second]
    met_not = [c[a, b] for a in range(n) for b in range(n) if a != b]
    everyone = [
        np.corrcoef(np.diff(x), np.diff(y))[0, 1] for x, y in itertools.combinations(paths, 2)
    ]
    for tail, size in (("larger", lambda x: x), ("both", abs)):
        expected = {
            "other runs": [
                (1 + sum(size(v) >= size(r) for v in met_not)) / 21 for r in c.diagonal()
            ],
            "all": [(size(c) >= size(r)).mean() for r in c.diagonal()],
            "everyone": [
                sum(size(v) >= size(r) - 1e-9 for v in everyone) / 45 for r in c.diagonal()
            ],
        }
        for pool, p in expected.items():
            found = permutation(first, second, pool=pool, tail=tail)
            np.testing.assert_allclose(found.p, p)
            np.testing.assert_allclose(found.harmonic, stats.hmean(p))
            np.testing.assert_array_equal(found.real, c.diagonal())
    assert sorted(permutation(first, second).pool) == pytest.approx(sorted(met_not))
    assert sorted(permutation(first, second, pool="everyone").pool) == pytest.approx(
        sorted(everyone)
    )


@pytest.mark.parametrize("n", [2, 8, 10])
def test_the_least_values(n):
    """All real pairs on top: the p-value depends on the number of runs alone."""
    steps = np.random.default_rng(n).standard_normal((n, 200))
    first = steps.cumsum(-1)
    second = (steps + 0.1 * np.random.default_rng(0).standard_normal((n, 200))).cumsum(-1)
    harmonic = {pool: permutation(first, second, pool=pool).harmonic for pool in reciprocity.POOLS}
    H = (1 / np.arange(1, n + 1)).sum()
    assert harmonic["other runs"] == pytest.approx(1 / (n * n - n + 1))
    assert harmonic["all"] == pytest.approx(1 / (n * H))
    assert harmonic["everyone"] == pytest.approx(1 / ((2 * n - 1) * H))
    if n == 8:
        assert round(float(harmonic["other runs"]), 3) == 0.018
    if n == 10:
        assert round(float(harmonic["everyone"]), 3) == 0.018


def test_tails_interval_and_lag_are_passed_on():
    rng = np.random.default_rng(4)
    first, second = walks(rng, 2, 6, 90)
    opposite = permutation(first, -first, tail="larger")
    assert (opposite.p == 1).all()
    assert permutation(first, -first, tail="both").harmonic == pytest.approx(1 / 31)
    for pool in reciprocity.POOLS:
        found = permutation(first, second, 3, 2, pool)
        np.testing.assert_allclose(found.real, coefficients(first, second, 3, 2).diagonal())
    batch = permutation(np.stack([first, second]), np.stack([second, -second]))
    assert batch.p.shape == (2, 6)
    for k, pair in enumerate(((first, second), (second, -second))):
        np.testing.assert_array_equal(batch.p[k], permutation(*pair).p)


def test_shuffled_partners_is_the_exact_test():
    """All 120 pairings of five runs, against 20,000 drawn ones."""
    rng = np.random.default_rng(5)
    c = rng.normal(size=(5, 5)) + 0.5 * np.eye(5)
    runs = np.arange(5)
    for tail, size in (("larger", lambda x: x), ("both", abs)):
        means = np.array([c[runs, list(s)].mean() for s in itertools.permutations(runs)])
        exact = (size(means) >= size(c.diagonal().mean()) - 1e-12).mean()
        drawn = shuffled_partners(c, np.random.default_rng(6), 20_000, tail)
        assert drawn == pytest.approx(exact, abs=0.012)
    strong = shuffled_partners(np.eye(12), rng, 99)
    assert strong == pytest.approx(0.01)
    assert shuffled_partners(-np.eye(12), rng, 99) == 1
    assert shuffled_partners(np.full((4, 4), 0.1), rng, 99) == 1  # ties are as extreme
    assert shuffled_partners(-np.eye(12), rng, 99, "both") == pytest.approx(0.01)


def test_the_size_of_the_test():
    """Independent walks: shuffled partners reject as often as they say, the ranks no more often."""
    rng = np.random.default_rng(7)
    first, second = walks(rng, 2, 1500, 8, 60)
    p = shuffled_partners(coefficients(first, second), rng, 199)
    for level in (0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=3.5 * np.sqrt(0.25 / 1500))
    assert (permutation(first, second).harmonic <= 0.05).mean() < 0.05
    curve = first - 5 * np.sqrt(np.arange(60)), second - 5 * np.sqrt(np.arange(60))
    c = coefficients(*curve)
    assert np.diagonal(c, axis1=-2, axis2=-1).mean() > 0.2
    assert (shuffled_partners(c, rng, 199) <= 0.05).mean() == pytest.approx(0.05, abs=0.02)
    noise = 0.7 * rng.standard_normal(first.shape).cumsum(-1)
    assert (shuffled_partners(coefficients(first, first + noise), rng, 199) <= 0.05).all()


def test_harmonic_mean_by_hand_and_by_scipy():
    assert reciprocity.harmonic_mean_p([0.5, 0.25, 0.125]) == pytest.approx(3 / 14)
    p = np.random.default_rng(8).random((4, 7))
    np.testing.assert_allclose(reciprocity.harmonic_mean_p(p), stats.hmean(p, axis=-1))
    for bad in ([], 0.5, [0.0, 0.5], [0.5, 1.1], [np.nan]):
        with pytest.raises(ValueError, match="p-values"):
            reciprocity.harmonic_mean_p(bad)


@pytest.mark.parametrize("count", [10, 100])
def test_landau_is_the_law_of_the_mean(count):
    harmonic = reciprocity.harmonic_mean_p(np.random.default_rng(9).random((100_000, count)))
    for level in (0.01, 0.05, 0.2):
        at = np.quantile(harmonic, level)
        assert reciprocity.landau_p(at, count) == pytest.approx(level, rel=0.08)
        assert at < level or level == 0.01


def test_landau_against_its_density():
    """Its slope is the density, inverted from the characteristic function."""
    t = np.linspace(0, 30, 60_001)[1:]
    scale, place = np.pi / 2, np.log(10) + 0.874364
    turn = place * t - scale * t * (2 / np.pi) * np.log(scale * t)
    for x in (3.0, 20.0, 30.0):
        wave = np.concatenate([[1.0], np.exp(-scale * t) * np.cos(turn - x * t)])
        density = np.trapezoid(wave, np.concatenate([[0.0], t])) / np.pi
        before, after = (reciprocity.landau_p(1 / (x + h), 10) for h in (-0.01, 0.01))
        assert (before - after) / 0.02 == pytest.approx(density, rel=1e-3)


def test_what_is_refused():
    rng = np.random.default_rng(10)
    first, second = walks(rng, 2, 4, 20)
    with pytest.raises(ValueError, match="pool='real'"):
        permutation(first, second, pool="real")
    with pytest.raises(ValueError, match="tail='two'"):
        permutation(first, second, tail="two")
    with pytest.raises(ValueError, match="one a run"):
        permutation(first, second[:3])
    with pytest.raises(ValueError, match="two runs or more"):
        permutation(first[:1], second[:1])
    with pytest.raises(ValueError, match="same times"):
        coefficients(first, second[:, :-1])
    with pytest.raises(ValueError, match="same times"):
        coefficients(first[0], second[0])
    for lag in (17, -17, 0.5):
        with pytest.raises(ValueError, match="leaves three changes"):
            coefficients(first, second, lag=lag)
    c = coefficients(first, second)
    with pytest.raises(ValueError, match="as many paths"):
        shuffled_partners(c[:3], rng)
    with pytest.raises(ValueError, match="tail="):
        shuffled_partners(c, rng, tail="smaller")
    with pytest.raises(ValueError, match="count is 0"):
        shuffled_partners(c, rng, 0)
    for harmonic, count in ((0, 10), (1.2, 10), (0.5, 1), (0.5, 2.5)):
        with pytest.raises(ValueError, match="two or more p-values"):
            reciprocity.landau_p(harmonic, count)
