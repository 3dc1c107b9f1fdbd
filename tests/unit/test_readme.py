"""The README's Python runs, and shows what its text says."""

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture(scope="module")
def names():
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 1
    namespace = {}
    exec(compile(blocks[0], "README.md", "exec"), namespace)
    return namespace


def test_readme_prisoners_lose_less_with_d3c(names):
    assert np.all(names["path"].f[-1] < names["selfish"].f[-1])


def test_readme_mixture_rows_sum_to_one(names):
    np.testing.assert_allclose(names["path"].A[-1].sum(-1), 1, atol=1e-12)
