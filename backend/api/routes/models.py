"""Models of the operator's that workers hold."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from muscope.backend.api.deps import Ctx, Language, Owner, Serving
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.api.routes.datasets import placed
from muscope.backend.services.datasets.brought_models import ModelView, list_models, store_own_data
from muscope.backend.services.views.views import DatasetView

router = APIRouter(prefix="/models", tags=["plans"])

_KNOWN: Responses = {200: {"model": DatasetView, "description": "It was stored before."}}


@router.get(
    "",
    summary="List brought models",
    response_class=Response,
    responses=list_responses(ModelView) | errors(),
)
def list_brought_models(context: Ctx, language: Language, page: Page) -> Response:
    """List the models that the operator has put on live workers, with roles, sizes and how they train.

    A request for a plan names one as `"model": "brought:<name>"`. One that cannot be trained says why.
    """
    return page.of(list_models(context, language))


@router.post(
    "/{name}/dataset",
    summary="Store the data of a brought model",
    status_code=201,
    responses=_KNOWN | errors(400, 403, 404, 507),
)
async def create_model_dataset(
    serving: Serving,
    owner: Owner,
    name: Annotated[str, Path(max_length=64, examples=["resnet"])],
    response: Response,
) -> DatasetView:
    """Make the examples that a model brings available for experiments; 200 when they were stored before."""
    return placed(await serving.read_file(store_own_data, owner, name), response)
