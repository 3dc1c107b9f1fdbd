"""How runs ended: histograms of one number a run."""

import numpy as np

from d3c_minimal.plots import style
from d3c_minimal.plots.picture import Picture


@style.styled
def finals(
    series,
    *,
    bins=30,
    share=False,
    xlabel="",
    ylabel="runs",
    references=None,
    title="",
    size=None,
    alt="",
    caption="",
):
    """Draw where runs ended as histograms with common bins.

    Parameters
    ----------
    series : dict of arrays (R,)
        ``{label: values}``, one value a run; one array alone is drawn without a label.
    bins : int or array
        Number of bins over the range of all values, or the bins' edges.
    share : bool
        Draw each series' shares in per cent instead of counts, so that series of different length
        can be compared.
    references : dict of floats, optional
        Vertical lines: ``{"Nash 80 min": 80}``.
    xlabel, ylabel, title, size, alt, caption
        As in :func:`d3c_minimal.plots.lines`; median and range are added to ``alt``.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a series is not a list of finite numbers.
    """
    series = dict(series) if isinstance(series, dict) else {"": series}
    series = {label: np.asarray(values, float) for label, values in series.items()}
    for label, values in series.items():
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise ValueError(
                f"{label or 'the series'}: give one finite number for each run, (R,); drop or "
                "count diverged runs first."
            )
    ax = style.axes(size, xlabel=xlabel, ylabel=ylabel, title=title)
    edges = np.histogram_bin_edges(np.concatenate(list(series.values())), bins)
    facts = []
    for k, (label, values) in enumerate(series.items()):
        look = style.look(k)
        counts, _ = np.histogram(values, edges)
        counts = 100 * counts / len(values) if share else counts
        ax.stairs(counts, edges, fill=True, color=look["color"], alpha=0.25, linewidth=0)
        ax.stairs(counts, edges, label=label, linewidth=1.6, **look)
        facts.append(
            f"{label or 'Values'}: {len(values)} runs, median {style.brief(np.median(values))}, "
            f"from {style.brief(values.min())} to {style.brief(values.max())}"
        )
    ax.set_ylim(0, 1.02 * ax.get_ylim()[1])
    _mark(ax, references or {})
    if any(series):
        ax.legend(loc="best", handlelength=2.2)
    if references:
        facts.append("Dotted lines: " + ", ".join(map(str, references)))
    return Picture(ax.figure, style.sentences(alt, "; ".join(facts)), caption)


def _mark(ax, references):
    """Draw vertical lines with labels above the axes, a step higher where two come close."""
    left, right = ax.get_xlim()
    before, step = -np.inf, 0
    for label, value in sorted(references.items(), key=lambda item: item[1]):
        step = step + 1 if value - before < 0.4 * (right - left) else 0
        before = value
        ax.axvline(value, color=style.INK, linewidth=1.0, linestyle=(0, (2, 2)))
        ax.annotate(
            label,
            (value, 1.0),
            (0, 3 + 15 * step),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
        )
