"""One look for all pictures: colours, lines, type, and numbers in words.

Every colour keeps a contrast of at least 3 to 1 both with white and with #121212, so that one
drawing serves light and dark pages. Text and axes are drawn in ``INK``, which a picture on a page
replaces by the page's own text colour.
"""

import functools
import textwrap

import matplotlib.style
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

INK = "#010203"
BLUE, VERMILLION, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#B8639A", "#808080"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, GREY)
DASHES = ("-", (0, (5, 1.5)), (0, (6, 1.5, 1, 1.5)), (0, (1.2, 1.2)), (0, (9, 2)))
HEAT = "cividis"
FONT_SIZE = 11.0
SIZE = (5.2, 3.4)  # inches; at 350 pixels wide the type is still 10 pixels high

_RC = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.formatter.useoffset": False,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": FONT_SIZE,
    "axes.unicode_minus": True,
    "figure.dpi": 150.0,  # of the parts that are drawn as pixels
    "font.family": "DejaVu Sans",  # comes with matplotlib, so widths are the same everywhere
    "font.size": FONT_SIZE,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "path.simplify_threshold": 0.15,
    "svg.fonttype": "path",
    "svg.hashsalt": "d3c",
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": FONT_SIZE - 1,
    "ytick.color": INK,
    "ytick.labelsize": FONT_SIZE - 1,
}


def context():
    """Return a context manager in which matplotlib draws in this style, whatever it was set to."""
    return matplotlib.style.context(["default", _RC])


def styled(draw):
    """Decorate a function that draws, so that it runs in :func:`context`."""

    @functools.wraps(draw)
    def in_style(*args, **kwargs):
        with context():
            return draw(*args, **kwargs)

    return in_style


class _Decades(LogLocator):
    """Ticks at 1, 2, 5 of up to two decades, at 1, 3 of up to three, else at decades alone.

    More of them, and labels such as 0.002 and 0.005 touch.
    """

    def tick_values(self, vmin, vmax):
        few = (1.0, 2.0, 5.0) if vmax < 150 * vmin else (1.0, 3.0)
        self.set_params(subs=few if vmax < 1e3 * vmin else (1.0,))
        return super().tick_values(vmin, vmax)


def axes(size=None, *, xlabel="", ylabel="", title="", log=""):
    """Return a new figure's only axes, transparent, labelled; ``log`` names axes, as in "xy"."""
    figure = Figure(figsize=SIZE if size is None else size, layout="constrained")
    figure.patch.set_visible(False)
    ax = figure.add_subplot()
    ax.patch.set_visible(False)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if set(log) - set("xy"):
        raise ValueError(f"log={log!r}: name the logarithmic axes, 'x', 'y' or 'xy'.")
    for name in log:
        logarithmic(ax, name)
    return ax


def logarithmic(ax, name):
    """Make the axis "x" or "y" logarithmic, with few ticks and plain labels."""
    getattr(ax, f"set_{name}scale")("log")
    axis = getattr(ax, f"{name}axis")
    axis.set_major_locator(_Decades())
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def look(k):
    """Return colour and line style of the ``k``-th series; both differ between neighbours."""
    return {"color": COLOURS[k % len(COLOURS)], "linestyle": DASHES[k % len(DASHES)]}


def wrapped(text, width=15):
    """Break a label into lines of about ``width`` characters; words stay whole."""
    return "\n".join(textwrap.wrap(str(text), width, break_long_words=False)) or str(text)


def brief(value):
    """Write a number with at most three significant digits; whole numbers below 10000 in full.

    Alternative texts are compared between machines, so rounding noise must not show in them.

    Examples
    --------
    >>> brief(79.96), brief(1000), brief(12345.6), brief(-1e-15), brief(0.00123)
    ('80', '1000', '12300', '0', '0.00123')
    """
    value = float(value)
    if not np.isfinite(value):
        return {"inf": "infinity", "-inf": "minus infinity"}.get(str(value), "not a number")
    if abs(value) < 1e-12:
        return "0"
    if abs(value) < 10000 and abs(value - round(value)) < 1e-9 * abs(value):
        return str(round(value))
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if 1000 <= abs(rounded) < 1e6 else f"{rounded:.3g}"


def sentences(*parts):
    """Join parts of an alternative text, each closed with a full stop; empty parts are left out."""
    parts = [str(part).strip() for part in parts]
    return " ".join(p if p[-1] in ".!?:" else p + "." for p in parts if p)
