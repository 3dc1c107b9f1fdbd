"""Algorithm 1 as printed in Coins at settings that were chosen by the law, before they were run.

The law (:mod:`d3c_minimal.drift`) was put together from `coins_response`. It says of these four:
long trials lead their controls (once by more entropy, once by more worlds), short trials from a
generous start fall behind theirs, and a small shake is not heard.
"""

from dataclasses import dataclass

from d3c_minimal.experiments import coins_dials, runner
from d3c_minimal.experiments.coins_dials import Setting

SETTINGS = {
    "long trials, entropy .03": Setting(tau=32, step=0.01, units=320, learner={"entropy": 0.03}),
    "long trials, 16 worlds": Setting(tau=32, step=0.01, units=320, learner={"batch": 16}),
    "short trials from .75": Setting(tau=2, self_weight=0.75),
    "small shake": Setting(delta=0.1),
}
TOLERANCE = coins_dials.TOLERANCE


@dataclass(frozen=True)
class Config(coins_dials.Config):
    """As :class:`coins_dials.Config`."""


def simulate(config, runs, rng):
    """Run one chunk of SETTINGS; arrays as in ``coins_dials.play``."""
    return coins_dials.play(SETTINGS, config, runs, rng)


collect = coins_dials.collect


def check(stored, config, seed):
    """Return what can be compared on another machine, computed again."""
    return {"first": coins_dials.first_unroll(SETTINGS, config, seed)}


def headline(arrays):
    """Sum up: return and attention at the end."""
    return coins_dials.table(SETTINGS, arrays)


def run(config=None, seed=7, **how):
    """Run the experiment; arguments as in :func:`d3c_minimal.experiments.runner.run`."""
    return runner.run(simulate, collect, Config() if config is None else config, seed, **how)
