"""The runner that all experiments share: chunks of runs, in parallel, resumable.

Chunk k draws from ``SeedSequence(seed, spawn_key=(k,))`` and its size is part of the config, so
the arrays are bit-equal whatever the number of workers, and after an interruption. Workers come
from joblib: on this machine by default, on a cluster under
``joblib.parallel_config(backend="dask")``.
"""

import hashlib
import json
import math
import os
import platform
import signal
import sys
import threading
from dataclasses import asdict, fields, replace
from importlib import metadata
from pathlib import Path

import joblib
import numpy as np
from tqdm.auto import tqdm

import d3c_minimal
from d3c_minimal import data
from d3c_minimal.experiments.source import source_hash

MAX_RUNS = 1_000_000


def run(
    simulate, collect, config, seed=0, *, jobs=None, progress=None, checkpoints=None, say=print
):
    """Run an experiment's chunks and join them.

    Parameters
    ----------
    simulate : callable
        ``(config, runs, rng) -> dict of arrays``; importable by name, so that workers find it.
    collect : callable
        ``list of these dicts -> dict of arrays``.
    config : frozen dataclass
        With ``runs`` and ``chunk``.
    seed : int
        0 or above.
    jobs : int, optional
        Number of workers; by default what ``joblib.parallel_config`` says, else 1.
    progress : bool, optional
        Show a bar on stderr; by default only on a terminal, unless D3C_PROGRESS=0.
    checkpoints : Checkpoints, optional
        Where finished chunks are kept until the run is whole.
    say : callable
        Takes each notice, a sentence.

    Returns
    -------
    dict of arrays

    Raises
    ------
    ValueError
        If ``runs``, ``chunk``, ``seed`` or ``jobs`` is off.
    KeyboardInterrupt
        On Ctrl-C, with a sentence that says what is kept.
    """
    sizes = chunk_sizes(config)
    check_seed(seed)
    if jobs == 0:
        raise ValueError("jobs is 0: give 1 or more workers, or -1 for one a core.")
    done = checkpoints.load(len(sizes), say) if checkpoints else {}
    keep = checkpoints.save if checkpoints else None
    tasks = [
        joblib.delayed(_chunk)(simulate, config, seed, k, runs, keep)
        for k, runs in enumerate(sizes)
        if k not in done
    ]
    quiet = None if progress is None and os.environ.get("D3C_PROGRESS") != "0" else not progress
    with tqdm(total=len(sizes), initial=len(done), unit="chunk", disable=quiet, leave=False) as bar:
        try:
            for k, arrays in _start(jobs, tasks):
                done[k] = arrays
                bar.update()
        except KeyboardInterrupt:
            kept = checkpoints.count() if checkpoints else 0
            remedy = "the same command resumes" if kept else "the same command starts again"
            raise KeyboardInterrupt(
                f"interrupted: {kept} of {len(sizes)} chunks are kept; {remedy}."
            ) from None
    return collect([done[k] for k in range(len(sizes))])


def _start(jobs, tasks):
    """Hand the tasks out and return an iterable of their results."""
    try:
        parallel = joblib.Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")
    except ValueError:  # a backend that can only return all results at once, as Ray's
        return joblib.Parallel(n_jobs=jobs, batch_size=1)(tasks)
    if threading.current_thread() is not threading.main_thread():
        return parallel(tasks)
    # Workers that are born now inherit that Ctrl-C is ignored: this process alone answers it.
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return parallel(tasks)
    finally:
        signal.signal(signal.SIGINT, usual)


def _chunk(simulate, config, seed, k, runs, keep):
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(k,)))
    arrays = simulate(config, runs, rng)
    if keep:
        keep(k, arrays)
    return k, arrays


def chunk_sizes(config):
    """Return the number of runs in each chunk; only the last may be smaller than ``chunk``."""
    for name, value in (("runs", config.runs), ("chunk", config.chunk)):
        if type(value) is not int or not 1 <= value <= MAX_RUNS:
            raise ValueError(f"{name} is {value}: give a whole number from 1 to {MAX_RUNS}.")
    return [min(config.chunk, config.runs - k) for k in range(0, config.runs, config.chunk)]


def check_seed(seed):
    """Raise ValueError unless ``seed`` is a whole number, 0 or above."""
    if type(seed) is not int or seed < 0:
        raise ValueError(f"seed is {seed}: give a whole number, 0 or above.")


def change(config, changes):
    """Return ``config`` with some fields changed, of the types that they have.

    Raises
    ------
    ValueError
        If a name is not a field, or a value not a finite number of the field's type.
    """
    known = {field.name: type(getattr(config, field.name)) for field in fields(config)}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"the config has no field '{name}': it has {', '.join(known)}.")
        right = (int, float) if known[name] is float else (known[name],)
        if type(value) not in right or (known[name] is float and not math.isfinite(value)):
            raise ValueError(f"{name} is {value!r}: give a finite {known[name].__name__}.")
    return replace(config, **changes)


def versions():
    """Return what a result may depend on besides the source: Python, packages, machine."""
    packages = {name: metadata.version(name) for name in ("numpy", "autograd", "joblib")}
    return {
        "d3c_minimal": d3c_minimal.__version__,
        "python": platform.python_version(),
        **packages,
        "platform": f"{sys.platform} {platform.machine()}",
    }


class Checkpoints:
    """Finished chunks of one run, in ``FOLDER/NAME.partial``, until its result is written.

    A checkpoint belongs to one (name, config, seed, source, versions), whose hash begins its file
    name; others are left alone. Workers write them, each in one atomic step.
    """

    def __init__(self, folder, name, config, seed):
        source = source_hash(type(config).__module__)
        about = [name, asdict(config), seed, source, versions()]
        self.folder = Path(folder).absolute() / f"{name}.partial"
        self.key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]

    def _path(self, k):
        return self.folder / f"{self.key}-{k:06d}.npz"

    def _mine(self):
        return sorted(self.folder.glob(f"{self.key}-*")) if self.folder.is_dir() else []

    def count(self):
        """Return how many chunks are kept."""
        return sum(path.suffix == ".npz" for path in self._mine())

    def save(self, k, arrays):
        """Keep chunk ``k``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data.write(self._path(k), lambda file: np.savez(file, **arrays))

    def load(self, chunks, say):
        """Return ``{k: arrays}`` of the chunks that are kept."""
        done = {}
        for k in range(chunks):
            try:
                with np.load(self._path(k), allow_pickle=False) as file:
                    done[k] = {key: file[key] for key in file.files}
            except FileNotFoundError:
                continue
            except Exception:  # a damaged archive raises any of a dozen errors
                say(f"Chunk {k}'s checkpoint is damaged and is computed again.")
        if done:
            say(f"Resuming: {len(done)} of {chunks} chunks are already there.")
        files = list(self.folder.iterdir()) if self.folder.is_dir() else []
        if others := len(files) - len(self._mine()):
            say(
                f"Ignoring {others} checkpoints in {self.folder}: they belong to another config, "
                "seed, source or version. Delete the folder to be rid of them."
            )
        return done

    def remove(self):
        """Delete this run's checkpoints, and the folder once it is empty."""
        for path in self._mine():
            path.unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()
