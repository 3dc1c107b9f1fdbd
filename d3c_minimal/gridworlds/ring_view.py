"""What the ring looks like and what happened there, in marks and in words."""

import numpy as np

from d3c_minimal.gridworlds.scene import Mark, Scene

_PREDATOR, _PREY = 1, (0, 2)  # their colours, as in plots.ring


def scene(rules, state):
    """Return one world as a Scene: the ring unrolled into a row, cell 0 at the left.

    Raises
    ------
    ValueError
        If ``state`` holds several worlds.
    """
    if np.ndim(state.predator):
        raise ValueError("a scene is of one world: pick it by select(state, index).")
    places = int(state.predator), *map(int, state.prey)
    names = "predator", "prey 1", "prey 2"
    marks = tuple(
        Mark(0, cell, "square", colour, letter)
        for cell, colour, letter in zip(places, (_PREDATOR, *_PREY), "P12", strict=True)
    )
    where = ", ".join(f"{name} at {cell}" for name, cell in zip(names, places, strict=True))
    return Scene(1, rules.cells, marks, f"cells 0 to {rules.cells - 1} in a ring: {where}")


def tell(rules, events):
    """Say in words what happened in a step of one world: who moved, who was held up or caught."""
    said = []
    for k, (tried, moved, caught) in enumerate(zip(*events, strict=True), 1):
        if tried:
            said.append(f"prey {k} {'moves' if moved else 'is held up'}")
        if caught:
            said.append(f"prey {k} is caught")
    return " and ".join(said) or "nobody moves, nobody is caught"
