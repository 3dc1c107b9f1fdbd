"""Smooth games: totals and bounds against loops, a linear program, and worked examples."""

import itertools

import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from d3c_minimal import anarchy, games
from d3c_minimal.equilibria import normal_form
from d3c_minimal.game import Game
from d3c_minimal.smoothness import all_pair_totals, pair_totals, smooth_bound

TRAFFIC = games.traffic(45.0, 45.0, 0.0, 10.0, 10.0)
TOGETHER = Game(lambda x: anp.stack([x.sum(-1) ** 2] * 2, -1), [0, 1])


def random_tensor(seed):
    """Losses of two to four players, of one to three actions each."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 4, rng.integers(2, 5))
    return rng.uniform(0.05, 1.0, (*shape, len(shape))) ** rng.choice([1, 3])


def by_linear_program(cross, here, there, least_s=0.0):
    """min rho subject to rho here + s (there - cross) >= there, rho >= 1, s >= least_s."""
    cross, here, there = (np.ravel(v) for v in np.broadcast_arrays(cross, here, there))
    scale = max(here.max(), there.max())
    found = linprog(
        [1.0, 0.0],
        A_ub=-np.stack([here, there - cross], -1) / scale,
        b_ub=-there / scale,
        bounds=[(1, None), (least_s, None)],
    )
    assert found.status in (0, 2), found.message  # 2: infeasible
    return found.x[0] if found.status == 0 else np.inf


seeds = st.integers(0, 10**6)
few = settings(max_examples=60, deadline=None, derandomize=True)


# The totals.


def test_totals_by_hand():
    """Player 1 moves to 2: 4 + (1 - 1)^2; player 2 moves to 3: 9 + (0 - 1)^2."""
    game = games.prisoners_dilemma(2)
    cross, here, there = pair_totals(game, [2.0, 3.0], [0.0, 1.0])
    assert (cross, here, there) == (14.0, 18.0, 2.0)
    assert pair_totals(game, [0.0, 1.0], [2.0, 3.0])[0] == 6.0  # the order matters


def test_a_point_beside_itself():
    x = np.random.default_rng(0).normal(size=(5, 6))
    for total in pair_totals(games.random_waves(np.random.default_rng(1), 3), x, x):
        assert np.allclose(total, games.random_waves(np.random.default_rng(1), 3).loss(x).sum(-1))


def test_totals_broadcast_and_leave_their_input():
    game, rng = games.election(), np.random.default_rng(0)
    x, other = rng.normal(size=(3, game.dim)), rng.normal(size=(4, game.dim))
    kept = x.copy(), other.copy()
    cross, here, there = pair_totals(game, x[:, None], other)
    assert cross.shape == (3, 4)
    assert np.broadcast_shapes(here.shape, there.shape) == (3, 4)
    for a, b in itertools.product(range(3), range(4)):
        moved = 0.0
        for i in range(game.n_players):
            z = other[b].copy()
            z[game.owner == i] = x[a][game.owner == i]
            moved += game.loss(z)[i]
        assert cross[a, b] == pytest.approx(moved)
        assert here[a, 0] == pytest.approx(game.loss(x[a]).sum())
        assert there[b] == pytest.approx(game.loss(other[b]).sum())
    assert np.array_equal(x, kept[0])
    assert np.array_equal(other, kept[1])


@few
@given(seeds)
def test_all_pairs_by_loops(seed):
    tensor = random_tensor(seed)
    cross, here, there = all_pair_totals(tensor)
    joint = list(itertools.product(*map(range, tensor.shape[:-1])))
    for (a, x), (b, other) in itertools.product(enumerate(joint), repeat=2):
        lonely = 0.0
        for i in range(len(x)):
            lonely += tensor[(*other[:i], x[i], *other[i + 1 :])][i]
        assert cross[a, b] == pytest.approx(lonely, rel=1e-12)
        assert here[a, 0] == pytest.approx(tensor[x].sum(), rel=1e-12)
        assert there[0, b] == pytest.approx(tensor[other].sum(), rel=1e-12)


def test_all_pairs_are_those_of_the_vertices():
    routes = np.array(list(itertools.product(range(3), repeat=4)))
    vertices = np.eye(3)[routes].reshape(81, 12)
    for ours, others in zip(
        all_pair_totals(TRAFFIC), pair_totals(TRAFFIC, vertices[:, None], vertices), strict=True
    ):
        assert np.allclose(ours, others)


def test_too_many_pairs_are_refused():
    with pytest.raises(ValueError, match="too many to enumerate"):
        all_pair_totals(np.ones((70, 70, 2)))


def test_bad_strategies_are_refused():
    with pytest.raises(TypeError, match="floats"):
        pair_totals(TOGETHER, [0, 0], [1.0, 1.0])
    with pytest.raises(ValueError, match="last axis"):
        pair_totals(TOGETHER, [0.0, 0.0], [1.0, 1.0, 1.0])


# The bound.


def test_the_road_network():
    """A quarter of one pair and three quarters of another: 325 <= 260 lambda + 325 mu."""
    cross, here, there = all_pair_totals(TRAFFIC)
    found = smooth_bound(cross, here, there)
    assert (found.bound, found.lam, found.mu) == pytest.approx((1.25, 5.0, -3.0))
    two = smooth_bound([280.0, 340.0], [260.0, 260.0], [340.0, 320.0])
    assert (two.bound, two.lam, two.mu) == pytest.approx((325 / 260, 5.0, -3.0))
    assert (cross <= 5 / 3 * here + 1 / 3 * there).all()  # affine congestion


def test_the_dilemma():
    """5 from its optimum, 3 + 2 sqrt(2) from all pairs, 2 on the square, where Nash is worst."""
    game, root = games.prisoners_dilemma(2), 0.5**0.5
    axis = np.append(np.linspace(-2, 2, 81), [root, -root])
    line = axis[:, None] * np.ones(2)
    assert smooth_bound(*pair_totals(game, [0.5, 0.5], line)).bound == pytest.approx(5)
    found = smooth_bound(*pair_totals(game, line[:, None], line))
    assert found.bound == pytest.approx(3 + 2 * 2**0.5)
    square = np.stack(np.meshgrid(*[np.linspace(0, 1, 11)] * 2), -1).reshape(-1, 2)
    found = smooth_bound(*pair_totals(game, square[:, None], square))
    assert found.bound == pytest.approx(2)
    assert (found.lam, found.mu) == (np.inf, -np.inf)


@pytest.mark.parametrize("c", [1e-3, 0.1, 7.0])
def test_convex_and_not_smooth(c):
    found = smooth_bound(*pair_totals(TOGETHER, [0.0, 0.0], [c, -c]))
    assert found.bound == np.inf
    assert np.isnan([found.lam, found.mu]).all()


def test_a_least_total_of_zero():
    """Smooth where lonely moves cost nothing: 3 s >= 4 from the first pair, 2 s >= 1."""
    found = smooth_bound([1.0, 0.0, 2.0], [0.0, 0.0, 1.0], [4.0, 0.0, 1.0])
    assert found.mu == pytest.approx(1 - 3 / 4)
    assert found.bound == pytest.approx(1 + 4 / 3)
    assert smooth_bound([4.0], [0.0], [4.0]).bound == np.inf
    assert smooth_bound([1.0, 0.1], [0.0, 1.0], [0.0, 1.0]).bound == np.inf


def test_zeros_up_to_rounding_are_zeros():
    """0.1 + 0.2 - 0.3 is not 0; its square is no total to divide by."""
    x = np.array([[0.1 + 0.2, -0.3], [0.0, 0.0], [1.0, 1.0]])
    assert smooth_bound(*pair_totals(TOGETHER, x[:, None], x)).bound == np.inf


def test_a_game_without_conflict_has_bound_one():
    """Each player minds its own number: a lonely move is as good as the joint one."""
    game = Game(lambda x: 1.0 + x**2, [0, 1])
    x = np.random.default_rng(0).normal(size=(30, 2))
    zero = np.zeros(2)
    found = smooth_bound(*pair_totals(game, zero, x))
    assert found.bound == pytest.approx(1)
    assert found.mu < 1
    assert smooth_bound(*pair_totals(game, x, x)).bound == pytest.approx(1)


@few
@given(seeds)
def test_bound_against_a_linear_program(seed):
    totals = all_pair_totals(random_tensor(seed))
    assert smooth_bound(*totals).bound == pytest.approx(by_linear_program(*totals), rel=1e-6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seeds)
def test_zeros_and_ties_against_a_linear_program(seed):
    """Losses 0 to 3: many totals are equal, some are 0; s must be above 0 somewhere."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 4, rng.integers(2, 4))
    totals = all_pair_totals(rng.integers(0, 4, (*shape, len(shape))).astype(float))
    assume(totals[1].any())
    possible = by_linear_program(*totals, least_s=1e-4) < np.inf
    expected = by_linear_program(*totals) if possible else np.inf
    assert smooth_bound(*totals).bound == pytest.approx(expected, rel=1e-6)


@few
@given(seeds)
def test_what_is_found_satisfies_the_definition_and_less_does_not(seed):
    cross, here, there = all_pair_totals(random_tensor(seed))
    found = smooth_bound(cross, here, there)
    if np.isinf(found.mu):
        assert found.bound == pytest.approx(there.max() / here.min())
        return
    assert found.bound == pytest.approx(found.lam / (1 - found.mu))
    assert found.lam > 0
    assert found.mu < 1
    rounding = 1e-9 * (abs(found.lam) + abs(found.mu)) * there.max()
    assert (cross <= found.lam * here + found.mu * there + rounding).all()
    less = found.lam * (1 - 1e-4) * here + found.mu * there
    assert (cross > less).any()


@few
@given(seeds)
def test_no_equilibrium_is_worse(seed):
    """Lemma 1, for coarse correlated equilibria, from pairs at the optimum and from all."""
    tensor = random_tensor(seed)
    cross, here, there = all_pair_totals(tensor)
    bracket, best = anarchy.price_of_anarchy_bracket(tensor), here.argmin()
    from_best = smooth_bound(cross[best], here[best], there[0]).bound
    assert 1 <= bracket.lower <= bracket.upper <= from_best * (1 + 1e-6)
    assert from_best <= smooth_bound(cross, here, there).bound * (1 + 1e-12)


def test_the_left_side_swapped_bounds_nothing():
    below = 0
    for seed in range(60):
        tensor = random_tensor(seed)
        cross, here, there = all_pair_totals(tensor)
        best = here.argmin()
        wrong = smooth_bound(cross[:, best], here[best], there[0]).bound
        below += wrong < anarchy.price_of_anarchy_bracket(tensor).lower - 1e-6
    assert below > 3


@few
@given(seeds)
def test_more_pairs_never_lower_it(seed):
    totals = [v.ravel() for v in np.broadcast_arrays(*all_pair_totals(random_tensor(seed)))]
    bounds = [smooth_bound(*(v[:m] for v in totals)).bound for m in range(1, len(totals[0]) + 1, 7)]
    assert (np.diff(bounds) >= -1e-12).all()


@few
@given(seeds, st.floats(-0.99, 10))
def test_an_offset_moves_it_like_a_price(seed, share):
    """(rho b + K) / (b + K) for pairs at an optimum with the total b, and mu as it was."""
    cross, here, there = all_pair_totals(random_tensor(seed))
    best, b = here.argmin(), here.min()
    totals, K = (cross[best], here[best], there[0]), share * b
    before, after = smooth_bound(*totals), smooth_bound(*(v + K for v in totals))
    assert after.bound == pytest.approx((before.bound * b + K) / (b + K), rel=1e-9)
    if before.bound > 1 + 1e-6:
        assert after.mu == pytest.approx(before.mu, rel=1e-6, abs=1e-6)


@few
@given(seeds, st.floats(1e-6, 1e6))
def test_units_do_not_matter(seed, unit):
    totals = all_pair_totals(random_tensor(seed))
    before, after = smooth_bound(*totals), smooth_bound(*(unit * v for v in totals))
    assert after.bound == pytest.approx(before.bound, rel=1e-9)


def test_pure_pairs_are_enough_for_mixed_strategies():
    found = smooth_bound(*all_pair_totals(normal_form(TRAFFIC)))
    x, other = TRAFFIC.space.sample(np.random.default_rng(0), (2, 500, 12))
    cross, here, there = pair_totals(TRAFFIC, x, other)
    assert (cross <= found.lam * here + found.mu * there + 1e-9).all()
    assert smooth_bound(cross, here, there).bound <= found.bound


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        (([1.0], [-1.0], [1.0]), "not negative"),
        (([1.0], [1.0], [-1.0]), "not negative"),
        (([np.nan], [1.0], [1.0]), "finite"),
        (([1.0], [np.inf], [1.0]), "finite"),
        (([], [], []), "no pair"),
    ],
)
def test_bad_totals_are_refused(totals, message):
    with pytest.raises(ValueError, match=message):
        smooth_bound(*totals)


def test_a_negative_cross_total_is_allowed():
    """Single losses may be negative where the totals are not."""
    assert smooth_bound([-1.0], [1.0], [2.0]).bound == pytest.approx(1)


def test_anarchy_offers_them():
    for name in ("SmoothBound", "all_pair_totals", "pair_totals", "smooth_bound"):
        assert hasattr(anarchy, name)


# The robust price of anarchy.

# The second action of player 2 is dominant, then that of player 1: they end at the optimum.
DOMINANCE = np.stack([[[2.0, 4.0], [3.0, 3.0]], [[4.0, 3.0], [4.0, 2.0]]], -1)


def test_robust_price_by_hand():
    """At the optimum (1, 1), total 5: 5 rho >= 6, 5 rho >= 7 - s and 7 - 2 s, so 6/5.

    With all pairs (0, 0) against (0, 1) asks for 6 rho >= 7 + s: the cut is at s = 7/11.
    """
    everywhere = anarchy.robust_price_of_anarchy(DOMINANCE)
    assert everywhere.bound == pytest.approx(14 / 11, rel=1e-12)
    assert everywhere.mu == pytest.approx(1 - 11 / 7, rel=1e-12)
    assert everywhere.lam == pytest.approx(14 / 11 * 11 / 7, rel=1e-12)
    at_optimum = anarchy.robust_price_of_anarchy(DOMINANCE, at_optimum=True)
    assert at_optimum.bound == pytest.approx(6 / 5, rel=1e-12)
    assert anarchy.price_of_anarchy_bracket(DOMINANCE).upper == pytest.approx(1.0, abs=1e-7)


def test_robust_price_of_two_cars_on_two_roads():
    """Road 0 takes as many minutes as cars, road 1 always 2: both on road 0 cost 4/3 of the best.

    At the optimum (0, 1): 3 rho >= 4 and 3 rho >= 3 + s; at (0, 0): 4 rho >= 4 and less.
    """
    cars = np.array([[[2.0, 2.0], [1.0, 2.0]], [[2.0, 1.0], [2.0, 2.0]]])
    for at_optimum in (False, True):
        found = anarchy.robust_price_of_anarchy(cars, at_optimum=at_optimum)
        assert found.bound == pytest.approx(4 / 3, rel=1e-12)


@few
@given(seeds)
def test_robust_price_bounds_the_worst_coarse_correlated_equilibrium(seed):
    tensor = random_tensor(seed)
    cross, here, there = all_pair_totals(tensor)
    best = here.argmin()
    all_pairs = anarchy.robust_price_of_anarchy(tensor).bound
    at_optimum = anarchy.robust_price_of_anarchy(tensor, at_optimum=True).bound
    assert all_pairs == pytest.approx(by_linear_program(cross, here, there), rel=1e-6)
    expected = by_linear_program(cross[best], here[best], there[0])
    assert at_optimum == pytest.approx(expected, rel=1e-6)
    upper = anarchy.price_of_anarchy_bracket(tensor).upper
    assert upper * (1 - 1e-6) <= at_optimum <= all_pairs * (1 + 1e-12)


def test_robust_price_of_a_game_with_many_joint_actions():
    """At the optimum the pairs are as many as joint actions, so no limit is met."""
    tensor = np.random.default_rng(0).uniform(1.0, 2.0, (80, 80, 2))
    assert 1 <= anarchy.robust_price_of_anarchy(tensor, at_optimum=True).bound < 4
    with pytest.raises(ValueError, match="too many"):
        anarchy.robust_price_of_anarchy(tensor)


@pytest.mark.parametrize("at_optimum", [False, True])
def test_robust_price_of_rewards_names_the_remedy(at_optimum):
    with pytest.raises(ValueError, match=r"least here is -\d.*compare differences"):
        anarchy.robust_price_of_anarchy(-DOMINANCE, at_optimum)
