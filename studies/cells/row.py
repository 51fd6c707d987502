"""Row of a study before it is run: the claim, the cells it needs, and the function that judges them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studies.cells.jobs import Job, Results
from studies.page.checks import Check
from studies.page.figures import Panel


@dataclass(frozen=True)
class Row:
    """Claim with the cells it needs (more may follow once some are there) and the checks of their results."""

    name: str
    claim: str
    setting: str
    plan: Callable[[Results], list[Job]]
    judge: Callable[[Results], tuple[list[Check], list[Panel]]]
