"""Owners with open experiments are found from an index alone, at every claim of a worker."""

from alembic import op


revision = '0027'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_experiment_state_owner_id_created_at', 'experiment', ['state', 'owner_id', 'created_at'])
    op.drop_index('ix_experiment_state', table_name='experiment')


def downgrade() -> None:
    op.create_index('ix_experiment_state', 'experiment', ['state'])
    op.drop_index('ix_experiment_state_owner_id_created_at', table_name='experiment')
