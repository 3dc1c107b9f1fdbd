"""World: a gridworld of pure functions under a thin wrapper that remembers where it is.

A world's module gives five functions and a frozen dataclass of rules. ``envs`` is the leading
shape of all arrays: ``()`` is one world, ``(8, 16)`` are 8 runs of 16 worlds.

====================================== ============================================================
``draw(rules, rng, steps, envs)``      all chance of an episode, time first ``(T, *envs, ...)``
``start(rules, rng, envs)``            a state: a NamedTuple of arrays ``(*envs, ...)``
``step(rules, state, actions, now)``   the next state, rewards ``(*envs, n)``, events (a NamedTuple)
``observe(rules, state, kind)``        what the agents see, float32 ``(*envs, n, features)``
``features(rules, kind)``              how many numbers that is
====================================== ============================================================

Chance is drawn ahead and handed in, so ``step`` is a function: the same state, actions and chance
give the same episode, whatever else is in the batch. No function edits its arguments.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from d3c_minimal.gridworlds.scene import NAMES, pixels


class Mechanics(NamedTuple):
    """What a world's module gives to its wrapper.

    Attributes
    ----------
    rules : type
        Frozen dataclass of the rules, each field with its source. It has ``n_players`` and
        ``steps`` (the length of an episode).
    draw, start, step, observe, features : callable
        The pure functions of the module's docstring above.
    action_names : tuple of str
        The name of each action's number.
    kinds : tuple of str
        Kinds of observation, the default first.
    scene : callable, optional
        ``scene(rules, state)`` describes one world for drawing.
    tell : callable, optional
        ``tell(rules, events)`` says in words what happened in a step of one world.
    """

    rules: type
    draw: Callable
    start: Callable
    step: Callable
    observe: Callable
    features: Callable
    action_names: tuple[str, ...]
    kinds: tuple[str, ...]
    scene: Callable | None = None
    tell: Callable | None = None


def moment(noise, t):
    """Return the chance of step ``t``, arrays ``(*envs, ...)``, from an episode's ``noise``."""
    return type(noise)(*(part[t] for part in noise))


def select(arrays, index, axis=0):
    """Pick worlds out of a state (``axis=0``) or out of an episode's noise (``axis=1``).

    Parameters
    ----------
    arrays : NamedTuple of arrays
        A state, rewards or events with ``envs`` leading, or noise with time before ``envs``.
    index : int, slice, array of int, or tuple of these
        Worlds along that axis, or along it and those after it. An integer drops its axis.
    axis : int
        The axis of the worlds.
    """
    where = (slice(None),) * axis + (index if isinstance(index, tuple) else (index,))
    return type(arrays)(*(part[where] for part in arrays))


class World:
    """A batch of gridworlds that step together; a thin wrapper over pure functions.

    Parameters
    ----------
    envs : int or tuple of int
        Leading shape of all arrays; ``()`` is one world.
    kind : str, optional
        The kind of observation that ``reset`` and ``step`` return; the world's first by default.
        ``None`` for that default, ``"none"`` to spare the time: they then return None.
    **rules
        Fields of the world's rules.

    Attributes
    ----------
    rules : dataclass
    state, events : NamedTuple of arrays ``(*envs, ...)``
        Of the last step; ``events`` is None after ``reset``.
    t : int
        Steps taken in this episode.

    Raises
    ------
    TypeError
        If a rule has no such name.
    ValueError
        If a rule or ``envs`` is impossible.
    """

    mechanics: Mechanics

    def __init__(self, envs=(), kind=None, **rules):
        self.envs = (int(envs),) if np.ndim(envs) == 0 else tuple(int(size) for size in envs)
        if min(self.envs, default=1) < 1:
            raise ValueError(f"envs={envs}: each leading axis needs at least one world.")
        known = self.mechanics.rules.__dataclass_fields__
        for name in rules:
            if name not in known:
                raise TypeError(f"{name} is no rule of this world: choose from {', '.join(known)}.")
        self.rules = self.mechanics.rules(**rules)
        self.kind = self.mechanics.kinds[0] if kind is None else kind
        if self.kind != "none":
            self._check_kind(self.kind)
        self.state = self.events = self.noise = None
        self.t = 0

    def __repr__(self):
        return f"<{type(self).__name__} of shape {self.envs}: {self.rules}>"

    @property
    def n_players(self):
        """Number of agents n."""
        return self.rules.n_players

    @property
    def n_actions(self):
        """Number of actions of each agent."""
        return len(self.mechanics.action_names)

    @property
    def action_names(self):
        """Name of each action, by its number."""
        return self.mechanics.action_names

    @property
    def agent_names(self):
        """Name of each agent in pictures and words: A, B, ..."""
        return NAMES[: self.n_players]

    @property
    def episode_length(self):
        """Steps of an episode; all worlds of a batch end together."""
        return self.rules.steps

    def observation_shape(self, kind=None):
        """Return the shape of one agent's observation, ``(features,)``."""
        kind = self.kind if kind is None else kind
        self._check_kind(kind)
        return (self.mechanics.features(self.rules, kind),)

    def reset(self, rng, state=None):
        """Begin an episode and draw all its chance from ``rng``.

        Parameters
        ----------
        rng : numpy.random.Generator
        state : NamedTuple of arrays, optional
            A state to begin with instead of a drawn one.

        Returns
        -------
        array ``(*envs, n, features)`` of float32, or None for ``kind="none"``
        """
        if not isinstance(rng, np.random.Generator):
            raise TypeError(
                "reset needs a random generator: world.reset(np.random.default_rng(0))."
            )
        self.state = self.mechanics.start(self.rules, rng, self.envs) if state is None else state
        self.noise = self.mechanics.draw(self.rules, rng, self.rules.steps, self.envs)
        self.events, self.t = None, 0
        return self._seen()

    def step(self, actions):
        """Move everyone at once.

        Parameters
        ----------
        actions : array of int ``(*envs, n)``

        Returns
        -------
        observation : array ``(*envs, n, features)`` of float32, or None for ``kind="none"``
        rewards : array ``(*envs, n)``
            Rewards, to be made large.
        done : bool
            Whether this was the episode's last step.

        Raises
        ------
        ValueError
            Before the first ``reset``, after the last step, or where ``actions`` do not fit.
        """
        if self.state is None or self.t >= self.rules.steps:
            ended = "has not begun" if self.state is None else "is over"
            raise ValueError(f"the episode {ended}: call reset(rng) first.")
        actions = self._checked(actions)
        self.state, rewards, self.events = self.mechanics.step(
            self.rules, self.state, actions, moment(self.noise, self.t)
        )
        self.t += 1
        return self._seen(), rewards, self.t >= self.rules.steps

    def observe(self, kind=None):
        """Return the present observation ``(*envs, n, features)``, of another kind if asked."""
        kind = self.kind if kind is None else kind
        self._check_kind(kind)
        if self.state is None:
            raise ValueError("the episode has not begun: call reset(rng) first.")
        return self.mechanics.observe(self.rules, self.state, kind)

    def scene(self, index=()):
        """Return one world of the batch as a Scene, for ``plots.grid`` or ``scene.pixels``.

        ``index`` picks it, one number for each axis of ``envs``.
        """
        if self.mechanics.scene is None:
            raise ValueError(f"{type(self).__name__} has no drawing.")
        if self.state is None:
            raise ValueError("the episode has not begun: call reset(rng) first.")
        return self.mechanics.scene(self.rules, select(self.state, index))

    def tell(self, index=()):
        """Say in words what happened in the last step of one world of the batch."""
        if self.mechanics.tell is None:
            raise ValueError(f"{type(self).__name__} does not say in words what happens.")
        if self.events is None:
            raise ValueError("nothing has happened yet: call step(actions) first.")
        return self.mechanics.tell(self.rules, select(self.events, index))

    def render(self, index=(), cell=12):
        """Return one world as an array of colours ``(height, width, 3)`` of uint8."""
        return pixels(self.scene(index), cell)

    def _seen(self):
        return None if self.kind == "none" else self.observe()

    def _check_kind(self, kind):
        if kind not in self.mechanics.kinds:
            choice = " or ".join(repr(name) for name in self.mechanics.kinds)
            raise ValueError(f"kind={kind!r}: this world is observed as {choice}.")

    def _checked(self, actions):
        actions = np.asarray(actions)
        shape = (*self.envs, self.n_players)
        if actions.shape != shape or actions.dtype.kind not in "iu":
            raise ValueError(
                f"actions of shape {actions.shape} and type {actions.dtype}: give integers of "
                f"shape {shape}, one action for each agent of each world."
            )
        if actions.min() < 0 or actions.max() >= self.n_actions:
            names = ", ".join(f"{k} {name}" for k, name in enumerate(self.action_names))
            raise ValueError(f"an action is not on the list: {names}.")
        return actions.astype(np.intp, copy=False)  # a browser's Python has indices of 32 bits
