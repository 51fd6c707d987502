import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.gpu_memory import gpu_cell_bytes, halved_to_fit
from muscope.backend.domain.plan.defaults import default_spec
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from tests.backend.domain.specs import SHAPE, specs

DIGITS = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)


@given(specs(), st.integers(1, 1 << 34))
def test_halved_cells_fit_or_hold_one_run_and_no_run_is_lost(spec, memory_bytes):
    split = halved_to_fit(spec, SHAPE, memory_bytes=memory_bytes)

    cells = full_grid(spec, max_runs_per_cell=split)

    assert sum(len(cell.runs) for cell in cells) == spec.num_runs()
    for cell in cells:
        needed = gpu_cell_bytes(spec, SHAPE, cell.width, cell.depth, len(cell.runs))
        assert needed <= memory_bytes or len(cell.runs) == 1


@given(specs(), st.integers(1, 1 << 30))
def test_a_cell_is_halved_no_more_often_than_it_must(spec, memory_bytes):
    all_runs = max(len(arm.lrs) for arm in spec.arms) * len(spec.seeds)

    for width, num_runs in halved_to_fit(spec, SHAPE, memory_bytes=memory_bytes).items():
        halves = [all_runs]
        while halves[-1] > num_runs:
            halves.append((halves[-1] + 1) // 2)
        assert halves[-1] == num_runs
        if len(halves) > 1:
            assert gpu_cell_bytes(spec, SHAPE, width, max(spec.depths), halves[-2]) > memory_bytes


# Peak bytes of whole cells in one stack, measured (docs/log.md 2026-11-24).
@pytest.mark.parametrize(
    ("width", "num_runs", "samples", "kind", "measured"),
    [
        (32, 45, 256, OptimizerKind.SGD, 65_139_228),
        (64, 45, 256, OptimizerKind.SGD, 209_924_468),
        (64, 45, 1024, OptimizerKind.SGD, 328_911_204),
        (256, 45, 16, OptimizerKind.SGD, 2_416_538_676),
        (256, 45, 256, OptimizerKind.SGD, 2_605_767_628),
        (256, 16, 256, OptimizerKind.ADAM, 809_156_032),
    ],
)
def test_the_bound_holds_and_is_not_far_off(width, num_runs, samples, kind, measured):
    spec = default_spec("ab" * 32, DIGITS, optimizer=OptimizerSpec(kind=kind))
    spec = spec.model_copy(update={"sharpness_batch_size": samples})

    bound = gpu_cell_bytes(spec, DIGITS, width, 3, num_runs)

    assert 1.0 <= bound / measured <= 1.4
