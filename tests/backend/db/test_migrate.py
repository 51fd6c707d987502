import threading
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from muscope.backend.db import migrate
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.base import Base
from muscope.backend.db.schema.tables import (
    LOCAL_OWNER,
    CellRow,
    ExperimentRow,
    PrincipalRow,
    RunRow,
    VerdictRow,
)
from muscope.backend.resources import MIGRATIONS
from muscope.backend.settings import Settings
from tests.backend.db.stores import NOW, add_experiment, add_worker

pytestmark = pytest.mark.both_databases


def _tables(database):
    with database.read() as session:
        return set(inspect(session.connection()).get_table_names())


def _differences(database):
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)


def test_the_migrations_make_the_tables_of_the_models(database):
    assert _differences(database) == []


def test_everything_can_be_undone_and_done_again(database):
    migrate.downgrade(database, "base")
    after_down = _tables(database)
    migrate.migrate(database)

    assert after_down == {"alembic_version"}
    assert _tables(database) == {*Base.metadata.tables, "alembic_version"}


def test_every_step_can_be_undone_and_done_again_with_data(database):
    experiment_id, cell_ids = add_experiment(database)
    add_worker(database)
    _store(database, experiment_id, 0)
    scripts = ScriptDirectory(str(MIGRATIONS))
    older = [str(each.down_revision) for each in scripts.walk_revisions() if each.down_revision]

    for revision in older:
        migrate.downgrade(database, revision)
        migrate.migrate(database)
        with database.read() as session:
            assert set(session.scalars(select(CellRow.id))) == set(cell_ids), revision
            assert session.query(RunRow).count() == session.get_one(ExperimentRow, experiment_id).num_runs

    assert older[-1] == "0001"
    assert _differences(database) == []


def test_two_hosts_that_migrate_at_once_both_find_it_done(postgres):
    name = postgres.new_database()
    barrier, errors = threading.Barrier(3), []

    def start():
        own = Database(postgres.url(name), busy_seconds=30)
        barrier.wait()
        try:
            migrate.migrate(own)
        except Exception as error:  # noqa: BLE001 (shown below)
            errors.append(error)
        own.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database = Database(postgres.url(name))

    assert errors == []
    assert _differences(database) == []
    database.close()
    postgres.drop_database(name)


def test_the_local_principal_exists(database):
    with database.read() as session:
        assert session.scalars(select(PrincipalRow.id)).all() == [LOCAL_OWNER]


def test_migrating_twice_changes_nothing(database):
    migrate.migrate(database)

    assert migrate.is_current(database)


def test_an_older_schema_is_noticed(database):
    migrate.downgrade(database, "base")

    assert not migrate.is_current(database)


def test_upgrade_makes_the_data_folder_for_its_owner_only(tmp_path):
    settings = Settings(data=tmp_path / "deep" / "data")

    migrate.upgrade(settings)

    database = Database(database_address(settings))
    assert migrate.is_current(database)
    assert settings.data_folder.stat().st_mode & 0o777 == 0o700
    database.close()


def test_a_settled_experiment_keeps_its_first_verdict_when_the_schema_goes_back(database):
    experiment_id, cell_ids = add_experiment(database)
    _store(database, experiment_id, 0, 1)
    with database.write() as session:
        experiment = session.get_one(ExperimentRow, experiment_id)
        experiment.granted_seeds, experiment.look = 48, 1

    migrate.downgrade(database, "0006")
    with database.read() as session:
        kept = session.execute(text("SELECT outcome FROM verdict")).scalars().all()
    migrate.migrate(database)

    with database.read() as session:
        experiment = session.get_one(ExperimentRow, experiment_id)
        assert (experiment.granted_seeds, experiment.look) == (0, 0)
        assert [row.look for row in session.query(VerdictRow)] == [0]
        assert {row.id for row in session.query(CellRow)} == set(cell_ids)
        assert session.query(RunRow).count() == experiment.num_runs
    assert kept == ["inconclusive"]


def test_answers_given_before_lists_kept_them_are_filled_in(database):
    experiment_id, _ = add_experiment(database)
    _store(database, experiment_id, 0, 1)
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).look = 1
        session.add(_verdict(experiment_id, 1, scenario="label_noise:0.1", outcome="fine_tune"))

    migrate.downgrade(database, "0010")
    migrate.migrate(database)

    with database.read() as session:
        experiment = session.get_one(ExperimentRow, experiment_id)
        assert (experiment.outcome, experiment.rule_version) == ("fine_tune", "5")


def test_one_judgement_is_stored_once_for_every_look(database):
    experiment_id, _ = add_experiment(database)

    _store(database, experiment_id, 0, 1)

    with pytest.raises(IntegrityError):
        _store(database, experiment_id, 1)


def _store(database, experiment_id, *looks):
    with database.write() as session:
        session.add_all(_verdict(experiment_id, look) for look in looks)


def _verdict(experiment_id, look, scenario="as_given", outcome=None):
    return VerdictRow(
        id=uuid4(),
        experiment_id=experiment_id,
        scenario=scenario,
        outcome=outcome or ("transfers" if look else "inconclusive"),
        rule_version="5",
        thresholds_sha256="",
        spec_sha256="ab" * 32,
        look=look,
        created_at=NOW,
        body={},
    )
