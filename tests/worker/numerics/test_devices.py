"""All numerics on one device, whichever it is: a fake one finds what was left on the host."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.worker.numerics.trainer import train
from tests import cases
from tests.worker.fake_gpu import fake_gpu
from tests.worker.numerics.networks_cases import FAMILY_CASES, data_of, program_of

TWO = (PlannedRun(0, 0.2, 0), PlannedRun(1, 0.05, 3))
SHORT = cases.program(runs=TWO, num_steps=8, measure_every=4)
PROGRAMS = {
    "cross-entropy": SHORT,
    "nesterov": dataclasses.replace(
        SHORT, optimizer=OptimizerSpec(momentum=0.9, nesterov=True, weight_decay=1e-3)
    ),
    "adam": dataclasses.replace(SHORT, optimizer=OptimizerSpec(kind=OptimizerKind.ADAM)),
    "adamw": dataclasses.replace(SHORT, optimizer=OptimizerSpec(kind=OptimizerKind.ADAMW, weight_decay=0.1)),
    "every measure": dataclasses.replace(SHORT, runs=TWO[:1], measures=tuple(Measure), num_steps=4),
}


def _both(program, data):
    on_host = list(train(program, data))
    with fake_gpu() as device:
        return on_host, list(train(program, cases.moved(data, device)))


def _assert_equal(on_host, on_device):
    for ours, theirs in zip(on_host, on_device, strict=True):
        assert ours.diverged_at == theirs.diverged_at
        for metric, values in ours.values.items():
            assert np.array_equal(values, theirs.values[metric], equal_nan=True), metric


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_runs_on_the_device_of_its_data_with_the_same_numbers(program):
    _assert_equal(*_both(program, cases.classification()))


@pytest.mark.parametrize("case", FAMILY_CASES.values(), ids=FAMILY_CASES)
def test_every_family_runs_there_too(case):
    program = program_of(case, runs=TWO[:1], num_steps=2, measure_every=2, measures=(Measure.NTK,))

    _assert_equal(*_both(program, data_of(case)))


def test_squared_error_runs_there_too():
    _assert_equal(*_both(dataclasses.replace(SHORT, loss=Loss.SQUARED_ERROR), cases.regression()))


def test_runs_leave_their_stack_there_too():
    program = dataclasses.replace(SHORT, runs=(*TWO, PlannedRun(2, 1e4, 0)))

    on_host, on_device = _both(program, cases.classification())

    assert [step is None for step in on_host[-1].diverged_at] == [True, True, False]
    _assert_equal(on_host, on_device)


def test_what_is_left_on_the_host_is_found():
    data = cases.classification()

    with fake_gpu() as device, pytest.raises(RuntimeError, match="expected all tensors on"):
        list(train(SHORT, dataclasses.replace(cases.moved(data, device), x_val=data.x_val)))
