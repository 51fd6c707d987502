"""Create the tables of the spine, and the principal that owns everything on a machine without accounts."""

import sqlalchemy as sa
from alembic import op


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('principal',
    sa.Column('id', sa.String(length=255), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_principal'))
    )
    op.bulk_insert(sa.table('principal', sa.column('id'), sa.column('name')), [{'id': 'local', 'name': 'local'}])
    op.create_table('worker',
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('slots', sa.Integer(), nullable=False),
    sa.Column('device', sa.String(length=255), nullable=False),
    sa.Column('memory_bytes', sa.BigInteger(), nullable=False),
    sa.Column('environment', sa.JSON(), nullable=False),
    sa.Column('flops_per_second', sa.Float(precision=53), nullable=False),
    sa.Column('seconds_per_run_step', sa.Float(precision=53), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_worker'))
    )
    with op.batch_alter_table('worker', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_worker_seen_at'), ['seen_at'], unique=False)

    op.create_table('dataset',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('owner_id', sa.String(length=255), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('example', sa.String(length=255), nullable=True),
    sa.Column('source_sha256', sa.String(length=64), nullable=True),
    sa.Column('source_bytes', sa.BigInteger(), nullable=False),
    sa.Column('arrays_sha256', sa.String(length=64), nullable=False),
    sa.Column('arrays_bytes', sa.BigInteger(), nullable=False),
    sa.Column('shape', sa.JSON(), nullable=False),
    sa.Column('profile', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['owner_id'], ['principal.id'], name=op.f('fk_dataset_owner_id_principal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dataset')),
    sa.UniqueConstraint('owner_id', 'arrays_sha256', name=op.f('uq_dataset_owner_id_arrays_sha256'))
    )
    with op.batch_alter_table('dataset', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_dataset_owner_id'), ['owner_id'], unique=False)

    op.create_table('experiment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('owner_id', sa.String(length=255), nullable=False),
    sa.Column('dataset_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('spec', sa.JSON(), nullable=False),
    sa.Column('spec_sha256', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('desired_state', sa.String(length=16), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('num_runs', sa.BigInteger(), nullable=False),
    sa.Column('predicted_seconds', sa.Float(precision=53), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['dataset_id'], ['dataset.id'], name=op.f('fk_experiment_dataset_id_dataset')),
    sa.ForeignKeyConstraint(['owner_id'], ['principal.id'], name=op.f('fk_experiment_owner_id_principal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_experiment'))
    )
    with op.batch_alter_table('experiment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_experiment_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_experiment_dataset_id'), ['dataset_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_experiment_owner_id'), ['owner_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_experiment_state'), ['state'], unique=False)

    op.create_table('cell',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('experiment_id', sa.Uuid(), nullable=False),
    sa.Column('scenario', sa.String(length=64), nullable=False),
    sa.Column('parametrization', sa.String(length=16), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('depth', sa.Integer(), nullable=False),
    sa.Column('stage', sa.Integer(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('num_runs', sa.Integer(), nullable=False),
    sa.Column('chunk_steps', sa.Integer(), nullable=False),
    sa.Column('predicted_seconds', sa.Float(precision=53), nullable=False),
    sa.Column('predicted_bytes', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('desired_state', sa.String(length=16), nullable=False),
    sa.Column('version', sa.BigInteger(), nullable=False),
    sa.Column('fence', sa.BigInteger(), nullable=False),
    sa.Column('owner', sa.String(length=255), nullable=True),
    sa.Column('heartbeat_count', sa.BigInteger(), nullable=False),
    sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('committed_step', sa.BigInteger(), nullable=False),
    sa.Column('claimed_at_step', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('error_class', sa.String(length=16), nullable=True),
    sa.Column('error_detail', sa.Text(), nullable=True),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dispatched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('environment', sa.JSON(), nullable=True),
    sa.Column('is_mixed_environment', sa.Boolean(), nullable=False),
    sa.Column('has_nondeterminism', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['experiment_id'], ['experiment.id'], name=op.f('fk_cell_experiment_id_experiment'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cell'))
    )
    with op.batch_alter_table('cell', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cell_experiment_id'), ['experiment_id'], unique=False)
        batch_op.create_index('ix_cell_state_dispatched_at', ['state', 'dispatched_at'], unique=False)

    op.create_table('idempotency_key',
    sa.Column('owner_id', sa.String(length=255), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('body_sha256', sa.String(length=64), nullable=False),
    sa.Column('experiment_id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['experiment_id'], ['experiment.id'], name=op.f('fk_idempotency_key_experiment_id_experiment'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['owner_id'], ['principal.id'], name=op.f('fk_idempotency_key_owner_id_principal')),
    sa.PrimaryKeyConstraint('owner_id', 'key', name=op.f('pk_idempotency_key'))
    )
    with op.batch_alter_table('idempotency_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_idempotency_key_experiment_id'), ['experiment_id'], unique=False)

    op.create_table('cell_tensor',
    sa.Column('cell_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('num_rows', sa.Integer(), nullable=False),
    sa.Column('num_columns', sa.Integer(), nullable=False),
    sa.Column('forward_mult', sa.Float(precision=53), nullable=False),
    sa.Column('init_std', sa.Float(precision=53), nullable=False),
    sa.Column('lr_mult', sa.Float(precision=53), nullable=False),
    sa.ForeignKeyConstraint(['cell_id'], ['cell.id'], name=op.f('fk_cell_tensor_cell_id_cell'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('cell_id', 'name', name=op.f('pk_cell_tensor'))
    )
    op.create_table('metric_chunk',
    sa.Column('cell_id', sa.Uuid(), nullable=False),
    sa.Column('metric', sa.String(length=32), nullable=False),
    sa.Column('first_step', sa.Integer(), nullable=False),
    sa.Column('num_steps', sa.Integer(), nullable=False),
    sa.Column('num_runs', sa.Integer(), nullable=False),
    sa.Column('values', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['cell_id'], ['cell.id'], name=op.f('fk_metric_chunk_cell_id_cell'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('cell_id', 'metric', 'first_step', name=op.f('pk_metric_chunk'))
    )
    op.create_table('run',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('experiment_id', sa.Uuid(), nullable=False),
    sa.Column('cell_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('scenario', sa.String(length=64), nullable=False),
    sa.Column('parametrization', sa.String(length=16), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('depth', sa.Integer(), nullable=False),
    sa.Column('lr_index', sa.Integer(), nullable=False),
    sa.Column('lr', sa.Float(precision=53), nullable=False),
    sa.Column('seed', sa.Integer(), nullable=False),
    sa.Column('diverged_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['cell_id'], ['cell.id'], name=op.f('fk_run_cell_id_cell'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['experiment_id'], ['experiment.id'], name=op.f('fk_run_experiment_id_experiment'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run')),
    sa.UniqueConstraint('experiment_id', 'scenario', 'parametrization', 'width', 'depth', 'lr_index', 'seed', name='uq_run_science')
    )
    with op.batch_alter_table('run', schema=None) as batch_op:
        batch_op.create_index('ix_run_cell_id_position', ['cell_id', 'position'], unique=True)

    op.create_table('run_summary',
    sa.Column('cell_id', sa.Uuid(), nullable=False),
    sa.Column('metric', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('last_step', sa.Integer(), nullable=False),
    sa.Column('last', sa.Float(precision=53), nullable=True),
    sa.Column('minimum', sa.Float(precision=53), nullable=True),
    sa.Column('minimum_step', sa.Integer(), nullable=True),
    sa.Column('num_values', sa.Integer(), nullable=False),
    sa.Column('num_non_finite', sa.Integer(), nullable=False),
    sa.Column('tail_sum', sa.Float(precision=53), nullable=False),
    sa.Column('tail_count', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['cell_id'], ['cell.id'], name=op.f('fk_run_summary_cell_id_cell'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('cell_id', 'metric', 'position', name=op.f('pk_run_summary'))
    )



def downgrade() -> None:

    op.drop_table('run_summary')
    with op.batch_alter_table('run', schema=None) as batch_op:
        batch_op.drop_index('ix_run_cell_id_position')

    op.drop_table('run')
    op.drop_table('metric_chunk')
    op.drop_table('cell_tensor')
    with op.batch_alter_table('idempotency_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_idempotency_key_experiment_id'))

    op.drop_table('idempotency_key')
    with op.batch_alter_table('cell', schema=None) as batch_op:
        batch_op.drop_index('ix_cell_state_dispatched_at')
        batch_op.drop_index(batch_op.f('ix_cell_experiment_id'))

    op.drop_table('cell')
    with op.batch_alter_table('experiment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_experiment_state'))
        batch_op.drop_index(batch_op.f('ix_experiment_owner_id'))
        batch_op.drop_index(batch_op.f('ix_experiment_dataset_id'))
        batch_op.drop_index(batch_op.f('ix_experiment_created_at'))

    op.drop_table('experiment')
    with op.batch_alter_table('dataset', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_dataset_owner_id'))

    op.drop_table('dataset')
    with op.batch_alter_table('worker', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_worker_seen_at'))

    op.drop_table('worker')
    op.drop_table('principal')

