"""Figures: built here, drawn by the browser."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.caching import accepts_gzip, is_current
from muscope.backend.api.deps import Ctx, ExperimentId, IfNoneMatch, Language, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.schemas import FigureReply, FigureTableReply
from muscope.backend.figures.names import FigureName
from muscope.backend.services.figures.cached_json import build_figure, figure_etag, read_table
from muscope.backend.services.figures.options import FigureOptions, TableFormat, TableOptions

router = APIRouter(prefix="/experiments", tags=["figures"])

_FIGURE: Responses = {
    200: {"model": FigureReply, "description": "The figure; gzip-compressed where that is accepted."},
    304: {"description": "Nothing has changed since the state that If-None-Match names."},
}
_TABLE: Responses = {
    200: {
        "model": FigureTableReply,
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "The numbers, as JSON or as CSV.",
    },
}


@router.get(
    "/{experiment_id}/figures/{name}",
    summary="Get a figure",
    response_class=Response,
    responses=_FIGURE | errors(404),
)
def get_figure(
    request: Request,
    context: Ctx,
    owner: Owner,
    language: Language,
    experiment_id: ExperimentId,
    name: FigureName,
    options: Annotated[FigureOptions, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return a figure of what has been measured so far, for `Plotly.react(element, data, layout)`.

    `lr_loss` shows the final loss over the LR, with each width's optimum; `run_grid` the same as squares with
    their diverged runs; `optimum_size` the optimum over the sizes; `sharpness_spread` over the steps how far
    the sharpness of sizes is apart; `density` the spectral density at one step; `coordinate_check` the first
    updates over the widths; `cost_size` what reusing the LR costs at each size, as the verdict has it, and
    `scenario_costs` under each scenario; `loss_compute` the loss over the flops of a run, at each size's best
    LR and at the reused one; `predicted_seconds` the predicted time of cells against the measured one; the
    others one LR over steps.
    Which ones an experiment has depends on what it measures: its field `figures` lists them. A live page asks
    again after each `marks` event, with the ETag it has.
    """
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Accept-Language"}
    question: tuple[Any, ...] = (context, owner, experiment_id, name, language, options)
    if if_none_match is not None and is_current(request, etag := figure_etag(*question)):
        return Response(status_code=304, headers=headers | {"ETag": f'W/"{etag}"'})
    view = build_figure(*question)
    headers |= {"ETag": f'W/"{view.etag}"', "Content-Language": language}
    if not accepts_gzip(request):
        return Response(view.json_bytes(), media_type="application/json", headers=headers)
    return Response(
        view.compressed, media_type="application/json", headers=headers | {"Content-Encoding": "gzip"}
    )


@router.get(
    "/{experiment_id}/figures/{name}/table",
    summary="Get the numbers of a figure",
    response_model=FigureTableReply,
    responses=_TABLE | errors(404),
)
def get_figure_table(
    context: Ctx,
    owner: Owner,
    language: Language,
    experiment_id: ExperimentId,
    name: FigureName,
    options: Annotated[TableOptions, Query()],
) -> Any:
    """Return what the figure draws, with the same choices, in the words of the reader's language.

    CSV has a byte order mark, by which spreadsheets recognise UTF-8, and is named after the experiment.
    """
    table = read_table(context, owner, experiment_id, name, language, options)
    headers = {"Cache-Control": "private, no-cache", "Content-Language": language}
    if options.format is TableFormat.CSV:
        file_name = quote(f"{table.experiment_name} {table.title}.csv", safe="")
        headers["Content-Disposition"] = f"attachment; filename=\"{name}.csv\"; filename*=UTF-8''{file_name}"
        return Response(table.csv, media_type="text/csv; charset=utf-8", headers=headers)
    reply = FigureTableReply(title=table.title, columns=table.columns, rows=table.rows)
    return Response(reply.model_dump_json(), media_type="application/json", headers=headers)
