"""Finite games: every player picks one of finitely many actions.

A finite game is a *loss tensor* of shape ``(m_1, ..., m_n, n)``: ``tensor[a_1, ..., a_n, i]`` is
the loss of player ``i``, to be made small, when player ``k`` takes action ``a_k``;
:func:`from_payoffs <d3c_minimal.tensors.from_payoffs>` and
:func:`tabulate <d3c_minimal.tensors.tabulate>` make one. Everything here is exact: joint actions
are enumerated, and the coarse correlated equilibria are a polytope. :func:`mixed_extension` makes
a Game of it, for everything that takes one.
"""

import itertools
from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np
from autograd.tracer import isbox

from d3c_minimal.game import Game, Reference
from d3c_minimal.mixed import mixed_equilibria as mixed_equilibria
from d3c_minimal.spaces import Simplices
from d3c_minimal.tensors import from_payoffs as from_payoffs
from d3c_minimal.tensors import loss_tensor
from d3c_minimal.tensors import normal_form as normal_form
from d3c_minimal.tensors import tabulate as tabulate

CHUNK = 2**22  # numbers held while runs are contracted with the tensor: 32 MB


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
    bound : float
        No coarse correlated equilibrium has a larger total: proved by the dual of the linear
        program, whatever the solver's rounding. Where losses differ by many orders of magnitude
        it can lie far above ``losses.sum()``.
    """

    distribution: np.ndarray
    losses: np.ndarray
    gain: float
    bound: float


def pure_equilibria(finite_game, tol=0.0):
    """Return all pure Nash equilibria of a finite game, by enumeration.

    Parameters
    ----------
    finite_game : array (m_1, ..., m_n, n) or Game
        A loss tensor, or a game that :func:`d3c_minimal.equilibria.normal_form` accepts.
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
    equilibrium is one, so ``bound`` bounds their totals from above.

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

    Notes
    -----
    With ``G p <= 0`` the constraints on a distribution p, and any multipliers y >= 0, the total
    ``T p`` is at most ``(T - y G) p``, so at most the largest entry of ``T - y G``. The solver's
    multipliers give ``bound``; wrong ones would make it loose, not false.
    """
    from scipy.optimize import linprog

    tensor = loss_tensor(finite_game)
    shape, n = tensor.shape[:-1], tensor.shape[-1]
    gains = np.concatenate([_gains(tensor[..., i], i).reshape(shape[i], -1) for i in range(n)])
    total = tensor.sum(-1).ravel()
    # The solver's tolerances are absolute, and a constraint keeps its meaning at any scale.
    scale = abs(total).max() or 1.0
    scales = abs(gains).max(1, keepdims=True)
    scales[scales == 0] = 1.0
    found = linprog(
        -total / scale,
        A_ub=gains / scales,
        b_ub=np.zeros(len(gains)),
        A_eq=np.ones((1, total.size)),
        b_eq=[1.0],
        method="highs",
    )
    if found.x is None:
        raise RuntimeError(f"linprog found no coarse correlated equilibrium: {found.message}")
    p = np.maximum(found.x, 0.0)
    p /= p.sum()
    y = np.maximum(-found.ineqlin.marginals, 0.0) * scale / scales[:, 0]
    bound = float((total - y @ gains).max())
    expected = p @ tensor.reshape(-1, n)
    return CoarseCorrelated(p.reshape(shape), expected, float((gains @ p).max()), bound)


def mixed_extension(finite_game, name=""):
    """Return the game in mixed strategies: expected losses under independent choices.

    Player ``i``'s strategy is the block ``x_i`` of ``m_i`` chances, and

        f_k(x) = sum over a of x_1[a_1] ... x_n[a_n] tensor[a_1, ..., a_n, k],

    linear in each block. The Jacobian is exact, the losses are written for autograd, so the game
    serves :func:`d3c_minimal.dynamics.d3c`, :func:`d3c_minimal.equilibria.find_equilibria` and,
    after :func:`d3c_minimal.game.in_logits`, the shaping rules.

    Parameters
    ----------
    finite_game : array (m_1, ..., m_n, n) or Game
        A loss tensor, or a game that :func:`d3c_minimal.equilibria.normal_form` accepts.
    name : str
        Shown in errors and figures.

    Returns
    -------
    Game
        On ``Simplices``, block ``i`` player ``i``'s. Its reference holds the least total, which
        is at a vertex, and the pure equilibrium with the largest total, where there is a pure
        one; a mixed one may be worse.

    Raises
    ------
    ValueError
        If the tensor is malformed.

    Examples
    --------
    >>> game = mixed_extension([[[1.0, 2.0], [3.0, 0.0]]])
    >>> game.loss([1.0, 0.5, 0.5])
    array([2., 1.])
    """
    tensor = loss_tensor(finite_game).copy()
    shape, n = tensor.shape[:-1], tensor.shape[-1]
    bounds = np.cumsum([0, *shape])
    lasts = [np.moveaxis(tensor, i, -2) for i in range(n)]  # player i's actions before the losses
    blocks = [slice(*pair) for pair in itertools.pairwise(bounds)]
    width = tensor.size // min(shape)

    def losses(x):
        return _contract(tensor, [x[..., block] for block in blocks])

    def jacobian(x):
        columns = []
        for i, last in enumerate(lasts):
            others = [x[..., block] for k, block in enumerate(blocks) if k != i]
            columns.append(np.swapaxes(_contract(last, others), -1, -2))
        return np.concatenate(columns, -1)

    return Game(
        _in_chunks(losses, width),
        np.repeat(np.arange(n), shape),
        Simplices(shape),
        name=name or "mixed extension",
        jacobian=_in_chunks(jacobian, width),
        parameters={"tensor": tensor},
        reference=_reference(tensor),
    )


def _contract(tensor, blocks):
    """Average the first axes of the tensor with the chances of the blocks (..., m), one by one."""
    runs, kept = blocks[0].shape[:-1], tensor.shape
    rest = tensor
    for block in blocks:
        rest = anp.reshape(rest, (*rest.shape[: rest.ndim - len(kept)], kept[0], -1))
        kept = kept[1:]
        rest = anp.matmul(block[..., None, :], rest)
        rest = anp.reshape(rest, (*runs, *kept))
    return rest


def _in_chunks(function, width):
    """Let a function of runs (..., d) hold at most about CHUNK numbers, ``width`` for each run."""

    def chunked(x):
        runs, most = x.shape[:-1], max(CHUNK // width, 1)
        count = int(np.prod(runs))
        if isbox(x) or count <= most:
            return function(x)
        flat = x.reshape(count, x.shape[-1])
        parts = [function(flat[k : k + most]) for k in range(0, count, most)]
        return np.concatenate(parts).reshape(*runs, *parts[0].shape[1:])

    return chunked


def _reference(tensor):
    """Return the optimum and the worst pure equilibrium as vertices of the simplices."""

    def vertex(actions):
        return np.concatenate([np.eye(m)[a] for m, a in zip(tensor.shape, actions, strict=False)])

    best = best_actions(tensor)
    known = {"optimum": vertex(best.actions), "optimal_losses": best.losses}
    pure = pure_equilibria(tensor)
    if pure:
        worst = max(pure, key=lambda point: point.losses.sum())
        known |= {"nash": vertex(worst.actions), "nash_losses": worst.losses}
    return Reference(**known, note="pure equilibrium with the largest total, if there is one")


def _margin(losses, player):
    """What a player would lose by its best other action, at each joint action."""
    mine = np.moveaxis(losses, player, 0)
    others = [np.delete(mine, a, axis=0).min(0, initial=np.inf) for a in range(len(mine))]
    return np.moveaxis(np.stack(others) - mine, 0, player)


def _gains(losses, player):
    """What a player gains at each joint action by action ``b`` instead: (m_player, m_1 ... m_n)."""
    mine = np.moveaxis(losses, player, 0)
    return np.moveaxis(mine[None] - mine[:, None], 1, player + 1)
