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
    with op.batch_alter_table('cell', schema=None) as batch_op:
        for name in _SHARES:
            batch_op.drop_column(name)
