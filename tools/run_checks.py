"""Run every check of `make test`, one stage after another, and stop at the first that fails.

Usage: python tools/run_checks.py [--fast]

Needs only the standard library: the first stage makes the environment that the others run in.
The last line counts the tests of all stages.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ".venv/bin/python"
PYTEST = [PYTHON, "-m", "pytest", "-q"]
OLDEST = [".venv-oldest/bin/python", "-m", "pytest", "-q"]
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=600", "--dist=loadscope"]
UNIT = ["-n2", "tests/unit", "--doctest-modules", "d3c_minimal"]
MAKE = [os.environ.get("MAKE", "make"), "--no-print-directory"]


def stages(fast):
    """Yield each stage: its heading and the commands that it runs."""
    yield "Environment", [[*MAKE, "venv"]]
    yield "Style: ruff, notebooks included; notebooks executed and normalised", [[*MAKE, "lint"]]
    yield "Unit tests and doctests", [[*PYTEST, *UNIT]]
    yield "Notebooks: stored outputs against new ones", [[*PYTEST, "-n2", *NBVAL, "book"]]
    yield (
        "Book: built from nothing, warnings are errors",
        [[PYTHON, "tools/build_book.py", "--strict"], [PYTHON, "tools/build_lite.py"]],
    )
    yield "Book: links, pages, pictures, API page, ledger", [[*PYTEST, "tests/book"]]
    yield (
        "Browser: every page and explorer, accessibility, print",
        [[PYTHON, "tools/chromium.py"], [*PYTEST, "-n2", "tests/browser"]],
    )
    yield "Ledger", [[PYTHON, "-m", "d3c_minimal", "ledger"]]
    if not fast:
        yield (
            "Live edition: every chapter in the browser's Python, outside addresses blocked",
            [[*PYTEST, "-n2", "tests/live"]],
        )
        yield "Environment with the oldest supported versions", [[*MAKE, "venv-oldest"]]
        yield "Unit tests with the oldest supported versions", [[*OLDEST, "-n2", "tests/unit"]]


def run(command, counts):
    """Run one command, passing its output on and adding up pytest's closing line."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    closing = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        if re.search(r"\b\d+ (passed|failed|errors?|skipped)\b.* in [\d.]+s", line):
            closing = line
    for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", closing):
        counts["failed" if word == "error" else word] += int(number)
    return process.wait()


def clock(seconds):
    """Write seconds as minutes and seconds."""
    return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fast", action="store_true", help="leave out the slow stages")
    fast = parser.parse_args().fast
    os.environ.pop("D3C_LEDGER", None)
    counts, times, begin = Counter(), [], time.monotonic()
    failed = False
    for heading, commands in stages(fast):
        print(f"\n=== {heading}", flush=True)
        start = time.monotonic()
        failed = any(run(command, counts) for command in commands)
        times.append((time.monotonic() - start, heading))
        print(f"--- {clock(times[-1][0])}{', FAILED' if failed else ''}", flush=True)
        if failed:
            break

    print("\n=== Summary")
    for seconds, heading in times:
        print(f"{clock(seconds):>13}  {heading}")
    verdict = f"stopped at: {heading}" if failed else "all stages passed"
    print(f"{clock(time.monotonic() - begin):>13}  in all; {verdict}")
    if failed and not counts["failed"]:
        counts["failed"] = 1
    print(
        f"total: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
