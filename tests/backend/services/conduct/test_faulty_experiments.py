"""An experiment that cannot be advanced holds up no other."""

from __future__ import annotations

from sqlalchemy import select, text

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.services.conduct import advance
from muscope.backend.services.conduct.advance import LastSnapshots, advance_experiments
from tests.backend.db.stores import add_experiment, change_cell


def _state(database, experiment_id):
    with database.read() as session:
        return session.scalar(text("SELECT state FROM experiment WHERE id = :id"), {"id": experiment_id.hex})


def _end(database, cell_ids):
    for cell_id in cell_ids:
        change_cell(database, cell_id, state="completed")


def _spoil(database, experiment_id):
    """Store a definition that no version could read."""
    with database.write() as session:
        session.execute(
            text("UPDATE experiment SET spec = '{\"model\": 1}' WHERE id = :id"), {"id": experiment_id.hex}
        )


def test_an_experiment_whose_definition_cannot_be_read_fails_and_the_next_goes_on(context, database):
    spoilt, _ = add_experiment(database)
    other, cell_ids = add_experiment(database)
    _end(database, cell_ids)
    _spoil(database, spoilt)

    advance_experiments(context)

    assert _state(database, spoilt) == "failed"
    assert _state(database, other) == "completed"
    with database.read() as session:
        cells = session.execute(
            select(CellRow.state, CellRow.error_class).where(CellRow.experiment_id == spoilt)
        )
        assert set(cells) == {("failed", "spec")}


def test_a_fault_in_one_experiment_is_met_once_and_the_next_goes_on(context, database, monkeypatch):
    faulty, _ = add_experiment(database)
    other, cell_ids = add_experiment(database)
    _end(database, cell_ids)
    met = []
    decide = advance._decide

    def decide_or_fail(context, session, experiment):
        if experiment.id == faulty:
            met.append(experiment.id)
            raise ZeroDivisionError
        return decide(context, session, experiment)

    monkeypatch.setattr(advance, "_decide", decide_or_fail)
    last = LastSnapshots()

    for _ in range(3):
        advance_experiments(context, last)

    assert met == [faulty]
    assert _state(database, faulty) == "queued"
    assert _state(database, other) == "completed"
