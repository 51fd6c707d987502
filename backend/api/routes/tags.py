"""Tags that experiments have."""

from __future__ import annotations

from fastapi import APIRouter

from muscope.backend.api.deps import Ctx, Owner
from muscope.backend.api.documented import errors
from muscope.backend.services.lists.tags import list_tags
from muscope.backend.services.views.list_views import TagView

router = APIRouter(prefix="/tags", tags=["experiments"])


@router.get("", summary="List tags", responses=errors())
def list_all_tags(context: Ctx, owner: Owner) -> list[TagView]:
    """List the tags in use in alphabetical order, each with the number of its experiments."""
    return list_tags(context, owner)
