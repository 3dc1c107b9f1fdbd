"""What a trial is told, and how it reads the places that Algorithm 1 leaves open."""

from dataclasses import dataclass

import numpy as np

CONTROLS = (None, "random walk", "decorrelated", "shuffled", "fixed")
_CHOICES = {
    "first": ("printed", "measures"),
    "measure": ("mixed", "raw"),
    "gradient": ("printed", "logits", "simplex"),
    "compare": ("trials", "halves"),
    "clip_at": ("logits", "shares"),
    "control": CONTROLS,
}


@dataclass(frozen=True)
class Rule:
    """Every choice of Algorithms 1 and 2 (section 2.6); the defaults are the listings as printed.

    ``eta_A``, ``delta``, ``nu`` and ``epsilon`` are numbers or arrays that broadcast to (runs, n):
    a sweep over them is one batch. Returns are sums of rewards, to be made large.

    Attributes
    ----------
    eta_A : float
        Step of the row.
    delta : float
        Length of the shake, in logits.
    nu : float
        Weight of KL(e_i || A_i).
    tau_min, tau_max : int
        Shortest and longest trial, in calls of ``update``.
    epsilon : float
        Threshold of the gate, in units of return per call.
    clip : (low, high) or None
        Bounds ``l`` and ``h`` of the logits; None for no bounds.
    first : str
        "printed": the first trial compares with ``G_b = 0``. "measures": it only sets ``G_b`` and
        leaves the row alone. Reason: from 0, negative returns make it kick every row, whatever the
        shake did.
    measure : str
        Of what ``g`` is the return. "mixed": agent i's share after mixing, which (11) and the text
        under the listing ask for. "raw": its own reward. Reason: the listing says neither; a shake
        changes mixed returns at once and by arithmetic, raw ones only through what is learnt.
    gradient : str
        "printed": the estimate lives in logits, the penalty in the row. "logits": both in logits,
        the penalty ``-nu (e_i - A_i)``. "simplex": both in the row, the estimate less its mean,
        over ``A_i``: mirror descent on average.
    factor : bool
        False: ``~rho ~a`` as printed. True: times n / delta, as the text above the listing has it.
    compare : str
        "trials": ``G_b`` is the mean of the trial before, under another shake. "halves": ``G_b`` is
        the first half of the same trial, ``G`` the second, and the time between their centres takes
        the place of ``tau``. Reason: (11) asks for a rate at a row that stands still.
    settle : int
        Calls at the start of each trial that are not counted, while policies adapt to the new row.
    clip_at : str
        "logits": clip ``log A_i - eta_A gradient``. "shares": normalise first, so that the bounds
        do not depend on the constant that a softmax ignores.
    control : str or None
        What takes the place of the signal. "random walk": ``~rho = epsilon``, steps of one length.
        "decorrelated": the true ``~rho``, along a fresh direction that nobody tried. "shuffled":
        the direction that was tried, by the latest ``~rho`` of the same agent in another run.
        "fixed": no shake and no step. (Shakes without steps: ``eta_A=0, clip=None``.)

    Raises
    ------
    ValueError
        If a value is out of range or a name is unknown.
    """

    eta_A: float
    delta: float
    nu: float
    tau_min: int
    tau_max: int
    epsilon: float
    clip: tuple | None
    first: str = "printed"
    measure: str = "mixed"
    gradient: str = "printed"
    factor: bool = False
    compare: str = "trials"
    settle: int = 0
    clip_at: str = "logits"
    control: str | None = None

    def __post_init__(self):
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r}: choose one of {known}.")
        for name in ("eta_A", "delta", "nu", "epsilon"):
            value = np.asarray(getattr(self, name), float)
            if not np.isfinite(value).all() or (name != "epsilon" and (value < 0).any()):
                raise ValueError(f"{name} is {value}: give finite numbers, 0 or above.")
        if not np.all(np.asarray(self.delta) > 0) and self.control != "fixed":
            raise ValueError("delta is 0: an unshaken row tells nothing; control='fixed' holds A.")
        least = 2 if self.compare == "halves" else 1
        whole = all(int(v) == v for v in (self.tau_min, self.tau_max, self.settle))
        if not (
            whole and 0 <= self.settle <= self.tau_min - least and self.tau_min <= self.tau_max
        ):
            raise ValueError(
                f"tau_min, tau_max, settle = {self.tau_min}, {self.tau_max}, {self.settle}: give "
                f"integers with tau_min <= tau_max and at least {least} of tau_min left to count."
            )
        if self.clip is not None and not (
            np.isfinite(self.clip).all() and self.clip[0] < self.clip[1]
        ):
            raise ValueError(
                f"clip={self.clip}: give finite bounds (low, high) with low < high, or None."
            )
        if self.control == "random walk" and not np.any(self.epsilon):
            raise ValueError(
                "a random walk steps by epsilon, which is 0: control='decorrelated' keeps the true "
                "length of the steps."
            )
