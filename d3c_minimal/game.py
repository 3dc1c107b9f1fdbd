"""Game: losses of n players over a joint strategy, and their gradients."""

import warnings
from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np
from autograd.core import make_vjp as _make_vjp
from autograd.tracer import getval, isbox

from d3c_minimal.spaces import Euclidean, Simplices, Space

_ONE_PASS = 20_000  # numbers; with more, a pass a loss is as fast and takes less memory


@dataclass(frozen=True)
class Reference:
    """What is known of a game in closed form; None where nothing is.

    Attributes
    ----------
    nash : array (..., d) or None
        A Nash equilibrium; ``note`` says which, where there are several.
    nash_losses : array (..., n) or None
        Losses there, derived on paper and not by the game's code.
    optimum : array (..., d) or None
        A minimiser of the total loss.
    optimal_losses : array (..., n) or None
        Losses there.
    note : str
        Conditions, uniqueness, source.
    """

    nash: np.ndarray | None = None
    nash_losses: np.ndarray | None = None
    optimum: np.ndarray | None = None
    optimal_losses: np.ndarray | None = None
    note: str = ""


class Game:
    """A function from joint strategies to losses, with the owner of each coordinate.

    Parameters
    ----------
    losses : callable
        Maps ``x`` of shape ``(..., d)`` to losses ``(..., n)``. Written with ``autograd.numpy``
        it needs no ``jacobian``. With ``batched=False`` it maps one run, ``(d,)`` to ``(n,)``.
        Losses are made small: a payoff or reward is given as minus itself, and nothing can tell
        if it is not.
    owner : array of int (d,)
        The player, 0 to n - 1, who moves each coordinate. Every player owns at least one.
    space : Space
        Where ``x`` lives and how it moves.
    name : str
        Shown in errors and figures.
    jacobian : callable, optional
        ``x -> J`` of shape ``(..., n, d)``; the default differentiates ``losses`` by autograd.
    mixed_jacobian : callable, optional
        ``(x, A) -> A^T J`` of shape ``(..., n, d)``, for games that can mix their gradients more
        cheaply than by a product. A game that gives only this one needs no ``jacobian``.
    batched : bool
        Whether ``losses`` accepts leading run axes. If not, all runs are tried at once with the
        coordinates in front, so that ``x[0]`` is the first coordinate of every run; where that
        gives what up to 4 runs give alone, it is kept. Otherwise (a branch on a value, a sum over
        all of ``x``) runs are looped over in Python, some thousand times slower for a thousand.
    contraction : callable, optional
        ``(x, A) -> Contraction`` in closed form, for games whose Jacobian need not be
        formed at all. Only for spaces whose tangent and flow are the plain gradient.
    reference : Reference, optional
        Equilibrium and optimum known on paper.
    parameters : dict, optional
        The numbers that the game was built from.
    runs : tuple of int
        Shape of parameters that differ from run to run; ``x`` needs these leading axes.

    Raises
    ------
    ValueError
        If ``owner`` does not name at least two players, each of them at least once.
    TypeError
        If ``space`` is not one of the spaces, but bounds or constraints.

    Examples
    --------
    >>> import autograd.numpy as np
    >>> game = Game(lambda x: np.stack([x[..., 0] ** 2, x[..., 1] ** 2 - x[..., 0]], -1), [0, 1])
    >>> game.loss([3.0, 2.0])
    array([9., 1.])
    >>> game.jacobian([3.0, 2.0])
    array([[ 6.,  0.],
           [-1.,  4.]])
    """

    def __init__(
        self,
        losses,
        owner,
        space=None,
        name="",
        jacobian=None,
        mixed_jacobian=None,
        batched=True,
        contraction=None,
        reference=None,
        parameters=None,
        runs=(),
    ):
        self.owner = _checked_owner(owner)
        self.n_players, self.dim = int(self.owner.max()) + 1, len(self.owner)
        self.space = Euclidean() if space is None else _checked_space(space)
        if self.space.dim not in (None, self.dim):
            raise ValueError(
                f"the space has {self.space.dim} coordinates, owner names {self.dim}: "
                "give one owner for each coordinate of x."
            )
        self.name = name or getattr(losses, "__name__", "").replace("<lambda>", "") or "game"
        self.losses = losses if batched else _Lifted(losses)
        self.contraction = contraction
        self.reference = Reference() if reference is None else reference
        self.parameters = {} if parameters is None else dict(parameters)
        self.runs = tuple(runs)
        self._compared = not batched or bool(self.runs)
        self._copies = None  # whether one pass may take n copies of x; None until tried
        self._jacobian, self._mixed_jacobian = jacobian, mixed_jacobian

    def __repr__(self):
        return f"<Game {self.name}: {self.n_players} players, {self.dim} coordinates>"

    def loss(self, x):
        """Return the losses ``(..., n)`` at ``x`` ``(..., d)``.

        Raises
        ------
        TypeError
            If ``x`` is not an array of floats.
        ValueError
            If ``x`` or the returned losses have the wrong shape.
        """
        x = self.checked(x)
        f = self._checked_losses(x, self._evaluate(x))
        if not self._compared and x.ndim > 1 and x.size and not isbox(x):
            self._compare_with_one_run(x, f)
        return f

    def jacobian(self, x):
        """Return ``J`` ``(..., n, d)`` at ``x`` ``(..., d)``: ``J[k]`` is the gradient of f_k."""
        x = self.checked(x)
        if self._jacobian is not None:
            return self._jacobian(x)
        if self._mixed_jacobian is not None:
            return self._mixed_jacobian(x, np.eye(self.n_players))
        if self._copies and self.n_players * x.size <= _ONE_PASS:
            return self._in_one_pass(x)
        vjp, f = self._traced(x)
        n = self.n_players
        rows = np.broadcast_to(np.eye(n).reshape(n, *[1] * (x.ndim - 1), n), (n, *f.shape))
        J = np.stack([vjp(row) for row in rows], axis=-2)
        if self._copies is None:
            self._copies = self._agrees_in_one_pass(x, J)
        return J

    def _in_one_pass(self, x):
        """Differentiate n copies of ``x``, one loss each, at once: as fast as a single loss."""
        n = self.n_players
        vjp, f = self._traced(np.broadcast_to(x, (n, *x.shape)))
        rows = np.eye(n).reshape(n, *[1] * (x.ndim - 1), n)
        return np.moveaxis(vjp(np.broadcast_to(rows, f.shape)), 0, -2)

    def _agrees_in_one_pass(self, x, J):
        """Whether the losses bear one more leading axis: some are written for one run alone."""
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return np.allclose(self._in_one_pass(x), J, rtol=1e-9, atol=0.0, equal_nan=True)
        except Exception:  # whatever a loss says that was not written for arrays
            return False

    def mixed_jacobian(self, x, A, J=None):
        """Return ``A^T J`` ``(..., n, d)``: row ``i`` is the gradient of the mixed loss f^A_i.

        ``J`` is the Jacobian at ``x``, where it is known already.
        """
        if self._mixed_jacobian is not None:
            return self._mixed_jacobian(self.checked(x), A)
        return np.swapaxes(A, -1, -2) @ (self.jacobian(x) if J is None else J)

    def checked(self, x):
        """Return ``x`` as an array ``(..., d)`` of floats, or raise with the remedy."""
        if isbox(x):
            return x
        x = np.asarray(x)
        if x.dtype.kind in "iub":
            raise TypeError(
                f"{self.name}: x holds integers, gradients need floats: write 1.0 instead of 1, "
                "or x.astype(float)."
            )
        if x.dtype.kind != "f":
            raise TypeError(f"{self.name}: x must be an array of floats, not of {x.dtype}.")
        if x.ndim == 0 or x.shape[-1] != self.dim:
            raise ValueError(
                f"{self.name}: x has shape {x.shape}, but its last axis must hold the {self.dim} "
                "strategy coordinates, one for each entry of owner; runs go on the leading axes."
            )
        if not _covers(x.shape[:-1], self.runs):
            raise ValueError(
                f"{self.name}: its parameters differ over runs of shape {self.runs}, so x needs "
                f"such leading axes, (..., {', '.join(map(str, self.runs))}, {self.dim}), not "
                f"{x.shape}."
            )
        return x

    def _evaluate(self, x):
        """Call the losses on a view that they cannot write to."""
        if not isbox(x):
            x = x.view()
            x.flags.writeable = False
        try:
            return self.losses(x)
        except (TypeError, ValueError) as error:
            raise self._explained(error) from error

    def _explained(self, error):
        """Return an error that names the remedy, where the mistake is known by what was said."""
        said = str(error)
        if any(words in said for words in _ASSIGNED):
            return TypeError(
                f"{self.name}: the losses assign to entries of an array, which autograd cannot "
                "follow (and x is the caller's). Build the array instead: np.stack([first, "
                "second], -1), or np.where(condition, one, other), from autograd.numpy."
            )
        if "ArrayBox" in said:
            return TypeError(
                f"{self.name}: autograd cannot see through the losses ({said}). Write them with "
                "autograd's numpy: import autograd.numpy as np."
            )
        return error

    def _traced(self, x):
        """Run the losses under autograd: the function that pulls gradients back, and the losses."""
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Output seems independent")
            try:
                vjp, f = _make_vjp(self.losses, x)
            except UserWarning:
                raise TypeError(
                    f"{self.name}: autograd cannot see how the losses depend on x. Write them with "
                    "autograd's numpy: import autograd.numpy as np."
                ) from None
            except (TypeError, ValueError) as error:
                raise self._explained(error) from error
        return vjp, self._checked_losses(x, f)

    def _compare_with_one_run(self, x, f):
        """Hold the first batch against its first run alone: shapes can be right by accident."""
        first = (0,) * (x.ndim - 1)
        alone = self._checked_losses(x[first], self.losses(x[first]))
        if not np.allclose(f[first], alone, rtol=1e-6, atol=1e-9, equal_nan=True):
            raise ValueError(
                f"{self.name}: a run has other losses in a batch than alone, so runs touch each "
                "other. Index coordinates as x[..., 0], not x[0], and stack the losses on the last "
                "axis; or write them for one run and pass batched=False. (Parameters that differ "
                "over runs are announced by runs=.)"
            )
        self._compared = True

    def _checked_losses(self, x, f):
        expected = (*x.shape[:-1], self.n_players)
        if not hasattr(f, "shape"):
            raise TypeError(
                f"{self.name}: the losses are a {type(f).__name__}, not an array: stack them with "
                "autograd's numpy, np.stack([...], -1)."
            )
        if np.shape(f) != expected:
            raise ValueError(
                f"{self.name}: the losses have shape {np.shape(f)} where {expected} is needed for "
                f"{self.n_players} players. Index coordinates as x[..., 0], not x[0], and stack "
                "the losses on the last axis; or write them for one run and pass batched=False."
            )
        return f


def in_logits(game):
    """Return a game on simplices with each block written as the softmax of free logits.

    Parameters
    ----------
    game : Game
        A game whose space is a product of simplices.

    Returns
    -------
    Game
        The same losses as functions of logits ``z`` ``(..., d)`` in Euclidean space; autograd sees
        through them where it sees through the game's.
    """
    space = game.space
    if not isinstance(space, Simplices):
        raise ValueError("in_logits needs a game on Simplices; this one moves elsewhere.")

    member = np.repeat(np.eye(len(space.sizes)), space.sizes, axis=0)  # coordinate, block
    together = member @ member.T

    def softmax(z):
        shift = space.block_max(getval(z))  # the same for a whole block, so of no consequence
        weights = anp.exp(z - shift)
        return weights / (weights @ together)

    def jacobian(z):
        x = softmax(z)[..., None, :]
        return Simplices.metric(space, x, None, game.jacobian(x[..., 0, :]))

    name = f"{game.name} in logits"
    return Game(
        lambda z: game.loss(softmax(z)),
        game.owner,
        name=name,
        jacobian=jacobian,
        parameters=game.parameters,
        runs=game.runs,
    )


def _checked_owner(owner):
    owner = np.asarray(owner)
    if owner.ndim != 1 or owner.dtype.kind not in "iu":
        raise ValueError("owner must be a list of player numbers, one for each coordinate of x.")
    players = np.unique(owner)
    if len(players) < 2 or not np.array_equal(players, np.arange(len(players))):
        raise ValueError(
            f"owner names the players {players.tolist()}: number them 0 to n - 1, with n at least "
            "2 and a coordinate for each."
        )
    return owner


def _checked_space(space):
    if isinstance(space, Space):
        return space
    if isinstance(space, type) and issubclass(space, Space):
        raise TypeError(
            f"space is the class {space.__name__}, not a space of it: call it, as in Euclidean(), "
            "Box(low, high) or Simplices(sizes)."
        )
    raise TypeError(
        f"space is a {type(space).__name__}, not a space: give Euclidean(), Box(low, high) with "
        "one bound for each coordinate, or Simplices(sizes). Constraints that tie coordinates "
        "together, other than shares that sum to 1, are not supported: put them into the losses "
        "as a smooth penalty."
    )


def _covers(shape, runs):
    """Whether arrays with the leading axes ``runs`` broadcast to ``shape`` without widening it."""
    try:
        return np.broadcast_shapes(shape, runs) == shape
    except ValueError:
        return False


_ASSIGNED = (
    "does not support item assignment",
    "read-only",
    "setting an array element with a sequence",
    "must be a string or a real number, not 'ArrayBox'",
)


class _Lifted:
    """A loss of one run, (d,) -> (n,), for any leading run axes.

    ``whole`` says whether all runs may be passed at once with the coordinates in front; None until
    a batch has shown it.
    """

    def __init__(self, losses):
        self.losses, self.whole = losses, None

    def __call__(self, x):
        if x.ndim == 1:
            return self.losses(x)
        if self.whole is None:
            self.whole = self._agrees(getval(x))
        if self.whole:
            return anp.moveaxis(self.losses(anp.moveaxis(x, -1, 0)), 0, -1)
        return self._one_by_one(x)

    def _one_by_one(self, x):
        return self.losses(x) if x.ndim == 1 else anp.stack([self._one_by_one(run) for run in x])

    def _agrees(self, x):
        """Whether up to 4 runs have the losses in a batch that they have alone; None if unclear."""
        while isbox(x):
            x = getval(x)
        runs = x.reshape(-1, x.shape[-1])
        some = runs[np.unique(np.linspace(0, len(runs) - 1, 4).astype(int))]
        if len(some) < 2 or (some == some[0]).all():
            return None
        alone = [self.losses(run) for run in some]
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                together = np.moveaxis(self.losses(np.moveaxis(some, -1, 0)), 0, -1)
                wide = self.losses(np.moveaxis(np.stack([some, some[::-1]]), -1, 0))
            wide = np.moveaxis(wide, 0, -1)
        except Exception:  # whatever a loss says that was not written for arrays
            return False
        pair = np.stack([alone, alone[::-1]])
        return all(
            np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=0.0, equal_nan=True)
            for a, b in ((together, alone), (wide, pair))
        )
