"""Speed of trials, as a ratio measured in one run: `make bench`.

The reference is Algorithm 1 in bare numpy over all runs and agents at once, kept here in full: no
options, no controls, no checks, and the same results.
"""

import numpy as np
import pytest

from d3c_minimal import mixing, trials

RUNS, CALLS = 1000, 200
TOLD = (1.0, 1.0, 0.0, 10, 20, 0.0, (-5.0, 5.0))


def softmax(z):
    weights = np.exp(z - z.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def bare(n, returns):
    """Run the listing; every call updates every row and keeps those whose trial ended."""
    eta_A, delta, nu, tau_min, tau_max, epsilon, clip = TOLD
    rng, own = np.random.default_rng(0), np.arange(n)

    def chance():
        a = rng.standard_normal((RUNS, n, n))
        a /= np.linalg.norm(a, axis=-1, keepdims=True)
        return a, rng.integers(tau_min, tau_max, (RUNS, n), endpoint=True)

    a, tau = chance()
    A = np.broadcast_to(mixing.selfish(n), (RUNS, n, n))
    shaken = softmax(np.log(A) + delta * a)
    G = G_b = np.zeros((RUNS, n))
    elapsed = np.zeros((RUNS, n), int)
    for r in returns:
        elapsed = elapsed + 1
        g = np.einsum("rji,rj->ri", shaken, r)
        G = (G * (elapsed - 1) + g) / elapsed
        done = elapsed == tau
        rho = np.maximum((G_b - G) / tau + epsilon, 0)
        gradient = rho[..., None] * a
        gradient[:, own, own] -= nu / A[:, own, own]
        A = np.where(done[..., None], softmax(np.clip(np.log(A) - eta_A * gradient, *clip)), A)
        new_a, new_tau = chance()
        a, tau = np.where(done[..., None], new_a, a), np.where(done, new_tau, tau)
        shaken = np.where(done[..., None], softmax(np.log(A) + delta * a), shaken)
        elapsed, G_b = np.where(done, 0, elapsed), np.where(done, G, G_b)
    return A


def package(n, returns, control=None):
    learner = trials.D3CTrials(n, *TOLD, np.random.default_rng(0), RUNS, control=control)
    for r in returns:
        learner.update(r)
    return learner.A


@pytest.fixture(params=[2, 10])
def returns(request):
    return np.random.default_rng(1).normal(-3, 2, (CALLS, RUNS, request.param))


@pytest.mark.benchmark(group="200 calls of Algorithm 1, 1000 runs")
@pytest.mark.parametrize("run", [bare, package], ids=["bare numpy", "d3c_minimal"])
def test_trials(benchmark, returns, run):
    n = returns.shape[-1]
    A = benchmark.pedantic(run, (n, returns), rounds=5, iterations=1, warmup_rounds=1)
    np.testing.assert_allclose(A, bare(n, returns), atol=1e-12)
