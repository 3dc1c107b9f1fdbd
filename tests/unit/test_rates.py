"""Rates that are left out follow the units, and a run that goes wrong says which knob to turn."""

import re
import warnings

import numpy as np
import pytest

from d3c_minimal import dynamics, games, mixing
from d3c_minimal.game import Game
from d3c_minimal.rates import Rates, RunWarning, default_rates, diagnose
from d3c_minimal.spaces import Box

SPIN = np.array([1.0, -1.0])


def turned(x):
    """Gradients of x_0 x_1 and - x_0 x_1: by hand, for runs of thousands of steps."""
    return np.stack([x[..., ::-1], -x[..., ::-1]], -2)


def cournot(n, f=1.0, u=1.0, bound=None):
    """n firms, price 10 - sum of quantities, unit cost 1; losses in units f, quantities in u."""
    space = None if bound is None else Box(0.0, bound * u)

    def losses(x):
        q = x / u
        return -f * q * (9.0 - q.sum(-1, keepdims=True))

    return Game(losses, np.arange(n), space, name="Cournot")


def starts(n, runs=8, seed=0):
    return np.random.default_rng(seed).uniform(0.5, 3.0, (runs, n))


def ills(path_of, *arguments, **how):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        path_of(*arguments, progress=False, **how)
    return [str(w.message) for w in caught if issubclass(w.category, RunWarning)]


@pytest.mark.parametrize("bound", [None, 6.0])
@pytest.mark.parametrize(("f", "u"), [(1000.0, 1.0), (1e-6, 1.0), (1.0, 100.0), (7.0, 0.01)])
def test_rates_follow_the_units(f, u, bound):
    x0 = starts(3)
    plain, other = default_rates(cournot(3, bound=bound), x0), None
    other = default_rates(cournot(3, f, u, bound), u * x0)
    assert other.eta_x == pytest.approx(plain.eta_x * u**2 / f, rel=1e-4)
    assert other.eta_A == pytest.approx(plain.eta_A * u**2 / f**2, rel=1e-4)
    assert other.epsilon == pytest.approx(plain.epsilon * f**2 / u**2, rel=1e-4)
    assert other.steps == plain.steps


def test_rates_by_hand_where_curvature_and_pull_are_known():
    found = default_rates(games.prisoners_dilemma(2), np.zeros((1, 2)))
    # f_i = x_i^2 + (x_j - 1)^2: the joint gradient is 2 x, and at Nash row i pulls by 4 A_ii
    # towards the other, for its own rate is -4 A_ji there: the row ranges over 4 (.99) - 4 (.01)
    A = mixing.selfish(2)
    game = games.prisoners_dilemma(2)
    parts = mixing.contract_game(game, np.zeros(2), A)
    row = mixing.shift_gradient(A, parts, np.inf)[0]
    assert found.eta_x == pytest.approx(0.25 / 2.0, rel=1e-6)
    assert found.epsilon == pytest.approx(0.1 * np.ptp(row), rel=0.05)
    # the mean loss pulls x by 2 (x - 1/2): its steps shrink to 1/100, .75^17 < 1/100 < .75^16
    assert 0.3 * 0.1 / (found.eta_A * found.epsilon) == pytest.approx(18)
    assert found.steps == 1000


def test_on_simplices_the_step_is_one_over_the_range_of_losses():
    B = np.array([[0.0, 8.0], [2.0, 4.0]])
    for c in (1.0, 60.0):
        found = default_rates(games.bilinear(c * B, c * B.T), np.full((3, 4), 0.5))
        assert 0.5 / (8.0 * c) <= found.eta_x <= 0.5 / c


def test_linear_losses_cross_the_box_in_twenty_steps():
    game = Game(lambda x: 3.0 * x - x[..., ::-1], [0, 1], Box(0.0, 10.0))
    found = default_rates(game, np.full(2, 5.0))
    assert found.eta_x * np.hypot(3.0, 3.0) == pytest.approx(0.05 * 10.0)
    still = Game(lambda x: 0.0 * x, [0, 1])
    assert default_rates(still, np.ones(2)).eta_x == 1.0


@pytest.mark.parametrize(
    "game", [games.prisoners_dilemma(2), games.prisoners_dilemma(10), cournot(2), cournot(4)]
)
def test_d3c_ends_near_the_optimum_with_no_rate_given(game):
    n = game.n_players
    x0 = starts(game.dim) / 3.0
    path = dynamics.d3c(game, x0, every=100)
    shared = dynamics.gradient_descent(game, x0, A=mixing.cooperative(n), every=100)
    alone = dynamics.gradient_descent(game, x0, every=100)
    worst, best = alone.f[-1].sum(-1).mean(), shared.f[-1].sum(-1).mean()
    assert path.f[-1].sum(-1).mean() < best + 0.1 * (worst - best)
    assert path.rates == pytest.approx(default_rates(game, x0))  # the order in memory rounds
    assert alone.rates.eta_A is None


def test_what_is_given_stays():
    game, x0 = games.prisoners_dilemma(2), starts(2)
    path = dynamics.d3c(game, x0, epsilon=0.3, steps=5)
    chosen = default_rates(game, x0)
    assert path.rates == Rates(chosen.eta_x, chosen.eta_A, 0.3, 5)
    assert dynamics.d3c(game, x0, 0.1, 0.2, 0.3, 4).rates == (0.1, 0.2, 0.3, 4)


@pytest.mark.parametrize(
    ("how", "remedy"),
    [
        ({"epsilon": 0.0, "steps": 600}, "set epsilon a little above 0"),
        (
            {"epsilon": 1e-9, "steps": 600},
            "epsilon = 1e-09 the gates are shut .* take a larger one",
        ),
        ({"A0": np.eye(2), "epsilon": 0.1, "steps": 600}, r"A0=mixing.selfish"),
        ({"eta_A": 0.0, "epsilon": 0.1, "steps": 600}, "eta_A is 0"),
    ],
)
def test_a_frozen_run_names_its_knob(how, remedy):
    said = ills(dynamics.d3c, games.prisoners_dilemma(2), starts(2) / 9, **how)
    assert len(said) == 1
    assert re.search(remedy, said[0])
    assert "froze" in said[0]


def test_a_mixture_that_shares_already_is_not_frozen():
    game = games.prisoners_dilemma(2)
    path = dynamics.d3c(game, starts(2), 0.1, 0.1, 0.0, 600, A0=mixing.cooperative(2))
    assert diagnose(game, path) == []


@pytest.mark.parametrize("eta_x", [0.01, 0.02])
def test_a_rotation_is_named_and_a_spiral_that_closes_is_not(eta_x):
    turning = Game(lambda x: x[..., :1] * x[..., 1:] * SPIN, [0, 1], jacobian=turned)
    said = ills(dynamics.gradient_descent, turning, [[1.0, 0.5]], eta_x, int(40 / eta_x))
    assert len(said) == 1
    assert "find_equilibria" in said[0]
    closing = Game(
        lambda x: x**2 / 10 + x[..., :1] * x[..., 1:] * SPIN,
        [0, 1],
        jacobian=lambda x: turned(x) + x[..., None] * np.eye(2) / 5,
    )
    assert ills(dynamics.gradient_descent, closing, [[1.0, 0.5]], eta_x, int(40 / eta_x)) == []


def test_a_step_that_is_too_long_names_eta_x():
    game = Game(lambda x: x**2, [0, 1], Box(-1.0, 1.0))
    said = ills(dynamics.gradient_descent, game, [[0.5, -0.3]], 1.0, 200)
    assert len(said) == 1
    assert "eta_x = 1 is too large" in said[0]


def test_divergence_names_eta_x_and_the_way_out():
    game = Game(lambda x: x**2 + x[..., ::-1], [0, 1])
    with pytest.raises(dynamics.Diverged, match=r"eta_x smaller than 5.*left out"):
        dynamics.gradient_descent(game, [1.0, 2.0], 5.0, 2000)


def test_unsettled_runs_speak_only_where_the_steps_were_left_to_us():
    game = Game(
        lambda x: 1e-4 * x**2 + 10.0 * (x[..., :1] - x[..., 1:]) ** 2,
        [0, 1],
        jacobian=lambda x: (
            2e-4 * x[..., None] * np.eye(2) + 20.0 * (x[..., None, :] - x[..., None, ::-1])
        ),
    )
    x0 = [[5.0, 5.0]]
    said = ills(dynamics.gradient_descent, game, x0)
    assert len(said) == 1
    assert "steps=" in said[0]
    assert ills(dynamics.gradient_descent, game, x0, steps=500) == []
    path = dynamics.gradient_descent(game, x0, steps=500)
    assert "has not settled" in diagnose(game, path)[0]


def test_forty_random_games_settle_in_silence():
    rng = np.random.default_rng(11)
    for _ in range(40):
        n = int(rng.integers(2, 5))
        M = rng.normal(size=(n, n))
        H = M - M.T + np.diag(rng.uniform(1.0, 3.0, n))  # strongly monotone: descent settles
        b = rng.normal(size=n)

        def losses(x, H=H, b=b):
            return x * (x @ H.T) - x**2 * np.diag(H) / 2 + b * x

        def jacobian(x, H=H, b=b):  # by hand: forty games are many passes of autograd
            return x[..., None] * H + np.eye(len(H)) * (x @ H.T + b - x * np.diag(H))[..., None]

        game = Game(losses, np.arange(n), jacobian=jacobian)
        x0 = rng.normal(size=(2, n))
        np.testing.assert_allclose(jacobian(x0), Game(losses, np.arange(n)).jacobian(x0))
        assert ills(dynamics.gradient_descent, game, x0, steps=300) == []


def test_a_summary_and_a_thinned_record_are_left_alone():
    turning = Game(lambda x: x[..., :1] * x[..., 1:] * SPIN, [0, 1], jacobian=turned)
    keep = {"f": lambda x, A, f: f}
    assert ills(dynamics.gradient_descent, turning, [[1.0, 0.5]], 0.02, 2000, summary=keep) == []
    assert ills(dynamics.gradient_descent, turning, [[1.0, 0.5]], 0.02, 2000, every=500) == []


def test_coordinates_given_to_the_wrong_player_are_named():
    game = Game(lambda x: (x - 1.0) ** 2, [1, 0])
    with pytest.warns(RunWarning, match="right player") as caught:
        default_rates(game, np.ones(2))
    assert len(caught) == 2
    for right in (games.prisoners_dilemma(3), games.traffic(45, 45, 0, 10, 10)):
        centre = np.full(right.dim, 0.0 if right.space.dim is None else 1 / 3)
        assert ills(lambda g, x, progress: default_rates(g, x), right, centre) == []


def test_starts_off_the_space_are_refused():
    with pytest.raises(ValueError, match="simplices"):
        default_rates(games.traffic(45, 45, 0, 10, 10), np.ones(12))
    with pytest.raises(TypeError, match="integers"):
        default_rates(games.prisoners_dilemma(2), [1, 2])
