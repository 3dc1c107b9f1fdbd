import json
from pathlib import Path

import numpy as np
import pytest

from d3c_minimal import data, experiments
from d3c_minimal.experiments import results, runner

NAME = "prisoners_dilemma_10"


@pytest.fixture
def folder(tmp_path):
    results.produce(NAME, {"runs": 3, "chunk": 2, "steps": 4}, folder=tmp_path)
    return tmp_path


def edit(path, change):
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def shipped():
    return data.result_names()


def test_results_are_shipped_for_every_experiment():
    assert shipped() == sorted(experiments.REGISTRY)


@pytest.mark.parametrize("name", shipped())
def test_shipped_results_are_whole_small_and_of_the_papers_settings(name):
    arrays, record = data.result(name)
    experiment = experiments.find(name)
    assert runner.change(experiment.config, record["config"]) == experiment.config
    assert record["command"].startswith(f"python -m d3c_minimal run {name}")
    assert arrays.keys() == experiment.module.TOLERANCE.keys()
    assert len(arrays.get("t", ())) <= 201
    assert Path(str(data.FOLDER / "results" / f"{name}.npz")).stat().st_size < 300_000


def test_shipped_results_take_under_five_megabytes():
    files = [path for path in data.FOLDER.joinpath("results").iterdir() if path.is_file()]
    assert sum(len(path.read_bytes()) for path in files) < 5_000_000


def test_ten_players_shipped_numbers():
    arrays, record = data.result(NAME)
    assert record["config"]["runs"] == len(arrays["rho_final"]) == 1000
    assert arrays["rho_final"].max() - 1 < 1e-9
    assert arrays["selfish_rho_final"].mean() == pytest.approx(10 / 9, abs=1e-12)
    assert arrays["rho_median"][0] > 3


def test_a_missing_result_names_what_is_there(folder):
    with pytest.raises(ValueError, match=rf"no stored result of other .*there: {NAME}.*run other"):
        data.result("other", folder)
    (folder / f"{NAME}.npz").unlink()
    with pytest.raises(ValueError, match="no stored result"):
        data.result(NAME, folder)


def truncate_npz(folder):
    path = folder / f"{NAME}.npz"
    path.write_bytes(path.read_bytes()[:-100])


def alter_npz(folder):
    path = folder / f"{NAME}.npz"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(bytes(content))


def truncate_json(folder):
    path = folder / f"{NAME}.json"
    path.write_bytes(path.read_bytes()[:-200])


def changed(change):
    return lambda folder: edit(folder / f"{NAME}.json", change)


def sign(record):
    record["record_sha256"] = data.record_hash(record)


def forge_text_as_npz(folder):
    path = folder / f"{NAME}.npz"
    path.write_bytes(b"PK not an archive")
    sha256 = results.hashlib.sha256(path.read_bytes()).hexdigest()
    edit(folder / f"{NAME}.json", lambda r: (r.update(npz_sha256=sha256), sign(r)))


@pytest.mark.parametrize(
    ("tamper", "what"),
    [
        (truncate_npz, "NPZ file whose sha256 is not the recorded one"),
        (alter_npz, "NPZ file whose sha256 is not the recorded one"),
        (forge_text_as_npz, "NPZ file that cannot be read"),
        (truncate_json, "JSON file that is cut off"),
        (lambda folder: (folder / f"{NAME}.json").write_text("[]"), "without a valid 'object'"),
        (lambda folder: (folder / f"{NAME}.json").write_bytes(b"\xff\xfe"), "cut off or damaged"),
        (changed(lambda r: r.update(seed=1)), "changed after the run"),
        (changed(lambda r: r.update(seed="1")), "without a valid 'seed'"),
        (changed(lambda r: r.pop("command")), "without a valid 'command'"),
        (changed(lambda r: r["arrays"].update(t=3)), "without a valid 't.object'"),
        (changed(lambda r: r["arrays"]["t"].update(tolerance=-1)), "valid 't.tolerance'"),
        (changed(lambda r: (r["arrays"]["t"].update(shape=[7]), sign(r))), "holds other arrays"),
        (changed(lambda r: (r.update(name="x"), sign(r))), "is one of x"),
    ],
)
def test_files_that_are_not_whole_are_refused_with_the_remedy(folder, tamper, what):
    data.result(NAME, folder)
    tamper(folder)
    with pytest.raises(ValueError, match=what) as caught:
        data.result(NAME, folder)
    assert f"`python -m d3c_minimal run {NAME} --out`" in str(caught.value)


def test_no_pickles_are_loaded(folder):
    path = folder / f"{NAME}.npz"
    np.savez(path, t=np.array([{}], dtype=object))
    sha256 = results.hashlib.sha256(path.read_bytes()).hexdigest()
    edit(folder / f"{NAME}.json", lambda r: (r.update(npz_sha256=sha256), sign(r)))
    with pytest.raises(ValueError, match="cannot be read"):
        data.result(NAME, folder)


def test_values_that_are_damaged_name_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    assert data.values() == {}
    (tmp_path / "values.json").write_text('{"E4": ')
    with pytest.raises(ValueError, match=r"values.json is damaged .*D3C_LEDGER=write"):
        data.values()
