"""Prices of the presets before an experiment exists."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from muscope.backend.api.deps import Ctx, Owner
from muscope.backend.api.documented import errors
from muscope.backend.api.plans import reporting_unreadable_plans
from muscope.backend.services.plans import presets
from muscope.backend.services.plans.presets import PresetsRequest, PresetsView

router = APIRouter(prefix="/plans", tags=["experiments"])

_EXAMPLES: dict[str, Any] = {
    "priced": {
        "summary": "Cost of each preset at 120 yen an hour of a core",
        "value": {
            "dataset_id": "3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11",
            "rate_per_hour": 120,
            "currency": "JPY",
        },
    }
}


@router.post("/presets", summary="Compare the presets", responses=errors(403, 404, 413))
def preview_presets(
    context: Ctx, owner: Owner, body: Annotated[PresetsRequest, Body(openapi_examples=_EXAMPLES)]
) -> PresetsView:
    """Show, for quick, standard and thorough, time, money, memory, runs and what each can conclude.

    Wishes besides (a model family, a loss, widths …) go before the preset, as they do for a plan.
    """
    with reporting_unreadable_plans():
        return presets.preview_presets(context, owner, body)
