"""The package's data, one loader: the claims, their values and the stored results.

``claims.yml`` is written by hand, ``values.json`` by :func:`d3c_minimal.ledger.claim` alone, and
``results/NAME.npz`` with ``NAME.json`` by ``python -m d3c_minimal run NAME``.
"""

import hashlib
import io
import json
import math
import os
import uuid
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

FOLDER = resources.files(__name__)

_RECORD = {
    **dict.fromkeys(("name", "command", "source_sha256", "npz_sha256", "record_sha256"), str),
    **dict.fromkeys(("config", "versions", "arrays"), dict),
    **dict.fromkeys(("seed", "chunks", "resumed_chunks"), int),
    "wall_seconds": float,
}
_ARRAY = {"shape": list, "dtype": str, "tolerance": float}


class Result(NamedTuple):
    """What one run of an experiment left.

    Attributes
    ----------
    arrays : dict of arrays
        Per-run finals ``(R,)`` and summaries over the recorded steps ``(S,)``.
    record : dict
        Config, seed, versions, wall time in seconds, command, hashes, tolerance of each array.
    """

    arrays: dict
    record: dict


def claims():
    """Return the rows of ``claims.yml`` as they are written, a list of dicts."""
    import yaml

    return yaml.safe_load(FOLDER.joinpath("claims.yml").read_text(encoding="utf-8"))


def values():
    """Return ``values.json``: ``{id: {"value": ..., "tol": ...}}``; empty where there is none."""
    try:
        return json.loads(FOLDER.joinpath("values.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(
            f"values.json is damaged ({error}): restore it from the repository, or execute the "
            "chapters with D3C_LEDGER=write."
        ) from None


def result_names(folder=None):
    """List the experiments that have stored results, in the package or in ``folder``."""
    folder = FOLDER.joinpath("results") if folder is None else folder
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name[:-5] for path in files if path.name.endswith(".json"))


def result(name, folder=None):
    """Read one stored result and check that it is whole.

    Parameters
    ----------
    name : str
        The experiment.
    folder : Path, optional
        Where to look; by default the results that come with the package.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If a file is missing, cut off, altered, or not of this experiment.
    """
    folder = FOLDER.joinpath("results") if folder is None else Path(folder)
    try:
        text = folder.joinpath(f"{name}.json").read_bytes()
        packed = folder.joinpath(f"{name}.npz").read_bytes()
    except FileNotFoundError:
        stored = ", ".join(result_names(folder)) or "none"
        raise ValueError(
            f"no stored result of {name} in {folder} (stored there: {stored}): make one with "
            f"`python -m d3c_minimal run {name}`."
        ) from None
    return Result(*_checked(name, text, packed))


def write(path, fill):
    """Write a file in one atomic step: ``fill(file)`` writes beside it, then it is renamed."""
    beside = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with open(beside, "wb") as file:
            fill(file)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def record_hash(record):
    """Return the sha256 of a record without its own ``record_sha256``."""
    rest = {key: value for key, value in record.items() if key != "record_sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _checked(name, text, packed):
    def refuse(what):
        again = (
            f"restore the files, or run it again, with `python -m d3c_minimal run {name} --out` "
            "and this folder (a JSON file that is whole records the command)."
        )
        return ValueError(f"the stored result of {name} {what}: {again}")

    try:
        record = json.loads(text)
    except ValueError:
        raise refuse("has a JSON file that is cut off or damaged") from None
    wrong = _wrong(record, _RECORD) or next(
        (f"{key}.{_wrong(a, _ARRAY)}" for key, a in record["arrays"].items() if _wrong(a, _ARRAY)),
        None,
    )
    if wrong:
        raise refuse(f"has a JSON file without a valid '{wrong}'")
    if record["name"] != name:
        raise refuse(f"is one of {record['name']}")
    if record_hash(record) != record["record_sha256"]:
        raise refuse("has a JSON file that was changed after the run")
    if hashlib.sha256(packed).hexdigest() != record["npz_sha256"]:
        raise refuse("has an NPZ file whose sha256 is not the recorded one (cut off or changed)")
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception:  # a damaged archive raises any of a dozen errors
        raise refuse("has an NPZ file that cannot be read") from None
    found = {key: (list(a.shape), a.dtype.str) for key, a in arrays.items()}
    if found != {key: (a["shape"], a["dtype"]) for key, a in record["arrays"].items()}:
        raise refuse("holds other arrays than its JSON file says")
    return arrays, record


def _wrong(entry, schema):
    """Return the first key of ``schema`` that ``entry`` lacks or that has a wrong type."""
    if not isinstance(entry, dict):
        return "object"
    for key, kind in schema.items():
        value = entry.get(key)
        if kind is float:
            right = type(value) in (int, float) and math.isfinite(value) and value >= 0
        else:
            right = type(value) is kind
        if not right:
            return key
    return None
