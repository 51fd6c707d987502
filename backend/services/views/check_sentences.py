"""Sentences about the findings of a check, for a terminal and for the page."""

from __future__ import annotations

from muscope.backend.catalogue import text
from muscope.backend.domain.brought.finding import Finding

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
