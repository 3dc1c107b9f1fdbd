"""explore: an explorer over the parameters of any game, from nothing but how the game is built."""

import warnings
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from d3c_minimal import dynamics
from d3c_minimal.anarchy import price_of_anarchy
from d3c_minimal.diagnosis import RunWarning
from d3c_minimal.equilibria import find_equilibria, optimum
from d3c_minimal.explorers.controls import Choice, Slider
from d3c_minimal.explorers.explorer import MOST_FRAMES, Explorer
from d3c_minimal.game import Game
from d3c_minimal.plots import style
from d3c_minimal.plots.overview import PANELS, overview, who_gains
from d3c_minimal.plots.picture import Picture
from d3c_minimal.rates import default_rates

MOST_SETTINGS = 20  # at some 45 kB a frame a page stays below 1 MB
_STATES = 400  # recorded of each run
_UNDEFINED = (ValueError, ArithmeticError)


@dataclass(frozen=True)
class Setting:
    """What was found at one setting of the parameters.

    Attributes
    ----------
    game : Game or None
        None where ``build`` refused the setting.
    path : Trajectory, Diverged or None
    equilibria : list of Equilibrium
        What the search found; empty if nothing.
    optimum : Optimum or None
    price : float or None
        The worst equilibrium's total over the least, where both were found and are positive.
    remarks : list of str
        What could not be computed, and why; what the run warned of.
    """

    game: object = None
    path: object = None
    equilibria: list = field(default_factory=list)
    optimum: object = None
    price: float | None = None
    remarks: list = field(default_factory=list)


def explore(
    build,
    *,
    rates=None,
    x0=None,
    runs=1,
    starts=8,
    seed=0,
    labels=None,
    panels=PANELS[:3],
    title="",
    play=True,
    **values,
):
    """Return an explorer of a game's parameters: at each setting D3C's run beside the equilibria.

    Each setting is computed once, when it is first shown: D3C from ``x0``, a search for equilibria
    and for the optimum, an :func:`d3c_minimal.plots.overview`. Where something is not defined, such
    as the price of anarchy of totals that are not positive, the words say so.

    Parameters
    ----------
    build : callable
        ``build(**parameters) -> Game``, one game at a time.
    rates : tuple, dict or callable, optional
        D3C's ``(eta_x, eta_A, epsilon, steps)``, by place or by name, or a function
        ``(game, x0) -> rates``. By default they are measured at the start, for each setting anew.
    x0 : array (d,) or (R, d), or callable, optional
        Start, or a function ``game -> x0``. By default it is drawn from the space.
    runs : int
        How many starts are drawn where ``x0`` is not given.
    starts : int
        Of the searches for equilibria and for the optimum. More find more, and take longer.
    seed : int
        Of all that is drawn: each setting draws the same.
    labels : dict, optional
        ``{parameter: what it is}``; by default the parameter's name.
    panels : sequence of str
        Of the overview. All four make a frame a third heavier.
    title, play
        As in :class:`d3c_minimal.explorers.Explorer`.
    **values
        For each parameter of ``build`` its values: a sequence of numbers (a slider), of anything
        else (a choice), a dict ``{words: value}`` (a choice), or a Slider or Choice of your own.
        One number alone is passed on as it is.

    Returns
    -------
    Explorer

    Raises
    ------
    TypeError
        If ``build`` is not callable, or returns something else than a Game.
    ValueError
        If no parameter has several values, or there are more than 20 settings.

    Examples
    --------
    >>> from d3c_minimal import games
    >>> explorer = explore(games.nash_paradox, kappa=[0.1, 0.5], rates=(0.1, 1.0, 0.01, 100))
    >>> explorer.say(kappa=0.5)[:52]
    'kappa 0.5: price of anarchy 1.33, from the 1 equilib'
    """
    if not callable(build):
        raise TypeError(f"build is {build!r}: give a function that returns a Game.")
    controls, fixed = _controls(values, labels or {})
    count = int(np.prod([len(control.values) for control in controls.values()]))
    if count > MOST_SETTINGS:
        raise ValueError(
            f"{count} settings make a heavy page ({MOST_SETTINGS} at most): give fewer values."
        )

    @lru_cache(maxsize=MOST_FRAMES)
    def at(*setting):
        parameters = fixed | dict(zip(controls, setting, strict=True))
        found = _find(build, parameters, rates, x0, runs, starts, np.random.default_rng(seed))
        return found, _picture(found, panels)

    def key(setting):
        return [setting[name] for name in controls]

    def draw(**setting):
        return at(*key(setting))[1]

    def say(**setting):
        where = ", ".join(_state(control, setting[name]) for name, control in controls.items())
        return f"{where}: {_words(at(*key(setting))[0])}"

    explorer = Explorer(draw, controls, say, title=title, play=play)
    explorer.found = lambda **setting: at(*key(setting))[0]
    return explorer


def _controls(values, labels):
    """Sort the parameters into controls and fixed values."""
    controls, fixed = {}, {}
    for name, given in values.items():
        label = labels.get(name, name)
        given = given.tolist() if isinstance(given, np.ndarray) else given
        if isinstance(given, (Slider, Choice)):
            controls[name] = given
        elif isinstance(given, dict):
            controls[name] = Choice(given, label)
        elif isinstance(given, str) or not hasattr(given, "__len__"):
            fixed[name] = given
        elif all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in given):
            controls[name] = Slider(given, label)
        else:
            controls[name] = Choice({str(v): v for v in given}, label)
    if not controls:
        raise ValueError(
            "explore needs a parameter with several values: explore(build, kappa=[0.1, 0.5])."
        )
    return controls, fixed


def _find(build, parameters, rates, x0, runs, starts, rng):
    """Run and search one game; what is not defined goes into the remarks."""
    try:
        game = build(**parameters)
    except _UNDEFINED as error:
        return Setting(remarks=[f"there is no such game: {error}"])
    if not isinstance(game, Game):
        raise TypeError(f"build returned a {type(game).__name__}: it must return a Game.")
    remarks = []

    def tried(compute, otherwise=None):
        try:
            return compute()
        except _UNDEFINED as error:
            remarks.append(str(error))
            return otherwise

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RunWarning)
        path = tried(lambda: _run(game, x0, runs, rates, rng))
    for w in caught:
        if issubclass(w.category, RunWarning):
            remarks.append(str(w.message))
        else:
            warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)
    points = tried(lambda: find_equilibria(game, rng, starts), [])
    best = tried(lambda: optimum(game, rng, starts))
    price = None
    if points and best is not None:
        losses = np.array([point.losses for point in points])
        price = tried(lambda: price_of_anarchy(losses, best.losses))
    return Setting(game, path, points, best, price, remarks)


def _run(game, x0, runs, rates, rng):
    if x0 is None:
        start = game.space.sample(rng, (runs, game.dim) if runs > 1 else (game.dim,))
    else:
        start = np.asarray(x0(game) if callable(x0) else x0, float)
    if rates is None:
        rates = default_rates
    rates = rates(game, start) if callable(rates) else rates
    names = ("eta_x", "eta_A", "epsilon", "steps")
    chosen = rates if isinstance(rates, dict) else dict(zip(names, rates, strict=True))
    every = max(1, int(chosen["steps"]) // _STATES)
    try:
        return dynamics.d3c(game, start, **chosen, every=every)
    except dynamics.Diverged as error:
        return error


def _picture(found, panels):
    if found.path is None:
        return _blank(" ".join(found.remarks))
    try:
        return overview(
            found.path,
            equilibria=found.equilibria,
            optimum=found.optimum,
            game=found.game,
            panels=panels,
        )
    except ValueError as error:  # it diverged at once: there is no path
        return _blank(str(error))


@style.styled
def _blank(words):
    ax = style.axes((style.SIZE[0], 1.6))
    ax.set_axis_off()
    ax.text(0.5, 0.5, style.wrapped(words, 60), ha="center", va="center")
    return Picture(ax.figure, words)


def _state(control, value):
    if isinstance(control, Slider):
        return f"{control.label} {control.words(value)}"
    return f"{control.label} {list(control.options)[control.index(value)]}"


def _words(found):
    """Say what was found at a setting."""
    if found.game is None:
        return found.remarks[0]
    parts = []
    if found.price is not None:
        count = len(found.equilibria)
        parts.append(
            f"price of anarchy {style.brief(found.price)}, from the {count} "
            f"equilibri{'um' if count == 1 else 'a'} found"
        )
    if found.equilibria:
        parts.append(f"worst equilibrium {style.brief(found.equilibria[0].losses.sum())}")
    else:
        parts.append("no equilibrium found")
    if found.optimum is not None:
        parts.append(f"optimum {style.brief(found.optimum.value)}")
    closing = (remark[0].upper() + remark[1:] for remark in found.remarks)
    return style.sentences("; ".join(parts), _end(found), *closing)


def _end(found):
    path = found.path
    if path is None:
        return ""
    if isinstance(path, dynamics.Diverged):
        return f"D3C diverges: losses are not finite at step {path.step}"
    after = np.median(path.f[-1].reshape(-1, path.f.shape[-1]), axis=0)
    total = np.median(path.f[-1].sum(-1))
    end = f"D3C ends at a total of {style.brief(total)}"
    if not found.equilibria:
        return end
    fates = who_gains(found.equilibria[0].losses, after)
    sides = zip(("gain", "lose", "stay as they were"), fates, strict=True)
    who = ", ".join(f"{_players(group, len(after))} {verb}" for verb, group in sides if group)
    return f"{end}; against the worst equilibrium {who}"


def _players(group, n):
    """Name the players who share a fate, as the plural subject of a verb."""
    if len(group) == n:
        return "both players" if n == 2 else f"all {n} players"
    return f"{len(group)} of {n} players" + f" ({', '.join(str(i + 1) for i in group)})" * (n <= 6)
