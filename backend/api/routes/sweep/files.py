"""Files of a stored sweep: figures and their numbers, next runs, the report, the table as it was sent."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from muscope.backend.api.deps import Ctx, Language, Owner, SweepId
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.schemas import FigureReply, FigureTableReply
from muscope.backend.figures.sweep.names import SweepFigure
from muscope.backend.figures.theme import Mode, YScale
from muscope.backend.services.figures.options import TableFormat
from muscope.backend.services.sweeps.drawing import SweepWish, sweep_figure_json, sweep_figure_table
from muscope.backend.services.sweeps.reports import SweepReportRequest, make_sweep_report
from muscope.backend.services.sweeps.store import next_runs_csv, sweep_file, sweep_text

router = APIRouter(prefix="/sweeps", tags=["sweeps"])

AxisIndex = Annotated[int, Query(ge=0, le=200, description="Place among the reading's `axes`.")]
StratumIndex = Annotated[int, Query(ge=0, le=10_000, description="Place among the `strata` of that axis.")]
ColourMode = Annotated[Mode, Query(description="Colours for a light or a dark page.")]
Scale = Annotated[YScale, Query(description="Scale of the vertical axis of the losses.")]
Form = Annotated[TableFormat, Query(description="JSON, or CSV to be saved.")]
Brief = Annotated[bool, Query(description="Kept for the page; a sweep's tables are short already.")]
_FIGURE: Responses = {200: {"model": FigureReply, "description": "The figure."}}
_TABLE: Responses = {
    200: {
        "model": FigureTableReply,
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "description": "The numbers, as JSON or as CSV.",
    },
}
_CSV: Responses = {
    200: {"description": "The table.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
_SENTENCES: Responses = {
    200: {"description": "The answer.", "content": {"text/plain": {"schema": {"type": "string"}}}}
}
_FILE: Responses = {
    200: {
        "description": "The file, byte for byte.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_REPORT: Responses = {
    200: {
        "description": "The report as one file.",
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}


@router.get(
    "/{sweep_id}/figures/{name}",
    summary="Get a figure of a sweep",
    response_class=Response,
    responses=_FIGURE | errors(404),
)
def get_sweep_figure(
    context: Ctx,
    owner: Owner,
    language: Language,
    sweep_id: SweepId,
    name: SweepFigure,
    axis: AxisIndex = 0,
    stratum: StratumIndex = 0,
    mode: ColourMode = Mode.LIGHT,
    y_scale: Scale = YScale.LINEAR,
) -> Response:
    """Return one arm on one axis: losses over the LR, the best LR, or the cost of reuse over the axis."""
    wish = SweepWish(name, language, axis, stratum, mode, y_scale)
    headers = {"Cache-Control": "private, no-cache", "Content-Language": language}
    content = sweep_figure_json(context, owner, sweep_id, wish)
    return Response(content, media_type="application/json", headers=headers)


@router.get(
    "/{sweep_id}/figures/{name}/table",
    summary="Get the numbers of a figure of a sweep",
    response_model=FigureTableReply,
    responses=_TABLE | errors(404),
)
def get_sweep_figure_table(
    context: Ctx,
    owner: Owner,
    language: Language,
    sweep_id: SweepId,
    name: SweepFigure,
    axis: AxisIndex = 0,
    stratum: StratumIndex = 0,
    mode: ColourMode = Mode.LIGHT,
    y_scale: Scale = YScale.LINEAR,
    format: Form = TableFormat.JSON,  # noqa: A002 (the name in the address)
    brief: Brief = False,  # noqa: ARG001 (asked for by the page of every figure)
) -> Any:
    """Return what the figure draws, in the words of the reader's language."""
    wish = SweepWish(name, language, axis, stratum, mode, y_scale)
    table = sweep_figure_table(context, owner, sweep_id, wish)
    headers = {"Cache-Control": "private, no-cache", "Content-Language": language}
    if format is TableFormat.CSV:
        headers["Content-Disposition"] = f'attachment; filename="sweep-{name}.csv"'
        return Response(table.csv, media_type="text/csv; charset=utf-8", headers=headers)
    reply = FigureTableReply(title=table.title, columns=table.columns, rows=table.rows)
    return Response(reply.model_dump_json(), media_type="application/json", headers=headers)


@router.get(
    "/{sweep_id}/text",
    summary="Get the answer of a sweep in sentences",
    response_class=Response,
    responses=_SENTENCES | errors(404, 409),
)
def get_sweep_text(context: Ctx, owner: Owner, language: Language, sweep_id: SweepId) -> Response:
    """Return the lines that `muscope judge` prints, in the language that is accepted.

    Refused with 409 while the columns are not clear.
    """
    headers = {"Cache-Control": "private, no-cache", "Content-Language": language}
    content = sweep_text(context, owner, sweep_id, language)
    return Response(content, media_type="text/plain; charset=utf-8", headers=headers)


@router.get(
    "/{sweep_id}/next-runs",
    summary="Get the cheapest runs that would settle a sweep",
    response_class=Response,
    responses=_CSV | errors(404, 409),
)
def get_next_runs(context: Ctx, owner: Owner, sweep_id: SweepId) -> Response:
    """Return the runs as CSV that a sweep script can read, those of the judged arm first.

    `settles` is 1 for runs that would decide an open answer, 0 for those that confirm a provisional one.
    Refused with 409 while the columns are not clear.
    """
    content = next_runs_csv(context, owner, sweep_id)
    return Response(content, media_type="text/csv; charset=utf-8", headers=_attached("next-runs.csv"))


@router.get(
    "/{sweep_id}/file",
    summary="Get the file of a sweep",
    response_class=Response,
    responses=_FILE | errors(404),
)
def get_sweep_file(context: Ctx, owner: Owner, sweep_id: SweepId) -> Response:
    """Return the file as it was sent."""
    name, content = sweep_file(context, owner, sweep_id)
    return Response(content, media_type="application/octet-stream", headers=_attached(name))


@router.get(
    "/{sweep_id}/report",
    summary="Get the report of a sweep",
    response_class=Response,
    responses=_REPORT | errors(404, 409),
)
def get_sweep_report(
    context: Ctx,
    owner: Owner,
    language: Language,
    sweep_id: SweepId,
    wish: Annotated[SweepReportRequest, Query()],
) -> Response:
    """Return one self-contained file: page 1 is a sheet for approval, the rest its evidence.

    Refused with 409 while the columns are not clear.
    """
    view = make_sweep_report(context, owner, sweep_id, language, wish)
    headers = _attached(view.file_name, "inline") | {
        "Cache-Control": "private, no-cache",
        "Content-Language": wish.language or language,
        "Content-Security-Policy": f"{view.policy}; frame-ancestors 'none'; sandbox",
    }
    return Response(view.content, media_type=_MEDIA[wish.format], headers=headers)


def _attached(name: str, how: str = "attachment") -> dict[str, str]:
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    return {"Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}
