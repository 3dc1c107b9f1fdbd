"""Write requirements.txt, -test.txt and -live.txt from pyproject.toml.

requirements.txt holds the package's and the book's dependencies, requirements-test.txt what the
test tools add to them. Both hold for Linux, macOS and Windows and for Python 3.11 to 3.13.
requirements-live.txt holds, with their hashes, the wheels that the live edition serves.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make lock` from pyproject.toml: edit that file, not this one.\n"


def compile_pins(*options):
    """Resolve what the options name in pyproject.toml; the pinned lines, in order."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "pins.txt"
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
        command += ["--python-version", "3.11", "--fork-strategy", "fewest", "--upgrade"]
        command += ["--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
        command += [*options, "-o", str(output)]
        subprocess.run(command, cwd=ROOT, check=True)
        return output.read_text().splitlines()


def name_of(line):
    """Return the package that a pinned line is about."""
    return re.match(r"[A-Za-z0-9._-]+", line).group().lower()


def main():
    book = compile_pins("--extra", "book", "pyproject.toml")
    (ROOT / "requirements.txt").write_text(HEADER + "\n".join(book) + "\n")
    test = compile_pins("--extra", "test", "--constraint", "requirements.txt", "pyproject.toml")
    known = {name_of(line) for line in book}
    added = [line for line in test if name_of(line) not in known]
    note = "# Install it together with requirements.txt, which pins all that both need.\n"
    (ROOT / "requirements-test.txt").write_text(HEADER + note + "\n".join(added) + "\n")
    live = compile_pins(
        *("--group", "live", "--constraint", "requirements.txt", "--no-deps", "--generate-hashes")
    )
    (ROOT / "requirements-live.txt").write_text(HEADER + "\n".join(live) + "\n")


if __name__ == "__main__":
    main()
