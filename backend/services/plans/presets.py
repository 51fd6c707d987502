"""Presets for a dataset: the predicted cost of each, and its possible conclusions."""

from __future__ import annotations

from pydantic import Field

from muscope.backend.db.connection.session import Session
from muscope.backend.domain.devices import DeviceKind, device_kind
from muscope.backend.domain.plan.conclusions import conclusions
from muscope.backend.domain.plan.presets import Preset
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.money import Currency, Price, RatePerHour
from muscope.backend.domain.verdict.verdict import Reason
from muscope.backend.services.context import Context
from muscope.backend.services.plans.draft import Draft, ExperimentRequest, draft
from muscope.backend.services.views.outlay_views import OutlayView


class PresetsRequest(ExperimentRequest):
    """Plan without a preset, and the price of a slot-hour."""

    rate_per_hour: RatePerHour | None = None
    currency: Currency = Currency.JPY


class PresetView(Frozen):
    """One preset for one dataset, priced with the current capacity."""

    preset: Preset
    spec: ExperimentSpec
    expected: OutlayView = Field(description="Predicted if transfer holds; most other outcomes come earlier.")
    most: OutlayView = Field(description="The whole grid, which is never exceeded.")
    limit_seconds: float | None = Field(description="Slot-seconds the budget allows; null without one.")
    are_steps_cut: bool = Field(description="Steps were cut to fit the preset's time.")
    conclusions: tuple[Reason, ...] = Field(description="Conclusions it allows; keys conclusion.<code>.")


class PresetsView(Frozen):
    """Presets, from the quickest."""

    presets: tuple[PresetView, ...]
    device: DeviceKind = Field(description="Kind of device it is planned for.")
    slots: int
    num_workers: int = Field(description="Worker nodes seen lately; 0 means nothing would run now.")


def preview_presets(context: Context, owner_id: str, request: PresetsRequest) -> PresetsView:
    """Price every preset with the request's fields; raises NotFound or InvalidInput. Nothing is stored."""
    price = None
    if request.rate_per_hour is not None:
        price = Price(rate_per_hour=request.rate_per_hour, currency=request.currency)
    with context.database.read() as session:
        plans = [(preset, _draft(context, session, owner_id, request, preset)) for preset in Preset]
    views = tuple(
        PresetView(
            preset=preset,
            spec=plan.spec,
            expected=OutlayView.of(plan.expected, price),
            most=OutlayView.of(plan.most, price),
            limit_seconds=None if plan.spec.budget is None else plan.spec.budget.limit_seconds,
            are_steps_cut=plan.is_cut,
            conclusions=conclusions(plan.spec),
        )
        for preset, plan in plans
    )
    first = plans[0][1]
    return PresetsView(
        presets=views,
        device=device_kind(first.queue),
        slots=first.capacity.slots,
        num_workers=first.num_workers,
    )


def _draft(
    context: Context, session: Session, owner_id: str, request: PresetsRequest, preset: Preset
) -> Draft:
    wishes = request.model_dump(exclude_none=True, exclude={"rate_per_hour", "currency"})
    asked = ExperimentRequest.model_validate(wishes | {"preset": preset})
    return draft(context, session, owner_id, asked)
