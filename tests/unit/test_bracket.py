"""Brackets of smooth games, against random quadratic games solved by hand, and their modesty."""

import autograd.numpy as anp
import numpy as np
import pytest

from d3c_minimal import games
from d3c_minimal.anarchy import FiniteBracket, SmoothBracket, price_of_anarchy_bracket
from d3c_minimal.bracket import _proved_sides
from d3c_minimal.equilibria import Optimum, mixed_equilibria
from d3c_minimal.game import Game
from d3c_minimal.minimise import projecting
from d3c_minimal.monotone import (
    Curvature,
    cautious,
    curvature,
    directions,
    distance_bound,
    fall_bound,
)
from d3c_minimal.spaces import Box, Euclidean, Simplices


def quadratic_game(Q, b, c, owner, space=None):
    """f_i = x' Q_i x / 2 + b_i' x + c_i with symmetric Q_i."""

    def losses(x):
        curved = [(x @ Q[i] * x).sum(-1) / 2 + x @ b[i] + c[i] for i in range(len(Q))]
        return anp.stack(curved, -1)

    return Game(losses, owner, space, name="quadratic")


def random_quadratic(seed, n=3, each=2):
    """A strongly monotone game with a convex total, its equilibrium and optimum in closed form."""
    draw = np.random.default_rng(seed)
    d = n * each
    owner = np.repeat(np.arange(n), each)
    Q = draw.normal(0, 0.3, (n, d, d))
    Q = (Q + np.swapaxes(Q, -1, -2)) / 2
    for i in range(n):
        mine = owner == i
        Q[i] += 2.0 * np.eye(d) + 4.0 * np.diag(mine * 1.0)
    b = draw.normal(size=(n, d))
    pick = Q[owner, np.arange(d)]  # row k: of the Hessian of its owner's loss
    nash = np.linalg.solve(pick, -b[owner, np.arange(d)])
    best = np.linalg.solve(Q.sum(0), -b.sum(0))
    assert np.linalg.eigvalsh((pick + pick.T) / 2).min() > 0.1
    c = np.full(n, 5.0)
    return quadratic_game(Q, b, c, owner), nash, best, (pick + pick.T) / 2, Q.sum(0)


def coordination(high=0.0):
    """Two players in [0, 1] want to be at the same end: 1 + (1 + high) x_1 + x_2 - 2 x_1 x_2."""
    Q = np.array([[[0.0, -2.0], [-2.0, 0.0]]] * 2)
    return quadratic_game(Q, np.array([[1.0 + high, 1.0]] * 2), np.ones(2), [0, 1], Box(0.0, 1.0))


@pytest.mark.parametrize("seed", range(5))
def test_a_monotone_quadratic_game_is_closed_from_both_sides(seed):
    game, nash, best, _, _ = random_quadratic(seed)
    found = price_of_anarchy_bracket(game, np.random.default_rng(seed), starts=2, quadratic=True)
    price = game.loss(nash).sum() / game.loss(best).sum()
    assert price > 1.001
    assert found.lower <= price * (1 + 1e-14)
    assert found.upper >= price * (1 - 1e-14)
    assert found.upper - found.lower <= 1e-7
    assert found.lower_rests_on.startswith("proved: the only equilibrium")
    assert found.upper_rests_on.startswith("proved: losses are quadratic (on your word)")
    np.testing.assert_allclose(found.equilibria[0].x, nash, atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_poor_searches_widen_the_bracket_and_never_miss(seed):
    """An equilibrium and an optimum that are off by some hundredths still give true bounds."""
    game, nash, best, _, _ = random_quadratic(seed)
    draw = np.random.default_rng(seed)
    price = game.loss(nash).sum() / game.loss(best).sum()
    joint, total = (curvature(game, np.zeros((1, game.dim)), of) for of in ("field", "total"))
    for _ in range(10):
        x, near = (point + draw.normal(0, 0.02, game.dim) for point in (nash, best))
        poor = Optimum(float(game.loss(near).sum()), near, game.loss(near), 0.0, 1, 1, 0.0)
        lower, upper, _, _ = _proved_sides(game, x, poor, joint, total)
        assert lower <= price <= upper
        exact = Optimum(float(game.loss(best).sum()), best, game.loss(best), 0.0, 1, 1, 0.0)
        floor_only = _proved_sides(game, nash, poor, joint, total)[1]
        slack_only = _proved_sides(game, x, exact, joint, total)[1]
        assert floor_only >= price > game.loss(nash).sum() / poor.value
        assert slack_only >= price


@pytest.mark.parametrize("seed", range(5))
def test_curvature_of_a_quadratic_game_is_that_of_its_matrices(seed):
    game, _, _, symmetric, total = random_quadratic(seed)
    points = np.random.default_rng(seed).normal(size=(4, game.dim))
    joint, whole = (curvature(game, points, of) for of in ("field", "total"))
    assert joint.least == pytest.approx(np.linalg.eigvalsh(symmetric).min(), rel=1e-9)
    assert whole.least == pytest.approx(np.linalg.eigvalsh(total).min(), rel=1e-9)
    assert whole.steepest == pytest.approx(np.linalg.eigvalsh(total).max(), rel=1e-9)
    assert max(joint.varies, whole.varies) < 1e-9


def test_curvature_of_one_game_by_hand():
    """F = (3 x + y, -2 x + y): symmetric part [[3, -1/2], [-1/2, 1]]."""
    Q = np.array([[[3.0, 1.0], [1.0, 0.0]], [[0.0, -2.0], [-2.0, 1.0]]])
    game = quadratic_game(Q, np.zeros((2, 2)), np.zeros(2), [0, 1])
    joint = curvature(game, np.zeros((1, 2)))
    assert joint.least == pytest.approx(2 - np.sqrt(1.25))
    assert joint.steepest == pytest.approx(np.linalg.norm([[3.0, 1.0], [-2.0, 1.0]], 2))
    cubic = Game(lambda x: game.losses(x) + x**4, [0, 1])
    assert curvature(cubic, np.array([[0.0, 0.0], [1.0, 1.0]])).varies > 0.5
    broken = Game(lambda x: anp.log(x), [0, 1], jacobian=lambda x: np.full((*x.shape, 2), np.nan))
    assert curvature(broken, np.ones((1, 2))).least == -np.inf
    with pytest.raises(ValueError, match="'field' or 'total'"):
        curvature(game, np.zeros((1, 2)), "losses")


def test_directions_keep_the_blocks_sums():
    basis = directions(Simplices([3, 2]), 5)
    assert basis.shape == (5, 3)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    np.testing.assert_allclose([basis[:3].sum(0), basis[3:].sum(0)], 0, atol=1e-12)
    assert np.array_equal(directions(Box(0.0, 1.0), 4), np.eye(4))


@pytest.mark.parametrize("space", [Euclidean(), Box(-0.3, 0.2), Simplices([3, 3])])
@pytest.mark.parametrize("seed", range(3))
def test_distance_and_fall_are_never_understated(seed, space):
    """From random points; the equilibrium and the optimum by long projected descent."""
    draw = np.random.default_rng(seed)
    Q = np.stack([np.diag(draw.uniform(2, 4, 6)) for _ in range(2)]) + draw.normal(0, 0.2, (6, 6))
    Q = (Q + np.swapaxes(Q, -1, -2)) / 2
    game = quadratic_game(Q, draw.normal(size=(2, 6)), np.zeros(2), np.repeat([0, 1], 3), space)
    joint, total = (curvature(game, np.full((1, 6), 1 / 3), of) for of in ("field", "total"))
    nash, best = (np.full(6, 1 / 3), np.full(6, 1 / 3)) if space.dim else np.zeros((2, 6))
    arena = projecting(space)
    for _ in range(150):
        nash = arena.step(nash, game.jacobian(nash)[game.owner, np.arange(6)], 0.1)
        best = arena.step(best, game.jacobian(best).sum(0), 0.1)
    for x in space.sample(draw, (8, 6)) * (1.0 if space.dim else 0.2):
        away, fall = distance_bound(game, x, joint), fall_bound(game, x, total)
        assert away >= np.linalg.norm(x - nash) - 1e-9
        assert fall >= (game.loss(x) - game.loss(best)).sum() - 1e-9
        assert max(away, fall) < 100
    assert distance_bound(game, nash, joint) < 1e-5
    assert abs(fall_bound(game, best, total)) < 1e-5


def test_no_bound_without_curvature():
    game = coordination()
    flat = curvature(game, np.full((1, 2), 0.5))
    assert flat.least < 0
    assert distance_bound(game, np.zeros(2), flat) == np.inf
    assert fall_bound(game, np.zeros(2), flat) == np.inf
    convex_but_flat = Game(lambda x: (x.sum(-1)[..., None] ** 2) * np.ones(2), [0, 1])
    known = curvature(convex_but_flat, np.zeros((1, 2)), "total")
    assert fall_bound(convex_but_flat, np.ones(2), known) == np.inf


def test_a_missed_worse_equilibrium_is_not_claimed_away():
    """Both ends are equilibria, with totals 2 and 2.4, and 3.2 between; the start sees one."""
    game = coordination(high=0.2)
    near = np.zeros((1, 2))
    for quadratic in (False, True):
        found = price_of_anarchy_bracket(game, np.random.default_rng(0), near, quadratic)
        assert [point.losses.sum() for point in found.equilibria] == [2.0]
        assert found.lower == 1.0
        assert found.upper == np.inf
        assert found.upper_rests_on.startswith("nothing known: the game is not strongly monotone")
        assert found.lower_rests_on.startswith("found: ")
        assert "1 starts" in found.lower_rests_on
    many = price_of_anarchy_bracket(game, np.random.default_rng(0), 8)
    assert many.lower == pytest.approx(1.6)
    assert many.upper == np.inf


def test_what_is_only_sampled_is_not_proved():
    """The Nash paradox is monotone wherever one looks; not being quadratic, nothing is proved."""
    game = games.nash_paradox(0.5)
    found = price_of_anarchy_bracket(game, np.random.default_rng(0), 4)
    assert isinstance(found, SmoothBracket)
    assert found.lower == pytest.approx(4 / 3)
    assert found.upper == np.inf
    assert found.upper_rests_on.startswith("nothing known: the game looks strongly monotone")
    assert "quadratic=True" not in found.upper_rests_on
    assert found.sampled >= 4 / 3 - 1e-9
    assert found.sampled_rests_on.startswith("sampled: 257 pairs")
    with pytest.raises(ValueError, match="not quadratic"):
        price_of_anarchy_bracket(game, np.random.default_rng(0), 4, quadratic=True)


@pytest.mark.parametrize(
    ("space", "extra"),
    [
        (Box(0.0, 1.0), lambda x: 5.0 * (x.sum(-1, keepdims=True) > 1.99)),
        (Box(0.0, 1.0), lambda x: 5.0 * (x.sum(-1, keepdims=True) < 0.5)),
        (Euclidean(), lambda x: 3.0 * anp.maximum(x[..., ::-1] - 5.0, 0.0) ** 2),
    ],
    ids=["a step at a corner", "a wide step", "a kink where the equilibrium is, far from samples"],
)
def test_a_wrong_word_is_refuted_by_values_ends_and_corners(space, extra):
    game = Game(lambda x: (x - 20.0) ** 2 + 1.0 + extra(x), [0, 1], space)
    with pytest.raises(ValueError, match="quadratic"):
        price_of_anarchy_bracket(game, np.random.default_rng(0), 4, quadratic=True)
    calm = Game(lambda x: (x - 20.0) ** 2 + 1e6, [0, 1], space)
    found = price_of_anarchy_bracket(calm, np.random.default_rng(0), 4, quadratic=True)
    assert found.upper == pytest.approx(1.0)


@pytest.mark.parametrize("start", [-1e5, -6e5, 4e5])
def test_a_total_that_bends_down_by_less_than_rounding_is_not_called_convex_in_a_wide_box(start):
    """The total x^2 - 5e-10 y^2 - 1e-4 y + 600 is 600 at the equilibrium 0 and 0 at y = 1e6.

    One search for the optimum ends at the other side, where the tangent sees nothing lower.
    """
    game = Game(
        lambda x: anp.stack(
            [
                x[..., 0] ** 2 - (1 + 5e-10) * x[..., 1] ** 2 - 1e-4 * x[..., 1] + 601.0,
                x[..., 1] ** 2,
            ],
            -1,
        ),
        [0, 1],
        Box(-1e6, 1e6),
    )
    starts = np.array([[0.0, start]])
    found = price_of_anarchy_bracket(game, np.random.default_rng(0), starts, quadratic=True)
    assert found.upper >= 600.0


def test_what_rounding_may_hide_is_taken_off_the_curvature():
    """f = (x - y)^2 + B y has a flat direction, and gradients of the size of B."""
    for B in (1.0, 1e6, 1e10):
        game = quadratic_game(
            np.array([[[2.0, -2.0], [-2.0, 2.0]]] * 2), np.full((2, 2), B), np.ones(2), [0, 1]
        )
        known = curvature(game, np.random.default_rng(0).normal(size=(16, 2)))
        assert known.least < -1e-16 * B
        assert known.least > -1e-9 * (1.0 + B)
    varied = Curvature(1.0, 2.0, 0.1)
    assert cautious(varied, 3) == pytest.approx((0.4, 2.6, 0.1))


@pytest.mark.parametrize("scale", [1.0, 1e5, 1e8, 1e10])
@pytest.mark.parametrize("seed", range(4))
def test_a_huge_penalty_does_not_hide_an_equilibrium_from_the_upper_side(seed, scale):
    """A third action that costs its player ``scale`` is dominated: the other four cells decide."""
    draw = np.random.default_rng(seed)
    tensor = draw.uniform(1, 3, (3, 3, 2))
    tensor[2, :, 0], tensor[:, 2, 1] = 3 + scale, 3 + scale * draw.uniform(0.5, 1)
    small = tensor[:2, :2]
    worst = mixed_equilibria(small)[0].losses.sum() / small.sum(-1).min()
    found = price_of_anarchy_bracket(tensor)
    assert found.upper >= worst * (1 - 1e-12)
    assert found.upper == found.coarse.bound / found.best.value or found.upper == found.lower


def test_a_game_that_is_linear_at_vertices_and_round_points_only_is_not_finite():
    """A dip that vanishes where p or q is 0, 1/3 or 1, as deep as the totals are high."""

    def losses(x):
        p, q = x[..., 0], x[..., 2]
        dip = 1e4 * p * (1 - p) * (p - 1 / 3) ** 2 * q * (1 - q) * (q - 1 / 3) ** 2
        return anp.stack([1 + p * q - dip, 1 + p * q - dip], -1)

    game = Game(losses, [0, 0, 1, 1], Simplices([2, 2]))
    with pytest.raises(ValueError, match="not expectations"):
        price_of_anarchy_bracket(game)


def test_a_quadratic_game_is_told_what_would_prove_it():
    game, nash, best, _, _ = random_quadratic(0)
    found = price_of_anarchy_bracket(game, np.random.default_rng(0), 2)
    assert found.upper == np.inf
    assert found.upper_rests_on.endswith(
        "if all losses are quadratic in x, quadratic=True makes it a proof"
    )
    assert found.lower == pytest.approx(game.loss(nash).sum() / game.loss(best).sum())


def test_a_total_that_is_not_convex_leaves_the_upper_side_open():
    """f_1 = (x - .5)^2 - 3 y^2 + 4 and the mirror: monotone, but each wants the other at an end."""
    game = Game(lambda x: (x - 0.5) ** 2 - 3 * x[..., ::-1] ** 2 + 4.0, [0, 1], Box(-1.0, 1.0))
    found = price_of_anarchy_bracket(game, np.random.default_rng(0), 4, quadratic=True)
    assert found.upper == np.inf
    assert found.upper_rests_on.startswith("nothing known: the total is not convex enough")
    assert found.lower_rests_on.startswith("proved")
    # (0.5, 0.5): 2 (4 - 3/4) = 6.5; (-1, -1): 2 (2.25 - 3 + 4) = 6.5; (1, 1): 2 (.25 + 1) = 2.5
    # The total is 2 ((t - 1/2)^2 - 3 t^2 + 4) / 2 a coordinate: least at the end t = 1.
    assert found.lower == pytest.approx(6.5 / 2.5)


def test_a_game_without_an_equilibrium_says_so():
    game = Game(
        lambda x: (
            anp.stack([-((x[..., 0] - x[..., 1]) ** 2), (x[..., 0] - x[..., 1]) ** 2], -1) + 3.0
        ),
        [0, 1],
        Box(0.0, 1.0),
    )
    found = price_of_anarchy_bracket(game, np.random.default_rng(0), 4)
    assert (found.lower, found.upper, found.equilibria) == (1.0, np.inf, [])
    assert found.lower_rests_on.startswith("nothing known: no equilibrium")
    assert found.upper_rests_on == "nothing known: no equilibrium was found"


def test_finite_games_keep_their_linear_program():
    rng = np.random.default_rng(0)
    for game in (games.traffic(45.0, 45.0, 0.0, 10.0, 10.0),):
        for found in (price_of_anarchy_bracket(game), price_of_anarchy_bracket(game, rng)):
            assert isinstance(found, FiniteBracket)
            assert found.lower == found.upper == pytest.approx(16 / 13)
            assert found.lower_rests_on.startswith("proved: the worst of all pure equilibria")
            assert found.upper_rests_on.startswith("proved: the worst coarse correlated")
    pennies = np.array([[[1.0, 3.0], [3.0, 1.0]], [[3.0, 1.0], [1.0, 3.0]]])
    assert price_of_anarchy_bracket(pennies).lower_rests_on.startswith("nothing known")


def test_a_game_on_simplices_that_is_not_finite_is_searched():
    """f_i = (p_i - own)^2 + 1: strongly monotone, no expectation."""
    game = Game(
        lambda x: anp.stack(
            [
                ((x[..., :2] - anp.array([0.3, 0.7])) ** 2).sum(-1) + 1.0 + x[..., 2],
                ((x[..., 2:] - anp.array([0.9, 0.1])) ** 2).sum(-1) + 1.0,
            ],
            -1,
        ),
        [0, 0, 1, 1],
        Simplices([2, 2]),
    )
    found = price_of_anarchy_bracket(game, np.random.default_rng(0), 4, quadratic=True)
    # Nash: p = .3, q = .9, total 2.9. Least 2 (q - .9)^2 + q: q = .65, total 2 + .125 + .65.
    assert found.lower == pytest.approx(2.9 / 2.775, abs=1e-7)
    assert found.upper == pytest.approx(2.9 / 2.775, abs=1e-6)
    with pytest.raises(ValueError, match="find_equilibria"):
        price_of_anarchy_bracket(game)


def test_mistakes():
    with pytest.raises(TypeError, match="default_rng"):
        price_of_anarchy_bracket(games.nash_paradox(0.5))
    with pytest.raises(ValueError, match="one game at a time"):
        price_of_anarchy_bracket(games.nash_paradox(np.array([0.5, 0.6])), np.random.default_rng(0))
    shifted = Game(lambda x: x**2 - 3.0, [0, 1])
    with pytest.raises(ValueError, match=r"least total loss is -6: .*positive totals") as said:
        price_of_anarchy_bracket(shifted, np.random.default_rng(0), 2)
    assert "Compare differences instead" in str(said.value)
    assert "an offset changes the ratio" in str(said.value)
    with pytest.raises(ValueError, match="least total loss is 0: "):
        price_of_anarchy_bracket(np.zeros((2, 2, 2)))
