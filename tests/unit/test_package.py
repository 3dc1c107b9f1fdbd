"""The package's front door: modules on request, and nothing heavy before."""

import subprocess
import sys

import pytest

import d3c_minimal
from d3c_minimal.game import Game


def test_modules_and_game_are_there_when_asked_for():
    assert d3c_minimal.Game is Game
    assert d3c_minimal.games.prisoners_dilemma(2).n_players == 2
    with pytest.raises(AttributeError, match="its modules are"):
        d3c_minimal.learning  # noqa: B018


def test_import_brings_no_numpy():
    code = "import sys, d3c_minimal; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
