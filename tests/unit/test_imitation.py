"""Metric matching: balances by hand."""

import numpy as np
import pytest

from d3c_minimal.agents import imitation

HOW = imitation.Imitation(weight=2.0, fade=0.5)


def test_a_balance_by_hand():
    before = np.zeros((2, 1))
    after = imitation.balance(before, np.array([[2.0], [0.0]]), HOW)
    np.testing.assert_array_equal(after, [[2], [-2]])
    after = imitation.balance(after, np.array([[0.0], [2.0]]), HOW)
    np.testing.assert_array_equal(after, [[-1], [1]])
    np.testing.assert_array_equal(imitation.intrinsic(after, HOW), [[-2], [-2]])
    assert not before.any()


def test_equal_harm_and_no_harm_cost_alike():
    even = imitation.balance(np.zeros((2, 3)), np.full((2, 3), 2.0), HOW)
    assert not imitation.intrinsic(even, HOW).any()


def test_three_agents_and_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="defined here for two"):
        imitation.balance(np.zeros((3, 1)), np.zeros((3, 1)), HOW)
    for wrong in ({"weight": -1.0}, {"fade": 1.0}):
        with pytest.raises(ValueError, match="give a weight"):
            imitation.Imitation(**wrong)
