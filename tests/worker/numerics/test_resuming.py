from __future__ import annotations

import numpy as np
import pytest

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.worker.numerics import ensemble
from muscope.worker.numerics.trainer import Training, TrainingState, train
from tests import cases

# The last run of each seed blows up within a few steps, so that columns leave the stack.
RUNS = tuple(PlannedRun(i, lr, seed) for i, lr in enumerate((0.02, 0.05, 1e4)) for seed in (0, 3))
OPTIMIZERS = (
    OptimizerSpec(),
    OptimizerSpec(momentum=0.9, nesterov=True),
    OptimizerSpec(kind=OptimizerKind.ADAMW, weight_decay=0.1),
    OptimizerSpec(kind=OptimizerKind.LION),
    OptimizerSpec(kind=OptimizerKind.MUON),
    OptimizerSpec(kind=OptimizerKind.ADAFACTOR),
)


def _bytes(window):
    values = {metric: array.tobytes() for metric, array in window.values.items()}
    return window.first_step, window.last_step, values, window.diverged_at


def _kept(state: TrainingState) -> TrainingState:
    """Return a copy, as a file is one."""
    return TrainingState(state.next_step, {name: np.array(array) for name, array in state.arrays.items()})


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda spec: f"{spec.kind}-{spec.momentum}")
def test_training_resumed_at_the_end_of_a_window_repeats_every_later_byte(optimizer):
    program = cases.program(runs=RUNS, optimizer=optimizer, num_steps=18, chunk_steps=7, measure_every=4)
    _holds_after_every_window(program)


def test_the_optional_measures_are_resumed_with_their_warm_starts():
    warm = (Measure.RAW_SHARPNESS, Measure.HESSIAN_EIGENVALUES, Measure.GAUSS_NEWTON)
    adamw = OptimizerSpec(kind=OptimizerKind.ADAMW)
    _holds_after_every_window(
        cases.program(
            runs=RUNS[1::2], optimizer=adamw, measures=warm, num_steps=4, chunk_steps=2, measure_every=1
        )
    )


def _holds_after_every_window(program):
    data = cases.classification()
    undisturbed = [_bytes(window) for window in train(program, data)]
    training = Training(program, data)
    for place, window in enumerate(training.windows()):
        resumed = Training(program, data, _kept(training.state()))
        assert [_bytes(later) for later in resumed.windows()] == undisturbed[place + 1 :]
        assert _bytes(window) == undisturbed[place]
    assert any(step is not None for step in undisturbed[-1][3]), "no run diverged"


def test_every_sub_stack_of_a_cell_is_resumed(monkeypatch):
    monkeypatch.setattr("muscope.worker.numerics.trainer.stack_slices", lambda *_: [range(3), range(3, 6)])
    program, data = cases.program(runs=RUNS), cases.classification()
    undisturbed = [_bytes(window) for window in train(program, data)]
    training = Training(program, data)
    first = next(training.windows())

    resumed = Training(program, data, _kept(training.state()))

    assert [_bytes(first), *map(_bytes, resumed.windows())] == undisturbed


def test_a_resumed_training_leaves_the_saved_state_as_it_was():
    program, data = cases.program(), cases.classification()
    training = Training(program, data)
    next(training.windows())
    saved = _kept(training.state())
    before = _kept(saved)

    list(Training(program, data, saved).windows())

    assert all((saved.arrays[name] == array).all() for name, array in before.arrays.items())


def test_a_stack_is_its_tensors():
    stack = ensemble.Stack.begin(cases.parameters(cases.network()), {}, (0.1, 0.2), (0, 1))

    again = ensemble.Stack.of_tensors(stack.tensors(), stack.seeds, stack.columns)

    assert list(again.params) == list(stack.params)
    assert all(again.params[name] is stack.params[name] for name in stack.params)
    assert (again.seeds, again.columns) == ((0, 1), (0, 1))
