"""REINFORCE: gradients against autograd, finite differences and exact expectations."""

import itertools

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from d3c_minimal.agents import reinforce
from d3c_minimal.agents.reinforce import Linear


@pytest.fixture
def batch():
    """Two agents, three runs, four steps, five episodes."""
    rng = np.random.default_rng(0)
    agents = Linear(rng.normal(size=(2, 3, 2, 3)), rng.normal(size=(2, 3, 2)))
    x = rng.normal(size=(2, 3, 4, 5, 2))
    return agents, x, rng.integers(0, 3, (2, 3, 4, 5)), rng.normal(size=(2, 3, 4, 5))


def test_returns_to_go_by_hand():
    rewards = np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1)
    assert reinforce.to_go(rewards).ravel().tolist() == [7.0, 6.0, 4.0]


def test_one_update_by_hand():
    # Two steps at x = (1, 0) and (0, 2), actions 0 and 1 of two, rewards 3 and 5, v = (1, 1).
    agents = Linear(np.zeros((1, 1, 2, 2)), np.ones((1, 1, 2)))
    x = np.array([[1.0, 0.0], [0.0, 2.0]]).reshape(1, 1, 2, 1, 2)
    a = np.array([0, 1]).reshape(1, 1, 2, 1)
    r = np.array([3.0, 5.0]).reshape(1, 1, 2, 1)
    got = reinforce.gradients(agents, x, a, r)
    # Advantages 8 - 1 and 5 - 2, scores (1/2, -1/2) and (-1/2, 1/2); TD errors 3 + 2 - 1, 5 - 2.
    np.testing.assert_allclose(got.policy[0, 0], [[3.5, -3.5], [-3.0, 3.0]])
    np.testing.assert_allclose(got.value[0, 0], [4.0, 6.0])
    moved = reinforce.update(agents, got, 0.1, 0.5)
    np.testing.assert_allclose(moved.policy[0, 0], [[0.35, -0.35], [-0.3, 0.3]])
    np.testing.assert_allclose(moved.value[0, 0], [3.0, 4.0])
    assert (agents.value == 1).all()
    assert not agents.policy.any()


@pytest.mark.parametrize("baseline", [True, False])
def test_the_policys_direction_is_autograds(batch, baseline):
    agents, x, actions, rewards = batch
    value = np.einsum("artbf,arf->artb", x, agents.value)
    advantage = np.flip(np.flip(rewards, 2).cumsum(2), 2) - baseline * value
    taken = np.eye(3)[actions]

    def surrogate(policy):
        weights = anp.exp(anp.einsum("artbf,arfk->artbk", x, policy))
        chance = anp.sum(weights * taken, -1) / anp.sum(weights, -1)
        return anp.sum(anp.log(chance) * advantage) / 5

    got = reinforce.gradients(agents, x, actions, rewards, baseline)
    np.testing.assert_allclose(got.policy, grad(surrogate)(agents.policy), atol=1e-12)
    step = np.random.default_rng(1).normal(size=agents.policy.shape)
    ahead, back = (surrogate(agents.policy + h * step) for h in (1e-5, -1e-5))
    assert abs((ahead - back) / 2e-5 - (got.policy * step).sum()) < 1e-7


def test_the_baselines_direction_is_td(batch):
    agents, x, actions, rewards = batch
    got = reinforce.gradients(agents, x, actions, rewards).value
    for i, r in itertools.product(range(2), range(3)):
        expected = np.zeros(2)
        for t, b in itertools.product(range(4), range(5)):
            here = x[i, r, t, b] @ agents.value[i, r]
            then = x[i, r, t + 1, b] @ agents.value[i, r] if t < 3 else 0.0
            expected += (rewards[i, r, t, b] + then - here) * x[i, r, t, b] / 5
        np.testing.assert_allclose(got[i, r], expected, atol=1e-12)


def test_it_estimates_the_gradient_of_the_expected_return():
    # One step, one state: the expected return is softmax(x W) . payoff, whatever the baseline.
    rng = np.random.default_rng(2)
    policy, payoff = np.array([[[[0.5, 0, -0.5], [-0.3, 0.2, 0]]]]), np.array([1.0, -2.0, 0.5])
    x = np.array([0.7, -1.2])
    B = 200_000
    seen = np.broadcast_to(x, (1, 1, 1, B, 2))
    chances = reinforce.probabilities(policy, seen)
    actions = reinforce.choose(chances, rng.random((1, 1, 1, B)))
    p = chances[0, 0, 0, 0]
    np.testing.assert_allclose(np.bincount(actions.ravel()) / B, p, atol=0.005)
    exact = np.outer(x, p * (payoff - p @ payoff))
    for v in (0.0, 3.0):
        agents = Linear(policy, np.full((1, 1, 2), v))
        got = reinforce.gradients(agents, seen, actions, payoff[actions]).policy[0, 0]
        np.testing.assert_allclose(got, exact, atol=0.03)
        assert abs(exact).max() > 0.3


def test_a_run_alone_is_the_run_in_the_batch(batch):
    agents, x, actions, rewards = batch
    whole = reinforce.gradients(agents, x, actions, rewards)
    one = Linear(*(part[1:, 2:] for part in agents))
    alone = reinforce.gradients(one, x[1:, 2:], actions[1:, 2:], rewards[1:, 2:])
    np.testing.assert_allclose(alone.policy[0, 0], whole.policy[1, 2], atol=1e-13)
    np.testing.assert_allclose(alone.value[0, 0], whole.value[1, 2], atol=1e-13)


def test_chances_are_a_softmax_without_overflow():
    policy = np.array([[[[1000.0, 0.0, -1000.0]]]])
    got = reinforce.probabilities(policy, np.array([[[[1.0], [0.0]]]]))
    np.testing.assert_allclose(got[0, 0], [[1, 0, 0], [1 / 3] * 3])


def test_choose_at_the_ends():
    chances = np.array([[0.0, 0.5, 0.5], [0.1, 0.2, 0.7 - 1e-12]])
    assert reinforce.choose(chances, np.zeros(2)).tolist() == [1, 0]
    assert reinforce.choose(chances, np.full(2, np.nextafter(1, 0))).tolist() == [2, 2]
    assert reinforce.choose(chances, np.array([0.5, 0.1])).tolist() == [2, 1]


def test_nothing_is_edited(batch):
    copies = [part.copy() for part in (*batch[0], *batch[1:])]
    reinforce.gradients(*batch)
    for part, copy in zip((*batch[0], *batch[1:]), copies, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_shapes_are_checked(batch):
    agents, x, actions, rewards = batch
    with pytest.raises(ValueError, match="give \\(agents, runs, time"):
        reinforce.gradients(agents, x[0], actions, rewards)
    with pytest.raises(ValueError, match="must have the shape"):
        reinforce.gradients(agents, x, actions[:, :, :2], rewards)
    with pytest.raises(ValueError, match="1 or more"):
        reinforce.initial(2, 0, 2, 3)
    start = reinforce.initial(2, 4, 2, 3)
    assert start.policy.shape == (2, 4, 2, 3)
    assert start.value.shape == (2, 4, 2)
    assert not start.policy.any()
    assert not start.value.any()
