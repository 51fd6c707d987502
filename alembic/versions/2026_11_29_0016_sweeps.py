"""Sweeps that were run elsewhere: the file, how its columns are understood, the answer."""

import sqlalchemy as sa
from alembic import op


revision = '0016'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sweep',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('owner_id', sa.String(length=255), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('source', sa.LargeBinary(), nullable=False),
    sa.Column('source_sha256', sa.String(length=64), nullable=False),
    sa.Column('source_bytes', sa.BigInteger(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('reading', sa.LargeBinary(), nullable=False),
    sa.Column('num_rows', sa.BigInteger(), nullable=False),
    sa.Column('outcome', sa.String(length=32), nullable=True),
    sa.Column('edition', sa.BigInteger(), server_default='0', nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['principal.id'], name=op.f('fk_sweep_owner_id_principal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sweep')),
    sa.UniqueConstraint('owner_id', 'source_sha256', name=op.f('uq_sweep_owner_id_source_sha256'))
    )
    with op.batch_alter_table('sweep', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sweep_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_sweep_owner_id'), ['owner_id'], unique=False)


def downgrade() -> None:
    op.drop_table('sweep')
