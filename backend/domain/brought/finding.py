"""Findings of a check, and its answer as a whole."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from muscope.backend.domain.brought.rule import RuleLine
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.tensor_role import TensorRole


class Severity(StrEnum):
    """Weight of a finding: `WRONG` fails the check, `ASKED` needs an answer, `WARNING` is only said."""

    WRONG = "wrong"
    ASKED = "asked"
    WARNING = "warning"


class Outcome(StrEnum):
    """Answer of a check."""

    PASSED = "passed"
    ASKED = "asked"
    FAILED = "failed"


class ExitCode(IntEnum):
    """Exit status of `muscope check`."""

    PASSED = 0
    ASKED = 10
    FAILED = 20


EXIT_CODES = {
    Outcome.PASSED: ExitCode.PASSED,
    Outcome.ASKED: ExitCode.ASKED,
    Outcome.FAILED: ExitCode.FAILED,
}


class Finding(Frozen):
    """One finding; its sentence is `brought.finding.<code>` in the catalogue.

    Attributes:
        tensors: those that are wrong; of attention, those that the logits are made of.
        place: `file:line` where the code must change, if it is the code.
        measured, expected: powers of the width multiplier m.
    """

    code: str
    severity: Severity
    tensors: tuple[str, ...] = ()
    place: str = ""
    measured: float | None = None
    expected: float | None = None
    detail: str = ""


class PowerRow(Frozen):
    """A measured power of m with its 95% band, and the one that the role needs."""

    measured: float | None
    low: float | None
    high: float | None
    expected: float | None


class TensorAnswer(Frozen):
    """One tensor's line of the answer."""

    name: str
    role: TensorRole
    shapes: tuple[tuple[int, ...], ...]
    tied: tuple[str, ...]
    init: PowerRow
    lr: PowerRow
    decay: PowerRow
    is_right: bool


class CheckReport(Frozen):
    """Answer of a check."""

    outcome: Outcome
    widths: tuple[int, ...]
    num_seeds: int
    optimizer: str
    is_own_optimizer: bool
    tensors: tuple[TensorAnswer, ...]
    findings: tuple[Finding, ...]
    rule: tuple[RuleLine, ...] = ()
