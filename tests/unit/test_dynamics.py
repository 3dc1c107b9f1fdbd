"""The two learners: known ends, what is recorded, and what happens when a run blows up."""

import numpy as np
import pytest

from d3c_minimal import dynamics, games, mixing
from d3c_minimal.game import Game


def starts(game, runs=20, seed=0):
    return game.space.sample(np.random.default_rng(seed), (runs, game.dim))


def test_gradient_descent_contracts_as_computed_by_hand():
    game = games.prisoners_dilemma(3)
    x0 = starts(game)
    path = dynamics.gradient_descent(game, x0, 0.1, 10)
    np.testing.assert_allclose(path.x[-1], x0 * 0.8**10, atol=1e-14)  # own gradient is 2 x
    assert np.array_equal(path.t, np.arange(11))
    assert path.x.shape == (11, 20, 6)
    assert path.A.shape == (11, 20, 3, 3)
    assert path.f.shape == (11, 20, 3)
    assert np.array_equal(path.f, game.loss(path.x))


@pytest.mark.parametrize("game", [games.nash_paradox(0.2), games.prisoners_dilemma(4, 0.5)])
def test_selfish_descent_ends_at_nash_and_cooperation_at_the_optimum(game):
    x0, n = starts(game) * 0.5 + 0.4, game.n_players
    x0 = np.clip(x0, 0, 1)
    selfish = dynamics.gradient_descent(game, x0, 0.1, 2000, every=2000)
    together = dynamics.gradient_descent(game, x0, 0.1, 2000, mixing.cooperative(n), every=2000)
    known = game.reference
    np.testing.assert_allclose(selfish.f[-1], np.tile(known.nash_losses, (20, 1)), atol=1e-6)
    np.testing.assert_allclose(together.f[-1], np.tile(known.optimal_losses, (20, 1)), atol=1e-6)


def test_d3c_escapes_where_epsilon_is_above_0_and_freezes_where_it_is_0():
    game = games.prisoners_dilemma(2)
    x0 = np.random.default_rng(0).uniform(0, 1, (100, 2))
    moving = dynamics.d3c(game, x0, 0.1, 0.1, 0.1, 1000, every=1000).f[-1].sum(-1)
    frozen = dynamics.d3c(game, x0, 0.1, 0.1, 0.0, 1000, every=1000).f[-1].sum(-1)
    np.testing.assert_allclose(moving, 1.0, atol=1e-3)  # the best total; at Nash it is 2
    assert frozen.mean() > 1.5


def test_a_step_of_the_loop_is_the_pure_step():
    game = games.traffic(45, 45, 0, 10, 10)
    x = starts(game)
    A = np.broadcast_to(mixing.selfish(4), (20, 4, 4))
    path = dynamics.d3c(game, x, 0.3, 0.2, 0.05, 3, nu=0.01, rates="flow")
    for t in range(3):
        x, A = dynamics.d3c_step(game, x, A, 0.3, 0.2, 0.05, 0.01, "flow")
        assert np.array_equal(path.x[t + 1], x)
        assert np.array_equal(path.A[t + 1], A)


def test_runs_do_not_touch_each_other():
    game = games.traffic(45, 45, 0, 10, 10)
    x0 = starts(game)
    together = dynamics.d3c(game, x0, 0.5, 0.1, 0.0, 200, every=200)
    alone = dynamics.d3c(game, x0[7], 0.5, 0.1, 0.0, 200, every=200)
    np.testing.assert_allclose(together.x[-1, 7], alone.x[-1], atol=1e-10)


def test_one_network_for_each_run():
    game = games.random_braess(np.random.default_rng(5), 0.0, 6)
    x0 = starts(game, 6)
    roads = [game.parameters[name][3] for name in "CDEFG"]
    alone = dynamics.d3c(games.traffic(*roads), x0[3], 0.1, 0.1, 0.0, 50)
    np.testing.assert_allclose(dynamics.d3c(game, x0, 0.1, 0.1, 0.0, 50).f[-1, 3], alone.f[-1])


def test_a_one_hot_row_never_moves():
    game = games.prisoners_dilemma(3)
    A0 = mixing.selfish(3)
    A0[0] = [1.0, 0.0, 0.0]
    A = dynamics.d3c(game, starts(game), 0.1, 0.1, 0.1, 300, A0).A[-1]
    assert np.array_equal(A[:, 0], np.tile([1.0, 0.0, 0.0], (20, 1)))
    assert (A[:, 1:].diagonal(1, 1, 2) < 0.9).all()


def test_nu_pulls_towards_the_own_loss():
    game = games.prisoners_dilemma(2)
    ends = [
        dynamics.d3c(game, starts(game), 0.1, 0.1, 0.1, 500, nu=nu, every=500).A[-1, :, 0, 0].mean()
        for nu in (0.0, 10.0)
    ]
    assert ends[0] < 0.6
    assert ends[1] > 0.99


@pytest.mark.parametrize(
    ("steps", "every", "t"), [(10, 4, [0, 4, 8, 10]), (3, 5, [0, 3]), (0, 1, [0])]
)
def test_thinning_keeps_the_last_step(steps, every, t):
    game = games.prisoners_dilemma(2)
    full = dynamics.d3c(game, starts(game), 0.1, 0.1, 0.1, steps)
    thin = dynamics.d3c(game, starts(game), 0.1, 0.1, 0.1, steps, every=every)
    assert np.array_equal(thin.t, t)
    assert np.array_equal(thin.A, full.A[t])


def test_a_whole_number_may_be_written_as_a_float():
    game = games.prisoners_dilemma(2)
    path = dynamics.gradient_descent(game, starts(game), 0.1, 1e2, every=50.0)
    assert np.array_equal(path.t, [0, 50, 100])


def test_summary_keeps_reductions_and_the_last_state():
    game = games.prisoners_dilemma(2)
    x0 = starts(game)
    full = dynamics.d3c(game, x0, 0.1, 0.1, 0.1, 20)
    brief = dynamics.d3c(
        game, x0, 0.1, 0.1, 0.1, 20, every=5, summary={"total": lambda x, A, f: f.sum(-1).mean()}
    )
    np.testing.assert_allclose(brief.summary["total"], full.f[::5].sum(-1).mean(-1))
    assert brief.x.shape == (1, 20, 2)
    assert np.array_equal(brief.x[-1], full.x[-1])


def test_a_recording_that_would_not_fit_is_refused_with_the_remedy():
    game = games.traffic(45, 45, 0, 10, 10)
    with pytest.raises(ValueError, match=r"every=\d+.*summary="):
        dynamics.d3c(game, starts(game, 1000), 0.1, 0.1, 0.0, 10_000)


def test_divergence_names_the_step_and_keeps_the_record():
    game = games.efficient_but_unfair()
    x0 = np.array([[1.0, 1.0]])
    with np.errstate(over="ignore"), pytest.raises(dynamics.Diverged, match="step") as caught:
        dynamics.gradient_descent(game, x0, 3.0, 1000, every=10)  # x grows fivefold a step
    path, step = caught.value.trajectory, caught.value.step
    assert str(step) in str(caught.value)
    assert np.isfinite(path.f).all()
    assert path.t[-1] == step // 10 * 10
    np.testing.assert_allclose(path.x[1, 0], (-5.0) ** 10 * x0[0])


@pytest.mark.parametrize(
    ("change", "error", "remedy"),
    [
        ({"x0": [[np.nan, 0.0]]}, ValueError, "NaN"),
        ({"x0": np.empty((0, 2))}, ValueError, "empty"),
        ({"eta_x": "a"}, TypeError, "one number"),
        ({"eta_x": np.array([0.1, 0.2])}, TypeError, "one number"),
        ({"epsilon": np.array([0.1, 0.2])}, ValueError, "one finite number"),
        ({"steps": np.nan}, ValueError, "steps"),
        ({"x0": [[1, 0]]}, TypeError, "1.0 instead of 1"),
        ({"x0": [[0.0, 0.0, 0.0]]}, ValueError, "last axis must hold the 2"),
        ({"x0": [[0.0, 1.5]]}, ValueError, "np.clip"),
        ({"eta_x": -0.1}, ValueError, "eta_x"),
        ({"eta_A": np.inf}, ValueError, "eta_A"),
        ({"epsilon": np.nan}, ValueError, "epsilon"),
        ({"nu": -1.0}, ValueError, "nu"),
        ({"steps": -1}, ValueError, "steps"),
        ({"steps": 1.5}, ValueError, "steps"),
        ({"every": 0}, ValueError, "every"),
        ({"rates": "gradient"}, ValueError, "tangent"),
        ({"A0": [[0.9, 0.2], [0.1, 0.9]]}, ValueError, "off the simplex"),
        ({"A0": np.full((3, 3), 1 / 3)}, ValueError, "2 x 2"),
        ({"A0": np.full((5, 2, 2), 0.5)}, ValueError, "one mixture, or one for each run"),
    ],
)
def test_bad_arguments(change, error, remedy):
    arguments = {"x0": [[0.5, 0.5]], "eta_x": 0.1, "eta_A": 0.1, "epsilon": 0.0, "steps": 2}
    with pytest.raises(error, match=remedy):
        dynamics.d3c(games.nash_paradox(0.5), **(arguments | change))


def test_inputs_are_left_alone():
    game = games.nash_paradox(0.5)
    x0, A0 = starts(game), mixing.selfish(2)
    before = x0.copy(), A0.copy()
    dynamics.d3c(game, x0, 0.1, 0.1, 0.1, 20, A0)
    dynamics.gradient_descent(game, x0, 0.1, 20, A0)
    assert np.array_equal(x0, before[0])
    assert np.array_equal(A0, before[1])


def test_the_record_does_not_change_with_the_callers_arrays():
    game = games.nash_paradox(0.5)
    for steps in (0, 5):
        x0, A0 = starts(game), mixing.selfish(2)
        paths = (
            dynamics.gradient_descent(game, x0, 0.1, steps, A0),
            dynamics.d3c(game, x0, 0.1, 0.1, 0.1, steps, A0),
        )
        before = [(path.x.copy(), path.A.copy()) for path in paths]
        x0[:], A0[:] = 0.0, 0.5
        for path, (x, A) in zip(paths, before, strict=True):
            assert np.array_equal(path.x, x)
            assert np.array_equal(path.A, A)


def test_single_precision_mixtures_are_accepted():
    A0 = np.array([[0.9, 0.1], [0.1, 0.9]], np.float32)
    path = dynamics.d3c(games.nash_paradox(0.5), [0.5, 0.5], 0.1, 0.1, 0.0, 3, A0)
    assert (abs(path.A.sum(-1) - 1) < 1e-12).all()


def test_a_game_of_the_readers_own_runs_unbatched():
    game = Game(lambda x: x**2 + 0.5 * x[::-1], [0, 1], batched=False)
    path = dynamics.d3c(game, starts(game, 3), 0.1, 0.1, 0.1, 50)
    assert path.f[-1].sum(-1).max() < path.f[0].sum(-1).max()


def test_progress_bar_can_be_turned_off(capsys, monkeypatch):
    game, x0 = games.nash_paradox(0.5), np.array([0.5, 0.5])
    monkeypatch.setattr(dynamics, "BAR_DELAY", 0.0)
    dynamics.d3c(game, x0, 0.1, 0.1, 0.1, 50, progress=True)
    assert "Nash paradox" in capsys.readouterr().err
    dynamics.d3c(game, x0, 0.1, 0.1, 0.1, 50, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("learn", [dynamics.gradient_descent, dynamics.d3c])
def test_a_loss_tensor_is_sent_to_its_mixed_extension(learn):
    with pytest.raises(TypeError, match=r"finite\.mixed_extension"):
        learn(np.ones((2, 2, 2)), [0.5, 0.5, 0.5, 0.5])
