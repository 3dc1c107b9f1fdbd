"""Clouds of points: one number against another, a point for each run or game."""

import numpy as np

from d3c_minimal.plots import style
from d3c_minimal.plots.picture import Picture

_MARKERS = ("o", "^", "s", "v", "D")
_MOST_VECTORS = 100  # more points are drawn as pixels: each costs a page some sixty letters


@style.styled
def scatter(
    x,
    series,
    *,
    xlabel="",
    ylabel="",
    references=None,
    diagonal=None,
    log="",
    title="",
    size=None,
    alt="",
    caption="",
):
    """Draw a point for each run, game or network.

    Parameters
    ----------
    x : array (R,)
        Where the points lie along the horizontal axis.
    series : dict of arrays (R,)
        ``{label: values}``; one array alone is drawn without a label.
    references : dict of floats, optional
        Horizontal lines: ``{"best": 1}``.
    diagonal : str, optional
        Draw the line on which both numbers are equal, under this name.
    xlabel, ylabel, log, title, size, alt, caption
        As in :func:`d3c_minimal.plots.lines`; ranges and medians are added to ``alt``.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a series does not have one finite number for each of ``x``.
    """
    x = np.asarray(x, float)
    series = dict(series) if isinstance(series, dict) else {"": series}
    series = {label: np.asarray(values, float) for label, values in series.items()}
    for label, values in [("x", x), *series.items()]:
        if x.ndim != 1 or not x.size or values.shape != x.shape or not np.isfinite(values).all():
            raise ValueError(
                f"{label or 'the series'} has shape {values.shape}: give one finite number for "
                f"each point, like x of shape {x.shape}."
            )
    ax = style.axes(size, xlabel=xlabel, ylabel=ylabel, title=title, log=log)
    facts = [f"{x.size} points, across from {style.brief(x.min())} to {style.brief(x.max())}"]
    for k, (label, values) in enumerate(series.items()):
        dots = {"marker": _MARKERS[k % len(_MARKERS)], "markersize": 4, "markeredgewidth": 0}
        many = x.size > _MOST_VECTORS
        colour, alpha = style.look(k)["color"], 0.55 if many else 0.9
        ax.plot(
            x, values, linestyle="", color=colour, alpha=alpha, label=label, rasterized=many, **dots
        )
        facts.append(
            f"{label or 'values'} from {style.brief(values.min())} to {style.brief(values.max())}, "
            f"median {style.brief(np.median(values))}"
        )
    dotted = {"color": style.INK, "linewidth": 1.0, "linestyle": (0, (2, 2)), "zorder": 1}
    for label, value in (references or {}).items():
        ax.axhline(value, **dotted)
        ends = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
        ax.annotate(label, (1.0, value), (4, 0), va="center", **ends)
    if diagonal:
        both = np.concatenate([x, *series.values()])
        ax.plot([x.min(), x.max()], [x.min(), x.max()], label=diagonal, **dotted)
        ax.set_ylim(*(both.min() - 0.03 * np.ptp(both), both.max() + 0.03 * np.ptp(both)))
    if any(series) or diagonal:
        ax.legend(loc="best", handlelength=1.6)
    if references or diagonal:
        named = [*(references or {}), *([diagonal] if diagonal else [])]
        facts.append("Dotted lines: " + ", ".join(map(str, named)))
    return Picture(ax.figure, style.sentences(alt, "; ".join(facts)), caption)
