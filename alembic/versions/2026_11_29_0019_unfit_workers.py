"""Workers that take no cells, and why."""

import sqlalchemy as sa
from alembic import op


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('worker', sa.Column('fault', sa.String(length=500), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('worker') as table:
        table.drop_column('fault')
