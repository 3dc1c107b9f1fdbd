"""Impulse responses on the ring: the switch, the order of runs, noise."""

import numpy as np
import pytest

from d3c_minimal.experiments import coins_play, ring_play, ring_response
from d3c_minimal.gridworlds import ring as world


def test_rows_are_exchanged_once():
    switch = ring_response.Switch("old", "new", 2)
    seen = []
    for _ in range(4):
        seen.append((switch.mixture, switch.A))
        switch.update(None)
    assert seen == [("old", "old")] * 2 + [("new", "new")] * 2


def test_a_chunk_by_hand():
    config = ring_response.Config(before=120, runs=2, chunk=2)
    got = ring_response.simulate(config, 2, np.random.default_rng(3))
    kicked = np.array([[b + k, b] for b in range(5) for k in (-1, 0, 1) for _ in range(2)], float)
    still = kicked.copy()
    still[:, 0] = still[:, 1]
    rule = ring_response.Switch(coins_play.rows(still), coins_play.rows(kicked), 120)
    record = ring_play.play(world.Rules(), [rule], 240, np.random.default_rng(3))
    returns = record.returns.reshape(240, 5, 3, 2, 2)
    level = returns[60:120].mean(0)
    assert got["level"][1, 2] == pytest.approx(level[2, :, 1].mean(0))
    assert got["curve"][3, 2] == pytest.approx((returns[120:, 3, 2] - level[3, 2]).mean(1))
    assert got["answer"][1, 4, 0, 1] == pytest.approx(
        returns[135:180, 4, 0, 1].mean(0) - level[4, 0, 1]
    )
    halves = returns[:120].reshape(2, 60, 5, 3, 2, 2).mean(1)
    raw = (halves[1] - halves[0]) ** 2
    assert got["noise"][1, 2, 2, 0] == pytest.approx(raw[2, :, 1].mean())
    A = coins_play.rows([[2.0, 2.0]])[0]
    mixed = (halves @ A)[:, 2, :, 1]
    assert got["noise"][1, 2, 2, 1] == pytest.approx(((mixed[1] - mixed[0]) ** 2).mean())


def test_chunks_are_joined_by_their_runs():
    config = ring_response.Config(before=120, runs=3, chunk=2)
    arrays = ring_response.run(config, seed=0)
    assert arrays["answer"].shape == (3, 5, 3, 3, 2)
    ends = arrays["curve"][:, :, :15].mean(2)
    assert ends == pytest.approx(arrays["answer"][:, :, :, 0].mean(0), abs=1e-6)
    assert "d = 4" in ring_response.headline(arrays)
