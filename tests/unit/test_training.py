"""Unrolls: what is stored is what was seen, done and paid."""

import numpy as np
import pytest

from d3c_minimal.agents import networks, training
from d3c_minimal.gridworlds.coins import Coins

RUNS, B, T = 3, 4, 5


class Counting:
    """Agent i of run r in world b sees (t, i, r, b) and earns 100 t + 10 its action + i."""

    def __init__(self, length):
        self.length, self.t, self.resets, self.events = length, 0, 0, None

    def _seen(self):
        index = np.stack(np.meshgrid(*map(np.arange, (RUNS, B, 2)), indexing="ij"), -1)
        time = np.full((RUNS, B, 2, 1), self.t)
        return np.concatenate([time, index[..., [2, 0, 1]]], -1).astype(np.float32)

    def reset(self, rng):
        self.t, self.resets = 0, self.resets + 1
        return self._seen()

    def step(self, actions):
        rewards = 100 * self.t + 10 * actions + np.arange(2)
        self.t += 1
        self.events = self.t
        return self._seen(), rewards, self.t == self.length


def play(length=10, steps=T, watch=None, extra=0, seed=0, replay=None):
    world, rng = Counting(length), np.random.default_rng(seed)
    seen = training.first_sight(world, rng, extra)
    net = networks.initial(np.random.default_rng(1), (2, RUNS), 4 + extra, 3, 5)
    return net, world, training.unroll(net, world, seen, rng, steps, watch, replay)


def test_everything_stands_where_it_belongs():
    net, _, found = play()
    for i, r, t, b in np.ndindex(2, RUNS, T + 1, B):
        assert found.observations[i, r, t, b].tolist() == [t, i, r, b]
    time = np.arange(T)[:, None]
    expected = 100 * time + 10 * found.actions + np.arange(2)[:, None, None, None]
    np.testing.assert_array_equal(found.rewards, expected)
    assert not found.ended
    assert len(np.unique(found.actions)) == 5
    again = networks.forward(net, found.observations.reshape(2, RUNS, -1, 4))
    for one, other in zip(found.output, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_end_of_an_episode_begins_the_next():
    _, world, found = play(length=T)
    assert found.ended
    assert world.resets == 2
    assert not found.observations[:, :, -1, :, 0].any()
    with pytest.raises(ValueError, match="divides its length"):
        play(length=T - 1)


def test_a_watcher_sees_each_step_and_adds_features():
    seen = []

    def watch(rewards, events, ended):
        seen.append((events, ended))
        return rewards[..., None] * 2

    _, _, found = play(length=T, watch=watch, extra=1)
    assert seen == [(1, False), (2, False), (3, False), (4, False), (5, True)]
    assert not found.observations[:, :, 0, :, 4].any()
    np.testing.assert_array_equal(found.observations[:, :, 1:, :, 4], 2 * found.rewards)


def test_replayed_actions_are_taken_and_stored():
    _, _, free = play()
    _, _, same = play(replay=free.actions)
    assert np.array_equal(free.rewards, same.rewards)
    other = (free.actions + 1) % 5
    _, _, found = play(replay=other)
    assert np.array_equal(found.actions, other)
    np.testing.assert_array_equal(found.rewards - free.rewards, 10 * (other - free.actions))


def test_actions_follow_the_policy():
    world, rng = Coins(envs=(2, 500), kind="compact"), np.random.default_rng(0)
    seen = training.first_sight(world, rng)
    net = networks.initial(rng, (2, 2), seen.shape[-1], 3, 5)
    net.c[0, 0, 0, :5] = np.log([0.4, 0.3, 0.15, 0.1, 0.05])
    found = training.unroll(net, world, seen, rng, 10)
    counts = np.bincount(found.actions[0, 0].ravel(), minlength=5) / 5000
    np.testing.assert_allclose(counts, [0.4, 0.3, 0.15, 0.1, 0.05], atol=0.03)
    counts = np.bincount(found.actions[1, 1].ravel(), minlength=5) / 5000
    np.testing.assert_allclose(counts, 0.2, atol=0.03)
