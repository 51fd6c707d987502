"""The audit log, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from muscope.backend.api.deps import Ctx
from muscope.backend.api.documented import errors
from muscope.backend.services.accounts.audit import list_entries
from muscope.backend.services.accounts.views import AuditPage

router = APIRouter(prefix="/audit", tags=["accounts"])

LARGEST_ENTRY = (1 << 63) - 1  # entries are numbered in 64 bits


@router.get("", summary="Read the audit log", responses=errors())
def read_audit(
    context: Ctx,
    before: Annotated[
        int | None, Query(ge=1, le=LARGEST_ENTRY, description="Entries before this one; the newest first.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="The most entries to return.")] = 100,
) -> AuditPage:
    """Return who changed what, from where and when; entries are never changed, and a gap would show."""
    return list_entries(context, before=before, limit=limit)
