from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.grid import full_grid
from backend.domain.lifecycle import CellState
from backend.domain.protocol import Add, Done, Evidence, next_cells
from tests.backend.domain.specs import specs

EXPERIMENT = UUID(int=7)


def _ask(spec, evidence, most=None):
    split = dict.fromkeys(spec.widths, most) if most else None
    return next_cells(spec, Evidence(dict(evidence)), experiment_id=EXPERIMENT, max_runs_per_cell=split)


@given(specs(), st.data())
def test_only_cells_that_are_not_planned_yet_are_planned_whatever_became_of_the_others(spec, data):
    grid = {cell.id_in(EXPERIMENT): cell for cell in full_grid(spec)}
    planned = data.draw(st.dictionaries(st.sampled_from(sorted(grid)), st.sampled_from(CellState)))

    decision = _ask(spec, planned)

    missing = [cell for cell_id, cell in grid.items() if cell_id not in planned]
    assert decision == (Add(tuple(missing)) if missing else Done())


@given(specs(), st.data(), st.none() | st.integers(1, 9))
def test_it_terminates_after_one_stage_and_plans_every_run_once(spec, data, most):
    states: dict[UUID, CellState] = {}
    num_stages = num_runs = 0

    while isinstance(decision := _ask(spec, states, most), Add):
        num_stages += 1
        for cell in decision.cells:
            assert cell.id_in(EXPERIMENT) not in states
            states[cell.id_in(EXPERIMENT)] = data.draw(st.sampled_from(CellState))
            num_runs += len(cell.runs)

    assert decision == Done()
    assert (num_stages, num_runs) == (1, spec.num_runs())


@given(specs())
def test_equal_evidence_gives_an_equal_decision(spec):
    assert _ask(spec, {}) == _ask(spec, {})
