"""Opponent shaping: learners that look at how the others learn, in any differentiable game.

Each rule turns a point into a direction ``g`` ``(..., d)``, and :func:`shape` runs
``x <- x - eta_x g``; plain gradient descent is ``g = xi``. All of them are written for losses, to
be made small, and built from

======== ================ ==================================================================
symbol   shape            meaning
======== ================ ==================================================================
``xi``   ``(..., d)``     in each coordinate, the gradient of its owner's own loss
``J``    ``(..., n, d)``  all gradients: ``J[k]`` is the gradient of f_k
``H``    ``(..., d, d)``  Jacobian of xi: ``H[m, l]`` = d^2 f_owner(m) / dx_m dx_l
``H_o``  ``(..., d, d)``  ``H`` where m and l have different owners, 0 elsewhere
======== ================ ==================================================================

The rules think of x as free. In a Box the step is clipped afterwards, and an opponent's move is
foreseen as if it were not. On simplices they are not defined: write the losses in logits.
"""

import warnings
from numbers import Real
from typing import NamedTuple

import numpy as np

from d3c_minimal import dynamics
from d3c_minimal.mixing import own_gradient
from d3c_minimal.spaces import Box, Euclidean


class Derivatives(NamedTuple):
    """First and second derivatives of a game at a point, as in the module's table."""

    xi: np.ndarray
    J: np.ndarray
    H: np.ndarray


def derivatives(game, x):
    """Return (xi, J, H) at ``x`` ``(..., d)``; H by autograd, for all runs in one backward pass.

    Raises
    ------
    ValueError
        If the game is not on R^d or a box, or ``x`` has another number of coordinates.
    TypeError
        If autograd cannot differentiate ``game.losses`` twice.
    """
    if not isinstance(game.space, (Euclidean, Box)):
        raise ValueError(
            f"{game.name} is played on {type(game.space).__name__}: shaping rules need free "
            "coordinates. Pass game.in_logits(game) (from d3c_minimal.game import in_logits), and "
            "np.log of the starts."
        )
    x = game.checked(x)
    J = game.jacobian(x)
    return Derivatives(own_gradient(J, game.owner), J, _hessian(game, x))


def across(game, H):
    """Return H_o: ``H`` with the blocks of one and the same player set to 0."""
    return np.where(game.owner[:, None] == game.owner, 0.0, H)


def lookahead(game, x, alpha):
    """Step as if the others had already taken theirs: g = xi - alpha H_o xi.

    To first order the gradient of ``f_i(x_i, x_-i - alpha xi_-i)`` in x_i with the others'
    steps held fixed (Zhang and Lesser 2010).

    Parameters
    ----------
    game : Game
        On R^d or a box, its losses written with autograd's numpy.
    x : array (..., d)
    alpha : float
        Length of the step that the others are expected to take, 0 or above.

    Raises
    ------
    ValueError, TypeError
        As in :func:`derivatives`, or if ``alpha`` is not such a number.
    """
    _checked(alpha=alpha)
    return _foresight(game, x, alpha)[0]


def lola(game, x, alpha):
    """Also count how one's move bends the others' steps: g = xi - alpha H_o xi - alpha chi.

    chi = diag(H_o^T grad f), for player i the sum over j of (d^2 f_j / dx_j dx_i)^T grad_{x_j} f_i
    (Foerster et al. 2018, in the form of Letcher et al. 2019, with the look-ahead term).
    Parameters and errors as in :func:`lookahead`.
    """
    return sum(_foresight(game, x, _checked(alpha=alpha))[:2])


def sos(game, x, alpha, a=0.5, b=0.1):
    """Shape as far as it does not turn round: g = xi - alpha H_o xi - p alpha chi.

    With g_0 = xi - alpha H_o xi, p is the smaller of two (Letcher et al. 2019, Algorithm 1):
    p_1 = 1 where ``<-alpha chi, g_0> > 0``, else ``min(1, -a |g_0|^2 / <-alpha chi, g_0>)``, which
    keeps ``<g, g_0> >= (1 - a) |g_0|^2``; and ``p_2 = |xi|^2`` where ``|xi| < b``, else 1, which
    lets the shaping fade at rest points. Each run has its own p.

    Parameters
    ----------
    game, x, alpha
        As in :func:`lookahead`.
    a, b : float
        Between 0 and 1.

    Raises
    ------
    ValueError, TypeError
        As in :func:`lookahead`, or if ``a`` or ``b`` is outside (0, 1).
    """
    _checked(alpha=alpha, a=a, b=b)
    if not (0 < a < 1 and 0 < b < 1):
        raise ValueError(f"a is {a} and b is {b}: choose both between 0 and 1.")
    g_0, shaping, xi = _foresight(game, x, alpha)
    along = (shaping * g_0).sum(-1)
    against = along < 0
    p_1 = np.minimum(1.0, -a * (g_0**2).sum(-1) / np.where(against, along, -1.0))
    p_1 = np.where(against, p_1, 1.0)
    size = (xi**2).sum(-1)
    p = np.minimum(p_1, np.where(size < b**2, size, 1.0))
    return g_0 + p[..., None] * shaping


def consensus(game, x, gamma):
    """Descend also the size of the joint gradient: g = xi + gamma H^T xi.

    H^T xi is the gradient of ``|xi|^2 / 2`` (Mescheder et al. 2017).

    Parameters
    ----------
    game, x
        As in :func:`lookahead`.
    gamma : float
        Weight, 0 or above.

    Raises
    ------
    ValueError, TypeError
        As in :func:`lookahead`.
    """
    _checked(gamma=gamma)
    xi, _, H = derivatives(game, x)
    return xi + gamma * _apply(np.swapaxes(H, -1, -2), xi)


def symplectic(game, x, strength=1.0, epsilon=0.1):
    """Turn towards the centre of a rotation: g = xi + lambda Q^T xi, with Q = (H - H^T) / 2.

    Symplectic gradient adjustment (Balduzzi et al. 2018), where Q is called A. The size of
    lambda is ``strength``; its sign, of each run, is that of

        <xi, H^T xi> <Q^T xi, H^T xi> / d + epsilon,

    so that the adjustment pulls towards stable rest points and away from unstable ones.

    Parameters
    ----------
    game, x
        As in :func:`lookahead`.
    strength : float
        Size of lambda, 0 or above.
    epsilon : float or None
        Bias towards a positive sign; with None lambda is ``strength`` everywhere.

    Raises
    ------
    ValueError, TypeError
        As in :func:`lookahead`.
    """
    _checked(strength=strength)
    xi, _, H = derivatives(game, x)
    transposed = np.swapaxes(H, -1, -2)
    turn = _apply(transposed - H, xi) / 2
    if epsilon is None:
        return xi + strength * turn
    _checked(epsilon=epsilon)
    climb = _apply(transposed, xi)
    aligned = (xi * climb).sum(-1) * (turn * climb).sum(-1) / game.dim + epsilon
    return xi + strength * np.where(aligned < 0, -1.0, 1.0)[..., None] * turn


def competitive(game, x, eta):
    """Play the equilibrium of a local bilinear game: g solves (I + eta H_o) g = xi.

    Competitive gradient descent (Schaefer and Anandkumar 2019). With more than two players this
    is its polymatrix form (Ma et al. 2021): each player's loss is expanded in its own move and in
    the products of its move with that of each other player.

    Parameters
    ----------
    game, x
        As in :func:`lookahead`.
    eta : float
        0 or above; in the papers it is the step size ``eta_x`` itself.

    Raises
    ------
    ValueError, TypeError
        As in :func:`lookahead`, or if I + eta H_o is singular.
    """
    _checked(eta=eta)
    xi, _, H = derivatives(game, x)
    try:
        g = np.linalg.solve(np.eye(game.dim) + eta * across(game, H), xi[..., None])
    except np.linalg.LinAlgError:
        raise ValueError(
            f"{game.name}: I + eta H_o is singular at eta {eta}, the local game has no single "
            "equilibrium: take a smaller eta."
        ) from None
    return g[..., 0]


def shape(game, rule, x0, eta_x, steps, every=1, summary=None, progress=None):
    """Run ``x <- x - eta_x rule(game, x)``, everyone at once.

    Parameters
    ----------
    game : Game
    rule : callable
        ``(game, x) -> g`` ``(..., d)``: a rule of this module with its numbers put in, such as
        ``lambda game, x: shaping.lola(game, x, 0.1)``.
    x0, eta_x, steps, every, summary, progress
        As in :func:`d3c_minimal.dynamics.gradient_descent`.

    Returns
    -------
    Trajectory
        Its mixture is the identity: everyone keeps their own loss.

    Raises
    ------
    ValueError
        If an argument is off, or the rule returns another shape than that of ``x``.
    Diverged
        If losses stop being finite.

    Examples
    --------
    >>> import numpy as np
    >>> from d3c_minimal.game import Game
    >>> game = Game(lambda x: x[..., :1] * x[..., 1:] * np.array([1.0, -1.0]), [0, 1])
    >>> rule = lambda game, x: lookahead(game, x, 1.0)
    >>> shape(game, rule, [1.0, 0.0], eta_x=0.5, steps=2).x
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 0.5]])
    """
    x = dynamics.checked_start(game, x0, eta_x=eta_x)
    n = game.n_players

    def step(x, A):
        g = rule(game, x)
        if np.shape(g) != x.shape:
            raise ValueError(
                f"the rule returns shape {np.shape(g)} for x of shape {x.shape}: give one number "
                "for each coordinate of x."
            )
        return game.space.step(x, g, eta_x), A

    A = np.broadcast_to(np.eye(n), (*x.shape[:-1], n, n))
    return dynamics.record(game, step, x, A, steps, every, summary, progress)


def _foresight(game, x, alpha):
    """Return xi - alpha H_o xi, -alpha chi and xi."""
    xi, J, H = derivatives(game, x)
    H_o = across(game, H)
    chi = np.einsum("...lm,...ml->...m", H_o, J[..., game.owner, :])
    return xi - alpha * _apply(H_o, xi), -alpha * chi, xi


def _hessian(game, x):
    """Differentiate xi: one copy of ``x`` for each row of H, so that one pass makes all rows."""
    from autograd.core import make_vjp

    lead = (game.dim, *[1] * (x.ndim - 1))
    copies = np.broadcast_to(x, (game.dim, *x.shape)).copy()
    seed = np.eye(game.n_players)[game.owner].reshape(*lead, game.n_players)
    seed = np.broadcast_to(seed, (*copies.shape[:-1], game.n_players))
    pick = np.broadcast_to(np.eye(game.dim).reshape(*lead, game.dim), copies.shape)

    def gradients(z):
        return make_vjp(game.loss, z)[0](seed)  # copy m: the gradient of f_owner(m)

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Output seems independent")
            make_vjp(game.loss, x)
            warnings.filterwarnings("ignore", message="Output seems independent")
            rows = make_vjp(gradients, copies)[0](pick)
    except (UserWarning, TypeError, NotImplementedError) as error:
        raise TypeError(
            f"{game.name}: autograd cannot differentiate the losses twice ({error}). Write them "
            "with autograd's numpy: import autograd.numpy as np."
        ) from error
    return np.moveaxis(rows, 0, -2)


def _apply(matrix, v):
    return (matrix @ v[..., None])[..., 0]


def _checked(**numbers):
    """Return the last of the numbers, or raise for the first that is not finite or is below 0."""
    for name, value in numbers.items():
        if not isinstance(value, Real) or not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value!r}: give a finite number, 0 or above.")
    return value
