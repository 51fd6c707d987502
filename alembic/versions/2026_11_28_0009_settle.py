"""Settle stage: seeds granted after a plan's end, and verdicts of every look beside each other."""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

_NAME = 'uq_verdict_judgement'
_OLD = ['experiment_id', 'scenario', 'rule_version', 'thresholds_sha256']


def upgrade() -> None:
    with op.batch_alter_table('experiment', schema=None) as batch_op:
        for name in ('granted_seeds', 'look'):
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default='0', nullable=False))
    with op.batch_alter_table('verdict', schema=None) as batch_op:
        batch_op.add_column(sa.Column('look', sa.Integer(), server_default='0', nullable=False))
        batch_op.drop_constraint(_NAME, type_='unique')
        batch_op.create_unique_constraint(_NAME, [*_OLD, 'look'])


def downgrade() -> None:
    op.execute('DELETE FROM verdict WHERE look > 0')
    with op.batch_alter_table('verdict', schema=None) as batch_op:
        batch_op.drop_constraint(_NAME, type_='unique')
        batch_op.create_unique_constraint(_NAME, _OLD)
        batch_op.drop_column('look')
    # Not in a batch: SQLite would make the table anew, and dropping the old one deletes all that refers to it.
    for name in ('look', 'granted_seeds'):
        op.drop_column('experiment', name)
