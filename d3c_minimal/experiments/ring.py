"""Trust-Your-Brother with learning prey: Figures 7, 15 and 16, each beside its controls.

Two prey learn by REINFORCE, their rewards mixed by rows that D3C moves (Algorithms 1 to 3). The
figures show the return near its best. What else could have brought it there? The controls run
the same learners with the signal taken away, one part at a time; ``other zero`` tells the rule
every return plus a constant and changes nothing else. Fixed rows frame them all. As printed, the
first trial compares with a return of 0; without that kick the same two questions are asked again.
"""

from dataclasses import dataclass

import numpy as np

from d3c_minimal.experiments import ring_play, runner
from d3c_minimal.gridworlds import ring
from d3c_minimal.trials import D3CTrials

MOVED = ("D3C", "random walk", "decorrelated", "shuffled", "other zero")
FIXED = ("fixed start", "selfish", "cooperative")
KICKLESS = ("no first kick", "no kick, other zero")  # the first trial only measures
BESIDE = {"fixed rows": FIXED, "no first kick": KICKLESS, "nothing": ()}
PATHS = 8  # single runs of D3C whose rows are kept
# Everything is in float64: a change in the last bits moves no run by more than rounding.
TOLERANCE = {
    "t": 0.0,
    **dict.fromkeys(("return_final", "attention_final", "paths"), 1e-4),
    **dict.fromkeys(("return_mean", "return_std", "return_median", "return_low"), 1e-6),
    **dict.fromkeys(("return_high", "attention_mean", "attention_std", "signal"), 1e-6),
}


@dataclass(frozen=True)
class Config:
    """Settings; "our choice" marks what the paper does not say."""

    eta_A: float = 1.0  # eta_A (Table 1)
    delta: float = 1.0  # delta (Table 1)
    nu: float = 0.0  # nu (Table 1, section 3)
    tau_min: int = 10  # tau_min, in updates (Table 1)
    tau_max: int = 20  # tau_max (Table 1)
    self_weight: float = 0.99  # A_ii at the start (Table 1)
    epsilon: float = 0.0  # epsilon (Table 1)
    low: float = -5.0  # l, least logit (Table 1)
    high: float = 5.0  # h, largest logit (Table 1)
    first: str = "printed"  # as trials.Rule has these three; the printed reading
    measure: str = "mixed"
    compare: str = "trials"
    walk: float = 0.02  # rho of the random walk; our choice: D3C's at eta_A 20 and 200 ends at .01
    zero: float = 5.5  # added to returns in "other zero", which makes them positive; our choice
    beside: str = "fixed rows"  # what else is run: "fixed rows", "no first kick" or "nothing"
    updates: int = 1500  # our choice: fixed cooperative rows are done at 300
    batch: int = 10  # episodes for an update (G.1)
    policy_rate: float = 0.1  # learning rate of REINFORCE (G.1)
    value_rate: float = 0.1  # learning rate of the baseline (G.1)
    every: int = 15  # updates between records; our choice
    runs: int = 1000  # (Figure 7)
    chunk: int = 100  # runs that share one random stream and one array; our choice


def conditions(config):
    """Return the names of what is run, in the order of the arrays."""
    if config.beside not in BESIDE:
        raise ValueError(f"beside={config.beside!r}: choose one of {', '.join(BESIDE)}.")
    return MOVED + BESIDE[config.beside]


def learner(config, condition, runs, rng, **changes):
    """Return the D3CTrials of one condition; ``changes`` go over its settings."""
    control = condition if condition in ("random walk", "decorrelated", "shuffled") else None
    start = {"selfish": 1.0, "cooperative": 0.5}.get(condition, config.self_weight)
    how = {
        "epsilon": config.walk if condition == "random walk" else config.epsilon,
        "control": "fixed" if condition in FIXED else control,
        "first": "measures" if condition in KICKLESS else config.first,
        "measure": config.measure,
        "compare": config.compare,
        "eta_A": config.eta_A,
        "A0": start,
        **changes,
    }
    return D3CTrials(
        2,
        delta=config.delta,
        nu=config.nu,
        tau_min=config.tau_min,
        tau_max=config.tau_max,
        clip=(config.low, config.high),
        rng=rng,
        runs=runs,
        **how,
    )


def attention(A):
    """Return ln(A_ii / A_ij) of each prey, (..., 2); infinite where nothing is handed over."""
    own = np.diagonal(A, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore"):
        return np.log(own) - np.log(1 - own)


def simulate(config, runs, rng):
    """Run one chunk of R runs under each of C conditions.

    Returns
    -------
    dict of arrays
        ``t`` (S,); ``returns`` (S, C, R): the prey's total, unmixed; ``A`` (S, C, R, 2, 2);
        ``signal`` (C,): root mean square of the last ~rho.
    """
    names = conditions(config)
    learners = [
        learner(config, name, runs, source)
        for name, source in zip(names, rng.spawn(len(names)), strict=True)
    ]
    record = ring_play.play(
        ring.Rules(),
        learners,
        config.updates,
        rng,
        batch=config.batch,
        rates=(config.policy_rate, config.value_rate),
        every=config.every,
        zeros=[config.zero if name.endswith("other zero") else 0.0 for name in names],
    )
    S = len(record.t)
    return {
        "t": record.t,
        "returns": record.returns.sum(-1).reshape(S, len(names), runs),
        "A": record.A.reshape(S, len(names), runs, 2, 2),
        "signal": np.array([np.mean(one.state.rho**2) for one in learners]),
    }


def collect(chunks):
    """Join the chunks.

    Returns
    -------
    dict of arrays
        Over runs: ``return_mean, _std, _median, _low, _high`` (S, C), the last two the 10 and 90
        percent quantiles; ``attention_mean, _std`` (S, C), over both prey, of ln(A_ii / A_ij).
        For each run: ``return_final`` (C, R), mean of the last tenth of the records, and
        ``attention_final`` (C, R, 2). ``paths`` (S, 8, 2): attention of single runs of D3C.
    """
    returns = np.concatenate([chunk["returns"] for chunk in chunks], -1)
    rows = attention(np.concatenate([chunk["A"] for chunk in chunks], 2))
    finite = np.clip(rows, -20, 20)  # selfish rows are infinite
    last = max(1, len(returns) // 10)
    low, high = np.quantile(returns, (0.1, 0.9), axis=-1)
    return {
        "t": chunks[0]["t"],
        "return_mean": returns.mean(-1),
        "return_std": returns.std(-1),
        "return_median": np.median(returns, -1),
        "return_low": low,
        "return_high": high,
        "attention_mean": finite.mean((-1, -2)),
        "attention_std": finite.std((-1, -2)),
        "return_final": returns[-last:].mean(0).astype(np.float32),
        "attention_final": finite[-1].astype(np.float32),
        "paths": rows[:, 0, :PATHS].astype(np.float32),
        "signal": np.sqrt(np.mean([chunk["signal"] for chunk in chunks], 0)),
    }


def headline(arrays):
    """Sum up: the last return of each condition."""
    finals = arrays["return_final"]
    others = next(names for names in BESIDE.values() if len(names) == len(finals) - len(MOVED))
    lines = ["return at the end (best -1): mean, sd, median; attention ln(A_ii / A_ij)"]
    for name, runs, rows in zip(MOVED + others, finals, arrays["attention_final"], strict=True):
        lines.append(
            f"  {name:19} {runs.mean():6.2f} {runs.std():5.2f} {np.median(runs):6.2f}"
            f" {rows.mean():7.2f}"
        )
    return "\n".join(lines)


def run(config=None, seed=0, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
