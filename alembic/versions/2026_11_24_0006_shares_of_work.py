"""What a cell's start and its stack take, and how many of its runs live: for the cost model."""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

_SHARES = {'start_share': '0', 'stack_share': '0', 'living': '1'}


def upgrade() -> None:
    with op.batch_alter_table('cell', schema=None) as batch_op:
        for name, default in _SHARES.items():
            column = sa.Column(name, sa.Float(precision=53), server_default=default, nullable=False)
            batch_op.add_column(column)


def downgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and dropping the old one deletes all that refers to it.
    for name in _SHARES:
        op.drop_column('cell', name)
