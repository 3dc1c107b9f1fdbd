"""Play: take an agent's place in a gridworld, with buttons, against a policy."""

import html

from d3c_minimal.explorers.explorer import WIDGET, face


class Play:
    """A world that the reader plays, one button for each action.

    Parameters
    ----------
    world : World
        One world, ``envs=()``. Its ``kind`` is what the policy sees.
    policy : callable
        What each other agent does: its observation ``(features,)`` to an action's number.
    rng : numpy.random.Generator
        For the chance of each new episode.
    player : int
        The agent whose place the reader takes.
    title : str
        Shown above.

    Attributes
    ----------
    words : str
        What has just happened, and the rewards so far.
    returns : list of float
        Of every agent in this episode: sums of rewards, to be made large.
    done : bool
        Whether the episode is over.

    Raises
    ------
    ValueError
        If ``world`` is a batch, shows nothing, or has no such agent.
    """

    def __init__(self, world, policy, rng, player=0, title=""):
        if world.envs or world.kind == "none":
            raise ValueError(
                "play needs one world that shows its agents something: "
                f"{type(world).__name__}(envs=(), ...) without kind='none'."
            )
        if not 0 <= player < world.n_players:
            raise ValueError(f"player={player}: agents are numbered 0 to {world.n_players - 1}.")
        self.world, self.policy, self.rng = world, policy, rng
        self.player, self.title = player, title
        self.begin()

    def begin(self, _=None):
        """Begin a new episode."""
        self._seen = self.world.reset(self.rng)
        self.returns, self.done = [0.0] * self.world.n_players, False
        self.words = f"You are {self._name(self.player)}. {self.world.episode_length} steps to go."

    def act(self, action):
        """Take a step: the reader does ``action``, everyone else what the policy says.

        After the last step it only says that the episode is over.
        """
        if self.done:
            return
        actions = [
            action if i == self.player else int(self.policy(seen))
            for i, seen in enumerate(self._seen)
        ]
        self._seen, rewards, self.done = self.world.step(actions)
        self.returns = [sum(pair) for pair in zip(self.returns, rewards.tolist(), strict=True)]
        happened = self.world.tell()
        so_far = ", ".join(
            f"{self._name(i)} {value:+g}" if value else f"{self._name(i)} 0"
            for i, value in enumerate(self.returns)
        )
        end = " The episode is over." if self.done else ""
        self.words = f"Step {self.world.t}: {happened}. Rewards so far: {so_far}.{end}"

    def picture(self):
        """Return the world as a drawing."""
        from d3c_minimal import plots

        return plots.grid(self.world.scene())

    def html(self):
        """Return what a page without a kernel shows: the first scene, and where to play."""
        from d3c_minimal import plots

        note = f"{self.words} To play, open this chapter in the live edition."
        return plots.grid(self.world.scene(), caption=f"{self.title} {note}".strip()).html()

    def widget(self):
        """Return the board with its buttons; each is reached by Tab and pressed by Enter."""
        import ipywidgets

        screen, words = ipywidgets.HTML(), ipywidgets.HTML()

        def show():
            screen.value = self.picture().html(inner=True)
            words.value = f'<div role="status">{html.escape(self.words)}</div>'

        def button(description, tooltip, press):
            def pressed(_):
                press()
                show()

            widget = ipywidgets.Button(
                description=description, tooltip=tooltip, layout={"width": "auto"}
            )
            widget.on_click(pressed)
            return widget

        moves = [
            button(name, f"{name}, one step", lambda k=k: self.act(k))
            for k, name in enumerate(self.world.action_names)
        ]
        anew = button("new episode", "begin a new episode", self.begin)
        show()
        title = [ipywidgets.HTML(f"<b>{html.escape(self.title)}</b>")] if self.title else []
        bar = ipywidgets.HBox([*moves, anew], layout={"flex_flow": "row wrap"})
        return ipywidgets.VBox([*title, bar, words, screen])

    def _name(self, i):
        return self.world.agent_names[i]

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": self.words, "text/html": self.html()}
        if face() != "static":
            bundle[WIDGET] = self.widget()._repr_mimebundle_()[WIDGET]
        return bundle


def play(world, policy, rng, *, player=0, title=""):
    """Let the reader play ``world`` against ``policy``: see :class:`Play`."""
    return Play(world, policy, rng, player=player, title=title)
