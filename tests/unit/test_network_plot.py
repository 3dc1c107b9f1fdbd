"""The picture of a road network says what is on its roads."""

import numpy as np
import pytest

from d3c_minimal import games, plots

ROADS = [("S", "A", 4.0, 2.0), ("A", "T", 5.0, 2.0), ("S", "T", 20.0, 2.0)]
PLACES = {"S": (0, 0), "A": (1, 1), "T": (2, 0)}


def test_flows_minutes_and_total_are_said():
    game = games.congestion(ROADS, [("S", "T", 1.0), ("S", "T", 3.0)], b=1.0, power=1.0)
    x = np.array([1.0, 0.0, 1.0, 0.0])  # whichever of the two routes comes first
    direct = game.parameters["routes"][0] == ("S", "T")
    picture = plots.network(game, x if not direct else 1 - x, PLACES, alt="All by A.")
    assert picture.alt.startswith("All by A.")
    for words in ("S-A 4 vehicles, 12 min", "A-T 4 vehicles, 15 min", "S-T 0 vehicles, 20 min"):
        assert words in picture.alt
    assert "Total 108 vehicle-minutes" in picture.alt
    assert "108" in picture.figure.axes[0].get_title()


def test_missing_places_several_runs_and_other_games_are_refused():
    game = games.congestion(ROADS, [("S", "T", 1.0), ("S", "T", 3.0)])
    with pytest.raises(ValueError, match=r"nothing of \['A'\]"):
        plots.network(game, np.full(4, 0.5), {"S": (0, 0), "T": (1, 0)})
    with pytest.raises(ValueError, match="pick a run"):
        plots.network(game, np.full((2, 4), 0.5), PLACES)
    with pytest.raises(TypeError, match=r"games\.congestion"):
        plots.network(games.traffic(45, 45, 0, 10, 10), np.full(12, 1 / 3), PLACES)
