"""Execute notebooks from top to bottom in fresh kernels, and store them normalised.

Usage: python tools/execute_notebooks.py [NOTEBOOK ...]

Without names it takes the chapters in _toc.yml. A notebook that fails is left as it was.
With D3C_LEDGER=write in the environment the chapters also write the ledger's values.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import nbformat
from chapters import notebooks
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from normalise_notebooks import write

CELL_SECONDS = 600
QUIET = {"D3C_PROGRESS": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
LIVE = {"D3C_EXPLORERS": "live"}  # their frames are not stored, so none but the first is drawn


def execute(path):
    """Run one notebook in the folder that it stands in, and store what it gave."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    write(notebook, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    paths = parser.parse_args().notebooks or notebooks()
    os.environ.update(QUIET | LIVE)
    failed = []
    for path in paths:
        begin = time.perf_counter()
        try:
            execute(path)
        except (CellExecutionError, CellTimeoutError) as error:
            print(error, file=sys.stderr)
            failed.append(str(path))
        print(f"{path}: {time.perf_counter() - begin:.1f} s", flush=True)
    if failed:
        print("failed: " + ", ".join(failed), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
