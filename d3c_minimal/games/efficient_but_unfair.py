"""Game 2 of the paper: the efficient outcome is unfair without bound."""

import autograd.numpy as np

from d3c_minimal.game import Game, Reference


def efficient_but_unfair():
    """Build Game 2 (appendix F.6): two players, one real number each.

        f_1 = x_1^2,    f_2 = x_2^2 - 1.1 x_1^2

    The only Nash equilibrium is (0, 0), with losses (0, 0). The total x_2^2 - 0.1 x_1^2 has no
    minimum: it falls without bound as x_1 grows, while f_1 rises without bound.
    """

    def losses(x):
        first, second = x[..., 0] ** 2, x[..., 1] ** 2
        return np.stack([first, second - 1.1 * first], -1)

    def jacobian(x):
        zero = np.zeros_like(x[..., 0])
        rows = [[2.0 * x[..., 0], zero], [-2.2 * x[..., 0], 2.0 * x[..., 1]]]
        return np.stack([np.stack(row, -1) for row in rows], -2)

    return Game(
        losses,
        [0, 1],
        name="efficient but unfair",
        jacobian=jacobian,
        reference=Reference(
            nash=np.zeros(2),
            nash_losses=np.zeros(2),
            note="unique equilibrium; the total loss has no lower bound (appendix F.6)",
        ),
    )
