"""Coins against hand-played episodes, a slow world of plain Python, and its own bookkeeping."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from d3c_minimal.gridworlds import Coins, coins, moves
from d3c_minimal.gridworlds.world import moment, select

UP, DOWN, LEFT, RIGHT, STAY = range(5)
STEPS = {UP: (-1, 0), DOWN: (1, 0), LEFT: (0, -1), RIGHT: (0, 1), STAY: (0, 0)}


def rules_strategy():
    return st.builds(
        coins.Rules,
        size=st.sampled_from([2, 5, (2, 3), (3, 2), (4, 6), (1, 4)]),
        n_players=st.sampled_from([2, 2, 3]),
        steps=st.just(12),
        spawn=st.sampled_from([0.0, 0.05, 0.4, 1.0]),
        spawn_per=st.sampled_from(["cell", "colour", "board"]),
        own=st.sampled_from([1.0, 0.5]),
        other=st.sampled_from([1.0, 3.0]),
        penalty=st.sampled_from([-2.0, -0.25]),
        collisions=st.sampled_from(["random", "fixed"]),
        spawn_under=st.booleans(),
        nearness=st.sampled_from([0.0, 0.5, 1.0]),
    )


def played(rules, seed, envs, steps=None):
    """Return states, rewards and events of random play, with the noise and the actions."""
    rng = np.random.default_rng(seed)
    state = coins.start(rules, rng, envs)
    noise = coins.draw(rules, rng, steps or rules.steps, envs)
    actions = rng.integers(5, size=(steps or rules.steps, *envs, rules.n_players))
    states, rewards, events = [state], [], []
    for t, action in enumerate(actions):
        state, reward, event = coins.step(rules, state, action, moment(noise, t))
        states.append(state), rewards.append(reward), events.append(event)
    return states, rewards, events, noise, actions


def slow_step(rules, position, board, actions, order, spawn):
    """One step of one world with dictionaries and loops, straight from the rules."""
    rows, columns = rules.size
    place = {i: divmod(int(cell), columns) for i, cell in enumerate(position)}
    entered, blocked = dict.fromkeys(place, False), dict.fromkeys(place, False)
    for i in order:
        down, right = STEPS[int(actions[i])]
        row, column = place[i][0] + down, place[i][1] + right
        if not (0 <= row < rows and 0 <= column < columns) or (down, right) == (0, 0):
            continue
        if (row, column) in place.values():
            blocked[i] = True
            continue
        place[i], entered[i] = (row, column), True
    coin = {divmod(c, columns): int(k) for c, k in enumerate(board) if k}
    before = dict(coin)
    reward, taken = [0.0] * len(place), [0] * len(place)
    for i, cell in place.items():
        if cell in coin and (entered[i] or not rules.spawn_under):
            taken[i] = coin.pop(cell)
            owner = taken[i] - 1
            reward[i] += rules.own if owner == i else rules.other
            if owner != i:
                reward[owner] += rules.penalty
    new = {}
    for c, k in enumerate(spawn):
        cell = divmod(c, columns)
        occupied = cell in place.values()
        just_taken = cell in before and cell not in coin
        free = cell not in before or (rules.spawn_under and just_taken)
        if k and free and (rules.spawn_under or not occupied):
            new[cell] = int(k)
    coin.update(new)
    number = {cell: cell[0] * columns + cell[1] for cell in [*place.values(), *coin, *new]}
    return (
        [number[place[i]] for i in sorted(place)],
        {number[cell]: k for cell, k in coin.items()},
        reward,
        taken,
        {number[cell]: k for cell, k in new.items()},
        [blocked[i] for i in sorted(place)],
    )


def as_dict(board):
    return {int(c): int(board[c]) for c in np.flatnonzero(board)}


@settings(max_examples=60, derandomize=True, deadline=None)
@given(rules=rules_strategy(), seed=st.integers(0, 10**6))
def test_a_step_is_that_of_a_slow_world(rules, seed):
    states, rewards, events, noise, actions = played(rules, seed, (3,))
    for t in range(rules.steps):
        for e in range(3):
            position, board, reward, taken, new, blocked = slow_step(
                rules,
                states[t].position[e],
                states[t].coins[e],
                actions[t, e],
                noise.order[t, e],
                noise.spawn[t, e],
            )
            assert states[t + 1].position[e].tolist() == position
            assert as_dict(states[t + 1].coins[e]) == board
            np.testing.assert_allclose(rewards[t][e], reward, rtol=1e-6)
            assert events[t].taken[e].tolist() == taken
            assert as_dict(events[t].spawned[e]) == new
            assert events[t].blocked[e].tolist() == blocked


@settings(max_examples=60, derandomize=True, deadline=None)
@given(rules=rules_strategy(), seed=st.integers(0, 10**6))
def test_books_balance(rules, seed):
    states, rewards, events, _, _ = played(rules, seed, (2, 3))
    n = rules.n_players
    for before, after, reward, event in zip(states, states[1:], rewards, events, strict=False):
        apart = np.sort(after.position, -1)
        assert (np.diff(apart, axis=-1) > 0).all()  # no two agents in a cell
        for k in range(1, n + 1):
            change = (after.coins == k).sum(-1) - (before.coins == k).sum(-1)
            spawned, taken = (event.spawned == k).sum(-1), (event.taken == k).sum(-1)
            np.testing.assert_array_equal(change, spawned - taken)
        own = event.taken == np.arange(1, n + 1)
        others = (event.taken > 0) & ~own
        lost = np.stack([(others & (event.taken == k)).sum(-1) for k in range(1, n + 1)], -1)
        np.testing.assert_allclose(
            reward, rules.own * own + rules.other * others + rules.penalty * lost, rtol=1e-6
        )
        if not rules.spawn_under:
            assert not np.take_along_axis(after.coins, after.position, -1).any()


@settings(max_examples=20, derandomize=True, deadline=None)
@given(rules=rules_strategy(), seed=st.integers(0, 10**6))
def test_a_world_of_a_batch_is_the_world_alone(rules, seed):
    states, rewards, _, noise, actions = played(rules, seed, (2, 3))
    for index in [(1, 2), (0, slice(1, 3))]:
        pick = (slice(None), *index)
        alone, part = states[0], type(noise)(*(a[pick] for a in noise))
        alone = type(alone)(*(a[index] for a in alone))
        for t in range(rules.steps):
            alone, reward, _ = coins.step(rules, alone, actions[t][index], moment(part, t))
            np.testing.assert_array_equal(reward, rewards[t][index])
            np.testing.assert_array_equal(alone.position, states[t + 1].position[index])
            np.testing.assert_array_equal(alone.coins, states[t + 1].coins[index])
            for kind in ("egocentric", "compact"):
                np.testing.assert_allclose(
                    coins.observe(rules, alone, kind),
                    coins.observe(rules, states[t + 1], kind)[index],
                    rtol=1e-5,
                    atol=1e-6,
                )


def board_of(text, columns=5):
    """Read a board: a, b agents; 1, 2 coins of agents 0 and 1."""
    cells = "".join(text.split())
    position = np.array([cells.index("a"), cells.index("b")])
    board = np.array([int(c) if c in "12" else 0 for c in cells], np.int8)
    assert len(cells) % columns == 0
    return coins.State(position, board)


SCENE = """
    a1.2.
    .....
    ..1..
    .....
    ..b1.
"""


def quiet(rules, *order, envs=()):
    """Chance without spawns, moving in the given order."""
    return coins.Noise(
        np.broadcast_to(np.array(order, np.int8), (*envs, len(order))),
        np.zeros((*envs, rules.cells), np.int8),
    )


def test_a_scripted_episode_pays_what_the_rules_say():
    rules, state = coins.Rules(), board_of(SCENE)
    script = [
        # actions, order, rewards, positions
        ((RIGHT, RIGHT), (0, 1), (1 - 2, 1), (1, 23)),  # a takes its own, b takes a's
        ((RIGHT, UP), (0, 1), (0, 0), (2, 18)),
        ((RIGHT, UP), (0, 1), (1, -2), (3, 13)),  # a takes b's
        ((STAY, LEFT), (0, 1), (-2, 1), (3, 12)),  # b takes a's
        ((UP, DOWN), (1, 0), (0, 0), (3, 17)),  # a bumps into the wall
    ]
    for actions, order, rewards, positions in script:
        state, reward, events = coins.step(rules, state, np.array(actions), quiet(rules, *order))
        assert reward.tolist() == list(rewards)
        assert state.position.tolist() == list(positions)
        assert not events.blocked.any()
    assert not state.coins.any()


@pytest.mark.parametrize(
    ("scene", "actions", "order", "positions", "blocked"),
    [
        ("a.b..", (RIGHT, LEFT), (0, 1), (1, 2), (False, True)),  # one cell, the first has it
        ("a.b..", (RIGHT, LEFT), (1, 0), (0, 1), (True, False)),
        ("ab...", (RIGHT, LEFT), (0, 1), (0, 1), (True, True)),  # no changing places
        ("ab...", (RIGHT, LEFT), (1, 0), (0, 1), (True, True)),
        ("ab...", (RIGHT, RIGHT), (0, 1), (0, 2), (True, False)),  # b leaves too late
        ("ab...", (RIGHT, RIGHT), (1, 0), (1, 2), (False, False)),  # b leaves in time
        ("ab...", (STAY, LEFT), (0, 1), (0, 1), (False, True)),
        ("ab...", (LEFT, LEFT), (1, 0), (0, 1), (False, True)),  # a bumps and keeps its cell
    ],
)
def test_blocked_moves(scene, actions, order, positions, blocked):
    rules = coins.Rules(size=(1, 5))
    state, rewards, events = coins.step(
        rules, board_of(scene), np.array(actions), quiet(rules, *order)
    )
    assert state.position.tolist() == list(positions)
    assert events.blocked.tolist() == list(blocked)
    assert not rewards.any()


@settings(max_examples=40, derandomize=True, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_two_in_turn_is_the_general_case(seed):
    rng = np.random.default_rng(seed)
    position = np.array([rng.permutation(6)[:2] for _ in range(50)])
    target = moves.neighbours(2, 3)[rng.integers(5, size=(50, 2)), position]
    order = np.array([rng.permutation(2) for _ in range(50)])
    np.testing.assert_array_equal(
        moves._two_in_turn(position, target, order), moves._many_in_turn(position, target, order)
    )


@pytest.mark.parametrize(
    ("per", "rate"), [("cell", 0.005), ("colour", 1 - 0.995**2), ("board", 0.005 / 25)]
)
def test_coins_appear_at_the_stated_rate(per, rate):
    rules = coins.Rules(spawn_per=per)
    noise = coins.draw(rules, np.random.default_rng(1), 500, (80,))
    trials = noise.spawn.size
    low, high = stats.binom.interval(0.9999, trials, rate)
    assert low <= (noise.spawn > 0).sum() <= high
    low, high = stats.binom.interval(0.9999, (noise.spawn > 0).sum(), 0.5)
    assert low <= (noise.spawn == 1).sum() <= high
    each = (noise.spawn > 0).sum((0, 1))  # cells alike
    low, high = stats.binom.interval(0.99999, trials // 25, rate)
    assert ((low <= each) & (each <= high)).all()
    if per == "board":
        assert (noise.spawn > 0).sum(-1).max() == 1


def test_gaps_are_those_of_independent_trials():
    hits = coins._hits(np.random.default_rng(2), 0.3, 200_000)
    success = np.zeros(200_000, bool)
    success[hits] = True
    low, high = stats.binom.interval(0.9999, 199_999, 0.09)
    assert low <= (success[1:] & success[:-1]).sum() <= high
    for edge in (success[::1000], success[999::1000]):
        low, high = stats.binom.interval(0.9999, 200, 0.3)
        assert low <= edge.sum() <= high
    assert coins._hits(np.random.default_rng(0), 0, 100).size == 0
    assert coins._hits(np.random.default_rng(0), 1, 100).tolist() == list(range(100))


def test_the_first_state_and_the_order_are_fair():
    rules = coins.Rules(size=(2, 2))
    rng = np.random.default_rng(3)
    position = coins.start(rules, rng, (12_000,)).position
    pairs = np.bincount(position @ [4, 1], minlength=16)
    assert (pairs[[0, 5, 10, 15]] == 0).all()
    low, high = stats.binom.interval(0.99999, 12_000, 1 / 12)
    rest = np.delete(pairs, [0, 5, 10, 15])
    assert ((low <= rest) & (rest <= high)).all()
    order = coins.draw(rules, rng, 100, (100,)).order
    low, high = stats.binom.interval(0.9999, 10_000, 0.5)
    assert low <= (order[..., 0] == 0).sum() <= high
    assert (order.sum(-1) == 1).all()
    fixed = coins.draw(coins.Rules(collisions="fixed"), rng, 3, (2,)).order
    assert (fixed == [0, 1]).all()
    three = coins.draw(coins.Rules(n_players=3), rng, 200, (30,)).order
    assert (np.sort(three, -1) == [0, 1, 2]).all()
    assert 1800 < (three[..., 0] == 0).sum() < 2200


def slow_egocentric(rules, state, i):
    rows, columns = rules.size
    n, (row, column) = rules.n_players, divmod(int(state.position[i]), columns)
    planes = np.zeros((2 * n - 1, 2 * rows - 1, 2 * columns - 1))
    for cell, coin in enumerate(state.coins):
        r, c = divmod(cell, columns)
        if coin:
            planes[(coin - 1 - i) % n, r - row + rows - 1, c - column + columns - 1] = 1
    for j in range(n):
        r, c = divmod(int(state.position[j]), columns)
        if j != i:
            planes[n - 1 + (j - i) % n, r - row + rows - 1, c - column + columns - 1] = 1
    return np.concatenate([planes.ravel(), np.eye(rows)[row], np.eye(columns)[column]])


def slow_compact(rules, state, i):
    rows, columns = rules.size
    row, column = divmod(int(state.position[i]), columns)
    out = np.zeros((3, 5))
    for a, (down, right) in STEPS.items():
        r = min(max(row + down, 0), rows - 1)
        c = min(max(column + right, 0), columns - 1)

        def near(cell, r=r, c=c):
            return rules.nearness ** (abs(r - cell // columns) + abs(c - cell % columns))

        for cell, coin in enumerate(state.coins):
            if coin:
                out[0 if coin == i + 1 else 1, a] += near(cell)
        out[2, a] = sum(near(int(p)) for j, p in enumerate(state.position) if j != i)
    return out.ravel()


@settings(max_examples=40, derandomize=True, deadline=None)
@given(rules=rules_strategy(), seed=st.integers(0, 10**6))
def test_observations_are_those_of_a_slow_world(rules, seed):
    states = played(rules, seed, (2,))[0]
    for state in states[::5]:
        for kind, slow in (("egocentric", slow_egocentric), ("compact", slow_compact)):
            seen = coins.observe(rules, state, kind)
            assert seen.dtype == np.float32
            assert seen.shape == (2, rules.n_players, coins.features(rules, kind))
            for e in range(2):
                for i in range(rules.n_players):
                    wanted = slow(rules, select(state, e), i)
                    np.testing.assert_allclose(seen[e, i], wanted, rtol=1e-5, atol=1e-6)


def test_compact_by_hand():
    rules = coins.Rules(size=(1, 5))
    seen = coins.observe(rules, board_of("a1.b2"), "compact")
    stay, left, right = STAY, LEFT, RIGHT
    own, others, agents = seen[0].reshape(3, 5)
    assert own[[stay, left, right]].tolist() == [0.5, 0.5, 1.0]
    assert others[[stay, left, right]].tolist() == [2.0**-4, 2.0**-4, 2.0**-3]
    assert agents[[stay, left, right]].tolist() == [2.0**-3, 2.0**-3, 2.0**-2]
    own, others, _ = seen[1].reshape(3, 5)
    assert own[[stay, left, right]].tolist() == [0.5, 0.25, 1.0]
    assert others[[stay, left, right]].tolist() == [0.25, 0.5, 0.125]


def test_another_kind_of_observation_is_refused():
    for call in (coins.observe, lambda r, s, k: coins.features(r, k)):
        with pytest.raises(ValueError, match="'egocentric' or 'compact'"):
            call(coins.Rules(), board_of(SCENE), "pixels")


def test_no_argument_is_changed():
    rules = coins.Rules(spawn=0.4)
    rng = np.random.default_rng(0)
    state, noise = coins.start(rules, rng, (4,)), coins.draw(rules, rng, 1, (4,))
    state = state._replace(coins=rng.integers(0, 3, (4, 25)).astype(np.int8))
    actions = rng.integers(5, size=(4, 2))
    arrays = [*state, *noise, actions]
    before = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    coins.step(rules, state, actions, moment(noise, 0))
    for kind in ("egocentric", "compact"):
        coins.observe(rules, state, kind)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"size": 0}, "whole number"),
        ({"size": (5, 2.5)}, "whole number"),
        ({"size": (1, 2, 3)}, "whole number"),
        ({"n_players": 1}, "2 to"),
        ({"n_players": 5, "size": 2}, "do not fit"),
        ({"steps": 0}, "at least one step"),
        ({"spawn": -0.1}, "probability"),
        ({"spawn": 1.1}, "probability"),
        ({"spawn": float("nan")}, "probability"),
        ({"spawn_per": "agent"}, "'cell', 'colour' or 'board'"),
        ({"collisions": "both"}, "'random' or 'fixed'"),
        ({"penalty": float("inf")}, "finite"),
        ({"nearness": 1.5}, "between 0 and 1"),
    ],
)
def test_impossible_rules_are_refused(rule, says):
    with pytest.raises(ValueError, match=says):
        Coins(**rule)
