"""Searches for equilibria and optima, held against what is known of each game."""

import autograd.numpy as anp
import numpy as np
import pytest

from d3c_minimal import games
from d3c_minimal.equilibria import (
    deviation_gains,
    find_equilibria,
    normal_form,
    optimum,
    pure_equilibria,
)
from d3c_minimal.finite import best_actions
from d3c_minimal.game import Game
from d3c_minimal.rest_points import approach, field, polish
from d3c_minimal.spaces import Box, Euclidean, Simplices, Space

PENNIES = np.array([[1.0, 3.0], [3.0, 1.0]])
MEETING = np.array([[1.0, 4.0], [4.0, 2.0]])
DILEMMA = np.array([[1.0, 10.0], [0.0, 6.0]])

WITH_REFERENCE = {
    "nash_paradox(0.1)": games.nash_paradox(0.1),
    "nash_paradox(0.6)": games.nash_paradox(0.6),
    "nash_paradox(1)": games.nash_paradox(1.0),
    "traffic": games.traffic(45.0, 45.0, 0.0, 10.0, 10.0),
    "random_braess": games.random_braess(np.random.default_rng(5)),
    "traffic, three drivers": games.traffic(20.0, 25.0, 1.0, 4.0, 5.0, drivers=3),
    "traffic, closed": games.traffic(45.0, 45.0, None, 10.0, 10.0),
    "prisoners_dilemma(2)": games.prisoners_dilemma(2),
    "prisoners_dilemma(5, 1/3)": games.prisoners_dilemma(5, 1 / 3),
    "election": games.election(),
    "efficient_but_unfair": games.efficient_but_unfair(),
    "bilinear dilemma": games.bilinear(DILEMMA, DILEMMA.T),
    "bilinear meeting": games.bilinear(MEETING, MEETING),
}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_reference_equilibrium_is_certified_and_found(name, rng):
    game = WITH_REFERENCE[name]
    known = game.reference
    found = find_equilibria(game, rng, starts=8)
    assert found
    assert all(point.gain <= 1e-6 and point.reached >= 1 for point in found)
    if known.nash is None:
        return
    np.testing.assert_allclose(game.loss(known.nash), known.nash_losses, rtol=1e-12)
    assert deviation_gains(game, known.nash, rng).max() <= 1e-9
    assert min(abs(point.x - known.nash).max() for point in found) <= 1e-8
    if "unique" in known.note or name in ("traffic", "random_braess", "bilinear dilemma"):
        assert len(found) == 1
        assert found[0].reached == 8


@pytest.mark.parametrize("name", WITH_REFERENCE)
def test_reference_optimum_is_found(name, rng):
    game = WITH_REFERENCE[name]
    known = game.reference
    if known.optimum is None:
        with pytest.raises(ValueError, match="without bound"):
            optimum(game, rng, starts=4)
        return
    np.testing.assert_allclose(game.loss(known.optimum), known.optimal_losses, rtol=1e-12)
    found = optimum(game, rng, starts=8)
    assert found.value == pytest.approx(known.optimal_losses.sum(), rel=1e-12)
    assert found.losses.sum() == pytest.approx(found.value, rel=1e-15)
    assert found.residual <= 1e-6
    assert 1 <= found.agree <= found.starts == 8
    assert (found.spread <= 1e-6 * (1 + found.value)) == (found.agree == 8)


def test_optimum_of_a_finite_game_is_enumerated():
    game = WITH_REFERENCE["traffic"]
    best = optimum(normal_form(game))
    assert best.value == best_actions(game).value == 260.0
    assert sorted(best.actions) == [0, 0, 1, 1]


def test_a_repelling_mixed_equilibrium_is_found_beside_the_pure_ones(rng):
    found = find_equilibria(WITH_REFERENCE["bilinear meeting"], rng)
    expected = [[0.4, 0.6, 0.4, 0.6], [0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0]]
    np.testing.assert_allclose([point.x for point in found], expected, atol=1e-9)
    np.testing.assert_allclose([point.losses[0] for point in found], [2.8, 2.0, 1.0])


@pytest.mark.parametrize("seed", range(4))
def test_gains_at_the_vertices_of_random_games_are_those_of_the_tensor(seed, rng):
    B1, B2 = np.random.default_rng(seed).uniform(0, 1, (2, 3, 2))
    game = games.bilinear(B1, B2)
    for i, j in np.ndindex(3, 2):
        x = np.concatenate([np.eye(3)[i], np.eye(2)[j]])
        expected = [B1[i, j] - B1[:, j].min(), B2[i, j] - B2[i].min()]
        np.testing.assert_allclose(deviation_gains(game, x, rng), expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_search_finds_the_pure_equilibria_and_no_false_ones(seed, rng):
    game = games.bilinear(*np.random.default_rng(seed).uniform(0, 1, (2, 3, 2)))
    found = find_equilibria(game, rng, starts=16)
    ends = {tuple(np.flatnonzero(p.x == 1.0) - [0, 3]) for p in found if (p.x == 1.0).sum() == 2}
    assert ends == {point.actions for point in pure_equilibria(game)}
    assert found


def test_extragradient_settles_where_descent_cycles(rng):
    """Matching pennies: plain descent has only moved away from its equilibrium."""
    game = games.bilinear(PENNIES, 4.0 - PENNIES)
    (point,) = find_equilibria(game, rng, starts=8)
    np.testing.assert_allclose(point.x, 0.5, atol=1e-9)
    x0 = game.space.sample(rng, (8, 4))
    ends = approach(game, x0)
    assert abs(ends - 0.5).max() < 1e-6
    x = x0
    for _ in range(1000):
        x = game.space.step(x, field(game, x), 0.2)
    assert (abs(x - 0.5).max(-1) > abs(x0 - 0.5).max(-1)).all()


@pytest.mark.parametrize("scale", [2.0**-10, 2.0**13])  # powers of 2 add no rounding
def test_step_sizes_follow_the_scale_of_the_losses(scale, rng):
    x0 = Simplices([2, 2]).sample(rng, (8, 4))
    plain, scaled = (
        approach(games.bilinear(s * PENNIES, s * (4.0 - PENNIES)), x0, steps=100)
        for s in (1.0, scale)
    )
    np.testing.assert_allclose(scaled, plain, atol=1e-9)
    assert abs(plain - x0).max() > 0.1


def test_polish_puts_a_point_near_a_face_on_it():
    box = Game(lambda x: (x - anp.array([2.0, 0.5])) ** 2, [0, 1], Box(0.0, 1.0))
    assert np.array_equal(polish(box, np.array([0.9995, 0.4]), 1e-3), [1.0, 0.5])
    x = np.array([1e-5, 1 - 1e-5, 1e-5, 1 - 1e-5])
    meeting = WITH_REFERENCE["bilinear meeting"]
    assert np.array_equal(polish(meeting, x, 1e-3), [0.0, 1.0, 0.0, 1.0])
    np.testing.assert_allclose(polish(meeting, x, 0.0), [0.4, 0.6, 0.4, 0.6], atol=1e-12)


def test_an_equilibrium_on_a_bound_of_a_box(rng):
    """f_1 = (x - 2)^2 + y, f_2 = (y - x / 2)^2 on [0, 1]^2: at (1, 1/2)."""
    game = Game(
        lambda x: anp.stack(
            [(x[..., 0] - 2) ** 2 + x[..., 1], (x[..., 1] - x[..., 0] / 2) ** 2], -1
        ),
        [0, 1],
        Box(0.0, 1.0),
    )
    (point,) = find_equilibria(game, rng, starts=6)
    np.testing.assert_allclose(point.x, [1.0, 0.5], atol=1e-9)
    assert point.reached == 6


def test_a_linear_total_on_a_box_is_not_called_unbounded(rng):
    game = Game(lambda x: 1.0 * x, [0, 1], Box([-3.0, 0.0], [1.0, 2.0]))
    found = optimum(game, rng, starts=4)
    assert np.array_equal(found.x, [-3.0, 0.0])
    assert (found.value, found.residual, found.agree, found.spread) == (-3.0, 0.0, 4, 0.0)


def test_one_start_is_enough_to_see_the_fall_without_bound():
    for seed in range(20):
        with pytest.raises(ValueError, match="without bound"):
            optimum(games.efficient_but_unfair(), np.random.default_rng(seed), starts=1)


@pytest.mark.parametrize("total", [lambda x: -anp.log(1 + x**2), lambda x: x, lambda x: x**3])
def test_totals_without_a_lower_bound_are_refused(total, rng):
    game = Game(lambda x: total(x), [0, 1])
    with pytest.raises(ValueError, match="without bound"):
        optimum(game, rng, starts=4)


def test_a_far_minimum_is_no_fall_without_bound(rng):
    game = Game(lambda x: (x - 1e4) ** 2, [0, 1])
    assert optimum(game, rng, starts=4).value == pytest.approx(0.0, abs=1e-9)


def test_local_minima_show_in_the_certificate(rng):
    """x^4 - x^2 + x / 4 for both: two minima each, the starts end in either."""
    game = Game(lambda x: x**4 - x**2 + x / 4, [0, 1])
    found = optimum(game, rng, starts=32)
    grid = np.linspace(-2, 2, 400001)
    least = (grid**4 - grid**2 + grid / 4).min()
    assert found.value == pytest.approx(2 * least, abs=1e-9)
    assert 1 <= found.agree < 32
    assert found.spread > 0.1


def test_rest_points_that_are_no_equilibria_are_dropped(rng):
    """Each player's own loss has its maximum at 0 and minima at both ends of the box."""
    game = Game(lambda x: -(x**2), [0, 1], Box(-1.0, 1.0))
    assert np.array_equal(field(game, np.zeros(2)), [0.0, 0.0])
    assert deviation_gains(game, np.zeros(2), rng) == pytest.approx([1.0, 1.0])
    found = find_equilibria(game, rng, starts=np.array([[0.0, 0.0], [0.3, -0.2]]))
    assert [point.x.tolist() for point in found] == [[1.0, -1.0]]


def test_a_player_whose_loss_falls_without_bound_leaves_no_equilibrium(rng):
    game = Game(lambda x: anp.stack([-(x[..., 0] ** 2), x[..., 1] ** 2], -1), [0, 1])
    assert find_equilibria(game, rng, starts=4) == []


class TestDeviationGains:
    def test_by_hand_on_a_matrix_game(self, rng):
        """Both silent: each gains 1 by confessing; half and half against half and half."""
        game = WITH_REFERENCE["bilinear dilemma"]
        np.testing.assert_allclose(
            deviation_gains(game, np.array([1.0, 0, 1, 0]), rng), [1.0, 1.0], atol=1e-12
        )
        # (1 + 10 + 0 + 6) / 4 against (0 + 6) / 2
        gains = deviation_gains(game, np.full(4, 0.5), rng)
        np.testing.assert_allclose(gains, [1.25, 1.25], atol=1e-12)

    def test_a_player_with_two_blocks_moves_both(self, rng):
        """Player 0 owns the first and the last block; it gains only if both change."""

        def losses(x):
            p, q, r = x[..., 0], x[..., 2], x[..., 4]
            return anp.stack([p + r - 3 * p * r, q], -1)

        game = Game(losses, [0, 0, 1, 1, 0, 0], Simplices([2, 2, 2]))
        x = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
        np.testing.assert_allclose(deviation_gains(game, x, rng), [1.0, 0.0], atol=1e-12)

    def test_a_convex_loss_on_simplices_is_descended_inside(self, rng):
        """(p - 0.3)^2 from p = 1: no vertex is the best answer."""
        game = Game(
            lambda x: anp.stack([(x[..., 0] - 0.3) ** 2, x[..., 2]], -1),
            [0, 0, 1, 1],
            Simplices([2, 2]),
        )
        gains = deviation_gains(game, np.array([1.0, 0.0, 0.0, 1.0]), rng)
        np.testing.assert_allclose(gains, [0.49, 0.0], atol=1e-9)

    def test_a_narrow_gain_at_a_vertex_is_seen(self, rng):
        """-p^60 is flat but next to p = 1."""
        game = Game(
            lambda x: anp.stack([-(x[..., 5] ** 60), x[..., 6]], -1),
            [0] * 6 + [1] * 2,
            Simplices([6, 2]),
        )
        x = np.array([1 / 6] * 6 + [0.0, 1.0])
        np.testing.assert_allclose(deviation_gains(game, x, rng), [1.0, 0.0], atol=1e-12)

    def test_a_far_deviation_is_seen(self, rng):
        """A local minimum at 0, a lower one at 10 behind a hill."""
        game = Game(lambda x: x**2 * (x - 10) ** 2 / 100 - x**2 / 50, [0, 1])
        assert deviation_gains(game, np.zeros(2), rng).min() > 1.0

    def test_the_point_is_not_changed(self, rng):
        x = np.full(12, 1 / 3)
        deviation_gains(WITH_REFERENCE["traffic"], x, rng)
        assert np.array_equal(x, np.full(12, 1 / 3))


def test_the_same_generator_gives_the_same_answer():
    game = WITH_REFERENCE["traffic, closed"]
    first, second = (find_equilibria(game, np.random.default_rng(3), 8) for _ in range(2))
    assert [p.x.tolist() for p in first] == [p.x.tolist() for p in second]
    a, b = (optimum(game, np.random.default_rng(3), 8) for _ in range(2))
    assert np.array_equal(a.x, b.x)


class Torus(Space):
    """A space that the searches do not know."""


@pytest.mark.parametrize("search", [find_equilibria, optimum])
class TestRefusals:
    def test_run_axes(self, search, rng):
        with pytest.raises(ValueError, match="one game at a time"):
            search(games.random_braess(rng, count=3), rng, 3)

    def test_no_generator(self, search):
        with pytest.raises(TypeError, match="default_rng"):
            search(games.election(), None)

    def test_an_unknown_space(self, search, rng):
        with pytest.raises(TypeError, match="Torus"):
            search(Game(lambda x: x**2, [0, 1], Torus()), rng)

    def test_a_shared_block(self, search, rng):
        with pytest.raises(ValueError, match="one owner"):
            search(Game(lambda x: x[..., :2], [0, 1, 0, 1], Simplices([2, 2])), rng)

    @pytest.mark.parametrize(
        "starts", [0, 1.5, np.empty((0, 4)), np.zeros(4), np.full((1, 4), np.nan)]
    )
    def test_bad_starts(self, search, rng, starts):
        with pytest.raises(ValueError, match="starts"):
            search(games.election(), rng, starts)

    def test_starts_off_the_space(self, search, rng):
        with pytest.raises(ValueError, match="box"):
            search(games.nash_paradox(0.5), rng, np.full((2, 2), 2.0))


def test_a_tensor_is_no_game_to_search(rng):
    with pytest.raises(TypeError, match="pure_equilibria"):
        find_equilibria(np.zeros((2, 2, 2)), rng)


@pytest.mark.parametrize("tol", [0.0, -1.0, np.nan])
def test_tol_must_be_positive(tol, rng):
    with pytest.raises(ValueError, match="tol"):
        find_equilibria(games.election(), rng, 2, tol)


def test_euclidean_subclasses_are_known(rng):
    class Wide(Euclidean):
        def sample(self, rng, shape):
            return rng.uniform(-100.0, 100.0, shape)

    game = Game(lambda x: (x - 50.0) ** 2, [0, 1], Wide())
    (point,) = find_equilibria(game, rng, 4)
    np.testing.assert_allclose(point.x, [50.0, 50.0])


def test_a_hole_in_the_losses_that_stops_the_search_is_named():
    contest = Game(lambda x: x + 1 - x / anp.sum(x, 0), [0, 1, 2], Box(0.0, 1.0), batched=False)
    with pytest.warns(RuntimeWarning, match="stopped short of the optimum"):
        optimum(contest, np.random.default_rng(0), starts=4)
    off = Game(contest.losses, [0, 1, 2], Box(0.01, 1.0))
    assert np.isclose(optimum(off, np.random.default_rng(0), starts=4).value, 2.03)
