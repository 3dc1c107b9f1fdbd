"""Games of two numbers seen from above: contours of the total loss and paths over them."""

import numpy as np
from matplotlib import patheffects, ticker
from matplotlib.colors import LogNorm

from d3c_minimal.plots import style
from d3c_minimal.plots.picture import Picture

# Over the colours of the contours these stand out, each with a dark rim.
_PATHS = ("#ffffff", "#ff9a4d", "#8fe3ff", "#ffb3e6")
_RIM = "#000000"
_GRID, _ARROWS, _MOST_POINTS = 51, 12, 20000


@style.styled
def contours(
    game,
    paths=None,
    *,
    low=None,
    high=None,
    nash=None,
    optimum=None,
    arrows=False,
    A=None,
    log=None,
    levels=12,
    xlabel="x₁",
    ylabel="x₂",
    title="",
    size=None,
    alt="",
    caption="",
):
    """Draw the total loss over (x_1, x_2), and how strategies move on it.

    Parameters
    ----------
    game : Game
        With two coordinates.
    paths : dict of arrays (S, 2) or (S, R, 2), optional
        ``{label: x}``, time first; a ring marks the start, a disc the end. One array alone is
        drawn without a label.
    low, high : float or (float, float), optional
        Corners of the map; by default the game's box, or the paths and marks with a margin.
    nash, optimum : array (2,), optional
        What to mark; by default the game's reference. ``False`` marks nothing.
    arrows : bool
        Draw the direction in which the players descend their mixed losses.
    A : array (2, 2), optional
        The mixture for the arrows; the identity (everyone selfish) by default.
    log : bool, optional
        Space the contours evenly in the logarithm; by default where the largest total is over
        twenty times the least.
    levels : int
        Number of contours, about.
    xlabel, ylabel, title, size, alt, caption
        As in :func:`d3c_minimal.plots.lines`.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the game has other than two coordinates, or a path does not have two.
    """
    if game.dim != 2:
        raise ValueError(f"{game.name} has {game.dim} coordinates: contours need exactly two.")
    paths = dict(paths) if isinstance(paths, dict) else {} if paths is None else {"": paths}
    paths = {label: np.asarray(x, float) for label, x in paths.items()}
    for label, x in paths.items():
        if x.ndim not in (2, 3) or x.shape[-1] != 2:
            raise ValueError(f"{label or 'path'} has shape {x.shape}: give (S, 2) or (S, R, 2).")
    marks = {}
    known = game.reference
    for label, x, fallback in (("Nash", nash, known.nash), ("best", optimum, known.optimum)):
        x = fallback if x is None else x
        if x is not None and x is not False:
            marks[label] = np.asarray(x, float)
    if len(marks) == 2 and np.allclose(*marks.values(), atol=0.02):
        marks = {"Nash, best": marks["best"]}
    low, high = _corners(game, paths, marks.values(), low, high)
    ax = style.axes((5.2, 4.0) if size is None else size, xlabel=xlabel, ylabel=ylabel, title=title)
    ax.set(aspect="equal" if np.ptp(high - low) < 1e-9 else "auto")
    least, most = _fill(ax, game, low, high, log, levels)
    if arrows:
        _arrows(ax, game, low, high, np.eye(2) if A is None else np.asarray(A, float))
    facts = [f"Total loss from {style.brief(least)} to {style.brief(most)}"]
    for k, (label, x) in enumerate(paths.items()):
        facts.append(draw_path(ax, label, x, k))
    for label, x in marks.items():
        _mark(ax, label, x, low, high)
        facts.append(f"{label} at {_point(x)}")
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    if any(paths):
        ax.figure.legend(loc="outside upper center", ncols=3, handlelength=2.4, borderpad=0)
    return Picture(ax.figure, style.sentences(alt, "; ".join(facts)), caption)


def _corners(game, paths, marks, low, high):
    space = game.space
    points = [*(x.reshape(-1, 2) for x in paths.values()), *(x[None] for x in marks)]
    points = np.concatenate(points) if points else np.array([[-1.0, -1.0], [1.0, 1.0]])
    margin = 0.15 * max(np.ptp(points, axis=0).max(), 1e-3)
    low = getattr(space, "low", points.min(0) - margin) if low is None else low
    high = getattr(space, "high", points.max(0) + margin) if high is None else high
    low, high = (np.broadcast_to(np.asarray(v, float), 2) for v in (low, high))
    if not (low < high).all():
        raise ValueError(f"the map from {low} to {high} is empty: give low < high.")
    return low, high


def _fill(ax, game, low, high, log, levels):
    x1, x2 = (np.linspace(a, b, _GRID) for a, b in zip(low, high, strict=True))
    total = game.loss(np.stack(np.meshgrid(x1, x2), -1)).sum(-1)
    least, most = total.min(), total.max()
    log = bool(least > 0 and most > 20 * least) if log is None else log
    if log:
        if least <= 0:
            raise ValueError("the total loss is not positive everywhere: draw it with log=False.")
        steps = np.geomspace(least, most * (1 + 1e-9), levels + 1)
        norm = LogNorm(least, most)
    else:
        steps, norm = ticker.MaxNLocator(levels).tick_values(least, most), None
    filled = ax.contourf(x1, x2, total, levels=steps, cmap=style.HEAT, norm=norm)
    filled.set(edgecolor="face", linewidth=0.4)  # covers the hairlines between the colours
    bar = ax.figure.colorbar(filled, ax=ax, label="total loss", pad=0.03, aspect=22)
    if log:
        bar.set_ticks(steps[::3], labels=[style.brief(step) for step in steps[::3]])
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=2)
    bar.ax.minorticks_off()
    return least, most


def _arrows(ax, game, low, high, A):
    from d3c_minimal.mixing import joint_gradient

    span = high - low
    x1, x2 = (
        np.linspace(a + 0.04 * s, a + 0.96 * s, _ARROWS) for a, s in zip(low, span, strict=True)
    )
    x = np.stack(np.meshgrid(x1, x2), -1)
    draw_arrows(ax, (x - low) / span, -joint_gradient(game, x, A) / span, 1 / _ARROWS)


def draw_arrows(ax, x, v, room, rim=0.0):
    """Draw arrows of one length along ``v`` (..., 2) at ``x``, both in parts of the axes.

    ``room`` is the distance between neighbours, ``rim`` the width of a dark rim; where ``v`` is 0
    there is no arrow.
    """
    length = np.linalg.norm(v, axis=-1, keepdims=True)
    v = (v / np.where(length > 1e-12, length, np.nan)).reshape(-1, 2) * 0.5 * room
    across = 0.35 * np.stack([-v[:, 1], v[:, 0]], -1)
    tip = x.reshape(-1, 2) + v / 2
    strokes = [tip - v, tip, tip + np.nan, tip - 0.45 * v + across, tip, tip - 0.45 * v - across]
    # All arrows are one path: as single arrows they would be half of the page's weight.
    ax.plot(
        *np.stack([*strokes, tip + np.nan], 1).reshape(-1, 2).T,
        transform=ax.transAxes,
        color="#ffffff",
        alpha=0.8,
        linewidth=0.9,
        path_effects=_rim(rim) if rim else None,
    )


def _rim(width):
    return [patheffects.withStroke(linewidth=width, foreground=_RIM)]


def draw_path(ax, label, x, k):
    """Draw runs ``x`` (S, 2) or (S, R, 2) in the ``k``-th look, and say where they go."""
    colour, dashes = _PATHS[k % len(_PATHS)], style.DASHES[k % 5]
    runs = x[:, None] if x.ndim == 2 else x
    many = runs.shape[1] > 6
    for r in range(runs.shape[1]):
        ax.plot(
            *runs[:, r].T,
            color=colour,
            linestyle="-" if many else dashes,
            linewidth=1.0 if many else 2.2,
            alpha=0.6 if many else 1.0,
            label=label if r == 0 else None,
            path_effects=None if many else _rim(3.8),
            rasterized=runs.size > _MOST_POINTS,
        )
    disc = {"linestyle": "", "marker": "o", "markersize": 4 if many else 7.5}
    ring = disc | {"markerfacecolor": "none"}
    ax.plot(*runs[0].T, **ring, markeredgecolor=_RIM, markeredgewidth=2.6)
    ax.plot(*runs[0].T, **ring, markeredgecolor=colour, markeredgewidth=1.3)
    ax.plot(*runs[-1].T, **disc, color=colour, markeredgecolor=_RIM)
    if many:
        return f"{label or 'paths'}: {runs.shape[1]} runs"
    routes = (f"from {_point(run[0])} to {_point(run[-1])}" for run in runs.swapaxes(0, 1))
    return f"{label or 'path'} {', '.join(routes)}"


def _mark(ax, label, x, low, high):
    shape = (
        {"marker": "X", "markersize": 11} if label == "Nash" else {"marker": "*", "markersize": 15}
    )
    rim = {"markeredgecolor": _RIM, "markeredgewidth": 1.2}
    ax.plot(*x, color="#ffffff", linestyle="", clip_on=False, zorder=5, **shape, **rim)
    across, up = (x - low) / (high - low)
    ax.annotate(
        label,
        x,
        (-10 if across > 0.8 else 10, -6 if up > 0.8 else 6),
        textcoords="offset points",
        ha="right" if across > 0.8 else "left",
        va="top" if up > 0.8 else "bottom",
        color="#ffffff",
        path_effects=_rim(2.5),
        zorder=6,
    )


def _point(x):
    return f"({', '.join(style.brief(value) for value in x)})"
