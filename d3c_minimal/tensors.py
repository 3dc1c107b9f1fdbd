"""Finite games as loss tensors: from tables of rewards, from a function, from a Game.

A finite game is a *loss tensor* of shape ``(m_1, ..., m_n, n)``: ``tensor[a_1, ..., a_n, i]`` is
the loss of player ``i``, to be made small, when player ``k`` takes action ``a_k``.
"""

import itertools
import operator

import numpy as np

from d3c_minimal.game import Game
from d3c_minimal.spaces import Simplices

MAX_ENTRIES = 2 * 10**7  # numbers in the batch of joint vertices: 160 MB
CHECKED = 16  # mixed strategies at which a game must be an expectation to count as finite
MAX_CALLS = 10**6  # of a reader's function, one at a time


def from_payoffs(*payoffs):
    """Return the loss tensor of a game given by its players' rewards: minus these.

    Parameters
    ----------
    *payoffs : array (m_1, ..., m_n)
        One for each of the n >= 2 players: its reward, to be made large, at each joint action.
        Axis ``k`` is the action of player ``k``. Any numbers that ``float`` accepts will do.

    Returns
    -------
    array (m_1, ..., m_n, n)
        Losses, minus the rewards; a new array.

    Raises
    ------
    ValueError
        If there is one array only, the shapes do not fit, or a reward is not finite.

    Notes
    -----
    Games of other libraries come by one line each:

    - Nashpy: ``from_payoffs(*game.payoff_matrices)``
    - pygambit: ``from_payoffs(*game.to_arrays(float))``
    - OpenSpiel, a matrix game: ``from_payoffs(game.row_utilities(), game.col_utilities())``
    - OpenSpiel, any normal form: ``from_payoffs(*game_payoffs_array(game))``, with
      ``from open_spiel.python.egt.utils import game_payoffs_array``

    Examples
    --------
    Two hunters go for the stag (action 0) or for a hare each (action 1):

    >>> stag_hunt = from_payoffs([[2, 0], [1, 1]], [[2, 1], [0, 1]])
    >>> stag_hunt[1, 0]
    array([-1.,  0.])
    """
    n = len(payoffs)
    if n < 2:
        raise ValueError(
            f"from_payoffs was given {n} array{'s' * (n != 1)}: give one for each of the players, "
            "from_payoffs(P1, P2), or from_payoffs(*P) where they are stacked in one array P; if "
            "what one player wins the other loses, from_payoffs(P, -P)."
        )
    tables = [np.asarray(table, float) for table in payoffs]
    shapes = [table.shape for table in tables]
    if len(set(shapes)) > 1 or len(shapes[0]) != n or 0 in shapes[0]:
        raise ValueError(
            f"the rewards have the shapes {', '.join(map(str, shapes))}: for {n} players give {n} "
            f"arrays of one shape with {n} axes, axis k the action of player k."
        )
    return loss_tensor(0.0 - np.stack(tables, -1))


def tabulate(losses, actions):
    """Return the loss tensor of a game given as a function of its players' actions.

    Parameters
    ----------
    losses : callable
        ``losses(a_1, ..., a_n)`` returns the n losses, to be made small, when player ``k`` takes
        action ``a_k``. It is called once for each joint action, and need not be differentiable.
    actions : sequence (n,)
        For each player the number of actions, which are then 0, 1, ..., or the list of them: any
        objects, handed to ``losses`` as they are.

    Returns
    -------
    array (m_1, ..., m_n, n)

    Raises
    ------
    TypeError
        If ``actions`` is no sequence of counts and lists.
    ValueError
        If there are fewer than two players, a player has no action, there are too many joint
        actions, or ``losses`` returns anything but n finite numbers.

    Examples
    --------
    Two friends choose where to go; the second minds more if they miss each other:

    >>> def meet(a, b):
    ...     return [0.0, 0.0] if a == b else [1.0, 2.0]
    >>> tabulate(meet, [["park", "pool"], ["park", "pool"]])[..., 1]
    array([[0., 2.],
           [2., 0.]])
    """
    lists = [_action_list(entry) for entry in _player_entries(actions)]
    n, shape = len(lists), tuple(map(len, lists))
    if n < 2 or 0 in shape:
        raise ValueError(
            f"actions lists {shape} actions: give at least two players, and each at least one "
            "action, for example [3, 3]."
        )
    joint = np.prod(np.array(shape, float))
    if joint > MAX_CALLS:
        raise ValueError(
            f"{joint:.3g} joint actions are too many to call losses at one by one, at most "
            f"{MAX_CALLS:,}: take fewer players or actions, or write the losses as a Game."
        )
    rows = [_losses_at(losses, choice, n) for choice in itertools.product(*lists)]
    return np.array(rows).reshape(*shape, n) + 0.0  # no -0.0


def normal_form(game):
    """Return the loss tensor of a game in mixed strategies, by one call at all joint vertices.

    Parameters
    ----------
    game : Game
        On ``Simplices``, one block for each player, with losses that are expectations over
        independent choices (linear in each player's block). That is your word: it is held against
        the losses at 16 mixed strategies, which can refute it but not prove it.

    Returns
    -------
    array (m_1, ..., m_n, n)
        Losses; axis ``i`` is the action of player ``i``.

    Raises
    ------
    TypeError
        If ``game`` is not a Game on Simplices.
    ValueError
        If a player has several blocks, the losses are no expectations, the tensor would be huge,
        or the parameters carry run axes.

    Examples
    --------
    >>> from d3c_minimal.games import bilinear
    >>> normal_form(bilinear([[1.0, 3.0]], [[2.0, 0.0]]))
    array([[[1., 2.],
            [3., 0.]]])
    """
    if not isinstance(game, Game) or not isinstance(game.space, Simplices):
        raise TypeError(
            "normal_form needs a Game on Simplices, where a vertex is an action; give a finite "
            "game as a loss tensor (m_1, ..., m_n, n), search other games with find_equilibria."
        )
    check_one_run(game)
    sizes, owners = np.array(game.space.sizes), block_owners(game)
    starts = np.cumsum(sizes) - sizes
    if len(owners) != game.n_players:
        raise ValueError(
            f"{game.name}: {len(owners)} blocks for {game.n_players} players: a normal form needs "
            "one block for each player. List a player's joint choices as the actions of one block."
        )
    joint = np.prod(sizes.astype(float))
    if joint * game.dim > MAX_ENTRIES:
        raise ValueError(
            f"{game.name}: {joint:.3g} joint actions of {game.dim} coordinates are too many to "
            "enumerate: take fewer players or actions, or search with find_equilibria and optimum."
        )
    order = np.argsort(owners)  # the block of player 0, of player 1, ...
    shape = tuple(sizes[order])
    actions = np.indices(shape).reshape(len(shape), -1).T
    x = np.zeros((len(actions), game.dim))
    np.put_along_axis(x, starts[order] + actions, 1.0, axis=-1)
    tensor = game.loss(x).reshape(*shape, game.n_players)
    _check_finite(tensor)
    _check_expectation(game, tensor, order)
    return tensor


def loss_tensor(finite_game):
    """Return a finite game as a tensor ``(m_1, ..., m_n, n)``, or raise with the remedy."""
    if isinstance(finite_game, Game):
        return normal_form(finite_game)
    tensor = np.asarray(finite_game, float)
    if tensor.ndim < 3 or tensor.shape[-1] != tensor.ndim - 1 or tensor.size == 0:
        raise ValueError(
            f"the loss tensor has shape {tensor.shape}: for n >= 2 players give (m_1, ..., m_n, "
            "n), one axis of actions for each player and the losses of all on the last axis "
            "(np.stack([B1, B2], -1) for two matrices)."
        )
    _check_finite(tensor)
    return tensor


def block_owners(game):
    """Return the player of each block of a game on Simplices, or raise if a block is shared."""
    sizes = np.array(game.space.sizes)
    first = game.owner[np.cumsum(sizes) - sizes]
    if not np.array_equal(np.repeat(first, sizes), game.owner):
        raise ValueError(
            f"{game.name}: a simplex is shared by several players: give every block one owner."
        )
    return first


def check_one_run(game):
    """Raise ValueError if the game is one of many, with parameters that differ over runs."""
    if game.runs:
        raise ValueError(
            f"{game.name}: its parameters differ over runs of shape {game.runs}: build one game at "
            "a time, with numbers for parameters."
        )


def _player_entries(actions):
    if isinstance(actions, str) or not hasattr(actions, "__iter__"):
        raise TypeError(
            f"actions is {actions!r}: give one entry for each player, the number of its actions "
            "or the list of them, for example [3, 3]."
        )
    return list(actions)


def _action_list(entry):
    """Return a player's actions as a list: 0 to m - 1 for the count m."""
    try:
        return list(range(operator.index(entry)))
    except TypeError:
        pass
    if isinstance(entry, str) or not hasattr(entry, "__iter__"):
        raise TypeError(
            f"actions holds {entry!r}: give each player a whole number of actions or a list of "
            'them, for example [2, ["stay", "go"]].'
        )
    return list(entry)


def _losses_at(losses, choice, n):
    """Call ``losses`` at one joint action and check what comes back."""
    row = np.asarray(losses(*choice), float)
    if row.shape != (n,) or not np.isfinite(row).all():
        raise ValueError(
            f"at the actions {choice} losses returned {row.tolist()}: return {n} finite numbers, "
            "the loss of each player, for example as a list."
        )
    return row


def _check_finite(tensor):
    if not np.isfinite(tensor).all():
        raise ValueError("the loss tensor holds NaN or infinity: every loss must be finite.")


def _expectation(tensor, blocks, order, k):
    for block in order:
        tensor = np.tensordot(blocks[block][k], tensor, axes=1)
    return tensor


def _check_expectation(game, tensor, order):
    """Compare the losses at some mixed strategies with the expectation over the tensor.

    The same ones each time, drawn with no regard to round numbers.
    """
    x = game.space.sample(np.random.default_rng(0), (CHECKED, game.dim))
    blocks = np.split(x, np.cumsum(game.space.sizes)[:-1], axis=-1)
    expected = np.stack([_expectation(tensor, blocks, order, k) for k in range(CHECKED)])
    if not np.allclose(game.loss(x), expected, 1e-9, 1e-9 * abs(tensor).max()):
        raise ValueError(
            f"{game.name}: its losses are not expectations over independent choices, so vertices "
            "do not describe it: search with find_equilibria and optimum."
        )
