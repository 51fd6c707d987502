"""How much the neighbours of a node lengthen training, for plans made before any cell has run among them."""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('worker', schema=None) as batch_op:
        column = sa.Column('crowding', sa.Float(precision=53), server_default='1', nullable=False)
        batch_op.add_column(column)


def downgrade() -> None:
    with op.batch_alter_table('worker', schema=None) as batch_op:
        batch_op.drop_column('crowding')
