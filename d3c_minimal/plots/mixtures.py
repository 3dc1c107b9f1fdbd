"""The mixture A: a table of shares, and the attention that agents keep for themselves."""

import numpy as np
from matplotlib import colormaps

from d3c_minimal.plots import style
from d3c_minimal.plots.curves import draw_curves, spread
from d3c_minimal.plots.picture import Picture

_MOST_NUMBERS, _MOST_NAMES = 5, 12


@style.styled
def mixture(A, *, names=None, title="", size=None, alt="", caption=""):
    """Draw who answers for whose loss.

    Row i is agent i's: it alone sets it, and it says how its loss is handed out. Column j is what
    agent j minimises: f^A_j = sum_k A[k, j] f_k.

    Parameters
    ----------
    A : array (n, n)
        Rows on the simplex. Up to five agents the shares are written into the cells.
    names : sequence of str, optional
        The agents; 1 to n by default.
    title, caption, size, alt
        As in :func:`d3c_minimal.plots.lines`; the alternative text gets the shares.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If ``A`` is not one square matrix with entries between 0 and 1.
    """
    A = np.asarray(A, float)
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"A has shape {A.shape}: draw one mixture (n, n), for example A[-1, 0].")
    if not ((A >= 0) & (A <= 1 + 1e-9)).all():
        raise ValueError("A has entries outside 0 to 1: a mixture holds shares.")
    n = len(A)
    names = [str(i + 1) for i in range(n)] if names is None else [str(name) for name in names]
    ax = style.axes((4.2, 3.6) if size is None else size, title=title)
    ax.spines[:].set_visible(False)
    edges = np.arange(n + 1) - 0.5
    many = n > 20
    mesh = ax.pcolormesh(edges, edges, A, cmap=style.HEAT, vmin=0, vmax=1, rasterized=many)
    ax.set(aspect="equal", xlabel="agent j minimises column j", ylabel="agent i sets row i")
    ax.invert_yaxis()
    if n <= _MOST_NAMES:
        ax.set_xticks(range(n), names)
        ax.set_yticks(range(n), names)
    else:
        ax.set_xticks([0, n - 1], [names[0], names[-1]])
        ax.set_yticks([0, n - 1], [names[0], names[-1]])
    if n <= _MOST_NUMBERS:
        for i, j in np.ndindex(n, n):
            ax.text(j, i, _share(A[i, j]), ha="center", va="center", color=_readable(A[i, j]))
    ax.tick_params(length=0)
    bar = ax.figure.colorbar(mesh, ax=ax, ticks=[0, 0.5, 1], pad=0.03, aspect=14)
    bar.set_label("share of agent i's loss")
    bar.outline.set_visible(False)
    if n <= _MOST_NUMBERS:
        rows = (
            f"{_agent(name)} hands its loss out as {', '.join(map(_share, row))}"
            for name, row in zip(names, A, strict=True)
        )
        facts = "Mixture: " + "; ".join(rows)
    else:
        own = np.diagonal(A)
        facts = (
            f"Mixture of {n} agents: own shares from {style.brief(own.min())} "
            f"to {style.brief(own.max())}"
        )
    return Picture(ax.figure, style.sentences(alt, facts), caption)


@style.styled
def attention(t, A, *, names=None, xlabel="step", title="", size=None, alt="", caption=""):
    """Draw how much more each agent minds its own loss than another's: ln(A_ii / mean A_ij).

    Above 0 an agent keeps more of its loss to itself than it hands to another agent; at 0 it
    treats all alike. For two agents this is ln(A_ii / A_ij), the paper's relative attention.

    Parameters
    ----------
    t : array (S,)
        Steps.
    A : array (S, n, n) or (S, R, n, n)
        Mixtures; over runs, median and band from the 10 to the 90 percent quantile are drawn.
    names : sequence of str, optional
        The agents; "agent 1" and so on by default.
    xlabel, title, size, alt, caption
        As in :func:`d3c_minimal.plots.lines`.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the shapes do not fit, or a row hands nothing on (its attention is infinite).
    """
    A = np.asarray(A, float)
    if A.ndim not in (3, 4) or A.shape[-1] != A.shape[-2]:
        raise ValueError(f"A has shape {A.shape}: give (S, n, n), or (S, R, n, n) with runs.")
    n = A.shape[-1]
    names = [f"agent {i + 1}" for i in range(n)] if names is None else names
    own = np.diagonal(A, axis1=-2, axis2=-1)
    other = (A.sum(-1) - own) / (n - 1)
    if not (A.min() >= 0 and own.min() > 0 and other.min() > 0):
        raise ValueError("a row of A keeps all or nothing to itself: its logarithm is not finite.")
    ratio = np.log(own / other)
    given = {
        name: spread(ratio[..., i], "median", (0.1, 0.9)) if A.ndim == 4 else (ratio[..., i],) * 3
        for i, name in enumerate(names)
    }
    how = "Line: median; band: 10 to 90 percent quantile of the runs" if A.ndim == 4 else ""
    ylabel = "ln(Aᵢᵢ / Aᵢⱼ)" if n == 2 else "ln(Aᵢᵢ / mean Aᵢⱼ)"
    references = {"equal": 0.0}
    return draw_curves(
        np.asarray(t), given, xlabel, ylabel, references, "", title, size, alt, how, caption
    )


def _agent(name):
    """Name an agent in a sentence: a number needs a word before it."""
    return f"agent {name}" if name.isdigit() else name


def _share(value):
    """Write a share with two digits, without claiming an exact 0 or 1 that is not there."""
    if 0 < value < 0.005:
        return "<.01"
    if 0.995 <= value < 1:
        return ">.99"
    return f"{value:.2f}"


def _readable(value):
    """Return black or white, whichever stands out more from the cell's colour."""
    channels = np.array(colormaps[style.HEAT](value)[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return "#000000" if linear @ [0.2126, 0.7152, 0.0722] > 0.18 else "#ffffff"
