"""Index of the cells that ended lately, by which the workers are shared fairly between owners."""

from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f('ix_cell_finished_at'), 'cell', ['finished_at'])


def downgrade() -> None:
    op.drop_index(op.f('ix_cell_finished_at'), table_name='cell')
