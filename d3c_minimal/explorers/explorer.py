"""Explorer: one drawing with controls, as frames on a page and as a widget in a notebook."""

import html
import itertools
import os
import sys
from math import prod

from d3c_minimal.explorers.controls import Slider

MOST_FRAMES = 150
WIDGET = "application/vnd.jupyter.widget-view+json"


class Explorer:
    """A drawing that the reader moves.

    Parameters
    ----------
    draw : callable
        ``draw(**values) -> Picture`` (or a row of them).
    controls : dict of Slider or Choice
        ``{name: control}``; the names are the arguments of ``draw`` and ``say``.
    say : callable
        ``say(**values) -> str``, the state in words: "eps 0.01: price of anarchy 1.00".
    start : dict, optional
        ``{name: value}`` to begin with; by default the first value of each control.
    title : str
        Shown above.
    play : str or bool
        The slider that a play button moves; True means the first. False shows no button.
    interval : int
        Milliseconds from frame to frame once the reader has pressed Play.

    Raises
    ------
    ValueError
        If there is no control, ``start`` or ``play`` names something that is not there, there
        are more than 150 frames, or they would follow each other faster than five a second.

    Notes
    -----
    A notebook's front end takes the widget if it can show one, else the page's form. The
    environment variable D3C_EXPLORERS keeps work that nobody will see from being done: "static"
    leaves out the widget (for building a book), "live" draws only the first frame of the page's
    form. "live" is the default in a browser's Python, where every frame costs the reader time.
    """

    def __init__(self, draw, controls, say, start=None, title="", play=True, interval=800):
        if not controls:
            raise ValueError("an explorer needs a control: {'eps': Slider([0, 0.1], label='eps')}.")
        self.draw, self.say, self.title, self.controls = draw, say, title, dict(controls)
        count = prod(len(control.values) for control in self.controls.values())
        if count > MOST_FRAMES:
            raise ValueError(
                f"{count} frames make a heavy page ({MOST_FRAMES} at most): give fewer values."
            )
        unknown = set(start or {}) - set(self.controls)
        if unknown:
            raise ValueError(f"start names {sorted(unknown)}, but there is no such control.")
        self._at = dict.fromkeys(self.controls, 0)
        self._at |= {name: self.controls[name].index(v) for name, v in (start or {}).items()}
        self.start = {name: c.values[self._at[name]] for name, c in self.controls.items()}
        sliders = [name for name, c in self.controls.items() if isinstance(c, Slider)]
        self.play = next(iter(sliders), "") if play is True else play or ""
        if self.play and self.play not in sliders:
            raise ValueError(f"play={play!r}: name one of the sliders.")
        if interval < 200:
            raise ValueError(f"interval={interval}: faster than 200 milliseconds is a flicker.")
        self.interval = int(interval)
        self._drawn = {}

    def settings(self):
        """Yield every setting ``{name: value}``, the last control moving fastest."""
        for setting in itertools.product(*(c.values for c in self.controls.values())):
            yield dict(zip(self.controls, setting, strict=True))

    def frames(self):
        """Yield (values, picture, words) for every setting, drawn anew."""
        for values in self.settings():
            yield values, self.draw(**values), self.say(**values)

    def html(self, only_start=False):
        """Return the explorer for a page without a kernel: native inputs over drawn frames."""
        frames = []
        for values in [self.start] if only_start else self.settings():
            drawing, words = self._frame(values, anew=True)
            hidden = "" if values == self.start else ' hidden="hidden"'
            words = html.escape(words)
            frames.append(f'<div class="d3c-frame" data-words="{words}"{hidden}>{drawing}</div>')
        parts = [f"<figcaption>{html.escape(self.title)}</figcaption>"] if self.title else []
        if not only_start:
            # The inputs do nothing without explorer.js, so it is the script that shows them.
            parts.append(f'<div class="d3c-controls" hidden="hidden">{self._inputs()}</div>')
        parts.append(f'<output aria-live="off">{html.escape(self.say(**self.start))}</output>')
        return f'<figure class="d3c-explorer">{"".join(parts + frames)}</figure>'

    def widget(self):
        """Return the explorer as an ipywidgets box that draws anew at every move."""
        import ipywidgets

        inputs = {name: c.widget(self._at[name]) for name, c in self.controls.items()}
        words, screen = ipywidgets.HTML(), ipywidgets.HTML()

        def show(_=None):
            try:
                drawing, said = self._frame(
                    {name: c.read(inputs[name]) for name, c in self.controls.items()}
                )
            except (ValueError, ArithmeticError) as error:  # a setting at which nothing is defined
                drawing, said = "", f"Nothing to draw here: {error}"
            screen.value, words.value = drawing, html.escape(said)

        for widget in inputs.values():
            widget.observe(show, "value")
        show()
        bar = ipywidgets.HBox(list(inputs.values()), layout={"flex_flow": "row wrap"})
        if self.play:
            bar.children += (self._player(inputs[self.play]),)
        title = [ipywidgets.HTML(f"<b>{html.escape(self.title)}</b>")] if self.title else []
        return ipywidgets.VBox([*title, bar, words, screen])

    def _player(self, slider):
        import ipywidgets

        values = self.controls[self.play].values
        player = ipywidgets.Play(
            min=0, max=len(values) - 1, value=self._at[self.play], interval=self.interval
        )
        player.observe(lambda change: setattr(slider, "value", values[change.new]), "value")
        return player

    def _inputs(self):
        stride = prod(len(control.values) for control in self.controls.values())
        parts = []
        for name, control in self.controls.items():
            stride //= len(control.values)
            part = control.html(self._at[name], stride)
            words = html.escape(self.say(**self.start))
            part = part.replace('type="range"', f'type="range" aria-valuetext="{words}"')
            if name == self.play:
                pace = f'data-interval="{self.interval}"'
                part += f'<button type="button" class="d3c-play" {pace}>Play</button>'
            parts.append(part)
        return "".join(parts)

    def _frame(self, values, anew=False):
        """Return one frame as HTML, and its words; drawn ``anew`` it has ids of its own."""
        key = tuple(values.items())
        if anew or key not in self._drawn:
            if len(self._drawn) >= MOST_FRAMES:  # a live slider has no end of settings
                self._drawn.clear()
            self._drawn[key] = self.draw(**values).html(inner=True), self.say(**values)
        return self._drawn[key]

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": self.say(**self.start), "text/html": self.html(face() == "live")}
        if face() != "static":
            bundle[WIDGET] = self.widget()._repr_mimebundle_()[WIDGET]
        return bundle


def face():
    """Return which face alone is wanted, "static" or "live", or "" for both."""
    return os.environ.get("D3C_EXPLORERS") or ("live" if sys.platform == "emscripten" else "")
