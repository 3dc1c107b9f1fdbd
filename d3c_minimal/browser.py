"""What a chapter does differently in a browser's Python (Pyodide), where time costs more."""

import logging
import sys


def here():
    """Say whether this Python runs in a browser."""
    return sys.platform == "emscripten"


def heavy(seconds, less=""):
    """Say beforehand that a cell takes long in a browser, and how it takes less; elsewhere nothing.

    Parameters
    ----------
    seconds : float
        How long the cell takes in a browser, about.
    less : str
        What to write in the cell for a smaller run: "RUNS = 100".
    """
    if here():
        smaller = f" For a smaller run write {less} in it." if less else ""
        print(f"This cell takes about {seconds:.0f} s in the browser.{smaller}", flush=True)


def settle():
    """Keep libraries from warnings that mean nothing to a reader there.

    matplotlib looks for fonts at every start, and tqdm would watch its bars from another thread.
    """
    from tqdm import tqdm

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    tqdm.monitor_interval = 0
