"""The runner on a cluster: the same call under dask gives the same bits."""

import os
import sys

import cloudpickle
import joblib
import numpy as np
from distributed import Client, LocalCluster

from d3c_minimal.experiments import prisoners_dilemma as dilemma
from d3c_minimal.experiments import runner


def simulate(config, runs, rng):
    return {**dilemma.simulate(config, runs, rng), "process": os.getpid()}


def collect(chunks):
    return {**dilemma.collect(chunks), "processes": [chunk["process"] for chunk in chunks]}


def test_a_local_dask_cluster_gives_the_same_arrays(tmp_path):
    config = dilemma.Config(runs=10, chunk=4, steps=20, every=5)
    alone = dilemma.run(config, seed=1, jobs=1)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import the tests
    size = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        LocalCluster(local_directory=str(tmp_path), **size) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask", wait_for_workers_timeout=60),
    ):
        spread = runner.run(simulate, collect, config, seed=1)
    assert os.getpid() not in spread.pop("processes")
    assert spread.keys() == alone.keys()
    assert all(np.array_equal(spread[key], alone[key]) for key in alone)
