"""Explorers: a drawing, its controls and its state in words, in a notebook and on a plain page.

    Explorer(draw, {"kappa": Slider([0.1, 0.3, 0.5], label="kappa")}, say)

In a live notebook an explorer is a widget that draws anew at every move. On a page without a
kernel it is a native input over frames that were drawn beforehand, with no code but explorer.js.
"""

from d3c_minimal.explorers.controls import Choice, Slider
from d3c_minimal.explorers.explorer import Explorer
from d3c_minimal.explorers.film import film
from d3c_minimal.explorers.play import Play, play

__all__ = ["Choice", "Explorer", "Play", "Slider", "film", "play"]
