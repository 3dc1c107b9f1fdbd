"""The paper's bounds on the local price of anarchy, from first derivatives alone."""

import numpy as np

from d3c_minimal import mixing
from d3c_minimal.local_price import checked_step
from d3c_minimal.smooth_program import check_mu_bar


def utilitarian_bound(game, x, A, dt, mu_bar=np.inf):
    """Return each agent's term of the bound (7), (72) on the local price of the total: (..., n)::

        rho_i = 1 + dt ReLU(d/dt log f^A_i + |grad_{x_i} f^A_i|^2 / (mu_bar f^A_i))

    Rates are along dx/dt = -F. The bound on the price is the largest over the last axis, and it
    holds up to a term of order dt^2: the rate of the total, relative to the total, is an average
    of the agents' relative rates, weighted by their losses.

    Parameters
    ----------
    game, x, A, dt
        As in :func:`d3c_minimal.local_price.segment_game`.
    mu_bar : float
        Above 0; it bounds 1 - mu. The least bound is the default, without the gradient term.

    Raises
    ------
    ValueError
        As :func:`d3c_minimal.local_price.segment_game`, if a mixed loss is not positive, or
        ``mu_bar`` is not above 0.

    Examples
    --------
    >>> from d3c_minimal.games import nash_paradox
    >>> utilitarian_bound(nash_paradox(0.1), np.array([0.6, 0.6]), np.eye(2), 0.1).round(4)
    array([1.2117, 1.2117])
    """
    f, rate, squares = _rates(game, x, A, dt, mu_bar)
    if not (f > 0).all():
        raise ValueError(
            f"a mixed loss is {f.min():.6g}: the bound needs every one above 0. Add an offset to "
            "the losses, and say which: it changes the bound."
        )
    return 1.0 + dt * np.maximum(rate + squares / mu_bar, 0.0) / f


def egalitarian_bound(game, x, A, dt, mu_bar=np.inf, tie=1e-9):
    """Return the bound (8), (101) on the local price of the largest loss, shape (...)::

        1 + dt ReLU(d/dt log max_i f^A_i + sum_i |grad_{x_i} f^A_i|^2 / (mu_bar max_i f^A_i))

    Where several losses are largest, their maximum has no derivative; along the step it grows like
    the fastest of them, so its rate is the largest over all agents within ``tie`` of the maximum.
    The rate of whichever agent ``argmax`` returns can be too small, at first order in dt.

    Parameters
    ----------
    game, x, A, dt, mu_bar
        As in :func:`utilitarian_bound`.
    tie : float
        Losses closer to the largest than this share of it count as largest too.

    Raises
    ------
    ValueError
        As :func:`d3c_minimal.local_price.segment_game`, if the largest mixed loss is not
        positive, ``mu_bar`` is not above 0, or ``tie`` is no share.
    """
    if not 0 <= tie < 1:
        raise ValueError(f"tie is {tie}: it is a share of the largest loss, 0 or above, below 1.")
    f, rate, squares = _rates(game, x, A, dt, mu_bar)
    largest = f.max(-1)
    if not (largest > 0).all():
        raise ValueError(
            f"the largest mixed loss is {largest.min():.6g}: the bound needs it above 0. Add an "
            "offset to the losses, and say which: it changes the bound."
        )
    tied = f >= (1 - tie) * largest[..., None]
    fastest = np.where(tied, rate, -np.inf).max(-1)
    return 1.0 + dt * np.maximum(fastest + squares.sum(-1) / mu_bar, 0.0) / largest


def _rates(game, x, A, dt, mu_bar):
    """Return mixed losses, their rates and each agent's squared own gradient, all (..., n)."""
    check_mu_bar(mu_bar)
    x, A, F = checked_step(game, x, A, dt)
    rate = mixing.mixed_rate(A, mixing.contract_game(game, x, A))
    mine = (game.owner[:, None] == np.arange(game.n_players)).astype(float)
    return mixing.mixed_loss(A, game.loss(x)), rate, F**2 @ mine
