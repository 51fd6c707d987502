from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from muscope.backend.domain.protocol.grid import PlannedRun, full_grid
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss
from muscope.backend.domain.spec.measures import Measure, measured_metrics
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.families import NETWORKS
from muscope.worker.numerics.network import init
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.randomness import sharpness_indices
from muscope.worker.numerics.trainer import train
from tests import cases, reference
from tests.backend.domain.specs import spec

PROBLEMS = [
    (cases.classification, Loss.CROSS_ENTROPY),
    (cases.classification, Loss.SQUARED_ERROR),
    (cases.regression, Loss.SQUARED_ERROR),
]
# The second run of each pair blows up within a few steps.
OPTIONAL = set(measured_metrics(Measure))
WITH_DIVERGING = tuple(PlannedRun(i, lr, seed) for i, lr in enumerate((0.05, 60.0)) for seed in (0, 3))


def whole(
    program: CellProgram, data: TrainingData
) -> tuple[dict[Metric, NDArray[np.float32]], list[int | None]]:
    """Return the values of all windows joined, and where runs diverged."""
    windows = list(train(program, data))
    values = {
        metric: np.concatenate([window.values[metric] for window in windows if metric in window.values])
        for metric in Metric
        if any(metric in window.values for window in windows)
    }
    return values, windows[-1].diverged_at


def reference_run(program: CellProgram, data: TrainingData, run: PlannedRun, num_steps: int) -> Any:
    """Return losses before each update and the weights after `num_steps` updates, in float64."""
    table = program.scaling_of(data.dims)
    shapes = cases.tensor_shapes(data.x_train.shape[1], program.width, program.depth, data.num_outputs)
    params = init(shapes, table, spec_seed=0, seeds=(run.seed,), dtype=torch.float64)
    batches = [
        reference.batch_of(
            step, run.seed, spec_seed=0, num_train=cases.NUM_TRAIN, batch_size=program.batch_size
        )
        for step in range(num_steps)
    ]
    weights = {name: tensor[0] for name, tensor in params.items()}
    return reference.train_losses(weights, data, table, program.loss, lr=run.lr, batches=batches), table


@pytest.mark.parametrize("parametrization", cases.UNDER_SGD)
@pytest.mark.parametrize(("make_data", "loss"), PROBLEMS)
def test_stacked_training_equals_one_float64_loop_per_run(make_data, loss, parametrization):
    program = cases.program(loss=loss, width=16, parametrization=parametrization)

    values, _ = whole(program, make_data(torch.float64))
    single, _ = whole(program, make_data())

    for column, run in enumerate(program.runs):
        data = make_data(torch.float64)
        (losses, _), _ = reference_run(program, data, run, program.num_steps + 1)
        assert values[Metric.TRAIN_LOSS][:, column] == pytest.approx(losses, rel=1e-6)
        assert single[Metric.TRAIN_LOSS][:, column] == pytest.approx(losses, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize(
    ("scenario", "batch_size", "num_steps", "factor"),
    [("batch_axis:32", 32, 12, 4.0), ("steps_axis:48", 8, 48, 4**-0.32), ("step_up", 32, 48, 4 * 4**-0.32)],
)
def test_a_step_up_is_a_plain_loop_of_its_batch_and_steps_at_the_rate_of_its_rules(
    scenario, batch_size, num_steps, factor
):
    plan = spec(
        scenarios=("as_given", "batch_axis:32", "steps_axis:48", "step_up"), steps_rule="token_horizon"
    )
    (cell,) = (each for each in full_grid(plan) if each.scenario == scenario)
    program = CellProgram.from_spec(plan, cell, chunk_steps=16)
    data = cases.classification(torch.float64)

    values, _ = whole(program, data)

    assert (program.batch_size, program.num_steps) == (batch_size, num_steps)
    assert Metric.SHARPNESS not in values
    for column, run in enumerate(program.runs):
        tuned = plan.arms[0].lrs[run.lr_index]
        plain = run._replace(lr=factor * tuned)
        (losses, _), _ = reference_run(
            dataclasses.replace(program, batch_size=batch_size), data, plain, num_steps + 1
        )
        assert values[Metric.TRAIN_LOSS][:, column] == pytest.approx(losses, rel=1e-6)


@pytest.mark.parametrize(("make_data", "loss"), PROBLEMS)
def test_measurements_are_taken_before_the_update_of_their_step(make_data, loss):
    """Validation metrics and sharpness of the last step against the reference's weights at that step."""
    program = cases.program(loss=loss, width=16, sharpness_tolerance=1e-12)
    data = make_data(torch.float64)

    values, _ = whole(program, data)

    for column, run in enumerate(program.runs):
        (_, weights), table = reference_run(program, data, run, program.num_steps)
        f = reference.outputs(weights, data.x_val, table)
        val_loss = reference.loss_of(f, data.y_val, data, loss)
        assert values[Metric.VAL_LOSS][-1, column] == pytest.approx(float(val_loss), rel=1e-6)
        if Metric.VAL_ACCURACY in values:
            accuracy = (f.argmax(1) == data.y_val).double().mean()
            assert values[Metric.VAL_ACCURACY][-1, column] == pytest.approx(float(accuracy))
        else:
            mae = (f[:, 0] - data.y_val).abs().mean() * data.label_scale
            assert values[Metric.VAL_MAE][-1, column] == pytest.approx(float(mae), rel=1e-6)
        chosen = sharpness_indices(0, cases.NUM_TRAIN, program.sharpness_batch_size)
        x, y = data.x_train[chosen], data.y_train[chosen]
        hessian = reference.dense_hessian(weights, x, y, data, loss, table)
        expected = float(torch.linalg.eigvalsh(hessian)[-1])
        assert values[Metric.SHARPNESS][-1, column] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("make_data", "loss"), PROBLEMS)
def test_sharpness_in_float32_is_within_two_per_mille_of_the_dense_hessian(make_data, loss):
    program = cases.program(loss=loss, width=16, sharpness_tolerance=1e-3)

    values, _ = whole(program, make_data())

    tight, _ = whole(cases.program(loss=loss, width=16, sharpness_tolerance=1e-12), make_data(torch.float64))
    assert values[Metric.SHARPNESS] == pytest.approx(tight[Metric.SHARPNESS], rel=2e-3)
    assert (values[Metric.SHARPNESS_CONVERGED] == 1).all()
    assert (values[Metric.SHARPNESS_HVPS] >= 3).all()
    assert (values[Metric.SHARPNESS_HVPS] <= 25).all()
    assert (values[Metric.SHARPNESS_RESIDUAL] < 0.1).all()


def test_windows_hold_the_scheduled_steps_and_the_metrics_of_the_task():
    windows = list(train(cases.program(measure_every=12), cases.regression()))

    assert [(window.first_step, window.last_step) for window in windows] == [(0, 9), (10, 19), (20, 24)]
    assert [len(window.values[Metric.TRAIN_LOSS]) for window in windows] == [10, 10, 5]
    assert [len(window.values[Metric.SHARPNESS]) for window in windows] == [1, 1, 1]
    assert set(windows[0].values) == set(Metric) - {Metric.VAL_ACCURACY} - OPTIONAL
    assert all(array.dtype == np.float32 for array in windows[0].values.values())


def test_a_window_without_a_measurement_step_has_no_measurements():
    windows = list(train(cases.program(measure_every=20, chunk_steps=8), cases.classification()))

    assert [set(window.values) == {Metric.TRAIN_LOSS} for window in windows] == [False, True, False, False]


@pytest.mark.parametrize("chunk_steps", [1, 7, 25])
def test_the_length_of_a_window_changes_no_byte(chunk_steps):
    expected, expected_diverged = whole(cases.program(runs=WITH_DIVERGING), cases.classification())

    values, diverged_at = whole(
        cases.program(runs=WITH_DIVERGING, chunk_steps=chunk_steps), cases.classification()
    )

    assert diverged_at == expected_diverged
    assert {metric: array.tobytes() for metric, array in values.items()} == {
        metric: array.tobytes() for metric, array in expected.items()
    }


def test_sub_stacks_and_one_stack_agree(monkeypatch):
    expected, _ = whole(cases.program(width=16), cases.classification())

    one_by_one = NETWORKS["residual_mlp"]._replace(runs_per_stack=lambda width: 1)  # noqa: ARG005
    monkeypatch.setitem(NETWORKS, "residual_mlp", one_by_one)
    values, _ = whole(cases.program(width=16), cases.classification())

    for metric in (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS):
        assert values[metric] == pytest.approx(expected[metric], rel=2e-3)
    assert values[Metric.TRAIN_LOSS] == pytest.approx(expected[Metric.TRAIN_LOSS], rel=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("make_data", "loss"), PROBLEMS)
def test_a_cell_that_was_split_for_memory_agrees_with_the_whole(make_data, loss, dtype):
    """Same random streams: weights, batches and start vectors are keyed by seed, never by place."""
    program = cases.program(width=16, loss=loss)
    expected, _ = whole(program, make_data(dtype))

    parts = [whole(cases.program(width=16, loss=loss, runs=(run,)), make_data(dtype)) for run in program.runs]

    for metric, array in expected.items():
        joined = np.concatenate([values[metric] for values, _ in parts], axis=1)
        assert joined == pytest.approx(array, rel=1e-6, abs=1e-7), metric


def test_a_diverging_neighbour_does_not_change_other_runs():
    values, diverged_at = whole(cases.program(runs=WITH_DIVERGING), cases.classification())
    alone, _ = whole(cases.program(runs=WITH_DIVERGING[:2]), cases.classification())

    assert [at is None for at in diverged_at] == [True, True, False, False]
    for metric, array in alone.items():
        assert values[metric][:, :2] == pytest.approx(array, rel=1e-4)


def test_a_run_diverges_at_its_first_loss_over_the_bound_and_is_nan_from_then_on():
    program = cases.program(runs=WITH_DIVERGING)
    values, diverged_at = whole(program, cases.classification())

    losses = values[Metric.TRAIN_LOSS][:, 2]
    step = diverged_at[2]
    assert step is not None
    assert (losses[:step] <= 20 * losses[0]).all()
    assert not losses[step] <= 20 * losses[0]
    assert (losses[step + 1 :].view(np.uint32) == 0x7FC00000).all()
    measured_at = np.array([t for t in range(25) if program.schedule.measures_at(t)])
    for metric in (Metric.VAL_LOSS, Metric.SHARPNESS, Metric.SHARPNESS_HVPS, Metric.SHARPNESS_CONVERGED):
        column = values[metric][:, 2]
        assert np.isfinite(column[measured_at < step]).all()
        assert (column[measured_at >= step].view(np.uint32) == 0x7FC00000).all()


def test_the_loss_of_divergence_is_kept_if_it_is_a_number():
    data = cases.regression()
    program = cases.program(
        runs=(PlannedRun(0, 3.0, 0),), loss=Loss.SQUARED_ERROR, divergence_factor=1.5, measure_every=24
    )

    values, diverged_at = whole(program, data)

    (losses, _), _ = reference_run(program, cases.regression(torch.float64), program.runs[0], 3)
    first = next(step for step, value in enumerate(losses) if value > 1.5 * losses[0])
    assert diverged_at == [first]
    assert values[Metric.TRAIN_LOSS][first, 0] == pytest.approx(losses[first], rel=1e-3)


def test_every_run_may_diverge():
    runs = (PlannedRun(0, 1e4, 0), PlannedRun(1, 1e6, 1))

    values, diverged_at = whole(cases.program(runs=runs, loss=Loss.SQUARED_ERROR), cases.classification())

    assert None not in diverged_at
    assert np.isnan(values[Metric.TRAIN_LOSS][-1]).all()
    assert len(values[Metric.SHARPNESS]) == 5


def digest(data: TrainingData) -> str:
    windows = train(cases.program(runs=WITH_DIVERGING, width=16), data)
    parts = [array.tobytes() for window in windows for array in window.values.values()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_a_second_process_gives_the_same_bytes():
    root = Path(__file__).parents[3]
    script = (
        f"import sys, importlib.util; sys.path.insert(0, {str(root)!r})\n"
        f"spec = importlib.util.spec_from_file_location('again', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        f"import torch; torch.set_num_threads({torch.get_num_threads()})\n"
        "print(module.digest(module.cases.classification()))"
    )

    second = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert second.stdout.strip() == digest(cases.classification())


def test_a_program_takes_its_conditions_from_the_spec_and_its_runs_from_the_cell():
    spec = ExperimentSpec(
        dataset_sha256="0" * 64,
        arms=(Arm(parametrization=Parametrization.NTP, lrs=(0.1, 0.2)),),
        widths=(8, 16),
        depths=(2,),
        base_width=8,
        seeds=(0, 1),
        loss=Loss.SQUARED_ERROR,
        batch_size=16,
        num_steps=12,
        measure_every=4,
        sharpness_batch_size=20,
        divergence_factor=7.0,
        spec_seed=5,
    )
    cell = full_grid(spec)[1]

    program = CellProgram.from_spec(spec, cell, chunk_steps=6)

    assert (program.width, program.runs, program.parametrization) == (16, cell.runs, Parametrization.NTP)
    assert (program.loss, program.divergence_factor, program.spec_seed) == (Loss.SQUARED_ERROR, 7.0, 5)
    assert [w.last_step for w in train(program, cases.regression())] == [5, 11, 12]
