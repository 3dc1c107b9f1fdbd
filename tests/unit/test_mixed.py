"""Mixed equilibria of two-player games: by hand, against the definition, and by other methods."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from d3c_minimal import mixed
from d3c_minimal.anarchy import price_of_anarchy_bracket
from d3c_minimal.equilibria import (
    deviation_gains,
    find_equilibria,
    mixed_equilibria,
    normal_form,
    pure_equilibria,
)
from d3c_minimal.finite import best_actions, mixed_extension

few = settings(max_examples=40, deadline=None, derandomize=True)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))
kinds = st.sampled_from(["plain", "ties", "offset"])


def random_tensor(seed, shape, kind="plain"):
    """Losses of two players: with no ties, with many, or small differences far from 0."""
    rng = np.random.default_rng(seed)
    if kind == "ties":
        return rng.integers(0, 3, (*shape, 2)).astype(float)
    return rng.normal(size=(*shape, 2)) + (1e4 if kind == "offset" else 0.0)


def two(B1, B2):
    return np.stack([np.array(B1, float), np.array(B2, float)], -1)


def strategies(found):
    return [[p.tolist() for p in point.strategies] for point in found]


def best_response_by_linprog(losses):
    """The least expected loss over a player's simplex, by linear programming."""
    found = linprog(losses, A_eq=np.ones((1, len(losses))), b_eq=[1.0])
    assert found.status == 0
    return found.fun


def close(found, expected):
    points = [point.x for point in found]
    return len(points) == len(expected) and all(
        min(abs(x - np.array(e)).max() for x in points) < 1e-12 for e in expected
    )


# By hand.


def test_matching_pennies():
    (point,) = mixed_equilibria(two([[1, 3], [3, 1]], [[3, 1], [1, 3]]))
    np.testing.assert_allclose(np.concatenate(point.strategies), 0.5, atol=1e-15)
    np.testing.assert_allclose(point.losses, [2.0, 2.0], atol=1e-15)
    assert abs(point.gain) < 1e-15
    assert point.x.shape == (4,)


def test_whose_mixture_comes_from_whose_losses():
    """x makes player 2 indifferent: 4 x = 1 - x; y makes player 1: 2 y = 3 (1 - y)."""
    (point,) = mixed_equilibria(two([[2, 0], [0, 3]], [[0, 4], [1, 0]]))
    np.testing.assert_allclose(point.strategies[0], [0.2, 0.8], atol=1e-15)
    np.testing.assert_allclose(point.strategies[1], [0.6, 0.4], atol=1e-15)
    np.testing.assert_allclose(point.losses, [1.2, 0.8], atol=1e-15)


def test_a_meeting_has_three_and_the_worst_comes_first():
    """Miss each other: 4. By hand q = 2/5 on the first place, and 14/5 for each."""
    meeting = [[1, 4], [4, 2]]
    found = mixed_equilibria(two(meeting, meeting))
    np.testing.assert_allclose(found[0].x, [0.4, 0.6, 0.4, 0.6], atol=1e-15)
    np.testing.assert_allclose(found[0].losses, [2.8, 2.8], atol=1e-14)
    assert strategies(found[1:]) == [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]


def test_stone_scissors_paper_with_a_useless_fourth_action():
    B1 = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0], [5, 5, 5]])
    (point,) = mixed_equilibria(two(B1, -B1))
    np.testing.assert_allclose(point.x, [1 / 3] * 3 + [0] + [1 / 3] * 3, atol=1e-15)
    assert point.x[3] == 0.0  # exactly


def test_a_degenerate_game_is_represented_by_extreme_points():
    """Losses: player 1 never minds; player 2 prefers action 0 where x_1 >= 1/2.

    Equilibria: any x with x_1 >= 1/2 and y = (1, 0); any x with x_1 <= 1/2 and y = (0, 1); and
    x = (1/2, 1/2) with any y. The corners of these three segments are four points.
    """
    found = mixed_equilibria(two([[3, 3], [3, 3]], [[0, 1], [1, 0]]))
    half = [[0.5, 0.5, 1, 0], [0.5, 0.5, 0, 1]]
    assert close(found, [[1, 0, 1, 0], [0, 1, 0, 1], *half])


def test_a_weakly_dominated_action_shares_a_segment():
    """Player 1's second action costs 1 more against y_2 alone: equilibria with y_2 = 0 and any x.

    Player 2 is indifferent at x = (1, 0) and loses 1 by y_2 at x = (0, 1); so y_2 = 0 wherever
    x_2 > 0, and at x = (1, 0) any y is an equilibrium.
    """
    found = mixed_equilibria(two([[0, 0], [0, 1]], [[2, 2], [0, 1]]))
    assert close(found, [[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1]])


def test_nobody_minds_anything():
    found = mixed_equilibria(np.full((2, 3, 2), 7.0))
    expected = [[*np.eye(2)[i], *np.eye(3)[j]] for i in range(2) for j in range(3)]
    assert close(found, expected)
    assert all(point.gain == 0 for point in found)


def test_a_tie_among_worse_actions_makes_no_corner():
    """Player 2's actions 1 and 2 tie at x = (1/2, 1/2), but action 0 is better there."""
    found = mixed_equilibria(two(np.full((2, 3), 3), [[0, 1, 2], [0, 2, 1]]))
    assert close(found, [[1, 0, 1, 0, 0], [0, 1, 1, 0, 0]])


def test_all_losses_zero():
    with np.errstate(all="raise"):
        assert len(mixed_equilibria(np.zeros((2, 2, 2)))) == 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 1)])
def test_a_player_without_a_choice(shape):
    tensor = random_tensor(1, shape)
    (point,) = mixed_equilibria(tensor)
    (pure,) = pure_equilibria(tensor)
    assert tuple(p.argmax() for p in point.strategies) == pure.actions
    assert np.array_equal(point.losses, pure.losses)


# Against the definition and other methods.


@few
@given(st.integers(0, 10**6), sizes, kinds)
def test_certificates_never_lie(seed, shape, kind):
    tensor = random_tensor(seed, shape, kind)
    kept, size = tensor.copy(), abs(tensor).max()
    found = mixed_equilibria(tensor)
    assert found
    for point in found:
        x, y = point.strategies
        assert ((point.x == 0) | (point.x > 1e-9)).all()
        np.testing.assert_allclose([x.sum(), y.sum()], 1.0, atol=1e-14)
        chances = np.outer(x, y)[..., None]
        np.testing.assert_allclose(point.losses, (chances * tensor).sum((0, 1)), rtol=1e-9)
        deviations = [point.losses[0] - (tensor[a, :, 0] * y).sum() for a in range(shape[0])]
        deviations += [point.losses[1] - (tensor[:, b, 1] * x).sum() for b in range(shape[1])]
        assert point.gain == pytest.approx(max(deviations), abs=1e-12 * size)
        assert abs(point.gain) <= 1e-9 * size
        best = [best_response_by_linprog(tensor[..., 0] @ y)]
        best += [best_response_by_linprog(x @ tensor[..., 1])]
        assert (point.losses <= np.array(best) + 1e-8 * (1 + size)).all()
    assert np.array_equal(tensor, kept)


@few
@given(st.integers(0, 10**6), sizes)
def test_the_certificate_of_any_point_is_its_largest_gain(seed, shape):
    tensor, rng = random_tensor(seed, shape), np.random.default_rng(seed)
    x, y = (rng.dirichlet(np.ones(m)) for m in shape)
    point = mixed._certified(tensor, x, y)
    game = mixed_extension(tensor)
    np.testing.assert_allclose(point.losses, game.loss(point.x), atol=1e-14)
    assert point.gain == pytest.approx(deviation_gains(game, point.x, rng).max(), abs=1e-9)


@few
@given(st.integers(0, 10**6), sizes, kinds)
def test_pure_equilibria_are_among_them_and_no_point_comes_twice(seed, shape, kind):
    tensor = random_tensor(seed, shape, kind)
    points = np.array([point.x for point in mixed_equilibria(tensor)])
    for pure in pure_equilibria(tensor):
        vertex = np.concatenate([np.eye(m)[a] for m, a in zip(shape, pure.actions, strict=True)])
        assert (points == vertex).all(-1).sum() == 1
    for a, b in itertools.combinations(points, 2):
        assert abs(a - b).max() > 1e-7
    if kind == "plain":
        assert len(points) % 2 == 1  # nondegenerate: an odd number (Wilson 1971)


@few
@given(st.integers(0, 10**6), sizes)
def test_totals_lie_within_the_bracket(seed, shape):
    tensor = np.abs(random_tensor(seed, shape)) + 0.1
    bracket, least = price_of_anarchy_bracket(tensor), best_actions(tensor).value
    totals = [point.losses.sum() for point in mixed_equilibria(tensor)]
    assert totals == sorted(totals, reverse=True)
    assert bracket.lower - 1e-9 <= totals[0] / least <= bracket.upper + 1e-6
    assert totals[-1] >= least - 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_no_other(seed):
    """The smooth search on the mixed extension shares no line with the enumeration."""
    tensor = random_tensor(seed, (2, 3))
    game, known = mixed_extension(tensor), [point.x for point in mixed_equilibria(tensor)]
    found = find_equilibria(game, np.random.default_rng(seed), starts=12)
    assert found
    for point in found:
        assert min(abs(point.x - x).max() for x in known) < 1e-5
    for x in known:
        assert deviation_gains(game, x, np.random.default_rng(0)).max() < 1e-9


@few
@given(st.integers(0, 10**6), sizes, st.sampled_from([1e-6, 1e6]))
def test_scale_and_the_opponents_constants_do_not_matter(seed, shape, scale):
    """What one's action costs the opponent whatever it does changes no best response."""
    tensor, rng = random_tensor(seed, shape), np.random.default_rng(seed)
    other = tensor * scale
    other[..., 0] += 10 * scale * rng.normal(size=shape[1])
    other[..., 1] += 10 * scale * rng.normal(size=shape[0])[:, None]
    one, two = (sorted(p.x.round(6).tolist() for p in mixed_equilibria(t)) for t in (tensor, other))
    np.testing.assert_allclose(one, two, atol=1e-5)


@few
@given(st.integers(0, 10**6), sizes, st.sampled_from(["plain", "ties"]))
def test_players_may_change_places(seed, shape, kind):
    tensor = random_tensor(seed, shape, kind)
    swapped = tensor.transpose(1, 0, 2)[..., ::-1]
    one = {tuple(p.x.round(6) + 0.0) for p in mixed_equilibria(tensor)}
    two = {
        tuple(np.concatenate(p.strategies[::-1]).round(6) + 0.0) for p in mixed_equilibria(swapped)
    }
    assert one == two


def test_a_game_is_accepted_as_well():
    tensor = random_tensor(3, (3, 3))
    game = mixed_extension(tensor)
    assert np.array_equal(normal_form(game), tensor)
    assert strategies(mixed_equilibria(game)) == strategies(mixed_equilibria(tensor))


def test_a_corner_split_by_rounding_is_one():
    tensor = random_tensor(3, (2, 2))
    x = np.array([0.25, 0.75])
    points = [mixed._certified(tensor, x + np.array([d, -d]), x) for d in (0.0, 1e-9, 1e-3)]
    assert list(mixed._distinct(points)) == [points[0], points[2]]


# Refusals.


def test_three_players_are_sent_to_the_search():
    with pytest.raises(ValueError, match=r"has 3: search with find_equilibria\(mixed_extension"):
        mixed_equilibria(np.zeros((2, 2, 2, 3)))


def test_too_many_actions_are_refused(monkeypatch):
    with pytest.raises(ValueError, match=r"10 x 10 .*1.85e\+05 linear systems.*50,000"):
        mixed_equilibria(np.zeros((10, 10, 2)))
    monkeypatch.setattr(mixed, "MAX_SYSTEMS", 6)
    assert mixed_equilibria(random_tensor(0, (2, 2)))
    with pytest.raises(ValueError, match="too many"):
        mixed_equilibria(random_tensor(0, (2, 3)))


@pytest.mark.parametrize("tensor", [np.zeros((2, 2)), np.full((2, 2, 2), np.nan)])
def test_malformed_tensors_are_refused(tensor):
    with pytest.raises(ValueError, match="loss tensor"):
        mixed_equilibria(tensor)
