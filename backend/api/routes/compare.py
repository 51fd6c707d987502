"""Comparison of experiments: answers and definitions side by side, and curves in one figure."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from muscope.backend.api.deps import Ctx, Owner
from muscope.backend.api.documented import errors
from muscope.backend.services.compare.chosen import chosen_ids
from muscope.backend.services.compare.comparing import compare_experiments
from muscope.backend.services.views.compare_views import ComparisonView

router = APIRouter(prefix="/compare", tags=["compare"])

_TWO = "3f2a1c64-6d0e-4f0a-9c55-0a4a3d3f1b10,9b1de7b2-1c3d-4a55-8a1e-52f9f0c7a001"
Ids = Annotated[
    str,
    Query(
        max_length=400, description="Two to four ids of experiments, separated by commas.", examples=[_TWO]
    ),
]


@router.get("", summary="Compare experiments", responses=errors(404))
def compare(context: Ctx, owner: Owner, ids: Ids) -> ComparisonView:
    """Return the numbers of each experiment's deciding verdict, and the fields that differ.

    The verdict is the one that `GET /experiments/{id}/verdict` gives; of an experiment that still trains it
    is interim. `cautions` name what forbids to read the numbers side by side: other data, another loss,
    another unit, other rules.
    """
    return compare_experiments(context, owner, chosen_ids(ids))
