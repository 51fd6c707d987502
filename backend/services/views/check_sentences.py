"""Sentences about the findings of a check, for a terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterable

from muscope.backend.catalogue import text
from muscope.backend.domain.brought.finding import Finding
from muscope.backend.domain.brought.rule import RuleLine

_NO_NUMBER = "-"


def finding_sentence(finding: Finding, language: str) -> str:
    """Return the sentence of one finding."""
    return text(
        f"brought.finding.{finding.code}",
        language,
        tensors=", ".join(finding.tensors),
        place=finding.place,
        measured=number_text(finding.measured),
        expected=number_text(finding.expected),
        detail=finding.detail,
    )


def number_text(value: float | None) -> str:
    """Return a power with two digits after the point."""
    return _NO_NUMBER if value is None else f"{value + 0.0:.2f}".replace("-0.00", "0.00")


def rule_sentence(lines: Iterable[RuleLine], language: str) -> str:
    """Return the sentence about the fields of a configuration."""
    fields = ", ".join(
        text(
            f"model.rule.{line.origin.value}",
            language,
            field=line.field,
            value=line.value,
            before=line.instead_of,
        )
        for line in lines
    )
    return text("model.rule", language, fields=fields)
