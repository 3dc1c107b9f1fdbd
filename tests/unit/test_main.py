import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from d3c_minimal import __main__ as command_line
from d3c_minimal import ledger
from d3c_minimal.experiments import REGISTRY, Experiment, prisoners_dilemma

ROOT = Path(command_line.__file__).resolve().parents[1]
NAME = "prisoners_dilemma_10"
SMALL = Experiment(NAME, "small", prisoners_dilemma, prisoners_dilemma.Config(chunk=2, steps=12))


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run one command in an empty folder: its exit code, output and errors."""
    for name in set(REGISTRY) - {NAME}:
        monkeypatch.delitem(REGISTRY, name)
    monkeypatch.setitem(REGISTRY, NAME, SMALL)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        try:
            code = command_line.main(list(arguments))
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_list(call):
    assert call("list") == (0, f"{NAME}  small\n", "")


def test_run_then_verify_then_tamper(call, tmp_path):
    code, out, err = call("run", NAME, "--runs", "5", "--seed", "7", "--jobs", "1")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("price ratio after 12 steps")
    assert lines[2:] == [f"Wrote {Path('results') / NAME}.{ending}" for ending in ("npz", "json")]
    record = json.loads((tmp_path / "results" / f"{NAME}.json").read_text())
    expected = f"python -m d3c_minimal run {NAME} --runs 5 --seed 7 --jobs 1"
    assert (record["command"], record["seed"]) == (expected, 7)
    assert record["config"]["runs"] == 5

    code, out, err = call("verify", "--out", "results", "--jobs", "2")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"{NAME} (source unchanged since the run)"
    assert len(lines) == 1 + len(prisoners_dilemma.TOLERANCE)
    assert all(line.endswith(": agrees") for line in lines[1:])

    npz = tmp_path / "results" / f"{NAME}.npz"
    npz.write_bytes(npz.read_bytes()[:1000])
    code, out, err = call("verify", NAME, "--out", "results")
    assert (code, out) == (1, "")
    assert "sha256 is not the recorded one" in err
    assert err.count("\n") == 1


def test_verify_says_what_differs(call, monkeypatch):
    call("run", NAME, "--runs", "3", "--jobs", "1")
    collect = prisoners_dilemma.collect

    def off(chunks):
        arrays = collect(chunks)
        return {**arrays, "rho_mean": arrays["rho_mean"] + 0.25}

    monkeypatch.setattr(prisoners_dilemma, "collect", off)
    monkeypatch.setattr("d3c_minimal.experiments.results.source_hash", lambda module: "new")
    code, out, err = call("verify", "--out", "results", "--jobs", "1")
    assert code == 1
    assert out.startswith(f"{NAME} (source changed since the run)\n")
    [line] = [line for line in out.splitlines() if "DIFFERS" in line]
    assert line.startswith("  rho_mean  ")
    assert line.endswith("  largest difference 0.25, tolerance 1e-09: DIFFERS")
    assert err == f"Computed again, {NAME} is not what is stored.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "remedy"),
    [
        ("run prisoner_dilemma", 1, f"Did you mean {NAME}?"),
        ("verify prisoner_dilemma", 1, f"Did you mean {NAME}?"),
        (f"run {NAME} --runs 0", 2, "'0' is not a whole number, 1 or above"),
        (f"run {NAME} --runs 1e3", 2, "'1e3' is not a whole number"),
        (f"run {NAME} --runs 9999999999", 1, "from 1 to 1000000"),
        (f"run {NAME} --seed -3", 2, "'-3' is not a whole number, 0 or above"),
        (f"run {NAME} --jobs 0", 2, "'0' is not a whole number, 1 or above"),
        (f"run {NAME} --runs 2 --out file", 1, "choose another --out"),
        (f"verify {NAME} --out nowhere", 1, f"`python -m d3c_minimal run {NAME}`"),
        ("verify --out nowhere", 1, "make some with `run`"),
        ("verify --jobs two", 2, "'two' is not a whole number"),
        ("reckon", 2, "--help"),
        ("", 2, "--help"),
        ("run", 2, "python -m d3c_minimal run --help"),
    ],
)
def test_mistakes_get_one_sentence(call, tmp_path, arguments, code, remedy):
    (tmp_path / "file").write_text("in the way")
    got, out, err = call(*arguments.split())
    assert (got, out) == (code, "")
    assert remedy in err
    assert err.count("\n") == 1
    assert err[0].isupper()


def test_a_cause_from_outside_gets_one_sentence(call, monkeypatch):
    from concurrent.futures.process import BrokenProcessPool

    for error, code, words in (
        (BrokenProcessPool(), 1, "fewer --jobs"),
        (FloatingPointError("losses stopped."), 1, "Losses stopped."),
        (KeyboardInterrupt(), 130, "Interrupted."),
        (
            PermissionError(13, "Permission denied", "here"),
            1,
            "Cannot use here (Permission denied)",
        ),
    ):

        def fail(*arguments, error=error, **others):
            raise error

        monkeypatch.setattr("d3c_minimal.experiments.results.produce", fail)
        got, out, err = call("run", NAME)
        assert (got, out, err.count("\n")) == (code, "", 1)
        assert words in err


def test_ledger_as_text_and_as_json(call):
    code, out, _ = call("ledger", "--json")
    assert (code, json.loads(out)) == (0, ledger.rows())
    code, out, _ = call("ledger")
    assert code == 0
    assert out.splitlines()[-1] == repr(ledger.table())


def test_help_shows_examples_and_needs_no_numpy():
    script = "import sys; from d3c_minimal.__main__ import main; main(['--help'])"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert f"python -m d3c_minimal run {NAME} --runs 100" in done.stdout
    assert "numpy" not in done.stderr


# An experiment whose third chunk waits while a gate stands, so that the interruption can neither
# come too early nor too late, however busy the machine.
WAITING = """
import os, time, uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(os.environ["D3C_TEST_FOLDER"])
TOLERANCE = {"x": 0.0}

@dataclass(frozen=True)
class Config:
    runs: int = 12
    chunk: int = 2

def simulate(config, runs, rng):
    x = rng.normal(size=runs)
    while (HERE / "gate").exists() and len(list(HERE.glob("out/*.partial/*.npz"))) >= 2:
        time.sleep(0.01)
    (HERE / f"call-{uuid.uuid4().hex}").touch()
    return {"x": x}

def collect(chunks):
    return {"x": np.concatenate([chunk["x"] for chunk in chunks])}

def headline(arrays):
    return "done"
"""
START = """
import signal, sys
import waiting
from d3c_minimal import experiments
from d3c_minimal.__main__ import main

# A shell that starts tests in the background has SIGINT ignored; a terminal has not.
signal.signal(signal.SIGINT, signal.default_int_handler)
experiments.REGISTRY["waiting"] = experiments.Experiment("waiting", "", waiting, waiting.Config())
sys.exit(main())
"""


def interrupt(process):
    """Press Ctrl-C as a terminal does, for the workers too; again if nothing comes of it."""
    for _ in range(12):
        os.killpg(process.pid, signal.SIGINT)
        try:
            return process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    raise AssertionError(process.communicate())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups to interrupt")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_finished_chunks_and_the_same_command_resumes(tmp_path, jobs):
    (tmp_path / "waiting.py").write_text(WAITING)
    (tmp_path / "start.py").write_text(START)
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "D3C_TEST_FOLDER": str(tmp_path)}

    def start(out):
        return subprocess.Popen(
            [sys.executable, "start.py", "run", "waiting", "--jobs", jobs, "--out", out],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def calls():
        return len(list(tmp_path.glob("call-*")))

    (tmp_path / "gate").touch()
    process, deadline = start("out"), time.monotonic() + 120
    while len(list(tmp_path.glob("out/*.partial/*.npz"))) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no chunk was finished in two minutes"
        time.sleep(0.02)
    out, err = interrupt(process)
    kept = len(list(tmp_path.glob("out/waiting.partial/*.npz")))
    assert 2 <= kept < 6
    assert (process.returncode, out) == (130, "")
    assert err == f"Interrupted: {kept} of 6 chunks are kept; the same command resumes.\n"
    assert not (tmp_path / "out" / "waiting.npz").exists()

    (tmp_path / "gate").unlink()
    before = calls()
    process = start("out")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (
        0,
        f"Resuming: {kept} of 6 chunks are already there.\n",
    )
    assert calls() - before == 6 - kept
    assert sorted(os.listdir(tmp_path / "out")) == ["waiting.json", "waiting.npz"]

    assert start("whole").communicate(timeout=120)[1] == ""
    resumed, whole = (tmp_path / folder / "waiting.npz" for folder in ("out", "whole"))
    assert resumed.read_bytes() == whole.read_bytes()
