from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select

from muscope.backend.db import migrate
from muscope.backend.db.session import Database
from muscope.backend.db.tables import LOCAL_OWNER, Base, PrincipalRow
from muscope.backend.settings import Settings


def _tables(database):
    with database.read() as session:
        return set(inspect(session.connection()).get_table_names())


def test_the_migrations_make_the_tables_of_the_models(database):
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_everything_can_be_undone_and_done_again(database):
    migrate.downgrade(database, "base")
    after_down = _tables(database)
    migrate.migrate(database)

    assert after_down == {"alembic_version"}
    assert _tables(database) == {*Base.metadata.tables, "alembic_version"}


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

    database = Database(settings.resolved_database_url)
    assert migrate.is_current(database)
    assert settings.data_folder.stat().st_mode & 0o777 == 0o700
    database.close()
