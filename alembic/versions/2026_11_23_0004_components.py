"""Let a metric have several components at a step: chunks of [T, R, K]."""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:

    with op.batch_alter_table('metric_chunk', schema=None) as batch_op:
        batch_op.add_column(sa.Column('num_components', sa.Integer(), server_default='1', nullable=False))


def downgrade() -> None:

    with op.batch_alter_table('metric_chunk', schema=None) as batch_op:
        batch_op.drop_column('num_components')
