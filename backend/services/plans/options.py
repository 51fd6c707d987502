"""Options of a plan: the domain's closed sets, and this installation's limits."""

from __future__ import annotations

from pydantic import Field

from muscope.backend.domain.comparison import FEWEST_COMPARED, MOST_COMPARED
from muscope.backend.domain.plan.options import PlanOptions, plan_options
from muscope.backend.services.context import Context


class OptionsView(PlanOptions):
    """Options of a plan, and the limits of this installation."""

    upload_limit_bytes: int = Field(description="The size of the largest file that is taken.")
    fewest_compared: int = Field(description="The fewest experiments that a comparison takes.")
    most_compared: int = Field(description="The most experiments that a comparison takes.")


def get_options(context: Context) -> OptionsView:
    """Return the options of a plan on this installation."""
    options = plan_options()
    return OptionsView.model_validate(
        options.model_dump()
        | {
            "upload_limit_bytes": context.settings.upload_limit_bytes,
            "fewest_compared": FEWEST_COMPARED,
            "most_compared": MOST_COMPARED,
        }
    )
