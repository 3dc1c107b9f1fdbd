"""H.4, corrected: dominance of every loss's whole Hessian makes every mixture a contraction.

The theorem crit-agnostic of book/theory/criteria.ipynb, on random games that are not quadratic,
through the package's own descent, and what happens without each of its assumptions.
"""

import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import dynamics, equilibria, games, mixing
from d3c_minimal.game import Game
from d3c_minimal.spaces import Box

seeds = st.integers(0, 2**32 - 1)
players = st.integers(2, 4)


def dominant_game(rng, n, delta, space=None):
    """A game with (A1): symmetric Hessians, dominant by delta, plus w log cosh x; and its L."""
    owner = np.concatenate([np.repeat(i, rng.integers(1, 4)) for i in range(n)])
    d = len(owner)
    off = rng.normal(size=(n, d, d)) * (1 - np.eye(d))
    off = (off + np.swapaxes(off, -1, -2)) / 2
    H = off + np.eye(d) * (abs(off).sum(-1) + delta)[:, None, :]
    b, w = rng.normal(size=(n, d)), rng.random((n, d))

    def bend(x):
        return (H @ x[..., None, :, None])[..., 0]

    def losses(x):
        quadratic = ((bend(x) / 2 + b) @ x[..., None])[..., 0]
        return quadratic + np.logaddexp(x, -x) @ w.T

    def jacobian(x):
        return bend(x) + b + w * np.tanh(x)[..., None, :]

    L = (np.diagonal(H, axis1=-2, axis2=-1) + w).max()
    return Game(losses, owner, space, name="dominant", jacobian=jacobian), H, L


def mixture(rng, n):
    """Rows on the simplex, some entries 0, no column empty."""
    while True:
        A = rng.dirichlet(np.ones(n), n) * (rng.random((n, n)) < 0.7)
        if (A.sum(1) > 0).all() and (A.sum(0) > 0).all():
            return A / A.sum(1, keepdims=True)


def joint_jacobian(H, A, owner):
    return np.einsum("km,kml->ml", np.asarray(A, float)[:, owner], H)


def margins(M):
    diagonal = np.diagonal(M, axis1=-2, axis2=-1)
    return diagonal + abs(diagonal) - abs(M).sum(-1)


@given(seed=seeds, n=players, delta=st.floats(0.01, 2.0))
@settings(max_examples=40, deadline=None)
def test_each_row_is_dominant_by_its_column_sum(seed, n, delta):
    rng = np.random.default_rng(seed)
    game, H, _ = dominant_game(rng, n, delta)
    A = mixture(rng, n)
    J = joint_jacobian(H, A, game.owner)
    bound = delta * A.sum(0)[game.owner]
    assert (margins(J) >= bound - 1e-9).all()
    same = np.repeat(H[:1], n, 0)  # all losses alike: then the bound is met with equality
    tight = margins(joint_jacobian(same, A, game.owner))
    assert np.allclose(tight, bound)


@given(seed=seeds, n=players, delta=st.floats(0.1, 2.0), boxed=st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_step_contracts_in_the_largest_difference(seed, n, delta, boxed):
    rng = np.random.default_rng(seed)
    game, _, L = dominant_game(rng, n, delta, Box(-0.3, 0.3) if boxed else None)
    A = mixture(rng, n)
    s = A.sum(0)
    eta, c = 1 / (L * s.max()), delta * s.min()
    x0 = rng.uniform(-0.3, 0.3, (2, game.dim)) * (1 if boxed else 20)
    path = dynamics.gradient_descent(game, x0, eta, 200, A).x
    gap = abs(path[:, 0] - path[:, 1]).max(-1)
    assert (gap[1:] <= (1 - eta * c) * gap[:-1] + 1e-12).all()


@given(seed=seeds, n=players)
@settings(max_examples=8, deadline=None)
def test_the_rest_point_is_the_equilibrium_of_the_mixed_game(seed, n):
    rng = np.random.default_rng(seed)
    game, _, L = dominant_game(rng, n, 1.0)
    A = 0.5 * mixture(rng, n) + 0.5 * np.eye(n)
    eta = 1 / (L * A.sum(0).max())
    x = dynamics.gradient_descent(game, np.zeros(game.dim), eta, 2500, A, every=2500).x[-1]
    mixed = Game(
        lambda x: game.losses(x) @ A, game.owner, jacobian=lambda x: A.T @ game.jacobian(x)
    )
    assert abs(mixing.joint_gradient(game, x, A)).max() < 1e-6
    assert equilibria.deviation_gains(mixed, x, rng, tries=4).max() < 1e-8
    assert equilibria.deviation_gains(mixed, x + 0.1, rng, tries=4).max() > 1e-8


@given(seed=seeds)
@settings(max_examples=40, deadline=None)
def test_the_block_form_contracts_in_the_largest_block(seed):
    rng, n, size, delta = np.random.default_rng(seed), 3, 2, 0.5
    d = n * size
    H = rng.normal(size=(n, d, d))
    H = (H + np.swapaxes(H, -1, -2)) / 2
    owner = np.repeat(np.arange(n), size)
    blocks = H.reshape(n, n, size, n, size).transpose(0, 1, 3, 2, 4)
    norms = np.linalg.norm(blocks, 2, axis=(-2, -1))
    apart = norms.sum(-1) - np.diagonal(norms, axis1=-2, axis2=-1)
    least = np.linalg.eigvalsh(np.einsum("kiiab->kiab", blocks))[..., 0]
    H += np.eye(d) * np.repeat(apart + delta - least, size, -1)[:, None, :]
    A = mixture(rng, n)
    J = joint_jacobian(H, A, owner)
    own = [np.linalg.eigvalsh(J[2 * i : 2 * i + 2, 2 * i : 2 * i + 2]).max() for i in range(n)]
    eta = 1 / max(own)
    z = rng.normal(size=(50, n, size))
    # At the dominant corner of the ball every block has norm 1: the bound is nearest there.
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    moved = (z.reshape(50, d) @ (np.eye(d) - eta * J).T).reshape(50, n, size)
    factor = np.linalg.norm(moved, axis=-1).max(-1)
    assert (factor <= 1 - eta * delta * A.sum(0).min() + 1e-9).all()


def test_the_point_differs_from_mixture_to_mixture():
    game = games.prisoners_dilemma(3)
    ends = [
        dynamics.gradient_descent(game, np.ones(6), 0.1, 900, A, every=900).x[-1]
        for A in (np.eye(3), mixing.cooperative(3), mixing.selfish(3, 0.5))
    ]
    expected = [0.0, 1 / 3, 0.25]  # A_ti / s_i, with t the player it is aimed at
    assert np.allclose(ends, np.array(expected)[:, None], atol=1e-9)


half = np.full((2, 2), 0.5)
WITHOUT = {
    "an empty column": ([[[1, 0], [0, 1]]] * 2, [[1, 0], [1, 0]], [0, 1], 0.0),
    "equality": ([[[1, -1], [-1, 1]]] * 2, half, [0, 1], 0.0),
    "own rows only": ([[[1, 0], [0, -2]], [[-2, 0], [0, 1]]], half, [0, 1], -0.5),
    "only convex": ([[[1, 3], [3, 9]], [[9, 3], [3, 1]]], np.eye(2), [0, 1], -2.0),
    "between blocks": ([[[1, 2, 0], [2, 1, 0], [0, 0, 1]]] * 2, half, [0, 0, 1], -1.0),
}


@pytest.mark.parametrize("what", WITHOUT)
def test_each_assumption_is_needed(what):
    H, A, owner, least = WITHOUT[what]
    J = joint_jacobian(np.array(H, float), A, np.array(owner))
    assert np.linalg.eigvals(J).real.min() == pytest.approx(least, abs=1e-12)


def test_printed_weights_cannot_be_empty_but_transposed_ones_can():
    H, A = np.array([np.eye(2)] * 2), np.array([[1.0, 0.0], [1.0, 0.0]])
    printed = np.einsum("mk,kml->ml", A, H)  # A_ij of (138): rows, which sum to 1
    assert (margins(printed) > 0).all()
    assert margins(joint_jacobian(H, A, [0, 1])).min() == 0


def test_a_step_that_suits_the_selfish_game_may_not_suit_a_mixture():
    game = Game(lambda x: anp.stack([(x**2).sum(-1) / 2] * 4, -1), [0, 1, 2, 3])
    heavy = np.tile([0.97, 0.01, 0.01, 0.01], (4, 1))
    x0 = np.ones(4)
    alone = dynamics.gradient_descent(game, x0, 0.9, 50).x[-1]
    assert abs(alone).max() < 1e-9
    assert abs(dynamics.gradient_descent(game, x0, 0.9, 50, heavy).x[-1]).max() > 1e9
    safe = dynamics.gradient_descent(game, x0, 0.25, 500, heavy, every=500).x[-1]
    assert abs(safe).max() < 1e-1
