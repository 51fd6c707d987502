"""Answer that a plan allows about the model to be used in the end, known before anything is trained."""

from __future__ import annotations

import math

from muscope.backend.analysis.advice.extrapolation import doublings_beyond
from muscope.backend.analysis.reasons import multiple, named
from muscope.backend.domain.spec.experiment import ExperimentSpec, sizes_under, target_size
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import TrackRecord
from muscope.backend.domain.verdict.statement import Reason

# Depths that tell how the best rate moves with the depth.
_A_TREND = 2


def about_target(spec: ExperimentSpec, record: TrackRecord | None) -> Reason:
    """Return what can be said of the target once the plan has run; texts are `target.<code>`.

    Args:
        record: of the calibration study, which says how far beyond the sizes trained a statement holds.
    """
    target, trained = target_size(spec), sizes_under(spec, Scenario.AS_GIVEN)
    facts: dict[str, float] = {**named(target)}
    if target in trained:
        is_given = spec.target_width is not None or spec.target_depth is not None
        return Reason(code="trained" if is_given else "largest", params=facts)
    if (needed := _too_few(spec, target)) is not None:
        return Reason(code="no_trend", params={"needed": needed, **facts})
    doublings = doublings_beyond(trained, target)
    if doublings == 0:
        return Reason(code="between", params=facts)
    limit = 0.0 if record is None else record.max_doublings
    code = "estimated" if doublings <= limit else "too_far"
    return Reason(code=code, params={"factor": multiple(doublings), "limit": multiple(limit), **facts})


def _too_few(spec: ExperimentSpec, target: Size) -> int | None:
    """Return how many sizes a trend to the target needs, where the plan has fewer."""
    needed = spec.thresholds.min_widths
    if len(spec.widths) < needed:
        return needed
    has_depths = len(spec.depths) >= _A_TREND or math.isclose(target.depth, max(spec.depths))
    return None if has_depths else _A_TREND
