"""Game 1 of the paper: the Nash equilibrium can be the worst outcome of all."""

import numpy as np

from d3c_minimal.game import Game, Reference
from d3c_minimal.spaces import Box


def nash_paradox(kappa):
    """Build Game 1 (appendix B.1): two players, each with one number in [0, 1].

        f_1 = x_1^2 + 1 / (x_2^2 + kappa),    f_2 = x_2^2 + 1 / (x_1^2 + kappa)

    Each player's own term pulls to 0, whatever the other does, so (0, 0) is the only Nash
    equilibrium, with loss 1/kappa each. The total is least at x_1 = x_2 = sqrt(1 - kappa), with
    loss 2 - kappa each. The price of anarchy is 1 / (kappa (2 - kappa)).

    Parameters
    ----------
    kappa : float or array
        In (0, 1]: at 0 the losses at the equilibrium are infinite, above 1 the formula of the
        optimum no longer holds. An array broadcasts over the runs, one game for each run.

    Raises
    ------
    ValueError
        If kappa is outside (0, 1].
    """
    kappa = np.asarray(kappa, float)
    if not ((kappa > 0) & (kappa <= 1)).all():
        raise ValueError(f"kappa is {kappa}: choose it in (0, 1].")
    k = kappa[..., None]

    def losses(x):
        return x**2 + 1.0 / (x[..., ::-1] ** 2 + k)

    def jacobian(x):
        across = -2.0 * x / (x**2 + k) ** 2
        J = np.zeros((*across.shape, 2))
        J[..., [0, 1], [0, 1]] = 2.0 * x
        J[..., [1, 0], [0, 1]] = across
        return J

    return Game(
        losses,
        [0, 1],
        Box(0.0, 1.0),
        name="Nash paradox",
        jacobian=jacobian,
        parameters={"kappa": kappa},
        runs=kappa.shape,
        reference=Reference(
            nash=np.zeros((*kappa.shape, 2)),
            nash_losses=np.repeat(1.0 / k, 2, -1),
            optimum=np.repeat(np.sqrt(1.0 - k), 2, -1),
            optimal_losses=np.repeat(2.0 - k, 2, -1),
            note="unique equilibrium for kappa in (0, 1] (appendix B.1)",
        ),
    )
