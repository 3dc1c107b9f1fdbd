"""Trials: three by hand, a line-by-line reading of the listings, blindness, controls, estimates."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d3c_minimal import mixing, trials
from d3c_minimal.trials import D3CTrials, Noise, Rule

PRINTED = {"nu": 0.0, "tau_min": 2, "tau_max": 4, "epsilon": 0.0, "clip": (-5, 5)}


def rule(**changes):
    return Rule(**{"eta_A": 0.5, "delta": 0.3, **PRINTED, **changes})


def learner(seed=0, runs=4, n=3, **changes):
    told = {"eta_A": 0.5, "delta": 0.3, **PRINTED, **changes}
    return D3CTrials(n, rng=np.random.default_rng(seed), runs=runs, **told)


def noise(directions, tau):
    return Noise(np.array([directions], float), np.array([tau]))


# Two agents, rows (1/2, 1/2), eta_A = ln 2, delta = ln 3, nu = 1/4, epsilon = 1/2, worked by hand.
# A shake along (1, 0) trebles the first share before normalising, (0, -1) thirds the second.
CHANCE = [
    noise([[1, 0], [0, 1]], [2, 1]),
    noise([[1, 0], [1, 0]], [4, 2]),  # agent 1's second trial
    noise([[0, -1], [0, 1]], [1, 4]),  # agent 0's second
    noise([[1, 0], [0, 1]], [1, 1]),  # both begin their third
    noise([[0, 1], [1, 0]], [3, 3]),
]
RETURNS = [[-4, 0], [-4, -7 / 3], [-7, -7 / 3], [0, 0]]


def test_three_trials_by_hand():
    told = Rule(np.log(2), np.log(3), 0.25, 1, 4, 0.5, (-5, 5))
    state = trials.begin(told, np.full((1, 2, 2), 0.5), CHANCE[0])
    np.testing.assert_allclose(state.mixture[0], [[3 / 4, 1 / 4], [1 / 4, 3 / 4]])
    path = []
    for returns, chance in zip(RETURNS, CHANCE[1:], strict=True):
        state = trials.step(told, state, np.array([returns], float), chance)
        path.append(state)
    one, two, three, four = path
    # Call 1: g = (-3, -1). Agent 1: rho = (0 + 1)/1 + 1/2, gradient (0, 3/2 - (1/4)/(1/2)).
    np.testing.assert_allclose(one.rho, [[0, 1.5]])
    np.testing.assert_allclose(one.A[0], [[1 / 2, 1 / 2], [2 / 3, 1 / 3]])
    np.testing.assert_allclose(one.mixture[0], [[3 / 4, 1 / 4], [6 / 7, 1 / 7]])
    np.testing.assert_allclose(one.G, [[-3, -1]])
    np.testing.assert_allclose(one.G_b, [[0, -1]])
    # Call 2: g = (-3 - 2, -1 - 1/3). Agent 0: G = -4, rho = 4/2 + 1/2, gradient (5/2 - 1/2, 0).
    np.testing.assert_allclose(two.rho, [[2.5, 1.5]])
    np.testing.assert_allclose(two.A[0], [[1 / 5, 4 / 5], [2 / 3, 1 / 3]])
    np.testing.assert_allclose(two.mixture[0], [[3 / 7, 4 / 7], [6 / 7, 1 / 7]])
    np.testing.assert_allclose(two.G, [[-4, -4 / 3]])
    # Call 3: g = (-3 - 2, -4 - 1/3). Agent 0: rho = (-4 + 5)/1 + 1/2, gradient (-5/4, -3/2).
    # Agent 1: G = -17/6, rho = (-1 + 17/6)/2 + 1/2 = 17/12, gradient (17/12, -3/4).
    np.testing.assert_allclose(three.rho, [[1.5, 17 / 12]])
    np.testing.assert_allclose(three.G, [[-5, -17 / 6]])
    np.testing.assert_allclose(three.A[0, 0, 1] / three.A[0, 0, 0], 4 * 2**0.25)
    np.testing.assert_allclose(three.A[0, 1, 0] / three.A[0, 1, 1], 2 * 2 ** (-26 / 12))
    # Call 4: both returns rose by more than epsilon, so rho = 0 and only the penalty moves a row.
    p, q = 1 / (1 + 4 * 2**0.25), 1 / (1 + 2 * 2 ** (-26 / 12))
    np.testing.assert_allclose(four.rho, [[0, 0]])
    np.testing.assert_allclose(four.A[0, 0, 0] / four.A[0, 0, 1], p / (1 - p) * 2 ** (0.25 / p))
    np.testing.assert_allclose(four.A[0, 1, 1] / four.A[0, 1, 0], q / (1 - q) * 2 ** (0.25 / q))
    np.testing.assert_array_equal(four.finished, [[3, 3]])
    np.testing.assert_array_equal(four.elapsed, [[0, 0]])
    np.testing.assert_array_equal(four.tau, [[3, 3]])


def softmax(z):
    weights = np.exp(z)
    return weights / weights.sum()


class Printed:
    """Algorithm 1 for one agent, line by line, with numbers and lists only."""

    def __init__(self, told, row, index, chance):
        self.told, self.i, self.row, self.t, self.G, self.count = told, index, row, 0, 0.0, 0
        self.trial(chance)

    def trial(self, chance):
        a, tau = chance
        self.a, self.tau, self.t_b, self.G_b, self.seen = a, tau, self.t, self.G, []
        self.shaken = softmax(np.log(self.row) + self.told.delta * a)

    def hear(self, g, chance):
        told, n = self.told, len(self.row)
        self.t += 1
        elapsed = self.t - self.t_b
        if elapsed > told.settle:
            self.seen.append(g)
        self.G = np.mean(self.seen) if self.seen else self.G
        if elapsed != self.tau:
            return
        before, span = self.G_b, self.tau
        if told.compare == "halves":
            half = len(self.seen) // 2
            before, self.G = np.mean(self.seen[:half]), np.mean(self.seen[-half:])
            span = len(self.seen) - half
        rho = max((before - self.G) / span + told.epsilon, 0.0)
        signal = rho * self.a * (n / told.delta if told.factor else 1.0)
        e = np.eye(n)[self.i]
        gradient = {
            "printed": signal - told.nu * e / self.row,
            "logits": signal - told.nu * (e - self.row),
            "simplex": (signal - signal.mean()) / self.row - told.nu * e / self.row,
        }[told.gradient]
        z = np.log(self.row) - told.eta_A * gradient
        if told.clip_at == "shares":
            z = np.log(softmax(z))
        self.count += 1
        if not (told.first == "measures" and self.count == 1 and told.compare == "trials"):
            self.row = softmax(np.clip(z, *told.clip) if told.clip else z)
        self.trial(chance)


READINGS = [
    {},
    {"nu": 0.02, "epsilon": 0.3},
    {"first": "measures"},
    {"measure": "raw"},
    {"gradient": "logits", "nu": 0.02},
    {"gradient": "simplex", "nu": 0.02, "eta_A": 0.1},
    {"factor": True, "eta_A": 0.1},
    {"compare": "halves"},
    {"compare": "halves", "first": "measures"},
    {"compare": "halves", "tau_min": 6, "tau_max": 9, "settle": 3},
    {"tau_min": 4, "tau_max": 7, "settle": 2},
    {"clip_at": "shares", "clip": (-3, 5)},
    {"clip": (-2, -0.5)},
    {"clip": None},
]


@pytest.mark.parametrize(
    "changes", READINGS, ids=lambda c: ",".join(map(str, c.items())) or "as is"
)
def test_listing_line_by_line(changes):
    """Every run and agent of a batch does what the listing, read line by line, does alone."""
    told, runs, n, calls = rule(**changes), 3, 3, 40
    rng = np.random.default_rng(7)
    chances = [trials.draw(told, rng, runs, n) for _ in range(calls + 1)]
    start = np.broadcast_to(mixing.selfish(n, 0.8), (runs, n, n)).copy()
    state = trials.begin(told, start, chances[0])

    def of(k, r, i):
        return chances[k].direction[r, i], chances[k].tau[r, i]

    alone = [[Printed(told, start[r, i], i, of(0, r, i)) for i in range(n)] for r in range(runs)]
    moved = 0
    for k in range(calls):
        returns = rng.normal(-1, 2, (runs, n))
        for r in range(runs):
            shaken = np.array([agent.shaken for agent in alone[r]])
            g = returns[r] if told.measure == "raw" else shaken.T @ returns[r]
            for i, agent in enumerate(alone[r]):
                agent.hear(g[i], of(k + 1, r, i))
        state = trials.step(told, state, returns, chances[k + 1])
        rows = np.array([[agent.row for agent in run] for run in alone])
        shaken = np.array([[agent.shaken for agent in run] for run in alone])
        np.testing.assert_allclose(state.A, rows, atol=1e-12)
        np.testing.assert_allclose(state.mixture, shaken, atol=1e-12)
        moved += abs(state.A - start).max() > 0.02
    assert moved > 20


def test_one_run_of_a_batch_equals_it_alone():
    told, rng = rule(nu=0.01, epsilon=0.1), np.random.default_rng(3)
    chances = [trials.draw(told, rng, 5, 2) for _ in range(31)]
    returns = rng.normal(size=(30, 5, 2))
    A = rng.dirichlet([2, 2], (5, 2))
    every = trials.begin(told, A, chances[0])
    alone = trials.begin(told, A[2:3], Noise(*(v[2:3] for v in chances[0][:2])))
    for g, chance in zip(returns, chances[1:], strict=True):
        every = trials.step(told, every, g, chance)
        alone = trials.step(told, alone, g[2:3], Noise(*(v[2:3] for v in chance[:2])))
    for whole, part in zip(every, alone, strict=True):
        np.testing.assert_array_equal(whole[2:3], part)


@pytest.mark.parametrize("control", [None, "decorrelated", "random walk"])
def test_agents_are_blind(control):
    """Agent 0's row, shake and clock are the same whatever the others see and hold."""
    told = {"control": control, "measure": "raw", "epsilon": 0.05}
    one, other = (learner(5, A0=A0, **told) for A0 in (mixing.selfish(3), _others()))
    rng = np.random.default_rng(6)
    for _ in range(50):
        mine = rng.normal(size=(4, 1))
        for each in (one, other):
            each.update(np.concatenate([mine, rng.normal(size=(4, 2))], -1))
        for name in ("A", "mixture", "direction", "tau", "elapsed", "G", "rho"):
            a, b = getattr(one.state, name), getattr(other.state, name)
            np.testing.assert_array_equal(a[:, 0], b[:, 0])
    assert abs(one.A - other.A)[:, 1:].min() > 1e-4
    assert (one.A[:, 0] != mixing.selfish(3)[0]).all()


def _others():
    A = mixing.selfish(3)
    A[1:] = [[0.2, 0.5, 0.3], [0.1, 0.3, 0.6]]
    return A


def test_of_the_others_an_agent_hears_its_mixed_return_alone():
    """With the mixed returns in hand, the step needs no other row: it is the raw step on them."""
    rng, told = np.random.default_rng(8), rule(epsilon=0.1)
    chance = trials.draw(rule(tau_max=2), rng, 4, 3)
    state = trials.begin(told, rng.dirichlet(np.ones(3), (4, 3)), chance)
    for _ in range(2):
        returns = rng.normal(size=(4, 3))
        g = np.einsum("rji,rj->ri", state.mixture, returns)
        mixed = trials.step(told, state, returns, chance)
        raw = trials.step(rule(epsilon=0.1, measure="raw"), state, g, chance)
        for a, b in zip(mixed, raw, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-14)
        assert abs(mixed.G - state.G).max() > 0.01
        state = mixed


def test_mixed_returns_keep_the_sum():
    state = learner().state
    returns = np.random.default_rng(0).normal(size=(4, 3))
    g = trials.measured(rule(), state.mixture, returns)
    np.testing.assert_allclose(g, mixing.mixed_loss(state.mixture, returns))
    np.testing.assert_allclose(g.sum(-1), returns.sum(-1))


def test_chance():
    """Directions are uniform on the sphere, lengths uniform on the integers with both ends."""
    drawn = trials.draw(rule(tau_min=5, tau_max=10), np.random.default_rng(0), 20000, 3)
    a = drawn.direction.reshape(-1, 3)
    np.testing.assert_allclose((a**2).sum(-1), 1)
    np.testing.assert_allclose(a.mean(0), 0, atol=0.01)
    np.testing.assert_allclose(a.T @ a / len(a), np.eye(3) / 3, atol=0.01)
    np.testing.assert_allclose((a[:, 0] ** 4).mean(), 1 / 5, atol=0.01)  # a cube would differ
    counts = np.bincount(drawn.tau.ravel())
    assert counts.sum() == counts[5:].sum()
    np.testing.assert_allclose(counts[5:], 10000, rtol=0.05)


def push(A, new):
    """Return the change of the logits (..., n), less its mean."""
    z = np.log(new) - np.log(A)
    return z - z.mean(-1, keepdims=True)


def one_call(control, returns, runs=20000, **changes):
    """End everybody's first trial after one call; give start, shakes and new rows."""
    told = {"tau_min": 1, "tau_max": 1, "clip": None, "measure": "raw", "eta_A": 0.1, **changes}
    each = learner(1, runs=runs, n=3, A0=0.6, control=control, **told)
    A, a = each.A, each.state.direction
    each.update(np.broadcast_to(returns, (runs, 3)))
    return A, a, push(A, each.A)


def test_random_walk_ignores_returns():
    for returns in (-50.0, 50.0):
        _, a, moved = one_call("random walk", returns, epsilon=2.0)
        np.testing.assert_allclose(moved, -0.2 * (a - a.mean(-1, keepdims=True)), atol=1e-12)


def test_decorrelated_keeps_the_length_and_loses_the_direction():
    returns = -np.random.default_rng(2).exponential(size=(20000, 3))
    _, a, true = one_call(None, returns)
    _, a2, moved = one_call("decorrelated", returns)
    np.testing.assert_array_equal(a, a2)  # the same shakes with and without the control
    centred = a - a.mean(-1, keepdims=True)
    np.testing.assert_allclose(true, 0.1 * returns[..., None] * centred, atol=1e-12)
    np.testing.assert_allclose((moved**2).mean(), (true**2).mean(), rtol=0.02)
    each = learner(1, runs=20000, tau_min=1, tau_max=1, measure="raw", control="decorrelated")
    each.update(returns)
    for shake in (a, each.state.direction):  # neither the shake tried nor the next one
        along = (moved * (shake - shake.mean(-1, keepdims=True))).sum(-1)
        assert abs(along.mean()) < 4 * along.std() / np.sqrt(along.size)
    assert (true * centred).sum(-1).mean() < -0.05


@pytest.mark.parametrize("control", ["decorrelated", "shuffled", "random walk"])
def test_the_same_shakes_with_and_without_a_control(control):
    plain, controlled = learner(3, epsilon=0.1), learner(3, epsilon=0.1, control=control)
    for _ in range(12):
        for each in (plain, controlled):
            each.update(-np.ones((4, 3)))
    np.testing.assert_array_equal(plain.state.direction, controlled.state.direction)
    np.testing.assert_array_equal(plain.state.tau, controlled.state.tau)


def test_shuffled_takes_rho_from_another_run():
    returns = -np.arange(1.0, 7.0)[:, None] * np.array([1.0, 10.0, 100.0])
    _, a, moved = one_call("shuffled", returns, runs=6, eta_A=1e-3)
    centred = a - a.mean(-1, keepdims=True)
    length = -(moved * centred).sum(-1) / (centred**2).sum(-1) / 1e-3
    for agent, scale in enumerate((1.0, 10.0, 100.0)):  # the same agent's, of a run not one's own
        np.testing.assert_allclose(np.sort(length[:, agent]), scale * np.arange(1, 7), rtol=1e-6)
        assert abs(length[:, agent] + returns[:, agent]).min() > 0.9 * scale
    every = learner(2, runs=6, control="shuffled")
    partners = np.array([every._draw().partner for _ in range(200)])
    assert (partners != np.arange(6)).all()
    np.testing.assert_array_equal(np.unique(partners[:, 0]), [1, 2, 3, 4, 5])


def test_shuffled_remembers_rho_until_the_partner_finishes():
    told = Rule(0.1, 0.3, 0.0, 1, 9, 0.0, None, measure="raw", control="shuffled")
    a, swap = trials.on_sphere(np.random.default_rng(0), (2, 2, 2)), np.array([1, 0])
    state = trials.begin(told, np.full((2, 2, 2), 0.5), Noise(a, np.array([[1, 1], [2, 2]])))
    chance = Noise(a, np.full((2, 2), 9), None, swap)
    state = trials.step(told, state, np.full((2, 2), -1.0), chance)
    np.testing.assert_allclose(state.A, 0.5)  # run 0 ended, its partner has no rho yet
    state = trials.step(told, state, np.full((2, 2), -1.0), chance)
    np.testing.assert_allclose(state.rho, [[1, 1], [0.5, 0.5]])
    centred = a - a.mean(-1, keepdims=True)
    np.testing.assert_allclose(push(0.5, state.A[1]), -0.1 * centred[1], atol=1e-12)


def test_a_first_trial_that_only_measures_has_no_rho_to_shuffle():
    told = Rule(1.0, 1.0, 0.0, 1, 9, 0.0, None, first="measures", control="shuffled")
    rng = np.random.default_rng(5)
    chance = trials.draw(told, rng, 2, 2, rng)
    chance = chance._replace(tau=np.array([[1, 1], [2, 2]]))
    A = np.full((2, 2, 2), 0.5)
    state = trials.begin(told, A, chance)
    for _ in range(2):  # run 1 ends its first trial as run 0 ends its second
        state = trials.step(told, state, np.full((2, 2), -3.0), chance)
    assert state.finished.tolist() == [[2, 2], [1, 1]]
    assert np.array_equal(state.rho[1], [0, 0])
    assert np.array_equal(state.A, A)


def test_fixed_holds_still():
    for own in (1.0, 0.9):
        each = learner(control="fixed", A0=own)
        ended = sum(each.update(np.full((4, 3), -float(k))) for k in range(20))
        start = np.broadcast_to(mixing.selfish(3, own), (4, 3, 3))
        np.testing.assert_array_equal(each.mixture, start)
        np.testing.assert_array_equal(each.A, start)
        assert (ended >= 5).all()


def test_no_step_but_shakes():
    each = learner(eta_A=0.0, clip=None)
    for k in range(10):
        each.update(np.full((4, 3), -float(k)))
    np.testing.assert_allclose(each.A, np.broadcast_to(mixing.selfish(3), (4, 3, 3)))
    assert abs(each.mixture - each.A).max(-1).min() > 1e-4


def sphere(count=16):
    """Nodes (k, 3) and weights of a quadrature on the unit sphere, exact to high degree."""
    z, w = np.polynomial.legendre.leggauss(count)
    angle = 2 * np.pi * np.arange(2 * count) / (2 * count)
    r = np.sqrt(1 - z**2)[:, None]
    nodes = np.stack([r * np.cos(angle), r * np.sin(angle), z[:, None] + 0 * angle], -1)
    return nodes.reshape(-1, 3), np.repeat(w / (4 * count), 2 * count)


def test_estimate_is_unbiased_for_the_blurred_objective():
    """In logits with n / delta: the gradient of the mean over the ball, by two quadratures."""
    row, delta, bonus = np.array([0.7, 0.2, 0.1]), 0.8, np.array([1.0, -2.0, 4.0])
    nodes, weights = sphere()

    def h(z):
        p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
        return np.exp(p @ bonus)  # positive, so that the gate is open

    def blurred(z):
        radius, w = np.polynomial.legendre.leggauss(12)
        radius, w = (radius + 1) / 2, w / 2
        ball = np.array([weights @ h(z + delta * r * nodes) for r in radius])
        return (w * 3 * radius**2) @ ball

    steps = 1e-5 * np.eye(3)
    slope = np.array([(blurred(np.log(row) + s) - blurred(np.log(row) - s)) / 2e-5 for s in steps])
    rows, zero = np.broadcast_to(row, nodes.shape), np.zeros(len(nodes))
    shaken = trials.shake(rows, nodes, np.full(len(nodes), delta))
    rho = trials.suffering(0.0, -h(np.log(shaken)), 1, 0.0)
    mean = {}
    for gradient in ("logits", "simplex"):
        for factor in (False, True):
            told = rule(gradient=gradient, factor=factor, delta=delta)
            each = trials.estimate(told, rows, rho, nodes, zero.astype(int), zero + delta, zero)
            mean[gradient, factor] = weights @ each
    np.testing.assert_allclose(mean["logits", True], slope, atol=1e-7)
    np.testing.assert_allclose(mean["logits", False], slope * delta / 3, atol=1e-7)
    np.testing.assert_allclose(mean["simplex", True], slope / row, atol=1e-6)
    assert abs(slope).min() > 0.1


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    st.integers(2, 5),
    st.floats(1e-3, 100),
    st.floats(1e-3, 5),
    st.sampled_from(["printed", "logits", "simplex"]),
    st.sampled_from([None, (-5.0, 5.0)]),
    st.sampled_from(trials.CONTROLS),
    st.floats(0.1, 1e4),
)
def test_rows_stay_on_the_simplex(n, eta_A, delta, gradient, clip, control, scale):
    told = {"eta_A": eta_A, "delta": delta, "gradient": gradient, "clip": clip, "nu": 1e-3}
    each = learner(0, runs=3, n=n, control=control, epsilon=0.1, **told)
    rng = np.random.default_rng(1)
    for _ in range(8):
        each.update(scale * rng.normal(size=(3, n)))
        for rows in (each.A, each.mixture):
            np.testing.assert_allclose(rows.sum(-1), 1, atol=1e-12)
            assert (rows > 0).all()


def test_resumes_from_a_pickle_and_from_its_state():
    one = learner(4, epsilon=0.1, control="decorrelated")
    rng = np.random.default_rng(0)
    for _ in range(7):
        one.update(rng.normal(size=(4, 3)))
    two = pickle.loads(pickle.dumps(one))
    stored = {name: array.copy() for name, array in one.state._asdict().items()}
    for _ in range(20):
        returns = rng.normal(size=(4, 3))
        one.update(returns)
        two.update(returns)
    np.testing.assert_array_equal(one.mixture, two.mixture)
    two.state = trials.State(**stored)
    np.testing.assert_array_equal(two.A, stored["A"])
    assert abs(two.A - one.A).max() > 1e-3


def test_nothing_of_the_caller_is_edited():
    A0, returns = np.full((2, 2, 2), 0.5), -np.ones((2, 2))
    each = D3CTrials(2, 1.0, 0.5, 0.0, 1, 1, 0.0, None, np.random.default_rng(0), 2, A0)
    before = each.state
    copies = [array.copy() for array in before]
    each.update(returns)
    np.testing.assert_array_equal(A0, 0.5)
    np.testing.assert_array_equal(returns, -1.0)
    for array, copy in zip(before, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert abs(each.A - 0.5).max() > 0.01


def test_settings_may_differ_between_runs():
    """A sweep in one batch does what its members do alone."""
    rng = np.random.default_rng(0)
    returns = rng.normal(size=(20, 2, 2))
    eta, delta, eps = np.array([[0.1], [2.0]]), np.array([[0.2], [1.0]]), np.array([[0.0], [0.3]])
    both = learner(0, runs=2, n=2, eta_A=eta, delta=delta, epsilon=eps, factor=True)
    singles = [
        learner(0, 2, 2, eta_A=eta[k, 0], delta=delta[k, 0], epsilon=eps[k, 0], factor=True)
        for k in range(2)
    ]
    for g in returns:
        for each in (both, *singles):
            each.update(g)
    for k, each in enumerate(singles):
        np.testing.assert_allclose(both.mixture[k], each.mixture[k], atol=1e-14)


def test_discounted_return():
    rewards = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    np.testing.assert_allclose(trials.discounted_return(rewards), [111, 222])
    np.testing.assert_allclose(trials.discounted_return(rewards, 0.5), [31, 62])
    np.testing.assert_allclose(trials.discounted_return(rewards, 0.0), [1, 2])
    with pytest.raises(ValueError, match="from 0 to 1"):
        trials.discounted_return(rewards, 1.5)


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"control": "shuffle"}, "choose one of"),
        ({"gradient": "rows"}, "choose one of"),
        ({"delta": 0.0}, "unshaken"),
        ({"eta_A": -1.0}, "0 or above"),
        ({"nu": np.nan}, "finite"),
        ({"tau_min": 5, "tau_max": 4}, "tau_min <= tau_max"),
        ({"tau_min": 0}, "left to count"),
        ({"compare": "halves", "tau_min": 1}, "at least 2"),
        ({"settle": 2}, "at least 1"),
        ({"settle": 0.5}, "integers"),
        ({"clip": (5, -5)}, "low < high"),
        ({"control": "random walk"}, "decorrelated"),
        ({"control": "shuffled", "runs": 1}, "two runs"),
        ({"runs": 0}, "1 or more"),
        ({"A0": 1.0}, "start at .99"),
        ({"A0": np.full((3, 3), 0.5)}, "off the simplex"),
    ],
)
def test_refusals(changes, remedy):
    with pytest.raises(ValueError, match=remedy):
        learner(**changes)


@pytest.mark.parametrize("returns", [np.zeros(3), np.zeros((3, 4)), np.full((4, 3), np.nan)])
def test_returns_are_checked(returns):
    with pytest.raises(ValueError, match=r"finite returns of shape \(4, 3\)"):
        learner().update(returns)
