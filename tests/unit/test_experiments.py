import io
import json
import multiprocessing
import signal
import sys
import zipfile
from dataclasses import dataclass

import joblib
import numpy as np
import pytest

from d3c_minimal import data, dynamics, experiments
from d3c_minimal.experiments import prisoners_dilemma as dilemma
from d3c_minimal.experiments import results, runner
from d3c_minimal.experiments.source import source_hash

SMALL = dilemma.Config(runs=10, chunk=4, steps=20, every=5)
NAME = "prisoners_dilemma_10"


@dataclass(frozen=True)
class Config:
    runs: int = 10
    chunk: int = 4
    scale: float = 1.0


def simulate(config, runs, rng):
    return {"x": config.scale * rng.normal(size=runs)}


def collect(chunks):
    return {"x": np.concatenate([chunk["x"] for chunk in chunks])}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


# The prisoner's dilemma


def test_the_papers_settings():
    config = experiments.find(NAME).config
    assert (config.n, config.c, config.runs, config.self_weight, config.nu) == (
        10,
        1,
        1000,
        0.99,
        0,
    )
    assert 1 + -(-config.steps // config.every) <= 200


def test_starts_and_gradient_descent_against_their_closed_form():
    config = dilemma.Config(n=3, c=0.5, steps=7, every=2)
    chunk = dilemma.simulate(config, 4, np.random.default_rng(5))
    x0 = np.random.default_rng(5).uniform(0.0, 0.5, (4, 6))

    def total(x):  # n - 1 players want a coordinate at 0, the one that it is aimed at wants c
        return (2 * x**2 + (x - 0.5) ** 2).sum(-1)

    least = 2**2 * 0.5**2
    np.testing.assert_allclose(chunk["rho"][0], total(x0) / least, rtol=1e-14)
    np.testing.assert_allclose(chunk["distance"][0], abs(x0 - 0.5 / 3).max(-1), rtol=1e-14)
    selfish = total(x0 * (1 - 2 * 0.1) ** 7) / least
    np.testing.assert_allclose(chunk["selfish_rho_final"], selfish, rtol=1e-13)
    assert np.array_equal(chunk["t"], [0, 2, 4, 6, 7])


def test_ten_players_reach_the_optimum_and_gradient_descent_the_price_of_anarchy():
    arrays = dilemma.run(dilemma.Config(runs=20, chunk=20))
    np.testing.assert_allclose(arrays["rho_final"], 1.0, atol=1e-9)
    assert arrays["distance_final"].max() < 1e-5
    np.testing.assert_allclose(arrays["attention_final"], 0.1, atol=1e-4)
    np.testing.assert_allclose(arrays["selfish_rho_final"], 10 / 9, rtol=1e-12)
    assert arrays["rho_mean"][arrays["t"] == 300] < 1.0001


def test_only_the_scale_of_the_rates_depends_on_c():
    one = dilemma.run(dilemma.Config(runs=5, chunk=5, steps=60))
    ninth = dilemma.Config(c=1 / 9, eta_A=8.1, epsilon=0.01 / 81, runs=5, chunk=5, steps=60)
    np.testing.assert_allclose(dilemma.run(ninth)["rho_mean"], one["rho_mean"], rtol=1e-10)


def test_collect_by_hand():
    chunks = [
        {
            "t": np.array([0, 3]),
            "rho": np.array(rho),
            "distance": np.zeros_like(rho),
            "attention_final": np.array(rho[-1]),
            "selfish_rho_final": np.array(rho[-1]),
        }
        for rho in ([[1.0, 2.0], [1.0, 1.0]], [[6.0], [4.0]])
    ]
    arrays = dilemma.collect(chunks)
    np.testing.assert_allclose(arrays["rho_mean"], [3, 2])
    np.testing.assert_allclose(arrays["rho_median"], [2, 1])
    np.testing.assert_allclose(arrays["rho_std"], [np.sqrt(14 / 3), np.sqrt(2)])
    assert np.array_equal(arrays["rho_final"], [1, 1, 4])
    assert np.array_equal(arrays["attention_final"], [1, 1, 4])
    assert arrays.keys() == dilemma.TOLERANCE.keys()


def test_headline_is_two_lines_of_the_arrays_numbers():
    lines = dilemma.headline(dilemma.run(SMALL)).split("\n")
    assert len(lines) == 2
    assert "after 20 steps" in lines[0]


# Chunks


def test_chunk_k_draws_from_its_own_stream():
    x = runner.run(simulate, collect, Config(), seed=3)["x"]
    streams = [np.random.default_rng(np.random.SeedSequence(3, spawn_key=(k,))) for k in range(3)]
    expected = [g.normal(size=n) for g, n in zip(streams, (4, 4, 2), strict=True)]
    assert np.array_equal(x, np.concatenate(expected))


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_arrays_are_bit_equal_whatever_the_workers(backend):
    alone = dilemma.run(SMALL, 1, jobs=1)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        assert same(dilemma.run(SMALL, 1), alone)
    assert not same(dilemma.run(SMALL, 2), alone)


def simulate_nothing(config, runs, rng):
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return {"x": np.array([multiprocessing.parent_process() is not None, ignored])}


@pytest.mark.skipif(sys.platform == "win32", reason="there, workers do not inherit it")
def test_workers_leave_ctrl_c_to_their_parent():
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        x = runner.run(simulate_nothing, collect, Config(), jobs=3)["x"]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, usual)
    assert np.array_equal(x, [1, 1] * 3)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"runs": 0}, "runs is 0"),
        ({"runs": 10**9}, "1000000"),
        ({"runs": 2.5}, "runs is 2.5"),
        ({"runs": True}, "runs is True"),
        ({"chunk": -1}, "chunk is -1"),
        ({"scale": "1"}, "scale is '1'"),
        ({"scale": float("nan")}, "finite float"),
        ({"speed": 1}, "no field 'speed': it has runs, chunk, scale"),
    ],
)
def test_bad_settings_are_refused(changes, word):
    with pytest.raises(ValueError, match=word):
        runner.run(simulate, collect, runner.change(Config(), changes))


def test_whole_numbers_do_for_floats_and_the_config_is_not_edited():
    config = Config()
    assert runner.change(config, {"scale": 2}).scale == 2
    assert config == Config()


@pytest.mark.parametrize(("seed", "jobs", "word"), [(-1, 1, "seed is -1"), (0, 0, "jobs is 0")])
def test_bad_seed_and_jobs_are_refused(seed, jobs, word):
    with pytest.raises(ValueError, match=word):
        runner.run(simulate, collect, Config(), seed, jobs=jobs)


def test_losses_that_overflow_in_a_worker_say_so():
    config = dilemma.Config(runs=4, chunk=2, eta_x=10.0, steps=400, every=4)
    with pytest.raises(dynamics.Diverged, match="at step") as caught:
        dilemma.run(config, jobs=2)
    assert caught.value.step > 100
    assert caught.value.trajectory.t[-1] < caught.value.step


def test_find_names_the_nearest():
    with pytest.raises(ValueError, match=f"Did you mean {NAME}"):
        experiments.find("prisoner_dilema_10")
    with pytest.raises(ValueError, match="list` names them all"):
        experiments.find("xyz")


# Checkpoints


def kept(folder, config=Config(), seed=0):
    checkpoints = runner.Checkpoints(folder, "normal", config, seed)
    for k, runs in enumerate(runner.chunk_sizes(config)[:2]):
        runner._chunk(simulate, config, seed, k, runs, checkpoints.save)
    return checkpoints


def test_a_resumed_run_computes_the_rest_alone_and_is_bit_equal(tmp_path):
    checkpoints, calls, said = kept(tmp_path), [], []

    def counted(config, runs, rng):
        calls.append(runs)
        return simulate(config, runs, rng)

    arrays = runner.run(counted, collect, Config(), checkpoints=checkpoints, say=said.append)
    assert calls == [2]
    assert said == ["Resuming: 2 of 3 chunks are already there."]
    assert same(arrays, runner.run(simulate, collect, Config()))
    assert checkpoints.count() == 3
    checkpoints.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("other", ["config", "seed", "source"])
def test_checkpoints_of_another_run_are_ignored_with_a_sentence(tmp_path, monkeypatch, other):
    kept(tmp_path)
    config = Config(scale=2.0) if other == "config" else Config()
    seed = 1 if other == "seed" else 0
    if other == "source":
        monkeypatch.setattr(runner, "source_hash", lambda module: "another")
    checkpoints, said = runner.Checkpoints(tmp_path, "normal", config, seed), []
    arrays = runner.run(simulate, collect, config, seed, checkpoints=checkpoints, say=said.append)
    assert len(said) == 1
    assert said[0].startswith("Ignoring 2 checkpoints")
    assert same(arrays, runner.run(simulate, collect, config, seed))
    checkpoints.remove()
    assert kept(tmp_path).count() == 2


def test_a_damaged_checkpoint_is_computed_again(tmp_path):
    checkpoints, said = kept(tmp_path), []
    path = checkpoints._path(1)
    path.write_bytes(path.read_bytes()[:60])
    arrays = runner.run(simulate, collect, Config(), checkpoints=checkpoints, say=said.append)
    assert said[0] == "Chunk 1's checkpoint is damaged and is computed again."
    assert same(arrays, runner.run(simulate, collect, Config()))


def test_a_checkpoint_that_cannot_be_finished_leaves_nothing(tmp_path):
    def fill(file):
        file.write(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "chunk.npz"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        data.write(path, fill)
    assert [p.name for p in tmp_path.iterdir()] == ["chunk.npz"]
    assert path.read_bytes() == b"old"


# Result files


@pytest.fixture
def stored(tmp_path):
    changes = {"runs": 10, "chunk": 4, "steps": 20, "every": 5}
    return results.produce(NAME, changes, seed=4, folder=tmp_path, command="the command")


def resign(folder, edit):
    """Edit a record and sign it anew, as a forger would."""
    path = folder / f"{NAME}.json"
    record = json.loads(path.read_text())
    edit(record)
    record["record_sha256"] = data.record_hash(record)
    path.write_text(json.dumps(record))


def test_produce_writes_what_it_returns(tmp_path, stored):
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NAME}.json", f"{NAME}.npz"]
    arrays, record = data.result(NAME, tmp_path)
    assert same(arrays, stored.arrays)
    assert record == stored.record
    assert (record["seed"], record["chunks"], record["command"]) == (4, 3, "the command")
    assert runner.change(dilemma.Config(), record["config"]) == SMALL
    assert record["source_sha256"] == source_hash(dilemma.__name__)
    assert record["versions"]["numpy"] == np.__version__


def test_npz_bytes_depend_on_the_arrays_alone(tmp_path, stored):
    first = (tmp_path / f"{NAME}.npz").read_bytes()
    results.produce(NAME, {**stored.record["config"]}, seed=4, jobs=2, folder=tmp_path)
    assert (tmp_path / f"{NAME}.npz").read_bytes() == first
    members = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}
    assert [member.filename[:-4] for member in members] == sorted(stored.arrays)


def test_verify_agrees(tmp_path, stored):
    rows, same_source = results.verify(NAME, tmp_path)
    assert [row.array for row in rows] == sorted(dilemma.TOLERANCE)
    assert all(row.agrees and row.difference == 0 for row in rows)
    assert same_source


def test_verify_finds_a_forged_number_and_a_changed_source(tmp_path, stored):
    arrays = {**stored.arrays, "rho_final": stored.arrays["rho_final"] + 1e-6}
    np.savez(tmp_path / f"{NAME}.npz", **arrays)
    sha256 = results.hashlib.sha256((tmp_path / f"{NAME}.npz").read_bytes()).hexdigest()
    resign(tmp_path, lambda record: record.update(npz_sha256=sha256, source_sha256="0"))
    rows, same_source = results.verify(NAME, tmp_path)
    assert [row.array for row in rows if not row.agrees] == ["rho_final"]
    assert next(row.difference for row in rows if not row.agrees) == pytest.approx(1e-6)
    assert not same_source


def test_verify_refuses_a_loosened_tolerance_and_a_foreign_config(tmp_path, stored):
    resign(tmp_path, lambda record: record["arrays"]["rho_final"].update(tolerance=1.0))
    with pytest.raises(ValueError, match="tolerances are not those of the experiment"):
        results.verify(NAME, tmp_path)
    resign(tmp_path, lambda record: record["arrays"]["rho_final"].update(tolerance=1e-9))
    resign(tmp_path, lambda record: record["config"].update(speed=1))
    with pytest.raises(ValueError, match=r"no field 'speed'.*Run it again"):
        results.verify(NAME, tmp_path)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.5], 0.5),
        ([np.nan, np.inf], [np.nan, np.inf], 0.0),
        ([np.nan], [1.0], np.inf),
        ([np.inf], [1.0], np.inf),
        ([1.0], [1.0, 1.0], np.inf),
        ([], [], 0.0),
    ],
)
def test_largest_difference(a, b, expected):
    assert results._largest_difference(np.array(a), np.array(b)) == expected
