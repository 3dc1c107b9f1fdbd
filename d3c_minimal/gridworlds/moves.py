"""Moves on a grid where a cell holds one agent: agents act in turn, who finds it taken stays."""

import numpy as np

ACTIONS = ("up", "down", "left", "right", "stay")
_STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))


def neighbours(rows, columns):
    """Return the cell that each action leads to, (5, cells) of int; walls hold an agent back.

    Cells are numbered row by row from the top left; actions are those of ``ACTIONS``.
    """
    row, column = np.divmod(np.arange(rows * columns), columns)
    moved = [
        np.clip(row + down, 0, rows - 1) * columns + np.clip(column + right, 0, columns - 1)
        for down, right in _STEPS
    ]
    return np.array(moved)


def distances(rows, columns):
    """Return the number of moves between any two cells, (cells, cells) of int."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    return abs(row[:, None] - row) + abs(column[:, None] - column)


def in_turn(position, target, order):
    """Move agents one after another; whoever finds another agent at the target stays.

    Parameters
    ----------
    position, target : array of int (worlds, n)
        Where the agents are, no two in one cell, and where each wants to be.
    order : array of int (worlds, n)
        ``order[:, k]`` is the agent who moves as number ``k``.

    Returns
    -------
    position : array of int (worlds, n)
        Again no two in one cell. Agents who move first may leave a cell free for later ones.
    blocked : array of bool (worlds, n)
        Who was held back by another agent.
    """
    turns = _two_in_turn if position.shape[-1] == 2 else _many_in_turn
    blocked = turns(position, target, order)
    return np.where(blocked, position, target), blocked


def _two_in_turn(position, target, order):
    """Say who is blocked, for two agents at once: the second's fate hangs on the first's."""
    one = target[:, 0] == position[:, 1]  # agent 0 wants the cell that agent 1 starts from
    two = target[:, 1] == position[:, 0]
    both = target[:, 0] == target[:, 1]
    zero_first = order[:, 0] == 0
    blocked = np.empty(target.shape, bool)
    blocked[:, 0] = np.where(zero_first | two, one, both)
    blocked[:, 1] = np.where(zero_first & ~one, both, two)
    return blocked


def _many_in_turn(position, target, order):
    worlds = np.arange(len(position))
    position, blocked = position.copy(), np.zeros(position.shape, bool)
    for who in order.T:  # the turns of one step, all worlds at once
        wanted, mine = target[worlds, who], position[worlds, who]
        stopped = (position == wanted[:, None]).any(-1) & (wanted != mine)
        blocked[worlds, who] = stopped
        position[worlds, who] = np.where(stopped, mine, wanted)
    return blocked
