"""An experiment's hash follows the modules that its numbers depend on, and no others."""

import subprocess
import sys

import pytest

from d3c_minimal.experiments import REGISTRY
from d3c_minimal.experiments import source as source_module
from d3c_minimal.experiments.source import dependencies, source_hash


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a few lines in the place of this one."""
    for name, text in {
        "__init__.py": "from d3c_minimal.waist import unused",
        "experiments/__init__.py": "from d3c_minimal.experiments import figure, other",
        "experiments/figure.py": "from d3c_minimal.games import chess\nimport numpy",
        "experiments/other.py": "from d3c_minimal import games, plots",
        "games/__init__.py": "from d3c_minimal.games.board import chess, go as go2\n"
        "from d3c_minimal.games.dice import craps",
        "games/board.py": "def f():\n    from d3c_minimal.waist import tie",
        "games/dice.py": "",
        "plots/__init__.py": "",
        "waist.py": "tie = 1\n",
        "ledger.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(source_module.resources, "files", lambda package: tmp_path)
    return tmp_path


def short(module):
    return {name.removeprefix("d3c_minimal.") for name in dependencies(f"d3c_minimal.{module}")}


def test_dependencies_are_followed_through_packages_and_functions(package):
    assert short("experiments.figure") == {"experiments.figure", "games.board", "waist"}
    assert short("experiments.other") == {
        "experiments.other",
        "games.__init__",
        "games.board",
        "games.dice",
        "waist",
    }


def test_a_module_from_elsewhere_may_use_everything(package):
    names = {name.removeprefix("d3c_minimal.") for name in dependencies("my_study")}
    assert {"waist", "games.dice", "experiments.figure", "experiments.__init__"} <= names
    assert not names & {"ledger", "plots.__init__"}


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("experiments/figure.py", True),
        ("games/board.py", True),
        ("waist.py", True),
        ("games/dice.py", False),
        ("experiments/other.py", False),
        ("ledger.py", False),
    ],
)
def test_the_hash_follows_the_dependencies_alone(package, changed, matters):
    first = source_hash("d3c_minimal.experiments.figure")
    path = package / changed
    path.write_bytes(path.read_bytes() + b"\nx = 1\n")
    assert (source_hash("d3c_minimal.experiments.figure") != first) == matters


def test_words_are_not_code():
    source = '''"""What it is."""
import os  # why

# A remark.
"""About the next."""
hash = "# no comment"

def f(x):
    """Return
    it."""
    return x


def g():
    "One line."
    ...
'''
    assert source_module.code_alone(source) == (
        'import os\nhash = "# no comment"\ndef f(x):\n    return x\ndef g():\n'
    )


def test_line_endings_and_words_do_not_matter(package):
    first = source_hash("d3c_minimal.experiments.figure")
    (package / "waist.py").write_bytes(b'"""Words."""\r\ntie = 1  # more\r\n')
    assert source_hash("d3c_minimal.experiments.figure") == first


def test_what_python_loads_for_the_experiments_is_known():
    code = (
        "import sys, d3c_minimal.experiments; print(*(name for name, module in sys.modules.items()"
        " if name.startswith('d3c_minimal.') and not module.__file__.endswith('__init__.py')))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in out.stdout.split() if name != "d3c_minimal.ledger"}
    known = [dependencies(experiment.module.__name__) for experiment in REGISTRY.values()]
    assert "d3c_minimal.dynamics" in loaded
    assert loaded <= set().union(*known)
