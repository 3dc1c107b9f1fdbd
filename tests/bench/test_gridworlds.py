"""Speed of the gridworlds, beside the plain way to write the same rules, in the same run.

The plain world below reads like the rules: whole arrays for all worlds, dense chance drawn at each
step, boolean boards for each colour, reductions over short axes.
"""

import numpy as np
import pytest

from d3c_minimal.gridworlds import coins
from d3c_minimal.gridworlds.world import moment

STEPS = 100


def plain_episode(rules, actions, rng):
    """Play Coins with dense arrays of numpy, and return the summed rewards (worlds, n)."""
    _, worlds, n = actions.shape
    rows, columns = rules.size
    step_of = np.array([(-1, 0), (1, 0), (0, -1), (0, 1), (0, 0)])
    place = np.stack(np.divmod(rng.random((worlds, rows * columns)).argsort(1)[:, :n], columns), -1)
    board = np.zeros((worlds, n, rows, columns), bool)
    total, world = np.zeros((worlds, n)), np.arange(worlds)
    for action in actions:
        target = np.clip(place + step_of[action], 0, (rows - 1, columns - 1))
        first = rng.integers(2, size=worlds)
        for who in (first, 1 - first):
            wanted = target[world, who]
            taken = (wanted == place[world, 1 - who]).all(-1)
            place[world, who] = np.where(taken[:, None], place[world, who], wanted)
        row, column = place[..., 0], place[..., 1]
        took = board[world[:, None], :, row, column]
        own = took[:, [0, 1], [0, 1]]
        lost = took[:, [1, 0], [0, 1]]
        total += rules.own * own + rules.other * (took.any(-1) & ~own) + rules.penalty * lost
        board[world[:, None], :, row, column] = False
        free = ~board.any(1)
        free[world[:, None], row, column] = False
        new = free & (rng.random(free.shape) < rules.spawn)
        colour = rng.random(free.shape) < 0.5
        board[:, 0] |= new & colour
        board[:, 1] |= new & ~colour
    return total


def episode(rules, actions, rng, kind=None):
    """Play Coins by the package: chance drawn ahead, then step by step, observed if asked."""
    envs = (actions.shape[1],)
    state = coins.start(rules, rng, envs)
    noise = coins.draw(rules, rng, len(actions), envs)
    total = np.zeros((*envs, 2))
    for t, action in enumerate(actions):
        state, rewards, _ = coins.step(rules, state, action, moment(noise, t))
        total += rewards
        if kind:
            coins.observe(rules, state, kind)
    return total


@pytest.mark.parametrize("worlds", [160, 640, 5120])
@pytest.mark.parametrize(
    "way",
    [
        plain_episode,
        episode,
        lambda *args: episode(*args, "compact"),
        lambda *args: episode(*args, "egocentric"),
    ],
    ids=["plain", "d3c_minimal", "compact", "egocentric"],
)
def test_coins(benchmark, worlds, way):
    benchmark.group = f"Coins, {worlds} worlds x {STEPS} random steps"
    rules = coins.Rules()
    actions = np.random.default_rng(0).integers(5, size=(STEPS, worlds, 2))
    rng = np.random.default_rng(1)
    total = benchmark.pedantic(way, (rules, actions, rng), rounds=5, warmup_rounds=1)
    benchmark.extra_info["steps a second"] = STEPS * worlds / benchmark.stats["min"]
    assert abs(total.mean()) < 0.5  # random play takes as many of its own as of the other's
    assert total.std() > 1
