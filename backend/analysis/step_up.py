"""Sweep of a step up in training, joined from the base as given and from the larger training (ADR 0055).

Both have the same LR indices and seeds. Statistics that compare losses, curves or sharpness of the two with
each other are not defined here: another batch or horizon changes them at any LR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.sweep import Field, Losses, Sweep, Values
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.scaling.step_up import StepUp
from muscope.backend.domain.spec.size import Axis


def joined(base: Sweep, larger: Sweep, axis: Axis, step: StepUp) -> Sweep:
    """Return one sweep of base and larger training, each of which has one size.

    Steps and tail are the larger training's, whose curves are read; the LRs are the base's.
    """
    parts = (base, larger)
    both = losses_of(base, larger)
    return replace(
        larger,
        sizes=(base.base, larger.base),
        base_index=0,
        lrs=base.lrs,
        lr_indices=base.lr_indices,
        losses=both,
        diverged_at=np.concatenate([each.diverged_at for each in parts]),
        is_measured=np.concatenate([each.is_measured for each in parts]),
        is_planned=np.concatenate([_is_planned(each) for each in parts]),
        reached=None,
        sharpness=np.full((2, *base.is_measured.shape[1:], 0), np.nan),
        measurement_steps=np.empty(0, dtype=np.int64),
        coordinate_changes=None,
        initial_activations=None,
        train_curves=_curves(base, larger),
        until=None,
        field=_field(base, larger),
        declared_loss=_deciding(base, larger, both),
        is_seen_once=base.is_seen_once and larger.is_seen_once,
        axis=axis,
        extents=_extents(axis, step),
        lr_factor=step.lr_factor,
        further=None if larger.further is None else _further(base, larger.further),
    )


def losses_of(base: Sweep, larger: Sweep) -> dict[Metric, Losses]:
    """Return the losses of both, base first; a loss that one lacks is left out."""
    pairs = {loss: (base.losses[loss], larger.losses[loss]) for loss in base.losses if loss in larger.losses}
    return {
        loss: Losses(
            np.concatenate([each.final for each in pair]), np.concatenate([each.initial for each in pair])
        )
        for loss, pair in pairs.items()
    }


def _deciding(base: Sweep, larger: Sweep, both: dict[Metric, Losses]) -> Metric | None:
    """Return the declared loss, but not that of training where the larger one sees examples repeatedly."""
    is_repeated = base.is_seen_once and not larger.is_seen_once
    if base.declared_loss is Metric.TRAIN_LOSS and is_repeated and Metric.VAL_LOSS in both:
        return Metric.VAL_LOSS
    return base.declared_loss


def _curves(base: Sweep, larger: Sweep) -> Callable[[int, int], Values]:
    def read(size_index: int, lr_index: int) -> Values:
        return (base, larger)[size_index].train_curves(0, lr_index)

    return read


def _field(base: Sweep, larger: Sweep) -> Field | None:
    if base.field is None or larger.field is None or base.field.metric is not larger.field.metric:
        return None
    return Field(larger.field.metric, np.concatenate([base.field.final, larger.field.final]))


def _extents(axis: Axis, step: StepUp) -> tuple[float, ...]:
    """Return what grows; of several at once nothing does that a slope could be taken over."""
    if axis is Axis.BATCH:
        return float(step.base_batch_size), float(step.batch_size)
    if axis is Axis.STEPS:
        return float(step.base_num_steps), float(step.num_steps)
    return 1.0, 1.0


def _further(base: Sweep, further: Sweep) -> Sweep:
    """Return the seeds added at the larger training beside a base that has none of them."""
    shape = further.is_measured.shape
    empty = Losses(np.full(shape, np.nan), np.full(shape, np.nan))
    nothing = replace(
        further,
        losses=dict.fromkeys(further.losses, empty),
        diverged_at=np.full(shape, -1, dtype=np.int64),
        is_measured=np.zeros(shape, dtype=np.bool_),
        is_planned=np.zeros(shape, dtype=np.bool_),
    )
    return replace(
        further,
        sizes=(base.base, further.base),
        base_index=0,
        lrs=base.lrs,
        losses=losses_of(nothing, further),
        diverged_at=np.concatenate([nothing.diverged_at, further.diverged_at]),
        is_measured=np.concatenate([nothing.is_measured, further.is_measured]),
        is_planned=np.concatenate([_is_planned(nothing), _is_planned(further)]),
        train_curves=_curves(nothing, further),
    )


def _is_planned(sweep: Sweep) -> NDArray[np.bool_]:
    return np.ones_like(sweep.is_measured) if sweep.is_planned is None else sweep.is_planned
