"""The zero-sum election: two parties of two candidates each, a dilemma inside each party."""

import autograd.numpy as np

from d3c_minimal.game import Game, Reference


def election():
    """Build the zero-sum election (appendix F.5): four candidates, one real number each.

    The paper describes the game in words only. These losses are our reading, chosen for the matrix
    and the eigenvalues that it prints (claim E7); with mate(1) = 2, mate(3) = 4 and back,

        f_i = x_i^2 + (x_mate(i) - 1)^2 - s_i (x_1 x_3 + x_2 x_4) / 4

    with s = +1 in the first party and -1 in the second: a prisoner's dilemma within each party,
    a zero-sum term between the parties.

    The only Nash equilibrium is 0, with losses (1, 1, 1, 1). The total, in which the zero-sum
    term cancels, is least at x_i = 1/2, with losses 1/2 - s_i/8.
    """
    sign = np.array([1.0, 1.0, -1.0, -1.0])

    def losses(x):
        contest = (x[..., 0] * x[..., 2] + x[..., 1] * x[..., 3]) / 4.0
        return x**2 + (x[..., [1, 0, 3, 2]] - 1.0) ** 2 - contest[..., None] * sign

    def jacobian(x):
        J = -0.25 * sign[:, None] * x[..., None, [2, 3, 0, 1]]
        i, mate = np.arange(4), np.array([1, 0, 3, 2])
        J[..., i, i] += 2.0 * x
        J[..., mate, i] += 2.0 * (x - 1.0)
        return J

    return Game(
        losses,
        [0, 1, 2, 3],
        name="zero-sum election",
        jacobian=jacobian,
        reference=Reference(
            nash=np.zeros(4),
            nash_losses=np.ones(4),
            optimum=np.full(4, 0.5),
            optimal_losses=0.5 - sign / 8.0,
            note="unique equilibrium: the descent field is strongly monotone",
        ),
    )
