"""Film: an episode of a world as an explorer, one frame a step."""

from d3c_minimal.explorers.controls import Choice, Slider
from d3c_minimal.explorers.explorer import Explorer


def film(reels, *, title="", label="who plays", start=0, interval=500):
    """Show episodes on a page: a slider over the steps, a Play button, a choice of episode.

    Parameters
    ----------
    reels : dict or sequence
        ``{name: reel}``, or one reel: a sequence of (scene, words), as long for all. Scenes are
        those of ``world.scene()``. The words shown begin with the name.
    title : str
    label : str
        What is chosen by the names.
    start : int
        The step shown first.
    interval : int
        Milliseconds from step to step once the reader has pressed Play.

    Returns
    -------
    Explorer
        Nothing moves until the reader asks for it.

    Raises
    ------
    ValueError
        If the reels differ in length, or all their frames are too many for a page.
    """
    from d3c_minimal import plots

    one = not isinstance(reels, dict)
    reels = {"": reels} if one else dict(reels)
    lengths = {len(reel) for reel in reels.values()}
    if len(lengths) != 1:
        raise ValueError(f"reels of {sorted(lengths)} frames: cut them to one length.")
    controls = {} if one else {"reel": Choice({name: name for name in reels}, label=label)}
    controls["step"] = Slider(range(lengths.pop()), label="step", format="{:d}")

    def draw(step, reel=""):
        return plots.grid(reels[reel][step][0])

    def say(step, reel=""):
        words = reels[reel][step][1]
        return words if one else f"{reel.capitalize()}. {words}"

    return Explorer(draw, controls, say, start={"step": start}, title=title, interval=interval)
