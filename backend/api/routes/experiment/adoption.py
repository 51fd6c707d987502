"""The adoption kit of an experiment: a Python file to train with elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse

from muscope.backend.api.deps import Ctx, ExperimentId, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.services.verdicts.adoption_kit import KitRequest, adoption_kit

router = APIRouter(prefix="/experiments", tags=["reports"])

_FILE: Responses = {
    200: {
        "description": "The file `recipe.py`.",
        "content": {"text/x-python": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/{experiment_id}/recipe.py",
    summary="Get the recipe of a size",
    response_class=PlainTextResponse,
    responses=_FILE | errors(400, 404),
)
def get_recipe(
    context: Ctx, owner: Owner, experiment_id: ExperimentId, wish: Annotated[KitRequest, Query()]
) -> PlainTextResponse:
    """Return one Python file that needs torch only: init, learning rates and weight decay by parameter.

    A network that is trained by it follows a run of µScope of the same size; by default that is the target,
    under the judged arm, at the tuned learning rate of the base size.
    """
    text = adoption_kit(context, owner, experiment_id, wish)
    headers = {"Content-Disposition": 'attachment; filename="recipe.py"', "Cache-Control": "no-store"}
    return PlainTextResponse(text, media_type="text/x-python; charset=utf-8", headers=headers)
