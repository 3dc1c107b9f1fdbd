"""The wrapper: an episode's length, its chance, its refusals."""

import numpy as np
import pytest

from d3c_minimal.gridworlds import Coins, coins
from d3c_minimal.gridworlds.world import moment, select


@pytest.mark.parametrize("envs", [(), 3, (2, 3)])
def test_the_wrapper_is_the_pure_functions(envs):
    world = Coins(envs=envs, kind="compact", steps=7, spawn=0.2)
    shape = (3,) if envs == 3 else envs
    seen = world.reset(np.random.default_rng(5))
    rng = np.random.default_rng(5)
    state = coins.start(world.rules, rng, shape)
    noise = coins.draw(world.rules, rng, 7, shape)
    assert seen.shape == (*shape, 2, *world.observation_shape())
    np.testing.assert_array_equal(seen, coins.observe(world.rules, state, "compact"))
    actions = np.random.default_rng(6).integers(5, size=(7, *shape, 2))
    for t in range(7):
        seen, rewards, done = world.step(actions[t])
        state, expected, events = coins.step(world.rules, state, actions[t], moment(noise, t))
        np.testing.assert_array_equal(seen, coins.observe(world.rules, state, "compact"))
        np.testing.assert_array_equal(rewards, expected)
        np.testing.assert_array_equal(world.events.taken, events.taken)
        assert rewards.shape == (*shape, 2)
        assert done is (t == 6)
    np.testing.assert_array_equal(
        world.observe("egocentric"), coins.observe(world.rules, state, "egocentric")
    )
    with pytest.raises(ValueError, match=r"is over: call reset\(rng\) first"):
        world.step(actions[0])
    world.reset(np.random.default_rng(5))
    assert world.t == 0
    assert world.events is None


@pytest.mark.parametrize("kind", [np.int8, np.uint64])
def test_actions_may_be_integers_of_any_width(kind):
    """A mechanics that takes from a table needs the machine's own integers, whatever is given."""
    world, told = Coins(envs=2, steps=1), []
    world.mechanics = world.mechanics._replace(
        step=lambda rules, state, actions, noise: told.append(actions) or (state, actions, ())
    )
    world.reset(np.random.default_rng(0))
    world.step(np.array([[0, 1], [4, 2]], kind))
    assert told[0].dtype == np.intp
    assert told[0].tolist() == [[0, 1], [4, 2]]


def test_what_a_world_says_of_itself():
    world = Coins(envs=4)
    assert (world.n_players, world.n_actions, world.episode_length) == (2, 5, 500)
    assert world.action_names == ("up", "down", "left", "right", "stay")
    assert world.observation_shape() == (3 * 81 + 10,)
    assert world.observation_shape("compact") == (15,)
    assert repr(world).startswith("<Coins of shape (4,): Rules(size=(5, 5), n_players=2,")


def test_an_episode_may_begin_where_the_caller_says():
    world = Coins(spawn=0)
    state = coins.State(np.array([0, 24]), np.zeros(25, np.int8))
    world.reset(np.random.default_rng(0), state)
    world.step([3, 2])
    assert world.state.position.tolist() == [1, 23]
    assert state.position.tolist() == [0, 24]


def test_the_same_seed_is_the_same_episode_whatever_is_observed():
    rewards = []
    for kind in ("egocentric", "compact", "none"):
        world = Coins(envs=5, kind=kind, spawn=0.1, steps=20)
        seen = world.reset(np.random.default_rng(0))
        assert (seen is None) == (kind == "none")
        rng = np.random.default_rng(1)
        rewards.append(sum(world.step(rng.integers(5, size=(5, 2)))[1] for _ in range(20)))
    assert rewards[0].any()
    np.testing.assert_array_equal(rewards[0], rewards[1])
    np.testing.assert_array_equal(rewards[0], rewards[2])


def test_select_picks_worlds():
    state = coins.start(coins.Rules(), np.random.default_rng(0), (3,))
    one = select(state, 1)
    assert one.position.shape == (2,)
    np.testing.assert_array_equal(one.position, state.position[1])
    noise = coins.draw(coins.Rules(spawn=0.3), np.random.default_rng(0), 4, (3,))
    part = select(noise, [2, 0], axis=1)
    assert part.spawn.shape == (4, 2, 25)
    np.testing.assert_array_equal(part.spawn, noise.spawn[:, [2, 0]])


def test_refusals_name_the_remedy():
    with pytest.raises(TypeError, match="spawns is no rule of this world: choose from size"):
        Coins(spawns=0.1)
    with pytest.raises(ValueError, match="each leading axis needs at least one world"):
        Coins(envs=(2, 0))
    with pytest.raises(ValueError, match="'egocentric' or 'compact'"):
        Coins(kind="pixels")
    world = Coins(envs=2)
    with pytest.raises(ValueError, match=r"has not begun: call reset\(rng\) first"):
        world.step([[0, 0], [0, 0]])
    with pytest.raises(ValueError, match="has not begun"):
        world.observe()
    with pytest.raises(TypeError, match="needs a random generator"):
        world.reset(0)
    world.reset(np.random.default_rng(0))
    for actions in ([0, 0], [[0.0, 0.0], [0.0, 0.0]]):
        with pytest.raises(ValueError, match=r"give integers of shape \(2, 2\)"):
            world.step(actions)
    for wrong in (-1, 5):
        with pytest.raises(ValueError, match="0 up, 1 down, 2 left, 3 right, 4 stay"):
            world.step([[0, wrong], [0, 0]])
    assert world.t == 0
