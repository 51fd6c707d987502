"""Checkpoints of long cells: the blobs to resume from."""

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'checkpoint',
        sa.Column('cell_id', sa.Uuid(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('step', sa.Integer(), nullable=False),
        sa.Column('is_complete', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('cell_id', 'sha256', name=op.f('pk_checkpoint')),
    )


def downgrade() -> None:
    op.drop_table('checkpoint')
