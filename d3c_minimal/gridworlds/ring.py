"""Trust-Your-Brother: a predator chases two prey round a table (section 3.3, appendix F.2).

The table is a ring of cells, numbered clockwise. All that matters is where the prey stand as seen
from the predator, so ``table`` writes the whole world down as twenty states; dynamic programming
and fast learning use it.

Rewards: large is good. Axes: any environments lead, the two prey come next.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from d3c_minimal.gridworlds.ring_view import scene, tell
from d3c_minimal.gridworlds.world import Mechanics, World

STAY, CLOCKWISE, COUNTER = range(3)
ACTION_NAMES = ("stay", "clockwise", "counter-clockwise")
KINDS = ("distances",)
N_PREY = 2
_STEPS = np.array([0, 1, -1])


@dataclass(frozen=True)
class Rules:
    """The rules of the ring; "our choice" marks what the paper does not say."""

    cells: int = 6  # cells of the ring (appendix F.2)
    steps: int = 5  # of an episode (appendix F.2)
    first: str = "predator"  # who moves first, "predator" or "prey"; our choice
    move_cost: float = 0.1  # of an attempt to move, done or not (section 3.3)
    caught_cost: float = 1.0  # of standing next to the predator after the step (section 3.3)
    gap: int = 1  # empty cells between the predator and the nearer prey at the start (G.1)
    nearer: str = "balanced"  # prey 1 and prey 2 by turns along the last axis (G.1), or "random"
    sides: str = "one"  # the nearer prey stands clockwise of the predator; "both" tosses a coin

    def __post_init__(self):
        if self.first not in ("predator", "prey"):
            raise ValueError(f"first={self.first!r}: choose 'predator' or 'prey'.")
        if self.nearer not in ("balanced", "random"):
            raise ValueError(f"nearer={self.nearer!r}: choose 'balanced' or 'random'.")
        if self.sides not in ("one", "both"):
            raise ValueError(f"sides={self.sides!r}: choose 'one' or 'both'.")
        if self.gap < 0 or self.steps < 1:
            raise ValueError("gap must be 0 or more, and steps 1 or more.")
        if self.cells < 2 * self.gap + 4:
            raise ValueError(
                f"{self.cells} cells are too few: with a gap of {self.gap} one prey is the nearer "
                f"one only on {2 * self.gap + 4} cells or more."
            )

    @property
    def n_players(self):
        """Two prey; the predator is part of the world."""
        return N_PREY


class State(NamedTuple):
    """Where everyone stands: cells, numbered clockwise.

    Attributes
    ----------
    predator : array of int ``(*envs,)``
    prey : array of int ``(*envs, 2)``
    """

    predator: np.ndarray
    prey: np.ndarray


class Noise(NamedTuple):
    """The coins that a predator between two equally near prey tosses.

    Attributes
    ----------
    coin : array of bool ``(T, *envs)``
        True sends it clockwise.
    """

    coin: np.ndarray


class Events(NamedTuple):
    """What happened in a step; the rewards are -move_cost tried - caught_cost caught.

    Attributes
    ----------
    tried, moved, caught : arrays of bool ``(*envs, 2)``
        Who tried to move, who did, and next to whom the predator stands afterwards.
    """

    tried: np.ndarray
    moved: np.ndarray
    caught: np.ndarray


def draw(rules, rng, steps, envs=()):
    """Draw the coins of ``steps`` steps in environments of shape ``envs``."""
    return Noise(rng.random((steps, *envs)) < 0.5)


def start(rules, rng, envs=()):
    """Place the predator at cell 0 and the prey side by side, one nearer to it (G.1).

    With ``nearer="balanced"`` the nearer prey is prey 1 and prey 2 by turns along the last axis of
    ``envs``: half of a batch each. Without an axis, or with "random", a coin decides.
    """
    envs = tuple(envs)
    if rules.nearer == "balanced" and envs:
        second = np.broadcast_to(np.arange(envs[-1]) % 2 == 1, envs)
    else:
        second = rng.random(envs) < 0.5
    side = np.where(rng.random(envs) < 0.5, 1, -1) if rules.sides == "both" else np.ones(envs, int)
    places = np.array([rules.gap + 1, rules.gap + 2])
    prey = np.where(second[..., None], places[::-1], places) * side[..., None] % rules.cells
    return State(np.zeros(envs, int), prey)


def step(rules, state, actions, noise):
    """Let the predator and the prey move once.

    The predator takes a step towards the nearest prey, stays if it is next to one, and tosses
    ``noise.coin`` if one is as near on either side. The prey move at once. A prey stays where its
    way is closed: by the predator, by a prey that does not leave, by one that wants the same cell
    or wants to change places (the paper says only that the other has to move out of the way).

    Parameters
    ----------
    rules : Rules
    state : State
    actions : array of int ``(*envs, 2)``
        0 stay, 1 clockwise, 2 counter-clockwise.
    noise : Noise
        Of this step, arrays ``(*envs,)``.

    Returns
    -------
    State
    array ``(*envs, 2)``
        Rewards.
    Events
    """
    predator, prey = state
    if rules.first == "predator":
        predator = _chase(rules, predator, prey, noise.coin)
    after = _flee(rules, predator, prey, actions)
    if rules.first == "prey":
        predator = _chase(rules, predator, after, noise.coin)
    tried = np.asarray(actions) != STAY
    caught = np.isin((after - predator[..., None]) % rules.cells, (1, rules.cells - 1))
    rewards = -rules.move_cost * tried - rules.caught_cost * caught
    return State(predator, after), rewards, Events(tried, after != prey, caught)


def _chase(rules, predator, prey, coin):
    clockwise = (prey - predator[..., None]) % rules.cells
    ahead, behind = clockwise.min(-1), (rules.cells - clockwise).min(-1)
    way = np.sign(behind - ahead)
    way = np.where(way == 0, np.where(coin, 1, -1), way)
    near = np.minimum(ahead, behind) == 1
    return np.where(near, predator, (predator + way) % rules.cells)


def _flee(rules, predator, prey, actions):
    wanted = (prey + _STEPS[actions]) % rules.cells
    wanted = np.where(wanted == predator[..., None], prey, wanted)
    one, two = wanted[..., 0], wanted[..., 1]
    swap = (one == prey[..., 1]) & (two == prey[..., 0])
    return np.where(((one == two) | swap)[..., None], prey, wanted)


def observe(rules, state, kind="distances"):
    """Return what the prey see, ``(*envs, 2, 2)``, float32: both see the same two numbers.

    Number k is, for prey k, its way to the predator counter-clockwise minus its way clockwise, in
    cells (section 3.3). If the predator moves first, it has not yet moved.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: the ring is seen as {', '.join(KINDS)}.")
    away = (state.prey - state.predator[..., None]) % rules.cells
    seen = (2 * away - rules.cells).astype(np.float32)
    return np.broadcast_to(seen[..., None, :], (*seen.shape[:-1], N_PREY, N_PREY))


def features(rules, kind="distances"):
    """Return how many numbers a prey sees."""
    return N_PREY


class Ring(World):
    """The ring as a :class:`World`; ``Ring(envs, **rules)`` takes the fields of :class:`Rules`."""

    mechanics = Mechanics(
        Rules, draw, start, step, observe, features, ACTION_NAMES, KINDS, scene, tell
    )


class Table(NamedTuple):
    """The world as a list of S states, the places of the prey as seen from the predator.

    Attributes
    ----------
    places : array of int (S, 2)
        Cells clockwise from the predator to each prey.
    number : array of int (cells, cells)
        Number of the state with these places; -1 where there is none.
    then : array of int (2, S, 3, 3)
        Next state, by coin (0 counter-clockwise, 1 clockwise), state and both actions.
    rewards : array (2, S, 3, 3, 2)
        Rewards of that step.
    seen : array (S, 2)
        What both prey observe.
    """

    places: np.ndarray
    number: np.ndarray
    then: np.ndarray
    rewards: np.ndarray
    seen: np.ndarray


def table(rules):
    """Write the world down as a table, by one call of ``step`` in every situation at once."""
    n = rules.cells
    places = np.array([(a, b) for a in range(1, n) for b in range(1, n) if a != b])
    number = np.full((n, n), -1)
    number[tuple(places.T)] = np.arange(len(places))
    coin, s, one, two = np.indices((2, len(places), 3, 3))
    state = State(np.zeros_like(s), places[s])
    after, rewards, _ = step(rules, state, np.stack([one, two], -1), Noise(coin == 1))
    away = (after.prey - after.predator[..., None]) % n
    seen = observe(rules, State(np.zeros(len(places), int), places))[:, 0].astype(float)
    return Table(places, number, number[away[..., 0], away[..., 1]], rewards, seen)


def best(rules, weights=(1.0, 1.0)):
    """Return the best expected weighted sum of rewards, by dynamic programming over joint actions.

    Parameters
    ----------
    rules : Rules
    weights : (float, float)
        Of the two prey's rewards; (1, 1) is the total.

    Returns
    -------
    array (steps + 1, S)
        Value with the steps that are left, of each state of ``table(rules)``.
    array of int (steps, S, 2)
        Best joint actions with that number of steps, less one, left.
    """
    world = table(rules)
    reward = world.rewards @ np.asarray(weights, float)
    values, actions = [np.zeros(len(world.places))], []
    for _ in range(rules.steps):
        worth = (reward + values[-1][world.then]).mean(0).reshape(len(world.places), 9)
        # Equal up to rounding counts as equal, so that the first of equals is taken everywhere.
        choice = worth.round(9).argmax(-1)
        values.append(worth.max(-1))
        actions.append(np.stack(np.divmod(choice, 3), -1))
    return np.stack(values), np.stack(actions)
