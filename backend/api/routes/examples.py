"""Built-in datasets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from muscope.backend.api.deps import Language, Owner, Serving
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.api.routes.datasets import KNOWN, placed
from muscope.backend.api.schemas import ExampleView
from muscope.backend.catalogue import text
from muscope.backend.ingest.manifest import EXAMPLE_NAMES
from muscope.backend.services.datasets.store import store_example
from muscope.backend.services.showcase.opening import open_finished_example
from muscope.backend.services.views.views import DatasetView, ExperimentView

router = APIRouter(prefix="/examples", tags=["datasets"])

_KNOWN: Responses = {200: {"model": ExperimentView, "description": "It was opened before."}}


@router.get(
    "",
    summary="List built-in datasets",
    response_class=Response,
    responses=list_responses(ExampleView) | errors(),
)
async def list_examples(
    language: Language,
    page: Page,
) -> Response:
    """List the datasets that come with µScope, described in the preferred language."""
    views = [
        ExampleView(
            name=name,
            title=text(f"example.{name}.title", language),
            description=text(f"example.{name}.description", language),
        )
        for name in EXAMPLE_NAMES
    ]
    return page.of(views)


@router.post(
    "/{name}/dataset",
    summary="Store a built-in dataset",
    status_code=201,
    responses=KNOWN | errors(403, 404, 507),
)
async def create_example_dataset(
    serving: Serving,
    owner: Owner,
    name: Annotated[str, Path(max_length=60, examples=["digits"])],
    response: Response,
) -> DatasetView:
    """Make a built-in dataset available for experiments; 200 when it was stored before."""
    return placed(await serving.read_file(store_example, owner, name), response)


@router.post(
    "/experiment",
    summary="Open the finished example",
    status_code=201,
    responses=_KNOWN | errors(403, 507),
)
async def open_example_experiment(
    serving: Serving, owner: Owner, language: Language, response: Response
) -> ExperimentView:
    """Copy in the finished experiment that comes with µScope; nothing is trained. 200 when it is there."""
    opened = await serving.read_file(open_finished_example, owner, language)
    response.status_code = 201 if opened.is_new else 200
    response.headers["Location"] = f"/api/v1/experiments/{opened.experiment.id}"
    return opened.experiment
