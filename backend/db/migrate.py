"""Brings a database to the schema of this version. The schema changes only through Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.resources import MIGRATIONS
from muscope.backend.settings import Settings


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Create the data folder if needed and migrate the configured database."""
    if settings.database_url is None:
        settings.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(database_address(settings), busy_seconds=30, answer_seconds=None)
    try:
        migrate(database, revision)
    finally:
        database.close()


def migrate(database: Database, revision: str = "head") -> None:
    """Run the migrations up to `revision` in one transaction; of two hosts the second finds them done."""
    with database.write() as session:
        migrate_within(session, revision)


def migrate_within(session: Session, revision: str = "head") -> None:
    """Run the migrations up to `revision` in a transaction that its owner commits."""
    _wait_for_others(session)
    command.upgrade(_config(session.connection()), revision)


def downgrade(database: Database, revision: str) -> None:
    """Undo the migrations down to `revision` in one transaction."""
    with database.write() as session:
        command.downgrade(_config(session.connection()), revision)


def is_current(database: Database) -> bool:
    """Tell whether the database has the schema of this version."""
    with database.read() as session:
        connection = session.connection()
        head = ScriptDirectory.from_config(_config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == head


def revision_of(database: Database) -> str:
    """Return the schema revision of a database; empty for one that was never migrated."""
    with database.read() as session:
        return revision_within(session)


def revision_within(session: Session) -> str:
    """Return the schema revision that a transaction sees; empty for a database never migrated."""
    return MigrationContext.configure(session.connection()).get_current_revision() or ""


def is_known_revision(revision: str) -> bool:
    """Tell whether this version has a schema revision among its migrations."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return revision in {script.revision for script in scripts.walk_revisions()}


def _wait_for_others(session: Session) -> None:
    """Let one host at a time migrate a server's database; a file has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("migrate", 0))))


def _config(connection: Connection) -> Config:
    config = Config()
    # Alembic reads its options through configparser, to which a percent sign in a path is special.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
