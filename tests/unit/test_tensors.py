"""Loss tensors from rewards and from functions of actions, by hand and by loops."""

import decimal
import fractions
import itertools

import numpy as np
import pytest

from d3c_minimal import tensors
from d3c_minimal.finite import from_payoffs, tabulate

# Rewards: both for the stag 2 each, a hare 1, a stag alone 0.
HUNT = np.array([[2, 0], [1, 1]])


def test_losses_are_minus_rewards_player_by_player():
    tensor = from_payoffs(HUNT, HUNT.T)
    assert tensor.dtype == float
    assert np.array_equal(tensor[0, 1], [0.0, -1.0])  # the first hunts the stag alone
    assert np.array_equal(tensor[1, 0], [-1.0, 0.0])
    assert np.array_equal(tensor[..., 0], -HUNT)
    assert not np.signbit(tensor[0, 1, 0])  # 0, not -0


def test_three_players_and_other_numbers():
    tables = np.random.default_rng(0).integers(0, 9, (3, 2, 4, 3))
    kept = tables.copy()
    tensor = from_payoffs(*tables)
    assert tensor.shape == (2, 4, 3, 3)
    for actions in itertools.product(range(2), range(4), range(3)):
        assert np.array_equal(tensor[actions], [-table[actions] for table in tables])
    tensor[:] = 7.0
    assert np.array_equal(tables, kept)
    exact = [[fractions.Fraction(1, 4), decimal.Decimal("0.5")]]
    assert np.array_equal(from_payoffs(exact, exact)[0, :, 1], [-0.25, -0.5])


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        ([], "0 arrays"),
        ([HUNT], r"1 array: .*from_payoffs\(\*P\).*from_payoffs\(P, -P\)"),
        ([HUNT, HUNT[:1]], r"\(2, 2\), \(1, 2\).*one shape"),
        ([HUNT[0], HUNT[0]], "2 axes"),
        ([HUNT, HUNT, HUNT], "3 arrays of one shape with 3 axes"),
        ([np.zeros((2, 0)), np.zeros((2, 0))], "one shape"),
        ([[[1.0, np.nan]], [[1.0, 1.0]]], "finite"),
    ],
)
def test_rewards_that_are_refused(payoffs, message):
    with pytest.raises(ValueError, match=message):
        from_payoffs(*payoffs)


def test_a_table_calls_once_at_each_joint_action():
    seen = []

    def losses(*actions):
        seen.append(actions)
        return np.array([sum(actions), actions[0] * 10.0, -actions[2]])

    tensor = tabulate(losses, [2, np.int64(3), [5.0, 7.0]])
    expected = list(itertools.product(range(2), range(3), [5.0, 7.0]))
    assert seen == expected
    assert tensor.shape == (2, 3, 2, 3)
    assert np.array_equal(tensor.reshape(-1, 3), [[sum(a), a[0] * 10, -a[2]] for a in expected])


def test_actions_may_be_any_objects():
    tensor = tabulate(lambda a, b: [len(a), b is None], [["one", "three"], (None, "x", range(2))])
    assert np.array_equal(tensor[..., 0], [[3.0] * 3, [5.0] * 3])
    assert np.array_equal(tensor[..., 1], [[1.0, 0.0, 0.0]] * 2)


@pytest.mark.parametrize(
    ("losses", "actions", "error", "message"),
    [
        (lambda a, b: [a, b], 3, TypeError, r"one entry for each player.*\[3, 3\]"),
        (lambda a, b: [a, b], "ab", TypeError, "one entry"),
        (lambda a, b: [a, b], [2, "stay"], TypeError, "'stay'.*list of them"),
        (lambda a, b: [a, b], [2, 2.0], TypeError, "whole number"),
        (lambda a: [a], [3], ValueError, "two players"),
        (lambda a, b: [a, b], [2, []], ValueError, r"\(2, 0\).*at least one"),
        (lambda a, b: [a, b], [2, 0], ValueError, "at least one"),
        (lambda a, b: [a, b], [1001, 1000], ValueError, "too many.*1,000,000"),
        (lambda a, b: [a, b, 0], [2, 2], ValueError, r"\(0, 0\).*return 2 finite"),
        (lambda a, b: a, [2, 2], ValueError, "return 2 finite"),
        (lambda a, b: None, [2, 2], ValueError, "return 2 finite"),
        (lambda a, b: [a, 1 / b if b else np.inf], [2, 2], ValueError, "return 2 finite"),
    ],
)
def test_functions_that_are_refused(losses, actions, error, message):
    with pytest.raises(error, match=message):
        tabulate(losses, actions)


def test_the_limit_on_calls_itself_passes(monkeypatch):
    monkeypatch.setattr(tensors, "MAX_CALLS", 6)
    assert tabulate(lambda a, b: [a, b], [2, 3]).shape == (2, 3, 2)
    with pytest.raises(ValueError, match="too many"):
        tabulate(lambda a, b: [a, b], [7, 1])
