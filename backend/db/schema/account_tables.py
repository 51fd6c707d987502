"""Tables of accounts. No secret lies in them, only hashes (`muscope.backend.accounts`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint, Uuid, true
from sqlalchemy.orm import Mapped, mapped_column

from muscope.backend.accounts.roles import Role
from muscope.backend.db.schema.base import Base
from muscope.backend.db.schema.columns import Word


class UserRow(Base):
    """Someone who signs in. The first admin is the principal `local`, who owned everything before."""

    __tablename__ = "user_account"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    # In lower case, so that no two differ by letter case only.
    name: Mapped[str] = mapped_column(String(64), unique=True)
    # Owner of what the user makes; a viewer has the principal of the user whose work is shown.
    principal_id: Mapped[str] = mapped_column(ForeignKey("principal.id"), index=True)
    role: Mapped[Role] = mapped_column(Word(Role, 16))
    # None until the invitation is used.
    password_hash: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime]


class SignInLinkRow(Base):
    """A link that sets a password, once; without a user it makes the first admin."""

    __tablename__ = "sign_in_link"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime]


class SessionRow(Base):
    """A browser that is signed in."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))


class ApiTokenRow(Base):
    """A token of a script, with the scopes it was given, separated by spaces."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailureRow(Base):
    """Wrong passwords in a row, of an account (`name:…`) or from an address (`address:…`)."""

    __tablename__ = "sign_in_failure"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(index=True)


class IdentityRow(Base):
    """A person of an OpenID provider who signs in as a user."""

    __tablename__ = "provider_identity"
    __table_args__ = (UniqueConstraint("issuer", "user_id"),)

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    # Letter case matters.
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    # Shown to people; nobody is found by it.
    email: Mapped[str | None] = mapped_column(String(254))
    linked_at: Mapped[datetime]
    used_at: Mapped[datetime]


class ProviderLoginRow(Base):
    """A browser that has left for an OpenID provider; it comes back once.

    State, nonce and the code's verifier follow from the secret, which only the browser has.
    """

    __tablename__ = "provider_login"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    # Signed-in user who links an account of the provider; None to sign in.
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    # Path of ours to show afterwards.
    destination: Mapped[str] = mapped_column(String(2000))
    address: Mapped[str] = mapped_column(String(64), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AuditRow(Base):
    """One change of accounts or by an account; rows are added and never changed."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(64))
    token_id: Mapped[str | None] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]
    # Covers the entry before (`muscope.backend.accounts.chain`).
    sha256: Mapped[str] = mapped_column(String(64))
