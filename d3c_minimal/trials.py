"""D3C without gradients: shake the row, wait, and move against the shake if things got worse.

Everything here is in *rewards*: a return is a sum of rewards, to be made large, and a loss is minus
a return. Agent i holds row ``A_i`` of the mixture, learns for ``tau`` episodes under the shaken row
``~A_i``, and has only the mean ``G`` of its returns to judge by: ``G_b - G > 0`` says that its
return fell since the trial before, so its loss rose.

Where each line of the paper's listings (section 2.6) is:

=========================================================== ====================================
Algorithm 1, agent i                                        here
=========================================================== ====================================
A_i = A_i^0; G = 0                                          :func:`begin`
~A_i, ~a_i, tau, t_b, G_b = trial(..., A_i, 0, G)           :func:`begin`, :func:`shake`
g = L_i(~A_j for all j)                                     the caller's learner; :func:`measured`
Dt_b = t - t_b                                              ``elapsed`` in :func:`step`
G = (G (Dt_b - 1) + g) / Dt_b                               :func:`running_mean`
if Dt_b == tau                                              ``done`` in :func:`step`
~rho_i = ReLU((G_b - G) / tau + epsilon)                    :func:`suffering`
gradient = ~rho_i ~a_i - nu e_i (/) A_i                     :func:`estimate`
A_i = softmax([log A_i - eta_A gradient]_l^h)               :func:`shift`
~A_i, ~a_i, tau, t_b, G_b = trial(..., A_i, t, G)           end of :func:`step`, :func:`shake`
=========================================================== ====================================

======================================== =======================================================
Algorithm 2, trial                       here
======================================== =======================================================
~a_i uniform on the unit sphere of R^n   ``direction`` in :func:`draw`
~A_i = softmax(log A_i + delta ~a_i)     :func:`shake`
tau uniform on {tau_min, ..., tau_max}   ``tau`` in :func:`draw`: integers, both ends included
output ~A_i, ~a_i, tau, t, G             :class:`State`: ``mixture, direction, tau, elapsed, G_b``
======================================== =======================================================

Algorithm 3 is any learner: it plays an episode, lets agent i learn from ``sum_j ~A_ji r_j``, and
hands back a return. While ``~A`` stands still, mixing and summing commute, so the caller hands over
the returns of the *original* rewards (:func:`discounted_return`); :func:`measured` mixes them.

No agent sees another's row or clock: every function below treats (run, agent) pairs alone. What
agent i hears of the others is its mixed return, one number an episode.
"""

from typing import NamedTuple

import numpy as np

from d3c_minimal import mixing
from d3c_minimal.trial_rule import CONTROLS as CONTROLS
from d3c_minimal.trial_rule import Rule as Rule

_LEAST = 1e-100  # a share below this is taken for it, so that no gradient overflows


class Noise(NamedTuple):
    """Fresh chance for every (run, agent), whether its trial ends or not.

    Attributes
    ----------
    direction : array (runs, n, n)
        ``~a``, unit vectors.
    tau : array of int (runs, n)
        Trial lengths.
    fresh : array (runs, n, n) or None
        Other unit vectors, for the decorrelated control.
    partner : array of int (runs,) or None
        Another run for each run, for the shuffled control.
    """

    direction: np.ndarray
    tau: np.ndarray
    fresh: np.ndarray | None = None
    partner: np.ndarray | None = None


class State(NamedTuple):
    """Where every trial stands; arrays only, so that it can be stored and taken up again.

    Attributes
    ----------
    A, mixture, direction : array (runs, n, n)
        Rows, shaken rows, and the shakes.
    tau, elapsed, finished : array of int (runs, n)
        Length of the trial, calls since it began, trials finished.
    G, G_b : array (runs, n)
        Mean return of this trial so far, and what it is compared with.
    rho : array (runs, n)
        ``~rho`` of the last finished trial.
    """

    A: np.ndarray
    mixture: np.ndarray
    direction: np.ndarray
    tau: np.ndarray
    elapsed: np.ndarray
    finished: np.ndarray
    G: np.ndarray
    G_b: np.ndarray
    rho: np.ndarray


def on_sphere(rng, shape):
    """Draw unit vectors along the last axis, uniform on the sphere."""
    a = rng.standard_normal(shape)
    return a / np.sqrt(np.einsum("...j,...j->...", a, a))[..., None]


def draw(rule, rng, runs, n, control_rng=None):
    """Draw the chance of one call (Algorithm 2), and what the rule's control needs."""
    direction = on_sphere(rng, (runs, n, n))
    tau = rng.integers(rule.tau_min, rule.tau_max, (runs, n), endpoint=True)
    fresh = on_sphere(control_rng, (runs, n, n)) if rule.control == "decorrelated" else None
    partner = None
    if rule.control == "shuffled":
        partner = (np.arange(runs) + control_rng.integers(1, runs)) % runs
    return Noise(direction, tau, fresh, partner)


def shake(A, direction, delta):
    """Return ~A_i = softmax(log A_i + delta ~a_i) (Algorithm 2) for rows (..., n)."""
    return mixing.unchecked_mirror_step(A, direction, -np.asarray(delta)[..., None])


def begin(rule, A, noise):
    """Return the state before the loop of Algorithm 1: everybody's first trial begins."""
    zero = np.zeros(A.shape[:-1])
    count = zero.astype(int)
    shaken = A if rule.control == "fixed" else shake(A, noise.direction, rule.delta)
    return State(A, shaken, noise.direction, noise.tau, count, count, zero, zero, zero)


def measured(rule, mixture, returns):
    """Return ``g`` (runs, n) from the returns of the original rewards.

    Mixed: ``g_i = sum_j ~A_ji returns_j``, the return of what agent i learnt from (Algorithm 3).
    """
    return np.einsum("...ji,...j->...i", mixture, returns) if rule.measure == "mixed" else returns


def running_mean(mean, count, g):
    """Return (mean (count - 1) + g) / count where count >= 1, else the mean as it was."""
    return np.where(count >= 1, (mean * (count - 1) + g) / np.maximum(count, 1), mean)


def suffering(G_b, G, span, epsilon):
    """Return ~rho = ReLU((G_b - G) / span + epsilon): how fast the return falls, plus epsilon."""
    return np.maximum((G_b - G) / span + epsilon, 0.0)


def estimate(rule, A, rho, direction, own, delta, nu):
    """Return the gradient that a finished trial steps along, for rows (k, n).

    Parameters
    ----------
    rule : Rule
        Names the space and whether n / delta is there.
    A, direction : array (k, n)
        Rows and their shakes.
    rho : array (k,)
        ``~rho`` of these trials.
    own : array of int (k,)
        The agent of each row, for ``e_i``.
    delta, nu : array (k,)
        The rule's, one for each row.
    """
    n, rows = A.shape[-1], np.arange(len(A))
    length = rho * n / delta if rule.factor else rho
    A = np.maximum(A, _LEAST)
    gradient = length[:, None] * direction
    if rule.gradient == "simplex":
        gradient = (gradient - gradient.mean(-1, keepdims=True)) / A
    if rule.gradient == "logits":
        gradient += nu[:, None] * A
        gradient[rows, own] -= nu
    else:
        gradient[rows, own] -= nu / A[rows, own]
    return gradient


def shift(rule, A, gradient, eta_A):
    """Return softmax([log A_i - eta_A gradient]_l^h) for rows (k, n)."""
    if rule.clip_at == "shares":
        A, gradient = mixing.unchecked_mirror_step(A, gradient, eta_A), np.zeros_like(A)
    return mixing.unchecked_mirror_step(A, gradient, eta_A, rule.clip)


def step(rule, state, returns, noise):
    """Take in one episode's returns (runs, n): the new state, in which some trials have ended."""
    elapsed = state.elapsed + 1
    g = measured(rule, state.mixture, returns)
    counted, late, span = elapsed - rule.settle, elapsed - rule.settle, state.tau
    G_b = state.G_b
    if rule.compare == "halves":
        half = (state.tau - rule.settle) // 2
        span = state.tau - rule.settle - half
        G_b = running_mean(G_b, np.where(counted <= half, counted, 0), g)
        late = counted - span
    G = running_mean(state.G, late, g)
    done = elapsed == state.tau
    finished = state.finished + done
    judged = done
    if rule.first == "measures" and rule.compare == "trials":
        judged = done & (finished > 1)  # a first trial has no rho, for itself nor for a partner
    rho = np.where(judged, suffering(G_b, G, span, rule.epsilon), state.rho)
    ended = np.nonzero(done)  # run and agent of each trial that ends now
    A, mixture, direction = state.A, state.mixture, state.direction
    if rule.control != "fixed" and ended[0].size:
        A, mixture, direction = A.copy(), mixture.copy(), direction.copy()
        A[ended] = _moved(rule, A, direction, rho, finished, noise, ended)
        direction[ended] = noise.direction[ended]
        mixture[ended] = shake(A[ended], direction[ended], _of(rule.delta, ended, done.shape))
    tau = np.where(done, noise.tau, state.tau)
    G_b = np.where(done, G, G_b)
    return State(A, mixture, direction, tau, np.where(done, 0, elapsed), finished, G, G_b, rho)


def _of(value, ended, shape):
    """Return the value (k,) of each (run, agent) in ``ended``, from a number or an array."""
    if np.ndim(value):
        return np.broadcast_to(value, shape)[ended]
    return np.full(len(ended[0]), value, float)


def _moved(rule, A, direction, rho, finished, noise, ended):
    """Return the rows (k, n) of those whose trial ended, moved by the signal or by its control."""
    eta_A, delta, nu, epsilon = (
        _of(value, ended, rho.shape) for value in (rule.eta_A, rule.delta, rule.nu, rule.epsilon)
    )
    along, length = direction[ended], rho[ended]
    if rule.control == "random walk":
        length = epsilon
    elif rule.control == "decorrelated":
        along = noise.fresh[ended]
    elif rule.control == "shuffled":
        length = rho[noise.partner[ended[0]], ended[1]]
    gradient = estimate(rule, A[ended], length, along, ended[1], delta, nu)
    moved = shift(rule, A[ended], gradient, eta_A[:, None])
    if rule.first == "measures" and rule.compare == "trials":
        return np.where((finished[ended] > 1)[:, None], moved, A[ended])
    return moved


def discounted_return(rewards, discount=1.0):
    """Return sum_t discount^t rewards[t], time first: (T, ..., n) to (..., n).

    The text has the learner of Algorithm 3 hand back a *discounted* return, the listing a return;
    at discount 1 they are one. Discounting and mixing commute.
    """
    rewards = np.asarray(rewards, float)
    if not 0 <= discount <= 1:
        raise ValueError(f"discount is {discount}: give a number from 0 to 1.")
    return np.tensordot(discount ** np.arange(len(rewards)), rewards, 1)


class D3CTrials:
    """Algorithms 1 and 2 for n agents in many runs at once: a rule, a state and a generator.

    Parameters
    ----------
    n : int
        Number of agents.
    eta_A, delta, nu, tau_min, tau_max, epsilon, clip, control, **options
        As in :class:`Rule`.
    rng : numpy.random.Generator
        Chance. Every call draws for all (run, agent) pairs, so that no agent's chance depends on
        another's clock; controls draw from a spawned generator, so that shakes are the same with
        one and without.
    runs : int
        Independent runs.
    A0 : float or array (n, n) or (runs, n, n)
        Start: A_ii, with the rest shared equally (.99 in section 3), or whole mixtures, inside the
        simplex.

    Attributes
    ----------
    mixture : array (runs, n, n)
        The shaken rows ``~A`` by which rewards are mixed until the next ``update``.
    A : array (runs, n, n)
        The rows themselves.
    state : State
        All there is to know; set it to take up a stored run. The object pickles, too.

    Raises
    ------
    ValueError
        If an argument is out of range; see :class:`Rule` and :func:`d3c_minimal.mixing.check`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> learner = D3CTrials(2, 1.0, 1.0, 0.0, 10, 20, 0.0, (-5, 5), rng, runs=3)
    >>> learner.update([[-1.0, -2.0]] * 3).any()
    np.False_
    >>> learner.mixture.shape
    (3, 2, 2)
    """

    def __init__(
        self,
        n,
        eta_A,
        delta,
        nu,
        tau_min,
        tau_max,
        epsilon,
        clip,
        rng,
        runs=1,
        A0=0.99,
        control=None,
        **options,
    ):
        self.rule = Rule(
            eta_A, delta, nu, tau_min, tau_max, epsilon, clip, control=control, **options
        )
        if not (int(runs) == runs and runs >= 1):
            raise ValueError(f"runs is {runs}: give a whole number, 1 or more.")
        if control == "shuffled" and runs < 2:
            raise ValueError(
                "the shuffled control takes rho from another run: give two runs or more."
            )
        A = mixing.check(mixing.selfish(n, A0) if np.ndim(A0) == 0 else A0, n)
        if control != "fixed" and not A.all():
            raise ValueError("a share of A0 is 0, where no shake can move it: start at .99, not 1.")
        self._rng, self._control_rng = rng, rng.spawn(1)[0]
        self._shape = int(runs), n
        A = np.broadcast_to(A, (*self._shape, n)).copy()
        self.state = begin(self.rule, A, self._draw())

    def _draw(self):
        return draw(self.rule, self._rng, *self._shape, self._control_rng)

    @property
    def mixture(self):
        """The shaken rows (runs, n, n) that hold until the next ``update``."""
        return self.state.mixture

    @property
    def A(self):
        """The rows (runs, n, n) around which agents shake."""
        return self.state.A

    def update(self, returns):
        """Take in one episode's returns (runs, n) of the original rewards; larger is better.

        Returns
        -------
        array of bool (runs, n)
            Whose trial ended.

        Raises
        ------
        ValueError
            If the shape is another or a return is not finite.
        """
        returns = np.asarray(returns, float)
        if returns.shape != self._shape or not np.isfinite(returns).all():
            raise ValueError(
                f"returns have shape {returns.shape}: give finite returns of shape {self._shape}, "
                "one of the original rewards for each run and agent."
            )
        before = self.state.finished
        self.state = step(self.rule, self.state, returns, self._draw())
        return self.state.finished > before
