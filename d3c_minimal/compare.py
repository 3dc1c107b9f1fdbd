"""D3C beside other rules on a game of the reader's own, and who gains and who loses by it."""

import html
from dataclasses import dataclass

import numpy as np

from d3c_minimal import dynamics, mixing, shaping
from d3c_minimal.game import in_logits
from d3c_minimal.rates import default_rates
from d3c_minimal.spaces import Simplices

SHAPING = {
    "LookAhead": shaping.lookahead,
    "LOLA": shaping.lola,
    "SOS": shaping.sos,
    "consensus": shaping.consensus,
    "symplectic": shaping.symplectic,
    "competitive": shaping.competitive,
}
RULES = ("selfish", "frozen start", "share 0.5", "cooperative", *SHAPING, "D3C")
GAIN = 1e-3  # of a player's mean loss: a smaller difference counts as none
FORESIGHT = 4.0  # strength of the shaping rules in units of eta_x: one over the curvature
LEAST = 1e-300
STRETCH = 50  # steps between two looks at whether x rests
REST = 1e-10  # of the largest x: less movement than this over a stretch is rest


@dataclass(frozen=True)
class Comparison:
    """Ends of several rules from the same starts; losses, to be made small.

    The table counts players from 1, as pictures do: player 1 owns what ``owner`` calls 0.

    Attributes
    ----------
    names : tuple of str (K,)
        The rules.
    losses : array (K, R, n)
        Everyone's losses at the end; NaN where a rule could not be run.
    notes : tuple of str
        What was done with the game, and which rules could not be run, and why.
    """

    names: tuple
    losses: np.ndarray
    notes: tuple = ()

    @property
    def totals(self):
        """Total losses (K, R)."""
        return self.losses.sum(-1)

    @property
    def change(self):
        """Change of everyone's mean loss (K, n) against the first rule: below 0 is a gain."""
        mean = self.losses.mean(1)
        return mean - mean[0]

    def rows(self):
        """Return the table: rule, mean total, change of each player's loss, gainers, losers."""
        table, size = [], np.nanmean(abs(self.losses)) if np.isfinite(self.losses).any() else 0.0
        for name, total, loss, change in zip(
            self.names, self.totals.mean(-1), self.losses.mean(1), self.change, strict=True
        ):
            gainers, losers = gains_and_losses(loss - change, loss)
            least = GAIN * abs(loss).mean() / 10
            changes = [f"{c:+.3g}" if not abs(c) < least else "0" for c in change]
            table.append([name, _total(total, size), *changes, _players(gainers), _players(losers)])
        return table

    def __str__(self):
        rows = [self._head(), *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(w) if k == 0 else cell.rjust(w)
                for k, (cell, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__

    def _repr_html_(self):
        def line(cells, tag="td"):
            first = f'<th scope="{"col" if tag == "th" else "row"}">{html.escape(cells[0])}</th>'
            scope = ' scope="col"' if tag == "th" else ""
            rest = (f"<{tag}{scope}>{html.escape(cell)}</{tag}>" for cell in cells[1:])
            return f"<tr>{first}{''.join(rest)}</tr>"

        body = "".join(map(line, self.rows()))
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        caption = "Losses at the end; changes, who gains and who loses against the first rule"
        return (
            f"<table><caption>{caption}</caption><thead>{line(self._head(), 'th')}</thead>"
            f"<tbody>{body}</tbody></table>{notes}"
        )

    def _head(self):
        players = [f"player {i + 1}" for i in range(self.losses.shape[-1])]
        return ["rule", "total", *players, "gain", "lose"]


def gains_and_losses(before, after):
    """Return the players who gain and those who lose between two ends: two lists of int.

    Parameters
    ----------
    before, after : array (n,) or (R, n)
        Losses; of several runs the mean is taken. A change of less than a thousandth of the mean
        size of all these losses counts as none.

    Raises
    ------
    ValueError
        If the numbers of players differ.

    Examples
    --------
    >>> gains_and_losses([2.0, 2.0, 1.0], [1.0, 2.5, 1.0])
    ([0], [1])
    """
    before, after = (np.atleast_2d(np.asarray(f, float)).mean(0) for f in (before, after))
    if before.shape != after.shape:
        raise ValueError(f"{len(before)} losses before and {len(after)} after: of what players?")
    change = after - before
    least = GAIN * (abs(before).mean() + abs(after).mean()) / 2
    return np.flatnonzero(change < -least).tolist(), np.flatnonzero(change > least).tolist()


def compare(game, x0, rates=None, rules=RULES):
    """Run several rules from the same starts: Comparison.

    Parameters
    ----------
    game : Game
        On simplices it is played in logits, by all rules, where the shaping rules are defined.
    x0 : array (..., d)
        Starts.
    rates : Rates, optional
        Of D3C; all rules take its ``eta_x`` and number of steps.
        :func:`d3c_minimal.rates.default_rates` by default. On simplices they are those of the
        logits.
    rules : sequence of str
        "selfish"; "frozen start" (where D3C starts, kept); "share S" (S of each loss is spread over
        all alike); "cooperative" (the mean loss); "LookAhead", "LOLA", "SOS", "consensus",
        "symplectic", "competitive", with a strength of one over the largest curvature; "D3C". The
        first is what the others are held against.

    Raises
    ------
    ValueError, TypeError
        If a rule is unknown, or another argument is off.
    """
    rules = tuple(rules)
    for rule in rules:
        _check(rule)
    notes = []
    x0 = dynamics.checked_start(game, x0).reshape(*(np.shape(x0)[:-1] or (1,)), game.dim)
    if isinstance(game.space, Simplices):
        game, x0 = in_logits(game), np.log(np.maximum(x0, LEAST))
        notes.append("Played in logits: each simplex is a softmax of free numbers.")
    rates = default_rates(game, x0) if rates is None else rates
    ends = []
    for rule in rules:
        try:
            end = _end(rule, game, x0, rates, FORESIGHT * rates.eta_x)
            ends.append(end.reshape(-1, game.n_players))
        except (dynamics.Diverged, TypeError, ValueError) as error:
            ends.append(np.full((x0[..., 0].size, game.n_players), np.nan))
            notes.append(f"{rule} could not be run: {error}")
    return Comparison(rules, np.stack(ends), tuple(notes))


def play(rule, game, x0, rates, strength=None, every=1):
    """Return the steps kept (S,), the last too, and everyone's losses (S, ..., n) there.

    ``rule`` is one of :func:`compare`'s, ``strength`` that of a shaping rule.
    """
    path = _run(rule, game, x0, rates, strength, every)
    return path.t, path.summary["f"]


def _run(rule, game, x0, rates, strength, every):
    how = {"steps": rates.steps, "every": every, "summary": {"f": _losses}, "progress": False}
    if rule == "D3C":
        return dynamics.d3c(game, x0, rates.eta_x, rates.eta_A, rates.epsilon, **how)
    if rule in SHAPING:

        def direction(game, x):
            return SHAPING[rule](game, x, strength)

        return shaping.shape(game, direction, x0, rates.eta_x, **how)
    A = fixed_mixture(rule, game.n_players)
    return dynamics.gradient_descent(game, x0, rates.eta_x, A=A, **how)


def _end(rule, game, x0, rates, strength):
    """Return the losses at the end. Rules that keep no mixture may stop where x has come to rest.

    Their step depends on x alone, so what rests over 50 steps rests for good; D3C needs far more
    steps than they do.
    """
    x, left = x0, rates.steps
    while rule != "D3C" and left > STRETCH:
        try:
            end = _run(rule, game, x, rates._replace(steps=STRETCH), strength, STRETCH).x[-1]
        except dynamics.Diverged:  # to say at what step, it is run in one piece
            x, left = x0, rates.steps
            break
        rests = abs(end - x).max() <= REST * max(abs(end).max(), abs(x0).max())
        x, left = end, left - STRETCH
        if rests:
            return game.loss(x)
    return _run(rule, game, x, rates._replace(steps=left), strength, max(left, 1)).f[-1]


def fixed_mixture(rule, n):
    """Return the mixture (n, n) that "selfish", "frozen start", "share S", "cooperative" keep."""
    if rule == "frozen start":
        return mixing.selfish(n)
    s = float(rule.split()[1]) if rule.startswith("share") else float(rule == "cooperative")
    return (1 - s) * np.eye(n) + s * mixing.cooperative(n)


def _losses(x, A, f):
    return f


def _check(rule):
    if rule in RULES:
        return
    kind, _, share = rule.partition(" ")
    try:
        if kind == "share" and 0 <= float(share) <= 1:
            return
    except ValueError:
        pass
    raise ValueError(
        f"unknown rule {rule!r}: choose from {', '.join(RULES)}, or 'share S', S from 0 to 1."
    )


def _total(total, size):
    """Write a total, as 0 where it is a millionth of the losses' mean size."""
    return "0" if abs(total) < 1e-6 * size else f"{total:.4g}"


def _players(players):
    return ", ".join(str(i + 1) for i in players) or "none"
