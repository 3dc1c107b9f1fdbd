"""Game: shapes, gradients, and errors that name the remedy."""

import math

import autograd.numpy as anp
import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint

from d3c_minimal import games
from d3c_minimal.game import Game, in_logits
from d3c_minimal.spaces import Box, ProjectedSimplices, Simplices


def two_players(x):
    """f_1 = x_1^2 x_2, f_2 = x_2^2 - x_1, for any leading axes."""
    return anp.stack([x[..., 0] ** 2 * x[..., 1], x[..., 1] ** 2 - x[..., 0]], -1)


def one_run(x):
    return anp.array([x[0] ** 2 * x[1], x[1] ** 2 - x[0]])


def test_losses_and_jacobian_by_hand():
    game = Game(two_players, [0, 1])
    x = np.array([[3.0, 2.0], [1.0, -1.0]])
    assert np.array_equal(game.loss(x), [[18.0, 1.0], [-1.0, 0.0]])
    assert np.array_equal(game.jacobian(x), [[[12, 9], [-1, 4]], [[-2, 1], [-1, -2]]])


@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4, 2)])
def test_a_loss_of_one_run_is_lifted_to_any_runs(shape):
    x = np.random.default_rng(0).normal(size=shape)
    many, one = Game(two_players, [0, 1]), Game(one_run, [0, 1], batched=False)
    assert np.array_equal(many.loss(x), one.loss(x))
    assert np.array_equal(many.jacobian(x), one.jacobian(x))


def test_mixed_jacobian_defaults_and_fallbacks():
    rng = np.random.default_rng(1)
    x, A = rng.normal(size=(5, 2)), rng.dirichlet([1, 1], size=(5, 2))
    plain = Game(two_players, [0, 1])
    expected = np.einsum("rki,rkd->rid", A, plain.jacobian(x))
    np.testing.assert_allclose(plain.mixed_jacobian(x, A), expected, atol=1e-14)

    def mixed(x, A):
        return np.swapaxes(A, -1, -2) @ plain.jacobian(x)

    cheap = Game(two_players, [0, 1], mixed_jacobian=mixed)
    np.testing.assert_allclose(cheap.jacobian(x), plain.jacobian(x), atol=1e-14)
    np.testing.assert_allclose(cheap.mixed_jacobian(x, A), expected, atol=1e-14)


def test_in_logits_is_the_chain_rule():
    game = in_logits(games.traffic(45, 45, 0, 10, 10))
    z = np.random.default_rng(2).normal(size=game.dim)
    step = 1e-6 * np.eye(game.dim)
    numeric = (game.loss(z + step) - game.loss(z - step)).T / 2e-6
    np.testing.assert_allclose(game.jacobian(z), numeric, atol=1e-6)
    traced = Game(game.losses, game.owner)  # without its Jacobian: autograd sees through
    np.testing.assert_allclose(traced.jacobian(z), game.jacobian(z), atol=1e-12)
    road = games.traffic(45, 45, 0, 10, 10)
    flat = Game(road.losses, road.owner, ProjectedSimplices([3] * 4), jacobian=road.jacobian)
    assert np.array_equal(in_logits(flat).jacobian(z), game.jacobian(z))
    with pytest.raises(ValueError, match="Simplices"):
        in_logits(games.election())


def test_inputs_are_left_alone():
    for game in (Game(two_players, [0, 1]), games.nash_paradox(0.5)):
        x = np.array([[0.5, 0.25]])
        before = x.copy()
        game.loss(x), game.jacobian(x), game.mixed_jacobian(x, np.eye(2))
        assert np.array_equal(x, before)


@pytest.mark.parametrize(
    ("x", "error", "remedy"),
    [
        ([1, 2], TypeError, "1.0 instead of 1"),
        (np.array([1, 2]), TypeError, "astype"),
        (["a", "b"], TypeError, "floats"),
        ([1.0, 2.0, 3.0], ValueError, "last axis must hold the 2"),
        (1.0, ValueError, "last axis"),
    ],
)
def test_bad_strategies(x, error, remedy):
    game = Game(two_players, [0, 1])
    for call in (game.loss, game.jacobian):
        with pytest.raises(error, match=remedy):
            call(x)


def test_wrong_number_of_losses_and_wrong_axis():
    x = np.ones((5, 2))
    three = Game(lambda x: anp.stack([x[..., 0]] * 3, -1), [0, 1], name="three")
    first_axis = Game(lambda x: anp.stack([x[0] ** 2, x[1] ** 2], -1), [0, 1])
    for game in (three, first_axis):
        for call in (game.loss, game.jacobian):
            with pytest.raises(ValueError, match=r"x\[\.\.\., 0\], not x\[0\]"):
                call(x)


def test_runs_that_touch_each_other_are_found_even_if_shapes_fit():
    def dilemma(x):  # for one run; with two runs of two coordinates the shape is right by accident
        return anp.array([x[0] ** 2 + (x[1] - 1) ** 2, x[1] ** 2 + (x[0] - 1) ** 2])

    game = Game(dilemma, [0, 1])
    assert np.array_equal(game.loss([0.0, 0.0]), [1.0, 1.0])
    with pytest.raises(ValueError, match="runs touch each other"):
        game.loss([[0.1, 0.2], [0.3, 0.4]])


def test_losses_must_be_an_array():
    game = Game(lambda x: [x[..., 0], x[..., 1]], [0, 1])
    with pytest.raises(TypeError, match="stack"):
        game.loss([0.5, 0.5])


@pytest.mark.parametrize(
    "losses",
    [
        lambda x: np.stack([x[..., 0] ** 2, x[..., 1] ** 2], -1),
        lambda x: np.array([x[..., 0] ** 2, x[..., 1]]),
        lambda x: np.where(x > 0, x**2, x),
        lambda x: anp.stack([math.exp(x[0]), x[1]]),
    ],
)
def test_plain_numpy_losses_cannot_be_differentiated_silently(losses):
    game = Game(losses, [0, 1], name="mine")
    assert game.loss(np.ones(2)).shape == (2,)
    with pytest.raises(TypeError, match=r"^mine: .*import autograd\.numpy as np\."):
        game.jacobian(np.ones(2))


@pytest.mark.parametrize("owner", [[0, 0], [0, 2], [1, 2], [], [[0, 1]], [0.0, 1.0]])
def test_bad_owners(owner):
    with pytest.raises(ValueError, match="player"):
        Game(two_players, owner)


@pytest.mark.parametrize("space", [Simplices([3, 3]), Box([0.0] * 3, [1.0] * 3)])
def test_space_and_owner_must_agree(space):
    with pytest.raises(ValueError, match="one owner for each"):
        Game(two_players, [0, 1], space)


@pytest.mark.parametrize("shape", [(12,), (7, 12), (5, 2, 12), (1, 12)])
def test_parameters_of_many_runs_need_their_axes(shape):
    game = games.random_braess(np.random.default_rng(0), 0.0, 5)
    with pytest.raises(ValueError, match=r"runs of shape \(5,\)"):
        game.loss(np.full(shape, 1 / 3))
    assert game.loss(np.full((2, 5, 12), 1 / 3)).shape == (2, 5, 4)


@pytest.mark.parametrize(
    "space",
    [
        [(0.0, 1.0), (0.0, 1.0)],
        (0.0, 1.0),
        dict,
        lambda x: x.sum() - 1,
        {"type": "eq", "fun": np.sum},
        Bounds([0.0, 0.0], [1.0, 1.0]),
        LinearConstraint(np.ones((1, 2)), 1.0, 1.0),
    ],
)
def test_bounds_and_constraints_are_no_spaces(space):
    with pytest.raises(TypeError, match=r"Box\(low, high\).*tie coordinates together.*penalty"):
        Game(lambda x: x**2, [0, 1], space)


@pytest.mark.parametrize("space", [Box, Simplices])
def test_the_class_of_a_space_is_no_space(space):
    with pytest.raises(
        TypeError, match=f"the class {space.__name__}, .*call it.*{space.__name__}\\("
    ):
        Game(lambda x: x**2, [0, 1], space)


def assigns(x):
    out = anp.zeros(x.shape)
    out[..., 0] = x[..., 0] ** 2
    return out


def writes_to_x(x):
    x[..., 0] = 0.0
    return x**2


@pytest.mark.parametrize("losses", [assigns, writes_to_x])
def test_assignment_inside_the_losses_names_the_remedy(losses):
    x = np.ones(2)
    with pytest.raises(TypeError, match=r"np\.stack.*np\.where"):
        Game(losses, [0, 1]).jacobian(x)
    assert np.array_equal(x, [1.0, 1.0])
    with pytest.raises(TypeError, match=r"np\.stack"):
        Game(writes_to_x, [0, 1]).loss(x)


def test_losses_of_one_run_are_lifted_whole_or_one_by_one():
    x = np.random.default_rng(0).normal(size=(30, 2))

    def branches(x):
        return anp.array([x[0] ** 2 if x[0] > 0 else -x[0], x[1] ** 2])

    def mixes(x):
        return anp.array([x[0] * x[1], anp.sum(x**2)])

    for losses, whole in ((one_run, True), (branches, False), (mixes, False)):
        game = Game(losses, [0, 1], batched=False)
        assert np.array_equal(game.loss(x), [losses(run) for run in x])
        assert game.losses.whole is whole
        assert np.array_equal(game.jacobian(x), [game.jacobian(run) for run in x])
    same = Game(mixes, [0, 1], batched=False)
    same.loss(np.ones((4, 2)))
    assert same.losses.whole is None  # equal runs show nothing


def test_jacobian_in_one_pass_agrees_and_losses_of_one_run_alone_keep_theirs():
    rng = np.random.default_rng(5)

    def single(x):  # right for one run, wrong with any axis in front, though shapes fit
        return anp.stack([x[0] ** 2 * x[1], anp.sin(x[0]) - x[1] ** 3], -1)

    for start in (np.full(2, 0.5), rng.normal(size=2)):
        game = Game(single, [0, 1])
        for x in (start, rng.normal(size=2), rng.normal(size=2)):
            expected = [[2 * x[0] * x[1], x[0] ** 2], [np.cos(x[0]), -3 * x[1] ** 2]]
            np.testing.assert_allclose(game.jacobian(x), expected, rtol=1e-12)
    calls = []

    def counted(x):
        calls.append(x.shape)
        return anp.stack([x[..., 0] ** 2 * x[..., 1], anp.sin(x[..., 0]) - x[..., 1] ** 3], -1)

    game = Game(counted, [0, 1])
    x = rng.normal(size=(3, 2))
    first = game.jacobian(x)
    assert np.allclose(game.jacobian(x), first, rtol=1e-12)
    assert calls[-1] == (2, 3, 2)
    wide = rng.normal(size=(6000, 2))
    np.testing.assert_allclose(game.jacobian(wide)[:9], game.jacobian(wide[:9]), rtol=1e-12)
    assert calls[-2:] == [(6000, 2), (2, 9, 2)]
