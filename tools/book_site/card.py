"""The picture that is shown where a page is shared: 1200 by 630, from the book's first game."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from d3c_minimal import dynamics, games

INK, ALONE, D3C = "#1a1a1a", "#d55e00", "#0072b2"


def draw(path):
    """Write the card to a PNG file."""
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.56, 0.1, 0.4, 0.78))
    _paths(axes)
    write = {"color": INK, "va": "top", "transform": figure.transFigure}
    figure.text(0.05, 0.86, "The price\nof anarchy", size=52, weight="bold", linespacing=1, **write)
    subtitle = "and the selfish learners\nthat lower it"
    figure.text(0.05, 0.54, subtitle, size=28, linespacing=1.3, **write)
    figure.text(0.05, 0.26, "each alone", size=21, **(write | {"color": ALONE}))
    figure.text(0.05, 0.19, "sharing losses: D3C", size=21, **(write | {"color": D3C}))
    figure.savefig(path, metadata={"Software": None})


def _paths(axes):
    """Draw six runs of gradient descent and of D3C over the total loss."""
    game = games.nash_paradox(0.25)
    starts = np.random.default_rng(1).uniform(0.3, 1.0, (6, 2))
    alone = dynamics.gradient_descent(game, starts, eta_x=0.05, steps=80)
    d3c = dynamics.d3c(game, starts, eta_x=0.05, eta_A=0.1, epsilon=0.1, steps=800)
    axis = np.linspace(0, 1, 80)
    square = np.stack(np.meshgrid(axis, axis), -1)
    axes.contourf(axis, axis, game.loss(square).sum(-1), levels=14, cmap="Greys", alpha=0.5)
    for path, colour in ((alone, ALONE), (d3c, D3C)):
        axes.plot(path.x[..., 0], path.x[..., 1], color=colour, lw=4, solid_capstyle="round")
        axes.plot(*path.x[-1].T, "o", color=colour, ms=14)
    axes.plot(*starts.T, "o", color=INK, ms=9)
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_visible(False)
