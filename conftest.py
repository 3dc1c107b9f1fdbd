"""Settings for every test run, the notebooks' included.

nbval compares a notebook's stored outputs with those of a new run. The stored ones are
normalised: they have no pictures (tools/normalise_notebooks.py says why). So the new outputs go
through the same function before they are compared: text, tables and alternative texts are held
against each other, drawings are not.
"""

import os

# Before numpy is imported here, and inherited by the kernels that nbval starts.
os.environ.update(D3C_PROGRESS="0", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
os.environ.pop("D3C_LEDGER", None)


def pytest_configure(config):
    """Compare normalised outputs, where notebooks are tested."""
    if not config.getoption("nbval", default=False):
        return
    os.environ["D3C_EXPLORERS"] = "live"  # as tools/execute_notebooks.py does
    from nbval.plugin import IPyNbCell

    from tools.normalise_notebooks import normalise_output

    compare = IPyNbCell.compare_outputs

    def compare_normalised(self, test, ref, skip_compare=None):
        test, ref = ([normalise_output(output) for output in side] for side in (test, ref))
        return compare(self, test, ref, skip_compare)

    IPyNbCell.compare_outputs = compare_normalised
