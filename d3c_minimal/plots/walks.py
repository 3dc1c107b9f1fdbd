"""Paths over a map of two numbers, drawn so small that a page can carry dozens of them."""

import base64
import html
import io

import numpy as np

from d3c_minimal.plots import style
from d3c_minimal.plots.board import Board

_SIDE, _LEFT, _TOP = 110, 14, 2  # the map's square, in units of which a board's cell has ten
_DASHES = ("", "5 1.5", "6 1.5 1 1.5", "1.2 1.2")
_COLOURS = ("#ffffff", "#ff9a4d", "#8fe3ff", "#ffb3e6")  # bright, over the map's own colours


def walks(x, values, paths, *, xlabel="", ylabel="", label="", alt="", caption=""):
    """Draw walks over a map: a ring where each begins, a disc where it is.

    Parameters
    ----------
    x : array (G,)
        Both axes' grid, evenly spaced.
    values : array (G, G)
        The first axis is the horizontal one; light is large.
    paths : array (S, R, 2)
        Time first; up to four runs.
    xlabel, ylabel : str
        What the axes are.
    label : str
        What the values are.
    alt, caption : str
        Where the walks begin and end is added to ``alt``.

    Returns
    -------
    Board

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    x, values, paths = (np.asarray(part, float) for part in (x, values, paths))
    if values.shape != (len(x), len(x)) or paths.ndim != 3 or paths.shape[-1] != 2:
        raise ValueError(
            f"values have shape {values.shape}, paths {paths.shape}: give one value for each pair "
            f"of {len(x)} numbers, and paths (S, R, 2)."
        )
    if not 1 <= paths.shape[1] <= len(_COLOURS):
        raise ValueError(f"{paths.shape[1]} walks: draw one to {len(_COLOURS)} of them.")
    parts = [_picture(values), _axes(x, xlabel, ylabel)]
    places = _places(x, paths)
    for k, run in enumerate(places.swapaxes(0, 1)):
        parts.append(_walk(run, _COLOURS[k], _DASHES[k]))
    least, most = style.brief(values.min()), style.brief(values.max())
    ends = "; ".join(f"from {_point(run[0])} to {_point(run[-1])}" for run in paths.swapaxes(0, 1))
    told = f"{label or 'Values'} from {least} to {most}; {paths.shape[1]} walks, {ends}"
    return Board("".join(parts), (13, 13), style.sentences(alt, told), caption)


def _point(place):
    return f"({', '.join(style.brief(round(float(value), 1)) for value in place)})"


def _places(x, paths):
    """Return where paths lie in the drawing; the tiles' outer half is part of the map."""
    step = (x[-1] - x[0]) / (len(x) - 1)
    share = np.clip((paths - x[0] + step / 2) / (x[-1] - x[0] + step), 0, 1)
    return np.stack([_LEFT + _SIDE * share[..., 0], _TOP + _SIDE * (1 - share[..., 1])], -1)


def _picture(values):
    """Return the map as an image of one pixel a tile, which the browser makes larger."""
    from matplotlib import colormaps, image

    span = np.ptp(values)
    colours = colormaps[style.HEAT]((values.T[::-1] - values.min()) / (span or 1.0), bytes=True)
    file = io.BytesIO()
    image.imsave(file, colours[..., :3], format="png", metadata={"Software": None})
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'<image x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" '
        f'preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{data}"/>'
    )


def _axes(x, xlabel, ylabel):
    ends = _places(x, np.stack([x[[0, -1]]] * 2, -1))
    middle, bottom = _LEFT + _SIDE / 2, _TOP + _SIDE
    texts = [
        *((ends[k, 0], bottom + 6, "middle", style.brief(x[k])) for k in (0, -1)),
        *((_LEFT - 1.5, ends[k, 1] + 1.7, "end", style.brief(x[k])) for k in (0, -1)),
        (middle, bottom + 11, "middle", xlabel),
    ]
    written = "".join(
        f'<text x="{a:.4g}" y="{b:.4g}" text-anchor="{anchor}">{html.escape(text)}</text>'
        for a, b, anchor, text in texts
    )
    up = (
        f'<text transform="translate(5 {_TOP + _SIDE / 2:g}) rotate(-90)" text-anchor="middle">'
        f"{html.escape(ylabel)}</text>"
    )
    return f'<g font-family="sans-serif" font-size="4.6" fill="currentColor">{written}{up}</g>'


def _walk(run, colour, dashes):
    line = "M" + "L".join(f"{a:.4g} {b:.4g}" for a, b in run)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    (a, b), (c, d) = run[0], run[-1]
    return (
        f'<path d="{line}" fill="none" stroke="#000" stroke-linejoin="round" stroke-width="1.5"/>'
        f'<path d="{line}" fill="none" stroke="{colour}" stroke-width=".9"{dashed}/>'
        f'<circle cx="{a:.4g}" cy="{b:.4g}" r="2.6" fill="none" stroke="#000" stroke-width="1.5"/>'
        f'<circle cx="{a:.4g}" cy="{b:.4g}" r="2.6" fill="none" stroke="{colour}" '
        f'stroke-width=".8"/>'
        f'<circle cx="{c:.4g}" cy="{d:.4g}" r="2.2" fill="{colour}" stroke="#000" '
        f'stroke-width=".5"/>'
    )
