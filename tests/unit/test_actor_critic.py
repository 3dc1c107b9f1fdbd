"""A2C's gradient against autograd and finite differences; V-trace against its definition."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from d3c_minimal.agents import actor_critic, networks

LEAD, T, B, F, H, K = (2, 3), 4, 5, 6, 7, 3


def make(seed=0, ended=False, other_policy=False, dtype=np.float64):
    rng = np.random.default_rng(seed)
    net = networks.initial(rng, LEAD, F, H, K, dtype)
    net = networks.Network(*(w + rng.normal(0, 0.4, w.shape).astype(dtype) for w in net))
    batch = actor_critic.Batch(
        rng.normal(size=(*LEAD, T + 1, B, F)).astype(dtype),
        rng.integers(0, K, (*LEAD, T, B)),
        rng.normal(size=(*LEAD, T, B)).astype(dtype),
        ended,
        np.log(rng.uniform(0.1, 0.9, (*LEAD, T, B))).astype(dtype) if other_policy else None,
    )
    return net, batch


def outputs(weights, x):
    W, b, V, c = weights
    flat = x.reshape(*LEAD, -1, F)
    heads = (anp.maximum(flat @ W + b, 0) @ V + c).reshape(*x.shape[:-1], K + 1)
    logits = heads[..., :K]
    return logits - anp.log(anp.exp(logits).sum(-1, keepdims=True)), heads[..., K]


def scalar(net, batch, how):
    """The update's scalar as a function of the weights, targets and advantages held at ``net``."""
    _, fixed = outputs(net, batch.observations)
    log_pi, _ = outputs(net, batch.observations)
    at = np.eye(K)[batch.actions]
    bootstrap = fixed[..., -1, :] * (0 if batch.ended else 1)
    if batch.log_chance is None:
        target = defined_returns(batch.rewards, bootstrap, how.discount)
        advantage = target - fixed[..., :-1, :]
    else:
        ratio = np.exp((log_pi[..., :-1, :, :] * at).sum(-1) - batch.log_chance)
        target, advantage = defined_vtrace(
            ratio, batch.rewards, fixed[..., :-1, :], bootstrap, how.discount
        )

    def of_weights(weights):
        log_policy, values = outputs(weights, batch.observations)
        log_policy, values = log_policy[..., :-1, :, :], values[..., :-1, :]
        chosen = (log_policy * at).sum(-1)
        entropy = -(anp.exp(log_policy) * log_policy).sum(-1)
        each = -advantage * chosen + how.value / 2 * (target - values) ** 2 - how.entropy * entropy
        return anp.sum(each) / B

    return of_weights


def defined_returns(rewards, bootstrap, discount):
    steps = rewards.shape[-2]
    sums = np.zeros_like(rewards)
    for t in range(steps):
        for s in range(t, steps):
            sums[..., t, :] += discount ** (s - t) * rewards[..., s, :]
        sums[..., t, :] += discount ** (steps - t) * bootstrap
    return sums


def defined_vtrace(ratio, rewards, values, bootstrap, discount, most=1.0):
    """The sum of products of the definition, nothing recursive."""
    steps = rewards.shape[-2]
    after = np.concatenate([values[..., 1:, :], bootstrap[..., None, :]], -2)
    rho, c = np.minimum(most, ratio), np.minimum(1, ratio)
    delta = rho * (rewards + discount * after - values)
    targets = values.copy()
    for t in range(steps):
        for s in range(t, steps):
            product = np.prod(c[..., t:s, :], axis=-2)
            targets[..., t, :] += discount ** (s - t) * product * delta[..., s, :]
    ahead = np.concatenate([targets[..., 1:, :], bootstrap[..., None, :]], -2)
    return targets, rho * (rewards + discount * ahead - values)


def test_defaults_are_table_2():
    how = actor_critic.A2C()
    assert (how.discount, how.entropy, how.value, how.unroll) == (0.98, 0.003, 0.5, 100)


# Returns and V-trace


def test_returns_by_hand():
    rewards = np.array([[1.0], [2.0], [-4.0]])
    found = actor_critic.returns(rewards, np.array([8.0]), 0.5)
    np.testing.assert_array_equal(found, [[2.0], [2.0], [0.0]])


def test_returns_against_their_definition():
    rng = np.random.default_rng(0)
    rewards, bootstrap = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(2, 3, 4))
    found = actor_critic.returns(rewards, bootstrap, 0.9)
    np.testing.assert_allclose(found, defined_returns(rewards, bootstrap, 0.9), rtol=1e-12)


def test_vtrace_by_hand():
    # Two steps, discount 1/2, v = (2, 4), then 8; ratios 1/2 and 4.
    log_ratio = np.log([[0.5], [4.0]])
    targets, advantages = actor_critic.vtrace(
        log_ratio, np.array([[1.0], [3.0]]), np.array([[2.0], [4.0]]), np.array([8.0]), 0.5
    )
    # d_1 = 3 + 4 - 4 = 3, d_0 = (1 + 2 - 2) / 2 = .5; R_1 = 7, R_0 = 2 + .5 + .5 * .5 * 3
    np.testing.assert_allclose(targets, [[3.25], [7.0]])
    np.testing.assert_allclose(advantages, [[0.5 * (1 + 3.5 - 2)], [3.0]])


@pytest.mark.parametrize("most", [1.0, 2.0])
def test_vtrace_against_its_definition(most):
    rng = np.random.default_rng(1)
    rewards, values, log_ratio = rng.normal(size=(3, 2, 6, 4))
    bootstrap = rng.normal(size=(2, 4))
    found = actor_critic.vtrace(log_ratio, rewards, values, bootstrap, 0.8, most)
    expected = defined_vtrace(np.exp(log_ratio), rewards, values, bootstrap, 0.8, most)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11)


def test_on_policy_vtrace_is_n_step_returns():
    rng = np.random.default_rng(2)
    rewards, values = rng.normal(size=(2, 3, 7, 4))
    bootstrap = rng.normal(size=(3, 4))
    targets, advantages = actor_critic.vtrace(
        np.zeros_like(rewards), rewards, values, bootstrap, 0.9
    )
    sums = actor_critic.returns(rewards, bootstrap, 0.9)
    np.testing.assert_allclose(targets, sums, rtol=1e-12)
    np.testing.assert_allclose(advantages, sums - values, rtol=1e-11, atol=1e-14)


def test_the_log_chance_of_the_present_policy_changes_no_gradient():
    net, batch = make(3)
    how = actor_critic.A2C()
    log_pi, _ = outputs(net, batch.observations[..., :-1, :, :])
    own = np.take_along_axis(log_pi, batch.actions[..., None], -1)[..., 0]
    for one, other in zip(
        actor_critic.gradient(net, batch, how),
        actor_critic.gradient(net, batch._replace(log_chance=own), how),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


# The gradient


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("other_policy", [False, True])
def test_gradient_against_autograd(ended, other_policy):
    net, batch = make(4, ended, other_policy)
    how = actor_critic.A2C(discount=0.9, entropy=0.2, value=0.7)
    found = actor_critic.gradient(net, batch, how)
    for ours, theirs in zip(found, grad(scalar(net, batch, how))(tuple(net)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_gradient_against_finite_differences():
    net, batch = make(5)
    how = actor_critic.A2C(discount=0.9, entropy=0.2, value=0.7)
    found, of = actor_critic.gradient(net, batch, how), scalar(net, batch, how)
    rng = np.random.default_rng(0)
    for which in range(4):
        step = rng.normal(size=net[which].shape)

        def along(h, which=which, step=step):
            return of([w + h * step if k == which else w for k, w in enumerate(net)])

        slope = (along(1e-6) - along(-1e-6)) / 2e-6
        np.testing.assert_allclose(slope, (found[which] * step).sum(), rtol=1e-6)


def test_float32_agrees_with_float64_and_stays_float32():
    net, batch = make(6)
    low = networks.Network(*(w.astype(np.float32) for w in net))
    small = batch._replace(
        observations=batch.observations.astype(np.float32),
        rewards=batch.rewards.astype(np.float32),
    )
    how = actor_critic.A2C()
    for one, other in zip(
        actor_critic.gradient(low, small, how),
        actor_critic.gradient(net, batch, how),
        strict=True,
    ):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_gradient_edits_nothing():
    net, batch = make(7, other_policy=True)
    before = [a.copy() for a in (*net, batch.observations, batch.actions, batch.rewards)]
    actor_critic.gradient(net, batch, actor_critic.A2C())
    after = (*net, batch.observations, batch.actions, batch.rewards)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_step_against_the_gradient_makes_a_rewarded_action_likelier():
    net, batch = make(8)
    rewards = np.where(batch.actions == 2, 1.0, 0.0)
    how = actor_critic.A2C(discount=0.0, entropy=0.0)
    slope = actor_critic.gradient(net, batch._replace(rewards=rewards), how)
    moved = networks.Network(*(w - 0.05 * g for w, g in zip(net, slope, strict=True)))

    def chance(weights):
        return np.exp(outputs(weights, batch.observations)[0][..., 2]).mean()

    assert chance(moved) > chance(net) + 0.01


def test_entropy_alone_flattens_the_policy():
    net, batch = make(9)
    how = actor_critic.A2C(entropy=5.0, value=0.0)
    still = batch._replace(rewards=np.zeros_like(batch.rewards))
    plain = actor_critic.gradient(net, still, actor_critic.A2C(entropy=0.0, value=0.0))
    slope = actor_critic.gradient(net, still, how)
    slope = [g - h for g, h in zip(slope, plain, strict=True)]
    moved = [w - 0.005 * g for w, g in zip(net, slope, strict=True)]

    def entropy(weights):
        log_pi = outputs(weights, batch.observations)[0]
        return -(np.exp(log_pi) * log_pi).sum(-1).mean()

    assert entropy(moved) > entropy(net) + 1e-3


# Mixing


def test_mixed_rewards_by_hand():
    A = np.array([[[0.9, 0.1], [0.3, 0.7]]])
    rewards = np.array([10.0, 100.0]).reshape(2, 1, 1, 1)
    found = actor_critic.mix_rewards(A, rewards)
    np.testing.assert_allclose(found.ravel(), [0.9 * 10 + 0.3 * 100, 0.1 * 10 + 0.7 * 100])


def test_mixed_rewards_against_einsum_and_their_sum():
    rng = np.random.default_rng(0)
    A = rng.dirichlet(np.ones(3), (4, 3))
    rewards = rng.normal(size=(3, 4, 5, 2))
    found = actor_critic.mix_rewards(A, rewards)
    np.testing.assert_allclose(found, np.einsum("rij,irtb->jrtb", A, rewards), rtol=1e-12)
    np.testing.assert_allclose(found.sum(0), rewards.sum(0), rtol=1e-11)
    assert actor_critic.mix_rewards(A, rewards.astype(np.float32)).dtype == np.float32


def test_wrong_mixtures_and_settings_are_refused():
    with pytest.raises(ValueError, match="agents first"):
        actor_critic.mix_rewards(np.full((4, 2, 2), 0.5), np.zeros((4, 2, 5)))
    for wrong in ({"discount": 1.1}, {"entropy": -1.0}, {"value": -1.0}, {"unroll": 0}):
        with pytest.raises(ValueError, match="give a discount"):
            actor_critic.A2C(**wrong)
