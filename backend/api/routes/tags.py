"""Tags that experiments have."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from muscope.backend.api.deps import Ctx, Owner
from muscope.backend.api.documented import errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.services.lists.tags import list_tags
from muscope.backend.services.views.list_views import TagView

router = APIRouter(prefix="/tags", tags=["experiments"])


@router.get("", summary="List tags", response_class=Response, responses=list_responses(TagView) | errors())
def list_all_tags(
    context: Ctx,
    owner: Owner,
    page: Page,
) -> Response:
    """List the tags in use in alphabetical order, each with the number of its experiments."""
    return page.of(list_tags(context, owner))
