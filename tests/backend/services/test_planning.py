from uuid import UUID

import pytest

from backend.db import workers
from backend.db.tables import LOCAL_OWNER
from backend.domain.dataset import DatasetShape, Task
from backend.domain.lifecycle import CellState
from backend.domain.parametrization import Parametrization
from backend.domain.protocol import Add, Done, Evidence
from backend.errors import InvalidInput, NotFound
from backend.services.planning import ExperimentRequest, control_of, decide, preview_experiment
from backend.services.workers import FRESH, list_workers
from tests.backend.db.stores import NOW, add_dataset
from tests.backend.domain.specs import SHAPE, SPEC, spec

DIGITS = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)


@pytest.fixture
def preview(context, database):
    def of(shape=DIGITS, **wishes):
        request = ExperimentRequest(dataset_id=add_dataset(database, shape), **wishes)
        return preview_experiment(context, LOCAL_OWNER, request)

    return of


def _register(database, name="node", *, slots=4, flops=1e12, overhead=1e-6, now=NOW):
    with database.write() as session:
        workers.register(
            session,
            name,
            now=now,
            slots=slots,
            device="cpu",
            memory_bytes=1,
            environment={},
            flops_per_second=flops,
            seconds_per_run_step=overhead,
        )


def test_a_preview_shows_the_default_plan_and_stores_nothing(preview, database, bell):
    plan = preview()

    assert (plan.num_runs, plan.control, len(plan.cells)) == (360, Parametrization.NTP, 8)
    assert sum(cell.num_runs for cell in plan.cells) == 360
    assert bell.rung == []
    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM experiment").scalar() == 0


def test_without_workers_the_configured_slots_are_assumed_and_zero_workers_shown(preview):
    plan = preview()

    assert (plan.num_workers, plan.slots) == (0, 2)


def test_a_plan_is_timed_for_the_slots_of_all_workers_at_the_pace_of_the_slowest(preview, database):
    _register(database, "fast")
    alone = preview()
    _register(database, "slow", slots=1, flops=1e11, overhead=1e-5)

    both = preview(num_steps=300)

    assert (alone.num_workers, alone.slots, alone.are_steps_cut) == (1, 4, False)
    assert (both.num_workers, both.slots) == (2, 5)
    assert both.predicted_seconds > alone.predicted_seconds


def test_a_worker_that_was_not_seen_for_a_minute_does_not_count(context, preview, database, clock):
    _register(database)
    clock.now = NOW + FRESH
    still = list_workers(context)
    clock.now += FRESH / 60

    assert [worker.name for worker in still] == ["node"]
    assert list_workers(context) == []
    assert preview().num_workers == 0


def test_on_a_slow_worker_steps_are_cut_and_it_says_so(preview, database):
    _register(database, slots=1, flops=1e9, overhead=1e-3)

    cut, asked = preview(), preview(num_steps=299)

    assert (cut.are_steps_cut, cut.spec.num_steps < 300, len(cut.spec.seeds)) == (True, True, 5)
    assert (asked.are_steps_cut, asked.spec.num_steps) == (False, 299)


def test_cells_are_split_to_fit_the_memory_of_a_slot(context, preview):
    small = type(context.settings)(**context.settings.model_dump() | {"cell_memory_bytes": 20 << 20})
    whole = preview()

    split = preview_experiment(
        type(context)(small, context.database, context.blobs, context.bell, context.notices, context.now),
        LOCAL_OWNER,
        ExperimentRequest(dataset_id=add_dataset(context.database, DIGITS)),
    )

    assert len(split.cells) > len(whole.cells)
    assert sum(cell.num_runs for cell in split.cells) == 360
    assert max(cell.predicted_bytes for cell in split.cells) <= 20 << 20


def test_an_unknown_dataset_is_not_found(context):
    with pytest.raises(NotFound, match=r"dataset\.not_found"):
        preview_experiment(context, LOCAL_OWNER, ExperimentRequest(dataset_id=UUID(int=3)))


def test_the_dataset_of_another_owner_is_not_found(context, database):
    with pytest.raises(NotFound, match=r"dataset\.not_found"):
        preview_experiment(context, "somebody", ExperimentRequest(dataset_id=add_dataset(database)))


def test_a_grid_over_the_limit_is_refused_with_both_numbers(preview):
    with pytest.raises(InvalidInput, match=r"spec\.too_many_runs") as raised:
        preview(seeds=tuple(range(300)))

    assert raised.value.params == {"runs": 2 * 9 * 4 * 300, "limit": 20_000}


def test_the_protocol_is_asked_again_with_what_is_known(context):
    first = decide(context, SPEC, SHAPE, Evidence({}), UUID(int=1))
    assert isinstance(first, Add)

    known = {cell.id_in(UUID(int=1)): CellState.FAILED for cell in first.cells}

    assert decide(context, SPEC, SHAPE, Evidence(known), UUID(int=1)) == Done()


def test_a_plan_without_its_control_says_so():
    assert control_of(SPEC) is Parametrization.NTP
    assert control_of(spec(arms=SPEC.arms[:1])) is None
