"""Engle and Granger's test: against least squares, tabulated values, and what differences hide."""

import numpy as np
import pytest

from d3c_minimal.cointegration import engle_granger, null, p_value
from d3c_minimal.reciprocity import coefficients


def test_the_statistic_is_that_of_two_regressions():
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 3, 50)).cumsum(-1)
    kept = first.copy()
    found = engle_granger(first, second)
    for k in range(3):
        design = np.column_stack([first[k], np.ones(50)])
        e = second[k] - design @ np.linalg.lstsq(design, second[k], rcond=None)[0]
        g, rest, *_ = np.linalg.lstsq(e[:-1, None], np.diff(e), rcond=None)
        error = np.sqrt(rest[0] / 48 / (e[:-1] ** 2).sum())
        assert found[k] == pytest.approx(g[0] / error)
    assert np.array_equal(first, kept)


def test_level_and_scale_do_not_matter():
    first, second = np.random.default_rng(1).standard_normal((2, 60)).cumsum(-1)
    moved = engle_granger(5 - 3 * first, 2 * second + 7 * first)
    assert moved == pytest.approx(engle_granger(first, second))


def test_the_null_has_the_tabulated_quantiles():
    """MacKinnon's 5 and 1 per cent for two paths and a constant, 100 times: -3.40 and -4.01."""
    statistic = null(100, 40_000, np.random.default_rng(2))
    low, lower = np.quantile(statistic, [0.05, 0.01])
    assert low == pytest.approx(-3.40, abs=0.03)
    assert lower == pytest.approx(-4.01, abs=0.05)
    assert p_value(low, statistic) == pytest.approx(0.05, abs=1e-3)
    assert p_value(-100.0, statistic) == pytest.approx(1 / 40_001)
    assert p_value(-2.0, np.array([-3.0, -2.0, -1.0])) == 3 / 4
    assert p_value(np.array([100.0, -100.0]), statistic)[0] == 1


def test_it_finds_the_dog_and_not_the_twin():
    """A dog that is called back is co-integrated; a twin in step is not."""
    rng = np.random.default_rng(3)
    runs, times = 200, 200
    drunk = rng.standard_normal((runs, times)).cumsum(-1)
    gap = np.zeros((runs, times))
    for t in range(1, times):
        gap[:, t] = 0.7 * gap[:, t - 1] + 2 * rng.standard_normal(runs)
    dog = drunk + gap
    in_step = 0.7 * np.diff(drunk, prepend=0) + rng.standard_normal((runs, times))
    twin = in_step.cumsum(-1)
    statistic = null(times, 4000, rng)
    assert (p_value(engle_granger(drunk, dog), statistic) < 0.05).mean() > 0.95
    assert (p_value(engle_granger(drunk, twin), statistic) < 0.05).mean() < 0.1
    steps = [coefficients(drunk, other).diagonal().mean() for other in (dog, twin)]
    assert steps[0] < 0.45 < 0.5 < steps[1]


def test_edges():
    x = np.arange(10.0)
    assert np.isnan(engle_granger(np.ones(10), x))
    for first, second in ((x, x[:-1]), (x[:4], x[:4]), (1.0, 2.0)):
        with pytest.raises(ValueError, match="five times or more"):
            engle_granger(first, second)
    with pytest.raises(ValueError, match="not finite"):
        engle_granger(np.where(x > 8, np.inf, x), x)
