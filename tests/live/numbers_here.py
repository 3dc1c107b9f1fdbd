"""Final states of a few learners, computed here and in the browser alike."""

import numpy as np

from d3c_minimal import dynamics, games

GAMES = {
    "prisoner's dilemma": (games.prisoners_dilemma(3), 0.1, 0.1, 0.1),
    "game 1": (games.nash_paradox(0.25), 0.05, 0.1, 0.1),
    "game 2": (games.efficient_but_unfair(), 0.05, 0.1, 0.1),
}


def final_states():
    """Return {name: x and A at the end of 20 runs}, flat lists of plain floats."""
    ends = {}
    for name, (game, eta_x, eta_A, epsilon) in GAMES.items():
        x0 = game.space.sample(np.random.default_rng(5), (20, game.dim))
        alone = dynamics.gradient_descent(game, x0, eta_x, steps=200)
        d3c = dynamics.d3c(game, x0, eta_x, eta_A, epsilon, steps=200)
        parts = (alone.x[-1], d3c.x[-1], d3c.A[-1])
        ends[name] = np.concatenate([part.ravel() for part in parts]).tolist()
    return ends


def commutes(runs=300):
    """Return the mean commute of each run of four drivers who learn with D3C."""
    game = games.traffic(C=45, D=45, E=0, F=10, G=10)
    x0 = game.space.sample(np.random.default_rng(0), (runs, game.dim))
    path = dynamics.d3c(game, x0, 0.5, eta_A=0.1, epsilon=0.0, steps=500, every=500)
    return path.f[-1].mean(-1).tolist()
