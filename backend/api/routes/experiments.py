"""Experiments: planning, creating, listing, cancelling, continuing, deleting, and what belongs to one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.accounts.gate import EntryOfRequest
from muscope.backend.api.caching import asked_edition, edition_etag, fresh_json, next_link
from muscope.backend.api.deps import Ctx, ExperimentId, IfMatch, IfNoneMatch, Language, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.pages_of_lists import Page, list_responses, page_responses
from muscope.backend.api.plans import reporting_unreadable_plans
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.services.experiments import bulk, cells
from muscope.backend.services.experiments import store as experiments
from muscope.backend.services.experiments.bulk import DeletionRequest, TaggingRequest
from muscope.backend.services.experiments.labels import LabelsRequest, change_labels
from muscope.backend.services.experiments.resuming import resume_experiment as resumed
from muscope.backend.services.lists import experiments as lists
from muscope.backend.services.lists.experiments import ExperimentQuery
from muscope.backend.services.plans.draft import ExperimentRequest
from muscope.backend.services.time_left.queued_plan import preview_experiment
from muscope.backend.services.views.list_views import DeletedView, ExperimentPage, TaggedView
from muscope.backend.services.views.views import CellView, ExperimentView, PlanView

router = APIRouter(prefix="/experiments", tags=["experiments"])

_DATASET = "3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11"
_EXAMPLES: dict[str, Any] = {
    "default": {
        "summary": "The default plan",
        "description": "µP and its control, four widths, nine LRs, five seeds; steps fit the target time.",
        "value": {"dataset_id": _DATASET},
    },
    "own_grid": {
        "summary": "A grid of one's own",
        "value": {
            "dataset_id": _DATASET,
            "name": "Is µP right for our prices?",
            "arms": [
                {"parametrization": "mup", "lrs": [0.03125, 0.0625, 0.125, 0.25]},
                {"parametrization": "sp", "lrs": [0.03125, 0.0625, 0.125, 0.25]},
            ],
            "widths": [32, 64, 128],
            "seeds": [0, 1, 2],
            "num_steps": 300,
        },
    },
}
PlanBody = Annotated[ExperimentRequest, Body(openapi_examples=_EXAMPLES)]
_LABELS: dict[str, Any] = {
    "default": {
        "summary": "Name, notes and tags",
        "value": {
            "name": "Prices, second half",
            "notes": "With the new scanner.",
            "tags": ["scanner", "2026"],
        },
    }
}
LabelsBody = Annotated[LabelsRequest, Body(openapi_examples=_LABELS)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]+$",
        min_length=1,
        max_length=200,
        description="Visible ASCII characters, new for each creation; a repeated request creates nothing.",
        examples=["6c1d8f0e-create-prices"],
    ),
]
_REPLAY: Responses = {
    200: {"model": ExperimentView, "description": "An earlier request with this key created it."}
}


@router.post("/preview", summary="Preview a plan", responses=errors(403, 404, 413))
def preview_plan(context: Ctx, owner: Owner, body: PlanBody) -> PlanView:
    """Show what would run and how long it would take here; nothing is stored."""
    with reporting_unreadable_plans():
        return preview_experiment(context, owner, body)


@router.post(
    "", summary="Create an experiment", status_code=201, responses=_REPLAY | errors(403, 404, 409, 413)
)
def create_experiment(
    context: Ctx,
    owner: Owner,
    language: Language,
    body: PlanBody,
    response: Response,
    entry: EntryOfRequest,
    idempotency_key: IdempotencyKey = None,
) -> ExperimentView:
    """Store an experiment and queue its cells. Workers need not be there yet.

    Without a name it is called by its data, preset and target, in the language of Accept-Language.
    """
    with reporting_unreadable_plans():
        created = experiments.create_experiment(
            context, owner, body, key=idempotency_key, language=language, also=entry
        )
    response.status_code = 201 if created.is_new else 200
    response.headers["Location"] = f"/api/v1/experiments/{created.experiment.id}"
    return created.experiment


@router.get(
    "",
    summary="List experiments",
    response_class=Response,
    responses=page_responses(ExperimentPage) | errors(),
)
def list_experiments(
    request: Request,
    context: Ctx,
    owner: Owner,
    query: Annotated[ExperimentQuery, Query()],
    if_none_match: IfNoneMatch = None,  # noqa: ARG001 (said here, read by `fresh_json`)
) -> Response:
    """List experiments, newest first unless sorted otherwise, without their definitions.

    A page begins where `cursor` says, which is `next` of the page before; the header `Link` has the whole
    address. Several values of one filter are given as `state=running&state=queued`.
    """
    page = lists.list_experiments(context, owner, query)
    return fresh_json(request, page, next_link(request, page.next))


@router.post("/deletions", summary="Delete several experiments", responses=errors(403, 404, 409, 413))
def delete_experiments(context: Ctx, owner: Owner, body: DeletionRequest) -> DeletedView:
    """Delete experiments and all they measured: all or, while one of them goes on, none."""
    return DeletedView(num_deleted=bulk.delete_experiments(context, owner, body.ids))


@router.post("/taggings", summary="Tag several experiments", responses=errors(403, 404, 409, 413))
def tag_experiments(context: Ctx, owner: Owner, body: TaggingRequest) -> TaggedView:
    """Give tags to experiments and take others away: to all or, if one would have too many, to none."""
    return TaggedView(num_changed=bulk.tag_experiments(context, owner, body))


@router.get("/{experiment_id}", summary="Get an experiment", responses=errors(404))
def get_experiment(
    context: Ctx, owner: Owner, experiment_id: ExperimentId, response: Response
) -> ExperimentView:
    """Return one experiment with its full definition and the count of its cells by state.

    The ETag is of name, notes and tags: `PATCH` takes it as If-Match.
    """
    found = experiments.get_experiment(context, owner, experiment_id)
    response.headers.update(edition_etag(found.edition))
    return found


@router.patch(
    "/{experiment_id}", summary="Name, annotate and tag an experiment", responses=errors(403, 404, 412, 413)
)
def label_experiment(
    context: Ctx,
    owner: Owner,
    experiment_id: ExperimentId,
    body: LabelsBody,
    response: Response,
    if_match: IfMatch = None,
) -> ExperimentView:
    """Change name, notes or tags; the definition and its hash stay as they are.

    With If-Match, the ETag of the experiment as it was read, a change that somebody else made meanwhile is
    not overwritten: 412.
    """
    edition = asked_edition(if_match)
    changed = change_labels(context, owner, experiment_id, body, edition=edition)
    response.headers.update(edition_etag(changed.edition))
    return changed


@router.post(
    "/{experiment_id}/cancellation",
    summary="Cancel an experiment",
    status_code=202,
    responses=errors(403, 404),
)
def cancel_experiment(context: Ctx, owner: Owner, experiment_id: ExperimentId) -> ExperimentView:
    """Stop queued cells at once and running ones at their next write. May be repeated."""
    return experiments.cancel_experiment(context, owner, experiment_id)


@router.post(
    "/{experiment_id}/resumption",
    summary="Continue a cancelled experiment",
    status_code=202,
    responses=errors(403, 404, 409),
)
def resume_experiment(context: Ctx, owner: Owner, experiment_id: ExperimentId) -> ExperimentView:
    """Queue what a cancelled experiment has not computed yet; what was measured stays and is not run again.

    Its results are those of an experiment that was never cancelled. Repeatable while it goes on. A conflict
    names why not: it still stops; it has ended by itself; its data are not here; too many are open.
    """
    resumed(context, owner, experiment_id)
    return experiments.get_experiment(context, owner, experiment_id)


@router.delete(
    "/{experiment_id}", summary="Delete an experiment", status_code=204, responses=errors(403, 404, 409)
)
def delete_experiment(context: Ctx, owner: Owner, experiment_id: ExperimentId) -> None:
    """Delete an experiment and all it measured; refused while cells are open."""
    experiments.delete_experiment(context, owner, experiment_id)


@router.get(
    "/{experiment_id}/cells",
    summary="List an experiment's cells",
    response_class=Response,
    responses=list_responses(CellView) | errors(404),
)
def list_cells(
    context: Ctx,
    language: Language,
    owner: Owner,
    experiment_id: ExperimentId,
    page: Page,
    state: Annotated[list[CellState] | None, Query(description="Only cells in these states.")] = None,
) -> Response:
    """List the cells in the order of the grid."""
    return page.of(cells.list_cells(context, owner, experiment_id, language=language, states=state))
