"""Answers by which files were read, as they lie in the profiles of datasets."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import JSON, select, type_coerce
from sqlalchemy.orm import Session

from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db.schema.tables import DatasetRow

MOST_LOOKED_AT = 300


def latest(session: Session, owner_id: str) -> dict[str, list[DatasetRow]]:
    """Return the datasets whose answers are taken for further files, newest first, by their columns.

    Only the owner's last hundreds of datasets are looked at.
    """
    found: dict[str, list[DatasetRow]] = {}
    for row in dataset_rows.list_of(session, owner_id, limit=MOST_LOOKED_AT):
        if _is_kept(row) and (signature := row.profile.signature) is not None:
            found.setdefault(signature, []).append(row)
    return found


def last_answered(session: Session, owner_id: str, signature: str) -> DatasetRow | None:
    """Return the owner's newest dataset with these columns that was read by answers, of the last hundreds."""
    same = latest(session, owner_id).get(signature)
    return same[0] if same else None


def forget(session: Session, owner_id: str, signature: str) -> int:
    """Take the answers of all datasets with these columns out of use; return their number."""
    rows = [row for row in _with_columns(session, owner_id, signature) if _is_kept(row)]
    for row in rows:
        recipe = row.profile.recipe.model_copy(update={"is_forgotten": True})
        row.profile = row.profile.model_copy(update={"recipe": recipe})
    return len(rows)


def _is_kept(row: DatasetRow) -> bool:
    recipe = row.profile.recipe
    return bool(recipe.options) and not recipe.is_forgotten


def _with_columns(session: Session, owner_id: str, signature: str) -> Sequence[DatasetRow]:
    known = type_coerce(DatasetRow.profile, JSON)["signature"].as_string()
    statement = select(DatasetRow).where(DatasetRow.owner_id == owner_id, known == signature)
    return session.scalars(statement).all()
