"""Speed of the core, as ratios measured in one run: `make bench`.

The reference is the plain way to write the same step, a batched product over the dense Jacobian,
kept here in full so that the two are timed side by side on the same arrays.
"""

import subprocess
import sys

import autograd.numpy as anp
import numpy as np
import pytest

from d3c_minimal import dynamics, games, mixing
from d3c_minimal.game import Game

RUNS, N = 1000, 10


def plain_step(game, x, A, eta_x, eta_A, epsilon):
    """One D3C step of any game by dense batched products, straight from the formulas."""
    n, d = game.n_players, game.dim
    J = game.jacobian(x)
    At = np.swapaxes(A, -1, -2)
    mixed = At @ J
    own = mixed[:, game.owner, np.arange(d)]
    raw_rate = -(J @ own[..., None])[..., 0]
    mixed_rate = (At @ raw_rate[..., None])[..., 0]
    mine = (game.owner[:, None] == np.arange(n)).astype(float)
    gradient = -(mixed * J) @ mine + raw_rate[..., None] * np.eye(n)
    gradient = gradient * (mixed_rate + epsilon > 0)[..., None]
    logits = np.log(A) - eta_A * gradient
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return x - eta_x * own, weights / weights.sum(-1, keepdims=True)


@pytest.fixture
def ten_players():
    rng = np.random.default_rng(0)
    game = games.prisoners_dilemma(N)
    x = rng.uniform(0, 1, (RUNS, game.dim))
    return game, x, np.broadcast_to(mixing.selfish(N), (RUNS, N, N)).copy()


@pytest.mark.benchmark(group="one D3C step, 10-player prisoner's dilemma, 1000 runs, float64")
@pytest.mark.parametrize("step", [plain_step, dynamics.d3c_step], ids=["plain", "d3c_minimal"])
def test_step(benchmark, ten_players, step):
    game, x, A = ten_players
    x1, A1 = benchmark.pedantic(
        step, (game, x, A, 0.1, 0.1, 0.01), rounds=100, iterations=1, warmup_rounds=5
    )
    x2, A2 = plain_step(game, x, A, 0.1, 0.1, 0.01)
    np.testing.assert_allclose(x1, x2, atol=1e-13)
    np.testing.assert_allclose(A1, A2, atol=1e-13)


@pytest.mark.benchmark(group="traffic, 1000 runs x 1000 steps")
def test_traffic(benchmark):
    game = games.traffic(45, 45, 0, 10, 10)
    x0 = game.space.sample(np.random.default_rng(0), (RUNS, game.dim))
    path = benchmark.pedantic(
        dynamics.d3c, (game, x0, 0.5, 0.1, 0.0, 1000), {"every": 100}, rounds=3, iterations=1
    )
    assert path.f[-1].sum(-1).mean() / 260 < 1.05


def firms(x):
    """Losses of three firms in one market, of any runs: minus quantity times margin."""
    return -x * (9.0 - anp.sum(x, -1, keepdims=True))


def firms_of_one_run(x):
    """The same of one run, as a reader writes it: (3,) to (3,)."""
    margin = 9.0 - x[0] - x[1] - x[2]
    return anp.array([-x[0] * margin, -x[1] * margin, -x[2] * margin])


@pytest.mark.benchmark(group="losses of one run (batched=False) beside batched ones, 1000 runs")
@pytest.mark.parametrize(
    ("losses", "batched"), [(firms, True), (firms_of_one_run, False)], ids=["batched", "one run"]
)
def test_losses_of_one_run(benchmark, losses, batched):
    game = Game(losses, [0, 1, 2], batched=batched)
    x0 = np.random.default_rng(0).uniform(0.5, 3.0, (RUNS, 3))
    path = benchmark.pedantic(
        dynamics.d3c,
        (game, x0, 0.05, 0.01, 0.1, 100),
        {"every": 100},
        rounds=5,
        iterations=1,
        warmup_rounds=1,
    )
    plain = dynamics.d3c(Game(firms, [0, 1, 2]), x0, 0.05, 0.01, 0.1, 100, every=100)
    np.testing.assert_allclose(path.x, plain.x, atol=1e-9)


@pytest.mark.benchmark(group="import")
@pytest.mark.parametrize(
    "statement",
    ["import numpy", "import d3c_minimal", "from d3c_minimal import dynamics, games, mixing"],
)
def test_import(benchmark, statement):
    benchmark.pedantic(subprocess.run, ([sys.executable, "-c", statement],), rounds=5, iterations=1)
