"""A gridworld as a small drawing: cells, and who or what is in them."""

import html
from dataclasses import dataclass
from pathlib import Path

from d3c_minimal.plots import style
from d3c_minimal.plots.picture import captioned

_PIXELS = 44  # a cell's side, at most
_INK = "#1a1a1a"


@dataclass(frozen=True)
class Board:
    """A scene drawn as SVG, written by hand: a hundred of them make an animation of 100 kB.

    Attributes
    ----------
    markup : str
        What is inside the ``<svg>`` element; a cell is 10 units wide.
    shape : (int, int)
        Rows and columns.
    alt : str
        The alternative text.
    caption : str
        Shown below.
    """

    markup: str
    shape: tuple[int, int]
    alt: str
    caption: str = ""

    def svg(self, ground=""):
        """Return the ``<svg>`` element, on a ground of its own if ``ground`` names a colour."""
        rows, columns = self.shape
        width, height = 10 * columns + 2, 10 * rows + 2
        paper = (
            f'<rect width="100%" height="100%" x="-1" y="-1" fill="{ground}"/>' if ground else ""
        )
        ink = f' color="{_INK}"' if ground else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 {width} {height}" role="img" '
            f'aria-label="{html.escape(self.alt)}" width="100%"{ink} '
            f'style="max-width:{columns * _PIXELS}px;height:auto">{paper}{self.markup}</svg>'
        )

    def html(self, inner=False):
        """Return the ``<figure>`` element that stands on a page, or ``inner`` another figure."""
        margin = ' style="margin:0"' if inner else ""
        drawing = f'<div style="text-align:center">{self.svg()}</div>'
        return f'<figure class="d3c-picture"{margin}>{drawing}{captioned(self.caption)}</figure>'

    def save(self, path):
        """Write the drawing, dark on white, to a file that ends in .svg.

        Raises
        ------
        ValueError
            If the name ends otherwise.
        """
        path = Path(path)
        if path.suffix != ".svg":
            raise ValueError(f"{path.name}: a board is saved as .svg; world.render() gives pixels.")
        path.write_text(self.svg(ground="#fff") + "\n", encoding="utf-8")

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.alt, "text/html": self.html()}


def grid(scene, *, alt="", caption=""):
    """Draw a gridworld's scene: filled squares with capitals are agents, rings are things.

    Parameters
    ----------
    scene : Scene
        From a world: ``world.scene()``.
    alt : str, optional
        What there is to see; the scene's own words are added.
    caption : str, optional

    Returns
    -------
    Board
        Whose thing it is, colour and letter both say.

    Raises
    ------
    ValueError
        If a mark has a shape that is not drawn here, or lies outside.
    """
    lines = "".join(f"M0 {10 * k}h{10 * scene.columns}" for k in range(scene.rows + 1))
    lines += "".join(f"M{10 * k} 0v{10 * scene.rows}" for k in range(scene.columns + 1))
    parts = [f'<path d="{lines}" stroke="{style.GREY}" stroke-width=".3" fill="none"/>']
    for mark in scene.marks:
        if not (0 <= mark.row < scene.rows and 0 <= mark.column < scene.columns):
            raise ValueError(
                f"a mark lies in row {mark.row}, column {mark.column}: rows go from 0 to "
                f"{scene.rows - 1}, columns to {scene.columns - 1}."
            )
        if mark.shape not in _DRAWN:
            raise ValueError(f"a mark's shape is {mark.shape!r}: choose {' or '.join(_DRAWN)}.")
        across, down = 10 * mark.column + 5, 10 * mark.row + 5
        colour = style.COLOURS[mark.who % len(style.COLOURS)]
        shape, ink = _DRAWN[mark.shape]
        parts.append(shape.format(x=across, y=down, left=across - 4, top=down - 4, colour=colour))
        parts.append(
            f'<text x="{across}" y="{down + 1.7}" fill="{ink}">{html.escape(mark.letter)}</text>'
        )
    letters = 'font-family="sans-serif" font-size="5" font-weight="700" text-anchor="middle"'
    markup = f"<g {letters}>{''.join(parts)}</g>"
    return Board(markup, (scene.rows, scene.columns), style.sentences(alt, scene.words), caption)


_DRAWN = {
    "square": (
        '<rect x="{left}" y="{top}" width="8" height="8" rx="1" fill="{colour}"/>',
        "#fff",
    ),
    "ring": (
        '<circle cx="{x}" cy="{y}" r="3.4" fill="none" stroke="{colour}" stroke-width="1"/>',
        "currentColor",
    ),
}
