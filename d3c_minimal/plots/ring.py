"""The table of Trust-Your-Brother: a ring of cells with a predator and two prey."""

import numpy as np
from matplotlib.patches import Circle

from d3c_minimal.plots import style
from d3c_minimal.plots.picture import Picture

_PREY = ((style.BLUE, "1"), (style.GREEN, "2"))


@style.styled
def ring(predator, prey, *, cells=6, before=None, title="", size=(3.6, 3.4), alt="", caption=""):
    """Draw who stands where: cell 0 on top, numbers growing clockwise.

    Parameters
    ----------
    predator : int
        Its cell.
    prey : (int, int)
        The cells of prey 1 and prey 2.
    cells : int
        Cells of the ring.
    before : (int, int, int), optional
        Cells of the predator and both prey a step earlier: whoever moved gets an arrow.
    title, size, alt, caption
        As in :func:`d3c_minimal.plots.lines`; the places are added to ``alt``.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a cell is not on the ring.
    """
    places = np.array([predator, *prey])
    if places.shape != (3,) or places.min() < 0 or places.max() >= cells:
        raise ValueError(f"cells are numbered 0 to {cells - 1}: give one predator and two prey.")
    ax = style.axes(size, title=title)
    ax.axis("off")
    radius = min(0.42, 0.8 * np.sin(np.pi / cells))
    for k in range(cells):
        ax.add_patch(Circle(_at(k, cells), radius, fill=False, color=style.GREY, linewidth=1.2))
        ax.text(*_at(k, cells, 1.0 + 1.5 * radius), str(k), ha="center", va="center", fontsize=9)
    looks = ((style.VERMILLION, "P"), *_PREY)
    for place, (colour, letter) in zip(places, looks, strict=True):
        ax.add_patch(Circle(_at(place, cells), 0.82 * radius, color=colour, linewidth=0))
        ax.text(
            *_at(place, cells), letter, ha="center", va="center", color="#ffffff", weight="bold"
        )
    for was, now, (colour, _) in zip(
        places if before is None else before, places, looks, strict=True
    ):
        if was != now:
            _arrow(ax, was, now, cells, colour, radius)
    reach = 1.25 + 1.5 * radius
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    facts = f"Predator at cell {places[0]}, prey 1 at {places[1]}, prey 2 at {places[2]}"
    return Picture(ax.figure, style.sentences(alt, facts), caption)


def _at(cell, cells, radius=1.0):
    angle = np.pi / 2 - 2 * np.pi * cell / cells
    return radius * np.cos(angle), radius * np.sin(angle)


def _arrow(ax, was, now, cells, colour, radius):
    """Draw an arrow inside the ring, along the shorter way."""
    step = (now - was + cells // 2) % cells - cells // 2
    inner = 1 - 1.45 * radius
    ax.annotate(
        "",
        _at(was + 0.85 * step, cells, inner),
        _at(was + 0.15 * step, cells, inner),
        arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2.0},
    )
