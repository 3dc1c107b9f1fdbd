"""Mixed Nash equilibria of finite two-player games: all extreme ones, by enumeration.

Let player 1 mix by ``x``, player 2 by ``y``, with loss matrices ``B1`` and ``B2``. The pairs
``(x, v)`` with ``x B2 >= v``, and ``(B1 y >= u, u)`` likewise, fill two *best-response polyhedra*:
where an inequality is tight, the other player's action is a best response. ``(x, y)`` is a Nash
equilibrium where every action of each player is unused or a best response, and it is *extreme*
where ``x`` and ``y`` are corners of these polyhedra (Mangasarian 1964).
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from d3c_minimal.tensors import loss_tensor

MAX_SYSTEMS = 50_000  # linear systems for each player: 8 x 10 or 9 x 9 actions, 2 x 314, 3 x 64
TIE = 1e-9  # after scaling: losses or chances closer than this are equal, flatter systems singular
SAME = 1e-7  # corners closer than this are one


@dataclass(frozen=True)
class MixedEquilibrium:
    """A Nash equilibrium in mixed strategies, with its certificate.

    Attributes
    ----------
    strategies : tuple of arrays (m_1,), (m_2,)
        Each player's chances. What is not played is exactly 0.
    losses : array (2,)
        Expected losses.
    gain : float
        The largest gain of any deviation, in units of loss: 0 up to what counts as a tie, 1e-9 of
        the range of the losses. A pure deviation attains it, as losses are linear in one's own
        chances.
    """

    strategies: tuple
    losses: np.ndarray
    gain: float

    @property
    def x(self):
        """The joint strategy ``(m_1 + m_2,)``, a point of the game's mixed extension."""
        return np.concatenate(self.strategies)


def mixed_equilibria(finite_game):
    """Return all extreme Nash equilibria of a finite two-player game.

    A game with no ties (nondegenerate) has finitely many equilibria, an odd number, and all are
    extreme, the pure ones among them. In a degenerate game equilibria may fill a continuum; it is
    represented by its extreme points. Within one such piece any mixture of its ``x`` with any
    mixture of its ``y`` is an equilibrium again; whether two extreme points share a piece is not
    said: they do if each one's ``x`` is in equilibrium with the other's ``y``. The largest and the
    least total loss over *all* equilibria are attained at extreme ones, so the first of the list
    gives the price of anarchy exactly.

    Parameters
    ----------
    finite_game : array (m_1, m_2, 2) or Game
        A loss tensor, or a game that :func:`d3c_minimal.equilibria.normal_form` accepts.

    Returns
    -------
    list of MixedEquilibrium
        The largest total loss first. Never empty (Nash 1950).

    Raises
    ------
    ValueError
        If the game is malformed, has more than two players, or too many actions.

    Notes
    -----
    Every corner solves a system that makes k chosen actions of the opponent equally good by k
    chosen own ones; all binomial(m_1 + m_2, m_1) of them are solved, each tested in full. Losses
    that differ by less than 1e-9 of their range count as ties. Strategies closer than 1e-7 are
    taken for one. So where losses spread over more than about eight orders of magnitude, points
    may be missed, and others listed from which a player can gain: ``gain`` shows these. Replace a
    huge penalty by one just large enough to deter.

    Examples
    --------
    Two cars meet at a narrow bridge. Both drive: 10 minutes lost; both wait: 2; else the one who
    waits loses 1:

    >>> bridge = np.array([[10.0, 0.0], [1.0, 2.0]])
    >>> for point in mixed_equilibria(np.stack([bridge, bridge.T], -1)):
    ...     print([p.round(3).tolist() for p in point.strategies], point.losses.round(3))
    [[0.182, 0.818], [0.182, 0.818]] [1.818 1.818]
    [[1.0, 0.0], [0.0, 1.0]] [0. 1.]
    [[0.0, 1.0], [1.0, 0.0]] [1. 0.]
    """
    tensor = loss_tensor(finite_game)
    if tensor.shape[-1] > 2:
        raise ValueError(
            f"all mixed equilibria are enumerated for two players, this game has "
            f"{tensor.shape[-1]}: search with find_equilibria(mixed_extension(tensor), rng)."
        )
    m1, m2 = tensor.shape[:2]
    if math.comb(m1 + m2, m1) > MAX_SYSTEMS:
        raise ValueError(
            f"{m1} x {m2} actions lead to {math.comb(m1 + m2, m1):.3g} linear systems, too many "
            f"to enumerate (at most {MAX_SYSTEMS:,}, as with 9 x 9): take fewer actions, or "
            "search with find_equilibria(mixed_extension(tensor), rng)."
        )
    B1, B2 = tensor[..., 0], tensor[..., 1]
    x, best_2 = _corners(_scaled(B2))
    y, best_1 = _corners(_scaled(B1.T))
    wasted = _meet(x > 0, ~best_1) | _meet(~best_2, y > 0)  # an action in use that is not best
    found = [_certified(tensor, x[i], y[j]) for i, j in np.argwhere(~wasted)]
    scale = abs(tensor).max() or 1.0
    found.sort(key=lambda e: (-round(e.losses.sum() / scale, 9), *np.round(-e.x, 6)))
    return list(_distinct(found))


def _certified(tensor, x, y):
    losses = x @ (y @ tensor)
    best = [(tensor[..., 0] @ y).min(), (x @ tensor[..., 1]).min()]
    return MixedEquilibrium((x.copy(), y.copy()), losses, float((losses - best).max()))


def _scaled(losses):
    """Change an opponent's losses ``(m, r)`` so that best responses stay, and entries fill [0, 1].

    What an own action costs the opponent whatever the opponent does is taken off.
    """
    losses = losses - losses.min(1, keepdims=True)
    return losses / (losses.max() or 1.0)


def _corners(losses):
    """Return the corners of the polyhedron of all ``(x, v)`` with ``x @ losses >= v``.

    Parameters
    ----------
    losses : array (m, r)
        The opponent's, scaled; rows are the own actions.

    Returns
    -------
    x : array (V, m)
    best : array (V, r) of bool
        The opponent's best responses: where the inequality is tight.
    """
    m, r = losses.shape
    x = np.concatenate([_equalisers(losses, k) for k in range(1, min(m, r) + 1)])
    x = x[np.unique(x.round(9), axis=0, return_index=True)[1]]
    values = x @ losses
    return x, values <= values.min(1, keepdims=True) + TIE


def _equalisers(losses, k):
    """Return the corners at which k own actions are used (V, m): k opponent's ones tie as best."""
    m, r = losses.shape
    own, other = (np.array(list(itertools.combinations(range(size), k))) for size in (m, r))
    square = losses[own[:, None, None, :], other[None, :, :, None]].reshape(-1, k, k)
    system = np.zeros((len(square), k + 1, k + 1))  # unknowns: k chances, then v
    system[:, :k, :k], system[:, :k, k], system[:, k, :k] = square, -1.0, 1.0
    singular_values = np.linalg.svd(system, compute_uv=False)
    regular = singular_values[:, -1] > TIE * singular_values[:, 0]
    solved = np.linalg.solve(system[regular], np.eye(k + 1)[:, k:])[..., 0]
    used = (solved[:, :k] > TIE).all(-1)
    chances, value = solved[used, :k], solved[used, k]
    x = np.zeros((len(chances), m))
    np.put_along_axis(x, np.repeat(own, len(other), 0)[regular][used], chances, -1)
    x = x[value <= (x @ losses).min(-1) + TIE]
    return x / x.sum(-1, keepdims=True)


def _meet(one, other):
    """Whether rows of two boolean arrays (V, m) and (W, m) are true at a common place: (V, W)."""
    return one.astype(float) @ other.T.astype(float) > 0


def _distinct(found):
    """Yield the equilibria that are none of those before them: rounding can split a corner."""
    kept = []
    for point in found:
        if not any(abs(point.x - other).max() <= SAME for other in kept):
            kept.append(point.x)
            yield point
