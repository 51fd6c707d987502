"""The answer of a check in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.catalogue import text
from muscope.backend.domain.brought.finding import CheckReport, Finding, PowerRow, TensorAnswer
from muscope.backend.services.views.check_sentences import finding_sentence, number_text, rule_sentence

_DASH = "-"


def report_lines(report: CheckReport, language: str) -> list[str]:
    """Return the answer: a headline, what was found, and the table of roles and powers."""
    widths = ", ".join(map(str, report.widths))
    return [
        text(f"brought.outcome.{report.outcome.value}", language, widths=widths, seeds=report.num_seeds),
        text(
            "brought.optimizer.own" if report.is_own_optimizer else "brought.optimizer.ours",
            language,
            optimizer=report.optimizer,
        ),
        *([rule_sentence(report.rule, language)] if report.rule else []),
        "",
        *(line for finding in report.findings for line in _finding_lines(finding, language)),
        *_table(report.tensors, language),
    ]


def _finding_lines(finding: Finding, language: str) -> Iterator[str]:
    label = text(f"brought.severity.{finding.severity.value}", language)
    yield f"{label}: {finding_sentence(finding, language)}"
    yield ""


def _table(tensors: tuple[TensorAnswer, ...], language: str) -> list[str]:
    head = [text(f"brought.column.{name}", language) for name in ("tensor", "role", "shape", "init", "lr")]
    rows = [
        [
            tensor.name,
            text(f"brought.role.{tensor.role.value}", language),
            " ".join("×".join(map(str, shape)) for shape in (tensor.shapes[0], tensor.shapes[-1])),
            _power(tensor.init),
            _power(tensor.lr),
            "" if tensor.is_right else "←",
        ]
        for tensor in tensors
    ]
    table = [[*head, ""], *rows]
    sizes = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  ".join(cell.ljust(size) for cell, size in zip(row, sizes, strict=True)).rstrip() for row in table
    ]


def _power(power: PowerRow) -> str:
    """Return `measured ±half band (needed)`."""
    if power.measured is None or power.high is None:
        return f"{_DASH} ({number_text(power.expected)})"
    half = power.high - power.measured
    return f"{number_text(power.measured)} ±{half:.2f} ({number_text(power.expected)})"
