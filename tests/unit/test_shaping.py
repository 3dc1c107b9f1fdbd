"""Opponent shaping: each rule against a second derivation, and where it is known to end."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, jacobian
from autograd.tracer import isbox
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import dynamics, games, shaping
from d3c_minimal.game import Game, in_logits

SIGNS = np.array([1.0, -1.0])


def descent(game, x):
    return shaping.derivatives(game, x).xi


RULES = {
    "lookahead": lambda game, x: shaping.lookahead(game, x, 0.1),
    "lola": lambda game, x: shaping.lola(game, x, 0.1),
    "sos": lambda game, x: shaping.sos(game, x, 0.1),
    "consensus": lambda game, x: shaping.consensus(game, x, 0.1),
    "symplectic": lambda game, x: shaping.symplectic(game, x, 0.1),
    "competitive": lambda game, x: shaping.competitive(game, x, 0.1),
}


def spiral():
    """Matching pennies round the centre: f_1 = x y, f_2 = -x y."""
    return Game(lambda x: x[..., :1] * x[..., 1:] * SIGNS, [0, 1], name="spiral")


def tandem():
    """Letcher et al. (2019): both push, neither wants the sum far from 0."""
    return Game(lambda x: (x[..., :1] + x[..., 1:]) ** 2 - 2 * x, [0, 1], name="tandem")


def hill():
    """Both lose the height of an egg box: a maximum at 0, minima around it."""

    def losses(x):
        height = anp.cos(2 * x).sum(-1)
        return anp.stack([height, height], -1)

    return Game(losses, [0, 1], name="hill")


def leader():
    """Player 2 follows player 1, who wants it far to the left."""

    def losses(x):
        x1, x2 = x[..., 0], x[..., 1]
        return anp.stack([x1**2 / 2 + x2, (x2 - x1) ** 2 / 2], -1)

    return Game(losses, [0, 1], name="leader")


def waves(n=3, seed=0):
    """A random game and points; 2 coordinates a player, so that blocks are not scalars."""
    rng = np.random.default_rng(seed)
    game = games.random_waves(rng, n)
    return game, rng.normal(size=(5, game.dim))


def plain_xi(game, z):
    """The joint gradient of random waves by its closed form, for one run, traceable."""
    a, w, phi = (game.parameters[name] for name in ("a", "w", "phi"))
    J = ((w * anp.cos(a @ z + phi))[..., None, :] @ a)[..., 0, :]
    return J[game.owner, np.arange(game.dim)]


# The rules against second derivations.


def test_second_derivatives_are_those_of_the_closed_form():
    game, x = waves()
    xi, J, H = shaping.derivatives(game, x)
    assert H.shape == (5, 6, 6)
    for r in range(5):
        np.testing.assert_allclose(xi[r], plain_xi(game, x[r]), atol=1e-12)
        np.testing.assert_allclose(H[r], jacobian(lambda z: plain_xi(game, z))(x[r]), atol=1e-12)
    np.testing.assert_allclose(J, game.jacobian(x))
    H_o = shaping.across(game, H)
    assert not H_o[:, :2, :2].any()
    assert np.array_equal(H_o[:, :2, 2:], H[:, :2, 2:])


def test_second_derivatives_of_other_kinds_of_games():
    many = games.nash_paradox(np.array([0.1, 0.5]))  # closed-form Jacobian, parameters by run
    x = np.array([[0.3, 0.4], [0.5, 0.6]])
    np.testing.assert_allclose(shaping.derivatives(many, x).H, np.tile(2 * np.eye(2), (2, 1, 1)))
    one = Game(lambda x: anp.array([x[0] ** 2 * x[1], x[1] * x[0]]), [0, 1], batched=False)
    H = shaping.derivatives(one, np.array([[[2.0, 3.0]]])).H
    np.testing.assert_allclose(H, [[[[6.0, 4.0], [1.0, 0.0]]]])
    flat = Game(lambda x: x * SIGNS, [0, 1])
    assert not shaping.derivatives(flat, np.array([1.0, 2.0])).H.any()


@pytest.mark.parametrize("n", [2, 3])
def test_lookahead_and_lola_are_gradients_of_their_surrogates(n):
    """f_i + sum_j <grad_j f_i, -alpha xi_j>, with xi_j held fixed (LookAhead) or not (LOLA)."""
    game, x = waves(n, 1)
    alpha = 0.3

    def surrogate(z, i, moves):
        gradient = grad(lambda y: game.losses(y)[i])(z)
        return game.losses(z)[i] - alpha * (gradient * moves(z))[game.owner != i].sum()

    for r, start in enumerate(x):
        xi = plain_xi(game, start)
        for name, rule, moves in (
            ("lookahead", shaping.lookahead, lambda z, xi=xi: xi),
            ("lola", shaping.lola, lambda z: plain_xi(game, z)),
        ):
            g = rule(game, x, alpha)[r]
            for i in range(n):
                expected = grad(lambda z, i=i, moves=moves: surrogate(z, i, moves))(start)
                mine = game.owner == i
                np.testing.assert_allclose(g[mine], expected[mine], atol=1e-12, err_msg=name)


def test_sos_is_its_published_loop():
    """Letcher et al., Algorithm 1, a run at a time."""
    game, x = waves(3, 2)
    x = np.concatenate([x, np.random.default_rng(3).normal(size=(45, 6))])
    alpha, a, b = 0.5, 0.5, 0.9
    xi = descent(game, x)
    xi_0, full = shaping.lookahead(game, x, alpha), shaping.lola(game, x, alpha)
    seen = set()
    for r, g in enumerate(shaping.sos(game, x, alpha, a, b)):
        shift = full[r] - xi_0[r]
        dot = shift @ xi_0[r]
        p_1 = 1 if dot > 0 else min(1, -a * xi_0[r] @ xi_0[r] / dot)
        p_2 = xi[r] @ xi[r] if np.linalg.norm(xi[r]) < b else 1
        np.testing.assert_allclose(g, xi_0[r] + min(p_1, p_2) * shift, atol=1e-12)
        seen.add((bool(dot > 0), p_1 < 1, p_2 < 1))
    assert len(seen) >= 4  # both criteria were put to the test, not only p = 1


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 0.95), st.floats(0.01, 3.0))
def test_sos_never_turns_against_lookahead(seed, a, alpha):
    game, x = waves(2, seed)
    g, g_0 = shaping.sos(game, x, alpha, a), shaping.lookahead(game, x, alpha)
    square = (g_0**2).sum(-1)
    assert ((g * g_0).sum(-1) >= (1 - a) * square - 1e-9 * (1 + square)).all()


def test_consensus_descends_half_the_square_of_the_joint_gradient():
    game, x = waves()
    extra = (shaping.consensus(game, x, 2.0) - descent(game, x)) / 2
    expected = grad(lambda z: (plain_xi(game, z) ** 2).sum() / 2)(x[0])
    np.testing.assert_allclose(extra[0], expected, atol=1e-12)


def test_symplectic_adjustment_by_hand():
    game, x = waves(3, 4)
    xi, _, H = shaping.derivatives(game, x)
    for r in range(5):
        turn = (H[r].T - H[r]) @ xi[r] / 2
        uphill = H[r].T @ xi[r]
        sign = np.sign(xi[r] @ uphill * (turn @ uphill) / 6 + 0.1)
        found = shaping.symplectic(game, x, 0.7)[r]
        np.testing.assert_allclose(found, xi[r] + 0.7 * sign * turn, atol=1e-12)
        found = shaping.symplectic(game, x, 0.7, None)[r]
        np.testing.assert_allclose(found, xi[r] + 0.7 * turn, atol=1e-12)


def test_the_alignment_is_divided_by_the_number_of_coordinates():
    """With epsilon a little below and above the alignment by hand, the sign is - and +."""
    game, x = waves(3, 4)
    xi, _, H = shaping.derivatives(game, x)
    turn = np.einsum("rkm,rk->rm", H - np.swapaxes(H, 1, 2), xi) / 2
    uphill = np.einsum("rkm,rk->rm", H, xi)
    alignment = (xi * uphill).sum(-1) * (turn * uphill).sum(-1) / 6
    repelled = np.flatnonzero(alignment < -1e-6)
    assert repelled.size > 0
    for r in repelled:
        for factor, sign in ((0.99, -1), (1.01, 1)):
            found = shaping.symplectic(game, x[r], 1.0, -factor * alignment[r])
            np.testing.assert_allclose(found, xi[r] + sign * turn[r], atol=1e-12)


def test_competitive_descent_is_the_two_player_formula():
    """(1 - eta^2 D_xy f D_yx g)^-1 (grad_x f - eta D_xy f grad_y g), and so for y."""
    game, x = waves(2, 5)
    eta = 0.4
    xi, _, H = shaping.derivatives(game, x)
    for r, g in enumerate(shaping.competitive(game, x, eta)):
        f_xy, g_yx = H[r, :2, 2:], H[r, 2:, :2]
        right = xi[r, :2] - eta * f_xy @ xi[r, 2:]
        expected = np.linalg.inv(np.eye(2) - eta**2 * f_xy @ g_yx) @ right
        np.testing.assert_allclose(g[:2], expected, atol=1e-12)
        right = xi[r, 2:] - eta * g_yx @ xi[r, :2]
        expected = np.linalg.inv(np.eye(2) - eta**2 * g_yx @ f_xy) @ right
        np.testing.assert_allclose(g[2:], expected, atol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_runs_do_not_touch_each_other_and_nothing_is_overwritten(name):
    game, x = waves(3, 6)
    before = x.copy()
    together = RULES[name](game, x)
    assert together.shape == x.shape
    assert np.array_equal(x, before)
    np.testing.assert_allclose(together[3], RULES[name](game, x[3]), atol=1e-12)
    np.testing.assert_allclose(
        together[:4].reshape(2, 2, 6), RULES[name](game, x[:4].reshape(2, 2, 6)), atol=1e-12
    )


# Where they are known to go.


ETA, STRENGTH = 0.3, 0.5


@pytest.mark.parametrize(
    ("rule", "factor"),
    [
        (descent, np.sqrt(1 + ETA**2)),
        (lambda g, x: shaping.lookahead(g, x, STRENGTH), np.hypot(1 - ETA * STRENGTH, ETA)),
        (lambda g, x: shaping.lola(g, x, STRENGTH), np.hypot(1 - 2 * ETA * STRENGTH, ETA)),
        (lambda g, x: shaping.consensus(g, x, STRENGTH), np.hypot(1 - ETA * STRENGTH, ETA)),
        (lambda g, x: shaping.symplectic(g, x, STRENGTH), np.hypot(1 - ETA * STRENGTH, ETA)),
        (lambda g, x: shaping.competitive(g, x, ETA), 1 / np.sqrt(1 + ETA**2)),
    ],
)
def test_on_a_spiral_each_rule_contracts_by_the_factor_computed_by_hand(rule, factor):
    x = shaping.shape(spiral(), rule, [1.0, 2.0], ETA, 20).x
    size = np.linalg.norm(x, axis=-1)
    np.testing.assert_allclose(size[1:] / size[:-1], factor, rtol=1e-12)


def test_tandem_lola_is_arrogant_and_sos_is_not():
    """By hand: LOLA rests at x + y = (1 - 2 alpha) / (1 - 4 alpha), the others at 1."""
    x0 = np.random.default_rng(0).normal(size=(10, 2))
    game = tandem()
    ends = {
        name: shaping.shape(game, RULES[name], x0, 0.1, 130, every=130).x[-1].sum(-1)
        for name in ("lookahead", "lola", "sos")
    }
    np.testing.assert_allclose(ends["lola"], 0.8 / 0.6, atol=1e-9)
    np.testing.assert_allclose(ends["lookahead"], 1.0, atol=1e-9)
    np.testing.assert_allclose(ends["sos"], 1.0, atol=1e-3)


def test_consensus_settles_on_a_maximum_and_the_others_leave_it():
    """There H = -4, so consensus goes by (-4 + 16 gamma) x: inwards from gamma = 1/4 on."""
    game, x0 = hill(), np.array([0.05, -0.03])

    def end(rule):
        return shaping.shape(game, rule, x0, 0.1, 120, every=120).x[-1]

    np.testing.assert_allclose(end(lambda g, x: shaping.consensus(g, x, 0.5)), 0, atol=1e-6)
    for name in ("lookahead", "lola", "sos", "symplectic", "competitive"):
        np.testing.assert_allclose(abs(end(RULES[name])), np.pi / 2, atol=1e-6)
    assert abs(end(lambda g, x: shaping.consensus(g, x, 0.2))).min() > 1


def test_four_players_in_rotation_symplectic_adjustment_settles():
    """Balduzzi et al.: everyone against everyone, weakly attracted to 0."""
    Q = np.triu(np.ones((4, 4)), 1)
    S = 0.01 * np.eye(4) + Q - Q.T
    game = Game(lambda x: x * (x @ (S - 0.005 * np.eye(4)).T), [0, 1, 2, 3])
    x0 = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_allclose(shaping.derivatives(game, x0).H[0], S, atol=1e-12)
    plain = dynamics.gradient_descent(game, x0, 0.05, 500).x
    turned = shaping.shape(game, lambda g, x: shaping.symplectic(g, x, 1.0), x0, 0.05, 500).x
    assert (np.linalg.norm(plain[-1], axis=-1) > np.linalg.norm(x0, axis=-1)).all()
    assert abs(turned[-1]).max() < 0.02


def test_alignment_turns_away_from_a_repelling_centre():
    """xi = (-s + rotation) z: with a fixed sign the adjustment pulls towards an unstable point."""
    game = Game(lambda x: -0.5 * x**2 + 4 * x[..., :1] * x[..., 1:] * SIGNS, [0, 1])
    x = np.array([1.0, 0.5])
    outwards = -shaping.symplectic(game, x, 1.0) @ x
    np.testing.assert_allclose(outwards, (1 + 16) * x @ x)
    np.testing.assert_allclose(-shaping.symplectic(game, x, 1.0, None) @ x, (1 - 16) * x @ x)


def test_near_a_rest_point_epsilon_outweighs_the_alignment():
    """By hand: the sign is that of 0.1 - |xi|^4 here, with |xi|^2 = 4.25 |x|^2."""
    game = Game(lambda x: -0.25 * x**2 + 2 * x[..., :1] * x[..., 1:] * SIGNS, [0, 1])
    edge = (0.1 / 4.25**2) ** 0.25
    x = np.array([[0.99 * edge, 0.0], [0.0, 1.01 * edge]])
    inwards = (shaping.symplectic(game, x, 1.0) * x).sum(-1) / (x**2).sum(-1)
    np.testing.assert_allclose(inwards, [-0.5 + 4, -0.5 - 4])


def test_lola_leads_a_follower_though_its_own_loss_has_no_mixed_derivative():
    """By hand: (0, 0) under descent and LookAhead; LOLA rests at x_1 = -alpha."""
    alpha = 0.3
    for rule, end in (
        (descent, [0.0, 0.0]),
        (lambda g, x: shaping.lookahead(g, x, alpha), [0.0, 0.0]),
        (lambda g, x: shaping.lola(g, x, alpha), [-alpha, -alpha * (1 - alpha)]),
    ):
        x = shaping.shape(leader(), rule, [0.5, 0.5], 0.2, 130, every=130).x[-1]
        np.testing.assert_allclose(x, end, atol=1e-9)


@pytest.mark.parametrize("name", RULES)
def test_in_game_1_they_take_the_steps_of_gradient_descent(name):
    game = games.nash_paradox(0.2)
    x0 = np.random.default_rng(0).uniform(0, 1, (50, 2))
    path = shaping.shape(game, RULES[name], x0, 0.05, 80)
    eta = 0.05 * (1 + 2 * 0.1) if name == "consensus" else 0.05
    np.testing.assert_allclose(path.x, dynamics.gradient_descent(game, x0, eta, 80).x, atol=1e-14)
    if name == "consensus":
        assert abs(path.x - dynamics.gradient_descent(game, x0, 0.05, 80).x).max() > 1e-3


# The loop and its errors.


def test_the_loop_records_as_gradient_descent_does():
    game, x0 = waves()
    path = shaping.shape(game, descent, x0, 0.1, 10, every=4)
    plain = dynamics.gradient_descent(game, x0, 0.1, 10, every=4)
    assert np.array_equal(path.t, [0, 4, 8, 10])
    np.testing.assert_allclose(path.x, plain.x, atol=1e-12)
    np.testing.assert_allclose(path.f, plain.f, atol=1e-12)
    assert np.array_equal(path.A, plain.A)


def test_a_box_clips():
    game = games.nash_paradox(0.2)
    x = shaping.shape(game, RULES["lola"], [0.9, 0.1], 1.0, 1).x[-1]
    assert np.array_equal(x, [0.0, 0.0])
    with pytest.raises(ValueError, match="leaves the box"):
        shaping.shape(game, RULES["lola"], [1.5, 0.1], 1.0, 1)


def test_simplices_are_refused():
    game = games.bilinear(np.eye(2), np.eye(2))
    x = np.full(4, 0.5)
    with pytest.raises(
        ValueError, match=r"played on Simplices.*Pass game\.in_logits\(game\)"
    ) as said:
        shaping.lookahead(game, x, 0.1)
    assert "from d3c_minimal.game import in_logits" in str(said.value)
    assert "np.log of the starts" in str(said.value)
    free = in_logits(game)  # the remedy, as the sentence says it
    found = shaping.derivatives(free, np.log(x))
    np.testing.assert_allclose(found.J, free.jacobian(np.log(x)))
    assert np.isfinite(shaping.lookahead(free, np.log(x), 0.1)).all()


def test_losses_that_autograd_cannot_follow_are_refused():
    def opaque(x):
        while isbox(x):
            x = x._value
        return x**2

    game = Game(opaque, [0, 1], jacobian=lambda x: 2 * x[..., None] * np.eye(2))
    with pytest.raises(TypeError, match="autograd"):
        shaping.lola(game, np.array([1.0, 2.0]), 0.1)


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf, "0.1", None, np.ones(2)])
def test_strengths_are_checked(bad):
    game, x = spiral(), np.array([1.0, 2.0])
    for rule in (shaping.lookahead, shaping.lola, shaping.sos, shaping.consensus):
        with pytest.raises(ValueError, match="finite number"):
            rule(game, x, bad)
    for rule in (shaping.symplectic, shaping.competitive):
        with pytest.raises(ValueError, match="finite number"):
            rule(game, x, bad)


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.1), (1.0, 0.1), (0.5, 0.0), (0.5, 1.0)])
def test_sos_needs_a_and_b_between_0_and_1(a, b):
    with pytest.raises(ValueError, match="between 0 and 1"):
        shaping.sos(spiral(), np.array([1.0, 2.0]), 0.1, a, b)


def test_a_singular_local_game_is_named():
    game = Game(lambda x: x[..., :1] * x[..., 1:] * np.ones(2), [0, 1])
    with pytest.raises(ValueError, match="smaller eta"):
        shaping.competitive(game, np.array([1.0, 2.0]), 1.0)


def test_a_rule_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match="one number for each coordinate"):
        shaping.shape(spiral(), lambda game, x: 1.0, [1.0, 2.0], 0.1, 1)
