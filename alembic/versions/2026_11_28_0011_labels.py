"""Notes and tags of experiments, the preset they were planned with, and their answer for lists."""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

# From the best answer to the worst, as the rules of this version order them.
_SEVERITY = ('transfers', 'sharpness_drifts', 'fine_tune', 'inconclusive', 'does_not_transfer')


def upgrade() -> None:
    op.create_table('experiment_tag',
    sa.Column('experiment_id', sa.Uuid(), nullable=False),
    sa.Column('tag', sa.String(length=50), nullable=False),
    sa.ForeignKeyConstraint(['experiment_id'], ['experiment.id'], name=op.f('fk_experiment_tag_experiment_id_experiment'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('experiment_id', 'tag', name=op.f('pk_experiment_tag'))
    )
    with op.batch_alter_table('experiment_tag', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_experiment_tag_tag'), ['tag'], unique=False)
    op.add_column('experiment', sa.Column('notes', sa.Text(), server_default='', nullable=False))
    op.add_column('experiment', sa.Column('edition', sa.BigInteger(), server_default='0', nullable=False))
    for name, length in (('preset', 16), ('outcome', 32), ('rule_version', 16)):
        op.add_column('experiment', sa.Column(name, sa.String(length=length), nullable=True))
    _fill_answers()


def _fill_answers() -> None:
    """Write the answer that each experiment was given last; scenarios are judged together, so all have one."""
    found = op.get_bind().execute(sa.text(
        "SELECT v.experiment_id, v.scenario, v.outcome, v.rule_version FROM verdict v "
        "JOIN experiment e ON e.id = v.experiment_id AND e.look = v.look "
        "WHERE v.thresholds_sha256 = '' ORDER BY v.created_at, v.rule_version"
    ))
    latest = {}
    for experiment_id, scenario, outcome, version in found:
        latest.setdefault(experiment_id, {})[scenario] = (outcome, version)
    write = sa.text('UPDATE experiment SET outcome = :outcome, rule_version = :version WHERE id = :id')
    for experiment_id, answers in latest.items():
        outcome, version = max(answers.values(), key=lambda answer: _SEVERITY.index(answer[0]))
        op.get_bind().execute(write, {'outcome': outcome, 'version': version, 'id': experiment_id})


def downgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and dropping the old one deletes all that refers to it.
    for name in ('rule_version', 'outcome', 'preset', 'edition', 'notes'):
        op.drop_column('experiment', name)
    op.drop_table('experiment_tag')
