"""Lipschitz constants by power iteration, and the inequalities that are built on them."""

import itertools

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import hessian
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import anarchy, games, mixing
from d3c_minimal.game import Game
from d3c_minimal.lipschitz import lipschitz_constants

ROOM = 1 + 1e-9  # for rounding, where a bound is attained


def quadratic(rng, owner, count=None):
    """Losses x^T Q_k x / 2 + <b_k, x>, and the symmetric Q (..., n, d, d)."""
    n, d = max(owner) + 1, len(owner)
    runs = () if count is None else (count,)
    Q = rng.normal(size=(*runs, n, d, d))
    Q = Q + np.swapaxes(Q, -1, -2)
    b = rng.normal(size=(*runs, n, d))

    def losses(x):
        return anp.einsum("...kde,...d,...e->...k", Q, x, x) / 2 + (b @ x[..., None])[..., 0]

    return Game(losses, owner, name="quadratic", runs=runs), Q


def by_hessians(game, x, A):
    """Singular values of dense Hessians, one run, player and loss at a time."""
    out = np.empty((len(x), game.n_players))
    for r, point in enumerate(x):
        H = [hessian(lambda z, k=k: game.losses(z)[k])(point) for k in range(game.n_players)]
        for i in range(game.n_players):
            mixed = sum(A[r, k, i] * H[k] for k in range(game.n_players))
            out[r, i] = np.linalg.norm(mixed[game.owner == i], 2)
    return out


def test_dilemma_by_hand():
    """Every f_k has the Hessian 2 I, so f_i^A has 2 (sum_k A_ki) I."""
    rng = np.random.default_rng(0)
    A = rng.dirichlet(np.ones(4), (5, 4))
    beta = lipschitz_constants(games.prisoners_dilemma(4), rng.normal(size=(5, 12)), rng, A)
    np.testing.assert_allclose(beta, 2 * A.sum(-2), rtol=1e-12)


def test_nash_paradox_by_hand():
    """At x = 0 the second derivative of x^2 is 2, that of 1 / (x^2 + 1/4) is -32."""
    game, x, rng = games.nash_paradox(0.25), np.zeros(2), np.random.default_rng(0)
    assert lipschitz_constants(game, x, rng) == pytest.approx([2.0, 2.0])
    A = np.array([[0.9, 0.1], [0.2, 0.8]])
    beta = lipschitz_constants(game, x, rng, A)
    assert beta == pytest.approx([abs(0.9 * 2 - 0.2 * 32), abs(0.8 * 2 - 0.1 * 32)])


def test_blocks_of_several_coordinates_by_hand():
    """Rows (2, 0, 0) and (0, 1, 3) of player 1: singular values 2 and sqrt(10)."""

    def losses(x):
        first = x[..., 0] ** 2 + x[..., 1] ** 2 / 2 + 3 * x[..., 1] * x[..., 2]
        return anp.stack([first, x[..., 2] ** 2], -1)

    beta = lipschitz_constants(Game(losses, [0, 0, 1]), np.ones(3), np.random.default_rng(0))
    np.testing.assert_allclose(beta, [np.sqrt(10), 2], rtol=1e-9)


@pytest.mark.parametrize("owner", [[0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 2], [1, 0, 1, 0, 2, 2]])
def test_quadratic_games_one_for_each_run(owner):
    rng = np.random.default_rng(2)
    game, Q = quadratic(rng, owner, count=20)
    n = game.n_players
    A, x = rng.dirichlet(np.ones(n), (20, n)), rng.normal(size=(20, 6))
    mixed = np.einsum("rki,rkde->ride", A, Q)
    exact = [[np.linalg.norm(H[i][game.owner == i], 2) for i in range(n)] for H in mixed]
    beta = lipschitz_constants(game, x, rng, A, iterations=300)
    np.testing.assert_allclose(beta, exact, rtol=1e-6)
    assert (lipschitz_constants(game, x, rng, A, iterations=2) <= np.array(exact) * ROOM).all()


ROWS = [
    games.nash_paradox(0.3),
    games.efficient_but_unfair(),
    games.election(),
    games.prisoners_dilemma(3, 0.7),
    games.traffic(45, 45, 0, 10, 10),
    games.bilinear(np.array([[1.0, 4.0, 0.0], [0.0, 2.0, 5.0]]), np.eye(2, 3)),
    games.random_waves(np.random.default_rng(3), 3),
]


@pytest.mark.parametrize("game", ROWS, ids=lambda game: game.name)
def test_agrees_with_dense_hessians(game):
    rng = np.random.default_rng(4)
    x = game.space.sample(rng, (3, game.dim))
    A = rng.dirichlet(np.ones(game.n_players), (3, game.n_players))
    beta = lipschitz_constants(game, x, rng, A, iterations=200)
    np.testing.assert_allclose(beta, by_hessians(game, x, A), rtol=1e-6, atol=1e-12)


def test_more_iterations_never_give_less():
    game = games.random_waves(np.random.default_rng(5), 2, per_player=4, count=50)
    x = np.random.default_rng(6).normal(size=(50, 8))
    by_count = [
        lipschitz_constants(game, x, np.random.default_rng(7), iterations=k) for k in (1, 2, 8, 64)
    ]
    for fewer, more in itertools.pairwise(by_count):
        assert (more >= fewer / ROOM).all()
    assert (by_count[-1] > by_count[0] * 1.01).any()


def test_losses_of_one_run_and_linear_losses():
    rng = np.random.default_rng(8)
    one = Game(lambda x: anp.stack([x[0] ** 2, x[1] * x[0]]), [0, 1], batched=False)
    np.testing.assert_allclose(
        lipschitz_constants(one, rng.normal(size=(2, 3, 2)), rng),
        np.broadcast_to([2.0, 1.0], (2, 3, 2)),
    )
    half = Game(lambda x: anp.stack([x[..., 0] ** 2, x[..., 1]], -1), [0, 1])
    np.testing.assert_allclose(lipschitz_constants(half, np.ones(2), rng), [2.0, 0.0])
    linear = Game(lambda x: 3.0 * x[..., ::-1], [0, 1])
    assert np.array_equal(lipschitz_constants(linear, np.ones((4, 2)), rng), np.zeros((4, 2)))


def test_same_generator_same_values_and_nothing_is_changed():
    game = games.random_waves(np.random.default_rng(9), 2, per_player=3)
    x, A = np.ones((2, 6)), np.full((2, 2), 0.5)
    first, again = (
        lipschitz_constants(game, x, np.random.default_rng(1), A, iterations=3) for _ in range(2)
    )
    assert np.array_equal(first, again)
    assert np.array_equal(x, np.ones((2, 6)))
    assert np.array_equal(A, np.full((2, 2), 0.5))
    assert anarchy.lipschitz_constants is lipschitz_constants


def detached(x):
    return anp.stack([np.sin(np.asarray(x, float))[..., 0], x[..., 1]], -1)


def in_place(x):
    f = np.empty(x.shape)
    f[..., 0], f[..., 1] = x[..., 0], x[..., 1]
    return f


@pytest.mark.parametrize("losses", [lambda x: np.square(np.zeros(x.shape)), detached, in_place])
def test_losses_that_autograd_cannot_follow(losses):
    game = Game(losses, [0, 1], name="opaque", jacobian=lambda x: np.zeros((*x.shape, 2)))
    with pytest.raises(TypeError, match=r"opaque: autograd cannot follow .* autograd\.numpy"):
        lipschitz_constants(game, np.ones((3, 2)), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.array([1.0, np.nan])}, ValueError, "NaN"),
        ({"x": np.ones(3)}, ValueError, "last axis"),
        ({"x": np.array([1, 2])}, TypeError, "floats"),
        ({"iterations": 0}, ValueError, "iterations is 0"),
        ({"iterations": 1.5}, ValueError, "whole number"),
        ({"A": np.ones((2, 2))}, ValueError, "simplex"),
        ({"A": np.eye(3)}, ValueError, "2 x 2"),
        ({"A": np.stack([np.eye(2)] * 3), "x": np.ones((4, 2))}, ValueError, "one for each run"),
    ],
)
def test_bad_input_is_refused(change, error, message):
    given = {"x": np.ones(2), "rng": np.random.default_rng(0)} | change
    with pytest.raises(error, match=message):
        lipschitz_constants(games.nash_paradox(0.5), **given)


def test_losses_of_the_wrong_shape_are_reported_as_such():
    game = Game(lambda x: x[..., :1], [0, 1])
    with pytest.raises(ValueError, match="losses have shape"):
        lipschitz_constants(game, np.ones(2), np.random.default_rng(0))


# The inequalities that the book derives from beta_i, on random waves, whose constants have an
# upper bound in closed form.


class Step:
    """One joint step of 40 random games, and what the lemmas compare."""

    def __init__(self, seed, n, per_player, dt):
        rng = np.random.default_rng(seed)
        game = games.random_waves(rng, n, per_player, waves=2, count=40)
        x = rng.uniform(-3, 3, (40, game.dim))
        A = rng.dirichlet(np.full(n, 0.3), (40, n))
        self.beta = (A * game.parameters["beta"]).sum(-2)
        mine = (game.owner[:, None] == np.arange(n)).astype(float)
        F = mixing.joint_gradient(game, x, A)
        after = x - dt * F
        F_after = mixing.joint_gradient(game, after, A)
        self.G, self.G_after = np.sqrt(F**2 @ mine), np.sqrt(F_after**2 @ mine)
        self.inner = (F * F_after) @ mine
        self.zeta = np.linalg.norm(F, axis=-1, keepdims=True)
        self.local = lipschitz_constants(game, x, rng, A, iterations=5)
        back = [np.where(game.owner == i, x, after) for i in range(n)]
        self.f_after = mixing.mixed_loss(A, game.loss(after))
        self.f_back = np.stack(
            [mixing.mixed_loss(A, game.loss(y))[:, i] for i, y in enumerate(back)], -1
        )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.integers(1, 3),
    st.floats(-3, 0.5).map(lambda e: 10**e),
)
def test_the_inequalities_of_one_step(seed, n, per_player, dt):
    s = Step(seed, n, per_player, dt)
    room = 1e-9 * (1 + s.beta) * (1 + s.zeta) ** 2
    moved = s.beta * dt * s.zeta
    assert (s.local <= s.beta * ROOM).all()
    assert (abs(s.G - s.G_after) <= moved + room).all()  # (28)
    for G in (s.G, s.G_after):  # (35), with 1 for 3, from either end
        assert (abs(s.G**2 - s.G_after**2) <= moved**2 + 2 * moved * G + room).all()
    assert (s.G_after**2 >= np.maximum(s.G - moved, 0) ** 2 - room).all()
    assert (s.inner >= s.G**2 - s.G * moved - room).all()  # (47) with gamma = 0
    own = dt * s.G
    slope = dt * s.inner
    assert (s.f_back >= s.f_after + slope - s.beta / 2 * own**2 - room).all()  # (59)
    assert (s.f_back >= s.f_after + dt * s.G**2 - dt * s.G * moved - room).all()  # (64), mended


def test_the_printed_64_is_violated_by_small_steps():
    s = Step(0, 3, 2, dt=1e-3)
    printed = s.G**2 - s.beta * s.G * s.zeta * 1e-3 - 2 * (s.beta * s.zeta * 1e-3) ** 2
    assert (s.f_back.sum(-1) < (s.f_after + printed).sum(-1)).all()
