"""A row of the table before it is run: the claim, the cells it needs, and who judges them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studies.cells.jobs import Job, Results
from studies.page.checks import Check
from studies.page.figures import Panel


@dataclass(frozen=True)
class Row:
    """A claim: which cells it needs (more may follow once some are there), and what they say of it."""

    name: str
    claim: str
    setting: str
    plan: Callable[[Results], list[Job]]
    judge: Callable[[Results], tuple[list[Check], list[Panel]]]
