"""The price of anarchy and its bracket, against matrix games worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from d3c_minimal import games
from d3c_minimal.anarchy import price_of_anarchy, price_of_anarchy_bracket
from d3c_minimal.finite import best_actions, from_payoffs, mixed_equilibria, pure_equilibria

PENNIES = np.array([[[1.0, 3.0], [3.0, 1.0]], [[3.0, 1.0], [1.0, 3.0]]])
# Meet at place 0 (1 each) or at place 1 (2 each); to miss each other costs 4. In the mixed
# equilibrium q + 4 (1 - q) = 4 q + 2 (1 - q), so q = 2/5 on place 0 and the loss is 14/5.
MEETING = np.repeat(np.array([[1.0, 4.0], [4.0, 2.0]])[..., None], 2, -1)


def test_one_equilibrium_and_several():
    assert price_of_anarchy([6.0, 6.0], [1.0, 1.0]) == 6.0
    assert price_of_anarchy([[1.0, 2.0], [4.0, 3.0], [2.0, 2.0]], [1.0, 1.0]) == 3.5


def test_rounding_below_the_optimum_gives_one():
    assert price_of_anarchy([1.0, 1.0 - 1e-13], [1.0, 1.0]) == 1.0


@pytest.mark.parametrize(
    ("equilibrium", "optimal", "message"),
    [
        ([1.0, 1.0], [1.0, -1.0], "offset"),
        ([-1.0, -1.0], [-2.0, -1.0], "offset"),
        ([[3.0, 3.0], [1.0, 0.9]], [1.0, 1.0], "below the optimum"),
        ([1.0, np.nan], [1.0, 1.0], "finite"),
        ([1.0, 1.0, 1.0], [1.0, 1.0], "shape"),
        ([[[1.0, 1.0]]], [1.0, 1.0], "shape"),
        (2.0, 1.0, "shape"),
        (np.empty((0, 2)), [1.0, 1.0], "no equilibrium"),
    ],
)
def test_bad_input_is_refused(equilibrium, optimal, message):
    with pytest.raises(ValueError, match=message):
        price_of_anarchy(equilibrium, optimal)


@given(st.floats(0, 1e6))
def test_an_offset_moves_it_to_one(offset):
    """(E + n c) / (O + n c) for the offset c."""
    shifted = price_of_anarchy(np.full(2, 6.0) + offset, np.full(2, 1.0) + offset)
    assert shifted == pytest.approx((12 + 2 * offset) / (2 + 2 * offset), rel=1e-12)


@pytest.mark.parametrize("kappa", [0.05, 0.5, 1.0])
def test_games_with_a_known_price(kappa):
    known = games.nash_paradox(kappa).reference
    expected = 1 / (kappa * (2 - kappa))
    assert price_of_anarchy(known.nash_losses, known.optimal_losses) == pytest.approx(expected)
    for c in (1.0, kappa):
        known = games.prisoners_dilemma(10, c).reference
        price = price_of_anarchy(known.nash_losses, known.optimal_losses)
        assert price == pytest.approx(10 / 9)


def test_traffic_leaves_no_gap():
    bracket = price_of_anarchy_bracket(games.traffic(45.0, 45.0, 0.0, 10.0, 10.0))
    assert bracket.lower == 80 / 65
    assert bracket.upper == pytest.approx(80 / 65, rel=1e-9)
    assert [e.actions for e in bracket.pure] == [(2, 2, 2, 2)]
    assert bracket.best.value == 260.0


def test_traffic_with_the_road_closed_is_worse_mixed_than_pure():
    """Half and half each: 10 (1 + 3/2) + 45 = 70 minutes, against 65 at two and two."""
    game = games.traffic(45.0, 45.0, None, 10.0, 10.0)
    assert np.array_equal(game.loss(np.full(8, 0.5)), [70.0] * 4)
    bracket = price_of_anarchy_bracket(game)
    assert bracket.lower == 1.0
    assert bracket.upper == pytest.approx(70 / 65, rel=1e-7)


def test_prisoners_dilemma():
    tensor = np.array([[[1.0, 1.0], [10.0, 0.0]], [[0.0, 10.0], [6.0, 6.0]]])
    bracket = price_of_anarchy_bracket(tensor)
    assert bracket.lower == 6.0
    assert bracket.upper == pytest.approx(6.0, rel=1e-7)


def test_matching_pennies_has_no_pure_equilibrium():
    """Constant sum 4: every outcome is optimal, both bounds are 1."""
    bracket = price_of_anarchy_bracket(PENNIES)
    assert bracket.pure == []
    assert (bracket.lower, round(bracket.upper, 9)) == (1.0, 1.0)


def test_a_game_without_pure_equilibrium_has_a_gap():
    """Pennies where one match is cheap for both in total: the lower bound is 1 and not attained."""
    tensor = PENNIES.copy()
    tensor[0, 0] = [0.5, 2.0]
    bracket = price_of_anarchy_bracket(tensor)
    assert bracket.pure == []
    assert bracket.lower == 1.0
    # The mixed equilibrium: each takes action 0 so often that the other is indifferent.
    p = 2 / 3  # of player 1, where 2 p + 1 (1 - p) = 1 p + 3 (1 - p)
    q = 4 / 9  # of player 2, where 0.5 q + 3 (1 - q) = 3 q + 1 (1 - q)
    mixed = np.einsum("a,b,abz->z", [p, 1 - p], [q, 1 - q], tensor).sum()
    assert bracket.lower < mixed / 2.5 <= bracket.upper + 1e-9


def test_a_mixed_equilibrium_worse_than_both_pure_ones():
    bracket = price_of_anarchy_bracket(MEETING)
    assert bracket.lower == 2.0
    q = np.array([0.4, 0.6])
    mixed = np.einsum("a,b,abz->z", q, q, MEETING)
    np.testing.assert_allclose(mixed, [2.8, 2.8])
    assert 2.8 <= bracket.upper + 1e-9
    assert bracket.upper < 4.0
    every = [point.losses for point in mixed_equilibria(MEETING)]
    assert price_of_anarchy(every, bracket.best.losses) == pytest.approx(2.8)


@given(st.lists(st.integers(2, 3), min_size=2, max_size=3), st.integers(0, 10**6))
def test_lower_is_at_most_upper(shape, seed):
    tensor = np.random.default_rng(seed).uniform(0.5, 2.0, (*shape, len(shape)))
    bracket = price_of_anarchy_bracket(tensor)
    assert 1.0 <= bracket.lower <= bracket.upper <= tensor.sum(-1).max() / tensor.sum(-1).min()
    if bracket.pure:
        losses = [point.losses for point in bracket.pure]
        assert bracket.lower == price_of_anarchy(losses, bracket.best.losses)


def test_the_bracket_refuses_totals_that_are_not_positive():
    with pytest.raises(ValueError, match="offset"):
        price_of_anarchy_bracket(PENNIES - 2.0)


def test_a_game_of_rewards_alone_has_no_ratio():
    """A stag for two is worth 2 each, a hare 1: totals -4 and -2. The difference stays."""
    hunt = from_payoffs([[2, 0], [1, 1]], [[2, 1], [0, 1]])
    with pytest.raises(ValueError, match=r"is -4: .*Compare differences.*zero that means"):
        price_of_anarchy_bracket(hunt)
    for offset in (0.0, 10.0):
        worst = max(point.losses.sum() for point in pure_equilibria(hunt + offset))
        assert worst - best_actions(hunt + offset).value == 2.0
