"""The paper's games: hand Jacobians against autograd, references, and the printed numbers."""

import itertools

import autograd.numpy as anp
import numpy as np
import pytest

from d3c_minimal import games
from d3c_minimal.game import Game

RNG = np.random.default_rng(7)
ALL = [
    games.nash_paradox(0.3),
    games.efficient_but_unfair(),
    games.election(),
    games.prisoners_dilemma(2, 0.5),
    games.prisoners_dilemma(5),
    games.traffic(45, 45, 0, 10, 10),
    games.traffic(45, 45, None, 10, 10, drivers=3),
    games.traffic(*RNG.uniform(1, 20, (5, 6)), drivers=2),
    games.bilinear(RNG.normal(size=(3, 2)), RNG.normal(size=(3, 2))),
    games.random_waves(RNG, 3),
]


def traced(game):
    """The same losses without the hand-written Jacobian, ready for autograd."""
    return Game(game.losses, game.owner, game.space)


@pytest.mark.parametrize("game", ALL, ids=lambda game: game.name)
def test_hand_jacobian_agrees_with_autograd(game):
    x = game.space.sample(np.random.default_rng(0), (3, 6, game.dim))
    np.testing.assert_allclose(game.jacobian(x), traced(game).jacobian(x), atol=1e-12)


@pytest.mark.parametrize("game", ALL, ids=lambda game: game.name)
def test_references_are_what_the_losses_say(game):
    known = game.reference
    for x, f in ((known.nash, known.nash_losses), (known.optimum, known.optimal_losses)):
        if x is not None:
            np.testing.assert_allclose(game.loss(x), f, atol=1e-12)


@pytest.mark.parametrize("game", ALL, ids=lambda game: game.name)
def test_no_sampled_point_or_deviation_beats_a_reference(game):
    rng = np.random.default_rng(1)
    points = game.space.sample(rng, (500, game.dim))
    if np.ndim(game.reference.optimum) > 1:
        points = points[:, None]
    if game.reference.optimum is not None:
        assert (
            game.loss(points * np.ones_like(game.reference.optimum)).sum(-1)
            >= game.reference.optimal_losses.sum(-1) - 1e-9
        ).all()
    if game.reference.nash is not None:
        for player in range(game.n_players):
            deviation = np.where(game.owner == player, points, game.reference.nash)
            gain = game.reference.nash_losses - game.loss(deviation)
            assert (gain[..., player] <= 1e-9).all()


def test_nash_paradox_numbers():
    game = games.nash_paradox(0.25)
    assert np.array_equal(game.loss([0.0, 0.0]), [4.0, 4.0])
    np.testing.assert_allclose(game.reference.optimum, np.sqrt(0.75))
    np.testing.assert_allclose(game.loss([1.0, 0.5]), [1 + 1 / 0.5, 0.25 + 1 / 1.25])


def test_braess_network_of_the_paper():
    game = games.traffic(45, 45, 0, 10, 10)
    shortcut = np.tile([0.0, 0.0, 1.0], 4)
    split = np.concatenate([np.tile([1.0, 0.0, 0.0], 2), np.tile([0.0, 1.0, 0.0], 2)])
    assert np.array_equal(game.loss(shortcut), [80.0] * 4)
    assert np.array_equal(game.loss(split), [65.0] * 4)
    closed = games.traffic(45, 45, None, 10, 10)
    assert closed.dim == 8
    assert np.array_equal(closed.reference.optimal_losses, [65.0] * 4)
    assert games.traffic(45, 45, 10, 10, 10).reference.nash is None  # no dominant shortcut


def expected_commute(x, C, D, E, F, G):
    """Enumerate every joint choice of routes, with its probability."""
    drivers, minutes = len(x) // 3, np.zeros(len(x) // 3)
    for routes in itertools.product(range(3), repeat=drivers):
        chance = np.prod([x[3 * i + r] for i, r in enumerate(routes)])
        n_sa = sum(r != 1 for r in routes)
        n_be = sum(r != 0 for r in routes)
        times = [F * n_sa + C, G * n_be + D, F * n_sa + E + G * n_be]
        minutes += chance * np.array([times[r] for r in routes])
    return minutes


@pytest.mark.parametrize("drivers", [2, 4, 5])
def test_expected_commute_equals_enumeration(drivers):
    rng = np.random.default_rng(drivers)
    roads = rng.uniform(0, 20, (4, 5))
    game = games.traffic(*roads.T, drivers=drivers)
    x = game.space.sample(rng, (4, game.dim))
    expected = [expected_commute(*row, *road) for row, road in zip(x[:, None], roads, strict=True)]
    np.testing.assert_allclose(game.loss(x), expected, rtol=1e-12)


def test_traffic_optimum_equals_enumeration():
    rng = np.random.default_rng(3)
    for roads in rng.uniform(0, 30, (20, 5)):
        game = games.traffic(*roads)
        totals = [
            game.loss(np.eye(3)[list(routes)].ravel()).sum()
            for routes in itertools.product(range(3), repeat=4)
        ]
        np.testing.assert_allclose(game.reference.optimal_losses.sum(), min(totals), rtol=1e-12)


@pytest.mark.parametrize("gap", [0.0, 15.0])
def test_random_networks_keep_both_promises(gap):
    game = games.random_braess(np.random.default_rng(11), gap, 500)
    C, D, E, F, G = (game.parameters[name] for name in "CDEFG")
    assert (E < np.minimum(C - 4 * G, D - 4 * F)).all()
    k = np.array([1, 2, 3])[:, None]
    without = (k * (F * k + C) + (4 - k) * (G * (4 - k) + D)).min(0)
    assert (game.reference.nash_losses.sum(-1) > without + gap).all()
    assert (E == np.round(E)).all()
    assert (E >= 0).all()
    assert len(np.unique(F)) > 10
    again = games.random_braess(np.random.default_rng(11), gap, 500)
    assert np.array_equal(again.parameters["E"], E)
    assert games.random_braess(np.random.default_rng(0), gap).loss(np.full(12, 1 / 3)).shape == (4,)


def test_prisoners_dilemma_is_the_papers_matrix_form():
    from scipy.linalg import circulant

    for n, c in ((2, 1.0), (3, 0.7), (6, 2.0)):
        row = np.array((([0] * (n - 1) + [c]) * (n - 1))[::-1])
        matrix = circulant(row)[:n, ::-1]
        if n == 3:
            shown = [[0, 0, c, 0, 0, c], [0, c, 0, 0, c, 0], [c, 0, 0, c, 0, 0]]
            assert np.array_equal(matrix, shown)
        game = games.prisoners_dilemma(n, c)
        x = RNG.normal(size=game.dim)
        np.testing.assert_allclose(game.loss(x), ((x - matrix) ** 2).sum(-1), rtol=1e-12)


def test_two_player_dilemma_table():
    game = games.prisoners_dilemma(2)
    table = {(0.0, 0.0): (1, 1), (0.5, 0.5): (0.5, 0.5), (0.5, 0.0): (1.25, 0.25)}
    for x, f in table.items():
        np.testing.assert_allclose(game.loss(list(x)), f)


def test_election_contest_is_zero_sum():
    game = games.election()
    x = RNG.normal(size=(20, 4))
    own = anp.stack([x[:, i] ** 2 + (x[:, [1, 0, 3, 2][i]] - 1) ** 2 for i in range(4)], -1)
    contest = game.loss(x) - own
    np.testing.assert_allclose(contest.sum(-1), 0, atol=1e-12)
    np.testing.assert_allclose(contest[:, 0], -(x[:, 0] * x[:, 2] + x[:, 1] * x[:, 3]) / 4)


def test_random_waves_are_positive_and_as_smooth_as_they_say():
    game = games.random_waves(np.random.default_rng(1), 3, offset=0.0, count=200)
    x = np.random.default_rng(2).normal(size=(4, 200, 6)) * 3
    assert (game.loss(x) >= 0).all()
    step = np.random.default_rng(3).normal(size=x.shape) * 0.5
    change = (game.jacobian(x + step) - game.jacobian(x)).reshape(4, 200, 3, 3, 2)
    slopes = np.linalg.norm(change, axis=-1) / np.linalg.norm(step, axis=-1)[..., None, None]
    share = slopes / game.parameters["beta"]
    assert 0.6 < share.max() <= 1.0


def test_random_waves_in_a_batch_are_the_games_alone():
    many = games.random_waves(np.random.default_rng(1), 2, count=5)
    a, w, phi = (many.parameters[key][3] for key in ("a", "w", "phi"))
    x = np.random.default_rng(2).normal(size=(5, 4))
    by_hand = [1 + sum(w[k] * (1 + np.sin(a[k] @ x[3] + phi[k]))) for k in range(2)]
    np.testing.assert_allclose(many.loss(x)[3], by_hand)


def test_bilinear_references_by_hand():
    dilemma = games.bilinear([[1.0, 3.0], [0.0, 2.0]], [[1.0, 0.0], [3.0, 2.0]])
    assert np.array_equal(dilemma.reference.nash, [0, 1, 0, 1])
    assert np.array_equal(dilemma.reference.nash_losses, [2, 2])
    assert np.array_equal(dilemma.reference.optimum, [1, 0, 1, 0])
    pennies = games.bilinear([[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]])
    assert pennies.reference.nash is None


@pytest.mark.parametrize(
    ("build", "remedy"),
    [
        (lambda: games.nash_paradox(0.0), "kappa"),
        (lambda: games.nash_paradox(-1.0), "kappa"),
        (lambda: games.nash_paradox(1.5), "kappa"),
        (lambda: games.nash_paradox(float("nan")), "kappa"),
        (lambda: games.prisoners_dilemma(1), "two players"),
        (lambda: games.prisoners_dilemma(2.5), "two players"),
        (lambda: games.prisoners_dilemma(3, 0.0), "above 0"),
        (lambda: games.traffic(45, 45, 0, 10, 10, drivers=1), "at least 2"),
        (lambda: games.traffic(45, -1, 0, 10, 10), "D is negative"),
        (lambda: games.traffic(45, 45, np.inf, 10, 10), "E=None"),
        (lambda: games.random_braess(np.random.default_rng(0), -1.0), "gap"),
        (lambda: games.random_braess(np.random.default_rng(0), count=2.5), "whole number"),
        (lambda: games.random_braess(np.random.default_rng(0), 1e6), "smaller gap"),
        (lambda: games.bilinear(np.eye(2), np.eye(3)), "one shape"),
        (lambda: games.bilinear([[np.nan]], [[1.0]]), "finite"),
        (lambda: games.random_waves(np.random.default_rng(0), 1), "two players"),
    ],
)
def test_bad_parameters(build, remedy):
    with pytest.raises(ValueError, match=remedy):
        build()
