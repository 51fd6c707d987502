"""How long the last attempt of a cell slept, which is no time of training."""

import sqlalchemy as sa
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('cell', schema=None) as batch_op:
        column = sa.Column('asleep_seconds', sa.Float(precision=53), server_default='0', nullable=False)
        batch_op.add_column(column)


def downgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and dropping the old one deletes all that refers to it.
    op.drop_column('cell', 'asleep_seconds')
