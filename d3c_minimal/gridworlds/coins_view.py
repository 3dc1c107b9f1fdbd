"""What there is to see in Coins: for its agents as numbers, for people as marks and words."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from d3c_minimal.gridworlds import moves
from d3c_minimal.gridworlds.scene import NAMES, Mark, Scene


KINDS = ("egocentric", "compact")


def features(rules, kind):
    """Return how many numbers an agent sees."""
    rows, columns = rules.size
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r}: choose {' or '.join(map(repr, KINDS))}.")
    if kind == "compact":
        return 3 * len(moves.ACTIONS)
    planes = 2 * rules.n_players - 1
    return planes * (2 * rows - 1) * (2 * columns - 1) + rows + columns


def observe(rules, state, kind="egocentric"):
    """Return what each agent sees, float32 ``(*envs, n, features)``.

    Parameters
    ----------
    rules : coins.Rules
    state : coins.State
    kind : {"egocentric", "compact"}
        "egocentric" is the whole board as ones and zeros, shifted so that the agent is in the
        middle of a window of ``(2 rows - 1) x (2 columns - 1)`` cells: a plane for its own coins,
        one for the coins of each following agent, one for the place of each following agent
        (counted cyclically), then its own row and its own column as one-hot vectors, which say
        where the walls are. Nothing is lost and nothing worked out.

        "compact" is a shortcut that solves half of the task beforehand: for each of the five
        actions, were no one in the way, the sum of ``nearness ** distance`` over the agent's own
        coins after it, the same over all other coins, and the same over the other agents.
    """
    n, length = rules.n_players, features(rules, kind)
    seen = _compact if kind == "compact" else _egocentric
    flat = seen(rules, state.position.reshape(-1, n), state.coins.reshape(-1, rules.cells))
    return flat.reshape(*state.position.shape, length)


def _egocentric(rules, position, coins):
    n, cells, (rows, columns) = rules.n_players, rules.cells, rules.size
    tables, worlds = _tables(rules), len(position)
    window = (2 * rows - 1) * (2 * columns - 1)
    length = features(rules, "egocentric")
    flat = np.zeros(worlds * n * length, np.float32)
    base = firsts(worlds * n, length).reshape(worlds, n)
    # A cell's number in the window is its number in a wide grid, less the agent's there.
    centre = tables.wide.take(position)
    corner = base + (window // 2) - centre

    found = np.flatnonzero(coins != 0)
    world, cell = np.divmod(found, cells)
    lies = tables.plane.take(coins.take(found), 0) + tables.wide.take(cell)[:, None]
    flat[corner.take(world, 0) + lies] = 1
    for ahead in range(1, n):  # planes of the following agents, all worlds at once
        other = centre.take(np.arange(ahead, n + ahead) % n, 1)
        flat[corner + other + (n - 1 + ahead) * window] = 1
    flat[base[..., None] + tables.place.take(position, 0)] = 1
    return flat


def _compact(rules, position, coins):
    n, cells = rules.n_players, rules.cells
    tables, worlds = _tables(rules), len(position)
    planes = np.empty((n, worlds, cells), np.float32)
    for owner in range(n):
        np.equal(coins, owner + 1, out=planes[owner])
    fields = planes.reshape(-1, cells) @ tables.near  # nearness to the coins of each agent
    total = sum(fields.reshape(n, -1))
    after = tables.after.take(position, 0)  # (worlds, n, 5): cells that the actions lead to
    after += firsts(worlds, cells)[:, None]

    out = np.empty((worlds, n, 3, len(moves.ACTIONS)), np.float32)
    own = fields.reshape(-1).take(after + np.arange(n)[:, None] * (worlds * cells))
    out[:, :, 0] = own
    np.subtract(total.take(after), own, out=out[:, :, 1])
    out[:, :, 2] = sum(
        tables.company.take(position * cells + position.take(np.arange(k, n + k) % n, 1), 0)
        for k in range(1, n)
    )
    return out


def scene(rules, state):
    """Return one world as a :class:`~d3c_minimal.gridworlds.scene.Scene`: agents A, B, coins a, b.

    Raises
    ------
    ValueError
        If ``state`` holds several worlds.
    """
    if np.ndim(state.coins) != 1:
        raise ValueError("a scene is of one world: pick it by select(state, index).")
    columns = rules.size[1]
    marks, words = [], []
    for k in range(rules.n_players):
        cells = np.flatnonzero(state.coins == k + 1)
        marks += [_mark(cell, columns, "ring", k) for cell in cells]
        where = ", ".join(_place(cell, columns) for cell in cells)
        coins = "coin" if len(cells) == 1 else "coins"
        words.append(f"{coins} of {NAMES[k]} at {where}" if where else f"no coin of {NAMES[k]}")
    agents = [f"{NAMES[k]} at {_place(cell, columns)}" for k, cell in enumerate(state.position)]
    marks += [_mark(cell, columns, "square", k) for k, cell in enumerate(state.position)]
    return Scene(*rules.size, tuple(marks), "; ".join([*agents, *words]))


def _mark(cell, columns, shape, who):
    letter = NAMES[who] if shape == "square" else NAMES[who].lower()
    return Mark(*divmod(int(cell), columns), shape, who, letter)


def _place(cell, columns):
    row, column = divmod(int(cell), columns)
    return f"row {row + 1} column {column + 1}"


def tell(rules, events):
    """Say in words what happened in a step of one world: who took whose coin, who was held up."""
    said = []
    for name, coin, blocked in zip(NAMES, events.taken, events.blocked, strict=False):
        if coin:
            whose = "its own coin" if NAMES[coin - 1] == name else f"a coin of {NAMES[coin - 1]}"
            said.append(f"{name} takes {whose}")
        if blocked:
            said.append(f"{name} is held up")
    return " and ".join(said) or "no coin is taken"


class _Tables(NamedTuple):
    wide: np.ndarray
    plane: np.ndarray
    place: np.ndarray
    near: np.ndarray
    after: np.ndarray
    company: np.ndarray


@lru_cache(maxsize=32)
def _tables(rules):
    """Return what observations need to know of every cell, once for all steps."""
    n, (rows, columns) = rules.n_players, rules.size
    row, column = np.divmod(np.arange(rules.cells), columns)
    window, leads_to = (2 * rows - 1) * (2 * columns - 1), moves.neighbours(rows, columns)
    near = (rules.nearness ** moves.distances(rows, columns)).astype(np.float32)
    tables = _Tables(
        wide=row * (2 * columns - 1) + column,
        plane=(np.arange(-1, n)[:, None] - np.arange(n)) % n * window,
        place=(2 * n - 1) * window + np.stack([row, rows + column], -1),
        near=near,
        after=leads_to.T.copy(),
        company=near[leads_to].transpose(1, 2, 0).reshape(-1, len(leads_to)),
    )
    for table in tables:
        table.flags.writeable = False
    return tables


@lru_cache(maxsize=32)
def firsts(count, size):
    """Return where each of ``count`` blocks of ``size`` numbers begins, (count, 1), read-only."""
    rows = (np.arange(count) * size)[:, None]
    rows.flags.writeable = False
    return rows
