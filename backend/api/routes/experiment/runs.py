"""Runs of an experiment: the table, page by page or as a file, and each run by itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from muscope.backend.api.caching import fresh_json, next_link
from muscope.backend.api.deps import Ctx, ExperimentId, IfNoneMatch, Language, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.download import sandboxed_attachment, spooled
from muscope.backend.api.pages_of_lists import page_responses
from muscope.backend.api.schemas import FigureReply
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.figures.theme import Mode
from muscope.backend.services.runs import listing, one_run
from muscope.backend.services.runs.csv_lines import run_lines
from muscope.backend.services.runs.listing import RunFilter, RunQuery
from muscope.backend.services.views.run_views import RunDetail, RunPage

router = APIRouter(prefix="/experiments", tags=["runs"])

RunId = Annotated[UUID, Path(description="A run's id.")]
CSV = "text/csv; charset=utf-8"
_CSV_FILE: Responses = {
    200: {
        "description": "UTF-8 with a byte order mark, as Excel wants it; the first row has the names.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "parametrization,width,lr,seed,state\nmup,32,0.03125,0,completed\n",
            }
        },
    }
}

_FIGURE: Responses = {200: {"model": FigureReply, "description": "The figure."}}


@router.get(
    "/{experiment_id}/runs",
    summary="List an experiment's runs",
    response_class=Response,
    responses=page_responses(RunPage) | errors(404),
)
def list_runs(
    request: Request,
    context: Ctx,
    owner: Owner,
    experiment_id: ExperimentId,
    query: Annotated[RunQuery, Query()],
    if_none_match: IfNoneMatch = None,  # noqa: ARG001 (said here, read by `fresh_json`)
) -> Response:
    """List the runs that are sought, with a summary of each metric; curves are read per cell.

    They come in the order of the grid unless sorted otherwise. Several values of one filter are given as
    `width=32&width=64`. A parameter that is not known is refused by its name.
    """
    page = listing.list_runs(context, owner, experiment_id, query)
    end = query.offset + len(page.items)
    return fresh_json(request, page, next_link(request, str(end) if end < page.total else None, "offset"))


@router.get(
    "/{experiment_id}/runs.csv",
    summary="Get an experiment's runs as CSV",
    response_class=StreamingResponse,
    responses=_CSV_FILE | errors(404, 507),
)
def export_runs(
    context: Ctx, owner: Owner, experiment_id: ExperimentId, query: Annotated[RunFilter, Query()]
) -> StreamingResponse:
    """Return all runs that are sought: their place in the grid, how they ended, what each metric reached."""
    content = spooled(context.settings.scratch_folder, run_lines(context, owner, experiment_id, query))
    return sandboxed_attachment(content, f"muscope-{experiment_id}-runs.csv", media_type=CSV)


@router.get("/{experiment_id}/runs/{run_id}", summary="Get a run", responses=errors(404))
def get_run(context: Ctx, owner: Owner, experiment_id: ExperimentId, run_id: RunId) -> RunDetail:
    """Return one run, the metrics that were recorded of it, and the runs beside it in the grid."""
    return one_run.get_run(context, owner, experiment_id, run_id)


@router.get(
    "/{experiment_id}/runs/{run_id}/series.csv",
    summary="Get a run's series as CSV",
    response_class=StreamingResponse,
    responses=_CSV_FILE | errors(404, 507),
)
def export_series(
    context: Ctx, owner: Owner, experiment_id: ExperimentId, run_id: RunId
) -> StreamingResponse:
    """Return every stored value of a run: metric, component (from 0), step, value; empty once it diverged."""
    lines = one_run.series_lines(context, owner, experiment_id, run_id)
    content = spooled(context.settings.scratch_folder, lines)
    return sandboxed_attachment(content, f"muscope-run-{run_id}.csv", media_type=CSV)


@router.get(
    "/{experiment_id}/runs/{run_id}/figures/{metric}",
    summary="Get a figure of a run",
    response_class=Response,
    responses=_FIGURE | errors(404),
)
def get_run_figure(
    context: Ctx,
    owner: Owner,
    language: Language,
    experiment_id: ExperimentId,
    run_id: RunId,
    metric: Metric,
    mode: Annotated[Mode, Query(description="Colours for a light or a dark page.")] = Mode.LIGHT,
) -> Response:
    """Return one metric of a run over the steps, for `Plotly.react(element, data, layout)`."""
    content = one_run.figure_json(context, owner, experiment_id, run_id, metric, language, mode)
    return Response(content, media_type="application/json", headers={"Cache-Control": "private, no-cache"})
