"""Comparison of experiments: the numbers of their verdicts, and the fields in which their specs differ."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from muscope.backend.analysis.advice.instruction import instruction_of
from muscope.backend.domain.spec.differences import differences
from muscope.backend.domain.verdict.verdict import SizeStatistics, Verdict
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.figures.options import deciding_metric
from muscope.backend.services.verdicts.judging import get_verdict
from muscope.backend.services.views.compare_views import AnswerNumbers, Caution, ComparedView, ComparisonView


def compare_experiments(context: Context, owner_id: str, ids: Sequence[UUID]) -> ComparisonView:
    """Return the experiments side by side; raises NotFound for one that does not exist or was deleted."""
    compared = tuple(_compared(context, owner_id, each) for each in ids)
    return ComparisonView(
        experiments=compared,
        differences=differences([each.spec for each in compared]),
        cautions=tuple(cautions(compared)),
    )


def _compared(context: Context, owner_id: str, experiment_id: UUID) -> ComparedView:
    experiment = get_experiment(context, owner_id, experiment_id)
    progress = experiment.progress
    return ComparedView(
        id=experiment.id,
        name=experiment.name,
        dataset=experiment.dataset,
        task=experiment.task,
        state=experiment.state,
        spec=experiment.spec,
        spec_sha256=experiment.spec_sha256,
        deciding_loss=deciding_metric(experiment.spec),
        spent_seconds=0.0 if progress is None else progress.spent_seconds,
        answer=answer_numbers(get_verdict(context, owner_id, experiment_id)),
    )


def answer_numbers(verdict: Verdict) -> AnswerNumbers:
    """Return the numbers of a verdict that stand side by side."""
    size = _deciding_size(verdict)
    instruction = instruction_of(verdict)
    return AnswerNumbers(
        scenario=verdict.scenario,
        outcome=verdict.outcome,
        rule=verdict.rule,
        rule_version=verdict.rule_version,
        is_interim=verdict.is_interim,
        is_provisional=verdict.is_provisional,
        early=verdict.early,
        open=verdict.open,
        deciding=verdict.deciding,
        cliff=None if size is None else size.cliff,
        min_margin=verdict.thresholds.min_margin,
        lr=instruction.lr,
        search_lrs=instruction.search_lrs,
    )


def _deciding_size(verdict: Verdict) -> SizeStatistics | None:
    deciding = verdict.deciding
    if deciding is None:
        return None
    named = (deciding.width, deciding.depth)
    return next((each for each in verdict.arm.sizes if (each.width, each.depth) == named), None)


def cautions(compared: Sequence[ComparedView]) -> list[Caution]:
    """Return what forbids to read the numbers side by side, the gravest first."""
    units = {each.answer.deciding.unit for each in compared if each.answer.deciding is not None}
    found = {
        Caution.DATA: len({each.spec.dataset_sha256 for each in compared}) > 1,
        Caution.LOSS: len({(each.spec.loss, each.deciding_loss) for each in compared}) > 1,
        Caution.UNIT: len(units) > 1,
        Caution.RULES: len({each.answer.rule_version for each in compared}) > 1,
        Caution.INTERIM: any(each.answer.is_interim for each in compared),
    }
    return [caution for caution, holds in found.items() if holds]
