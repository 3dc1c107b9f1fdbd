"""The overview of a run and the explorer over a game's parameters."""

import re
import warnings

import numpy as np
import pytest
from matplotlib.colors import to_hex

from d3c_minimal import dynamics, games, mixing
from d3c_minimal.dynamics import Trajectory
from d3c_minimal.equilibria import find_equilibria, optimum
from d3c_minimal.explorers import Choice, Slider, explore
from d3c_minimal.finite import pure_equilibria
from d3c_minimal.game import Game
from d3c_minimal.plots import overview, style, who_gains
from d3c_minimal.plots.overview import _early, _kept
from d3c_minimal.spaces import Box, Simplices

RATES = (0.1, 1.0, 0.01, 60)


def path(f, x=None, A=None):
    """A trajectory with given losses (S, n) or (S, R, n)."""
    f = np.asarray(f, float)
    n, runs = f.shape[-1], f.shape[1:-1]
    x = np.zeros((*f.shape[:-1], 2)) if x is None else x
    A = np.broadcast_to(mixing.selfish(n) if A is None else A, (len(f), *runs, n, n))
    return Trajectory(np.arange(len(f)), x, A, f)


def axes(picture):
    return picture.figure.axes[0]


def texts(picture):
    return " ".join(text.get_text().replace("\n", " ") for text in axes(picture).texts)


def lines_in(picture, colour):
    return [line for line in axes(picture).lines if to_hex(line.get_color()) == colour.lower()]


def test_numbers_in_words_by_hand():
    """Totals 6 then 5 against 10 at the worst equilibrium and 4 at the optimum."""
    seen = overview(
        path([[3.0, 3.0], [1.0, 4.0]]),
        equilibria=[[2.0, 3.0], [4.0, 6.0]],
        optimum=[2.0, 2.0],
        alt="Two firms.",
    )
    assert seen.alt.startswith("Two firms. Total loss: from 6 at the start to 5 after 1 steps; ")
    assert "worst equilibrium found 10; optimum 4, so the end is 1.25 times it." in seen.alt
    assert "2 of 2 gain: player 1 from 4 to 1, player 2 from 6 to 4." in seen.alt
    assert "agent 1 hands its loss out as 0.99, 0.01" in seen.alt
    assert "Strategies: x1 from 0 to 0, x2 from 0 to 0." in seen.alt
    assert texts(seen.pictures[0]) == "optimum 4 end 5 worst equilibrium 10" or set(
        re.findall(r"[a-z ]+\d+", texts(seen.pictures[0]))
    ) == {"worst equilibrium 10", " optimum 4", " end 5"}


@pytest.mark.parametrize(
    ("selfish", "words"),
    [
        (
            None,
            "against the start: 1 of 2 gain: player 1 from 3 to 1; 1 of 2 lose: player 2 from 3",
        ),
        (
            [0.5, 4.0],
            "the selfish end: 1 of 2 lose: player 1 from 0.5 to 1; 1 of 2 stay as they were",
        ),
        (
            path([[3.0, 3.0], [2.0, 2.0]]),
            "the selfish end: 1 of 2 gain: player 1 from 2 to 1; 1 of 2",
        ),
    ],
)
def test_what_the_ends_are_held_against(selfish, words):
    assert words in overview(path([[3.0, 3.0], [1.0, 4.0]]), selfish=selfish).alt


def test_markers_point_to_where_a_loss_went():
    seen = overview(path([[3.0, 3.0, 1.0], [1.0, 4.0, 1.0]]), panels=["players"])
    (gain,) = [line for line in lines_in(seen.pictures[0], style.BLUE) if line.get_marker() == "<"]
    (lose,) = [
        line for line in lines_in(seen.pictures[0], style.VERMILLION) if line.get_marker() == ">"
    ]
    assert gain.get_xydata().tolist() == [[1.0, 0.0]]
    assert lose.get_xydata().tolist() == [[4.0, 1.0]]
    labels = [text.get_text() for text in axes(seen.pictures[0]).get_legend().get_texts()]
    assert labels == ["the start", "end: gains", "end: loses", "end: no change"]


def test_who_gains_knows_small_changes_and_profits():
    assert who_gains([-10.0, -10.0, -10.0], [-12.0, -9.0, -10.005]) == ([0], [1], [2])
    assert who_gains([1e-9, 0.0], [0.0, 1e-9]) == ([0], [1], [])


def test_profits_need_no_ratio():
    seen = overview(path([[-3.0, -3.0], [-4.0, -4.0]]), optimum=[-5.0, -5.0])
    assert "from -6 at the start to -8 after 1 steps; optimum -10." in seen.alt
    assert "times" not in seen.alt
    assert axes(seen.pictures[0]).get_yscale() == "linear"


def test_many_runs_are_a_band_a_median_and_single_runs():
    f = np.stack([np.column_stack([np.full(11, 1.0), np.arange(11.0) + 1])] * 3)  # (3, 11, 2)
    seen = overview(path(f), panels=["total", "players"])
    assert "median of 11 runs from 7 at the start to 7" in seen.alt
    assert "10 to 90 percent of the runs end at 3 to 11" in seen.alt
    ax = axes(seen.pictures[0])
    assert len(ax.collections) == 1
    thin = [line for line in ax.lines if line.get_linewidth() < 1]
    assert sorted(line.get_ydata()[-1] for line in thin) == [2, 4, 6, 8, 10, 12]
    assert "median losses at the end" in seen.alt


@pytest.mark.parametrize("n", [2, 6, 7, 12, 13, 40])
def test_any_number_of_players(n):
    f = np.stack([np.full(n, 2.0), 1.0 + np.arange(n) / n])
    seen = overview(path(f))
    ax = axes(seen.pictures[1])
    assert len(ax.get_yticks()) == (n if n <= 12 else 0)
    assert f"{n} of {n} gain" in seen.alt
    if n > 6:
        assert f"{n} of {n} gain, most player 1 from 2 to 1." in seen.alt
    assert len(seen.html()) < 100_000


def test_axes_follow_the_data():
    steep = overview(path(np.geomspace(1000, 1, 50)[:, None] * np.ones(2)))
    assert axes(steep.pictures[0]).get_yscale() == "log"
    flat = overview(path(np.linspace(30, 20, 50)[:, None] * np.ones(2)))
    assert axes(flat.pictures[0]).get_yscale() == "linear"
    assert axes(flat.pictures[0]).get_xscale() == "linear"
    to_zero = overview(path(np.geomspace(1, 1e-20, 50)[:, None] * np.ones(2)))
    assert axes(to_zero.pictures[0]).get_yscale() == "linear"
    quick = overview(path(20 + 10 * np.exp(-np.arange(400) / 4)[:, None] * np.ones(2)))
    assert axes(quick.pictures[0]).get_xscale() == "log"


def test_early_counts_the_change_after_the_first_record():
    t = np.arange(100)
    jump = np.where(t < 1, 1.0, 0.0)
    assert not _early(t, jump)
    assert _early(t, np.where(t < 3, 1.0, 0.0))
    assert not _early(t, np.where(t < 30, 1.0, 0.0))
    assert not _early(t, np.ones(100))


@pytest.mark.parametrize("log", [False, True])
def test_thinning_keeps_extremes_and_ends(log):
    y = np.sin(np.arange(5000))
    y[1234], y[77] = 9.0, -9.0
    keep = _kept(np.arange(5000), y, log)
    assert {1234, 77, 4999, int(log)} <= set(keep.tolist())
    assert len(keep) <= 102
    assert np.array_equal(_kept(np.arange(20), y[:20], log), np.arange(int(log), 20))


def test_given_names_stand_alone_in_the_mixtures_words():
    words = overview(path([[3.0, 3.0], [1.0, 4.0]]), names=["firm 1", "firm 2"]).alt
    assert "firm 1 hands its loss out as 0.99, 0.01; firm 2 hands" in words
    assert "agent" not in words


def test_strategies_are_named_by_player_and_left_out_where_many():
    game = games.bilinear([[1.0, 3.0, 2.0]] * 3, [[1.0, 2.0, 0.0]] * 3)
    run = dynamics.gradient_descent(game, np.full(6, 1 / 3), 0.1, 5)
    seen = overview(run, game=game, names=["Ann", "Bo"], panels=["strategies"])
    assert "Ann (1) from 0.333" in seen.alt
    assert "Bo (3) from 0.333 to " in seen.alt
    ten = games.prisoners_dilemma(4)
    run = dynamics.gradient_descent(ten, np.zeros(12), 0.1, 5)
    assert len(overview(run).pictures) == 3
    with pytest.raises(ValueError, match="too many coordinates"):
        overview(run, panels=["strategies"])


def test_a_typical_run_shows_its_strategies():
    f = np.array([[5.0, 1.0, 3.0]] * 2)[..., None] * np.ones(2)
    x = np.array([[50.0, 10.0, 30.0]] * 2)[..., None] * np.ones(2)
    seen = overview(path(f, x), panels=["strategies"])
    assert (
        seen.alt == "Strategies of the run with the median end: x1 from 30 to 30, x2 from 30 to 30."
    )


def test_certificates_are_taken_as_they_come():
    game = games.bilinear([[1.0, 10.0], [0.0, 6.0]], [[1.0, 0.0], [10.0, 6.0]])
    run = dynamics.gradient_descent(game, np.full(4, 0.5), 0.1, 5)
    rng = np.random.default_rng(0)
    for found in (pure_equilibria(game), find_equilibria(game, rng, 2), np.array([6.0, 6.0])):
        seen = overview(run, equilibria=found, optimum=optimum(game, rng, 2))
        assert "worst equilibrium found 12; optimum 2" in seen.alt
    assert "equilibrium" not in overview(run, equilibria=[]).alt


def test_a_diverging_run_is_drawn_before_it_explodes():
    game = Game(lambda x: -(x**2) + 0 * x[..., ::-1], [0, 1], name="hill")
    with pytest.raises(dynamics.Diverged) as caught:
        dynamics.gradient_descent(game, np.array([0.1, 0.1]), 0.5, 5000)
    seen = overview(caught.value)
    assert seen.alt.startswith("The run diverged: losses are not finite at step ")
    assert "Drawn up to step " in seen.alt
    assert "Players" not in seen.alt
    low, _ = axes(seen.pictures[0]).get_ylim()
    assert low > -10
    with pytest.raises(dynamics.Diverged) as caught:
        dynamics.gradient_descent(game, np.array([1e200, 1.0]), 0.5, 5)
    with pytest.raises(ValueError, match="fewer than two states"):
        overview(caught.value)


def test_inputs_are_not_changed():
    f = np.arange(8.0).reshape(4, 2)
    worst = np.array([3.0, 4.0])
    before = f.copy(), worst.copy()
    overview(path(f), equilibria=worst)
    assert np.array_equal(f, before[0])
    assert np.array_equal(worst, before[1])


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        ({"names": ["a"]}, "one for each"),
        ({"panels": ["mix"]}, "choose among"),
        ({"panels": []}, "choose among"),
        ({"optimum": [1.0, 2.0, 3.0]}, "all 2 players"),
        ({"equilibria": [[np.nan, 1.0]]}, "finite"),
        ({"game": games.prisoners_dilemma(3)}, "another game"),
    ],
)
def test_mistakes_in_an_overview(arguments, remedy):
    with pytest.raises(ValueError, match=remedy):
        overview(path(np.ones((3, 2))), **arguments)


class TestExplore:
    def test_words_by_the_closed_form(self):
        """Nash paradox: equilibrium 2 / kappa, optimum 2 (2 - kappa)."""
        explorer = explore(games.nash_paradox, kappa=[0.5, 1.0], rates=RATES, starts=2)
        words = explorer.say(kappa=0.5)
        assert words.startswith("kappa 0.5: price of anarchy 1.33, from the 1 equilibrium found; ")
        assert "worst equilibrium 4; optimum 3. D3C ends at a total of " in words
        assert "against the worst equilibrium both players gain." in words
        assert "both players stay as they were" in explorer.say(kappa=1.0)

    def test_each_setting_is_computed_once(self):
        built = []

        def build(kappa):
            built.append(kappa)
            return games.nash_paradox(kappa)

        explorer = explore(build, kappa=[0.3, 0.6], rates=RATES, starts=1)
        assert built == []
        explorer.html()
        explorer.html()
        [explorer.say(**setting) for setting in explorer.settings()]
        assert sorted(built) == [0.3, 0.6]

    def test_frames_differ_and_are_light(self):
        explorer = explore(games.nash_paradox, kappa=[0.1, 0.4, 0.7, 1.0], rates=RATES, starts=2)
        html = explorer.html()
        assert html.count("d3c-frame") == 4
        assert len(html) / 4 < 48_000  # 20 frames stay below 1 MB
        assert len({picture.alt for _, picture, _ in explorer.frames()}) == 4

    def test_what_is_not_defined_is_said(self):
        explorer = explore(games.nash_paradox, kappa=[0.0, 0.5], rates=RATES, starts=1)
        assert explorer.say(kappa=0.0).startswith("kappa 0: there is no such game: kappa is 0.0")
        assert "choose it in (0, 1]" in explorer.draw(kappa=0.0).alt
        profits = explore(
            lambda shift: Game(lambda x: x**2 - shift, [0, 1], Box(-1.0, 1.0)),
            shift=[1.0, -1.0],
            rates=RATES,
            starts=1,
        )
        words = profits.say(shift=1.0)
        assert "price of anarchy needs positive totals" in words
        assert "worst equilibrium -2; optimum -2" in words
        assert "price of anarchy 1," in profits.say(shift=-1.0)

    def test_no_equilibrium_no_optimum_and_a_divergence_are_said(self):
        def build(slope):
            return Game(lambda x: slope * x**2 + 0 * x[..., ::-1], [0, 1])

        explorer = explore(build, slope=[-1.0, 1.0], rates=(0.5, 0.1, 0.01, 1500), starts=1)
        words = explorer.say(slope=-1.0)
        assert "no equilibrium found. D3C diverges: losses are not finite at step " in words
        assert "falls without bound" in words
        assert "The run diverged" in explorer.draw(slope=-1.0).alt
        assert "diverge" not in explorer.say(slope=1.0)

    def test_controls_by_what_is_given(self):
        def build(n, kind, flag, own, half, fixed):
            assert (kind, flag, fixed) == ("a", True, "text")
            return Game(lambda x: x**2 + half * own, np.arange(n))

        explorer = explore(
            build,
            n=np.array([2, 3]),
            kind=["a", "b"],
            flag={"yes": True, "no": False},
            own=Slider([1.0, 2.0], label="own"),
            half=0.5,
            fixed="text",
            rates=RATES,
            starts=1,
            labels={"n": "players"},
            panels=["total"],
        )
        assert [type(c) for c in explorer.controls.values()] == [Slider, Choice, Choice, Slider]
        start = {"n": 3, "kind": "a", "flag": True, "own": 1.0}
        assert explorer.say(**start).startswith("players 3, kind a, flag yes, own 1: price")
        assert explorer.found(**start).game.n_players == 3

    def test_rates_by_name_by_function_and_by_default(self):
        taken = []

        def rates(game, x0):
            taken.append(x0.shape)
            return {"eta_x": 0.1, "eta_A": 1.0, "epsilon": 0.0, "steps": 1000}

        explorer = explore(games.nash_paradox, kappa=[0.5, 0.6], rates=rates, starts=1, runs=3)
        run = explorer.found(kappa=0.5).path
        assert taken == [(3, 2)]
        assert run.t[-1] == 1000
        assert len(run.t) <= 502
        usual = explore(games.nash_paradox, kappa=[0.5, 0.6], starts=1, x0=[0.3, 0.4])
        found = usual.found(kappa=0.5)
        assert found.path.x[0].tolist() == [0.3, 0.4]
        assert found.path.f[-1].sum() < found.equilibria[0].losses.sum()

    def test_what_a_run_warns_of_is_said_and_not_issued(self):
        explorer = explore(games.nash_paradox, kappa=[0.3, 0.6], rates=RATES, starts=1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            words = explorer.say(kappa=0.3)
        assert "Nash paradox: the run froze" in words

    def test_a_mixed_extension(self):
        B = np.array([[1.0, 10.0], [0.0, 6.0]])
        explorer = explore(
            lambda temptation: games.bilinear(
                B - temptation * (B == 0), (B - temptation * (B == 0)).T
            ),
            temptation=[0.0, 0.5],
            rates=(0.1, 0.1, 0.01, 50),
            starts=2,
        )
        assert "price of anarchy 6" in explorer.say(temptation=0.0)
        assert isinstance(explorer.found(temptation=0.0).game.space, Simplices)

    def test_mistakes(self):
        with pytest.raises(ValueError, match="several values"):
            explore(games.nash_paradox, kappa=0.5)
        with pytest.raises(TypeError, match="function that returns a Game"):
            explore(games.nash_paradox(0.5), kappa=[0.1, 0.5])
        with pytest.raises(ValueError, match="heavy page"):
            explore(games.nash_paradox, kappa=np.linspace(0.1, 1, 21))
        with pytest.raises(TypeError, match="must return a Game"):
            explore(lambda kappa: kappa, kappa=[0.1, 0.5], rates=RATES).say(kappa=0.1)
