"""Owners who wait, and the waiting cells of one experiment, are found from an index at every claim."""

from alembic import op


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_experiment_state_owner_id_created_at', 'experiment', ['state', 'owner_id', 'created_at'])
    op.drop_index('ix_experiment_state', table_name='experiment')
    op.create_index('ix_cell_experiment_id_state', 'cell', ['experiment_id', 'state'])
    op.drop_index('ix_cell_experiment_id', table_name='cell')


def downgrade() -> None:
    op.create_index('ix_cell_experiment_id', 'cell', ['experiment_id'])
    op.drop_index('ix_cell_experiment_id_state', table_name='cell')
    op.create_index('ix_experiment_state', 'experiment', ['state'])
    op.drop_index('ix_experiment_state_owner_id_created_at', table_name='experiment')
