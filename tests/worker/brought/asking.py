"""A check as tests ask it, without the process around it."""

from __future__ import annotations

from pathlib import Path

from muscope.backend.analysis.model_check.judge import judge
from muscope.backend.domain.brought.finding import CheckReport
from muscope.backend.domain.brought.question import CheckQuestion
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.worker.brought.check.sweep import measure
from tests.worker.brought.toys import WIDTHS


def question(
    path: Path, *, optimizer: str = "adamw", lr: float = 4e-3, recipe: Path | None = None
) -> CheckQuestion:
    """Return the question of a check at small widths."""
    return CheckQuestion(
        path=str(path),
        widths=WIDTHS,
        optimizer=OptimizerSpec.model_validate(optimizer),
        lr=lr,
        recipe=None if recipe is None else str(recipe),
    )


def report_of(path: Path, *, optimizer: str = "adamw", recipe: Path | None = None) -> CheckReport:
    """Check a file in this process."""
    return judge(measure(question(path, optimizer=optimizer, recipe=recipe)))


def codes(report: CheckReport) -> dict[str, str]:
    """Return the code of the finding that names each tensor."""
    return {tensor: finding.code for finding in report.findings for tensor in finding.tensors}
