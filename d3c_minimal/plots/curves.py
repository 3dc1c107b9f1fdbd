"""Curves over steps: plain lines, and bands over runs."""

import itertools

import numpy as np

from d3c_minimal.plots import style
from d3c_minimal.plots.picture import Picture

_POINTS = 200


@style.styled
def lines(
    t,
    series,
    *,
    xlabel="step",
    ylabel="",
    references=None,
    log="",
    title="",
    size=None,
    alt="",
    caption="",
):
    """Draw labelled curves.

    Parameters
    ----------
    t : array (S,)
        Where the curves are known, usually steps.
    series : dict of arrays (S,)
        ``{label: values}``; one array alone is drawn without a label.
    xlabel, ylabel : str
        What the axes show, with units.
    references : dict of floats, optional
        Horizontal lines: ``{"Nash 80 min": 80}``.
    log : str
        Logarithmic axes: "x", "y" or "xy".
    title, caption : str
        Above and below the figure.
    size : (float, float), optional
        Width and height in inches.
    alt : str
        What to see; first and last values are added.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a series does not have one value for each of ``t``.
    """
    t, series = np.asarray(t), _by_label(series)
    given = {label: (np.asarray(y, float),) * 3 for label, y in series.items()}
    return draw_curves(t, given, xlabel, ylabel, references, log, title, size, alt, "", caption)


@style.styled
def band(
    t,
    series,
    *,
    centre="median",
    quantiles=(0.1, 0.9),
    xlabel="step",
    ylabel="",
    references=None,
    log="",
    title="",
    size=None,
    alt="",
    caption="",
):
    """Draw the middle of many runs as a line and their spread as a band.

    Parameters
    ----------
    t : array (S,)
        Steps.
    series : dict
        ``{label: values}`` with values (S, R), one column a run; or with a tuple of arrays
        (S,): centre, low, high. One of these alone is drawn without a label.
    centre : {"median", "mean"}
        "median" draws the band between ``quantiles``, "mean" draws it one standard deviation
        (over runs) to each side.
    quantiles : (float, float)
        Ends of the band around the median.
    xlabel, ylabel, references, log, title, size, alt, caption
        As in :func:`lines`.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a series does not fit ``t``, or ``centre`` is neither of the two.
    """
    if centre not in ("median", "mean"):
        raise ValueError(f"centre={centre!r}: choose 'median' or 'mean'.")
    t = np.asarray(t)
    given = {label: spread(y, centre, quantiles) for label, y in _by_label(series).items()}
    low, high = (f"{100 * q:.4g}" for q in quantiles)
    how = {
        "median": f"Line: median; band: from the {low} to the {high} percent quantile of the runs",
        "mean": "Line: mean; band: one standard deviation of the runs to each side",
    }[centre]
    if all(isinstance(y, tuple) for y in _by_label(series).values()):
        how = ""
    return draw_curves(t, given, xlabel, ylabel, references, log, title, size, alt, how, caption)


def draw_curves(t, given, xlabel, ylabel, references, log, title, size, alt, how, caption):
    """Draw ``{label: (centre, low, high)}``; a band where low is not centre itself."""
    ax = style.axes(size, xlabel=xlabel, ylabel=ylabel, title=title, log=log)
    ends, facts = [], []
    for k, (label, (centre, low, high)) in enumerate(given.items()):
        if t.ndim != 1 or any(part.shape != t.shape for part in (centre, low, high)):
            raise ValueError(
                f"{label or 'the series'}: shape {centre.shape} does not fit t of shape {t.shape}: "
                "give one value (or one row of runs) for each entry of t."
            )
        look = style.look(k)
        if low is not centre:
            thin = _evenly(len(t), "x" in log)
            shade = {"color": look["color"], "alpha": 0.22, "linewidth": 0}
            ax.fill_between(t[thin], low[thin], high[thin], **shade)
        else:
            thin = _outline(centre)
        ax.plot(t[thin], centre[thin], **look)
        finite = centre[np.isfinite(centre)]
        ends.append((finite[-1] if finite.size else 0.0, label, look))
        values = f"from {style.brief(centre[0])} to {style.brief(centre[-1])}"
        last = f", band at the end {style.brief(low[-1])} to {style.brief(high[-1])}"
        facts.append(f"{label}: {values}" * bool(label) + f"Values {values}" * (not label))
        facts[-1] += last if low is not centre else ""
    for label, value in (references or {}).items():
        ax.axhline(value, color=style.INK, linewidth=1.0, linestyle=(0, (2, 2)), zorder=1)
        ends.append(
            (value, label, {"color": style.INK, "linestyle": (0, (2, 2)), "linewidth": 1.0})
        )
    if references:
        facts.append("Dotted lines: " + ", ".join(map(str, references)))
    ax.margins(x=0)
    label_ends(ax, [end for end in ends if end[1]])
    return Picture(ax.figure, style.sentences(alt, "; ".join(facts), how), caption)


def _evenly(length, log):
    """Return about 200 indices, evenly spaced on the axis: in the logarithm where it is."""
    picks = np.geomspace(1, length, _POINTS) if log else np.linspace(1, length, _POINTS)
    return np.unique(picks.round().astype(int)) - 1


def _outline(y):
    """Return indices of the least and the largest of each stretch of a long curve, and its ends."""
    if len(y) <= 3 * _POINTS:
        return np.arange(len(y))
    cuts = np.linspace(0, len(y), _POINTS + 1).astype(int)
    stretches = [(a, y[a:b]) for a, b in itertools.pairwise(cuts)]
    kept = [a + pick(part) for a, part in stretches for pick in (np.argmin, np.argmax)]
    return np.unique([0, *kept, len(y) - 1])


def label_ends(ax, ends):
    """Write each label at the right, as near to its line's end as there is room."""
    if not ends:
        return
    to_axes = ax.transData + ax.transAxes.inverted()
    texts = [style.wrapped(label) for _, label, _ in ends]
    heights = [to_axes.transform((ax.get_xlim()[1], value))[1] for value, _, _ in ends]
    row = 1.3 * style.FONT_SIZE / (0.8 * 72 * ax.figure.get_size_inches()[1])
    room = [row * (1 + text.count("\n")) for text in texts]
    order = np.argsort(heights, kind="stable")
    places = _apart(np.clip(np.array(heights)[order], 0, 1), np.array(room)[order])
    for place, k in zip(places, order, strict=True):
        ax.plot([1.02, 1.08], [place, place], transform=ax.transAxes, clip_on=False, **ends[k][2])
        ax.text(1.1, place, texts[k], transform=ax.transAxes, va="center", linespacing=1.1)


def _apart(wanted, room):
    """Move sorted heights apart until each has its room, and back below the top."""
    places = wanted.copy()
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + (room[k - 1] + room[k]) / 2)
    places[-1] = min(places[-1], 1.0)
    for k in range(len(places) - 2, -1, -1):
        places[k] = min(places[k], places[k + 1] - (room[k + 1] + room[k]) / 2)
    return places


def _by_label(series):
    return dict(series) if isinstance(series, dict) else {"": series}


def spread(y, centre, quantiles):
    """Return centre, low and high (S,) of runs (S, R), or of a triple that holds them already."""
    if isinstance(y, tuple):
        return tuple(np.asarray(part, float) for part in y)
    y = np.asarray(y, float)
    if y.ndim != 2:
        raise ValueError(
            f"a band needs runs: an array (S, R), not {y.shape}; or the tuple (centre, low, high)."
        )
    if centre == "mean":
        mean, deviation = y.mean(1), y.std(1)
        return mean, mean - deviation, mean + deviation
    low, middle, high = np.quantile(y, [quantiles[0], 0.5, quantiles[1]], axis=1)
    return middle, low, high
