"""Compares the verdict and the cost of the staged protocol with those of the full grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, control_for
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration.in_parts import in_parts
from studies.calibration.real.sweep import shape_of, spec_of, visible_sweep
from studies.calibration.real.task import Task as RealTask
from studies.calibration.replay import FullSweeps, replay
from studies.calibration.simulated.cases import Wanted, draw, sample
from studies.calibration.simulated.judged import SETTINGS, SHAPE, spec_like
from studies.cells.jobs import Results

NUM_CASES = 480
# Cases from here on are controls: drawn not to transfer, with as many seeds as the case they belong to.
_CONTROLS = 12_000
_KINDS = len(Wanted)
_SOURCES = (
    "backend/analysis/**/*.py", "backend/domain/**/*.py", "studies/calibration/replay.py",
    "studies/calibration/simulated/*.py", "studies/calibration/staged/compared.py",
    "studies/calibration/truth.py",
)  # fmt: skip

Sweeps = dict[Parametrization, list[Sweep]]


@dataclass(frozen=True)
class Compared:
    """Experiment judged twice: from the full grid, and from the runs of the staged protocol.

    Attributes:
        share: predicted compute of the staged protocol over that of the full grid.
        rule: what decided the staged verdict.
    """

    name: str
    full: Outcome
    staged: Outcome
    rule: str
    share: float
    stages: int

    @property
    def is_same(self) -> bool:
        """Tell whether both verdicts are the same."""
        return self.full is self.staged

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Compared:
        """Return what `asdict` gave to JSON."""
        return cls(**content | {name: Outcome(content[name]) for name in ("full", "staged")})


def compare(name: str, spec: ExperimentSpec, sweeps: Sweeps, shape: DatasetShape) -> Compared:
    """Judge the full grid, and what the staged protocol would have run of it."""
    replayed = replay(spec, {(Scenario.AS_GIVEN, arm): of_arm for arm, of_arm in sweeps.items()}, shape)
    of_staged = {arm: replayed.sweeps[Scenario.AS_GIVEN, arm] for arm in sweeps}
    full = judge(spec, Scenario.AS_GIVEN, sweeps, is_interim=False)
    staged = judge(spec, Scenario.AS_GIVEN, of_staged, is_interim=False)
    return Compared(name, full.outcome, staged.outcome, staged.rule, replayed.share, replayed.stages)


def compare_case(index: int) -> Compared:
    """Compare a simulated case, with a control beside it that does not transfer."""
    spec, sweeps = case_of(index)
    return compare(f"case {index}", spec, {arm: list(of_arm) for (_, arm), of_arm in sweeps.items()}, SHAPE)


def case_of(index: int) -> tuple[ExperimentSpec, FullSweeps]:
    """Return a simulated experiment with a control that does not transfer."""
    control = _CONTROLS + index - index % _KINDS + list(Wanted).index(Wanted.OUTSIDE)
    sweeps = {
        Parametrization.MUP: [sample(draw(index), index)],
        Parametrization.NTP: [sample(draw(control), control)],
    }
    arms = tuple(Arm(parametrization=name, lrs=of_arm[0].lrs) for name, of_arm in sweeps.items())
    spec = spec_like(sweeps[Parametrization.MUP][0], arms).model_copy(update=SETTINGS)
    return spec, {(Scenario.AS_GIVEN, name): of_arm for name, of_arm in sweeps.items()}


def compare_cases(
    folder: Path, num_cases: int, processes: int, report: Callable[[str], None]
) -> list[Compared]:
    """Compare simulated cases; kept parts are used as long as rules, protocol and cases are the same."""
    kept = in_parts(_case_content, num_cases, folder, _SOURCES, processes=processes, report=report)
    return [Compared.from_json(content) for content in kept]


def _case_content(index: int) -> dict[str, Any]:
    return asdict(compare_case(index))


def compare_tasks(done: Sequence[tuple[RealTask, Results]]) -> tuple[list[Compared], list[Compared]]:
    """Compare the real tasks: those whose control is trained as well, with it, and those that stand alone."""
    found: tuple[list[Compared], list[Compared]] = [], []
    for task, results in done:
        control = _control_of(task, done)
        found[control is None].append(_compare_task(task, results, control))
    return found


def _compare_task(task: RealTask, results: Results, control: tuple[RealTask, Results] | None) -> Compared:
    # The planned stages alone: both verdicts rest on the same eight seeds.
    spec = spec_of(task).model_copy(update={"settle": None})
    sweeps = {task.parametrization: [replace(visible_sweep(task, results), settle=None)]}
    if control is not None:
        other, of_control = control
        sweeps[other.parametrization] = [replace(visible_sweep(other, of_control), settle=None)]
        spec = spec.model_copy(update={"arms": (*spec.arms, *spec_of(other).arms)})
    return compare(task.name, spec, sweeps, shape_of(task.data))


def _control_of(task: RealTask, done: Sequence[tuple[RealTask, Results]]) -> tuple[RealTask, Results] | None:
    """Return the task that trains the control on everything else alike; None where there is none."""
    name = control_for(task.loss, task.optimizer)

    def unnamed(one: RealTask) -> RealTask:
        return replace(
            one, name="", parametrization=name, lowest_log2_lr=0, expected="", hidden=(), towards_sp=0.0
        )

    alike = (one for one in done if one[0].parametrization is name and unnamed(one[0]) == unnamed(task))
    return None if task.parametrization is name else next(alike, None)
