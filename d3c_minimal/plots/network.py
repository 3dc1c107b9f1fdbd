"""A road network of a congestion game, with the flows on it."""

import numpy as np
from matplotlib.patches import FancyArrowPatch

from d3c_minimal import assignment
from d3c_minimal.plots import style
from d3c_minimal.plots.picture import Picture


@style.styled
def network(game, x, places, *, title=None, size=(5.6, 3.6), alt="", caption=""):
    """Draw the roads with their flow (width) and how much slower than empty they are (words).

    Roads that lose a tenth of their free minutes or more to traffic are drawn in the second
    colour, others in the first; roads without flow are dotted.

    Parameters
    ----------
    game : Game
        From :func:`d3c_minimal.games.congestion`.
    x : array (d,)
        Joint strategy: shares of the routes.
    places : dict
        ``{place: (across, up)}`` for every place of the network, in units of your choice.
    title : str, optional
        The total time by default.
    size, alt, caption
        As in :func:`d3c_minimal.plots.lines`; flows and minutes are added to ``alt``.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a place is missing in ``places``, or ``x`` holds several runs.
    """
    x = game.checked(x)
    if x.ndim != 1:
        raise ValueError("network draws one joint strategy x (d,): pick a run.")
    p, v = game.parameters, assignment.flows(game, x).sum(-2)
    missing = {place for ends in p["edges"] for place in ends} - set(places)
    if missing:
        raise ValueError(f"places says nothing of {sorted(map(str, missing))}: give each a spot.")
    free, slope, power = np.array(p["latencies"]).T
    minutes = free + slope * v**power
    busy, most = minutes >= 1.1 * free, v.max()
    ax = style.axes(size)
    ax.axis("off")
    facts = []
    for (tail, head), flow, now, slow in zip(p["edges"], v, minutes, busy, strict=True):
        used = flow > 0.005 * most
        a, b = np.array(places[tail], float), np.array(places[head], float)
        width = 1.0 + 6.0 * flow / most if used else 1.0
        ax.add_patch(
            FancyArrowPatch(
                a,
                b,
                arrowstyle="-|>,head_length=7,head_width=4",
                mutation_scale=1.0,
                shrinkA=12,
                shrinkB=13,
                color=(style.VERMILLION if slow else style.BLUE) if used else style.GREY,
                linewidth=width,
                linestyle="-" if used else (0, (2, 3)),
            )
        )
        label = f"{now:.0f}"
        facts.append(f"{tail}-{head} {flow:.0f} vehicles, {label} min")
        # beside the road, to the left of its direction, so that two directions do not collide
        side = np.array([a[1] - b[1], b[0] - a[0]]) / np.hypot(*(b - a))
        ax.annotate(
            label,
            0.55 * a + 0.45 * b,
            xytext=9 * side,
            textcoords="offset points",
            ha="center",
            va="center",
        )
    for name, spot in places.items():
        ax.plot(*spot, "o", markersize=21, color=style.GREY, markeredgewidth=0)
        ax.text(*spot, name, ha="center", va="center_baseline", color="#ffffff", weight="bold")
    ax.margins(0.1)
    total = f"total {game.loss(x).sum():.0f} vehicle-minutes"
    ax.set_title(total if title is None else title)
    facts = f"Roads: {'; '.join(facts)}. {total.capitalize()}"
    return Picture(ax.figure, style.sentences(alt, facts), caption)
