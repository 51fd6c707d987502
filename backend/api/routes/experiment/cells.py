"""Cells: their state, the constants of their tensors and their curves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from muscope.backend.api.deps import CellId, Ctx, Language, Owner
from muscope.backend.api.documented import errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.experiments import cells, curves
from muscope.backend.services.views.views import CellView, CurveView, TensorView

router = APIRouter(prefix="/cells", tags=["cells"])


@router.get("/{cell_id}", summary="Get a cell", responses=errors(404))
def get_cell(context: Ctx, language: Language, owner: Owner, cell_id: CellId) -> CellView:
    """Return one cell: what it trains, where it stands, and why it failed if it did."""
    return cells.get_cell(context, owner, cell_id, language)


@router.get(
    "/{cell_id}/tensors",
    summary="List a cell's tensors",
    response_class=Response,
    responses=list_responses(TensorView) | errors(404),
)
def list_tensors(
    context: Ctx,
    owner: Owner,
    cell_id: CellId,
    page: Page,
) -> Response:
    """List the effective initial standard deviation, LR and forward multiplier of every tensor."""
    return page.of(cells.list_tensors(context, owner, cell_id))


@router.get("/{cell_id}/curves", summary="Read a curve", responses=errors(404))
def read_curve(
    context: Ctx,
    owner: Owner,
    cell_id: CellId,
    metric: Annotated[Metric, Query(description="Metric of the curve.", examples=["train_loss"])],
    after: Annotated[int, Query(ge=-1, le=2**31, description="Return only steps after this one.")] = -1,
) -> CurveView:
    """Return raw values of one metric for all runs of the cell; null where a run has diverged.

    Ask again with `after` set to `committed_step` to get only what is new.
    """
    return curves.read_curve(context, owner, cell_id, metric, after=after)
