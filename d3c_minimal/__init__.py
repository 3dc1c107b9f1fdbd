"""D3C: selfish learners that mix their losses, and the price of anarchy they lower by it.

The package follows Gemp et al., "D3C: Reducing the Price of Anarchy in Multi-Agent Learning"
(AAMAS 2022). A *game* is a function from a joint strategy ``x`` to the losses ``f`` of its ``n``
players; D3C is two coupled descents on it, one in ``x`` and one in the loss mixture ``A``.

Conventions, used everywhere:

====== =============== =============================================================
symbol shape           meaning
====== =============== =============================================================
``x``  ``(..., d)``    joint strategy; the leading axes are independent runs
``f``  ``(..., n)``    losses, to be made small (a reward is minus a loss)
``A``  ``(..., n, n)`` mixture: row ``i`` belongs to agent ``i`` and lies on the simplex
``J``  ``(..., n, d)`` ``J[k]`` is the gradient of ``f_k`` in ``x``
owner  ``(d,)``        the player who moves each coordinate
====== =============== =============================================================

Agent ``i`` descends its *mixed loss* ``f^A_i = sum_k A[k, i] f_k``, that is ``f^A = A^T f``.
"""

import importlib
import sys

__version__ = "0.1.0"

_MODULES = (
    "anarchy",
    "compare",
    "dynamics",
    "equilibria",
    "explorers",
    "finite",
    "games",
    "mixing",
    "plots",
    "rates",
    "shaping",
)


def __getattr__(name):
    """Import a module when it is first asked for; the command line sets threads before numpy."""
    if name == "Game":
        return importlib.import_module("d3c_minimal.game").Game
    if name in _MODULES:
        return importlib.import_module(f"d3c_minimal.{name}")
    raise AttributeError(f"d3c_minimal has no {name}: its modules are {', '.join(_MODULES)}.")


if sys.platform == "emscripten":
    from d3c_minimal import browser

    browser.settle()
