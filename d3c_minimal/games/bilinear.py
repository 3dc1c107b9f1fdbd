"""Two-player matrix games in mixed strategies."""

import autograd.numpy as np

from d3c_minimal.game import Game, Reference
from d3c_minimal.spaces import Simplices


def bilinear(B1, B2):
    """Build the two-player matrix game with losses x_1^T B1 x_2 and x_1^T B2 x_2 (appendix F.7).

    Parameters
    ----------
    B1, B2 : array (m1, m2)
        Losses of the first and the second player; rows are the first player's actions.

    Notes
    -----
    The total is bilinear, so its minimum is at a pair of pure actions, the least entry of
    B1 + B2; that pair is the reference's optimum. Its equilibrium is the pure one with the
    largest total, where there is a pure one; a mixed one may be worse.

    Raises
    ------
    ValueError
        If the matrices differ in shape or hold NaN.
    """
    B1, B2 = np.asarray(B1, float), np.asarray(B2, float)
    if B1.ndim != 2 or B1.shape != B2.shape or not np.isfinite(B1 + B2).all():
        raise ValueError(
            f"B1 has shape {B1.shape}, B2 {B2.shape}: give two finite matrices of one shape, "
            "rows for the first player's actions."
        )
    m1, m2 = B1.shape

    def losses(x):
        p, q = x[..., :m1], x[..., m1:]
        return np.stack([((p @ B) * q).sum(-1) for B in (B1, B2)], -1)

    def jacobian(x):
        p, q = x[..., :m1], x[..., m1:]
        return np.stack([np.concatenate([q @ B.T, p @ B], -1) for B in (B1, B2)], -2)

    return Game(
        losses,
        [0] * m1 + [1] * m2,
        Simplices([m1, m2]),
        name="bilinear game",
        jacobian=jacobian,
        parameters={"B1": B1, "B2": B2},
        reference=_reference(B1, B2),
    )


def _reference(B1, B2):
    def vertex(i, j):
        return np.concatenate([np.eye(B1.shape[0])[i], np.eye(B1.shape[1])[j]])

    total = B1 + B2
    i, j = np.unravel_index(total.argmin(), total.shape)
    stable = (B1 <= B1.min(0, keepdims=True)) & (B2 <= B2.min(1, keepdims=True))
    known = {"optimum": vertex(i, j), "optimal_losses": np.array([B1[i, j], B2[i, j]])}
    if stable.any():
        i, j = np.unravel_index(np.where(stable, total, -np.inf).argmax(), total.shape)
        known |= {"nash": vertex(i, j), "nash_losses": np.array([B1[i, j], B2[i, j]])}
    return Reference(**known, note="pure equilibrium with the largest total, if there is one")
