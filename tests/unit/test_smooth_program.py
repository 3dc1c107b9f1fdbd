"""The closed form of the program (78) to (83), against scipy and against hand-made cases."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from d3c_minimal.anarchy import smooth_program

SIZES = st.floats(0.0, 5.0).filter(lambda v: v == 0 or v > 1e-6)


@pytest.mark.parametrize(
    ("a", "c", "mu_bar", "rho", "first", "case"),
    [
        (0.5, 1.2, 5.0, 1.3, 5.0, 1),
        (0.5, 1.2, np.inf, 1.2, np.inf, 1),
        (0.5, 0.8, 2.0, 1.05, 2.0, 2),
        (0.5, 0.75, 2.0, 1.0, 2.0, 3),
        (0.5, 0.8, 4.0, 1.0, 2.5, 3),
        (0.5, 0.8, np.inf, 1.0, 2.5, 3),
        (0.0, 1.2, 3.0, 1.2, 0.0, 4),
        (0.0, 0.9, 3.0, 1.0, 0.0, 4),
        (0.5, 1.0, np.inf, 1.0, np.inf, 1),
    ],
)
def test_the_four_cases(a, c, mu_bar, rho, first, case):
    found = smooth_program(a, c, mu_bar)
    assert found.rho == pytest.approx(rho, rel=1e-12)
    assert found.first == pytest.approx(first, rel=1e-12)
    assert (found.last, found.case) == (mu_bar, case)


@given(SIZES, SIZES, st.floats(0.01, 50.0), st.floats(0.0, 1.0))
@example(0.0, 0.0, 1.0, 0.5)
def test_no_point_is_better_and_the_minimisers_are_as_good(a, c, mu_bar, share):
    found = smooth_program(a, c, mu_bar)
    for mu_hat in np.geomspace(1e-6 * mu_bar, mu_bar, 200):
        ratio = max(a + c * mu_hat, mu_hat) / mu_hat
        assert ratio >= found.rho * (1 - 1e-12)
        if mu_hat < found.first * (1 - 1e-3) and a > 1e-3 * mu_hat:
            assert ratio > found.rho
    mu_hat = found.first + share * (found.last - found.first)
    assume(mu_hat > 0)
    assert max(a / mu_hat + c, 1.0) == pytest.approx(float(found.rho), rel=1e-9)


@given(st.floats(0.05, 2.0), st.floats(0.0, 2.0), st.floats(0.2, 5.0))
def test_scipy_finds_the_same(a, c, mu_bar):
    """With s = 1 / mu_hat and r = lam / mu_hat: min r, r >= a s + c, r >= 1, s >= 1 / mu_bar."""
    from scipy.optimize import linprog

    solved = linprog(
        [0, 1], A_ub=[[a, -1]], b_ub=[-c], bounds=[(1 / mu_bar, None), (1, None)], method="highs"
    )
    assert solved.fun == pytest.approx(float(smooth_program(a, c, mu_bar).rho), rel=1e-7)


def test_it_takes_arrays_and_leaves_them_alone():
    a, mu_bar = np.array([0.1, 0.5]), np.array([[1.0], [2.0]])
    found = smooth_program(a, 1.0, mu_bar)
    np.testing.assert_allclose(found.rho, [[1.1, 1.5], [1.05, 1.25]])
    found.last[:] = 9.0
    assert mu_bar.max() == 2.0


@pytest.mark.parametrize(
    ("a", "c", "mu_bar", "message"),
    [
        (-0.1, 1.0, 1.0, "not negative"),
        (0.1, -1.0, 1.0, "not negative"),
        (np.nan, 1.0, 1.0, "finite"),
        (0.1, np.inf, 1.0, "finite"),
        (0.1, 1.0, 0.0, "above 0"),
        (0.1, 1.0, np.nan, "above 0"),
    ],
)
def test_bad_input_is_refused(a, c, mu_bar, message):
    with pytest.raises(ValueError, match=message):
        smooth_program(a, c, mu_bar)
