"""A whole run at a glance: total, players, mixture and strategies, with nothing to set.

Everything that a drawing needs is chosen from the data: linear or logarithmic axes, which steps
are kept, bands where there are many runs.
"""

from dataclasses import dataclass, replace

import numpy as np

from d3c_minimal.plots import style
from d3c_minimal.plots.curves import label_ends
from d3c_minimal.plots.mixtures import mixture
from d3c_minimal.plots.picture import Picture, row

PANELS = ("total", "players", "mixture", "strategies")
MOST_COORDINATES = 10  # more curves than that cannot be told apart
MOST_NAMED = 12  # players that are named one by one; more are sorted by what they gain
MOST_SINGLE = 6  # runs drawn one by one in a band
_STRETCHES = 50
_WIDE = 50.0  # a ratio of values from which an axis is logarithmic
_ALIKE = 1e-3  # of the largest loss: a smaller change is none
_HUGE = np.finfo(float).max  # a sum of finite losses can be infinite
_EXPLODED = 1e6  # times its first size: such a total would leave nothing else to be seen


@dataclass(frozen=True)
class _Run:
    """A path with one axis of runs, and what it is compared with.

    ``t`` (S,), ``x`` (S, R, d), ``A`` (R, n, n) at the end, ``f`` (S, R, n); ``worst`` and
    ``best`` are losses (n,) or None, ``before`` (n,) are the losses that the ends are held
    against, ``since`` says in words where.
    """

    t: np.ndarray
    x: np.ndarray
    A: np.ndarray
    f: np.ndarray
    worst: np.ndarray | None
    best: np.ndarray | None
    before: np.ndarray
    since: str

    @property
    def total(self):
        with np.errstate(over="ignore", invalid="ignore"):
            return np.nan_to_num(self.f.sum(-1), posinf=_HUGE, neginf=-_HUGE)

    @property
    def runs(self):
        return self.f.shape[1]

    @property
    def end(self):
        return np.median(self.f[-1], axis=0)


def overview(
    path,
    *,
    equilibria=None,
    optimum=None,
    selfish=None,
    game=None,
    names=None,
    unit="",
    panels=PANELS,
    alt="",
    caption="",
):
    """Draw a run: its total loss, who gains and who loses, its mixture, its strategies.

    Parameters
    ----------
    path : Trajectory or Diverged
        Of one run or of many, as :mod:`d3c_minimal.dynamics` returns it; of a run that diverged,
        the error itself shows what was recorded before.
    equilibria : list of equilibria, or array (n,) or (E, n), optional
        As ``find_equilibria`` and ``pure_equilibria`` return them, or losses. The one with the
        largest total is drawn.
    optimum : Optimum, BestActions or array (n,), optional
        The least total, as ``equilibria.optimum`` returns it, or losses.
    selfish : Trajectory or array (n,), optional
        Where selfish play ends (the median of its runs): what the players' losses are held
        against. By default that is the worst of ``equilibria``, and without them the start.
    game : Game, optional
        Says who owns which coordinate, so that strategies are named and coloured by player.
    names : sequence of str, optional
        The players; "player 1" and so on by default.
    unit : str
        Of the losses, written on the axes.
    panels : sequence of str
        Which pictures: "total", "players", "mixture", "strategies". Strategies of more than
        ten coordinates are left out.
    alt, caption : str
        What to see, and what stands below; the numbers are added to ``alt``.

    Returns
    -------
    Row
        Of one picture a panel. Of many runs the total is drawn as a median with a band from the 10
        to the 90 percent quantile and a few single runs, players' losses as medians with such
        bars, the mixture as a mean, strategies of the run whose end has the median total.

    Raises
    ------
    ValueError
        If the path holds fewer than two states, or shapes or names do not fit.

    Examples
    --------
    >>> from d3c_minimal import dynamics, games
    >>> path = dynamics.d3c(games.nash_paradox(0.1), [0.1, 0.2], 0.1, 1.0, 0.01, 200)
    >>> overview(path, optimum=[1.9, 1.9]).alt[:41]
    'Total loss: from 16.3 at the start to 3.8'
    """
    run = _run(path, equilibria, optimum, selfish)
    n = run.f.shape[-1]
    names = [f"player {i + 1}" for i in range(n)] if names is None else list(map(str, names))
    if len(names) != n:
        raise ValueError(f"names has {len(names)} entries for {n} players: give one for each.")
    unknown = [panel for panel in panels if panel not in PANELS]
    if unknown or not panels:
        raise ValueError(f"panels is {panels}: choose among {', '.join(PANELS)}.")
    if game is not None and (game.n_players != n or game.dim != run.x.shape[-1]):
        raise ValueError(f"{game.name}: the path is of another game: {n} players' losses.")
    stopped = getattr(path, "step", None)
    if stopped is not None:
        alt = style.sentences(alt, f"The run diverged: losses are not finite at step {stopped}")
        panels = [panel for panel in panels if panel != "players"]  # there is no end to compare
    draw = {
        "total": lambda: _total(seen, run, unit),
        "players": lambda: _players(run, names, unit),
        "mixture": lambda: _mixture(run, names),
        "strategies": lambda: _strategies(seen, names, game),
    }
    seen = _before_explosion(run)
    few = run.x.shape[-1] <= MOST_COORDINATES
    pictures = [draw[panel]() for panel in panels if few or panel != "strategies"]
    if not pictures:
        raise ValueError("there are too many coordinates to draw: choose other panels.")
    first = Picture(pictures[0].figure, style.sentences(alt, pictures[0].alt), pictures[0].caption)
    return row(first, *pictures[1:], caption=caption)


def who_gains(before, after):
    """Sort players by whether their loss fell: (gain, lose, same), lists of player numbers.

    A change of less than 0.1 percent of the largest loss counts as none.

    Parameters
    ----------
    before, after : array (n,)
        Losses.

    Examples
    --------
    >>> who_gains([2.0, 1.0, 3.0], [1.0, 2.0, 3.0])
    ([0], [1], [2])
    """
    before, after = np.asarray(before, float), np.asarray(after, float)
    least = _ALIKE * max(abs(before).max(), abs(after).max())
    change = after - before
    sides = change < -least, change > least, abs(change) <= least
    return tuple(np.flatnonzero(side).tolist() for side in sides)


def _run(path, equilibria, optimum, selfish):
    path = getattr(path, "trajectory", path)
    f = np.asarray(path.f, float)
    if f.ndim < 2 or len(f) < 2:
        raise ValueError(
            "the path holds fewer than two states: record some steps (steps above 0, no summary=), "
            "or take a smaller eta_x if it diverged at once."
        )
    n, d = f.shape[-1], path.x.shape[-1]
    f, x = f.reshape(len(f), -1, n), np.reshape(path.x, (len(f), -1, d))
    if f.shape[1] == 0:
        raise ValueError("the path holds no runs.")
    worst = None if equilibria is None else _worst(equilibria, n)
    best = None if optimum is None else _losses(optimum, n)[0]
    if selfish is not None:
        before, since = _losses(selfish, n)[0], "the selfish end"
    elif worst is not None:
        before, since = worst, "the worst equilibrium found"
    else:
        before, since = np.median(f[0], axis=0), "the start"
    A = np.reshape(path.A[-1], (-1, n, n))
    return _Run(np.asarray(path.t), x, A, f, worst, best, before, since)


def _before_explosion(run):
    """Cut a path off where its total leaves all that it is compared with far behind."""
    size = abs(run.total).max(-1)
    known = [abs(f.sum()) for f in (run.worst, run.best) if f is not None]
    scale = max([size[size > 0][:1].max(initial=0.0), *known])
    grows = size[-1] > 10 * size[9 * len(size) // 10 - 1]  # not only from a start next to 0
    if not (size[-1] > _EXPLODED * scale and grows):
        return run
    last = max(int((size > 100 * scale).argmax()), 1) + 1
    return replace(run, t=run.t[:last], x=run.x[:last], f=run.f[:last])


def _worst(equilibria, n):
    several = list(equilibria) if isinstance(equilibria, (list, tuple)) else [equilibria]
    if several and not hasattr(several[0], "losses"):
        several = [np.asarray(equilibria, float)]
    losses = [_losses(point, n) for point in several if np.size(getattr(point, "losses", point))]
    if not losses:
        return None
    losses = np.concatenate(losses)
    return losses[losses.sum(-1).argmax()]


def _losses(point, n):
    """Return losses (E, n) of an array, of anything with losses, or of the end of a path."""
    if hasattr(point, "f"):
        point = np.median(np.reshape(point.f[-1], (-1, n)), axis=0)
    losses = np.atleast_2d(np.asarray(getattr(point, "losses", point), float))
    if losses.shape[1:] != (n,) or not np.isfinite(losses).all():
        raise ValueError(
            f"losses of shape {losses.shape} to compare with: give finite ones of all {n} players."
        )
    return losses


@style.styled
def _total(run, whole, unit):
    total, marks = run.total, {}
    if run.worst is not None:
        marks["worst equilibrium"] = run.worst.sum()
    if run.best is not None:
        marks["optimum"] = run.best.sum()
    many = run.runs > 1
    low, middle, high = np.quantile(total, [0.1, 0.5, 0.9], axis=1)
    shown = [low, high, total[:, _spread_runs(total[-1])]] if many else [total]
    late = _early(run.t, middle)
    ax = style.axes(xlabel="step", ylabel=_labelled("total loss", unit))
    _scale(ax, "y", np.concatenate([*map(np.ravel, shown), list(marks.values())]))
    _time(ax, run.t, late)
    if many:
        look = {"color": style.BLUE, "linewidth": 0.8, "alpha": 0.55}
        for k in _spread_runs(total[-1]):
            _curve(ax, run.t, total[:, k], late, look)
        keep = np.union1d(_kept(run.t, low, late), _kept(run.t, high, late))
        shade = {"color": style.BLUE, "alpha": 0.22, "linewidth": 0}
        ax.fill_between(run.t[keep], low[keep], high[keep], **shade)
    _curve(ax, run.t, middle, late, style.look(0))
    labels = []
    for (label, value), colour in zip(marks.items(), (style.VERMILLION, style.GREEN), strict=False):
        look = {"color": colour, "linestyle": style.DASHES[1 + len(labels)], "linewidth": 1.6}
        ax.axhline(value, zorder=1, **look)
        labels.append((value, f"{label} {style.brief(value)}", look))
    if labels:
        end = ("median" if many else "end") + f" {style.brief(middle[-1])}"
        labels.append((middle[-1], end, style.look(0)))
    label_ends(ax, labels)
    drawn = "" if whole is run else f"Drawn up to step {run.t[-1]}, where it explodes"
    return Picture(ax.figure, style.sentences(_total_words(whole), drawn))


def _total_words(run):
    low, middle, high = np.quantile(run.total, [0.1, 0.5, 0.9], axis=1)
    last = middle[-1]
    who = f"median of {run.runs} runs " if run.runs > 1 else ""
    course = f"from {style.brief(middle[0])} at the start to {style.brief(last)}"
    facts = [f"Total loss: {who}{course} after {run.t[-1]} steps"]
    if run.runs > 1:
        facts.append(f"10 to 90 percent of the runs end at {_range(low[-1], high[-1])}")
    if run.worst is not None:
        facts.append(f"worst equilibrium found {style.brief(run.worst.sum())}")
    if run.best is not None:
        best = run.best.sum()
        share = f", so the end is {last / best:.3g} times it" if min(best, last) > 0 else ""
        facts.append(f"optimum {style.brief(best)}{share}")
    return style.sentences("; ".join(facts))


@style.styled
def _players(run, names, unit):
    """Draw a row a player: where its loss was, where it is, and which way it went."""
    n, named = run.f.shape[-1], run.f.shape[-1] <= MOST_NAMED
    low, after, high = np.quantile(run.f[-1], [0.1, 0.5, 0.9], axis=0)
    gain, lose, same = who_gains(run.before, after)
    order = np.arange(n) if named else np.argsort(after - run.before, kind="stable")
    place = np.empty(n)
    place[order] = np.arange(n)
    tall = 3.4 if n <= 6 else 3.4 + 0.24 * (min(n, MOST_NAMED) - 6)
    ax = style.axes((style.SIZE[0], tall), xlabel=_labelled("loss", unit) + ", smaller is better")
    values = np.concatenate([run.before, low, after, high])
    _scale(ax, "x", values)
    ax.plot(run.before, place, "o", color=style.INK, markerfacecolor="none", label=run.since)
    sides = [("gains", gain, style.BLUE, "<"), ("loses", lose, style.VERMILLION, ">")]
    sides.append(("no change", same, style.GREY, "D"))
    for label, group, colour, marker in sides:
        if not group:
            continue
        ax.hlines(place[group], run.before[group], after[group], color=colour, linewidth=2.2)
        if run.runs > 1:
            ax.hlines(place[group], low[group], high[group], color=colour, linewidth=5, alpha=0.3)
        look = {"color": colour, "markersize": 8, "zorder": 3}
        ax.plot(after[group], place[group], marker, label=f"end: {label}", **look)
    if named:
        ax.set_yticks(range(n), [style.wrapped(name, 12) for name in names])
    else:
        ax.set(ylabel=f"{n} players, by what they gain", yticks=[])
    ax.set_ylim(n - 0.4, -0.6)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1.2, borderpad=0.2)
    return Picture(ax.figure, _players_words(run, names, after, gain, lose, same))


def _players_words(run, names, after, gain, lose, same):
    def each(group):
        return ", ".join(
            f"{names[i]} from {style.brief(run.before[i])} to {style.brief(after[i])}"
            for i in group
        )

    n, facts = len(names), []
    for verb, group in (("gain", gain), ("lose", lose), ("stay as they were", same)):
        if not group:
            continue
        if n <= 6:
            facts.append(f"{len(group)} of {n} {verb}: {each(group)}")
        else:
            most = max(group, key=lambda i: abs(after[i] - run.before[i]))
            facts.append(f"{len(group)} of {n} {verb}, most {each([most])}")
    what = "median losses at the end" if run.runs > 1 else "losses at the end"
    return style.sentences(f"Players: {what} against {run.since}: " + "; ".join(facts))


def _mixture(run, names):
    n = run.f.shape[-1]
    many = f"Mean over {run.runs} runs" if len(run.A) > 1 else ""
    short = [str(i + 1) for i in range(n)] if names == _default(n) else names
    title = "mixture at the end"
    return mixture(run.A.mean(0), names=short, title=title, alt=many)


def _default(n):
    return [f"player {i + 1}" for i in range(n)]


@style.styled
def _strategies(run, names, game):
    ends = run.total[-1]
    typical = int(np.argsort(ends, kind="stable")[(len(ends) - 1) // 2])
    x, d = run.x[:, typical], run.x.shape[-1]
    owner = np.arange(d) if game is None else game.owner
    labels = _coordinates(d, names, game)
    late = _early(run.t, x)
    ax = style.axes(xlabel="step", ylabel="strategy")
    _time(ax, run.t, late)
    ends, facts = [], []
    for k, label in enumerate(labels):
        alone = len(set(owner)) == d
        place = owner[k] if alone else int((owner[:k] == owner[k]).sum())
        look = style.look(owner[k]) | {"linestyle": style.DASHES[place % len(style.DASHES)]}
        _curve(ax, run.t, x[:, k], late, look)
        ends.append((x[-1, k], label, look))
        facts.append(f"{label} from {style.brief(x[0, k])} to {style.brief(x[-1, k])}")
    label_ends(ax, ends)
    which = " of the run with the median end" if run.runs > 1 else ""
    return Picture(ax.figure, style.sentences(f"Strategies{which}: " + ", ".join(facts)))


def _coordinates(d, names, game):
    """Name each coordinate by its owner, and by its place where the owner has several."""
    if game is None:
        return [f"x{k + 1}" for k in range(d)]
    labels = []
    for k, i in enumerate(game.owner):
        mine = np.flatnonzero(game.owner == i)
        place = f" ({list(mine).index(k) + 1})" if len(mine) > 1 else ""
        labels.append(names[i] + place)
    return labels


def _labelled(what, unit):
    return f"{what} ({unit})" if unit else what


def _range(low, high):
    low, high = style.brief(low), style.brief(high)
    return low if low == high else f"{low} to {high}"


def _spread_runs(ends):
    """Return up to six runs, evenly spaced in the order of their ends."""
    picks = np.linspace(0, len(ends) - 1, min(MOST_SINGLE, len(ends))).round().astype(int)
    return np.argsort(ends, kind="stable")[picks]


def _scale(ax, axis, values):
    """Make an axis logarithmic where positive values span decades, but not down to a mere 0."""
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and _WIDE < values.max() / values.min() < _EXPLODED:
        style.logarithmic(ax, axis)


def _early(t, y):
    """Whether four fifths of all change come in the first twentieth of the recorded steps."""
    if len(t) < 40 or t[0] != 0:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        moved = abs(np.diff(np.reshape(y, (len(t), -1)), axis=0)).sum(-1)
    moved = moved[1:]  # what happens before the first record cannot be shown on either axis
    early = moved[t[2:] <= t[-1] / 20].sum()
    return bool(np.isfinite(moved).all() and moved.sum() > 0 and early > 0.8 * moved.sum())


def _time(ax, t, log):
    if log:
        style.logarithmic(ax, "x")
    ax.set_xlim(t[1] if log else t[0], t[-1])


def _kept(t, y, log):
    """Return the least and the largest of each stretch of time, and the ends."""
    first = 1 if log else 0
    if len(t) <= 3 * _STRETCHES:
        return np.arange(first, len(t))
    edges = (np.geomspace if log else np.linspace)(t[first], t[-1], _STRETCHES + 1)
    cuts = np.unique(np.searchsorted(t, edges[1:-1]).clip(first + 1))
    pieces = np.split(np.arange(first, len(t)), cuts - first)
    best = [part[pick(y[part])] for part in pieces if part.size for pick in (np.argmin, np.argmax)]
    return np.unique([first, *best, len(t) - 1])


def _curve(ax, t, y, log, look):
    keep = _kept(t, y, log)
    ax.plot(t[keep], y[keep], **look)
