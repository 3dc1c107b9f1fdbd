"""Games of Nashpy, pygambit and OpenSpiel come by one line, and pygambit finds the same equilibria.

These libraries are no dependencies of the package. pygambit and OpenSpiel have no wheels for some
machines, see pyproject.toml; there, and nowhere else, their tests are left out.
"""

import platform
import sys

import numpy as np
import pytest

from d3c_minimal.finite import from_payoffs, mixed_equilibria, pure_equilibria

HAVE_WHEELS = (platform.machine() == "arm64") == (sys.platform == "darwin") and (
    platform.machine() != "aarch64"
)
wheels = pytest.mark.skipif(not HAVE_WHEELS, reason="no wheels of this library for this machine")

# Rewards of a game of two by three actions, and of one for three players.
ROW, COLUMN = np.array([[3, 1, 0], [2, 5, 4]]), np.array([[1, 2, 6], [0, 3, 7]])
THREE = np.arange(24).reshape(3, 2, 2, 2) % 7


def losses_of(*payoffs):
    return -np.stack([np.asarray(p, float) for p in payoffs], -1)


# The lines that from_payoffs documents.


def test_nashpy():
    import nashpy

    game = nashpy.Game(ROW, COLUMN)
    assert np.array_equal(from_payoffs(*game.payoff_matrices), losses_of(ROW, COLUMN))
    game = nashpy.Game(ROW)  # what one wins the other loses
    assert np.array_equal(from_payoffs(*game.payoff_matrices), losses_of(ROW, -ROW))


@wheels
@pytest.mark.parametrize("payoffs", [(ROW, COLUMN), THREE], ids=["two", "three"])
def test_pygambit(payoffs):
    import pygambit

    game = pygambit.StrategicGame.from_arrays(*payoffs)
    assert np.array_equal(from_payoffs(*game.to_arrays(float)), losses_of(*payoffs))


@wheels
def test_openspiel():
    import pyspiel
    from open_spiel.python.egt.utils import game_payoffs_array

    game = pyspiel.create_matrix_game(ROW.tolist(), COLUMN.tolist())
    expected = losses_of(ROW, COLUMN)
    assert np.array_equal(from_payoffs(game.row_utilities(), game.col_utilities()), expected)
    assert np.array_equal(from_payoffs(*game_payoffs_array(game)), expected)
    three = pyspiel.create_tensor_game([table.ravel().tolist() for table in THREE], [2, 2, 2])
    assert np.array_equal(from_payoffs(*game_payoffs_array(three)), losses_of(*THREE))
    blotto = pyspiel.load_game("blotto(coins=3,fields=2,players=3)")
    tensor = from_payoffs(*game_payoffs_array(pyspiel.extensive_to_tensor_game(blotto)))
    assert tensor.shape == (4, 4, 4, 3)
    assert np.array_equal(tensor.sum(-1), np.zeros((4, 4, 4)))  # what one wins the others lose


# Fifty random games.


def random_payoffs(seed):
    """Rewards of two players: whole numbers to 999, or from 0 to 3 or 0 to 1, degenerate mostly."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, (1000, 4, 2)[seed % 3], (2, *rng.integers(1, 6, 2)))


def by_pygambit(solve, payoffs):
    """All points of a solver that computes with fractions, each once, as rows of chances."""
    import pygambit

    found = solve(pygambit.StrategicGame.from_arrays(*payoffs)).equilibria
    points = [[chance for player in point for _, chance in player] for point in found]
    return np.array(sorted({tuple(point) for point in points}), float)


@wheels
@pytest.mark.parametrize("seed", range(50))
def test_mixed_equilibria_are_those_of_pygambit(seed):
    from pygambit.nash import enummixed_solve

    payoffs = random_payoffs(seed)
    expected = by_pygambit(enummixed_solve, payoffs)
    points = np.array([point.x for point in mixed_equilibria(from_payoffs(*payoffs))])
    assert len(points) == len(expected)
    apart = abs(points[:, None] - expected).max(-1)
    assert apart.min(0).max() < 1e-9
    assert apart.min(1).max() < 1e-9


@wheels
def test_these_games_are_of_every_kind():
    """Some with one equilibrium, some with many; an even number shows a degenerate game."""
    numbers = [len(mixed_equilibria(from_payoffs(*random_payoffs(seed)))) for seed in range(50)]
    assert min(numbers) == 1
    assert max(numbers) >= 8
    assert sum(number % 2 == 0 for number in numbers) >= 5


@wheels
@pytest.mark.parametrize("seed", range(10))
def test_pure_equilibria_of_three_and_four_players_are_those_of_pygambit(seed):
    from pygambit.nash import enumpure_solve

    rng = np.random.default_rng(seed)
    n = 3 + seed % 2
    shape = rng.integers(1, 4, n)
    payoffs = rng.integers(0, (100, 4)[seed // 2 % 2], (n, *shape))
    expected = by_pygambit(enumpure_solve, payoffs)
    points = [
        np.concatenate([np.eye(m)[a] for m, a in zip(shape, point.actions, strict=True)])
        for point in pure_equilibria(from_payoffs(*payoffs))
    ]
    assert sorted(map(tuple, points)) == sorted(map(tuple, expected))
