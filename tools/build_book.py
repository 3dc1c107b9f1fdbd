"""Build the book into _build/html from nothing, executing every chapter.

Usage: python tools/build_book.py [--strict]

The old build goes first: an incremental build can pass over a page that failed the time before,
and a cache of outputs does not see changes in the package. --strict turns warnings into errors.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from chapters import pages

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
QUIET = {"D3C_PROGRESS": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
STATIC = {"D3C_EXPLORERS": "static"}  # pages have no kernel, so no widgets are made


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strict", action="store_true", help="turn warnings into errors")
    strict = parser.parse_args().strict
    wanted = pages()
    shutil.rmtree(BUILD, ignore_errors=True)
    environment = os.environ | QUIET | STATIC
    environment.pop("D3C_LEDGER", None)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT)]
    command += ["-W", "-n", "--keep-going"] if strict else []
    done = subprocess.run(command, env=environment, cwd=ROOT)
    if done.returncode:
        print("The book did not build: see the messages above.", file=sys.stderr)
        return 1
    built = BUILD / "html"
    missing = [
        str(page.relative_to(ROOT))
        for page in wanted
        if not (built / page.relative_to(ROOT)).with_suffix(".html").exists()
    ]
    if missing:
        print("These pages were not built: " + ", ".join(missing), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
