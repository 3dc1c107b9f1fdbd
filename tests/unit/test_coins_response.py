"""Impulse responses: which copies get which rows, how answers are averaged, what noise is."""

import numpy as np
import pytest

from d3c_minimal.experiments import coins_play, coins_response

TINY = coins_response.Config(before=64, runs=2, chunk=1)


def test_rows_are_base_by_run_by_kick():
    d = coins_play.attention(coins_response._rows((-1.0, 0.0, 1.0), 2))
    assert d.shape == (24, 2)
    assert d[:6] == pytest.approx(np.array([(-1, 0), (0, 0), (1, 0)] * 2), abs=1e-12)
    assert d[12:, 1] == pytest.approx([2] * 6 + [3] * 6)


def test_noise_by_hand():
    """A return that alternates 0, 2 has differences of 2, and none between means over two."""
    returns = np.zeros((64, 2, 2))
    returns[1::2] = 2.0
    A = coins_play.rows(np.zeros((2, 2)))  # equal shares: mixed is the mean, here the same
    noise = coins_response._noise(returns, A)
    assert noise.shape == (2, 6, 2)
    assert noise[0, :, 0] == pytest.approx([4, 0, 0, 0, 0, 0])
    returns[:, :, 1] = 0.0  # only agent 1 earns: raw has half the mean square, mixed a quarter
    noise = coins_response._noise(returns, A)
    assert noise[1, 0] == pytest.approx([2.0, 1.0])
    ramp = np.broadcast_to(np.arange(64.0)[:, None, None], (64, 2, 2))
    assert coins_response._noise(ramp, A)[0, :, 0] == pytest.approx(
        [size**2 for size in coins_response.WINDOWS]
    )


def test_the_copies_answer_their_own_rows():
    """One chunk of tiny agents; its parts by hand from `coins_play`."""
    learner = coins_response._learner(TINY, "2 worlds")
    rng = np.random.default_rng(3)
    curve, answer, noise, first = coins_response._switch(learner, 64, 1, rng)
    assert curve.shape == (4, 3, 40, 2)
    assert answer.shape == (4, 3, 7, 2, 1)
    for k, (a, b) in enumerate(zip((0, 1, 2, 4, 8, 16, 32), (1, 2, 4, 8, 16, 32, 40), strict=True)):
        assert answer[:, :, k, :, 0] == pytest.approx(curve[:, :, a:b].mean(2))

    rng = np.random.default_rng(3)
    own = rng.spawn(1)[0]
    held = coins_response.coins_landscape.held
    rows = coins_play.rows([[base, base] for base in (0, 1, 2, 3)])
    settled = coins_play.play(learner, [held(rows, own)], 64, rng)
    assert np.array_equal(first, settled.first)
    assert noise[:, 0] == pytest.approx(coins_response._noise(settled.returns, rows))
    d = [[base + kick, base] for base in (0, 1, 2, 3) for kick in (-1, 0, 1)]
    three = coins_play.repeat(settled.agents, 3)
    after = coins_play.play(learner, [held(coins_play.rows(d), own)], 40, rng, three)
    assert curve == pytest.approx(after.returns.reshape(40, 4, 3, 2).transpose(1, 2, 0, 3))


def test_chunks_are_joined_by_their_runs():
    def chunk(runs, value):
        return {
            "curve": np.full((1, 4), value),
            "answer": np.full((runs, 1), value),
            "noise": np.full((runs, 1), value),
            "first": np.full(2, value),
        }

    joined = coins_response.collect([chunk(3, 1.0), chunk(1, 5.0)])
    assert joined["curve"] == pytest.approx(np.full((1, 4), 2.0))
    assert joined["answer"][:, 0].tolist() == [1, 1, 1, 5]
    assert joined["first"].tolist() == [1, 1]
