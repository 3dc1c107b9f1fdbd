"""The mixture A: who answers for whose loss, and how D3C moves it.

Row ``A[i]`` lies on the simplex and belongs to agent ``i``: it says how agent ``i`` hands its loss
out over all agents. Agent ``i`` descends ``f^A_i = sum_k A[k, i] f_k``, a *column* of A. Because
rows sum to 1, ``sum_i f^A_i = sum_i f_i``: nothing is created or burnt.

Symbols: ``J[k]`` gradient of f_k in x; ``own`` the joint gradient by which the agents move,
coordinate ``m`` of it being the gradient of f^A_owner(m); rates are time derivatives under
dx/dt = -own, every agent moving at once.
"""

from typing import NamedTuple

import numpy as np

RATES = ("tangent", "flow", "raw")
_TINY, _HUGE = np.finfo(float).tiny, np.finfo(float).max


class Contraction(NamedTuple):
    """A game's gradients contracted with a mixture A: all that one step of D3C needs.

    Attributes
    ----------
    own : array (..., d)
        The gradient by which each coordinate's owner moves it: of f^A_owner.
    rate : array (..., n)
        d f_k/dt of the original losses while everyone descends their mixed loss.
    cross : array (..., n, n)
        ``cross[i, l]`` = <grad_{x_l} f^A_i, grad_{x_l} f_i>, over the coordinates of player l.
    """

    own: np.ndarray
    rate: np.ndarray
    cross: np.ndarray


def selfish(n, self_weight=0.99):
    """Return the almost selfish start (section 3): A_ii = self_weight, the rest shared equally.

    Examples
    --------
    >>> selfish(3, 0.9)
    array([[0.9 , 0.05, 0.05],
           [0.05, 0.9 , 0.05],
           [0.05, 0.05, 0.9 ]])
    """
    _check_players(n)
    if not 0 <= self_weight <= 1:
        raise ValueError(f"self_weight is {self_weight}: it is a share, between 0 and 1.")
    A = np.full((n, n), (1 - self_weight) / (n - 1))
    np.fill_diagonal(A, self_weight)
    return A


def cooperative(n):
    """Return the uniform mixture A_ij = 1/n: everyone descends the mean loss."""
    _check_players(n)
    return np.full((n, n), 1 / n)


def mixed_loss(A, f):
    """Return f^A = A^T f (section 2.1), shape of ``f`` (..., n); the sum of losses is kept.

    Raises
    ------
    ValueError
        If a row of ``A`` is off the simplex, or ``f`` has another number of losses.
    """
    f = np.asarray(f, float)
    return _columns(check(A, f.shape[-1] if f.ndim else 0), f)


def _columns(A, v):
    """Apply A^T to vectors (..., n)."""
    return (np.swapaxes(A, -1, -2) @ v[..., None])[..., 0]


def check(A, n=None):
    """Return ``A`` as floats with rows that sum to 1.

    Raises
    ------
    ValueError
        If ``A`` is not n x n, or a row is off the simplex by more than 1e-6.
    """
    A = np.asarray(A, float)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2] or (n is not None and A.shape[-1] != n):
        size = "n x n" if n is None else f"{n} x {n}"
        raise ValueError(f"A has shape {A.shape}: a mixture is {size}, one row for each agent.")
    _check_players(A.shape[-1])
    sums = A.sum(-1, keepdims=True)
    if not ((A >= 0).all() and (abs(sums - 1) <= 1e-6).all()):
        raise ValueError(
            "a row of A is off the simplex: entries must be non-negative and each row must sum to "
            "1 (A / A.sum(-1, keepdims=True)); mixing.selfish(n) gives a valid start."
        )
    return A / sums


def for_each_run(A, x):
    """View one mixture, or one for each run, as (..., n, n) with the leading axes of ``x``.

    Raises
    ------
    ValueError
        If the leading axes do not fit.
    """
    try:
        return np.broadcast_to(A, (*x.shape[:-1], *A.shape[-2:]))
    except ValueError:
        raise ValueError(
            f"A has shape {A.shape} and x has {x.shape}: give one mixture, or one for each run."
        ) from None


def own_gradient(mixed, owner):
    """Pick from ``A^T J`` (..., n, d) the gradient by which each owner moves: (..., d)."""
    return mixed[..., owner, np.arange(len(owner))]


def contract(A, J, owner, MJ=None, mixed=None):
    """Contract a Jacobian with a mixture, in O(n^2 d) and without a tensor of order four.

    Parameters
    ----------
    A : array (..., n, n)
        Mixture.
    J : array (..., n, d)
        Jacobian of the losses.
    owner : array of int (d,)
        Player who moves each coordinate.
    MJ : array (..., n, d), optional
        ``J`` after the space's symmetric map M (tangent projection or flow), when the strategies
        move by dx/dt = -M own. Default: ``J``.
    mixed : array (..., n, d), optional
        ``A^T J`` where it is known already.

    Returns
    -------
    Contraction
    """
    owner, MJ = np.asarray(owner), J if MJ is None else MJ
    mixed = np.swapaxes(A, -1, -2) @ J if mixed is None else mixed
    own = own_gradient(mixed, owner)
    rate = -(MJ @ own[..., None])[..., 0]
    mine = (owner[:, None] == np.arange(A.shape[-1])).astype(float)
    return Contraction(own, rate, (mixed * MJ) @ mine)


def contract_game(game, x, A, rates="tangent"):
    """Contract a game's gradients at (x, A), in closed form where the game has one.

    ``rates`` says by which gradients time derivatives are formed: "tangent" (the part along the
    space), "flow" (the true flow of the space's step) or "raw" (no projection at all).
    """
    if rates not in RATES:
        raise ValueError(f"rates={rates!r}: choose 'tangent', 'flow' or 'raw'.")
    if game.contraction is not None:
        return game.contraction(x, A)
    J = game.jacobian(x)
    mixed = game.mixed_jacobian(x, A, J)
    if rates == "tangent":
        MJ = game.space.tangent(x[..., None, :], J)
    elif rates == "flow":
        own = own_gradient(mixed, game.owner)
        MJ = game.space.metric(x[..., None, :], own[..., None, :], J)
    else:
        MJ = J
    return contract(A, J, game.owner, MJ, mixed)


def joint_gradient(game, x, A):
    """Return the gradient (..., d) by which everyone moves x: of f^A_owner in each coordinate."""
    if game.contraction is not None:
        return game.contraction(x, A).own
    return own_gradient(game.mixed_jacobian(x, A), game.owner)


def mixed_rate(A, parts):
    """Return d f^A_i/dt (..., n) from a Contraction."""
    return _columns(A, parts.rate)


def shift_gradient(A, parts, epsilon, nu=0.0):
    """Return D3C's gradient of row i in eq 11 plus the penalty nu KL(e_i || A_i): (..., n, n).

    The penalty's gradient -nu / A_ii grows without bound as A_ii goes to 0: one explicit step of
    it alone takes a share below 1/2 past 1/2 where eta_A nu > A_ii ln((1 - A_ii) / A_ii).
    """
    suffers = mixed_rate(A, parts) + epsilon > 0
    gradient = parts.cross * np.where(suffers, -1.0, 0.0)[..., None]
    diagonal = np.arange(A.shape[-1])
    gradient[..., diagonal, diagonal] += parts.rate * suffers
    if nu:
        gradient[..., diagonal, diagonal] -= nu / np.maximum(A[..., diagonal, diagonal], _TINY)
    return gradient


def loss_rate(A, J, owner, MJ=None):
    """Return d f^A_i/dt (..., n) while every agent descends its own mixed loss.

    By the chain rule d f_k/dt = -<grad f_k, own>, and the mixed losses' rates are A^T of these.
    Parameters and errors as in :func:`d3c_gradient`.
    """
    A, J, owner = _checked_gradients(A, J, owner)
    return mixed_rate(A, contract(A, J, owner, MJ))


def d3c_gradient(A, J, owner, epsilon, MJ=None):
    """Return the gradient of eq 11, ReLU(d f^A_i/dt + epsilon) in row A_i: (..., n, n).

    Agent i's row, where the gate is open, is

        g_i[l] = -<grad_{x_l} f^A_i, grad_{x_l} f_i> + 1[l = i] d f_i/dt,

    with the rate of its *original* loss, and 0 where the gate is shut (d f^A_i/dt + epsilon <= 0).

    ``J`` is taken as it is. On simplices that is not what D3C does by default: pass
    ``MJ=game.space.tangent(x[..., None, :], J)``, or call :func:`contract_game`.

    Parameters
    ----------
    A, J, owner, MJ
        As in :func:`contract`.
    epsilon : float
        In units of loss per time.

    Raises
    ------
    ValueError
        If a row of ``A`` is off the simplex, or shapes and owners do not fit.
    """
    A, J, owner = _checked_gradients(A, J, owner)
    return shift_gradient(A, contract(A, J, owner, MJ), epsilon)


def _checked_gradients(A, J, owner):
    A, J, owner = check(A), np.asarray(J, float), np.asarray(owner)
    n = A.shape[-1]
    if J.ndim < 2 or J.shape[-2] != n or owner.shape != J.shape[-1:]:
        raise ValueError(
            f"J has shape {J.shape}, owner {owner.shape}: with {n} agents J is (..., {n}, d) and "
            "owner names the player of each of the d coordinates."
        )
    if not np.isin(owner, np.arange(n)).all():
        raise ValueError(f"owner names a player that is not there: number them 0 to {n - 1}.")
    return A, J, owner


def kl_penalty(A):
    """Return the sum over agents of KL(e_i || A_i) = -ln A_ii (eq 9), shape (...)."""
    return -np.log(np.diagonal(A, axis1=-2, axis2=-1)).sum(-1)


def mirror_step(A, gradient, eta_A, clip=None):
    """Take one step of entropic mirror descent on the rows of ``A``.

    ``A_i <- softmax(ln A_i - eta_A gradient_i)``. Without ``clip``, entries that are exactly 0 stay
    0 (so a one-hot row never moves), and entries that are not stay above 0, however large the
    gradient.

    Parameters
    ----------
    A : array (..., n, n)
        Mixture, rows on the simplex.
    gradient : array (..., n, n)
        Finite.
    eta_A : float
        Step size.
    clip : (low, high), optional
        Finite bounds on the logits before the softmax, as in Algorithm 1; they lift zeros too.

    Returns
    -------
    array (..., n, n)

    Raises
    ------
    ValueError
        If a row of ``A`` is off the simplex, the gradient is not finite or has another shape, or
        ``clip`` is no range.

    Examples
    --------
    >>> mirror_step(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[np.log(4), 0], [0, 0]]), 1.0)
    array([[0.2, 0.8],
           [0.5, 0.5]])
    """
    A, gradient = check(A), np.asarray(gradient, float)
    if not np.isfinite(gradient).all() or gradient.shape[-2:] != A.shape[-2:]:
        raise ValueError(
            f"the gradient of shape {gradient.shape} must be finite and have the shape of A, "
            f"{A.shape}: was a loss infinite or NaN?"
        )
    if clip is not None and not (np.isfinite(clip).all() and clip[0] < clip[1]):
        raise ValueError(f"clip={clip}: give finite logit bounds (low, high) with low < high.")
    return unchecked_mirror_step(A, gradient, eta_A, clip)


def unchecked_mirror_step(A, gradient, eta_A, clip=None):
    """Do :func:`mirror_step` on arrays that are known to be right, for the inner loop."""
    with np.errstate(over="ignore"):
        if clip is None:
            weights = np.exp(_bounded_push(A, gradient, eta_A))
            weights *= A
        else:
            logits = np.clip(np.log(np.maximum(A, _TINY)) - eta_A * gradient, *clip)
            weights = np.exp(logits - logits.max(-1, keepdims=True))
    weights /= np.einsum("...l->...", weights)[..., None]
    return weights if weights.all() else np.where(A > 0, np.maximum(weights, _TINY), weights)


def _bounded_push(A, gradient, eta_A):
    """Return -eta_A gradient, less each row's largest entry where exp could over- or underflow."""
    push = -eta_A * gradient
    if max(push.max(), -push.min()) < 300.0:
        return push
    lowest = np.where(A > 0, gradient, np.inf).min(-1, keepdims=True)
    return -eta_A * np.clip(gradient - lowest, 0.0, _HUGE)


def _check_players(n):
    if not (np.isfinite(n) and int(n) == n and n >= 2):
        raise ValueError(f"n is {n}: a mixture needs at least two agents.")
