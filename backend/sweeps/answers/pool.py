"""One answer over strata: the same comparison made under several conditions that were held fixed.

Strata are repeats of one question. From three on their mean decides, with the scatter between them as its
noise; with two the worse one decides. A stratum that fails never lets the whole transfer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from muscope.backend.analysis.reasons import reason
from muscope.backend.analysis.verdict import rules
from muscope.backend.analysis.verdict.rules import SEVERITY, Ends, Facts
from muscope.backend.domain.verdict.statement import REUSABLE, Estimate, Outcome, Reason
from muscope.backend.sweeps.answers.answer import SweepComparison, SweepMeasures, SweepPair
from muscope.backend.sweeps.answers.costing import Yardstick
from muscope.backend.sweeps.answers.decide import Judged, decisive, facts_of, mean_ends

_LEAST_STRATA = 3
# Share of the strata that may deviate from the mean's answer before it is no longer the answer to all.
_MOST_DEVIATING = 0.2
_OPEN = Outcome.INCONCLUSIVE


def pooled(strata: Sequence[Judged], by: Yardstick, *, is_target: bool) -> SweepComparison:
    """Return the comparison over all strata that have both values."""
    first = strata[0].said
    if len(strata) == 1:
        return _comparison(first, strata, is_target=is_target)
    strata = [each for each in strata if each.said.rule != "base_not_swept"] or strata
    usable = [each for each in strata if _has_numbers(each)]
    if len(usable) < _LEAST_STRATA or len({each.costing.unit for each in usable}) > 1:
        fails = [each for each in strata if each.said.outcome is Outcome.DOES_NOT_TRANSFER]
        counted = usable if 2 * len(usable) >= len(strata) else strata
        worst = max((each.said for each in (*counted, *fails)), key=lambda said: SEVERITY[said.outcome])
        return _comparison(worst, strata, is_target=is_target)
    outcome, rule, measures = _of_means(usable, by, is_target=is_target)
    outcome, rule, reasons = _with_deviations(outcome, rule, strata)
    said = first.model_copy(
        update={
            "outcome": outcome,
            "rule": rule,
            "measures": measures,
            "reasons": (*_common(strata), *reasons),
            "is_provisional": any(each.said.is_provisional for each in usable),
            "held": {},
        }
    )
    return _comparison(said, strata, is_target=is_target)


def _has_numbers(each: Judged) -> bool:
    found = each.found
    if found.of_base is None or found.of_target is None or found.of_base.is_edge or found.of_target.is_edge:
        return False
    return not math.isnan(each.costing.cost.value) and found.base.is_swept and found.target.is_swept


def _of_means(
    usable: Sequence[Judged], by: Yardstick, *, is_target: bool
) -> tuple[Outcome, str, SweepMeasures]:
    each = [facts_of(one.found, one.costing, by, is_target=is_target) for one in usable]
    level, limits = by.limits.level, by.limits
    cost = _with_noise(mean_ends([one.costing.cost for one in usable], level), usable)
    limit = min(one.costing.limit for one in usable)
    num_runs = min(one.found.num_runs for one in usable)
    lost = mean_ends([one.found.lost for one in usable], level)
    shift = mean_ends([facts.shift for facts in each], level)
    facts = Facts(
        is_base_learned=True,
        is_base_edge=False,
        has_interpolated=False,
        rate=max((facts.rate for facts in each if not math.isnan(facts.rate)), default=math.nan),
        margin=min(facts.margin for facts in each),
        regret=mean_ends([facts.regret for facts in each], level),
        cost=decisive(cost, limit, num_runs, limits),
        cost_limit=limit,
        gain_loss=lost,
        lost_margin=_mean([one.found.lost_margin for one in usable]),
        shift=shift,
        has_target=True,
        has_reused=True,
        is_target_learned=True,
        is_target_edge=False,
        is_largest=is_target,
    )
    rule = rules.RULES[int(rules.first_rule(facts, limits))]
    return rule.outcome, rule.text, _mean_measures(usable, shift)


def _with_noise(mean: Ends, usable: Sequence[Judged]) -> Ends:
    """Return the mean with an interval no narrower than the noise of single runs makes it.

    Strata may agree by chance of the grid: all of them have no cost where all have the same best LR.
    """
    halves = [(one.costing.cost.high - one.costing.cost.low) / 2.0 for one in usable]
    known = [half for half in halves if math.isfinite(half)]
    if not known or math.isinf(mean.value):
        return mean
    half = sum(known) / len(known) / math.sqrt(len(usable))
    low, high = (mean.low, mean.high) if math.isfinite(mean.low) else (mean.value, mean.value)
    return Ends(mean.value, min(low, mean.value - half), max(high, mean.value + half))


def _with_deviations(
    outcome: Outcome, rule: str, strata: Sequence[Judged]
) -> tuple[Outcome, str, tuple[Reason, ...]]:
    """Return the answer after a look at each stratum: named where they deviate, worse where many do."""
    worse = [
        each.said
        for each in strata
        if each.said.outcome is not _OPEN
        and SEVERITY[each.said.outcome] > SEVERITY[outcome]
        and _is_shown(each)
    ]
    fails = [said for said in worse if said.outcome is Outcome.DOES_NOT_TRANSFER]
    if not worse:
        return outcome, rule, ()
    if all(said.outcome is Outcome.SHARPNESS_DRIFTS for said in worse):
        return Outcome.SHARPNESS_DRIFTS, worse[0].rule, ()
    said = reason("strata_deviate", count=len(worse), total=len(strata), names=_names(worse))
    if len(fails) > _MOST_DEVIATING * len(strata):
        return Outcome.DOES_NOT_TRANSFER, fails[0].rule, (said,)
    is_many = bool(fails) or len(worse) > _MOST_DEVIATING * len(strata)
    if outcome in REUSABLE and is_many:
        return Outcome.FINE_TUNE, "strata_deviate", (said,)
    return outcome, rule, (said,)


def _is_shown(each: Judged) -> bool:
    """Return whether a stratum's answer is more than one estimate of many: a cost shown to be too large."""
    if each.said.outcome is not Outcome.FINE_TUNE:
        return True
    cost = each.costing.cost
    return bool((cost.low if math.isfinite(cost.low) else cost.value) > each.costing.limit)


def _names(worse: Sequence[SweepPair]) -> str:
    shown = [
        "/".join(f"{name} {level_text(level)}" for name, level in said.held.items()) for said in worse[:4]
    ]
    return "; ".join(shown) + (" …" if len(worse) > len(shown) else "")


def level_text(level: float | str) -> str:
    """Return a level as people write it: 1.3B in place of 1300000000.0."""
    if isinstance(level, str):
        return level or "-"
    for scale, unit in ((1e9, "B"), (1e6, "M")):
        if level >= scale:
            return f"{level / scale:.3g}{unit}"
    return f"{level:g}"


def _common(strata: Sequence[Judged]) -> tuple[Reason, ...]:
    """Return the reasons that more than half of the strata share, as the first of these says them."""
    found = []
    for code in dict.fromkeys(r.code for each in strata for r in each.said.reasons):
        having = [r for each in strata for r in each.said.reasons if r.code == code]
        if len(having) > len(strata) / 2:
            found.append(having[0])
    return tuple(found)


def _mean_measures(usable: Sequence[Judged], shift: Ends) -> SweepMeasures:
    each = [one.said.measures for one in usable]
    update: dict[str, object] = {
        name: _mean_of(each, name)
        for name in ("cost", "benefit", "benefit_lost", "extra_compute", "improvement_lost", "fitted_shift")
    }
    for name in ("base_loss", "best_loss", "reused_loss", "divergence_rate"):
        update[name] = _mean([getattr(one, name) for one in each if getattr(one, name) is not None])
    for name in ("margin", "base_margin"):
        update[name] = min(
            (getattr(one, name) for one in each if getattr(one, name) is not None), default=None
        )
    update["shift"] = None if math.isnan(shift.value) else round(shift.value, 2) + 0.0
    update["base_lr"] = update["best_lr"] = None
    update["num_runs"] = min(one.num_runs for one in each)
    update["is_lower_bound"] = update["is_interpolated"] = False
    return each[0].model_copy(update=update)


def _mean_of(each: Sequence[SweepMeasures], name: str) -> Estimate:
    import numpy as np

    from muscope.backend.analysis.statistics.intervals import estimate as student

    values = [getattr(one, name).value for one in each]
    return student(np.array([math.nan if v is None else v for v in values]), 0.9)


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan


def _comparison(said: SweepPair, strata: Sequence[Judged], *, is_target: bool) -> SweepComparison:
    loose = tuple(dict.fromkeys(name for each in strata for name in each.said.loose))
    if loose:
        changes = reason("changes_along", names=", ".join(loose))
        said = said.model_copy(update={"loose": loose, "reasons": (*said.reasons, changes)})
    return SweepComparison(
        **said.model_dump(),
        is_target=is_target,
        num_strata=len(strata),
        num_open=sum(each.said.outcome is _OPEN for each in strata),
        strata=tuple(each.said for each in strata) if len(strata) > 1 else (),
    )
