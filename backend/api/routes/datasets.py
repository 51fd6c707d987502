"""Datasets: uploading, listing, reading once more, deleting."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.caching import fresh_json, next_link
from muscope.backend.api.deps import Ctx, DatasetId, IfNoneMatch, Owner, Serving
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.pages_of_lists import page_responses
from muscope.backend.api.schemas import VariantRequest
from muscope.backend.api.uploading.reading_options import GivenOptions
from muscope.backend.api.uploading.upload import (
    MEDIA_TYPES,
    announced_size,
    check_announcement,
    likely_kind,
    receive_body,
)
from muscope.backend.domain.spec.dataset import Preprocessing
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.datasets.preprocessing import get_preprocessing
from muscope.backend.services.datasets.samples import get_samples
from muscope.backend.services.datasets.store import (
    StoredDataset,
    scratch,
    store_file,
    store_upload,
    store_variant,
)
from muscope.backend.services.lists import datasets as lists
from muscope.backend.services.lists.datasets import DatasetQuery
from muscope.backend.services.names import Name
from muscope.backend.services.uploads.usage import require_room
from muscope.backend.services.views.list_views import DatasetPage
from muscope.backend.services.views.views import DatasetView, SamplesView

router = APIRouter(prefix="/datasets", tags=["datasets"])

KNOWN: Responses = {200: {"model": DatasetView, "description": "The same data were stored before."}}
_TABLE = "size,colour,price\n1.5,red,120\n2.0,blue,155\n"
_TEXT = "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money …\n"
_RAW_BODY: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "description": "The file's bytes as they are, unless `upload` is given; forms are not accepted. "
        "A table is delimited text, a workbook, Parquet, Arrow, JSON or HTML; pictures are a ZIP with a "
        "folder for each class, or a NumPy archive; the content decides, not the name.",
        "content": {
            media_type: {
                "schema": {"type": "string", "format": "binary"},
                "example": _TEXT if media_type == "text/plain" else _TABLE,
            }
            for media_type in MEDIA_TYPES
        },
    }
}


@router.post(
    "",
    summary="Upload a table, a text or images",
    status_code=201,
    responses=KNOWN | errors(403, 404, 409, 413, 415, 507),
    openapi_extra=_RAW_BODY,
)
async def upload_dataset(
    serving: Serving,
    owner: Owner,
    request: Request,
    response: Response,
    name: Annotated[Name, Query(description="The name to show.", examples=["prices.csv"])],
    given: GivenOptions,
    upload: Annotated[
        UUID | None,
        Query(description="A complete upload of `POST /api/v1/uploads` to read instead of a body."),
    ] = None,
) -> DatasetView:
    """Store a table, a text or images; 200 when the same data were stored before.

    Everything left out is guessed, and the profile's `decisions` say what was guessed and what is asked. Uses
    of columns are given by reading the stored file once more (`variants`). Large files arrive in pieces first
    (`POST /api/v1/uploads`); one that cannot be read is kept, so that it need not be sent again with another
    option; one that becomes a dataset is used up.
    """
    options = given.model_copy(update={"likely": likely_kind(request, name)})
    if upload is not None:
        with serving.context.reading_line.waiting(upload):
            return placed(await serving.read_file(store_upload, owner, upload, name, options), response)
    limit = serving.context.settings.upload_limit_bytes
    check_announcement(request, limit)
    await serving.run(require_room, owner, announced_size(request) or 1)
    with scratch(serving.context) as folder:
        await receive_body(request, folder / "upload", limit_bytes=limit)
        stored = await serving.read_file(store_file, owner, folder / "upload", name, options)
    return placed(stored, response)


def placed(stored: StoredDataset, response: Response) -> DatasetView:
    """Say whether and where a dataset was created."""
    response.status_code = 201 if stored.is_new else 200
    response.headers["Location"] = f"/api/v1/datasets/{stored.dataset.id}"
    return stored.dataset


@router.get(
    "", summary="List datasets", response_class=Response, responses=page_responses(DatasetPage) | errors()
)
def list_datasets(
    request: Request,
    context: Ctx,
    owner: Owner,
    query: Annotated[DatasetQuery, Query()],
    if_none_match: IfNoneMatch = None,  # noqa: ARG001 (said here, read by `fresh_json`)
) -> Response:
    """List datasets, newest first unless sorted otherwise, without their profiles.

    A page begins where `cursor` says, which is `next` of the page before; the header `Link` has the whole
    address. Several kinds are given as `kind=table&kind=text`.
    """
    page = lists.list_datasets(context, owner, query)
    return fresh_json(request, page, next_link(request, page.next))


@router.get("/{dataset_id}", summary="Get a dataset", responses=errors(404))
def get_dataset(context: Ctx, owner: Owner, dataset_id: DatasetId) -> DatasetView:
    """Return one dataset with its shape and profile."""
    return datasets.get_dataset(context, owner, dataset_id)


@router.get("/{dataset_id}/samples", summary="See a few examples", responses=errors(404, 409))
def get_dataset_samples(
    context: Ctx,
    owner: Owner,
    dataset_id: DatasetId,
    limit: Annotated[int, Query(ge=1, le=100, description="The most examples to return.")] = 20,
) -> SamplesView:
    """Return training examples of images (every class in turn, as PNG) or of a text (windows).

    A table has none: its profile holds examples of every column.
    """
    return get_samples(context, owner, dataset_id, limit=limit)


@router.get(
    "/{dataset_id}/preprocessing", summary="See how columns become numbers", responses=errors(404, 409)
)
def get_dataset_preprocessing(context: Ctx, owner: Owner, dataset_id: DatasetId) -> Preprocessing:
    """Return what was fitted on the training rows of a table: means, medians, levels, and the label's scale.

    Refused with 409 for images and texts, and for tables stored before it was recorded.
    """
    return get_preprocessing(context, owner, dataset_id)


@router.delete("/{dataset_id}", summary="Delete a dataset", status_code=204, responses=errors(403, 404, 409))
def delete_dataset(
    context: Ctx,
    owner: Owner,
    dataset_id: DatasetId,
    experiments: Annotated[
        bool, Query(description="Delete the experiments on it too, with all they measured.")
    ] = False,
) -> None:
    """Delete a dataset and its files; refused while an experiment on it is queued or running.

    Experiments on it that have ended keep it as well, unless they are to be deleted with it.
    """
    datasets.delete_dataset(context, owner, dataset_id, with_experiments=experiments)


@router.post(
    "/{dataset_id}/variants",
    summary="Read a file once more",
    status_code=201,
    responses=KNOWN | errors(403, 404, 409, 413, 507),
)
async def create_dataset_variant(
    serving: Serving, owner: Owner, dataset_id: DatasetId, body: VariantRequest, response: Response
) -> DatasetView:
    """Read a stored file with other options; the first dataset stays as it is."""
    return placed(await serving.read_file(store_variant, owner, dataset_id, body.options()), response)
