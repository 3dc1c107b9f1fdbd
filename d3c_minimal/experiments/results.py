"""Result files of an experiment: made, written, and verified by running it again."""

import hashlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from d3c_minimal import data
from d3c_minimal.experiments import find, runner
from d3c_minimal.experiments.source import source_hash

COMMAND = "python -m d3c_minimal run"


def produce(name, changes=None, seed=0, jobs=None, folder="results", command="", say=print):
    """Run a registered experiment and write ``NAME.npz`` and ``NAME.json``.

    The NPZ is not compressed and its members carry no time, so equal arrays give equal bytes.

    Parameters
    ----------
    name : str
        A registered experiment.
    changes : dict, optional
        Fields of its config to change, as ``{"runs": 100}``.
    seed, jobs, say
        As in :func:`d3c_minimal.experiments.runner.run`.
    folder : path
        Where the files go, made if need be; finished chunks wait in ``NAME.partial`` there.
    command : str
        Recorded: what makes these files again.

    Returns
    -------
    data.Result

    Raises
    ------
    ValueError
        If a name or number is off.
    """
    experiment, folder = find(name), Path(folder)
    config = runner.change(experiment.config, changes or {})
    runner.check_seed(seed)
    begin = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints = runner.Checkpoints(folder, name, config, seed)
    resumed = checkpoints.count()
    module = experiment.module
    arrays = runner.run(
        module.simulate,
        module.collect,
        config,
        seed,
        jobs=jobs,
        checkpoints=checkpoints,
        say=say,
    )
    arrays = {key: arrays[key] for key in sorted(arrays)}
    npz = folder / f"{name}.npz"
    data.write(npz, lambda file: np.savez(file, **arrays))
    record = {
        "name": name,
        "config": asdict(config),
        "seed": seed,
        "chunks": len(runner.chunk_sizes(config)),
        "resumed_chunks": resumed,
        "versions": runner.versions(),
        "wall_seconds": round(time.perf_counter() - begin, 2),
        "command": command
        or f"python -m d3c_minimal run {name} --runs {config.runs} --seed {seed}",
        "source_sha256": source_hash(module.__name__),
        "npz_sha256": hashlib.sha256(npz.read_bytes()).hexdigest(),
        "arrays": {
            key: {
                "shape": list(array.shape),
                "dtype": array.dtype.str,
                "tolerance": module.TOLERANCE[key],
            }
            for key, array in arrays.items()
        },
    }
    record["record_sha256"] = data.record_hash(record)
    text = json.dumps(record, indent=2) + "\n"
    data.write(folder / f"{name}.json", lambda file: file.write(text.encode()))
    checkpoints.remove()
    return data.Result(arrays, record)


class Comparison(NamedTuple):
    """One array, stored and computed again."""

    array: str
    difference: float
    tolerance: float
    agrees: bool


def verify(name, folder=None, jobs=None):
    """Run a stored result's experiment again and compare every array.

    A module with ``check(stored, config, seed) -> dict of arrays`` says itself what is computed
    again, and only that is compared: learning runs are chaotic, but their first update is not.

    Parameters
    ----------
    name : str
    folder : Path, optional
        Where the result is; by default those that come with the package.
    jobs : int, optional
        Number of workers.

    Returns
    -------
    list of Comparison
        In the order of the arrays' names.
    bool
        Whether the source that the experiment depends on is what it was at the run.

    Raises
    ------
    ValueError
        If the files are not whole, or do not fit the experiment.
    """
    experiment = find(name)
    stored, record = data.result(name, folder)
    module = experiment.module
    tolerances = {key: entry["tolerance"] for key, entry in record["arrays"].items()}
    try:
        if tolerances != module.TOLERANCE:
            raise ValueError("its arrays or tolerances are not those of the experiment.")
        config = runner.change(experiment.config, record["config"])
        if hasattr(module, "check"):
            again = module.check(stored, config, record["seed"])
        else:
            again = runner.run(module.simulate, module.collect, config, record["seed"], jobs=jobs)
    except ValueError as error:
        raise ValueError(
            f"the stored result of {name} does not fit this version of the package: {error} "
            f"Run it again with `{COMMAND} {name}`."
        ) from None
    rows = []
    for key, tolerance in tolerances.items():
        if key not in again:
            continue
        difference = _largest_difference(stored[key], again[key])
        rows.append(Comparison(key, difference, tolerance, difference <= tolerance))
    return rows, record["source_sha256"] == source_hash(module.__name__)


def _largest_difference(a, b):
    """Return the largest absolute difference; infinite where shapes or NaNs differ."""
    if a.shape != b.shape:
        return np.inf
    with np.errstate(invalid="ignore"):
        gaps = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, abs(a - b))
    return float(np.nan_to_num(gaps, nan=np.inf, posinf=np.inf).max(initial=0.0))
