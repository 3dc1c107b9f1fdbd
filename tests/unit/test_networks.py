"""The network against autograd, finite differences and its own words."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from d3c_minimal.agents import networks

LEAD, M, F, H, K = (2, 3), 4, 5, 6, 3


def make(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    net = networks.initial(rng, LEAD, F, H, K, dtype)
    net = networks.Network(*(w + rng.normal(0, 0.5, w.shape).astype(dtype) for w in net))
    return net, rng.normal(size=(*LEAD, M, F)).astype(dtype), rng


def plain(weights, x):
    W, b, V, c = weights
    heads = anp.maximum(x @ W + b, 0) @ V + c
    return heads[..., :K], heads[..., K]


def test_forward_by_hand():
    net = networks.Network(
        np.array([[1.0, -1.0], [2.0, 1.0]]),
        np.array([[0.5, 0.0]]),
        np.array([[1.0, 0.0, 2.0], [3.0, 1.0, -1.0]]),
        np.array([[0.0, 10.0, 100.0]]),
    )
    logits, value, hidden = networks.forward(net, np.array([[1.0, 1.0], [0.0, 2.0]]))
    np.testing.assert_array_equal(hidden, [[3.5, 0], [4.5, 2]])
    np.testing.assert_array_equal(logits, [[3.5, 10], [10.5, 12]])
    np.testing.assert_array_equal(value, [107, 107])


def test_each_leading_index_has_its_own_network():
    net, x, _ = make()
    whole = networks.forward(net, x)
    alone = networks.forward(networks.Network(*(w[1, 2] for w in net)), x[1, 2])
    for one, part in zip(whole, alone, strict=True):
        np.testing.assert_allclose(one[1, 2], part, rtol=1e-13)


def test_backward_against_autograd_and_finite_differences():
    net, x, rng = make(1)
    to_logits, to_value = rng.normal(size=(*LEAD, M, K)), rng.normal(size=(*LEAD, M))

    def scalar(weights):
        logits, value = plain(weights, x)
        return anp.sum(logits * to_logits) + anp.sum(value * to_value)

    found = networks.backward(net, x, networks.forward(net, x), to_logits, to_value)
    for ours, theirs in zip(found, grad(scalar)(tuple(net)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    for which in range(4):
        step = rng.normal(size=net[which].shape)

        def along(h, which=which, step=step):
            return scalar([w + h * step if k == which else w for k, w in enumerate(net)])

        slope = (along(1e-6) - along(-1e-6)) / 2e-6
        np.testing.assert_allclose(slope, (found[which] * step).sum(), rtol=1e-6)


def test_a_unit_at_exactly_zero_passes_nothing_back():
    net = networks.Network(*(np.zeros(s) for s in ((2, 3), (1, 3), (3, 3), (1, 3))))
    net = net._replace(V=np.ones((3, 3)))
    x = np.ones((1, 2))
    found = networks.backward(
        net, x, networks.forward(net, x), np.ones((1, 2)), np.ones(1)
    )  # autograd would hand on half
    assert not found.W.any()
    assert not found.b.any()


def test_initial_scale_shape_and_type():
    net = networks.initial(np.random.default_rng(0), (4, 5), 50, 40, 5)
    assert all(w.dtype == np.float32 for w in net)
    assert [w.shape for w in net] == [(4, 5, 50, 40), (4, 5, 1, 40), (4, 5, 40, 6), (4, 5, 1, 6)]
    np.testing.assert_allclose(net.W.std(), np.sqrt(2 / 50), rtol=0.02)
    np.testing.assert_allclose(net.V.std(), 0.01 * np.sqrt(2 / 40), rtol=0.05)
    assert not net.b.any()
    assert not net.c.any()
    x = np.eye(50, dtype=np.float32)[None, None].repeat(4, 0).repeat(5, 1)
    chances = np.exp(networks.log_softmax(networks.forward(net, x).logits))
    assert chances.min() > 0.19
    assert chances.max() < 0.21


def test_log_softmax_is_safe_and_right():
    logits = np.array([[0.0, np.log(3)], [1000.0, 0.0]])
    kept = logits.copy()
    found = networks.log_softmax(logits)
    np.testing.assert_allclose(found, [[np.log(1 / 4), np.log(3 / 4)], [0, -1000]], atol=1e-12)
    assert np.array_equal(logits, kept)


def test_gumbel_noise_draws_from_the_softmax():
    rng = np.random.default_rng(3)
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))
    noise = networks.gumbel(rng, (40_000, 4))
    assert noise.dtype == np.float32
    counts = np.bincount(networks.sample(logits, noise), minlength=4) / 40_000
    np.testing.assert_allclose(counts, [0.5, 0.3, 0.15, 0.05], atol=0.01)
    np.testing.assert_allclose(noise.mean(), np.euler_gamma, atol=0.01)
    np.testing.assert_allclose(noise.std(), np.pi / np.sqrt(6), atol=0.01)


def test_sample_takes_the_largest_sum():
    logits, noise = np.array([[0.0, 1.0, 2.0]]), np.array([[1.5, 0.6, -0.5]])
    assert networks.sample(logits, noise) == [1]


def test_wrong_shapes_and_sizes_are_refused():
    net, x, rng = make()
    with pytest.raises(ValueError, match="do not fit weights"):
        networks.forward(net, x[..., 1:])
    with pytest.raises(ValueError, match="do not fit weights"):
        networks.forward(net, x[:, :1])
    with pytest.raises(ValueError, match="give 1 or more"):
        networks.initial(rng, (2,), 4, 0, 3)
