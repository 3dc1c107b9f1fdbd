"""Gridworlds: small worlds of many agents, pure functions under one interface.

A world knows nothing of learning. Rewards are made large here; a loss is minus a reward.
"""

from d3c_minimal.gridworlds.coins import Coins
from d3c_minimal.gridworlds.ring import Ring
from d3c_minimal.gridworlds.world import World

__all__ = ["Coins", "Ring", "World"]
