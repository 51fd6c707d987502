"""Overall verdict of an experiment, from the verdicts of its scenarios (ADR 0022)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.overall import BreakPoint, OverallVerdict, ScenarioAnswer
from muscope.backend.domain.verdict.statement import REUSABLE, Estimate, Outcome
from muscope.backend.domain.verdict.verdict import ArmVerdict, SizeStatistics, Verdict

FAILS = (Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER)


def overall(verdicts: Sequence[Verdict]) -> OverallVerdict:
    """Return the worst of at least one verdict, and the scenarios and sizes where the reused LR fails.

    An inconclusive scenario is worse than one that needs fine-tuning; the failures of others are still
    listed.
    """
    by_scenario = {verdict.scenario: verdict for verdict in verdicts}
    deciding = deciding_scenario({scenario: each.outcome for scenario, each in by_scenario.items()})
    failing = {scenario: each.outcome for scenario, each in by_scenario.items() if each.outcome in FAILS}
    return OverallVerdict(
        outcome=by_scenario[deciding].outcome,
        scenario=deciding,
        breaks_at=_break_point(by_scenario[deciding_scenario(failing)]) if failing else None,
        holds_under=tuple(each.scenario for each in verdicts if each.outcome in REUSABLE),
        is_interim=any(each.is_interim for each in verdicts),
        is_provisional=any(each.is_provisional for each in verdicts),
        scenarios=tuple(_answer(each) for each in verdicts),
    )


def deciding_scenario(outcomes: Mapping[Scenario, Outcome]) -> Scenario:
    """Return the scenario with the worst of the outcomes, the first of equals; there must be at least one."""
    return max(outcomes, key=lambda scenario: SEVERITY[outcomes[scenario]])


def _break_point(verdict: Verdict) -> BreakPoint | None:
    size = _deciding_size(verdict.arm)
    if size is None:
        return None
    return BreakPoint(
        scenario=verdict.scenario,
        outcome=verdict.outcome,
        width=size.width,
        depth=size.depth,
        axis=size.axis,
    )


def _answer(verdict: Verdict) -> ScenarioAnswer:
    size = _deciding_size(verdict.arm)
    return ScenarioAnswer(
        scenario=verdict.scenario,
        outcome=verdict.outcome,
        rule=verdict.rule,
        is_interim=verdict.is_interim,
        is_provisional=verdict.is_provisional,
        base_lr=verdict.arm.base_lr,
        width=None if size is None else size.width,
        depth=None if size is None else size.depth,
        axis=None if size is None else size.axis,
        transfer_regret=Estimate() if size is None else _regret(size),
    )


def _deciding_size(arm: ArmVerdict) -> SizeStatistics | None:
    """Return the size an arm's verdict names, else the largest with numbers."""
    named = [size for size in arm.sizes if (size.width, size.depth) == (arm.worst_width, arm.worst_depth)]
    known = [size for size in arm.sizes if _regret(size).value is not None]
    return next(iter(named), None) or max(known, key=lambda size: size.width * size.depth, default=None)


def _regret(size: SizeStatistics) -> Estimate:
    return size.losses[0].transfer_regret if size.losses else Estimate()
