"""The answer of a check: findings of tensors, audits and activations, and the table of powers."""

from __future__ import annotations

from muscope.backend.analysis.model_check.activations import LEVEL, judge_activations
from muscope.backend.analysis.model_check.audits import audit_model
from muscope.backend.analysis.model_check.powers import holm
from muscope.backend.analysis.model_check.tensors import (
    NO_RULE,
    TensorPowers,
    findings_of,
    init_p,
    tensor_powers,
)
from muscope.backend.domain.brought.finding import CheckReport, Finding, Outcome, Severity, TensorAnswer
from muscope.backend.domain.brought.measured import MeasuredModel


def judge(model: MeasuredModel) -> CheckReport:
    """Return the answer: failed if anything is wrong, asked if anything must be asked, else passed."""
    measures = {each.name: each for each in model.tensors}
    tensors = [tensor_powers(model, row, measures[row.name]) for row in model.rows]
    wrong_inits = holm([init_p(tensor) for tensor in tensors], LEVEL)
    findings: list[Finding] = []
    for tensor, is_init_wrong in zip(tensors, wrong_inits, strict=True):
        findings += findings_of(model, tensor, is_init_wrong=is_init_wrong)
    findings += audit_model(model, tensors)
    if not any(finding.severity is Severity.WRONG for finding in findings):
        findings += judge_activations(model)
    return CheckReport(
        outcome=_outcome(findings),
        widths=model.widths,
        num_seeds=len(model.loss),
        optimizer=model.optimizer_name,
        is_own_optimizer=model.is_own_optimizer,
        tensors=tuple(_answer(tensor, findings) for tensor in tensors),
        findings=tuple(findings),
        rule=model.rule,
    )


def _outcome(findings: list[Finding]) -> Outcome:
    severities = {finding.severity for finding in findings}
    if Severity.WRONG in severities:
        return Outcome.FAILED
    return Outcome.ASKED if Severity.ASKED in severities else Outcome.PASSED


def _answer(tensor: TensorPowers, findings: list[Finding]) -> TensorAnswer:
    row, needed = tensor.row, tensor.needed
    decay = None if needed.decay is None else needed.lr + needed.decay
    has_rule = row.role not in NO_RULE
    return TensorAnswer(
        name=row.name,
        role=row.role,
        shapes=row.shapes,
        tied=row.tied,
        init=tensor.init.row(needed.init if has_rule else None),
        lr=tensor.lr.row(needed.lr if has_rule else None),
        decay=tensor.decay.row(decay if has_rule else None),
        is_right=not any(
            row.name in finding.tensors and finding.severity is not Severity.WARNING for finding in findings
        ),
    )
