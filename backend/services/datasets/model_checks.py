"""Check of a brought model's parametrization, for people: judged from what a worker has measured."""

from __future__ import annotations

from functools import lru_cache

from pydantic import Field

from muscope.backend.analysis.model_check.judge import judge
from muscope.backend.catalogue import text
from muscope.backend.domain.brought.finding import CheckReport, Outcome, PowerRow, Severity, TensorAnswer
from muscope.backend.domain.brought.measured import MeasuredModel
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.services.views.check_sentences import finding_sentence


class CheckFindingView(Frozen):
    """One finding of a check."""

    code: str
    severity: Severity
    tensors: tuple[str, ...] = Field(description="Tensors that are wrong or asked about.")
    place: str = Field(description="`file:line` where the code must change, if it is the code.")
    text: str = Field(description="Finding and its probable cause, in words.")


class CheckedTensorView(Frozen):
    """One tensor of a check: powers of the width as measured, with 95% bands, and as its role needs them."""

    name: str
    role: TensorRole
    role_text: str
    init: PowerRow
    lr: PowerRow
    decay: PowerRow
    is_right: bool


class ModelCheckView(Frozen):
    """Answer of the check of a model's parametrization."""

    outcome: Outcome
    text: str
    widths: tuple[int, ...]
    num_seeds: int
    optimizer: str
    is_own_optimizer: bool = Field(description="The file's own optimizer, not one by the role table.")
    tensors: tuple[CheckedTensorView, ...]
    findings: tuple[CheckFindingView, ...]


def check_view(measured: MeasuredModel, language: str) -> ModelCheckView:
    """Return the answer of a check in words."""
    report = _judged(measured)
    widths = ", ".join(map(str, report.widths))
    return ModelCheckView(
        outcome=report.outcome,
        text=text(f"brought.outcome.{report.outcome.value}", language, widths=widths, seeds=report.num_seeds),
        widths=report.widths,
        num_seeds=report.num_seeds,
        optimizer=report.optimizer,
        is_own_optimizer=report.is_own_optimizer,
        tensors=tuple(_tensor_view(tensor, language) for tensor in report.tensors),
        findings=tuple(
            CheckFindingView(
                code=finding.code,
                severity=finding.severity,
                tensors=finding.tensors,
                place=finding.place,
                text=finding_sentence(finding, language),
            )
            for finding in report.findings
        ),
    )


# The list of models is read by every visit of the form; a worker's measurements stay the same.
@lru_cache(maxsize=32)
def _judged(measured: MeasuredModel) -> CheckReport:
    return judge(measured)


def _tensor_view(tensor: TensorAnswer, language: str) -> CheckedTensorView:
    rows: dict[str, PowerRow] = {"init": tensor.init, "lr": tensor.lr, "decay": tensor.decay}
    return CheckedTensorView(
        name=tensor.name,
        role=tensor.role,
        role_text=text(f"brought.role.{tensor.role.value}", language),
        is_right=tensor.is_right,
        **rows,
    )
