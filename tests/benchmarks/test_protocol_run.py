"""The loop behind headline_staged on a tiny grid: the staged answer is the full grid's, from fewer runs."""

from __future__ import annotations

import pytest

from benchmarks import programs
from benchmarks.protocol_run import Slots, run_experiment
from benchmarks.rows.headline_staged import SHAPE, Measured, row, spec_of
from muscope.backend.domain.protocol.evidence import group_of
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.experiment import Protocol

pytestmark = pytest.mark.slow

WIDTHS, SEEDS, STEPS = (4, 8, 32), (0, 1, 2), 30


def tiny(protocol: Protocol):
    """Return the headline experiment with small networks and few steps."""
    spec = spec_of(protocol, WIDTHS, SEEDS, STEPS)
    return spec.model_copy(update={"base_width": WIDTHS[0], "depths": (1,), "sharpness_batch_size": 16})


@pytest.fixture(scope="module")
def outcomes():
    """Run the tiny experiment under both protocols, in one process."""
    with Slots(1, programs.data) as slots:
        return {protocol: run_experiment(tiny(protocol), SHAPE, slots) for protocol in Protocol}


def test_the_full_protocol_runs_its_grid_once(outcomes):
    planned = {(group_of(cell), run) for cell in full_grid(tiny(Protocol.FULL)) for run in cell.runs}
    runs = [(group_of(cell), run) for cell, _ in outcomes[Protocol.FULL].cells for run in cell.runs]

    assert len(runs) == len(set(runs))
    assert set(runs) == planned


def test_stages_run_a_part_of_it_begin_at_the_base_and_name_the_same_rate(outcomes):
    staged, full = outcomes[Protocol.STAGED], outcomes[Protocol.FULL]
    num_runs = {name: sum(len(cell.runs) for cell, _ in one.cells) for name, one in outcomes.items()}

    assert staged.cells[0][0].width == WIDTHS[0]
    assert num_runs[Protocol.STAGED] < num_runs[Protocol.FULL]
    assert staged.verdict.arm.base_lr == full.verdict.arm.base_lr


def test_the_row_counts_runs_and_says_whether_the_answer_is_the_same(outcomes):
    staged, full = outcomes[Protocol.STAGED], outcomes[Protocol.FULL]
    measured = Measured([staged], full, dict.fromkeys(WIDTHS, 100.0 * staged.wall))

    result = row(measured, 1)

    assert result.value == "300.0"
    assert result.is_met is measured.is_same_verdict
    assert [line[0] for line in result.table] == ["width", "4", "8", "32", "wall, all"]
    assert result.table[1][2] == str(sum(len(cell.runs) for cell, _ in staged.cells if cell.width == 4))
