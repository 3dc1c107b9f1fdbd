"""Mixing: budget balance, eq 11 against autograd, and a mirror step that never breaks."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import games, mixing
from d3c_minimal.game import Game

ROWS = [
    games.nash_paradox(0.3),
    games.efficient_but_unfair(),
    games.election(),
    games.prisoners_dilemma(2),
    games.prisoners_dilemma(5, 0.7),
    games.traffic(45, 45, 0, 10, 10),
    games.bilinear(np.array([[1.0, 4.0, 0.0], [0.0, 2.0, 5.0]]), np.eye(2, 3)),
]


def state(game, seed=0, runs=4):
    rng = np.random.default_rng(seed)
    x = game.space.sample(rng, (runs, game.dim))
    return x, rng.dirichlet(np.ones(game.n_players), (runs, game.n_players))


def autograd_rows(A, J, owner, MJ, epsilon):
    """Differentiate ReLU(d f^A_i / dt + epsilon) in row A_i by autograd, for one run."""
    n, d = J.shape

    def hinge(row, i):
        mine = (np.arange(n) == i)[:, None] * 1.0
        B = mine * row[None, :] + (1.0 - mine) * A
        own = anp.dot(B.T, J)[owner, np.arange(d)]
        rate = -anp.dot(anp.dot(B.T, MJ), own)
        return anp.maximum(rate[i] + epsilon, 0.0)

    return np.stack([grad(hinge)(A[i], i) for i in range(n)])


@pytest.mark.parametrize("game", ROWS, ids=lambda game: game.name)
@pytest.mark.parametrize("rates", ["tangent", "flow", "raw"])
@pytest.mark.parametrize("epsilon", [0.0, 1e5])
def test_eq_11_agrees_with_autograd(game, rates, epsilon):
    x, A = state(game)
    J = game.jacobian(x)
    own = mixing.own_gradient(np.swapaxes(A, -1, -2) @ J, game.owner)
    MJ = {
        "tangent": game.space.tangent(x[:, None], J),
        "flow": game.space.metric(x[:, None], own[:, None], J),
        "raw": J,
    }[rates]
    expected = [
        autograd_rows(*run, epsilon) for run in zip(A, J, [game.owner] * 4, MJ, strict=True)
    ]
    tight = {"rtol": 1e-11, "atol": 1e-11}
    parts = mixing.contract_game(game, x, A, rates)
    np.testing.assert_allclose(mixing.shift_gradient(A, parts, epsilon), expected, **tight)
    np.testing.assert_allclose(
        mixing.d3c_gradient(A, J, game.owner, epsilon, MJ), expected, **tight
    )
    assert epsilon == 0.0 or np.abs(expected).min(-1).max() > 1e-3  # the gates are open


@pytest.mark.parametrize("game", ROWS, ids=lambda game: game.name)
def test_rates_are_time_derivatives(game):
    x, A = state(game, seed=1)
    J = game.jacobian(x)
    flow = game.space.metric(x[:, None], mixing.joint_gradient(game, x, A)[:, None], J)
    h = 1e-6
    after = game.space.step(x, mixing.joint_gradient(game, x, A), h)
    numeric = mixing.mixed_loss(A, (game.losses(after) - game.losses(x)) / h)
    exact = mixing.loss_rate(A, J, game.owner, flow)
    np.testing.assert_allclose(exact, numeric, rtol=1e-3, atol=1e-3)


def test_eq_11_by_hand():
    # Two-player dilemma at x = (1, 1), A = I: own gradients 2, df_1/dt = -(2*2 + 0*2) = -4.
    game = games.prisoners_dilemma(2)
    x, A = np.array([1.0, 1.0]), np.eye(2)
    J = game.jacobian(x)
    assert np.array_equal(J, [[2.0, 0.0], [0.0, 2.0]])
    assert np.array_equal(mixing.loss_rate(A, J, game.owner), [-4.0, -4.0])
    assert np.array_equal(mixing.d3c_gradient(A, J, game.owner, 4.0), np.zeros((2, 2)))
    # -<grad_{x_l} f_1, grad_{x_l} f_1> is (-4, 0), and df_1/dt = -4 is added where l = 1.
    assert np.array_equal(mixing.d3c_gradient(A, J, game.owner, 4.1), [[-8.0, 0.0], [0.0, -8.0]])


def test_starts():
    assert np.array_equal(mixing.cooperative(4), np.full((4, 4), 0.25))
    A = mixing.selfish(5)
    assert np.allclose(np.diag(A), 0.99)
    assert np.allclose(A.sum(-1), 1)
    assert np.allclose(A[0, 1:], 0.0025)


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(-3, 6), n=st.integers(2, 8))
@settings(max_examples=60, deadline=None)
def test_total_loss_is_conserved(seed, scale, n):
    rng = np.random.default_rng(seed)
    A, f = rng.dirichlet(np.ones(n), (3, n)), rng.normal(size=(3, n)) * 10.0**scale
    mixed = mixing.mixed_loss(A, f)
    np.testing.assert_allclose(mixed.sum(-1), f.sum(-1), rtol=0, atol=1e-14 * n * abs(f).sum())


@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(-20, 308),
    eta=st.floats(0, 1e12),
    zeros=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_mirror_step_stays_on_the_simplex(seed, scale, eta, zeros):
    rng = np.random.default_rng(seed)
    A = rng.dirichlet(np.full(4, 0.3), (3, 4))
    if zeros:
        A[:, 0] = [0.0, 1.0, 0.0, 0.0]
        A[:, 1, 2] = 0.0
        A /= A.sum(-1, keepdims=True)
    g = rng.uniform(-1, 1, A.shape) * 10.0**scale
    before = A.copy()
    for clip in (None, (-5.0, 5.0)):
        B = mixing.mirror_step(A, g, eta, clip)
        assert (abs(B.sum(-1) - 1) < 1e-12).all()
        assert ((B > 0) == (A > 0)).all() or clip
        assert np.isfinite(np.log(B[A > 0])).all()
    assert np.array_equal(A, before)


def test_mirror_step_is_the_softmax_of_shifted_logits():
    rng = np.random.default_rng(4)
    A, g = rng.dirichlet(np.ones(5), (6, 5)), rng.normal(size=(6, 5, 5))
    for scale in (1.0, 1e4):  # the plain branch, and the one that guards the exponential
        logits = np.log(A) - 0.3 * scale * g
        expected = np.exp(logits - logits.max(-1, keepdims=True))
        expected /= expected.sum(-1, keepdims=True)
        np.testing.assert_allclose(mixing.mirror_step(A, scale * g, 0.3), expected, atol=1e-14)


def test_mirror_step_clips_logits_as_algorithm_1():
    A, g = [[0.99, 0.01], [0.0, 1.0]], [[-100.0, 100.0], [0.0, 0.0]]
    B = mixing.mirror_step(A, g, 1.0, (-5.0, 5.0))
    np.testing.assert_allclose(B[0], [1 / (1 + np.exp(-10)), 1 / (1 + np.exp(10))])
    np.testing.assert_allclose(B[1], [1 / (1 + np.exp(5)), 1 / (1 + np.exp(-5))])  # 0 is lifted


def test_kl_penalty_is_the_gradient_of_its_value():
    game = games.prisoners_dilemma(3)
    x, A = state(game)
    parts = mixing.contract_game(game, x, A)
    pull = mixing.shift_gradient(A, parts, 0.1, nu=0.5) - mixing.shift_gradient(A, parts, 0.1)
    expected = np.zeros_like(A)
    expected[:, range(3), range(3)] = -0.5 / A[:, range(3), range(3)]
    np.testing.assert_allclose(pull, expected, atol=1e-12)
    np.testing.assert_allclose(
        mixing.kl_penalty(A[0]), -sum(np.log(A[0, i, i]) for i in range(3)), rtol=1e-14
    )


def test_closed_form_games_equal_the_general_path():
    game = games.prisoners_dilemma(6, 1.3)
    general = Game(game.losses, game.owner)
    x, A = state(game, seed=3)
    for mine, theirs in zip(
        mixing.contract_game(game, x, A), mixing.contract_game(general, x, A), strict=True
    ):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda: mixing.selfish(1), "two agents"),
        (lambda: mixing.cooperative(0), "two agents"),
        (lambda: mixing.selfish(3, 1.5), "between 0 and 1"),
        (lambda: mixing.check([[0.5, 0.6], [0.5, 0.5]]), "off the simplex"),
        (lambda: mixing.check([[1.5, -0.5], [0.5, 0.5]]), "off the simplex"),
        (lambda: mixing.check([[np.nan, 1.0], [0.5, 0.5]]), "off the simplex"),
        (lambda: mixing.check(np.eye(3), 2), "2 x 2"),
        (lambda: mixing.check([0.5, 0.5]), "one row for each agent"),
        (lambda: mixing.mirror_step(np.eye(2), np.eye(2), 1.0, (5, -5)), "low < high"),
        (lambda: mixing.mirror_step(np.eye(2), np.eye(2), 1.0, (-np.inf, 5)), "finite logit"),
        (lambda: mixing.mirror_step(np.eye(2) * 2, np.eye(2), 1.0), "off the simplex"),
        (lambda: mixing.mirror_step(np.eye(2), np.full((2, 2), np.nan), 1.0), "must be finite"),
        (lambda: mixing.mirror_step(np.eye(2), np.zeros((3, 3)), 1.0), "shape of A"),
        (lambda: mixing.mixed_loss([[2.0, 0.0], [0.0, 1.0]], [1.0, 1.0]), "off the simplex"),
        (lambda: mixing.mixed_loss(np.eye(3), [1.0, 1.0]), "2 x 2"),
        (lambda: mixing.d3c_gradient(np.eye(2), np.eye(2), [0, 5], 0.0), "not there"),
        (lambda: mixing.loss_rate(np.eye(2), np.eye(3), [0, 1, 1]), "J has shape"),
        (lambda: mixing.selfish(float("nan")), "two agents"),
        (
            lambda: mixing.contract_game(games.election(), np.zeros(4), np.eye(4), "true"),
            "'tangent', 'flow' or 'raw'",
        ),
        (
            lambda: mixing.contract_game(games.prisoners_dilemma(2), np.zeros(2), np.eye(2), "x"),
            "'tangent', 'flow' or 'raw'",
        ),
    ],
)
def test_bad_mixtures(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()
