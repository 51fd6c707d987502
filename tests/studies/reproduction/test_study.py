from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.domain.spec.metrics import Metric
from studies.cells.jobs import Job, Result, train_job
from studies.cells.pool import ResultStore
from studies.reproduction.rows.parts import FEATURES, LINEAR, READOUT
from studies.reproduction.rows.registry import ROWS

SMALL = replace(
    LINEAR,
    sweeps_all=True,
    template=replace(LINEAR.template, num_steps=20, chunk_steps=8, measure_every=20),
    sizes=(4, 8),
    log2_lrs=(-5.0, -4.0, -3.0, 3.0),
    seeds=(0, 1),
    measures_at=5,
)


@pytest.fixture(scope="module")
def results():
    """Train both stages of the small study."""
    found: dict[str, Result] = {}
    for _ in range(2):
        for job in SMALL.plan(found):
            found.setdefault(job.key(), train_job(job))
    return found


def test_trajectories_are_planned_once_the_smallest_size_has_its_best_learning_rate(results):
    first, then = SMALL.plan({}), SMALL.plan(results)

    assert len(first) == 4
    assert len(then) == 8
    assert {job.program.runs[0].lr for job in then if job not in first} == {2.0**-4}


def test_a_study_of_curvature_alone_sweeps_the_smallest_size_only():
    jobs = replace(SMALL, sweeps_all=False).plan({})

    assert [job.program.width for job in jobs] == [4, 4]


def test_a_diverged_learning_rate_is_never_the_best(results):
    sweep = SMALL.sweep(results, "µP")

    assert (sweep.diverged_at[:, -1] >= 0).all()
    assert SMALL.base_log2_lr(results, "µP") == -3.0


def test_a_trajectory_has_sharpness_and_its_parts_for_every_size_and_seed(results):
    trajectory = SMALL.trajectory(results, "NTP")
    steps, parts = SMALL.measured(results, "NTP", Metric.GAUSS_NEWTON_SHARPNESS)

    assert trajectory.sharpness.shape == (2, 1, 2, 6)
    assert list(steps) == [0, 4, 8, 12, 16, 20]
    assert np.isfinite(parts).all()


def test_a_result_is_the_same_after_it_was_kept(results, tmp_path):
    job = SMALL.sweep_job("µP", 4)
    store = ResultStore(tmp_path)

    assert store.load(job) is None
    store.save(job, results[job.key()])
    kept = store.load(job)

    assert kept is not None
    assert kept.diverged_at == results[job.key()].diverged_at
    np.testing.assert_array_equal(
        kept.values[Metric.TRAIN_LOSS], results[job.key()].values[Metric.TRAIN_LOSS]
    )


def test_another_program_or_dataset_has_another_key():
    job = SMALL.sweep_job("µP", 4)

    keys = {
        job.key(),
        Job("digits", job.program).key(),
        Job(job.data, replace(job.program, spec_seed=1)).key(),
        SMALL.sweep_job("NTP", 4).key(),
    }

    assert len(keys) == 4


def test_random_features_train_the_readout_only():
    scaling = FEATURES.sweep_job(READOUT, 128).program.scaling

    assert scaling is not None
    assert {name for name, constants in scaling.items() if constants.lr_mult > 0} == {"output"}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_every_row_plans_cells_that_its_data_and_sizes_allow(row):
    for job in row.plan({}):
        program = job.program
        program.model.require_size(dims_of(job), program.width, program.depth)
        program.model.require_data(dims_of(job))

        assert job.cost() > 0
        assert len(program.runs) >= 2


def dims_of(job):
    from studies.cells.datasets import dataset

    return dataset(job.data).dims
