"""Comparison of experiments: answers and definitions side by side, and curves in one figure."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.caching import fresh_content
from muscope.backend.api.deps import Ctx, IfNoneMatch, Language, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.schemas import FigureReply, FigureTableReply
from muscope.backend.figures.compare.names import CompareFigure
from muscope.backend.figures.theme import Mode, YScale
from muscope.backend.services.compare.chosen import chosen_ids
from muscope.backend.services.compare.comparing import compare_experiments
from muscope.backend.services.compare.drawing import Wanted, compare_figure, compare_table
from muscope.backend.services.figures.options import TableFormat
from muscope.backend.services.views.compare_views import ComparisonView

router = APIRouter(prefix="/compare", tags=["compare"])

_TWO = "3f2a1c64-6d0e-4f0a-9c55-0a4a3d3f1b10,9b1de7b2-1c3d-4a55-8a1e-52f9f0c7a001"
Ids = Annotated[
    str,
    Query(
        max_length=400, description="Two to four ids of experiments, separated by commas.", examples=[_TWO]
    ),
]

ColourMode = Annotated[Mode, Query(description="Colours for a light or a dark page.")]
Scale = Annotated[YScale, Query(description="Scale of the vertical axis.")]
Form = Annotated[TableFormat, Query(description="JSON, or CSV to be saved.")]
Brief = Annotated[bool, Query(description="Only a few steps of every curve, evenly spread.")]
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


@router.get("", summary="Compare experiments", responses=errors(404))
def compare(context: Ctx, owner: Owner, ids: Ids) -> ComparisonView:
    """Return the numbers of each experiment's deciding verdict, and the fields that differ.

    The verdict is the one that `GET /experiments/{id}/verdict` gives; of an experiment that still trains it
    is interim. `cautions` name what forbids to read the numbers side by side: other data, another loss,
    another unit, other rules.
    """
    return compare_experiments(context, owner, chosen_ids(ids))


@router.get(
    "/figures/{name}",
    summary="Get a figure of compared experiments",
    response_class=Response,
    responses=_FIGURE | errors(404),
)
def get_compare_figure(
    context: Ctx,
    owner: Owner,
    language: Language,
    request: Request,
    name: CompareFigure,
    ids: Ids,
    mode: ColourMode = Mode.LIGHT,
    y_scale: Scale = YScale.LOG,
    if_none_match: IfNoneMatch = None,  # noqa: ARG001 (said here, read by `fresh_content`)
) -> Response:
    """Return the judged arm's smallest and largest size of every experiment in one figure.

    `lr_loss` shows the final loss over the LR, `loss` and `sharpness` (LR-weighted) one LR over steps: the
    one that the experiment reuses. Experiments are called A to D in the order asked for. With the ETag of
    the answer before, 304 says that it is the same.
    """
    wanted = Wanted(chosen_ids(ids), name, language, mode, y_scale)
    headers = {"Vary": "Accept-Encoding, Accept-Language", "Content-Language": language}
    return fresh_content(request, compare_figure(context, owner, wanted), headers)


@router.get(
    "/figures/{name}/table",
    summary="Get the numbers of a figure of compared experiments",
    response_model=FigureTableReply,
    responses=_TABLE | errors(404),
)
def get_compare_table(
    context: Ctx,
    owner: Owner,
    language: Language,
    name: CompareFigure,
    ids: Ids,
    mode: ColourMode = Mode.LIGHT,
    y_scale: Scale = YScale.LOG,
    format: Form = TableFormat.JSON,  # noqa: A002 (the name in the address)
    brief: Brief = False,
) -> Any:
    """Return what the figure draws, in the words of the reader's language."""
    wanted = Wanted(chosen_ids(ids), name, language, mode, y_scale)
    table = compare_table(context, owner, wanted, is_brief=brief)
    headers = {"Cache-Control": "private, no-cache", "Content-Language": language}
    if format is TableFormat.CSV:
        headers["Content-Disposition"] = f'attachment; filename="compare-{name}.csv"'
        return Response(table.csv, media_type="text/csv; charset=utf-8", headers=headers)
    reply = FigureTableReply(title=table.title, columns=table.columns, rows=table.rows)
    return Response(reply.model_dump_json(), media_type="application/json", headers=headers)
