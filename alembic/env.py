"""Runs migrations on the connection that `muscope.backend.db.migrate` hands over."""

from alembic import context

from muscope.backend.db.schema import account_tables  # noqa: F401 (its tables join the others)
from muscope.backend.db.schema.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
