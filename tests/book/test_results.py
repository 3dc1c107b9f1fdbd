"""The stored results are those of the present source."""

import pytest

from d3c_minimal import data
from d3c_minimal.experiments import find
from d3c_minimal.experiments.source import source_hash


@pytest.mark.parametrize("name", data.result_names())
def test_a_stored_result_is_of_the_source_that_it_depends_on(name):
    record = data.result(name).record
    current = source_hash(find(name).module.__name__)
    assert record["source_sha256"] == current, "run `make results`, then execute the chapters"
