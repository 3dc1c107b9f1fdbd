"""The local price by Definition 1 and its bounds, against brute force and games done by hand."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import jacobian
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import equilibria, games, mixing
from d3c_minimal.anarchy import egalitarian_bound, local_price, utilitarian_bound
from d3c_minimal.game import Game, in_logits
from d3c_minimal.local_price import segment_equilibria, segment_game
from d3c_minimal.spaces import Box

ONE = np.eye(2)


def linear(a, offset):
    """Return a game f_k = offset_k + sum_i a[k, i] x_i, one coordinate each."""
    a, offset = np.array(a, float), np.array(offset, float)
    return Game(lambda x: offset + anp.dot(x, a.T), np.arange(len(a)))


def rising_waves(seed, n=3, count=20):
    """Draw games and, for each, the point of 30 where the total rises most."""
    rng = np.random.default_rng(seed)
    game = games.random_waves(rng, n, per_player=1, count=count)
    x = rng.normal(size=(30, count, n))
    A = 0.7 * np.eye(n) + 0.3 * rng.dirichlet(np.ones(n), (count, n))
    rate = mixing.contract_game(game, x, A).rate.sum(-1) / game.loss(x).sum(-1)
    return game, np.take_along_axis(x, rate.argmax(0)[None, :, None], 0)[0], A


def test_game_1_by_hand():
    """x = .6 steps to .48: losses .48^2 + 1 / (.48^2 + .1) over .6^2 + 1 / (.6^2 + .1)."""
    game, x = games.nash_paradox(0.1), np.array([0.6, 0.6])
    price = (0.48**2 + 1 / (0.48**2 + 0.1)) / (0.36 + 1 / 0.46)
    assert local_price(game, x, ONE, 0.1) == pytest.approx(price, rel=1e-12)
    assert local_price(game, x, ONE, 0.1, egalitarian=True) == pytest.approx(price, rel=1e-12)
    f, rate = 0.36 + 1 / 0.46, -1.44 + 1.44 / 0.46**2
    assert utilitarian_bound(game, x, ONE, 0.1) == pytest.approx([1 + 0.1 * rate / f] * 2)
    rates = [1 + 0.1 * (rate + 1.44 / 3) / f] * 2
    assert utilitarian_bound(game, x, ONE, 0.1, mu_bar=3.0) == pytest.approx(rates)
    largest = 1 + 0.1 * (rate + 2.88 / 3) / f
    assert egalitarian_bound(game, x, ONE, 0.1, mu_bar=3.0) == pytest.approx(largest)


def test_a_falling_total_costs_nothing():
    game = games.prisoners_dilemma(2)
    x = np.array([2.0, 2.0])
    assert local_price(game, x, ONE, 0.1) == 1.0
    assert np.array_equal(utilitarian_bound(game, x, ONE, 0.1), [1.0, 1.0])
    assert egalitarian_bound(game, x, ONE, 0.1) == 1.0


def test_the_least_value_may_lie_inside_the_segment():
    """f = 1 + x1^2 + (x2 - 1)^2 and its mirror: both step to the same x; the best is at 1/2."""
    game = games.prisoners_dilemma(2)
    x, dt = np.array([0.7, 0.7]), 0.25
    end = 0.7 - dt * 1.4
    price = (end**2 + (1 - end) ** 2) / 0.5
    assert local_price(game, x, ONE, dt) == pytest.approx(price, rel=1e-9)


def test_with_a_common_tau_only_in_the_denominator():
    """Agent 1's step hurts agent 2, agent 3's undoes it: with own tau the ratio would exceed 1."""
    game = linear([[1, 0, 0], [-3, 1, 3], [0, 0, 1]], [5, 5, 5])
    assert local_price(game, np.zeros(3), np.eye(3), 0.1) == 1.0
    end = game.loss(np.full(3, -0.1)).sum()
    apart = game.loss(np.array([0.0, -0.1, -0.1])).sum()
    assert end / apart > 1 + 0.1 * 1.9 / 15
    assert utilitarian_bound(game, np.zeros(3), np.eye(3), 0.1).max() == 1.0


def brute_force(game, x, A, dt, points=41):
    """Return the worst pure equilibrium's total among a grid's profiles, over the line's least."""
    line = segment_game(game, x, A, dt)
    t = np.linspace(0, dt, points)
    tensor = line.loss(np.stack(np.meshgrid(*[t] * line.n_players, indexing="ij"), -1))
    pure = equilibria.pure_equilibria(tensor)
    least = line.loss(np.repeat(t[:, None], line.n_players, 1)).sum(-1).min()
    return max(point.losses.sum() for point in pure) / least


@pytest.mark.parametrize("seed", range(4))
def test_against_all_profiles_of_a_grid(seed):
    """On steps so long that some equilibria lie inside; the grid's error is of its spacing."""
    rng = np.random.default_rng(seed)
    game, x = games.random_waves(rng, 2, per_player=2), rng.normal(size=4)
    for dt in (0.05, 0.5, 2.0):
        found = local_price(game, x, ONE, dt)
        assert found == pytest.approx(brute_force(game, x, ONE, dt), rel=2e-2)


def test_an_equilibrium_inside_the_segment():
    """f_1 = 9 + (x1 - 1)^2 stops at 1 although its step leads beyond: tau_1 = 1/2."""
    game = Game(
        lambda x: anp.stack([9 + (x[..., 0] - 1) ** 2, 9 + x[..., 1] + 4 * x[..., 0]], -1), [0, 1]
    )
    x = np.array([3.0, 0.0])
    found = segment_equilibria(game, x, ONE, 0.9)
    assert found.settled.all()
    np.testing.assert_allclose(found.tau, np.tile([0.5, 0.9], (len(found.tau), 1)), atol=3e-5)
    others = equilibria.find_equilibria(segment_game(game, x, ONE, 0.9), np.random.default_rng(0))
    np.testing.assert_allclose([e.x for e in others], [[0.5, 0.9]], atol=1e-4)
    assert local_price(game, x, ONE, 0.9) > 1


def test_the_worst_of_several_equilibria_counts():
    """Who sees the other step wants to stay: one alone steps, or both stop where neither cares.

    With x = .1 - 1.8 tau agent i's slope in x_i is 1 + 8 x_j, which is 0 at x_j = -1/8.
    """
    game = Game(
        lambda x: anp.stack(
            [
                30 + x[..., 0] + 8 * x[..., 0] * x[..., 1],
                30 + x[..., 1] + 8 * x[..., 0] * x[..., 1] + 3 * x[..., 0],
            ],
            -1,
        ),
        [0, 1],
    )
    x = np.array([0.1, 0.1])
    found = segment_equilibria(game, x, ONE, 1.0)
    ends = {tuple(np.round(tau, 4)) for tau in found.tau[found.settled]}
    assert ends == {(0.0, 1.0), (1.0, 0.0), (0.125, 0.125)}
    least = 60 - 25 / 64  # of 60 + 5 x + 16 x^2 on the line, at x = -5/32
    assert local_price(game, x, ONE, 1.0) == pytest.approx((60 - 5 / 8 + 1 / 4) / least, rel=1e-6)
    others = equilibria.find_equilibria(segment_game(game, x, ONE, 1.0), np.random.default_rng(0))
    assert {tuple(np.round(e.x, 4)) for e in others} == ends


def test_no_pure_equilibrium_is_nan():
    """Matching pennies on the segment, with a dent that keeps the start from being at rest."""
    game = Game(
        lambda x: anp.stack(
            [9 + x[..., 0] * x[..., 1] + x[..., 0], 9 - x[..., 0] * x[..., 1] + x[..., 1]], -1
        ),
        [0, 1],
        Box(-20.0, 20.0),
    )
    x = np.array([1.0, 0.0])
    assert np.isfinite(local_price(game, x, ONE, 1.0))
    pennies = Game(
        lambda x: anp.stack(
            [9 + anp.cos(x[..., 0] - x[..., 1]), 9 - anp.cos(x[..., 0] - x[..., 1])], -1
        ),
        [0, 1],
    )
    x = np.array([0.0, np.pi / 2])
    assert np.isnan(local_price(pennies, x, ONE, 6.0))


@pytest.mark.parametrize("seed", range(3))
def test_runs_are_computed_as_if_alone(seed):
    game, x, A = rising_waves(seed, count=4)
    for dt in (0.01, 0.3):
        together = local_price(game, x, A, dt)
        for k in range(4):
            alone = Game(
                lambda z, k=k: game.losses(np.broadcast_to(z[..., None, :], (*z.shape[:-1], 4, 3)))[
                    ..., k, :
                ],
                game.owner,
                jacobian=lambda z, k=k: game.jacobian(
                    np.broadcast_to(z[..., None, :], (*z.shape[:-1], 4, 3))
                )[..., k, :, :],
            )
            assert local_price(alone, x[k], A[k], dt) == pytest.approx(together[k], rel=1e-9)


def test_a_single_x_with_many_mixtures():
    game, A = games.nash_paradox(0.1), np.stack([ONE, np.full((2, 2), 0.5)])
    x = np.array([0.6, 0.6])
    prices = local_price(game, x, A, 0.1)
    assert prices.shape == (2,)
    assert prices[0] == pytest.approx(local_price(game, x, ONE, 0.1))
    assert utilitarian_bound(game, x, A, 0.1).shape == (2, 2)
    assert egalitarian_bound(game, x, A, 0.1).shape == (2,)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.01, 1e-3]))
def test_the_bounds_hold_up_to_the_remainder(seed, dt):
    """The remainders are those of the direct proof, from the waves' own parameters."""
    game, x, A = rising_waves(seed)
    a, w = game.parameters["a"], game.parameters["w"]
    F, norms = mixing.joint_gradient(game, x, A), np.linalg.norm(a, axis=-1)
    beta = np.einsum("...ki,...ki->...i", A, game.parameters["beta"])
    zeta = np.linalg.norm(F, axis=-1)
    least = 3.0  # every loss is at least 1
    bend = zeta**2 * (w * norms**2).sum((-1, -2)) * dt**2 / 2 / least
    aside = (w * norms).sum((-1, -2)) * zeta * np.linalg.norm(beta, axis=-1) * dt**2 / least
    truth = local_price(game, x, A, dt)
    bound = utilitarian_bound(game, x, A, dt).max(-1)
    dominant = (abs(F) > beta * dt * zeta[:, None]).all(-1)
    excess = truth - 1 - (bound - 1 + bend) * (1 + bend)
    assert (excess <= 1e-12)[dominant].all()
    assert (excess <= aside + 1e-12).all()
    assert (utilitarian_bound(game, x, A, dt, mu_bar=1.0).max(-1) >= bound).all()


def test_many_rising_games_stay_within_the_bounds():
    """The test bites: nearly all of the games rise, and half the printed rate would not do."""
    game, x, A = rising_waves(0, count=200)
    dt = 1e-3
    truth = local_price(game, x, A, dt)
    bound = utilitarian_bound(game, x, A, dt).max(-1)
    assert (truth > 1 + 1e-6).sum() >= 140
    assert ((truth - bound) / dt**2).max() < 20
    assert ((truth - (1 + 0.5 * (bound - 1))) / dt**2).max() > 20
    worst = local_price(game, x, A, dt, egalitarian=True)
    largest = egalitarian_bound(game, x, A, dt)
    mixed = np.sort(mixing.mixed_loss(A, game.loss(x)), -1)
    alone = mixed[:, -1] - mixed[:, -2] > 0.05
    assert alone.sum() > 100
    assert ((worst - largest) / dt**2)[alone].max() < 20


def test_a_finite_mu_bar_is_an_allowance_on_short_steps():
    """The bound is at least 1 + dt (S' + |F|^2 / mu_bar) / S: (7) holds without a remainder."""
    game, x, A = rising_waves(1, count=100)
    F, S = mixing.joint_gradient(game, x, A), game.loss(x).sum(-1)
    rate = mixing.contract_game(game, x, A).rate.sum(-1)
    for mu_bar in (5.0, 0.1):
        least = 1 + 1e-4 * np.maximum(rate + (F**2).sum(-1) / mu_bar, 0) / S
        bound = utilitarian_bound(game, x, A, 1e-4, mu_bar).max(-1)
        assert (bound >= least - 1e-14).all()
        assert (bound >= local_price(game, x, A, 1e-4)).all()
    rising = rate > 0
    without = utilitarian_bound(game, x, A, 1e-4).max(-1)
    assert (without < least)[rising].any()


@pytest.mark.parametrize("seed", range(3))
def test_the_rates_by_finite_differences(seed):
    rng = np.random.default_rng(seed)
    game = games.random_waves(rng, 3, per_player=2)
    x, A = rng.normal(size=6), rng.dirichlet(np.ones(3), 3)
    J = jacobian(game.losses)(x)
    F = np.array([(A.T @ J)[i, m] for m, i in enumerate(game.owner)])
    h = 1e-6
    rate = A.T @ (game.loss(x - h * F) - game.loss(x + h * F)) / (2 * h)
    f = A.T @ game.loss(x)
    squares = (F**2).reshape(3, 2).sum(-1)
    expected = 1 + 0.01 * np.maximum(rate / f + squares / (2 * f), 0)
    assert utilitarian_bound(game, x, A, 0.01, 2.0) == pytest.approx(expected, rel=1e-8)
    k = f.argmax()
    expected = 1 + 0.01 * max(rate[k] / f[k] + squares.sum() / (2 * f[k]), 0)
    assert egalitarian_bound(game, x, A, 0.01, 2.0) == pytest.approx(expected, rel=1e-8)


def test_the_jacobian_of_the_segment_game():
    rng = np.random.default_rng(0)
    game = games.random_waves(rng, 3, per_player=2)
    line = segment_game(game, rng.normal(size=6), rng.dirichlet(np.ones(3), 3), 0.5)
    tau, h = rng.uniform(0.1, 0.4, 3), 1e-6
    numeric = [(line.loss(tau + h * e) - line.loss(tau - h * e)) / (2 * h) for e in np.eye(3)]
    np.testing.assert_allclose(line.jacobian(tau), np.transpose(numeric), rtol=1e-5, atol=1e-8)


def test_at_a_tie_the_fastest_of_the_largest_counts():
    """f_1 = 5 + x1 falls, f_2 = 5 + x2 - 3 x1 rises at rate 2, both are 5."""
    game, x, dt = linear([[1, 0], [-3, 1]], [5, 5]), np.zeros(2), 0.1
    truth = local_price(game, x, ONE, dt, egalitarian=True)
    assert truth == pytest.approx(5.2 / 5)
    for tie in (0.0, 1e-9):
        assert egalitarian_bound(game, x, ONE, dt, tie=tie) == pytest.approx(truth)
    assert game.loss(x).argmax() == 0
    assert egalitarian_bound(linear([[1, 0], [-3, 1]], [5.001, 5]), x, ONE, dt) == 1.0
    assert egalitarian_bound(
        linear([[1, 0], [-3, 1]], [5.001, 5]), x, ONE, dt, tie=1e-3
    ) == pytest.approx(1 + 0.2 / 5.001)


def test_no_array_is_changed():
    game, x, A = games.nash_paradox(0.1), np.array([0.6, 0.6]), mixing.selfish(2)
    kept = x.copy(), A.copy()
    local_price(game, x, A, 0.1)
    utilitarian_bound(game, x, A, 0.1)
    assert np.array_equal(x, kept[0])
    assert np.array_equal(A, kept[1])


LOW = linear([[1, 0], [-3, 1]], [-1, 5])
PAIR = games.prisoners_dilemma(2)


@pytest.mark.parametrize(
    ("call", "game", "x", "dt", "more", "message"),
    [
        (local_price, PAIR, [0.5, 0.5], 0.0, {}, "step size above 0"),
        (local_price, PAIR, [0.5, 0.5], np.inf, {}, "step size above 0"),
        (local_price, PAIR, [0.5, 0.5], [0.1, 0.2], {}, "step size above 0"),
        (local_price, games.nash_paradox(0.1), [0.6, 0.6], 0.6, {}, "leaves the space"),
        (local_price, linear([[1, 0], [0, 1]], [0, 0]), [-1.0, -1.0], 0.1, {}, "offset"),
        (utilitarian_bound, LOW, [0.0, 0.0], 0.1, {}, "offset"),
        (utilitarian_bound, PAIR, [0.5, 0.5], 0.1, {"mu_bar": 0.0}, "above 0"),
        (egalitarian_bound, PAIR, [0.5, 0.5], 0.1, {"mu_bar": -1.0}, "above 0"),
        (egalitarian_bound, PAIR, [0.5, 0.5], 0.1, {"tie": -0.1}, "share"),
        (egalitarian_bound, linear([[1, 0], [0, 1]], [0, 0]), [-1.0, -1.0], 0.1, {}, "offset"),
    ],
)
def test_bad_input_is_refused(call, game, x, dt, more, message):
    with pytest.raises(ValueError, match=message):
        call(game, np.array(x), ONE, dt, **more)


def test_a_negative_loss_is_no_matter_where_only_the_largest_counts():
    assert egalitarian_bound(LOW, np.zeros(2), ONE, 0.1) == pytest.approx(1 + 0.1 * 2 / 5)


def test_simplices_are_refused_and_logits_accepted():
    game = games.traffic(45.0, 45.0, 0.0, 10.0, 10.0)
    x, A = np.full(game.dim, 1 / 3), np.eye(4)
    for call in (local_price, utilitarian_bound, egalitarian_bound):
        with pytest.raises(ValueError, match="in_logits"):
            call(game, x, A, 0.01)
    z = np.zeros(game.dim)
    assert local_price(in_logits(game), z, A, 0.01) == pytest.approx(1.0, abs=0.01)
