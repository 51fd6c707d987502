"""State of one arm under one scenario, and the tuning of its base (ADR 0021)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

from muscope.backend.domain.protocol.evidence import CellGroup, Evidence
from muscope.backend.domain.protocol.lr_grid import LRGrid
from muscope.backend.domain.protocol.windows import PlannedRuns, SizeWindow
from muscope.backend.domain.spec.experiment import ExperimentSpec, axes_of, base_size, sizes_on
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size, axis_of


@dataclass(frozen=True)
class ArmState:
    """State of an arm under the staged protocol.

    Attributes:
        runs_to_plan: runs to plan for it now.
        is_ended: nothing more will be planned for it.
        is_hopeless: its base gives no LR to reuse, so no size can be judged.
        is_failing: a size is proven to fail, which no other size can change; of a control: its cost is shown
            to exceed the limit, so that it discriminates.
        has_left_out: sizes of its plan were not run.
    """

    runs_to_plan: tuple[PlannedRuns, ...] = ()
    is_ended: bool = False
    is_hopeless: bool = False
    is_failing: bool = False
    has_left_out: bool = False


@dataclass(frozen=True)
class ArmEvidence:
    """One (scenario, parametrization) of a plan with its evidence."""

    plan: ExperimentSpec
    scenario: Scenario
    parametrization: Parametrization
    evidence: Evidence
    has_curvature: bool

    @cached_property
    def spec(self) -> ExperimentSpec:
        """Return the spec that the scenario's cells train with."""
        return self.plan.under(self.scenario)

    @property
    def max_seeds(self) -> int:
        """Return the most seeds that an LR may have: those of the plan's settle stage, else those granted.

        A plan's own limit holds for seeds granted later too: the levels of its looks add up to the error.
        """
        settle = self.spec.settle
        return self.evidence.granted_seeds if settle is None else settle.max_seeds

    @property
    def grid(self) -> LRGrid:
        """Return the arm's LRs under its scenario."""
        return LRGrid(self.spec.arm(self.parametrization).lrs)

    @property
    def larger(self) -> list[Size]:
        """Return the sizes above the base, cheapest first."""
        base = base_size(self.spec)
        sizes = {size for axis in axes_of(self.spec) for size in sizes_on(self.spec, axis)}
        return sorted((size for size in sizes if axis_of(size, base) is not None), key=cost_order)

    def window(self, size: Size) -> SizeWindow:
        """Return the window of one size of the arm; the stage is its rank in the order of sizes.

        A step up follows all of them.
        """
        group = CellGroup(self.scenario, self.parametrization, size)
        if self.scenario.is_step_up:
            stage = 1 + len(self.larger)
        else:
            stage = 0 if size == base_size(self.spec) else 1 + self.larger.index(size)
        return SizeWindow(group, self.evidence.at(group), self.grid, stage)

    def reused(self) -> dict[Metric, int]:
        """Return the LR to carry by loss, without a loss whose optimum may lie outside the grid."""
        base = self.window(base_size(self.spec))
        complete, statistics = base.complete(self.spec.seeds), base.evidence.statistics
        inside = [loss for loss, best in statistics.best.items() if self.grid.is_inside(best, complete)]
        carried = statistics.carried
        return {loss: statistics.best[loss] if carried is None else carried for loss in inside}


def cost_order(size: Size) -> tuple[int, Size]:
    """Return a sort key by approximate cost of a step: width² times depth."""
    return size.width**2 * size.depth, size


def tune(arm: ArmEvidence) -> ArmState | None:
    """Return the arm's state while its base has no LR to reuse yet, or none at all; None when it is tuned."""
    base, seeds = arm.window(base_size(arm.spec)), arm.spec.seeds
    if base.evidence.open:
        return ArmState()
    lacking = arm.grid.coarse() - base.tried(seeds)
    if not lacking:
        lacking = arm.grid.around_all(base.evidence.statistics.best.values()) - base.tried(seeds)
    if lacking:
        curved = product(lacking, seeds) if arm.has_curvature else ()
        return ArmState((base.plan(lacking, seeds, frozenset(curved)),))
    if not arm.reused():
        return ArmState(is_ended=True, is_hopeless=True, has_left_out=bool(arm.larger))
    return None
