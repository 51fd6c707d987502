"""Compute, staff hours and money that an experiment saved."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from muscope.backend.api.deps import Ctx, ExperimentId, Owner
from muscope.backend.api.documented import errors
from muscope.backend.domain.cost.savings import Savings
from muscope.backend.services.verdicts import savings
from muscope.backend.services.verdicts.savings import SavingsRequest

router = APIRouter(prefix="/experiments", tags=["experiments"])


@router.get("/{experiment_id}/savings", summary="See what was saved", responses=errors(404))
def get_savings(
    context: Ctx, owner: Owner, experiment_id: ExperimentId, assumed: Annotated[SavingsRequest, Query()]
) -> Savings:
    """Compare what the experiment spent with tuning directly at the target: device, staff hours and money.

    Every assumption is in the answer and can be given as a parameter. A negative saving is said as such.
    """
    return savings.get_savings(context, owner, experiment_id, assumed)
