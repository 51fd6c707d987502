"""Options: what a plan may say."""

from __future__ import annotations

from fastapi import APIRouter

from muscope.backend.api.deps import Ctx
from muscope.backend.api.documented import errors
from muscope.backend.services.plans import options
from muscope.backend.services.plans.options import OptionsView

router = APIRouter(prefix="/options", tags=["plans"])


@router.get("", summary="List what a plan may say", responses=errors())
def list_options(context: Ctx) -> OptionsView:
    """List every setting of a plan with its closed set of values, and the arms and measures there are.

    A setting names the model families and optimizers it belongs to. What one dataset can be trained with is
    in `options` of the dataset; the limits of numbers are in the schema of the request.
    """
    return options.get_options(context)
