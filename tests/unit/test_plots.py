"""Pictures: legible in both modes, small, self-contained, and the same in words."""

import base64
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from d3c_minimal import games, plots
from d3c_minimal.plots import curves, mixtures, style, svg

T = np.arange(101)
FALLING = np.exp(-T / 20)
RUNS = FALLING[:, None] * np.linspace(0.5, 1.5, 11)
A3 = np.array([[0.9, 0.08, 0.02], [0.3, 0.4, 0.3], [0.001, 0.001, 0.998]])
ROADS = {"C": 45, "D": 45, "E": 0, "F": 10, "G": 10}
PATH = np.linspace([0.9, 0.8], [0.0, 0.0], 50)


def all_pictures():
    game = games.nash_paradox(0.3)
    return {
        "lines": plots.lines(T, {"a": FALLING, "b": 1 - FALLING}, references={"half": 0.5}),
        "band": plots.band(T, {"a": RUNS, "b": 2 * RUNS}, ylabel="loss"),
        "attention": plots.attention(T, np.broadcast_to(A3, (101, 3, 3))),
        "mixture": plots.mixture(A3),
        "road": plots.road(games.traffic(**ROADS), np.tile([0.0, 0.0, 1.0], 4)),
        "finals": plots.finals({"a": RUNS[-1], "b": RUNS[0]}, references={"one": 1.0}),
        "scatter": plots.scatter(RUNS[-1], {"a": RUNS[0]}, references={"one": 1}, diagonal="same"),
        "ring": plots.ring(0, (2, 3), before=(5, 1, 3)),
        "heat": plots.heat([0, 1, 2], [0, 1], RUNS[:3, :2], {"run": [[0, 0], [1, 1]]}),
        "contours": plots.contours(game, {"selfish": PATH, "runs": RUNS[:, :, None] * [0.5, 0.6]}),
    }


@pytest.fixture(scope="module")
def pictures():
    return all_pictures()


def luminance(colour):
    channels = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    dark, light = sorted([luminance(a), luminance(b)])
    return (light + 0.05) / (dark + 0.05)


def test_contrast_formula_on_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", style.COLOURS)
@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
def test_every_colour_stands_out_in_light_and_dark(colour, page):
    assert contrast(colour, page) >= 3


def test_series_differ_in_colour_and_in_dashes():
    looks = [style.look(k) for k in range(5)]
    assert len({look["color"] for look in looks}) == len({look["linestyle"] for look in looks}) == 5


def test_numbers_in_cells_can_be_read():
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    for value in np.linspace(0, 1, 21):
        cell = to_hex(colormaps[style.HEAT](value))
        assert contrast(cell, mixtures._readable(value)) >= 4.3


@pytest.mark.parametrize("name", list(all_pictures()))
def test_a_picture_is_one_well_formed_svg_in_the_page_colours(pictures, name):
    picture = pictures[name]
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == picture.alt
    assert bundle["text/html"].startswith('<figure class="d3c-picture"><svg ')
    figure = ET.fromstring(bundle["text/html"])
    drawing = figure[0]
    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == picture.alt
    assert drawing.get("width") == "100%"
    assert len(drawing.get("viewBox").split()) == 4
    text = bundle["text/html"]
    assert "currentColor" in text
    assert style.INK not in text
    # Nothing that acts on the rest of the page, comes from elsewhere, or changes from day to day.
    assert not re.search(r"<style|<metadata|<script|http://(?!www\.w3\.org/2000/svg)|xlink", text)
    assert len(text) < 50_000
    if name not in ("contours", "band"):
        assert len(text) < 25_000


def references(text):
    return set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', text))


@pytest.mark.parametrize("name", list(all_pictures()))
def test_ids_are_used_found_and_never_shared(pictures, name):
    one, two = pictures[name].html(), pictures[name].html()
    ids = [re.findall(r' id="([^"]+)"', text) for text in (one, two)]
    for text, own in zip((one, two), ids, strict=True):
        assert len(own) == len(set(own)) > 0
        assert {a or b for a, b in references(text)} == set(own)
    assert not set(ids[0]) & set(ids[1])


def without_ids(picture):
    return re.sub(r"#?\bd[0-9a-f]{6}-\d+-", "", picture.html())


def test_the_same_picture_is_drawn_the_same():
    assert without_ids(all_pictures()["band"]) == without_ids(all_pictures()["band"])


def test_a_users_settings_do_not_change_pictures_nor_the_other_way():
    import matplotlib

    plain = plots.lines(T, FALLING).html()
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "none"}):
        loud = plots.lines(T, FALLING).html()
        assert matplotlib.rcParams["font.size"] == 30
    assert len(plain) == pytest.approx(len(loud), abs=20)


def test_short_path_draws_the_same_points():
    rng = np.random.default_rng(0)
    points = np.cumsum(rng.normal(size=(300, 2)), 0) * 10
    points[50:60, 1] = points[50, 1]  # a horizontal stretch
    d = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in points) + " z"
    short = svg.short_path(d, 100, 2)
    at, drawn = np.zeros(2), []
    for letter, numbers in re.findall(r"([a-z])([^a-z]*)", short):
        values = [float(v) for v in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        width = {"h": 1, "v": 1}.get(letter, 2)
        for k in range(0, len(values), width):
            step = values[k : k + width]
            at = at + {"h": [step[0], 0], "v": [0, step[0]]}.get(letter, step)
            drawn.append(at)
    drawn = np.array(drawn)
    assert len(short) < 0.6 * len(d)
    nearest = np.linalg.norm(points[:, None] - drawn, axis=-1).min(1)
    outside = np.ones(len(points), bool)
    outside[51:59] = False  # the horizontal stretch may be merged into one line
    assert nearest[outside].max() < 0.008
    assert np.linalg.norm(drawn[-1] - points[-1]) < 0.008


def test_short_path_curves_and_closing():
    assert svg.short_path("M 1 1 Q 2 2 3 1 C 4 4 5 5 6 1 z M 2 2 L 2 5", 1, 0) == (
        "m1 1q1 1 2 0c1 3 2 4 3 0zm1 1v3"
    )


def test_short_path_joins_lines_only_in_one_direction():
    assert svg.short_path("M 0 0 L 5 0 L 7 0 L 2 0 L 2 1 L 2 4", 1, 0) == "m0 0h7-5v4"


def test_band_shows_median_and_quantiles():
    picture = plots.band(T, {"a": RUNS}, alt="Losses fall")
    ax = picture.figure.axes[0]
    assert np.allclose(ax.lines[0].get_ydata(), FALLING)
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.min() == pytest.approx(0.6 * FALLING[-1])
    assert edges.max() == pytest.approx(1.4)
    assert picture.alt == (
        "Losses fall. a: from 1 to 0.00674, band at the end 0.00404 to 0.00943. "
        "Line: median; band: from the 10 to the 90 percent quantile of the runs."
    )


def test_band_mean_and_given_triples():
    runs = np.array([[1.0, 3.0], [2.0, 6.0]])
    ax = plots.band([0, 1], {"a": runs}, centre="mean").figure.axes[0]
    assert np.allclose(ax.lines[0].get_ydata(), [2, 4])
    vertices = ax.collections[0].get_paths()[0].vertices
    assert {1.0, 3.0, 2.0, 6.0} <= set(vertices[:, 1].tolist())
    given = plots.band([0, 1], {"a": ([2.0, 4.0], [1.0, 2.0], [3.0, 6.0])})
    assert np.allclose(given.figure.axes[0].lines[0].get_ydata(), [2, 4])
    assert "quantile" not in given.alt


def test_long_curves_keep_their_extremes():
    y = np.zeros(10_000)
    y[1234], y[8765] = 5.0, -3.0
    kept = curves._outline(y)
    assert len(kept) <= 402
    assert {0, 1234, 8765, 9999} <= set(kept.tolist())
    assert len(
        plots.lines(np.arange(10_000), np.random.default_rng(1).normal(size=10_000)).html()
    ) < (25_000)


def test_a_diverged_curve_is_labelled_where_it_was_last_finite():
    picture = plots.lines(
        [0, 1, 2, 3], {"a": [0.0, 1.0, np.nan, np.inf], "b": [0.0, 0.0, 0.0, 2.0]}
    )
    heights = {text.get_text(): text.get_position()[1] for text in picture.figure.axes[0].texts}
    assert 0 < heights["a"] < heights["b"] <= 1
    assert "a: from 0 to infinity" in picture.alt


def test_labels_move_apart_and_stay_inside():
    places = curves._apart(np.array([0.5, 0.5, 0.52, 1.0, 1.0]), np.full(5, 0.1))
    assert np.all(np.diff(places) >= 0.1 - 1e-12)
    assert places[-1] <= 1
    assert np.array_equal(curves._apart(np.array([0.1, 0.9]), np.full(2, 0.1)), [0.1, 0.9])


def test_attention_is_the_log_ratio_of_own_to_other_shares():
    A = np.array([[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]])
    first, second = plots.attention([0, 1], A).figure.axes[0].lines[:2]
    assert np.allclose(first.get_ydata(), [np.log(9), 0])
    assert np.allclose(second.get_ydata(), [0, np.log(4)])
    three = plots.attention([0, 1], np.broadcast_to(A3, (2, 3, 3))).figure.axes[0]
    assert three.lines[0].get_ydata()[0] == pytest.approx(np.log(0.9 / 0.05))
    assert any(text.get_text() == "equal" for text in three.texts)


def test_attention_over_runs_draws_bands():
    own = np.linspace(0.6, 0.9, 5)
    A = np.stack([np.stack([own, 1 - own], -1), np.stack([1 - own, own], -1)], -2)
    picture = plots.attention([0, 1], np.stack([A, A]))
    assert picture.figure.axes[0].lines[0].get_ydata()[0] == pytest.approx(np.log(0.75 / 0.25))
    assert len(picture.figure.axes[0].collections) == 2


def test_mixture_writes_shares_where_they_belong():
    picture = plots.mixture(A3)
    texts = {(t.get_position()): t.get_text() for t in picture.figure.axes[0].texts}
    assert texts[1, 0] == "0.08"  # column 2 of row 1: x is the column
    assert texts[0, 1] == "0.30"
    assert texts[2, 2] == ">.99"
    assert "agent 1 hands its loss out as 0.90, 0.08, 0.02" in picture.alt
    big = plots.mixture(np.full((10, 10), 0.1))
    assert not big.figure.axes[0].texts
    assert "own shares from 0.1 to 0.1" in big.alt


def test_road_at_braess_equilibrium_and_with_the_road_closed():
    nash = plots.road(games.traffic(**ROADS), np.tile([0.0, 0.0, 1.0], 4))
    assert nash.alt == (
        "Roads: SA 4 drivers, 40 min; AE 0 drivers, 45 min; SB 0 drivers, 45 min; "
        "BE 4 drivers, 40 min; AB 4 drivers, 0 min. Mean commute 80 min."
    )
    closed = plots.road(games.traffic(**ROADS | {"E": None}), np.array([1.0, 0, 1, 0, 0, 1, 0, 1]))
    assert "SA 2 drivers, 20 min" in closed.alt
    assert "AB closed. Mean commute 65 min." in closed.alt


def test_road_rounds_to_tenths_of_a_driver():
    x = np.tile([1e-3, 1e-3, 1 - 2e-3], 4)
    x[:3] = 0.25, 0.5, 0.25
    drawn = plots.road(games.traffic(**ROADS), x).alt
    assert "SA 3.5 drivers" in drawn
    assert "AE 0.3 drivers" in drawn
    assert "e-" not in drawn


def test_road_minutes_add_up_to_the_commute():
    from d3c_minimal.plots.roads import _traffic_on

    rng = np.random.default_rng(3)
    for _ in range(20):
        C, D, E, F, G = rng.uniform(0, 20, 5)
        drivers = int(rng.integers(2, 7))
        game = games.traffic(C, D, E, F, G, drivers)
        x = rng.dirichlet(np.ones(3), drivers).ravel()
        edges, _ = _traffic_on(game, x)
        total = sum(load * minutes for load, minutes, _ in edges.values())
        assert total == pytest.approx(game.loss(x).sum())


def test_finals_counts_every_run_once():
    values = np.random.default_rng(0).normal(size=1000)
    ax = plots.finals({"a": values, "b": values + 1}).figure.axes[0]
    stairs = [patch for patch in ax.patches if patch.get_data().values is not None]
    assert [patch.get_data().values.sum() for patch in stairs] == [1000] * 4


def test_finals_as_shares_of_each_series():
    series = {"few": [0.0, 1.0], "many": np.zeros(50)}
    ax = plots.finals(series, bins=2, share=True).figure.axes[0]
    heights = [stairs.get_data().values.tolist() for stairs in ax.patches[::2]]
    assert heights == [[50, 50], [100, 0]]


def test_finals_raise_labels_that_come_close():
    references = {"far": -10.0, "near": 9.0, "next": 10.0}
    ax = plots.finals(np.linspace(-10, 10, 50), references=references).figure.axes[0]
    assert [text.get_position()[1] for text in ax.texts] == [3, 3, 18]


def test_contours_mark_what_the_game_knows():
    game = games.nash_paradox(0.36)
    picture = plots.contours(game, PATH, arrows=True)
    assert "Nash at (0, 0); best at (0.8, 0.8)" in picture.alt
    assert "path from (0.9, 0.8) to (0, 0)" in picture.alt
    assert picture.figure.axes[0].get_xlim() == (0, 1)
    bare = plots.contours(game, nash=False, optimum=False)
    assert bare.alt.startswith("Total loss from 3.28 to 5.56")
    assert "Nash" not in bare.alt
    assert [t.get_text() for t in bare.figure.axes[0].texts] == []


def test_contours_arrows_point_down_the_selfish_gradient():
    # f_i falls in x_i alone at slope 1: every arrow is diagonal, towards 0.
    game = games.nash_paradox(1.0)
    ax = plots.contours(
        game, low=0.4, high=0.6, arrows=True, nash=False, optimum=False
    ).figure.axes[0]
    x, y = ax.lines[0].get_data()
    shafts = np.stack([x, y], -1).reshape(-1, 7, 2)
    v = shafts[:, 1] - shafts[:, 0]
    assert (v < 0).all()
    assert np.allclose(np.linalg.norm(v, axis=-1), np.linalg.norm(v[0]))


def test_contours_switch_to_logarithms_where_losses_explode():
    ticks = plots.contours(games.nash_paradox(0.01)).figure.axes[1].get_yticks()
    assert np.allclose(ticks[1:] / ticks[:-1], ticks[1] / ticks[0])


def test_row_stands_side_by_side_and_says_all():
    one, two = (
        plots.lines(T, FALLING, alt="One"),
        plots.lines(T, FALLING, alt="Two", caption="c < d"),
    )
    bundle = plots.row(one, two)._repr_mimebundle_()
    figure = ET.fromstring(bundle["text/html"])
    assert bundle["text/plain"] == f"{one.alt} {two.alt}"
    assert "d3c-picture" in figure.get("class").split()
    assert "flex-wrap:wrap" in figure[0].get("style")
    assert [svg.get("aria-label") for svg in figure.iter("{http://www.w3.org/2000/svg}svg")] == [
        one.alt,
        two.alt,
    ]
    assert [c.text for c in figure.iter("figcaption")] == ["c < d"]


def test_save_writes_dark_on_white(tmp_path):
    from matplotlib.image import imread

    picture = plots.lines(T, FALLING, ylabel="loss")
    before = without_ids(picture)
    picture.save(tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    ET.fromstring(text)
    assert 'fill="#fff"' in text
    assert "currentColor" not in text
    picture.save(tmp_path / "a.png")
    pixels = imread(tmp_path / "a.png")
    assert np.allclose(pixels[0, 0], 1)
    assert pixels[..., :3].min() < 0.1
    assert without_ids(picture) == before
    with pytest.raises(ValueError, match=r"\.svg or \.png"):
        picture.save(tmp_path / "a.pdf")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (80.0, "80"),
        (79.96, "80"),
        (1 / 3, "0.333"),
        (-2e-13, "0"),
        (9999, "9999"),
        (12345.6, "12300"),
        (1e7, "1e+07"),
        (np.inf, "infinity"),
        (np.nan, "not a number"),
    ],
)
def test_brief_numbers(value, words):
    assert style.brief(value) == words


def test_brief_does_not_show_rounding_noise():
    for value in (0.1 + 0.2, 65 - 1e-12, 3.0000000001):
        assert style.brief(value) == style.brief(value * (1 + 1e-13))


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (lambda: plots.lines(T, {"a": FALLING[:-1]}), "one value"),
        (lambda: plots.lines(T, FALLING, log="z"), "'x', 'y' or 'xy'"),
        (lambda: plots.band(T, {"a": FALLING}), r"array \(S, R\)"),
        (lambda: plots.band(T, {"a": RUNS}, centre="mode"), "'median' or 'mean'"),
        (lambda: plots.attention(T, A3[None, 0]), r"\(S, n, n\)"),
        (lambda: plots.attention(T, np.broadcast_to(np.eye(2), (101, 2, 2))), "not finite"),
        (lambda: plots.mixture(np.ones((2, 3))), r"\(n, n\)"),
        (lambda: plots.mixture(A3 - 0.5), "shares"),
        (lambda: plots.contours(games.traffic(**ROADS)), "exactly two"),
        (lambda: plots.contours(games.nash_paradox(0.3), T), r"\(S, 2\)"),
        (lambda: plots.contours(games.nash_paradox(0.3), low=1.0, high=0.0), "low < high"),
        (lambda: plots.road(games.nash_paradox(0.3), np.zeros(2)), "games.traffic"),
        (lambda: plots.road(games.traffic(**ROADS), np.ones((2, 12)) / 3), "pick a run"),
        (lambda: plots.finals({"a": [1.0, np.nan]}), "finite"),
        (lambda: plots.row(), "at least one"),
        (lambda: plots.Picture(plots.lines(T, FALLING).figure, " "), "alt="),
    ],
)
def test_mistakes_are_answered_with_the_remedy(wrong, remedy):
    with pytest.raises(ValueError, match=remedy):
        wrong()


def test_pictures_need_no_pyplot_and_the_core_needs_no_pictures():
    code = (
        "import sys, d3c_minimal.games, d3c_minimal.dynamics; "
        "assert 'matplotlib' not in sys.modules; "
        "from d3c_minimal import explorers, plots; "
        "assert 'matplotlib.pyplot' not in sys.modules; "
        "assert 'ipywidgets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_logarithmic_axis_keeps_the_early_steps():
    from d3c_minimal.plots.curves import _evenly

    assert np.array_equal(_evenly(1000, log=True)[:6], range(6))
    assert _evenly(1000, log=False)[1] == 5
    for log in (True, False):
        assert _evenly(1000, log)[[0, -1]].tolist() == [0, 999]


@pytest.mark.parametrize("low", [1.0, 0.1, 1e-3, 1e-10])
def test_a_logarithmic_axis_has_labels_over_few_decades_and_many(low):
    picture = plots.lines([0, 1], [4.0, low], log="y")
    picture.svg()
    ax = picture.figure.axes[0]
    bottom, top = ax.get_ylim()
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    shown = [label.get_text() for at, label in ticks if bottom <= at <= top]
    assert 2 <= len(shown) <= 12
    assert all(shown)


def test_scatter_draws_every_point_and_says_its_range():
    x, y = np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.0, 2.0])
    picture = plots.scatter(x, {"a": y}, references={"best": 1.0}, alt="Three networks")
    points, best = picture.figure.axes[0].lines
    assert np.array_equal(points.get_xydata(), np.stack([x, y], 1))
    assert set(best.get_ydata()) == {1.0}
    assert picture.alt == (
        "Three networks. 3 points, across from 1 to 4; a from 1 to 3, median 2; Dotted lines: best."
    )


def test_scatter_of_many_points_is_light_and_its_diagonal_is_one():
    rng = np.random.default_rng(0)
    picture = plots.scatter(*rng.uniform(1, 2, (2, 1000)), diagonal="no change")
    assert len(picture.html()) < 80_000
    line = picture.figure.axes[0].lines[-1]
    assert np.array_equal(line.get_xdata(), line.get_ydata())
    assert "no change" in picture.alt


@pytest.mark.parametrize("y", [[1.0], [1.0, np.nan], [[1.0, 2.0]]])
def test_scatter_refuses_points_without_a_place(y):
    with pytest.raises(ValueError, match="one finite number for each point"):
        plots.scatter([1.0, 2.0], y)


def test_ring_says_who_stands_where_and_draws_an_arrow_for_each_move():
    still, moved = plots.ring(0, (2, 3)), plots.ring(1, (3, 4), before=(0, 2, 4))
    assert "Predator at cell 0, prey 1 at 2, prey 2 at 3" in still.alt
    arrows = [
        sum(
            text.arrow_patch is not None
            for text in one.figure.axes[0].texts
            if hasattr(text, "arrow_patch")
        )
        for one in (still, moved)
    ]
    assert arrows == [0, 2]
    with pytest.raises(ValueError, match="0 to 5"):
        plots.ring(6, (2, 3))


def test_heat_puts_values_where_they_belong():
    picture = plots.heat([0, 1, 2], [5, 6], [[1, 2], [3, 4], [5, 9]], label="height")
    assert "height from 1 to 9, 1 at (0, 5), 2 at (0, 6), 5 at (2, 5), 9 at (2, 6)" in picture.alt
    mesh = picture.figure.axes[0].collections[0]
    np.testing.assert_array_equal(mesh.get_array(), [[1, 3, 5], [2, 4, 9]])
    with pytest.raises(ValueError, match="3 by 2"):
        plots.heat([0, 1, 2], [5, 6], np.zeros((2, 3)))


def test_heat_draws_a_field_as_arrows_of_one_length():
    field = np.zeros((3, 2, 2))
    field[0, 0], field[2, 1] = (2.0, 0.0), (0.0, -7.0)
    picture = plots.heat([0, 1, 2], [5, 6], np.ones((3, 2)), arrows=field)
    assert picture.alt.endswith("Arrows show a direction at each tile.")
    ax = picture.figure.axes[0]
    strokes = ax.lines[0].get_xydata().reshape(2 * 3, 7, 2)
    tails, tips = strokes[:, 0], strokes[:, 1]
    drawn = np.isfinite(tips[:, 0])
    assert drawn.tolist() == [True, False, False, False, False, True]
    # In parts of the axes: tiles are 1/3 wide and 1/2 high, and arrows half of a third long.
    np.testing.assert_allclose((tails + tips)[[0, 5]] / 2, [[1 / 6, 1 / 4], [5 / 6, 3 / 4]])
    np.testing.assert_allclose((tips - tails)[[0, 5]], [[1 / 6, 0], [0, -1 / 6]], atol=1e-12)
    with pytest.raises(ValueError, match="two numbers for each tile"):
        plots.heat([0, 1, 2], [5, 6], np.ones((3, 2)), arrows=np.zeros((2, 3, 2)))


def test_walks_lie_where_the_map_says():
    """A 3 x 3 map on 0, 1, 2: tiles reach from -.5 to 2.5, so 1 is in the middle of the square."""
    values = np.arange(9.0).reshape(3, 3)
    paths = np.array([[[1.0, 1.0], [0.0, 2.0]], [[2.5, 1.0], [9.0, -9.0]]])
    board = plots.walks([0, 1, 2], values, paths, xlabel="a <b>", label="height", alt="Two.")
    assert board.alt == (
        "Two. height from 0 to 8; 2 walks, from (1, 1) to (2.5, 1); from (0, 2) to (9, -9)."
    )
    root = ET.fromstring(board.svg())
    circles = root.iter("{http://www.w3.org/2000/svg}circle")
    places = [(float(c.get("cx")), float(c.get("cy"))) for c in circles]
    left, top, side = 14, 2, 110
    assert places[0] == places[1] == (left + side / 2, top + side / 2)
    assert places[2] == (left + side, top + side / 2)
    np.testing.assert_allclose(places[3], (left + side / 6, top + side / 6), atol=0.05)
    assert places[5] == (left + side, top + side)
    assert "a &lt;b&gt;" in board.svg()


def test_walks_picture_has_the_first_axis_across_and_large_values_light():
    from matplotlib import image

    board = plots.walks([0, 1, 2], np.arange(9.0).reshape(3, 3), np.zeros((1, 1, 2)))
    data = re.search(r"base64,([^\"]+)", board.svg())[1]
    pixels = image.imread(io.BytesIO(base64.b64decode(data)), format="png")[..., :3].sum(-1)
    order = np.argsort(pixels.ravel()).reshape(-1)
    # Rows from the top: values 2 5 8, then 1 4 7, then 0 3 6.
    assert order.tolist() == [6, 3, 0, 7, 4, 1, 8, 5, 2]


@pytest.mark.parametrize(
    ("values", "paths", "hint"),
    [
        (np.zeros((3, 2)), np.zeros((4, 1, 2)), "each pair of 3"),
        (np.zeros((3, 3)), np.zeros((4, 2)), "each pair of 3"),
        (np.zeros((3, 3)), np.zeros((4, 1, 3)), "each pair of 3"),
        (np.zeros((3, 3)), np.zeros((4, 5, 2)), "one to 4"),
    ],
)
def test_walks_refuse(values, paths, hint):
    with pytest.raises(ValueError, match=hint):
        plots.walks([0, 1, 2], values, paths)
