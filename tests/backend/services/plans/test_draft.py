from uuid import UUID

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow
from muscope.backend.domain.cost.gpu_memory import USABLE_SHARE
from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.protocol import Add, Wait
from muscope.backend.domain.protocol.expected_settling import SETTLE_CHANCE
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.services.plans.draft import ExperimentRequest, control_of, decide
from muscope.backend.services.time_left.queued_plan import preview_experiment
from muscope.backend.services.workers import FRESH, capacity_of, fresh_workers, list_workers, queue_to_ring
from tests.backend.db.stores import NOW, add_dataset, add_experiment, add_worker
from tests.backend.domain.specs import SPEC, spec
from tests.backend.services.judged import evidence_of

DIGITS = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)
CPU = Capacity(slots=2)
SMALL_GPU = Capacity(slots=1, gpu_memory_bytes=1)
# A card on which 45 runs of width 256 do not fit, and half of them do.
DIGITS_GPU_BYTES = 2_000_000_000


@pytest.fixture
def preview(context, database):
    def of(shape=DIGITS, **wishes):
        wishes = {"recipe": "paper"} | wishes
        request = ExperimentRequest(dataset_id=add_dataset(database, shape), **wishes)
        return preview_experiment(context, LOCAL_OWNER, request)

    return of


def _register(database, name="node", *, slots=4, flops=1e12, overhead=1e-6, now=NOW, device="cpu", memory=1):
    add_worker(
        database,
        name,
        now=now,
        slots=slots,
        device=device,
        memory_bytes=memory,
        flops_per_second=flops,
        seconds_per_run_step=overhead,
    )


def test_a_preview_shows_the_plan_of_the_paper_and_stores_nothing(preview, database, bell):
    plan = preview()

    assert (plan.num_runs, plan.control, len(plan.cells)) == (360, Parametrization.NTP, 8)
    assert sum(cell.num_runs for cell in plan.cells) == 360
    assert bell.rung == []
    with database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM experiment").scalar() == 0


def test_the_slot_time_holds_settling_by_its_chance_the_wall_none_and_the_most_all_that_it_may_add(preview):
    """Priced here run by run at the target, with the same constants but none of the code that foresees."""
    settles, does_not = preview(preset="standard"), preview(preset="standard", settle={"max_seeds": 8})
    spec = settles.spec
    lrs = spec.arms[0].lrs

    def seconds(num_lrs, num_seeds):
        runs = tuple(PlannedRun(lr, lrs[lr], seed) for lr in range(num_lrs) for seed in range(num_seeds))
        cell = PlannedCell(
            Scenario.AS_GIVEN, Parametrization.MUP, max(spec.widths), 3, runs, has_curvature=False
        )
        return predict(spec, DIGITS, cell, DEFAULT_CALIBRATION).seconds

    more = settles.expected.slot_seconds - does_not.expected.slot_seconds
    assert more == pytest.approx(SETTLE_CHANCE * seconds(4, 16), rel=0.02)
    assert settles.predicted_seconds == does_not.predicted_seconds
    most = seconds(6, 40)
    assert most < spec.settle.max_work * does_not.most.slot_seconds
    assert settles.most.slot_seconds - does_not.most.slot_seconds == pytest.approx(most, rel=0.02)
    assert settles.most.wall_seconds - does_not.most.wall_seconds == pytest.approx(most, rel=0.02)


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
    still = list_workers(context, LOCAL_OWNER)
    clock.now += FRESH / 60

    assert [worker.name for worker in still] == ["node"]
    assert list_workers(context, LOCAL_OWNER) == []
    assert preview().num_workers == 0


def test_on_a_slow_worker_steps_are_cut_and_it_says_so(preview, database):
    _register(database, slots=1, flops=1e9, overhead=1e-3)

    cut, asked = preview(), preview(num_steps=299)

    assert (cut.are_steps_cut, cut.spec.num_steps < 300, len(cut.spec.seeds)) == (True, True, 5)
    assert (asked.are_steps_cut, asked.spec.num_steps) == (False, 299)


def test_measures_take_more_time_and_leave_the_steps(preview, database):
    _register(database, slots=1, flops=1e9, overhead=1e-3)

    usual, more, none = (
        preview(),
        preview(measures=("coordinate_check", "hessian_density")),
        preview(measures=()),
    )

    assert more.spec.num_steps == usual.spec.num_steps == none.spec.num_steps
    assert more.predicted_seconds > usual.predicted_seconds > none.predicted_seconds


def test_cells_are_split_to_fit_the_memory_of_a_slot(context, preview):
    small = type(context.settings)(**context.settings.model_dump() | {"cell_memory_bytes": 48 << 20})
    whole = preview()

    split = preview_experiment(
        type(context)(small, context.database, context.blobs, context.bell, context.notices, context.now),
        LOCAL_OWNER,
        ExperimentRequest(dataset_id=add_dataset(context.database, DIGITS), recipe="paper"),
    )

    assert len(split.cells) > len(whole.cells)
    assert sum(cell.num_runs for cell in split.cells) == 360
    assert max(cell.predicted_bytes for cell in split.cells) <= 48 << 20


def test_the_preview_of_a_staged_plan_shows_the_stages_that_can_be_foreseen_and_what_they_save(preview):
    full, staged = preview(), preview(protocol="staged")

    assert [cell.num_runs for cell in staged.cells if cell.width == 32] == [45, 45]
    assert staged.num_runs == sum(cell.num_runs for cell in staged.cells) == 90 + 3 * 15 + 9
    assert staged.spec.num_steps == full.spec.num_steps
    assert staged.predicted_seconds < 0.25 * full.predicted_seconds


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


def _decide(context, experiment_id, capacity=CPU):
    with context.database.read() as session:
        return decide(context, evidence_of(session, experiment_id), capacity)


def test_the_protocol_is_asked_again_with_what_is_known(context, database):
    experiment_id, cell_ids = add_experiment(database)
    assert _decide(context, experiment_id) == Wait()

    with database.write() as session:
        session.delete(session.get_one(CellRow, cell_ids[-1]))

    decision = _decide(context, experiment_id)
    assert isinstance(decision, Add)
    assert [cell.id_in(experiment_id) for cell in decision.cells] == [cell_ids[-1]]


@pytest.mark.parametrize("most", [1, 3, 4, 100])
def test_planned_cells_stay_as_they_were_cut_when_other_devices_come(context, database, most):
    """Cut anew, their runs would be planned a second time, into cells that hold none."""
    experiment_id, _ = add_experiment(database, max_runs_per_cell={8: most, 16: most})

    decisions = [_decide(context, experiment_id, index) for index in (CPU, SMALL_GPU)]

    assert decisions == [Wait(), Wait()]


def test_a_gpus_free_memory_halves_the_cells_and_the_cells_say_what_they_need(preview, database):
    _register(database, "cuda-0@host", device="cuda", slots=1, memory=DIGITS_GPU_BYTES)
    whole = preview(widths=(32,))

    halved = preview(widths=(256,))

    assert [cell.num_runs for cell in whole.cells] == [45, 45]
    assert [cell.num_runs for cell in halved.cells] == [23, 22, 23, 22]
    assert max(cell.predicted_bytes for cell in halved.cells) <= DIGITS_GPU_BYTES * USABLE_SHARE


def test_a_run_that_fits_no_gpu_is_refused_with_both_numbers(preview, database):
    _register(database, "cuda-0@host", device="cuda", memory=50 << 20)

    with pytest.raises(InvalidInput, match=r"spec\.too_much_gpu_memory") as raised:
        preview(widths=(256,))

    assert raised.value.params["limit_mib"] == 40
    assert 40 < int(raised.value.params["needed_mib"]) < 80


def test_where_a_gpu_is_known_plans_are_made_for_gpus_alone(context, preview, database):
    _register(database, "cpu@host", slots=8, flops=1e10)
    on_cpu = preview(num_steps=300)
    _register(database, "cuda-0@host", device="cuda", slots=1, flops=1e13, memory=1 << 34)
    _register(database, "cuda-1@host", device="cuda", slots=1, flops=1e13, memory=1 << 33)

    on_gpu = preview(num_steps=300)

    assert (on_cpu.slots, on_gpu.slots, on_gpu.num_workers) == (8, 2, 3)
    assert (on_cpu.device, on_gpu.device) == ("cpu", "gpu")
    assert on_gpu.predicted_seconds < on_cpu.predicted_seconds
    with database.read() as session:
        rows = fresh_workers(context, session)
        assert capacity_of(context, session, rows).gpu_memory_bytes == int((1 << 33) * USABLE_SHARE)
        assert [queue_to_ring(rows), queue_to_ring(rows[:1]), queue_to_ring([])] == ["gpu", "cpu", "cpu"]


def test_a_plan_without_its_control_says_so():
    assert control_of(SPEC) is Parametrization.NTP
    assert control_of(spec(arms=SPEC.arms[:1])) is None
