"""Finite games: enumeration and the linear program, against hand and brute force."""

import itertools

import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from d3c_minimal import games
from d3c_minimal.finite import (
    best_actions,
    loss_tensor,
    normal_form,
    pure_equilibria,
    worst_coarse_correlated,
)
from d3c_minimal.game import Game
from d3c_minimal.spaces import Simplices

# Years in prison; action 0 stays silent, 1 confesses.
DILEMMA = np.array([[[1.0, 1.0], [10.0, 0.0]], [[0.0, 10.0], [6.0, 6.0]]])
PENNIES = np.array([[[1.0, 3.0], [3.0, 1.0]], [[3.0, 1.0], [1.0, 3.0]]])


def random_tensor(seed, shape):
    return np.random.default_rng(seed).uniform(0.5, 2.0, (*shape, len(shape)))


def brute_force_pure(tensor):
    """The definition, in loops."""
    shape, found = tensor.shape[:-1], []
    for actions in itertools.product(*map(range, shape)):
        gains = []
        for i, m in enumerate(shape):
            for b in range(m):
                other = (*actions[:i], b, *actions[i + 1 :])
                gains.append(tensor[actions][i] - tensor[other][i])
        if max(gains) <= 0:
            found.append(actions)
    return found


shapes = st.lists(st.integers(1, 3), min_size=2, max_size=4).map(tuple)


def test_prisoners_dilemma_by_hand():
    (point,) = pure_equilibria(DILEMMA)
    assert point.actions == (1, 1)
    assert np.array_equal(point.losses, [6.0, 6.0])
    assert np.array_equal(point.margins, [4.0, 4.0])
    assert point.gain == -4.0
    best = best_actions(DILEMMA)
    assert (best.value, best.actions, best.margin) == (2.0, (0, 0), 8.0)


def test_no_pure_equilibrium_in_matching_pennies():
    assert pure_equilibria(PENNIES) == []


def test_an_indifferent_player_shows_in_the_margins():
    tensor = np.stack([[[1.0, 2.0], [1.0, 3.0]], [[5.0, 7.0], [9.0, 8.0]]], -1)
    (point,) = pure_equilibria(tensor)
    assert point.actions == (0, 0)
    assert np.array_equal(point.margins, [0.0, 2.0])
    assert point.gain == 0.0
    tensor[0, 0, 0] += 1e-12
    assert pure_equilibria(tensor) == []
    assert [e.actions for e in pure_equilibria(tensor, tol=1e-9)] == [(0, 0)]


@given(shapes, st.integers(0, 10**6), st.booleans())
def test_pure_equilibria_agree_with_the_definition(shape, seed, ties):
    tensor = random_tensor(seed, shape)
    if ties:
        tensor = np.round(2 * tensor)
    before = tensor.copy()
    assert [e.actions for e in pure_equilibria(tensor)] == brute_force_pure(tensor)
    assert np.array_equal(tensor, before)
    for point in pure_equilibria(tensor):
        assert point.gain <= 0
        single = [i for i, m in enumerate(shape) if m == 1]
        assert np.isinf(point.margins[single]).all()


@given(shapes, st.integers(0, 10**6))
def test_best_actions_is_the_least_total(shape, seed):
    tensor = random_tensor(seed, shape)
    totals = sorted(tensor[a].sum() for a in itertools.product(*map(range, shape)))
    best = best_actions(tensor)
    assert best.value == totals[0] == tensor[best.actions].sum()
    assert best.margin == (totals[1] - totals[0] if len(totals) > 1 else np.inf)


def test_worst_coarse_correlated_of_matching_pennies_is_half_and_half():
    worst = worst_coarse_correlated(PENNIES)
    np.testing.assert_allclose(worst.losses, [2.0, 2.0], atol=1e-9)
    np.testing.assert_allclose(worst.distribution.sum(0), [0.5, 0.5], atol=1e-9)
    np.testing.assert_allclose(worst.distribution.sum(1), [0.5, 0.5], atol=1e-9)


@given(shapes, st.integers(0, 10**6), st.sampled_from([1e-6, 1.0, 1e6]))
def test_coarse_correlated_equilibrium_meets_its_definition(shape, seed, scale):
    tensor = scale * random_tensor(seed, shape)
    worst = worst_coarse_correlated(tensor)
    p, gains = worst.distribution, []
    assert (p >= 0).all()
    assert abs(p.sum() - 1) < 1e-12
    for i, m in enumerate(shape):
        marginal = p.sum(i, keepdims=True)  # of the others: they draw, i commits to b
        gains += [
            worst.losses[i] - (marginal * np.take(tensor[..., i], [b], i)).sum() for b in range(m)
        ]
    assert max(gains) <= 1e-6 * scale
    assert abs(worst.gain - max(gains)) <= 1e-9 * scale
    for point in pure_equilibria(tensor):
        assert worst.losses.sum() >= point.losses.sum() - 1e-6 * scale


@given(shapes, st.integers(0, 10**6), st.permutations(range(4)))
def test_normal_form_returns_the_tensor_of_a_mixed_extension(shape, seed, order):
    """Whatever the order of the blocks: block b belongs to player order[b]."""
    tensor, n = random_tensor(seed, shape), len(shape)
    order = [player for player in order if player < n]
    sizes = [shape[player] for player in order]
    bounds = np.cumsum([0, *sizes])

    def losses(x):
        blocks = {p: x[..., bounds[b] : bounds[b + 1]] for b, p in enumerate(order)}
        letters = "abcd"[:n]
        spec = ",".join("..." + letter for letter in letters)
        return anp.einsum(f"{spec},{letters}z->...z", *(blocks[p] for p in range(n)), tensor)

    game = Game(losses, np.repeat(order, sizes), Simplices(sizes))
    np.testing.assert_allclose(normal_form(game), tensor, atol=1e-15)


def test_normal_form_of_traffic_by_hand():
    tensor = normal_form(games.traffic(45.0, 45.0, 0.0, 10.0, 10.0))
    assert tensor.shape == (3, 3, 3, 3, 4)
    assert np.array_equal(tensor[2, 2, 2, 2], [80.0] * 4)
    assert np.array_equal(tensor[0, 0, 1, 1], [65.0] * 4)
    # two on SA and three on BE: 20 + 45, 30 + 45 twice, 20 + 30
    assert np.array_equal(tensor[0, 1, 1, 2], [65.0, 75.0, 75.0, 50.0])


@pytest.mark.parametrize(
    ("game", "error", "message"),
    [
        (games.prisoners_dilemma(2), TypeError, "find_equilibria"),
        (np.zeros((2, 2, 2)), TypeError, "loss tensor"),
        (games.traffic(45.0, 45.0, 0.0, 10.0, 10.0, drivers=14), ValueError, "too many"),
        (games.traffic(45.0, 45.0, 0.0, [10.0, 9.0], 10.0), ValueError, "one game at a time"),
        (games.random_braess(np.random.default_rng(0), count=81), ValueError, "one game at a time"),
        (games.random_braess(np.random.default_rng(0), count=1), ValueError, "one game at a time"),
        (
            Game(lambda x: x[..., :2], [0, 0, 0, 0, 1, 1], Simplices([2, 2, 2])),
            ValueError,
            "blocks",
        ),
        (Game(lambda x: x[..., :2], [0, 1, 0, 1], Simplices([2, 2])), ValueError, "one owner"),
        (Game(lambda x: x[..., :2] ** 2, [0, 0, 1, 1], Simplices([2, 2])), ValueError, "expectat"),
    ],
)
def test_normal_form_refuses(game, error, message):
    with pytest.raises(error, match=message):
        normal_form(game)


@pytest.mark.parametrize(
    "tensor", [np.zeros(3), np.zeros((2, 2)), np.zeros((2, 2, 3)), np.zeros((2, 0, 2))]
)
def test_a_malformed_tensor_is_refused(tensor):
    with pytest.raises(ValueError, match="m_1"):
        loss_tensor(tensor)


def test_a_tensor_with_nan_is_refused():
    with pytest.raises(ValueError, match="finite"):
        pure_equilibria(np.where(DILEMMA == 6, np.nan, DILEMMA))


class TestTraffic:
    """The road network against implementations that share nothing with games.traffic."""

    @staticmethod
    def minutes(C, D, E, F, G, choice):
        """Commutes for one joint choice of routes, by counting cars on roads."""
        on_sa = sum(route in (0, 2) for route in choice)
        on_be = sum(route in (1, 2) for route in choice)
        by_route = (F * on_sa + C, D + G * on_be, F * on_sa + E + G * on_be)
        return np.array([by_route[route] for route in choice])

    @staticmethod
    def network(seed):
        rng = np.random.default_rng(seed)
        return rng.uniform(0, 60, 3).tolist() + rng.uniform(0, 20, 2).tolist(), rng

    @pytest.mark.parametrize("seed", range(8))
    def test_reference_optimum_is_the_least_of_81_choices(self, seed):
        roads, _ = self.network(seed)
        game = games.traffic(*roads)
        least = min(
            self.minutes(*roads, choice).sum() for choice in itertools.product(range(3), repeat=4)
        )
        assert game.reference.optimal_losses.sum() == pytest.approx(least, rel=1e-12)
        at = game.loss(game.reference.optimum)
        np.testing.assert_allclose(at, game.reference.optimal_losses, rtol=1e-12)
        assert best_actions(game).value == pytest.approx(least, rel=1e-12)

    @pytest.mark.parametrize("seed", range(8))
    def test_expected_commute_is_the_mean_over_all_choices(self, seed):
        roads, rng = self.network(seed)
        x = rng.dirichlet(np.ones(3), 4)
        expected = sum(
            np.prod([x[i, route] for i, route in enumerate(choice)]) * self.minutes(*roads, choice)
            for choice in itertools.product(range(3), repeat=4)
        )
        np.testing.assert_allclose(games.traffic(*roads).loss(x.ravel()), expected, rtol=1e-12)

    @pytest.mark.parametrize("seed", range(8))
    def test_expected_commute_equals_the_papers_matrix_form(self, seed):
        """(114)-(126), with four blocks in M_r and b_r where (114) prints three."""
        (C, D, E, F, G), rng = self.network(seed)
        rows = rng.dirichlet(np.ones(3), 4)
        x = rows.ravel()
        M = np.array([[F, 0, F], [0, G, G], [F, G, F + G]])
        b_r, M_r, S = np.tile([C, D, E], 4), np.vstack([M] * 4), np.hstack([np.eye(3)] * 4)
        losses = []
        for i in range(4):
            A_i = np.kron(np.diag(np.eye(4)[i]), np.eye(3))
            Q_i, d_i = A_i.T @ M_r @ S, A_i.T @ b_r
            C_i = np.diag(rows[i]) - np.outer(rows[i], rows[i])
            losses.append(np.trace(M @ C_i) + x @ Q_i @ x + d_i @ x)
        np.testing.assert_allclose(games.traffic(C, D, E, F, G).loss(x), losses, rtol=1e-12)

    def test_the_closed_road_has_two_drivers_on_each_side(self):
        found = pure_equilibria(games.traffic(45.0, 45.0, None, 10.0, 10.0))
        assert sorted(e.actions for e in found) == sorted(set(itertools.permutations((0, 0, 1, 1))))
        assert all(np.array_equal(e.losses, [65.0] * 4) and e.gain == -10.0 for e in found)
