"""Random smooth games: positive losses made of waves, with curvature known in closed form."""

import autograd.numpy as np
import numpy

from d3c_minimal.game import Game


def random_waves(rng, n, per_player=2, waves=3, offset=1.0, slope=1.0, count=None):
    """Draw games whose losses are positive, smooth, and neither convex nor concave.

    f_k(x) = offset + sum_m w_km (1 + sin(<a_km, x> + phi_km)): every loss is positive, every
    gradient Lipschitz, and the constants follow from the parameters.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Players, at least 2.
    per_player : int
        Coordinates of each player.
    waves : int
        Waves in each loss.
    offset : float
        Least possible loss, not negative; together with ``w`` it sets the size of the losses.
    slope : float
        Standard deviation of the entries of every ``a``.
    count : int, optional
        Draw so many games at once, as runs of one Game; ``x`` then needs a leading axis of that
        length.

    Returns
    -------
    Game
        On R^d, d = n per_player. Its ``parameters`` are ``a`` (..., n, waves, d), ``w`` and
        ``phi`` (..., n, waves), ``offset``, and ``beta`` (..., n, n): ``beta[k, i]`` bounds the
        Lipschitz constant of grad_{x_i} f_k, so that of agent i's own mixed gradient is at most
        sum_k A[k, i] beta[k, i] (26).

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    if n < 2 or per_player < 1 or waves < 1 or offset < 0:
        raise ValueError(
            f"n={n}, per_player={per_player}, waves={waves}, offset={offset}: needs at least two "
            "players, one coordinate each, one wave, and an offset that is not negative."
        )
    runs = () if count is None else (count,)
    dim = n * per_player
    a = rng.normal(scale=slope, size=(*runs, n, waves, dim))
    w = rng.uniform(0.2, 1.0, (*runs, n, waves))
    phi = rng.uniform(0.0, 2 * numpy.pi, (*runs, n, waves))
    owner = numpy.repeat(numpy.arange(n), per_player)

    def phases(x):
        return (a @ x[..., None, :, None])[..., 0] + phi

    def losses(x):
        return offset + (w * (1.0 + np.sin(phases(x)))).sum(-1)

    def jacobian(x):
        return ((w * np.cos(phases(x)))[..., None, :] @ a)[..., 0, :]

    mine = numpy.stack([numpy.linalg.norm(a[..., owner == i], axis=-1) for i in range(n)], -1)
    whole = numpy.linalg.norm(a, axis=-1)
    beta = ((w * whole)[..., None] * mine).sum(-2)
    return Game(
        losses,
        owner,
        name="random waves",
        jacobian=jacobian,
        parameters={"a": a, "w": w, "phi": phi, "offset": offset, "beta": beta},
        runs=runs,
    )
