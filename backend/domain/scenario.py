"""Scenarios: named variants of the conditions an experiment is run under."""

from __future__ import annotations

from enum import StrEnum


class Scenario(StrEnum):
    """Which conditions a cell trains under."""

    AS_GIVEN = "as_given"
