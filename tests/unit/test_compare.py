"""Rules side by side: known ends, who gains and who loses, and a table that can be read."""

import numpy as np
import pytest

from d3c_minimal import compare, games
from d3c_minimal.game import Game
from d3c_minimal.rates import Rates


def test_known_ends_of_the_dilemma():
    x0 = np.random.default_rng(0).uniform(0, 1, (3, 2))
    rules = ("selfish", "share 0.6", "cooperative", "LOLA", "D3C")
    found = compare.compare(games.prisoners_dilemma(2), x0, Rates(0.1, 0.1, 0.1, 300), rules)
    assert found.losses.shape == (5, 3, 2)
    expected = [2.0, 1 + 0.4**2, 1.0, 2.0, 1.0]
    np.testing.assert_allclose(found.totals.mean(-1), expected, atol=1e-3)
    np.testing.assert_allclose(found.change[2], [-0.5, -0.5], atol=1e-6)
    lines = str(found).splitlines()
    assert lines[1].split() == ["selfish", "2", "0", "0", "none", "none"]
    assert lines[3].endswith("1, 2  none")  # players are counted from 1
    page = found._repr_html_()
    assert page.count('scope="row"') == 5
    assert page.count('scope="col"') == 6


def test_simplices_are_played_in_logits_with_a_note():
    B = np.array([[1.0, 3.0], [0.0, 2.0]])
    rates = Rates(0.5, 0.1, 0.1, 200)
    found = compare.compare(games.bilinear(B, B.T), [0.5] * 4, rates, ("selfish", "LOLA"))
    np.testing.assert_allclose(found.totals[0], 4.0, atol=0.1)
    assert "logits" in found.notes[0]


def test_simplices_start_where_they_are_asked_to():
    game = games.bilinear([[1.0, 3.0], [0.0, 2.0]], [[1.0, 0.0], [3.0, 2.0]])
    x0 = np.array([[0.9, 0.1, 0.2, 0.8], [1.0, 0.0, 0.5, 0.5]])
    found = compare.compare(game, x0, Rates(0.5, 0.1, 0.1, 0), ("selfish", "D3C"))
    np.testing.assert_allclose(found.losses, [game.loss(x0)] * 2, atol=1e-12)


def test_steps_are_counted_and_foresight_is_one_over_the_curvature():
    """Selfish descent of the dilemma shrinks x by 1 - 2 eta_x a step, and does not rest so soon."""
    game, x0 = games.prisoners_dilemma(2), np.array([0.9, 0.4])
    found = compare.compare(game, x0, Rates(0.001, 0.1, 0.1, 120), ("selfish",))
    np.testing.assert_allclose(found.losses[0, 0], game.loss(x0 * 0.998**120), rtol=1e-9)
    game, rates = Game(lambda x: x**2 + x * x[..., ::-1], [0, 1]), Rates(0.1, 0.05, 0.01, 7)
    found = compare.compare(game, x0, rates, ("selfish", "LOLA"))
    _, f = compare.play("LOLA", game, x0, rates, strength=4.0 * rates.eta_x)
    np.testing.assert_allclose(found.losses[1, 0], f[-1], rtol=1e-12)
    assert abs(found.change[1]).max() > 1e-3


def test_gains_and_losses_and_unknown_rules():
    assert compare.gains_and_losses([2.0, 2.0, 1.0], [1.0, 2.5, 1.0]) == ([0], [1])
    assert compare.gains_and_losses([100.0, 100.0], [100.05, 100.5]) == ([], [1])
    with pytest.raises(ValueError, match="share S"):
        compare.compare(games.election(), np.zeros(4), rules=("share 2",))
    with pytest.raises(ValueError, match="players"):
        compare.gains_and_losses([1.0], [1.0, 2.0])


def test_a_total_at_rounding_level_is_written_as_0():
    found = compare.Comparison(("one", "other"), np.array([[[1.0, 2.0]], [[1e-8, 1e-9]]]))
    assert [row[1] for row in found.rows()] == ["3", "0"]
    tiny = compare.Comparison(("one", "other"), found.losses * 1e-9)
    assert [row[1] for row in tiny.rows()] == ["3e-09", "0"]


@pytest.mark.parametrize("rule", ["selfish", "share 0.5", "LOLA", "D3C"])
def test_stopping_at_rest_changes_no_end_and_takes_fewer_steps(rule):
    game, calls = games.nash_paradox(0.5), []
    losses = game.losses
    game.losses = lambda x: calls.append(1) or losses(x)
    x0 = np.random.default_rng(3).uniform(0.2, 1.0, (2, game.dim))
    rates = Rates(0.1, 0.05, 0.01, 2003)
    found = compare.compare(game, x0, rates, (rule,))
    taken = len(calls)
    _, f = compare.play(rule, game, x0, rates, compare.FORESIGHT * rates.eta_x, every=2003)
    np.testing.assert_allclose(found.losses[0], f[-1], atol=1e-7)
    assert (taken < (len(calls) - taken) / 2) == (rule != "D3C")


def test_a_rule_that_diverges_late_names_its_step():
    game = games.prisoners_dilemma(2)
    found = compare.compare(game, [1.0, 2.0], Rates(1.5, 0.1, 0.1, 1000), ("selfish",))
    assert np.isnan(found.totals).all()
    with pytest.raises(compare.dynamics.Diverged) as whole:
        compare.play("selfish", game, [1.0, 2.0], Rates(1.5, 0.1, 0.1, 1000))
    assert f"at step {whole.value.step}:" in found.notes[0]
    assert whole.value.step > 2 * compare.STRETCH
