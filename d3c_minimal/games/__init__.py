"""The paper's games, one a file, road networks of one's own, and random games to test with.

Games know nothing of learning.
"""

from d3c_minimal.games.bilinear import bilinear
from d3c_minimal.games.congestion import congestion
from d3c_minimal.games.efficient_but_unfair import efficient_but_unfair
from d3c_minimal.games.election import election
from d3c_minimal.games.nash_paradox import nash_paradox
from d3c_minimal.games.prisoners_dilemma import prisoners_dilemma
from d3c_minimal.games.traffic import random_braess, traffic
from d3c_minimal.games.waves import random_waves

__all__ = [
    "bilinear",
    "congestion",
    "efficient_but_unfair",
    "election",
    "nash_paradox",
    "prisoners_dilemma",
    "random_braess",
    "random_waves",
    "traffic",
]
