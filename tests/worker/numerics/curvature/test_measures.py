"""Every measure, as a program takes it, against dense float64 matrices of the same trained weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.domain.spec.measures import CURVATURE_MEASURES, MEASURE_INFO, Measure, measured_metrics
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.worker.numerics.curvature.measures import CurvatureStep, Values
from muscope.worker.numerics.ensemble import Stack
from muscope.worker.numerics.trainer import train
from tests import cases
from tests.worker.numerics.curvature.trained import SEEDS, Trained, trained

# A looser tolerance may stop at the second of two close eigenvalues (docs/log.md, the numeric core).
TOLERANCE = 1e-10
EVERY_CASE = pytest.mark.parametrize(
    ("loss", "parametrization"),
    [(loss, arm) for loss in cases.LOSSES for arm in cases.UNDER_SGD],
)


def taken(case: Trained, *measures: Measure, step: int = 0) -> Values:
    stack = Stack.begin(case.params, {}, [0.1] * len(SEEDS), SEEDS)
    program = cases.program(measures=measures, sharpness_tolerance=TOLERANCE)
    return CurvatureStep(program, case.hessian(), stack, step).measure()


def largest(matrix: torch.Tensor, count: int = 1) -> Any:
    return torch.linalg.eigvalsh(matrix).flip(0)[:count].numpy()


@EVERY_CASE
def test_raw_sharpness_is_the_top_eigenvalue_without_weights(loss, parametrization):
    case = trained(loss, parametrization)

    value_R = taken(case, Measure.RAW_SHARPNESS)[Metric.RAW_SHARPNESS]

    expected = [float(largest(case.dense(row, is_raw=True))[0]) for row in range(len(SEEDS))]
    assert value_R == pytest.approx(expected, rel=1e-4)


@EVERY_CASE
def test_both_parts_of_the_hessian_have_their_top_eigenvalue(loss, parametrization):
    case = trained(loss, parametrization)

    values = taken(case, Measure.GAUSS_NEWTON)

    size = len(case.root_lr_mult())
    for row in range(len(SEEDS)):
        repeated = case.hessian().gauss_newton().select(torch.full((size,), row))
        gauss_newton = repeated.matvec(torch.eye(size, dtype=torch.float64))
        residual = case.dense(row) - gauss_newton
        assert values[Metric.GAUSS_NEWTON_SHARPNESS][row] == pytest.approx(largest(gauss_newton)[0], rel=1e-4)
        assert values[Metric.RESIDUAL_SHARPNESS][row] == pytest.approx(largest(residual)[0], rel=1e-4)


@EVERY_CASE
def test_the_trace_is_within_its_error_of_the_dense_one(loss, parametrization):
    case = trained(loss, parametrization)

    values = taken(case, Measure.HESSIAN_TRACE)

    expected = np.array([float(case.dense(row).trace()) for row in range(len(SEEDS))])
    error = values[Metric.HESSIAN_TRACE_ERROR]
    assert (np.abs(values[Metric.HESSIAN_TRACE] - expected) < 4 * error).all()
    assert (error < 0.5 * np.abs(expected)).all()


def measure_of(metric: Metric) -> Measure:
    return next(measure for measure, info in MEASURE_INFO.items() if metric in info.metrics)


def test_a_measure_records_what_it_declares_in_every_window():
    program = cases.program(measures=tuple(Measure))
    windows = list(train(program, cases.classification()))

    for metric in measured_metrics(Measure):
        num_components = METRIC_INFO[metric].num_components
        found = np.concatenate([w.values[metric] for w in windows if metric in w.values])
        num_steps = 1 if METRIC_INFO[metric].only_first else 5
        assert found.shape == (num_steps, len(program.runs), num_components)[: 3 if num_components > 1 else 2]
        is_defined = np.isfinite(found)
        assert is_defined.any(-1).all()
        assert is_defined.all() or measure_of(metric) is Measure.COORDINATE_CHECK  # it has no logits


@pytest.mark.parametrize("measure", list(Measure))
def test_measuring_more_changes_no_other_number(measure):
    plain = list(train(cases.program(), cases.classification()))
    more = list(train(cases.program(measures=(measure,)), cases.classification()))

    for window, other in zip(plain, more, strict=True):
        assert {m: v.tobytes() for m, v in window.values.items()}.items() <= {
            m: v.tobytes() for m, v in other.values.items()
        }.items()
        assert set(other.values) - set(window.values) <= set(MEASURE_INFO[measure].metrics)


def test_measures_stop_where_a_run_diverges():
    lrs = (0.1, 1e5, 0.1, 1e5)
    runs = tuple(run._replace(lr=lr) for run, lr in zip(cases.PROGRAM.runs, lrs, strict=True))
    windows = list(train(cases.program(runs=runs, measures=tuple(Measure)), cases.classification()))

    for metric in measured_metrics(CURVATURE_MEASURES):
        last_R = windows[-1].values[metric][-1].reshape(len(runs), -1)
        assert np.isfinite(last_R).all(1).tolist() == [True, False, True, False]
