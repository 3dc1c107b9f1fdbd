"""Run the recorded command of each stored result whose source has changed since its run.

    .venv/bin/python tools/run_results.py [--all]

`--all` runs every one again. Called by `make results`.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from d3c_minimal import data
from d3c_minimal.experiments import find
from d3c_minimal.experiments.source import source_hash


def main(arguments):
    if arguments not in ([], ["--all"]):
        sys.exit(__doc__)
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    }
    for name in data.result_names():
        record = data.result(name).record
        if not arguments and record["source_sha256"] == source_hash(find(name).module.__name__):
            print(f"{name}: nothing that it depends on has changed")
            continue
        print(record["command"], flush=True)
        subprocess.run(shlex.split(record["command"]), check=True, env=environment)


if __name__ == "__main__":
    main(sys.argv[1:])
