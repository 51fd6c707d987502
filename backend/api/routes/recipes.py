"""Answers by which files are read without being asked again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from muscope.backend.api.deps import Ctx, Owner
from muscope.backend.api.documented import errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.services.datasets import recipes
from muscope.backend.services.views.list_views import RecipeView

router = APIRouter(prefix="/recipes", tags=["datasets"])

RecipeId = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="A recipe's id.")]


@router.get(
    "",
    summary="List reading recipes",
    response_class=Response,
    responses=list_responses(RecipeView) | errors(),
)
def list_recipes(
    context: Ctx,
    owner: Owner,
    page: Page,
) -> Response:
    """List the answers that were given about files, by the columns of these files.

    The next upload with the same columns in the same order is read by them, unless it comes with answers.
    """
    return page.of(recipes.list_recipes(context, owner))


@router.delete("/{recipe_id}", summary="Forget a reading recipe", status_code=204, responses=errors(403, 404))
def forget_recipe(context: Ctx, owner: Owner, recipe_id: RecipeId) -> None:
    """Guess anew how the next file with these columns is read; stored datasets stay as they are."""
    recipes.forget_recipe(context, owner, recipe_id)
