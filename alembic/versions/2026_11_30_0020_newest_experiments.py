"""The newest experiments of an owner are found without reading and sorting all of them."""

from alembic import op


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_experiment_owner_id_created_at_id', 'experiment', ['owner_id', 'created_at', 'id'])


def downgrade() -> None:
    op.drop_index('ix_experiment_owner_id_created_at_id', table_name='experiment')
