"""The n-player prisoner's dilemma with convex losses."""

import numpy as np

from d3c_minimal.game import Game, Reference
from d3c_minimal.mixing import Contraction


def prisoners_dilemma(n, c=1.0):
    """Build the n-player prisoner's dilemma (section 3.2, appendix E.2).

    Player i owns n - 1 numbers, x_ij for its opponents j; x_ij = 0 is to defect against j.
    Player i wants its own numbers at 0, its opponents' dealings with each other at 0, and
    what they do to itself, x_ji, at c:

        f_i = sum over all coordinates m of (x_m - c 1[m is aimed at i])^2

    Every coordinate is aimed at one player, so f_i = ``|x|^2`` + (n - 1) c^2 - 2 c sum_{j} x_ji.
    The only Nash equilibrium is 0, with loss (n - 1) c^2 each. The total is least at x = c / n,
    with loss (n - 1)^2 c^2 / n each, so the price of anarchy is n / (n - 1) for every c. (The
    paper's n / (c (n - 1)) comes from the total n (n - 1) c where (n - 1) n c^2 is meant.)

    Parameters
    ----------
    n : int
        Number of players, at least 2; x has n (n - 1) coordinates. Player i's are
        x[i (n - 1)] to x[(i + 1)(n - 1) - 1], aimed at players i - 1, i - 2, ... modulo n.
    c : float
        Above 0.

    Raises
    ------
    ValueError
        If n < 2 or c <= 0.
    """
    if int(n) != n or n < 2:
        raise ValueError(f"n is {n}: a dilemma needs at least two players.")
    if not (np.isfinite(c) and c > 0):
        raise ValueError(f"c is {c}: choose it above 0.")
    owner = np.repeat(np.arange(n), n - 1)
    target = np.concatenate([(i - np.arange(1, n)) % n for i in range(n)])
    diagonal = np.arange(n)
    aimed = (target == diagonal[:, None]).astype(float)

    def losses(x):
        return (x**2).sum(-1)[..., None] + (n - 1) * c**2 - 2.0 * c * (x @ aimed.T)

    def jacobian(x):
        return 2.0 * x[..., None, :] - 2.0 * c * aimed

    def mixed_jacobian(x, A):
        columns = np.swapaxes(A, -1, -2)
        return 2.0 * (columns.sum(-1)[..., None] * x[..., None, :] - c * columns[..., target])

    def contraction(x, A):
        # With X[l, t] = x_lt (0 on the diagonal), s_i = sum_k A_ki and m aimed from l at t:
        #   grad of f^A_i in m = 2 (s_i x_m - c A_ti),   grad of f_i in m = 2 (x_m - c 1[t = i]).
        s, own_share = np.einsum("...ki->...i", A), A[..., diagonal, diagonal]
        own = s[..., owner] * x - c * A[..., target, owner]
        own *= 2.0
        rate = (2.0 * c) * (own @ aimed.T) - 2.0 * np.einsum("...m,...m->...", x, own)[..., None]
        X = np.zeros((*x.shape[:-1], n, n))
        X[..., owner, target] = x
        sent = np.einsum("...lt,...lt->...l", X, X)
        B = (-4.0 * c) * A
        B[..., diagonal, diagonal] -= (4.0 * c) * s
        cross = np.swapaxes(B, -1, -2) @ np.swapaxes(X, -1, -2)
        cross += np.einsum("...i,...l->...il", 4.0 * s, sent)
        cross += (4.0 * c**2) * own_share[..., None]
        cross[..., diagonal, diagonal] -= (4.0 * c**2) * own_share
        return Contraction(own, rate, cross)

    return Game(
        losses,
        owner,
        name=f"{n}-player prisoner's dilemma",
        jacobian=jacobian,
        mixed_jacobian=mixed_jacobian,
        contraction=contraction,
        parameters={"n": n, "c": c},
        reference=Reference(
            nash=np.zeros(n * (n - 1)),
            nash_losses=np.full(n, (n - 1) * c**2),
            optimum=np.full(n * (n - 1), c / n),
            optimal_losses=np.full(n, (n - 1) ** 2 * c**2 / n),
            note="unique equilibrium: the descent field has Jacobian 2 I (appendix E.2)",
        ),
    )
