"""Controls of an explorer: each is a list of values, a native input and a widget.

A control has ``values``, a ``label`` and two faces: ``html(index, stride)`` is its input on a page,
``widget(index)`` its widget in a notebook, whose state ``read(widget)`` turns into a value.
``stride`` is how many frames lie between neighbouring values. ``index(value)`` finds a value.
"""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isclose, isfinite, log10
from typing import Any


@dataclass(frozen=True)
class Slider:
    """A number on a line.

    Parameters
    ----------
    values : sequence of numbers
        Where frames are drawn, at least two.
    label : str
        What the number is.
    format : str or callable
        How a value is written: a format for ``str.format``, or a function.
    live : (float, float), optional
        With a kernel, any value between these two may be chosen, not only ``values``.
    log : bool
        Whether the live slider moves evenly in the logarithm.

    Raises
    ------
    ValueError
        If there are fewer than two values, or ``live`` is no range that holds them.
    """

    values: Sequence[float]
    label: str
    format: str | Callable[[float], str] = "{:.4g}"
    live: tuple[float, float] | None = None
    log: bool = False

    def __post_init__(self):
        object.__setattr__(self, "values", _several(self.values, self.label))
        if self.live is not None:
            low, high = self.live
            if not (isfinite(low) and isfinite(high) and low < high):
                raise ValueError(f"{self.label}: live={self.live} must be a range (low, high).")
            if not low <= min(self.values) <= max(self.values) <= high:
                raise ValueError(f"{self.label}: live={self.live} must hold all of values.")
            if self.log and low <= 0:
                raise ValueError(f"{self.label}: a logarithmic slider must begin above 0.")

    def words(self, value):
        """Write a value."""
        return self.format.format(value) if isinstance(self.format, str) else self.format(value)

    def html(self, index, stride):
        """Return a labelled native range input over the indices of ``values``."""
        return (
            f"<label><span>{html.escape(self.label)}</span> "
            f'<input type="range" min="0" max="{len(self.values) - 1}" step="1" value="{index}" '
            f'data-stride="{stride}" autocomplete="off"/></label>'
        )

    def index(self, value):
        """Return where in ``values`` a value is, up to rounding."""
        return _index(self, value, lambda v: isclose(v, value, rel_tol=1e-9, abs_tol=1e-12))

    def read(self, widget):
        """Return the value at which a widget stands."""
        return widget.value

    def widget(self, index):
        """Return a slider over ``values``, or over all of ``live``."""
        import ipywidgets

        value = self.values[index]
        look = {"description": self.label, "continuous_update": False, "style": _WIDE}
        if self.live is None:
            options = [(self.words(v), v) for v in self.values]
            return ipywidgets.SelectionSlider(options=options, value=value, **look)
        low, high = self.live
        look["readout_format"] = ".3g"
        if self.log:
            return ipywidgets.FloatLogSlider(
                value=value, min=log10(low), max=log10(high), step=log10(high / low) / 200, **look
            )
        return ipywidgets.FloatSlider(
            value=value, min=low, max=high, step=(high - low) / 200, **look
        )


@dataclass(frozen=True)
class Choice:
    """One of a few named things, such as before and after.

    Parameters
    ----------
    options : dict
        ``{words: value}``, at least two; the values hashable.
    label : str
        What is chosen.

    Raises
    ------
    ValueError
        If there are fewer than two options.
    """

    options: dict[str, Any]
    label: str

    def __post_init__(self):
        object.__setattr__(self, "options", dict(self.options))
        _several(self.options, self.label)

    @property
    def values(self):
        """The values to choose from."""
        return tuple(self.options.values())

    def html(self, index, stride):
        """Return a labelled native select."""
        options = "".join(
            f'<option value="{k}"{_chosen(k == index)}>{html.escape(words)}</option>'
            for k, words in enumerate(self.options)
        )
        return (
            f"<label><span>{html.escape(self.label)}</span> "
            f'<select data-stride="{stride}" autocomplete="off">{options}</select></label>'
        )

    def index(self, value):
        """Return which option has this value."""
        return _index(self, value, lambda v: v == value)

    def read(self, widget):
        """Return the value of the option that a widget has chosen."""
        return self.values[widget.value]

    def widget(self, index):
        """Return toggle buttons over the indices of ``values`` (None may be a value)."""
        import ipywidgets

        return ipywidgets.ToggleButtons(
            options=[(words, k) for k, words in enumerate(self.options)],
            value=index,
            description=self.label,
            style=_WIDE,
        )


_WIDE = {"description_width": "initial"}


def _chosen(yes):
    """Return the attribute that selects an option, or nothing."""
    return ' selected="selected"' if yes else ""


def _index(control, value, fits):
    for k, offered in enumerate(control.values):
        if fits(offered):
            return k
    offers = ", ".join(map(str, control.values))
    raise ValueError(f"{control.label}: {value!r} is not among the values {offers}.")


def _several(values, label):
    # tolist gives plain numbers: numpy's would show as np.float64(0.1) in a reader's words.
    values = tuple(values.tolist() if hasattr(values, "tolist") else values)
    if len(values) < 2:
        raise ValueError(f"{label}: a control needs at least two values to choose from.")
    return values
