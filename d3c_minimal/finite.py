"""Finite games: every player picks one of finitely many actions.

A finite game is a *loss tensor* of shape ``(m_1, ..., m_n, n)``: ``tensor[a_1, ..., a_n, i]`` is
the loss of player ``i``, to be made small, when player ``k`` takes action ``a_k``. Everything here
is exact: joint actions are enumerated, and the coarse correlated equilibria are a polytope.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.game import Game
from d3c_minimal.spaces import Simplices

MAX_ENTRIES = 2 * 10**7  # numbers in the batch of joint vertices: 160 MB


@dataclass(frozen=True)
class PureEquilibrium:
    """A pure Nash equilibrium with its certificate.

    Attributes
    ----------
    actions : tuple of int (n,)
    losses : array (n,)
    margins : array (n,)
        What each player would lose by its best other action; infinite if it has no other.
    gain : float
        The largest gain of a unilateral deviation, ``-margins.min()``: at most 0, and below 0
        where the equilibrium is strict.
    """

    actions: tuple
    losses: np.ndarray
    margins: np.ndarray
    gain: float


@dataclass(frozen=True)
class BestActions:
    """The joint action with the least total loss.

    Attributes
    ----------
    value : float
        The least total.
    actions : tuple of int (n,)
        The first joint action that attains it.
    losses : array (n,)
    margin : float
        Distance of the second best joint action's total: 0 where the minimiser is not unique,
        infinite where there is no other.
    """

    value: float
    actions: tuple
    losses: np.ndarray
    margin: float


@dataclass(frozen=True)
class CoarseCorrelated:
    """A coarse correlated equilibrium with its certificate.

    Attributes
    ----------
    distribution : array (m_1, ..., m_n)
        Probability of each joint action.
    losses : array (n,)
        Expected losses.
    gain : float
        The largest expected gain of a player that commits to one action beforehand: at most 0
        up to the solver's rounding, 1e-7 of the largest loss.
    """

    distribution: np.ndarray
    losses: np.ndarray
    gain: float


def normal_form(game):
    """Return the loss tensor of a game in mixed strategies, by one call at all joint vertices.

    Parameters
    ----------
    game : Game
        On ``Simplices``, one block for each player, with losses that are expectations over
        independent choices (linear in each player's block).

    Returns
    -------
    array (m_1, ..., m_n, n)
        Losses; axis ``i`` is the action of player ``i``.

    Raises
    ------
    TypeError
        If ``game`` is not a Game on Simplices.
    ValueError
        If a player has several blocks, the losses are no expectations, the tensor would be huge,
        or the parameters carry run axes.

    Examples
    --------
    >>> from d3c_minimal.games import bilinear
    >>> normal_form(bilinear([[1.0, 3.0]], [[2.0, 0.0]]))
    array([[[1., 2.],
            [3., 0.]]])
    """
    if not isinstance(game, Game) or not isinstance(game.space, Simplices):
        raise TypeError(
            "normal_form needs a Game on Simplices, where a vertex is an action; give a finite "
            "game as a loss tensor (m_1, ..., m_n, n), search other games with find_equilibria."
        )
    check_one_run(game)
    sizes, owners = np.array(game.space.sizes), block_owners(game)
    starts = np.cumsum(sizes) - sizes
    if len(owners) != game.n_players:
        raise ValueError(
            f"{game.name}: {len(owners)} blocks for {game.n_players} players: a normal form needs "
            "one block for each player. List a player's joint choices as the actions of one block."
        )
    joint = np.prod(sizes.astype(float))
    if joint * game.dim > MAX_ENTRIES:
        raise ValueError(
            f"{game.name}: {joint:.3g} joint actions of {game.dim} coordinates are too many to "
            "enumerate: take fewer players or actions, or search with find_equilibria and optimum."
        )
    order = np.argsort(owners)  # the block of player 0, of player 1, ...
    shape = tuple(sizes[order])
    actions = np.indices(shape).reshape(len(shape), -1).T
    x = np.zeros((len(actions), game.dim))
    np.put_along_axis(x, starts[order] + actions, 1.0, axis=-1)
    tensor = game.loss(x).reshape(*shape, game.n_players)
    _check_finite(tensor)
    _check_expectation(game, tensor, order)
    return tensor


def pure_equilibria(finite_game, tol=0.0):
    """Return all pure Nash equilibria of a finite game, by enumeration.

    Parameters
    ----------
    finite_game : array (m_1, ..., m_n, n) or Game
        A loss tensor, or a game that :func:`normal_form` accepts.
    tol : float
        Largest gain that still counts as none. The default admits exact ties only; where losses
        carry rounding, a little above 0 keeps the equilibria with an indifferent player.

    Returns
    -------
    list of PureEquilibrium
        In the order of their actions; empty where there is none.

    Examples
    --------
    Two drivers meet on a road without sides; both keep left, or both keep right:

    >>> meet = np.array([[0.0, 9.0], [9.0, 0.0]])
    >>> [(e.actions, e.gain) for e in pure_equilibria(np.stack([meet, meet], -1))]
    [((0, 0), -9.0), ((1, 1), -9.0)]
    """
    tensor = loss_tensor(finite_game)
    margins = np.stack(
        [_margin(tensor[..., i], i) for i in range(tensor.shape[-1])], -1
    )  # at each joint action, what each player would lose by its best other action
    stable = np.argwhere((margins >= -tol).all(-1))
    return [
        PureEquilibrium(
            tuple(map(int, a)),
            tensor[tuple(a)].copy(),
            margins[tuple(a)].copy(),
            0.0 - float(margins[tuple(a)].min()),
        )
        for a in stable
    ]


def best_actions(finite_game):
    """Return the joint action with the least total loss, by enumeration: BestActions."""
    tensor = loss_tensor(finite_game)
    total = tensor.sum(-1)
    actions = np.unravel_index(total.argmin(), total.shape)
    others = np.delete(total.ravel(), total.argmin())
    value = total[actions]
    margin = float(others.min() - value) if others.size else np.inf
    return BestActions(float(value), tuple(map(int, actions)), tensor[actions].copy(), margin)


def worst_coarse_correlated(finite_game):
    """Return the coarse correlated equilibrium with the largest total loss, by linear programming.

    A distribution over joint actions is a coarse correlated equilibrium if no player gains in
    expectation by committing to one action before the draw. Every pure, mixed and correlated
    equilibrium is one, so the total here bounds theirs from above.

    Parameters
    ----------
    finite_game : array (m_1, ..., m_n, n) or Game

    Returns
    -------
    CoarseCorrelated

    Raises
    ------
    RuntimeError
        If the solver fails.
    """
    from scipy.optimize import linprog

    tensor = loss_tensor(finite_game)
    shape, n = tensor.shape[:-1], tensor.shape[-1]
    scale = abs(tensor).max() or 1.0  # the solver's tolerances are absolute
    gains = np.concatenate([_gains(tensor[..., i], i).reshape(shape[i], -1) for i in range(n)])
    total = tensor.sum(-1).ravel()
    found = linprog(
        -total / scale,
        A_ub=gains / scale,
        b_ub=np.zeros(len(gains)),
        A_eq=np.ones((1, total.size)),
        b_eq=[1.0],
        method="highs",
    )
    if found.x is None:
        raise RuntimeError(f"linprog found no coarse correlated equilibrium: {found.message}")
    p = np.maximum(found.x, 0.0)
    p /= p.sum()
    return CoarseCorrelated(p.reshape(shape), p @ tensor.reshape(-1, n), float((gains @ p).max()))


def loss_tensor(finite_game):
    """Return a finite game as a tensor ``(m_1, ..., m_n, n)``, or raise with the remedy."""
    if isinstance(finite_game, Game):
        return normal_form(finite_game)
    tensor = np.asarray(finite_game, float)
    if tensor.ndim < 3 or tensor.shape[-1] != tensor.ndim - 1 or tensor.size == 0:
        raise ValueError(
            f"the loss tensor has shape {tensor.shape}: for n >= 2 players give (m_1, ..., m_n, "
            "n), one axis of actions for each player and the losses of all on the last axis "
            "(np.stack([B1, B2], -1) for two matrices)."
        )
    _check_finite(tensor)
    return tensor


def block_owners(game):
    """Return the player of each block of a game on Simplices, or raise if a block is shared."""
    sizes = np.array(game.space.sizes)
    first = game.owner[np.cumsum(sizes) - sizes]
    if not np.array_equal(np.repeat(first, sizes), game.owner):
        raise ValueError(
            f"{game.name}: a simplex is shared by several players: give every block one owner."
        )
    return first


def check_one_run(game):
    """Raise ValueError if the game is one of many, with parameters that differ over runs."""
    if game.runs:
        raise ValueError(
            f"{game.name}: its parameters differ over runs of shape {game.runs}: build one game at "
            "a time, with numbers for parameters."
        )


def _margin(losses, player):
    """What a player would lose by its best other action, at each joint action."""
    mine = np.moveaxis(losses, player, 0)
    others = [np.delete(mine, a, axis=0).min(0, initial=np.inf) for a in range(len(mine))]
    return np.moveaxis(np.stack(others) - mine, 0, player)


def _gains(losses, player):
    """What a player gains at each joint action by action ``b`` instead: (m_player, m_1 ... m_n)."""
    mine = np.moveaxis(losses, player, 0)
    return np.moveaxis(mine[None] - mine[:, None], 1, player + 1)


def _check_finite(tensor):
    if not np.isfinite(tensor).all():
        raise ValueError("the loss tensor holds NaN or infinity: every loss must be finite.")


def _check_expectation(game, tensor, order):
    """Compare the losses at one mixed strategy with the expectation over the tensor."""
    blocks = [np.arange(1.0, size + 1) / (size * (size + 1) / 2) for size in game.space.sizes]
    expected = tensor
    for block in order:
        expected = np.tensordot(blocks[block], expected, axes=1)
    if not np.allclose(game.loss(np.concatenate(blocks)), expected, 1e-9, 1e-9 * abs(tensor).max()):
        raise ValueError(
            f"{game.name}: its losses are not expectations over independent choices, so vertices "
            "do not describe it: search with find_equilibria and optimum."
        )
