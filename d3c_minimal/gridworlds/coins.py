"""Coins: everyone likes every coin, but a coin that another takes costs its owner twice as much.

Section 3.4: on a 5 x 5 grid coins of two colours appear, one colour for each agent. Any coin is
worth 1 to who takes it; the owner of a coin taken by another loses 2. So taking everything is what
each agent wants, and leaving the other's coins alone is what both want. Rewards, to be made large.

A step: everyone moves in turn, takes the coin of the cell that they enter, then coins appear on
empty cells. The board is one number a cell: 0 for none, ``k + 1`` for a coin of agent ``k``.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from d3c_minimal.gridworlds import moves
from d3c_minimal.gridworlds.coins_view import KINDS, features, firsts, observe, scene, tell
from d3c_minimal.gridworlds.scene import NAMES
from d3c_minimal.gridworlds.world import Mechanics, World


@dataclass(frozen=True)
class Rules:
    """The rules of Coins; defaults are the paper's (section 3.4), or a reading where it is silent.

    Attributes
    ----------
    size : int or (rows, columns)
        Paper: 5. Melting Pot: 10 to 15 each way, drawn anew. SocialJax: (16, 11).
    n_players : int
        Agents, and colours of coins. 2 everywhere.
    steps : int
        Of an episode. Paper: 500. Melting Pot: 300, then it ends with .05 every 100 steps.
        SocialJax: 1000.
    spawn : float
        Probability of a new coin at each step. Paper: .005. Melting Pot, SocialJax: .0005.
    spawn_per : {"cell", "colour", "board"}
        What ``spawn`` counts for. The paper does not say. "cell": each empty cell gets a coin, its
        colour by a fair draw (Melting Pot). "colour": the same, for each colour (SocialJax).
        "board": one coin for the whole board, on a cell drawn among all, lost if that is taken;
        with .005 these are 2.5 coins an episode.
    own, other, penalty : float
        Reward for a coin of one's own, for a coin of another's, and what the owner of a coin
        that another takes receives. Paper and Melting Pot: 1, 1, -2. SocialJax doubles all three
        unless rewards are shared.
    collisions : {"random", "fixed"}
        No two agents are in one cell (the paper does not say more). They move in turn, and who
        finds the cell taken stays: in an order drawn at each step, or agent 0 first.
        SocialJax moves all at once: who stays keeps the cell, else a draw decides, and two agents
        may change places.
    spawn_under : bool
        Whether a coin can appear under an agent, who has to leave and return to take it. Melting
        Pot: yes. SocialJax: no. The paper does not say.
    nearness : float
        Factor by which the "compact" observation discounts a coin for each move of distance. A
        choice of this package, no rule of the game.

    Raises
    ------
    ValueError
        If a rule is impossible.
    """

    size: int | tuple[int, int] = 5
    n_players: int = 2
    steps: int = 500
    spawn: float = 0.005
    spawn_per: str = "cell"
    own: float = 1.0
    other: float = 1.0
    penalty: float = -2.0
    collisions: str = "random"
    spawn_under: bool = False
    nearness: float = 0.5

    def __post_init__(self):
        size = (self.size, self.size) if np.ndim(self.size) == 0 else tuple(self.size)
        object.__setattr__(self, "size", size)
        if len(size) != 2 or any(int(side) != side or side < 1 for side in size):
            raise ValueError(f"size={self.size}: give a whole number, or (rows, columns).")
        if int(self.n_players) != self.n_players or not 2 <= self.n_players <= len(NAMES):
            raise ValueError(f"n_players={self.n_players}: Coins needs 2 to {len(NAMES)} agents.")
        if self.n_players > self.cells:
            raise ValueError(
                f"{self.n_players} agents do not fit {self.cells} cells: a cell holds one agent, "
                "so choose a larger size."
            )
        if int(self.steps) != self.steps or self.steps < 1:
            raise ValueError(f"steps={self.steps}: an episode has at least one step.")
        if not 0 <= self.spawn <= 1:
            raise ValueError(f"spawn={self.spawn}: it is a probability, between 0 and 1.")
        if self.spawn_per not in ("cell", "colour", "board"):
            raise ValueError(f"spawn_per={self.spawn_per!r}: choose 'cell', 'colour' or 'board'.")
        if self.collisions not in ("random", "fixed"):
            raise ValueError(f"collisions={self.collisions!r}: choose 'random' or 'fixed'.")
        if not np.isfinite([self.own, self.other, self.penalty]).all():
            raise ValueError("own, other and penalty are rewards: give finite numbers.")
        if not 0 <= self.nearness <= 1:
            raise ValueError(f"nearness={self.nearness}: a discount is between 0 and 1.")

    @property
    def cells(self):
        """Number of cells."""
        return self.size[0] * self.size[1]


class State(NamedTuple):
    """Where everyone is, and what lies where.

    Attributes
    ----------
    position : array of int ``(*envs, n)``
        The cell of each agent, numbered row by row from the top left.
    coins : array of int8 ``(*envs, cells)``
        0 for none, ``k + 1`` for a coin of agent ``k``.
    """

    position: np.ndarray
    coins: np.ndarray


class Noise(NamedTuple):
    """The chance of an episode, time first.

    Attributes
    ----------
    order : array of int8 ``(T, *envs, n)``
        ``order[..., k]`` moves as number ``k``.
    spawn : array of int8 ``(T, *envs, cells)``
        The coin that appears where the cell is free, 0 for none.
    """

    order: np.ndarray
    spawn: np.ndarray


class Events(NamedTuple):
    """What happened in a step.

    Attributes
    ----------
    taken : array of int8 ``(*envs, n)``
        The coin that each agent took: 0 for none, ``k + 1`` for one of agent ``k``.
    spawned : array of int8 ``(*envs, cells)``
        The coins that appeared, likewise.
    blocked : array of bool ``(*envs, n)``
        Who was held back by another agent.
    """

    taken: np.ndarray
    spawned: np.ndarray
    blocked: np.ndarray


def draw(rules, rng, steps, envs=()):
    """Draw the chance of ``steps`` steps: the order of moves and the coins that would appear."""
    n = rules.n_players
    order = np.broadcast_to(np.arange(n, dtype=np.int8), (steps, *envs, n))
    if rules.collisions == "random" and n == 2:
        first = rng.integers(2, size=(steps, *envs), dtype=np.int8)
        order = np.stack([first, 1 - first], -1)
    elif rules.collisions == "random":
        order = rng.permuted(order, axis=-1)

    cells, worlds = rules.cells, steps * int(np.prod(envs))
    if rules.spawn_per == "board":
        moments = _hits(rng, rules.spawn, worlds)
        where = moments * cells + rng.integers(cells, size=len(moments))
    else:
        tries = n if rules.spawn_per == "colour" else 1
        where = _hits(rng, 1 - (1 - rules.spawn) ** tries, worlds * cells)
    spawn = np.zeros(worlds * cells, np.int8)
    spawn[where] = rng.integers(1, n + 1, size=len(where), dtype=np.int8)
    return Noise(order, spawn.reshape(steps, *envs, cells))


def _hits(rng, probability, trials):
    """Draw which of many independent trials succeed, by the gaps between successes."""
    if probability == 0:
        return np.zeros(0, int)
    mean = trials * probability
    found, last = [], -1
    while last < trials:
        count = int(mean + 6 * np.sqrt(mean) + 10)
        found.append(last + np.cumsum(rng.geometric(probability, count)))
        last = found[-1][-1]
    found = np.concatenate(found)
    return found[: np.searchsorted(found, trials)]


def start(rules, rng, envs=()):
    """Draw a first state: an empty board, the agents in different cells (paper: not said)."""
    places = rng.random((*envs, rules.cells)).argpartition(rules.n_players - 1)
    position = places[..., : rules.n_players]
    return State(
        rng.permuted(position, axis=-1).astype(np.intp),
        np.zeros((*envs, rules.cells), np.int8),
    )


def step(rules, state, actions, now):
    """Move everyone, hand out the coins, and let new ones appear.

    Parameters
    ----------
    rules : Rules
    state : State
    actions : array of int ``(*envs, n)``
        Numbers into ``moves.ACTIONS``.
    now : Noise
        Of this step, without the time axis.

    Returns
    -------
    State, rewards : array ``(*envs, n)`` of float32, Events
    """
    (leads_to, pay), n, cells = _tables(rules), rules.n_players, rules.cells
    envs = state.position.shape[:-1]
    old = state.position.reshape(-1, n)
    board = state.coins.reshape(-1, cells)

    target = leads_to.take(actions.reshape(-1, n) * cells + old)
    position, blocked = moves.in_turn(old, target, now.order.reshape(-1, n))
    here = position + firsts(len(board), cells)
    taken = board.take(here)
    if rules.spawn_under:
        taken = np.where(position == old, np.int8(0), taken)

    spawned = now.spawn.reshape(-1, cells) * (board == 0)
    coins = board + spawned
    if rules.spawn_under:
        gone = here[taken > 0]
        spawned.reshape(-1)[gone] = now.spawn.reshape(-1)[gone]
        coins.reshape(-1)[gone] = now.spawn.reshape(-1)[gone]
    else:
        spawned.reshape(-1)[here] = 0
        coins.reshape(-1)[here] = 0

    rewards = sum(pay[who].take(taken[:, who], 0) for who in range(n))
    events = Events(
        taken.reshape(*envs, n), spawned.reshape(*envs, cells), blocked.reshape(*envs, n)
    )
    state = State(position.reshape(*envs, n), coins.reshape(*envs, cells))
    return state, rewards.reshape(*envs, n), events


def pickups(events, n):
    """Return who took whose coins, ``(*envs, n, n)``: ``[..., i, k]`` counts agent i and coin k."""
    return (events.taken[..., None] == np.arange(1, n + 1)).astype(int)


@lru_cache(maxsize=32)
def _tables(rules):
    """Return where moves lead, and who is paid what for each pick-up, once for all steps."""
    n = rules.n_players
    pay = np.zeros((n, n + 1, n), np.float32)  # who takes, whose coin + 1, who is paid
    for owner in range(n):
        pay[:, owner + 1, owner] = rules.penalty
        for taker in range(n):
            pay[taker, owner + 1, taker] = rules.own if taker == owner else rules.other
    leads_to = moves.neighbours(*rules.size)
    leads_to.flags.writeable = pay.flags.writeable = False
    return leads_to, pay


class Coins(World):
    """Coins under the wrapper: ``Coins(envs=640, spawn_per="cell")``.

    Parameters
    ----------
    envs : int or tuple of int
    kind : {"egocentric", "compact", "none"}, optional
        What ``reset`` and ``step`` return; see ``observe`` in this module.
    **rules
        Fields of :class:`Rules`.
    """

    mechanics = Mechanics(
        rules=Rules,
        draw=draw,
        start=start,
        step=step,
        observe=observe,
        features=features,
        action_names=moves.ACTIONS,
        kinds=KINDS,
        scene=scene,
        tell=tell,
    )
