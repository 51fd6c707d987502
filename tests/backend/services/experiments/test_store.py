from uuid import UUID

import pytest
from sqlalchemy import delete, event, func, select

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow, DatasetRow, ExperimentRow, PrincipalRow
from muscope.backend.domain.lifecycle import CellState, ExperimentState
from muscope.backend.errors import Conflict, InvalidInput, Malformed, NotFound, StorageFull
from muscope.backend.events import ProgressNotice
from muscope.backend.services.experiments import cells
from muscope.backend.services.experiments import store as experiments
from muscope.backend.services.marks import read_marks
from muscope.backend.services.plans.draft import ExperimentRequest, draft
from muscope.backend.services.runs.listing import list_runs
from muscope.backend.storage import disk
from tests.backend.db.stores import NOW, add_dataset, add_experiment, cell_row, change_cell, take
from tests.backend.domain.specs import SHAPE, SPEC
from tests.backend.services.fakes import FakeBell
from tests.backend.services.listed import listed

WISHES = {"widths": (8, 16), "seeds": (0, 1), "num_steps": 12, "measure_every": 5}


@pytest.fixture
def request_(database):
    return ExperimentRequest.model_validate({"dataset_id": add_dataset(database, SHAPE)} | WISHES)


def _create(context, request, key=None):
    return experiments.create_experiment(context, LOCAL_OWNER, request, key=key)


def _num_experiments(database):
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(ExperimentRow))


def _cell_ids(database, experiment_id):
    with database.read() as session:
        return [row.id for row in cell_rows.of_experiment(session, experiment_id)]


def test_creating_stores_everything_and_rings_for_the_cheapest_then_the_dearest(
    context, request_, bell, notices, database
):
    created = _create(context, request_)

    assert created.is_new
    assert (created.experiment.state, created.experiment.name) == (ExperimentState.QUEUED, "toys")
    assert created.experiment.cell_counts == {CellState.QUEUED: 4}
    (rung,) = bell.rung
    costs = [cell_row(database, cell_id).predicted_seconds for cell_id in rung]
    assert costs == [min(costs), *sorted(costs, reverse=True)[:-1]]
    assert set(rung) == set(_cell_ids(database, created.experiment.id))
    assert notices.published == [ProgressNotice(created.experiment.id)]


def test_the_bell_rings_after_the_commit(context, request_, database):
    seen: list[tuple[object, ...]] = []

    def look(cell_ids):
        with database.read() as session:
            found = session.execute(
                select(CellRow.state, CellRow.dispatched_at).where(CellRow.id.in_(cell_ids))
            )
            seen.extend(map(tuple, found))

    context = type(context)(**vars(context) | {"bell": FakeBell(look)})

    _create(context, request_)

    assert seen == [("queued", NOW)] * 4


def test_a_bell_that_is_not_heard_leaves_queued_cells(context, request_, bell, database):
    bell.hears = False

    created = _create(context, request_)

    rows = [cell_row(database, cell_id) for cell_id in _cell_ids(database, created.experiment.id)]
    assert [(row.state, row.fence) for row in rows] == [("queued", 0)] * 4


def test_the_same_key_gives_the_same_experiment_and_rings_once(context, request_, bell, database):
    first, second = _create(context, request_, "k"), _create(context, request_, "k")

    assert (first.is_new, second.is_new) == (True, False)
    assert second.experiment == first.experiment
    assert (_num_experiments(database), len(bell.rung)) == (1, 1)


def test_the_same_key_with_another_body_is_refused(context, request_, database):
    _create(context, request_, "k")

    with pytest.raises(Malformed, match=r"experiment\.key_reused"):
        _create(context, request_.model_copy(update={"name": "other"}), "k")

    assert _num_experiments(database) == 1


def test_without_a_key_every_request_is_a_new_experiment(context, request_, database):
    first, second = _create(context, request_), _create(context, request_)

    assert first.experiment.id != second.experiment.id
    assert first.experiment.spec_sha256 == second.experiment.spec_sha256
    assert _num_experiments(database) == 2


def _during_the_plan(monkeypatch, act):
    """Have something happen while a plan is made."""

    def plan(*arguments):
        act()
        return draft(*arguments)

    monkeypatch.setattr(experiments, "draft", plan)


def test_others_can_write_while_a_plan_is_made(context, request_, database, monkeypatch):
    other = Database(database.url, busy_seconds=0.01)

    def write():
        with other.write() as session:
            session.add(PrincipalRow(id="ann", name="Ann"))

    _during_the_plan(monkeypatch, write)

    assert _create(context, request_).is_new
    other.close()


def test_plans_are_made_one_at_a_time(context, request_, monkeypatch):
    seen = []
    _during_the_plan(monkeypatch, lambda: seen.append(context.planning.locked()))

    assert _create(context, request_).is_new
    assert (seen, context.planning.locked()) == ([True], False)


def test_data_deleted_while_a_plan_is_made_is_not_found(context, request_, database, monkeypatch):
    def delete_data():
        with database.write() as session:
            session.execute(delete(DatasetRow))

    _during_the_plan(monkeypatch, delete_data)

    with pytest.raises(NotFound, match=r"dataset\.not_found"):
        _create(context, request_)
    assert _num_experiments(database) == 0


def test_a_full_disk_starts_nothing(context, request_, bell, database, monkeypatch):
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 1 << 20)

    with pytest.raises(StorageFull, match=r"storage\.no_room_to_start"):
        _create(context, request_)

    assert (_num_experiments(database), bell.rung) == (0, [])


def test_a_spec_that_storage_would_change_is_not_stored(database):
    broken = SPEC.model_copy(update={"divergence_factor": float("inf")})

    with pytest.raises(ValueError, match=r"JSON compliant|storage gives back"):
        add_experiment(database, broken)

    assert _num_experiments(database) == 0


def test_a_refused_request_keeps_nothing_not_even_its_key(context, request_, bell, database):
    impossible = request_.model_copy(update={"batch_size": 49})

    with pytest.raises(InvalidInput, match=r"spec\.batch_larger_than_data"):
        _create(context, impossible, "k")

    assert (_num_experiments(database), bell.rung) == (0, [])
    assert _create(context, request_, "k").is_new


def test_cancelling_ends_queued_cells_and_asks_running_ones(context, request_, notices, database):
    experiment_id = _create(context, request_).experiment.id
    running, *queued = _cell_ids(database, experiment_id)
    claim = take(database, running)

    view = experiments.cancel_experiment(context, LOCAL_OWNER, experiment_id)

    assert (view.state, view.is_cancelling) == (ExperimentState.RUNNING, True)
    assert view.cell_counts == {CellState.RUNNING: 1, CellState.CANCELLED: 3}
    assert cell_row(database, running).desired_state == "cancelled"
    assert all(cell_row(database, cell_id).finished_at == NOW for cell_id in queued)
    assert notices.published[-1] == ProgressNotice(experiment_id)
    with pytest.raises(claims.ClaimLost), database.write() as session:
        claims.advance_step(session, claim, step=1)


def test_cancelling_what_has_not_started_ends_it_and_is_repeatable(context, request_):
    experiment_id = _create(context, request_).experiment.id

    views = [experiments.cancel_experiment(context, LOCAL_OWNER, experiment_id) for _ in range(2)]

    assert [view.state for view in views] == [ExperimentState.CANCELLED] * 2
    assert views[0] == views[1]


def test_cancelling_what_is_completed_changes_nothing(context, database):
    experiment_id, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        change_cell(database, cell_id, state="completed")
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).state = "completed"
    before = experiments.get_experiment(context, LOCAL_OWNER, experiment_id)

    assert experiments.cancel_experiment(context, LOCAL_OWNER, experiment_id) == before


def test_an_open_experiment_is_not_deleted(context, request_, database):
    experiment_id = _create(context, request_).experiment.id

    with pytest.raises(Conflict, match=r"experiment\.still_open"):
        experiments.delete_experiment(context, LOCAL_OWNER, experiment_id)

    assert _num_experiments(database) == 1


def test_an_ended_experiment_is_deleted(context, request_, database):
    experiment_id = _create(context, request_, "k").experiment.id
    experiments.cancel_experiment(context, LOCAL_OWNER, experiment_id)

    experiments.delete_experiment(context, LOCAL_OWNER, experiment_id)

    assert _num_experiments(database) == 0
    with pytest.raises(NotFound, match=r"experiment\.not_found"):
        experiments.get_experiment(context, LOCAL_OWNER, experiment_id)
    assert _create(context, request_, "k").is_new


@pytest.mark.parametrize(
    "use",
    [
        experiments.get_experiment,
        experiments.cancel_experiment,
        experiments.delete_experiment,
        cells.list_cells,
        list_runs,
        read_marks,
    ],
)
def test_another_owner_finds_nothing(use, context, database):
    experiment_id, _ = add_experiment(database)

    with pytest.raises(NotFound, match=r"experiment\.not_found"):
        use(context, "somebody", experiment_id)


@pytest.mark.parametrize("use", [cells.get_cell, cells.list_tensors])
def test_a_cell_of_another_owner_or_of_nobody_is_not_found(use, context, database):
    _, cell_ids = add_experiment(database)

    for owner, cell_id in (("somebody", cell_ids[0]), (LOCAL_OWNER, UUID(int=5))):
        with pytest.raises(NotFound, match=r"cell\.not_found"):
            use(context, owner, cell_id)


def _num_statements(database, use):
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    use()
    event.remove(database.engine, "before_cursor_execute", note)
    return len([statement for statement in statements if statement.startswith("SELECT")])


def test_lists_take_as_many_queries_for_twenty_experiments_as_for_one(context, database):
    def list_all():
        return listed(context)

    add_experiment(database)
    one = _num_statements(database, list_all)
    for _ in range(19):
        add_experiment(database)

    assert len(list_all()) == 20
    assert _num_statements(database, list_all) == one == 5


@pytest.mark.parametrize("use", [cells.list_cells, list_runs, read_marks])
def test_an_experiment_takes_as_many_queries_for_many_cells_as_for_few(use, context, database):
    from tests.backend.domain.specs import spec

    small, _ = add_experiment(database)
    large, _ = add_experiment(database, spec(widths=tuple(range(8, 28)), seeds=(0, 1, 2)))

    counts = [_num_statements(database, lambda of=of: use(context, LOCAL_OWNER, of)) for of in (small, large)]

    assert counts[0] == counts[1] <= 4
