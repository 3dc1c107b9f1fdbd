"""The mixed extension of a finite game: multilinear, exact, and at home in every other function."""

import itertools

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import jacobian
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import anarchy, dynamics, finite, games, shaping
from d3c_minimal.equilibria import find_equilibria, normal_form, optimum
from d3c_minimal.finite import mixed_extension, tabulate
from d3c_minimal.game import Game, in_logits

few = settings(max_examples=40, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
shapes = st.lists(st.integers(1, 3), min_size=2, max_size=4).map(tuple)


def random_tensor(seed, shape):
    return np.random.default_rng(seed).normal(size=(*shape, len(shape)))


def by_einsum(tensor, sizes):
    """The losses again, in one sum, for autograd."""
    bounds, letters = np.cumsum([0, *sizes]), "abcd"[: len(sizes)]
    spec = ",".join("..." + letter for letter in letters) + f",{letters}z->...z"
    return lambda x: anp.einsum(spec, *(x[..., a:b] for a, b in itertools.pairwise(bounds)), tensor)


def test_by_hand():
    """x = (1/2, 1/2), y = (1/4, 3/4): B1 y = (1/4, 3/2), x B1 = (1, 1); B2 is B1 but for a 4."""
    B1, B2 = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [4.0, 2.0]])
    game = mixed_extension(np.stack([B1, B2], -1), name="by hand")
    x = np.array([0.5, 0.5, 0.25, 0.75])
    assert np.array_equal(game.loss(x), [0.875, 1.375])
    expected = [[0.25, 1.5, 0.5, 1.0], [0.25, 2.5, 2.5, 1.0]]
    assert np.array_equal(game.jacobian(x), expected)
    assert np.array_equal(game.owner, [0, 0, 1, 1])
    assert game.space.sizes == (2, 2)
    assert game.name == "by hand"


@few
@given(seeds, shapes)
def test_vertices_give_the_tensor(seed, shape):
    tensor = random_tensor(seed, shape)
    game = mixed_extension(tensor)
    for actions in itertools.product(*map(range, shape)):
        x = np.concatenate([np.eye(m)[a] for m, a in zip(shape, actions, strict=True)])
        assert np.array_equal(game.loss(x), tensor[actions])
    assert np.array_equal(normal_form(game), tensor)
    assert np.array_equal(normal_form(mixed_extension(game)), tensor)


@few
@given(seeds, shapes, st.sampled_from([(), (5,), (2, 3)]))
def test_losses_and_jacobian_against_autograd(seed, shape, runs):
    tensor = random_tensor(seed, shape)
    game, losses = mixed_extension(tensor), by_einsum(tensor, shape)
    x = game.space.sample(np.random.default_rng(seed), (*runs, game.dim))
    np.testing.assert_allclose(game.loss(x), losses(x), atol=1e-13)
    again = Game(game.losses, game.owner, game.space)  # without the Jacobian of its own
    np.testing.assert_allclose(game.jacobian(x), again.jacobian(x), atol=1e-13)
    for run in np.ndindex(runs):
        expected = jacobian(losses)(x[run])
        np.testing.assert_allclose(game.jacobian(x)[run], expected, atol=1e-13)


def test_two_players_are_the_bilinear_game():
    rng = np.random.default_rng(0)
    B1, B2 = rng.normal(size=(2, 3, 4))
    game, known = mixed_extension(np.stack([B1, B2], -1)), games.bilinear(B1, B2)
    x = game.space.sample(rng, (6, 7))
    np.testing.assert_allclose(game.loss(x), known.loss(x), atol=1e-14)
    np.testing.assert_allclose(game.jacobian(x), known.jacobian(x), atol=1e-14)
    assert np.array_equal(game.owner, known.owner)
    for name in ("nash", "nash_losses", "optimum", "optimal_losses"):
        one, other = (getattr(g.reference, name) for g in (game, known))
        assert (one is None and other is None) or np.array_equal(one, other), name


def test_the_reference_holds_the_optimum_and_the_worst_pure_equilibrium():
    """Three volunteers: one of them has to pay 2, or all lose 5."""

    def volunteers(*pays):
        return [2.0 * pay + 5.0 * (not any(pays)) for pay in pays]

    known = mixed_extension(tabulate(volunteers, [2, 2, 2])).reference
    assert np.array_equal(known.optimal_losses, [0, 0, 2])
    assert np.array_equal(known.optimum, [1, 0, 1, 0, 0, 1])
    assert known.nash_losses.sum() == 2
    pennies = np.array([[[1.0, 3.0], [3.0, 1.0]], [[3.0, 1.0], [1.0, 3.0]]])
    assert mixed_extension(pennies).reference.nash is None
    meeting = np.repeat(np.array([[1.0, 4.0], [4.0, 2.0]])[..., None], 2, -1)
    assert np.array_equal(mixed_extension(meeting).reference.nash, [0, 1, 0, 1])


def test_the_callers_tensor_stays_apart():
    tensor = random_tensor(0, (2, 2))
    game, kept = mixed_extension(tensor), tensor.copy()
    game.loss(np.full(4, 0.5))
    assert np.array_equal(tensor, kept)
    tensor[:] = 0.0
    assert np.array_equal(normal_form(game), kept)


def test_many_runs_are_taken_in_chunks(monkeypatch):
    tensor = random_tensor(1, (2, 3, 2))
    game = mixed_extension(tensor)
    x = game.space.sample(np.random.default_rng(0), (3, 7, 7))
    whole = game.loss(x), game.jacobian(x)
    monkeypatch.setattr(finite, "CHUNK", 100)  # 36 / 2 numbers a run: five runs at a time
    sizes = []
    inner = finite._contract
    monkeypatch.setattr(
        finite, "_contract", lambda t, b: (sizes.append(b[0].shape[:-1]), inner(t, b))[1]
    )
    np.testing.assert_allclose(game.loss(x), whole[0], rtol=1e-12)
    assert sizes == [(5,)] * 4 + [(1,)]
    np.testing.assert_allclose(game.jacobian(x), whole[1], rtol=1e-12)
    assert set(sizes) == {(5,), (1,)}
    assert game.loss(x[0, 0]).shape == (3,)
    again = Game(game.losses, game.owner, game.space)  # autograd takes all runs at once
    np.testing.assert_allclose(again.jacobian(x), whole[1], atol=1e-13)


def test_a_malformed_tensor_is_refused():
    with pytest.raises(ValueError, match="m_1"):
        mixed_extension(np.zeros((2, 2)))


class TestInUse:
    """The stag hunt of three, as losses: a stag needs all of them, a hare is there for each."""

    @staticmethod
    def game():
        def hunt(*hares):
            return [3.0 if hare else (1.0 if not any(hares) else 4.0) for hare in hares]

        return mixed_extension(tabulate(hunt, [2, 2, 2]), name="stag hunt")

    def test_descent_and_d3c(self):
        """At 1/2 each a stag costs 1/4 + 3 = 3.25, a hare 3: selfish hunters take the hare."""
        game = self.game()
        x0 = np.full((4, 6), 0.5)
        assert np.array_equal(game.jacobian(x0)[0, 0, :2], [3.25, 3.0])
        alone = dynamics.gradient_descent(game, x0, 0.2, 400)
        np.testing.assert_allclose(alone.f[-1], 3.0, atol=1e-3)
        together = dynamics.gradient_descent(game, x0, 0.2, 400, A=np.full((3, 3), 1 / 3))
        np.testing.assert_allclose(together.f[-1], 1.0, atol=1e-3)
        path = dynamics.d3c(game, x0, 0.2, 5.0, 0.0, 400)
        assert np.isfinite(path.f).all()
        np.testing.assert_allclose(path.A.sum(-1), 1.0, atol=1e-12)
        np.testing.assert_allclose(path.x.reshape(-1, 3, 2).sum(-1), 1.0, atol=1e-12)
        assert abs(path.A[-1] - path.A[0]).max() > 0.01

    def test_equilibria_optimum_and_bracket(self):
        """All stag, all hare, and by hand all stag with chance p: 4 - 3 p^2 = 3."""
        game, rng = self.game(), np.random.default_rng(0)
        found = [point.x[0] for point in find_equilibria(game, rng, starts=16)]
        p = 1 / np.sqrt(3)
        assert all(min(abs(stag - np.array([0, p, 1]))) < 1e-4 for stag in found)
        assert min(found) < 1e-4
        assert max(found) > 1 - 1e-4
        best = optimum(game, rng, starts=4)
        assert best.value == pytest.approx(3.0)
        np.testing.assert_allclose(best.x, [1, 0, 1, 0, 1, 0], atol=1e-9)
        bracket = anarchy.price_of_anarchy_bracket(game)
        assert bracket.lower == pytest.approx(3.0)
        assert bracket.upper == pytest.approx(3.0, abs=1e-6)

    def test_shaping_in_logits(self):
        """The second derivatives of LOLA against finite differences of xi."""
        game = in_logits(self.game())
        z = np.random.default_rng(0).normal(size=(2, 6))
        found = shaping.derivatives(game, z)
        for m in range(6):
            step = 1e-5 * np.eye(6)[m]
            either = [shaping.derivatives(game, z + s * step).xi for s in (1, -1)]
            np.testing.assert_allclose(found.H[..., m], (either[0] - either[1]) / 2e-5, atol=1e-8)
        path = shaping.shape(game, lambda g, x: shaping.lola(g, x, 0.5), z, 0.5, 50)
        assert np.isfinite(path.f).all()
        assert abs(path.x[-1] - path.x[0]).max() > 0.1
