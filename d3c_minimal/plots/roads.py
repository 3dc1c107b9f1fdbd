"""Braess' road network with the traffic on it."""

import numpy as np
from matplotlib.patches import FancyArrowPatch

from d3c_minimal.plots import style
from d3c_minimal.plots.picture import Picture

_PLACES = {"S": (0.0, 0.0), "A": (1.5, 1.0), "B": (1.5, -1.0), "E": (3.0, 0.0)}
_LABELS = {  # where an edge's label stands, and how it is aligned there
    "SA": (0.62, 0.62, "right", "bottom"),
    "AE": (2.38, 0.62, "left", "bottom"),
    "SB": (0.62, -0.62, "right", "top"),
    "BE": (2.38, -0.62, "left", "top"),
    "AB": (1.62, 0.0, "left", "center"),
}


@style.styled
def road(game, x, *, title=None, size=(5.2, 3.3), alt="", caption=""):
    """Draw the roads S-A-E, S-B-E and the shortcut A-B with the expected drivers on them.

    Loads are rounded to a tenth of a driver; under half a tenth a road counts as empty.

    Parameters
    ----------
    game : Game
        From :func:`d3c_minimal.games.traffic`, for one network.
    x : array (d,)
        Joint strategy: each driver's probabilities of the routes.
    title : str, optional
        The mean commute by default.
    size, alt, caption
        As in :func:`d3c_minimal.plots.lines`; loads and minutes are added to ``alt``.

    Returns
    -------
    Picture
        Line widths and numbers are expected drivers; minutes are what a driver on the road meets
        on average, so that loads times minutes add up to the total commute.

    Raises
    ------
    ValueError
        If the game is another one or holds several networks, or ``x`` several runs.
    """
    x = game.checked(x)
    edges, drivers = _traffic_on(game, x)
    average = float(game.loss(x).mean())
    ax = style.axes(size)
    ax.axis("off")
    facts = []
    for name, (load, minutes, note) in edges.items():
        _draw_edge(ax, name, load, drivers)
        load = abs(round(load, 1))
        count = f"{load:g} driver{'' if load == 1 else 's'}"
        label = "closed" if minutes is None else f"{count}\n{note.format(f'{minutes:.0f}')}"
        facts.append(f"{name} {label.replace(chr(10), ', ')}")
        across, up, ha, va = _LABELS[name]
        ax.text(across, up, label, ha=ha, va=va, linespacing=1.25)
    for name, (across, up) in _PLACES.items():
        ax.plot(across, up, "o", markersize=23, color=style.GREY, markeredgewidth=0)
        ax.text(across, up, name, ha="center", va="center_baseline", color="#ffffff", weight="bold")
    ax.set(xlim=(-0.35, 3.35), ylim=(-1.3, 1.3))
    commute = f"mean commute {average:.1f} min".replace(".0 ", " ")
    ax.set_title(commute if title is None else title)
    facts = f"Roads: {'; '.join(facts)}. {commute.capitalize()}"
    return Picture(ax.figure, style.sentences(alt, facts), caption)


def _traffic_on(game, x):
    """Return for each edge its expected load, the minutes met on it, and how to write them."""
    p = game.parameters
    if not {*"CDEFG", "drivers"} <= set(p):
        raise ValueError(f"{game.name} is no road network: use games.traffic(C, D, E, F, G).")
    if x.ndim != 1 or any(np.ndim(p[k]) for k in "CDFG"):
        raise ValueError(
            "road draws one network at one x (d,): pick a run, and build its game from that run's "
            "parameters."
        )
    routes = x.reshape(p["drivers"], -1)
    closed = routes.shape[1] == 2
    short = np.zeros(p["drivers"]) if closed else routes[:, 2]

    def crowded(rate, chances):
        load = chances.sum()
        if load < 0.05:
            return 0.0, rate, "{} min for one"
        # A driver meets itself and, on average, the others.
        return load, rate * (chances * (1 + load - chances)).sum() / load, "{} min"

    def free(minutes, chances):
        return chances.sum(), minutes, "{} min"

    edges = {
        "SA": crowded(p["F"], routes[:, 0] + short),
        "AE": free(p["C"], routes[:, 0]),
        "SB": free(p["D"], routes[:, 1]),
        "BE": crowded(p["G"], routes[:, 1] + short),
        "AB": free(None if closed else p["E"], short),
    }
    return edges, p["drivers"]


def _draw_edge(ax, name, load, drivers):
    used = load >= 0.05
    width = 1.2 + 7.0 * load / drivers if used else 1.2
    head = 4.0 + 1.1 * width
    ax.add_patch(
        FancyArrowPatch(
            _PLACES[name[0]],
            _PLACES[name[1]],
            arrowstyle=f"-|>,head_length={head:.2f},head_width={head / 1.8:.2f}" if used else "-",
            mutation_scale=1.0,
            shrinkA=12,
            shrinkB=13,
            color=style.BLUE if used else style.GREY,
            linewidth=width,
            linestyle="-" if used else (0, (3, 3)),
            joinstyle="miter",
            capstyle="butt",
        )
    )
