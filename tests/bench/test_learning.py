"""Speed of learning on Coins, end to end, beside the plain way to write it: `make bench`.

Both play and learn by the same arithmetic: the egocentric view, 32 hidden units, A2C. The plain
way visits one network after another, for acting and for the gradient. One core, one thread: the
environment variables of ``d3c_minimal.__main__`` (set them before numpy is imported) do that.
"""

import numpy as np
import pytest

from d3c_minimal.agents import actor_critic, networks, optim, training
from d3c_minimal.gridworlds.coins import Coins

RUNS, BATCH, STEPS, HIDDEN = 40, 8, 20, 32
A2C, RMSPROP = actor_critic.A2C(unroll=STEPS), optim.RMSProp(rate=1e-2)


def start():
    rng = np.random.default_rng(0)
    world = Coins(envs=(RUNS, BATCH))
    seen = training.first_sight(world, rng)
    net = networks.initial(rng, (2, RUNS), seen.shape[-1], HIDDEN, 5)
    return rng, world, seen, net, optim.start(net, RMSPROP)


def batched(rng, world, seen, net, state):
    play = training.unroll(net, world, seen, rng, STEPS)
    batch = actor_critic.Batch(play.observations, play.actions, play.rewards, play.ended)
    slope = actor_critic.gradient(net, batch, A2C, play.output)
    return play.observations[:, :, -1], *optim.descend(net, slope, state, RMSPROP)


def one_by_one(rng, world, seen, net, state):
    """Do the same with a Python loop over agents and runs."""
    each = list(np.ndindex(2, RUNS))
    noise = networks.gumbel(rng, (STEPS, 2, RUNS, BATCH, 5))
    sights, actions, rewards = [seen], [], []
    for t in range(STEPS):
        act = np.empty((2, RUNS, BATCH), int)
        for k in each:
            output = networks.forward(networks.Network(*(w[k] for w in net)), sights[-1][k])
            act[k] = networks.sample(output.logits, noise[t][k])
        sight, paid, ended = world.step(np.moveaxis(act, 0, -1))
        if ended:
            sight = world.reset(rng)
        sights.append(training.agents_first(sight))
        actions.append(act)
        rewards.append(training.agents_first(paid))
    sights, actions, rewards = (np.stack(a, 2) for a in (sights, actions, rewards))
    slopes = []
    for k in each:
        batch = actor_critic.Batch(sights[k], actions[k], rewards[k], ended)
        slopes.append(actor_critic.gradient(networks.Network(*(w[k] for w in net)), batch, A2C))
    slope = networks.Network(
        *(np.stack(part).reshape(w.shape) for part, w in zip(zip(*slopes, strict=True), net,
                                                             strict=True))
    )  # fmt: skip
    return sights[:, :, -1], *optim.descend(net, slope, state, RMSPROP)


@pytest.mark.benchmark(group=f"A2C on Coins: {RUNS} runs x {BATCH} worlds x {STEPS} steps")
@pytest.mark.parametrize("how", [one_by_one, batched], ids=["one by one", "d3c_minimal"])
def test_learning(benchmark, how):
    rng, world, seen, net, state = start()

    def update():
        nonlocal seen, net, state
        seen, net, state = how(rng, world, seen, net, state)

    benchmark.pedantic(update, rounds=25, iterations=1, warmup_rounds=3)
    speed = RUNS * BATCH * STEPS / benchmark.stats.stats.median
    benchmark.extra_info["env steps per second"] = round(speed)
    print(f"\n{how.__name__}: {speed:,.0f} env steps per second")


def test_both_ways_are_the_same():
    ends = []
    for how in (one_by_one, batched):
        rng, world, seen, net, state = start()
        for _ in range(2):
            seen, net, state = how(rng, world, seen, net, state)
        ends.append(net)
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
