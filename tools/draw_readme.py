"""Draw the README's picture, book/_static/readme.svg.

Usage: python tools/draw_readme.py
"""

from pathlib import Path

import numpy as np

from d3c_minimal import dynamics, games, plots

game = games.nash_paradox(0.25)
starts = np.random.default_rng(1).uniform(0.3, 1.0, (6, 2))
alone = dynamics.gradient_descent(game, starts, eta_x=0.05, steps=80)
d3c = dynamics.d3c(game, starts, eta_x=0.05, eta_A=0.1, epsilon=0.1, steps=800)
picture = plots.contours(
    game,
    {"each alone": alone.x, "D3C": d3c.x},
    title="Two players, six starts",
    alt="Alone, all six pairs of players end in the worst corner; with D3C at the best point.",
)
picture.save(Path(__file__).resolve().parent.parent / "book" / "_static" / "readme.svg")
