"""Material of a sweep's report, as plain values."""

from __future__ import annotations

from datetime import datetime

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.report.material import DrawnFigure
from muscope.backend.sweeps.answers.answer import ArmAnswer, AxisAnswer, SweepAnswer, SweepComparison
from muscope.backend.sweeps.described import SweepColumn


class SweepMaterial(Frozen):
    """Everything that the report tells."""

    name: str
    created_at: datetime
    source_sha256: str
    answer: SweepAnswer
    columns: tuple[SweepColumn, ...]
    figures: tuple[DrawnFigure, ...]
    version: str

    @property
    def arm(self) -> ArmAnswer:
        """Return the arm that decides."""
        return next(arm for arm in self.answer.arms if arm.arm == self.answer.judged_arm)

    @property
    def axes(self) -> list[AxisAnswer]:
        """Return the axes of the arm that decides: ordered ones where there are some."""
        ordered = [axis for axis in self.arm.axes if axis.is_ordered]
        return ordered or list(self.arm.axes)

    @property
    def is_provisional(self) -> bool:
        """Return whether any of its answers rests on too few seeds."""
        return any(axis.is_provisional for axis in self.axes)


def targets(axis: AxisAnswer) -> list[SweepComparison]:
    """Return the comparisons of an axis that reach furthest from each base."""
    return [each for each in axis.comparisons if each.is_target]
