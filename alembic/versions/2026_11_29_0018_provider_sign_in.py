"""People of an OpenID provider who sign in, and browsers that have left for it."""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'provider_identity',
        sa.Column('issuer', sa.String(length=255), nullable=False),
        sa.Column('subject', sa.String(length=255), nullable=False),
        sa.Column('user_id', sa.Uuid(), nullable=False),
        sa.Column('email', sa.String(length=254), nullable=True),
        sa.Column('linked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('used_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['user_id'],
            ['user_account.id'],
            name=op.f('fk_provider_identity_user_id_user_account'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('issuer', 'subject', name=op.f('pk_provider_identity')),
        sa.UniqueConstraint('issuer', 'user_id', name=op.f('uq_provider_identity_issuer_user_id')),
    )
    op.create_index(op.f('ix_provider_identity_user_id'), 'provider_identity', ['user_id'], unique=False)
    op.create_table(
        'provider_login',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('secret_sha256', sa.String(length=64), nullable=False),
        sa.Column('user_id', sa.Uuid(), nullable=True),
        sa.Column('destination', sa.String(length=2000), nullable=False),
        sa.Column('address', sa.String(length=64), nullable=False),
        sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['user_id'],
            ['user_account.id'],
            name=op.f('fk_provider_login_user_id_user_account'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_provider_login')),
        sa.UniqueConstraint('secret_sha256', name=op.f('uq_provider_login_secret_sha256')),
    )
    for column in ('user_id', 'address', 'expires_at'):
        op.create_index(op.f(f'ix_provider_login_{column}'), 'provider_login', [column], unique=False)


def downgrade() -> None:
    op.drop_table('provider_login')
    op.drop_table('provider_identity')
