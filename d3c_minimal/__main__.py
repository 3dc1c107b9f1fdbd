"""The command line: ``python -m d3c_minimal list | run NAME | verify [NAME] | ledger``."""

import argparse
import os
import shlex
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path

# Before numpy is imported, here and in the workers: one thread each, so that a product's last
# bits do not depend on how many workers there are.
for _variable in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{_variable}_NUM_THREADS", "1")

EXAMPLES = """examples:
  python -m d3c_minimal list
  python -m d3c_minimal run prisoners_dilemma_10 --runs 100
  python -m d3c_minimal verify
  python -m d3c_minimal ledger --json"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence."""

    def error(self, message):
        """Print one sentence and leave with code 2."""
        self.exit(2, f"{message[0].upper()}{message[1:]}. Try `{self.prog} --help`.\n")


def main(arguments=None):
    """Run one command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(arguments)
    try:
        return options.command(options, arguments)
    except KeyboardInterrupt as stop:
        return _sentence(str(stop) or "interrupted.", 130)
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except BrokenExecutor:
        return _sentence(
            "a worker was ended from outside, perhaps for want of memory: give fewer --jobs; "
            "the same command resumes.",
            1,
        )
    except (ValueError, FloatingPointError) as error:
        return _sentence(str(error), 1)
    except OSError as error:
        if error.filename is None:
            return _sentence(str(error), 1)
        return _sentence(
            f"cannot use {error.filename} ({error.strerror}): choose another --out, or make it "
            "readable and writable.",
            1,
        )


def _sentence(text, code):
    print(text[0].upper() + text[1:], file=sys.stderr)
    return code


def _parser():
    parser = Parser(
        prog="python -m d3c_minimal",
        description="Run the paper's experiments, verify stored results, show the ledger.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    from d3c_minimal import __version__

    parser.add_argument("--version", action="version", version=f"d3c_minimal {__version__}")
    commands = parser.add_subparsers(required=True, metavar="list | run | verify | ledger")

    def add(name, command, about):
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(command=command)
        return one

    add("list", _list, "name the experiments")
    run = add("run", _run, "run an experiment and write its result files")
    run.add_argument("name")
    run.add_argument("--runs", type=_whole(1), help="independent runs (default: the paper's)")
    run.add_argument("--seed", type=_whole(0), default=0, help="(default: 0)")
    run.add_argument("--out", type=Path, default=Path("results"), help="(default: ./results)")
    verify = add(
        "verify",
        _verify,
        "run stored results again and compare every array (of learning runs: the first update)",
    )
    verify.add_argument("name", nargs="?", help="(default: all that are stored)")
    verify.add_argument("--out", type=Path, help="(default: the results in the package)")
    for one in (run, verify):
        one.add_argument("--jobs", type=_whole(1), help="workers (default: one a core)")
    ledger = add("ledger", _ledger, "show each claim of the paper with its value and verdict")
    ledger.add_argument("--json", action="store_true", help="all rows, as a JSON list")
    return parser


def _whole(least):
    def number(text):
        if not text.strip().isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number, {least} or above")
        return int(text)

    return number


def _list(options, arguments):
    from d3c_minimal.experiments import REGISTRY

    width = max(map(len, REGISTRY))
    for experiment in REGISTRY.values():
        print(f"{experiment.name:{width}}  {experiment.about}")
    return 0


def _run(options, arguments):
    from d3c_minimal.experiments import find, results

    changes = {} if options.runs is None else {"runs": options.runs}
    done = results.produce(
        options.name,
        changes,
        options.seed,
        options.jobs or -1,
        options.out,
        command=shlex.join(["python", "-m", "d3c_minimal", *arguments]),
        say=lambda text: print(text, file=sys.stderr),
    )
    print(find(options.name).module.headline(done.arrays))
    for ending in ("npz", "json"):
        print(f"Wrote {options.out / options.name}.{ending}")
    return 0


def _verify(options, arguments):
    from d3c_minimal import data
    from d3c_minimal.experiments import find, results

    if options.name:
        find(options.name)
    names = [options.name] if options.name else data.result_names(options.out)
    if not names:
        return _sentence(
            f"no results in {options.out}: make some with `run`, or give the folder by --out.", 1
        )
    code = 0
    for name in names:
        try:
            rows, same_source = results.verify(name, options.out, options.jobs or -1)
        except ValueError as error:
            code = _sentence(str(error), 1)
            continue
        print(f"{name} (source {'unchanged' if same_source else 'changed'} since the run)")
        width = max(len(row.array) for row in rows)
        for row in rows:
            print(
                f"  {row.array:{width}}  largest difference {row.difference:.3g}, "
                f"tolerance {row.tolerance:.3g}: {'agrees' if row.agrees else 'DIFFERS'}"
            )
        if not all(row.agrees for row in rows):
            code = _sentence(f"computed again, {name} is not what is stored.", 1)
    return code


def _ledger(options, arguments):
    import json

    from d3c_minimal import ledger

    rows = ledger.rows()
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    for row in rows:
        print(f"{row['id']:5} {row['verdict'] or 'open':14} {row['place']}: {row['statement']}")
        if row["value"] is not None:
            print(f"{'':20} paper: {ledger.text(row['paper'])}")
            print(f"{'':20} ours:  {ledger.text(row['value'])}")
        if row["note"]:
            print(f"{'':20} note:  {row['note'].strip()}")
    print(repr(ledger.table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
