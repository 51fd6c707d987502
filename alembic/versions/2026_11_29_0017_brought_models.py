"""Models of the operator's that workers hold, and the one that an experiment needs."""

import sqlalchemy as sa
from alembic import op


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'worker_model',
        sa.Column('worker', sa.String(length=255), nullable=False),
        sa.Column('network', sa.String(length=64), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('description', sa.JSON(), nullable=True),
        sa.Column('arrays_sha256', sa.String(length=64), nullable=True),
        sa.Column('arrays_bytes', sa.BigInteger(), nullable=False),
        sa.Column('error_code', sa.String(length=64), nullable=True),
        sa.Column('error_params', sa.JSON(), nullable=True),
        sa.Column('announced_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['worker'],
            ['worker.name'],
            name=op.f('fk_worker_model_worker_worker'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('worker', 'network', name=op.f('pk_worker_model')),
    )
    with op.batch_alter_table('worker_model', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_worker_model_sha256'), ['sha256'], unique=False)
    with op.batch_alter_table('experiment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('model_sha256', sa.String(length=64), nullable=True))


def downgrade() -> None:
    # Rebuilding the table, as a batch does on SQLite, would take the cells with it.
    op.drop_column('experiment', 'model_sha256')
    with op.batch_alter_table('worker_model', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_worker_model_sha256'))
    op.drop_table('worker_model')
