"""A number over a grid of two others, with paths over it."""

import numpy as np

from d3c_minimal.plots import style
from d3c_minimal.plots.landscape import draw_arrows, draw_path
from d3c_minimal.plots.picture import Picture


@style.styled
def heat(
    x,
    y,
    values,
    paths=None,
    *,
    arrows=None,
    xlabel="",
    ylabel="",
    label="",
    title="",
    size=(5.2, 4.0),
    alt="",
    caption="",
):
    """Draw values on a grid as coloured tiles.

    Parameters
    ----------
    x : array (X,)
        Centres of the tiles along the horizontal axis, growing.
    y : array (Y,)
        And along the vertical one.
    values : array (X, Y)
        The first axis is the horizontal one.
    paths : dict of arrays (S, 2) or (S, R, 2), optional
        As in :func:`d3c_minimal.plots.contours`.
    arrows : array (X, Y, 2), optional
        Draw the direction of this field at each tile, all arrows of one length; none where the
        field is 0.
    label : str
        What the values are.
    xlabel, ylabel, title, size, alt, caption
        As in :func:`d3c_minimal.plots.lines`; range and corners are added to ``alt``.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    x, y, values = (np.asarray(part, float) for part in (x, y, values))
    if x.ndim != 1 or y.ndim != 1 or values.shape != (len(x), len(y)):
        raise ValueError(
            f"values have shape {values.shape}: give one for each of {x.size} by {y.size} tiles."
        )
    ax = style.axes(size, xlabel=xlabel, ylabel=ylabel, title=title)
    mesh = ax.pcolormesh(x, y, values.T, cmap=style.HEAT, shading="nearest", rasterized=True)
    bar = ax.figure.colorbar(mesh, ax=ax, label=label, pad=0.03, aspect=22)
    bar.outline.set_visible(False)
    ends = ", ".join(
        f"{style.brief(values[i, j])} at ({style.brief(x[i])}, {style.brief(y[j])})"
        for i in (0, -1)
        for j in (0, -1)
    )
    least, most = style.brief(values.min()), style.brief(values.max())
    facts = [f"{label or 'Values'} from {least} to {most}, {ends}"]
    if arrows is not None:
        _arrows(ax, x, y, np.asarray(arrows, float))
        facts.append("Arrows show a direction at each tile")
    for k, (name, path) in enumerate((paths or {}).items()):
        facts.append(draw_path(ax, name, np.asarray(path, float), k))
    if paths:
        ax.figure.legend(loc="outside upper center", ncols=3, handlelength=2.4, borderpad=0)
    return Picture(ax.figure, style.sentences(alt, "; ".join(facts)), caption)


def _arrows(ax, x, y, field):
    if field.shape != (len(x), len(y), 2):
        raise ValueError(f"arrows have shape {field.shape}: give two numbers for each tile.")
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    span = np.array([right - left, high - low])
    places = np.stack(np.meshgrid(x, y, indexing="ij"), -1)
    draw_arrows(ax, (places - [left, low]) / span, field / span, 1 / max(len(x), len(y)), rim=2.4)
