"""The drift of a trial: against trials that are run, limits, signs."""

import numpy as np
import pytest

from d3c_minimal import drift, mixing, trials


def test_moments_are_those_of_trials_that_are_run():
    """Algorithm 1 itself on returns that are linear in the shake, with noise; one step a run."""
    runs, tau, delta, eta_A, slope, noise = 100_000, 3, 0.8, 0.05, -1.5, 2.0
    for epsilon in (0.0, 0.4, -0.4):
        rng = np.random.default_rng(1)
        rule = trials.Rule(eta_A, delta, 0.0, tau, tau, epsilon, None, measure="raw")
        A = np.broadcast_to(mixing.selfish(2, 0.6), (runs, 2, 2))
        state = trials.begin(rule, A, trials.draw(rule, rng, runs, 2))
        # What the trial before left behind: 1.3 of the noise's variance 2^2.
        state = state._replace(G_b=10 + np.sqrt(1.3) * rng.standard_normal((runs, 2)))
        before = np.log(A[:, 0, 0] / A[:, 0, 1])
        a = state.direction[:, 0]
        level = 10 + slope * delta * (a[:, 0] - a[:, 1])
        told = level + np.sqrt(noise**2 - 1.3) * rng.standard_normal(runs)
        for _ in range(tau):
            returns = np.stack([told, np.full(runs, 10.0)], -1)
            state = trials.step(rule, state, returns, trials.draw(rule, rng, runs, 2))
        moved = np.log(state.A[:, 0, 0] / state.A[:, 0, 1]) - before
        found = drift.step(slope, noise, eta_A=eta_A, delta=delta, tau=tau, epsilon=epsilon)
        error = moved.std() / np.sqrt(runs)
        assert abs(moved.mean() - found.mean) < 4 * error
        assert abs(found.mean) > 10 * error
        assert (moved**2).mean() == pytest.approx(found.square, rel=0.03)


def test_small_signals_have_half_the_slope_and_an_open_gate_all_of_it():
    how = {"eta_A": 0.3, "delta": 0.5, "tau": 7.0}
    small = drift.step(1e-3, 2.0, **how)
    assert small.mean == pytest.approx(0.3 * 1e-3 * 0.5 / (2 * 7), rel=1e-6)
    assert small.square == pytest.approx(0.3**2 * 2.0**2 / (2 * 7**2), rel=1e-6)
    wide = drift.step(1e-3, 2.0, **how, epsilon=100.0)
    assert wide.mean == pytest.approx(0.3 * 1e-3 * 0.5 / 7, rel=1e-6)
    assert wide.square == pytest.approx(0.3**2 * (100.0**2 + (2 / 7) ** 2), rel=1e-6)
    assert drift.step(1e-3, 2.0, **how, epsilon=-100.0).mean == pytest.approx(0, abs=1e-12)


def test_loud_signals_leave_the_noise_behind():
    """Without noise the gate opens for half the shakes: E b^2 there is 1/2, E b^4 3/4."""
    loud = drift.step(-4.0, 1e-9, eta_A=1.0, delta=1.0, tau=2.0)
    assert loud.mean == pytest.approx(-4.0 / 2 / 2, rel=1e-6)
    assert loud.square == pytest.approx((4.0 / 2) ** 2 * 0.75, rel=1e-6)


def test_no_signal_lifts_a_run_above_its_bound_though_clarity_says_so():
    signal, noise = np.geomspace(0.01, 1e4, 25)[:, None], np.array([0.5, 3.0])
    one = drift.step(signal, noise, eta_A=0.2, delta=0.6, tau=4.0)
    exact = np.sqrt(12) * one.mean / np.sqrt(one.square)
    assert (np.diff(exact, axis=0) > 0).all()
    assert exact.max() <= np.sqrt(12 / 3) * (1 + 1e-9)
    assert exact[-1] == pytest.approx(2.0, rel=1e-3)
    assert (exact <= drift.clarity(signal, noise, 0.6, 12)).all()


def test_clarity_is_drift_over_diffusion_and_reach_is_drift():
    how = {"eta_A": 0.7, "delta": 0.4, "tau": 5.0}
    for signal in (0.01, -0.01):
        one = drift.step(signal, 3.0, **how)
        total = 50 * one.mean / np.sqrt(50 * one.square)
        assert drift.clarity(signal, 3.0, 0.4, 50) == pytest.approx(abs(total), rel=1e-3)
        assert drift.reach(signal, **how, trials=50) == pytest.approx(50 * one.mean, rel=1e-3)


def test_the_mixed_signal_is_the_derivative_of_the_mixed_return():
    """Own returns that are linear in d_1, differentiated numerically."""
    own, other, level = -3.0, 5.0, np.array([7.0, 2.0])

    def mixed(shift):
        keep = 1 / (1 + np.exp(-np.array([1.2 + shift, -0.4])))
        r = level + shift * np.array([own, other])
        return keep[0] * r[0] + (1 - keep[1]) * r[1]

    signal, mechanical = drift.mixed_signal([1.2, -0.4], own, other, level[0])
    assert signal == pytest.approx((mixed(1e-5) - mixed(-1e-5)) / 2e-5, rel=1e-8)
    own = other = 0.0
    assert mechanical == pytest.approx((mixed(1e-5) - mixed(-1e-5)) / 2e-5, rel=1e-8)


def test_a_walk_has_its_law_and_its_bounds():
    rng = np.random.default_rng(0)

    def law(d):
        return drift.Step(np.full(d.shape, -0.1), np.full(d.shape, 0.05))

    path = drift.walk(law, np.full((20_000, 2), 1.0), 10, rng)
    assert path.shape == (11, 20_000, 2)
    assert path[-1].mean() == pytest.approx(0.0, abs=0.01)
    assert path[-1].var() == pytest.approx(10 * (0.05 - 0.01), rel=0.03)
    still = drift.walk(lambda d: drift.Step(0 * d + 3.0, 0 * d + 9.0), np.zeros((2, 2)), 4, rng)
    assert still[:, 0, 0].tolist() == [0, 3, 5, 5, 5]


def test_noise_must_be_there():
    with pytest.raises(ValueError, match="above 0"):
        drift.step(1.0, 0.0, eta_A=1.0, delta=1.0, tau=1.0)
