"""Scene: what one world looks like, as marks in cells; to be drawn by whoever wants to.

:func:`pixels` draws it as an array; ``plots.grid`` draws it for a page, with letters.
"""

from typing import NamedTuple

import numpy as np

NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # of agents
PAPER, LINE = (255, 255, 255), (208, 208, 208)
COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (184, 99, 154), (128, 128, 128))


class Mark(NamedTuple):
    """One thing in one cell.

    Attributes
    ----------
    row, column : int
        From the top left.
    shape : {"square", "ring"}
        A filled square is somebody, a ring is something.
    who : int
        Whose, or which: colours go by it.
    letter : str
        Says the same without colour.
    """

    row: int
    column: int
    shape: str
    who: int
    letter: str


class Scene(NamedTuple):
    """A world to be drawn.

    Attributes
    ----------
    rows, columns : int
    marks : tuple of Mark
        In drawing order, later ones on top.
    words : str
        The same for those who do not see it.
    """

    rows: int
    columns: int
    marks: tuple[Mark, ...]
    words: str


def pixels(scene, cell=12):
    """Draw a scene as an array of colours.

    Parameters
    ----------
    scene : Scene
    cell : int
        Pixels along a cell's side, at least 5. The first row and column of each are its border.

    Returns
    -------
    array (rows * cell + 1, columns * cell + 1, 3) of uint8

    Raises
    ------
    ValueError
        If ``cell`` is too small for the shapes to differ.
    """
    if cell < 5:
        raise ValueError(f"cell={cell}: squares and rings need at least 5 pixels to differ.")
    out = np.full((scene.rows * cell + 1, scene.columns * cell + 1, 3), PAPER, np.uint8)
    out[::cell] = out[:, ::cell] = LINE
    # From a cell's middle, in half pixels, so that it is a whole number for any cell.
    away = abs(2 * np.arange(1, cell) - cell)
    far = np.maximum(away[:, None], away)
    round_ = away[:, None] ** 2 + away**2
    outer = cell - 3
    filled = {
        "square": far <= outer,
        "ring": (round_ <= outer**2) & (round_ > (outer - max(2, cell // 3)) ** 2),
    }
    for mark in scene.marks:
        top, left = mark.row * cell + 1, mark.column * cell + 1
        inside = out[top : top + cell - 1, left : left + cell - 1]
        inside[filled[mark.shape]] = COLOURS[mark.who % len(COLOURS)]
    return out
