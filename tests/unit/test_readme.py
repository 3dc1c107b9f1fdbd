"""The README's Python runs, and shows what its text says."""

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(scope="module")
def names():
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 2
    namespace = {}
    exec(compile("\n".join(blocks), "README.md", "exec"), namespace)
    return namespace


def test_readme_prisoners_lose_less_with_d3c(names):
    assert np.all(names["path"].f[-1] < names["selfish"].f[-1])


def test_readme_mixture_rows_sum_to_one(names):
    np.testing.assert_allclose(names["path"].A[-1].sum(-1), 1, atol=1e-12)


def test_readme_duopoly_ends_at_the_monopoly_output(names):
    end = names["dynamics"].d3c(names["duopoly"], [0.2, 0.3], 0.1, 0.1, epsilon=0.01, steps=2000)
    np.testing.assert_allclose(end.x[-1].sum(), 0.5, atol=1e-3)  # selfish firms make 2/3
