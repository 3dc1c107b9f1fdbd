"""Pictures of games, runs and mixtures: data in, a :class:`Picture` with words out.

Each function takes data first and everything else by name, among it ``alt``, a sentence on what
there is to see, to which it adds what it drew in numbers. In a notebook a picture shows as SVG in
the colours of the page; ``picture.save("name.svg")`` writes it dark on white.
"""

from d3c_minimal.plots.board import Board, grid
from d3c_minimal.plots.curves import band, lines
from d3c_minimal.plots.heat import heat
from d3c_minimal.plots.landscape import contours
from d3c_minimal.plots.mixtures import attention, mixture
from d3c_minimal.plots.network import network
from d3c_minimal.plots.overview import overview, who_gains
from d3c_minimal.plots.picture import Picture, Row, row
from d3c_minimal.plots.ring import ring
from d3c_minimal.plots.roads import road
from d3c_minimal.plots.scatter import scatter
from d3c_minimal.plots.spread import finals
from d3c_minimal.plots.walks import walks

__all__ = [
    "Board",
    "Picture",
    "Row",
    "attention",
    "band",
    "contours",
    "finals",
    "grid",
    "heat",
    "lines",
    "mixture",
    "network",
    "overview",
    "ring",
    "road",
    "row",
    "scatter",
    "walks",
    "who_gains",
]
