"""Keep the branch multiplier, ε and weight decay of every tensor, where it has them."""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

ADDED = ('branch_mult', 'epsilon', 'weight_decay')


def upgrade() -> None:

    with op.batch_alter_table('cell_tensor', schema=None) as batch_op:
        for name in ADDED:
            batch_op.add_column(sa.Column(name, sa.Float(precision=53), nullable=True))


def downgrade() -> None:

    with op.batch_alter_table('cell_tensor', schema=None) as batch_op:
        for name in reversed(ADDED):
            batch_op.drop_column(name)
