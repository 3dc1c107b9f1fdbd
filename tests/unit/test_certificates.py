"""Certificates never lie: a search by another method finds no larger gain and no lower total."""

import autograd.numpy as anp
import numpy as np
import pytest
from scipy.optimize import differential_evolution

from d3c_minimal import games
from d3c_minimal.equilibria import deviation_gains, find_equilibria, optimum
from d3c_minimal.finite import pure_equilibria
from d3c_minimal.game import Game
from d3c_minimal.spaces import Box, Euclidean, Simplices


def random_waves(seed, mine, space, bowl=0.0, waves=3):
    """Sums of sines of all coordinates, two players with ``mine`` coordinates each."""
    draw = np.random.default_rng([seed, mine])
    W, phase = draw.normal(0, 2, (2, waves, 2 * mine)), draw.uniform(0, 6, (2, waves))

    def losses(x):
        parts = [anp.sin(x @ W[i].T + phase[i]).sum(-1) for i in range(2)]
        return anp.stack(parts, -1) + bowl * (x**2).sum(-1)[..., None]

    return Game(losses, np.repeat([0, 1], mine), space)


def with_own(game, x, player, y):
    """Put the rows ``y`` (P, d_player) in the place of a player's strategy: (P, d)."""
    z = np.tile(x, (len(y), 1))
    z[:, game.owner == player] = y
    return z


def gain_by_evolution(game, x, player, low, high, seed=0):
    found = differential_evolution(
        lambda y: game.loss(with_own(game, x, player, y.T))[:, player],
        [(low, high)] * int((game.owner == player).sum()),
        seed=seed,
        vectorized=True,
        updating="deferred",
        popsize=15,
        maxiter=60,
        polish=False,  # by L-BFGS-B, which older releases hand an array for a number
    )
    return game.loss(x)[player] - found.fun


def simplex_grid(size, steps=60):
    """All points of the simplex with coordinates in multiples of 1 / steps."""
    counts = np.indices((steps + 1,) * (size - 1)).reshape(size - 1, -1).T
    counts = counts[counts.sum(-1) <= steps]
    return np.column_stack([counts, steps - counts.sum(-1)]) / steps


@pytest.mark.parametrize("mine", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_evolution_finds_no_larger_gain_on_a_box(seed, mine):
    game = random_waves(seed, mine, Box(-1.0, 1.0))
    x = game.space.sample(np.random.default_rng(seed), (game.dim,))
    gains = deviation_gains(game, x, np.random.default_rng(1))
    for player in (0, 1):
        assert gain_by_evolution(game, x, player, -1, 1) <= gains[player] + 1e-7


@pytest.mark.parametrize("seed", range(4))
def test_evolution_finds_no_larger_gain_in_euclidean_space(seed):
    game = random_waves(seed, 2, Euclidean(), bowl=0.5)
    x = np.random.default_rng(seed).normal(size=4)
    gains = deviation_gains(game, x, np.random.default_rng(1))
    for player in (0, 1):
        assert gain_by_evolution(game, x, player, -5, 5) <= gains[player] + 1e-7


@pytest.mark.parametrize("seed", range(4))
def test_a_grid_finds_no_larger_gain_on_simplices(seed):
    game = random_waves(seed, 3, Simplices([3, 3]), waves=4)
    x = game.space.sample(np.random.default_rng(seed), (6,))
    gains = deviation_gains(game, x, np.random.default_rng(1))
    for player in (0, 1):
        on_grid = game.loss(with_own(game, x, player, simplex_grid(3)))[:, player]
        assert game.loss(x)[player] - on_grid.min() <= gains[player] + 1e-9


def test_a_narrow_well_among_many_is_seen():
    """sin(40 y) + y^2 / 50 on [-5, 5] has some 60 wells: the lowest is next to 0."""
    game = Game(lambda x: anp.sin(40 * x) + x**2 / 50, [0, 1], Box(-5.0, 5.0))
    y = np.linspace(-5, 5, 1_000_001)
    least = (np.sin(40 * y) + y**2 / 50).min()
    for seed in range(5):
        gains = deviation_gains(game, np.array([4.0, -3.0]), np.random.default_rng(seed))
        at = np.sin([160.0, -120.0]) + np.array([16.0, 9.0]) / 50
        np.testing.assert_allclose(gains, at - least, atol=2e-3)


@pytest.mark.parametrize(
    ("space", "low", "high"),
    [(Box(-1.0, 1.0), -1, 1), (Euclidean(), -6, 6)],
    ids=["Box", "Euclidean"],
)
@pytest.mark.parametrize("seed", range(2))
def test_no_deviation_from_what_was_found(seed, space, low, high):
    game = random_waves(seed, 1, space, bowl=0.4)
    for point in find_equilibria(game, np.random.default_rng(seed), starts=3):
        np.testing.assert_array_equal(game.loss(point.x), point.losses)
        y = np.linspace(low, high, 40_001)[:, None]
        for player in (0, 1):
            on_grid = game.loss(with_own(game, point.x, player, y))[:, player].min()
            assert point.losses[player] - on_grid <= point.gain + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_no_action_is_better_in_a_mixed_equilibrium_of_a_finite_game(seed):
    """Pure deviations are all that count, and here they are multiplied out by hand."""
    B1, B2 = np.random.default_rng(seed).uniform(0, 1, (2, 3, 4))
    game = games.bilinear(B1, B2)
    found = find_equilibria(game, np.random.default_rng(seed), starts=8)
    assert found
    for point in found:
        p, q = point.x[:3], point.x[3:]
        gains = [p @ B1 @ q - (B1 @ q).min(), p @ B2 @ q - (p @ B2).min()]
        assert max(gains) <= point.gain + 1e-12
        assert point.gain <= 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_pure_equilibria_by_brute_force(seed):
    tensor = np.random.default_rng(seed).integers(0, 6, (3, 2, 4, 3)).astype(float)
    stable = {}
    for a in np.ndindex(3, 2, 4):
        gains = [
            tensor[a][i] - tensor[(*a[:i], b, *a[i + 1 :])][i]
            for i, actions in enumerate((3, 2, 4))
            for b in range(actions)
            if b != a[i]
        ]
        if max(gains) <= 0:
            stable[a] = max(gains)
    assert {point.actions: point.gain for point in pure_equilibria(tensor)} == stable


@pytest.mark.parametrize("seed", range(4))
def test_evolution_finds_no_lower_total(seed):
    game = random_waves(seed, 1, Box(-1.0, 1.0))
    found = optimum(game, np.random.default_rng(seed), starts=16)
    evolved = differential_evolution(
        lambda x: game.loss(x.T).sum(-1),
        [(-1, 1)] * 2,
        seed=0,
        vectorized=True,
        updating="deferred",
    )
    assert found.value <= evolved.fun + 1e-9
