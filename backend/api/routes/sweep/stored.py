"""Stored sweeps: sending a file, listing, changing the meaning of its columns, deleting."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.caching import asked_edition, edition_etag
from muscope.backend.api.deps import Ctx, DatasetId, IfMatch, Owner, Serving, SweepId
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.api.uploading.upload import (
    OCTETS,
    announced_size,
    check_announcement,
    receive_body,
)
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.services.datasets.store import scratch
from muscope.backend.services.lists import sweeps as lists
from muscope.backend.services.lists.sweeps import SweepOrder, SweepQuery
from muscope.backend.services.names import Name
from muscope.backend.services.sweeps import store
from muscope.backend.services.sweeps.store import MAX_BYTES
from muscope.backend.services.sweeps.views import SweepChange, SweepItem, SweepView
from muscope.backend.services.uploads.usage import require_room
from muscope.backend.services.views.list_views import Direction

router = APIRouter(prefix="/sweeps", tags=["sweeps"])

KNOWN: Responses = {200: {"model": SweepView, "description": "The same file was stored before."}}
_TABLE = "width,lr,loss\n128,0.001,3.12\n128,0.002,3.10\n256,0.001,2.97\n256,0.002,2.96\n"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes as they are: delimited text, Parquet, JSON or JSON lines with one "
        "row per run; the content decides, not the name.",
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}, "example": _TABLE}
            for media_type in ("text/csv", OCTETS)
        },
    }
}
_CHANGES: dict[str, Any] = {
    "roles": {
        "summary": "Say what two columns mean",
        "value": {"choices": {"roles": {"eta": "lr", "note": "label"}}},
    }
}


@router.post(
    "",
    summary="Store a sweep that was run elsewhere",
    status_code=201,
    responses=KNOWN | errors(403, 413, 415, 507),
    openapi_extra=_BODY,
)
async def create_sweep(
    serving: Serving,
    owner: Owner,
    request: Request,
    response: Response,
    name: Annotated[Name, Query(description="The name to show.", examples=["sweep.csv"])],
) -> SweepView:
    """Read a table of runs, judge it and store both; nothing is trained.

    What each column means is recognised by its name. Where that is not clear, `reading.question` says what to
    answer with `PATCH /api/v1/sweeps/{id}`, and `reading.answer` is null until then.
    """
    check_announcement(request, MAX_BYTES)
    await serving.run(require_room, owner, announced_size(request) or 1)
    with scratch(serving.context) as folder:
        await receive_body(request, folder / "sweep", limit_bytes=MAX_BYTES)
        stored = await serving.read_file(store.store_sweep, owner, folder / "sweep", name)
    return _placed(stored, response)


def _placed(stored: store.StoredSweep, response: Response) -> SweepView:
    response.status_code = 201 if stored.is_new else 200
    response.headers["Location"] = f"/api/v1/sweeps/{stored.sweep.id}"
    response.headers.update(edition_etag(stored.sweep.edition))
    return stored.sweep


@router.post(
    "/of-dataset/{dataset_id}",
    summary="Store the file of a dataset as a sweep",
    status_code=201,
    responses=KNOWN | errors(403, 404, 409, 413, 415, 507),
)
async def create_sweep_of_dataset(
    serving: Serving, owner: Owner, dataset_id: DatasetId, response: Response
) -> SweepView:
    """Judge a table that was uploaded as data and holds runs; the dataset stays."""
    await serving.run(require_room, owner, 1)
    return _placed(await serving.read_file(store.store_dataset_as_sweep, owner, dataset_id), response)


def _asked_sweeps(
    q: Annotated[str, Query(max_length=200, description="Words that all occur in the name.")] = "",
    outcome: Annotated[tuple[Outcome, ...], Query(max_length=10, description="Any of these.")] = (),
    sort: Annotated[SweepOrder, Query(description="The value to sort by.")] = SweepOrder.CREATED,
    order: Annotated[
        Direction | None,
        Query(description="By default `asc` for names and outcomes, `desc` for the others."),
    ] = None,
) -> SweepQuery:
    return SweepQuery(q=q, outcome=outcome, sort=sort, order=order)


@router.get(
    "", summary="List sweeps", response_class=Response, responses=list_responses(SweepItem) | errors()
)
def list_sweeps(
    context: Ctx, owner: Owner, query: Annotated[SweepQuery, Depends(_asked_sweeps)], page: Page
) -> Response:
    """List stored sweeps with their outcomes, newest first unless sorted otherwise.

    Several outcomes are given as `outcome=transfers&outcome=fine_tune`.
    """
    return page.of(lists.list_sweeps(context, owner, query))


@router.get("/{sweep_id}", summary="Get a sweep", responses=errors(404))
def get_sweep(context: Ctx, owner: Owner, sweep_id: SweepId, response: Response) -> SweepView:
    """Return the meaning of the columns, the answer per arm and axis, the next runs, and the curves."""
    found = store.get_sweep(context, owner, sweep_id)
    response.headers.update(edition_etag(found.edition))
    return found


@router.patch("/{sweep_id}", summary="Change a sweep", responses=errors(403, 404, 412))
async def change_sweep(
    serving: Serving,
    owner: Owner,
    sweep_id: SweepId,
    body: Annotated[SweepChange, Body(openapi_examples=_CHANGES)],
    response: Response,
    if_match: IfMatch = None,
) -> SweepView:
    """Rename a sweep, or say what its columns mean; its file is then read and judged again.

    `choices` replace all that were made before. A choice that leaves the table unclear is kept and answered
    with a question.
    """
    edition = asked_edition(if_match)
    changed = await serving.read_file(store.change_sweep, owner, sweep_id, body, edition)
    response.headers.update(edition_etag(changed.edition))
    return changed


@router.delete("/{sweep_id}", summary="Delete a sweep", status_code=204, responses=errors(403, 404))
def delete_sweep(context: Ctx, owner: Owner, sweep_id: SweepId) -> None:
    """Delete a sweep with its file and its answer."""
    store.delete_sweep(context, owner, sweep_id)
