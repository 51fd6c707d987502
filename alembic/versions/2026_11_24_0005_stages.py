"""Let cells be planned in stages: without curvature, with what they took; keep thresholds beside verdicts."""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_OLD = 'uq_verdict_experiment_id_scenario_rule_version'
_NEW = 'uq_verdict_judgement'


def upgrade() -> None:

    op.create_table('calibration',
    sa.Column('device_sha256', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('num_cells', sa.Integer(), nullable=False),
    sa.Column('log_ratio_sum', sa.Float(precision=53), nullable=False),
    sa.Column('log_ratio_squares', sa.Float(precision=53), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('device_sha256', 'kind', name=op.f('pk_calibration'))
    )
    # Not in a batch: SQLite would make the table anew, and dropping the old one deletes all that refers to it.
    op.add_column('cell', sa.Column('has_curvature', sa.Boolean(), server_default=sa.true(), nullable=False))
    with op.batch_alter_table('cell', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('spent_seconds', sa.Float(precision=53), server_default='0', nullable=False)
        )
        batch_op.add_column(
            sa.Column('correction', sa.Float(precision=53), server_default='1', nullable=False)
        )
    with op.batch_alter_table('experiment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('stop_reason', sa.String(length=32), nullable=True))
    with op.batch_alter_table('verdict', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('thresholds_sha256', sa.String(length=64), server_default='', nullable=False)
        )
        batch_op.drop_constraint(op.f(_OLD), type_='unique')
        batch_op.create_unique_constraint(
            op.f(_NEW), ['experiment_id', 'scenario', 'rule_version', 'thresholds_sha256']
        )


def downgrade() -> None:

    with op.batch_alter_table('verdict', schema=None) as batch_op:
        batch_op.drop_constraint(op.f(_NEW), type_='unique')
        batch_op.create_unique_constraint(op.f(_OLD), ['experiment_id', 'scenario', 'rule_version'])
        batch_op.drop_column('thresholds_sha256')
    # Not in a batch: SQLite would make the table anew, and dropping the old one deletes all that refers to it.
    op.drop_column('experiment', 'stop_reason')
    for name in ('correction', 'spent_seconds', 'has_curvature'):
        op.drop_column('cell', name)
    op.drop_table('calibration')
