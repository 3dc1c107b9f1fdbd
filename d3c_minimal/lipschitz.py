"""Lipschitz constants of the agents' own gradients, estimated where no formula gives them.

Agent ``i`` moves by the gradient of its mixed loss in its own coordinates. The constant beta_i of
eq (26) says how fast that gradient can change with the joint strategy::

    |grad_{x_i} f_i^A(x) - grad_{x_i} f_i^A(y)| <= beta_i |x - y|

Near one point the least such constant is the largest singular value of ``M_i``, the derivative of
that gradient in all of x: the rows of player ``i`` in the Hessian of f_i^A.
"""

import warnings

import numpy as np

from d3c_minimal import mixing


def lipschitz_constants(game, x, rng, A=None, iterations=50):
    """Estimate beta_i of eq (26) near each point: how fast each agent's own gradient can change.

    Power iteration on ``M_i M_i^T`` with products of Hessians and vectors, twice through autograd's
    reverse mode: all players and runs at once, and no Hessian is formed. What it has after any
    number of iterations is at most the true local value, and short of it where the two largest
    singular values are close. The greatest value over many x is in turn a *lower* estimate of the
    constant that holds everywhere.

    Parameters
    ----------
    game : Game
        Its ``losses`` must be traceable by autograd, also where it brings a Jacobian. Distances
        are those of R^d, whatever the game's space: on simplices, directions that leave them
        count too.
    x : array (..., d)
        Where.
    rng : numpy.random.Generator
        Draws the start of the iteration.
    A : array (..., n, n), optional
        Mixture, one or one for each run; the identity (everyone selfish) by default.
    iterations : int
        At least 1. Where a player owns one coordinate, 1 is exact.

    Returns
    -------
    array (..., n)
        In loss per squared unit of x.

    Raises
    ------
    ValueError
        If ``x`` is not finite, ``A`` is no mixture or does not fit, or ``iterations`` is below 1.
    TypeError
        If autograd cannot differentiate the losses, or ``x`` holds no floats.

    Examples
    --------
    >>> from d3c_minimal.games import prisoners_dilemma
    >>> rng = np.random.default_rng(0)
    >>> lipschitz_constants(prisoners_dilemma(3), np.zeros(6), rng).round(9)
    array([2., 2., 2.])
    """
    x, n = game.checked(x), game.n_players
    if not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinity: give points where the losses are defined.")
    if not (np.isfinite(iterations) and int(iterations) == iterations and iterations >= 1):
        raise ValueError(f"iterations is {iterations}: give a whole number, 1 or above.")
    A = mixing.for_each_run(np.eye(n) if A is None else mixing.check(A, n), x)
    product = _hessian_product(game, x, np.moveaxis(A, -1, 0))
    mine = game.owner == np.arange(n).reshape(n, *[1] * x.ndim)
    u = rng.normal(size=(n, *x.shape)) * mine
    for _ in range(int(iterations)):
        size = np.linalg.norm(u, axis=-1, keepdims=True)
        u = u / np.where(size == 0, 1.0, size)  # a player without curvature keeps u = 0
        row = product(u)
        u = product(row) * mine
    return np.moveaxis(np.linalg.norm(row, axis=-1), 0, -1)


def _hessian_product(game, x, shares):
    """Return ``v -> H_i v`` for all players at once, arrays (n, ..., d), H_i that of f_i^A.

    ``shares[i, ..., k]`` is A[k, i]. Each player gets a copy of x of its own, so that one
    derivative of the sum of all mixed losses holds all players' gradients apart.
    """
    import autograd.numpy as anp
    from autograd import grad
    from autograd.core import make_vjp

    game.loss(x)  # what is wrong with the losses as such is reported as such
    copies = np.array(np.broadcast_to(x, (game.n_players, *x.shape)))
    gradients = grad(lambda z: anp.sum(shares * game.losses(z)))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Output seems independent")
        try:
            gradients(copies)
        except (UserWarning, TypeError, ValueError, AttributeError) as error:
            raise TypeError(
                f"{game.name}: autograd cannot follow the losses. Write them with autograd's "
                "numpy (import autograd.numpy as np), without float() and without writing into "
                "arrays; a Jacobian in closed form is not enough, second derivatives are needed."
            ) from error
        # Here independence is no mistake: losses that are linear in x have a constant gradient.
        warnings.filterwarnings("ignore", message="Output seems independent")
        product, _ = make_vjp(gradients, copies)
    return product
