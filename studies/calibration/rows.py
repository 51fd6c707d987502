"""Rows of the study: each does what is not kept yet, draws its figure and returns its section of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from muscope.backend.domain.verdict.outlook import TrackRecord
from muscope.backend.domain.verdict.verdict import RULE_VERSION
from studies.calibration.real import report as real_report
from studies.calibration.real.judged import asks_for_late_seeds, judge_task
from studies.calibration.real.measured_truth import NotTriedError
from studies.calibration.real.task import Task
from studies.calibration.real.task_file import TASKS, in_order_of_need, read_tasks, write_tasks
from studies.calibration.real.tasks import tasks
from studies.calibration.recipes import report as recipes_report
from studies.calibration.recipes.measured import measure
from studies.calibration.recipes.trial import trials
from studies.calibration.record import track_record, write_record
from studies.calibration.sections import RECORD, TAKEN_OVER, Section
from studies.calibration.simulated import judged as simulated
from studies.calibration.simulated import report as simulated_report
from studies.calibration.staged import compared as staged
from studies.calibration.staged import report as staged_report
from studies.calibration.training import Trained, complete, train_listed
from studies.cells.jobs import Results
from studies.page.figures import draw


@dataclass(frozen=True)
class Settings:
    """Folders and limits of one run of the study.

    Attributes:
        page: folder of the page, its figures and the record; nothing is written elsewhere but into `kept`.
        kept: folder of judged cases and trained cells, so that a run goes on where it was stopped.
        cases: number of simulated cases.
        processes: processes side by side, a thread each.
        minutes: wall time after which no further task is trained; 0 judges what is kept.
        say: takes a line of progress.
    """

    page: Path
    kept: Path
    cases: int
    processes: int
    minutes: float
    say: Callable[[str], None]


def simulated_row(settings: Settings) -> Section:
    """Judge simulated sweeps."""
    cases = simulated.judge_all(settings.kept / "simulated", settings.cases, settings.processes, settings.say)
    section, panels = simulated_report.report(cases, _made(f"{len(cases)} cases"))
    draw(panels, settings.page / f"{simulated_report.POWER}.svg")
    return section


def real_row(settings: Settings) -> Section:
    """Train tasks while time is left, judge those that are complete, write the record once they suffice."""
    listed, kept = tasks(), settings.kept / "real"
    found = read_tasks(settings.page / TASKS, listed)
    _train(settings, kept, in_order_of_need(listed, found))
    for task, results in _settled(settings, kept, complete(kept, listed)):
        try:
            found[task.name] = judge_task(task, results)
        except NotTriedError:
            settings.say(f"{task.name}: left out, its truth was not measured at the rate the verdict names")
    judged = [found[task.name] for task in listed if task.name in found]
    write_tasks(settings.page / TASKS, judged)
    section, panels = real_report.report(judged, len(listed), _made(f"{len(judged)} of {len(listed)} tasks"))
    draw(panels, settings.page / f"{real_report.FIGURE}.svg")
    if len(judged) >= real_report.LEAST_TASKS:
        write_record(settings.page / RECORD, track_record(judged, _today(), _taken_over(settings.page)))
    return section


def _taken_over(page: Path) -> TrackRecord | None:
    """Return the record of the tasks that are taken over from an earlier page, if it is there."""
    kept = page / TAKEN_OVER
    return TrackRecord.model_validate_json(kept.read_bytes()) if kept.exists() else None


def _settled(
    settings: Settings, kept: Path, done: Sequence[tuple[Task, Results]]
) -> list[tuple[Task, Results]]:
    """Return the tasks with all the seeds their settle stage asks for; one that lacks them is left out."""
    asks = [asks_for_late_seeds(task, results) for task, results in done]
    asking = [replace(task, has_late_seeds=True) for (task, _), each in zip(done, asks, strict=True) if each]
    _train(settings, kept, asking)
    found = {task.name: (task, results) for task, results in complete(kept, asking)}
    found |= {one[0].name: one for one, each in zip(done, asks, strict=True) if not each}
    return [found[task.name] for task, _ in done if task.name in found]


def staged_row(settings: Settings) -> Section:
    """Replay the staged protocol on simulated cases and on the real tasks that are complete."""
    num_cases = min(settings.cases, staged.NUM_CASES)
    cases = staged.compare_cases(settings.kept / "staged", num_cases, settings.processes, settings.say)
    real_tasks, alone = staged.compare_tasks(complete(settings.kept / "real", tasks()))
    made = _made(f"{len(cases)} cases, {len(real_tasks)} tasks with and {len(alone)} without a control")
    section, panels = staged_report.report(
        {"simulated": cases, "real": real_tasks, "real_alone": alone}, made
    )
    draw(panels, settings.page / f"{staged_report.FIGURE}.svg")
    return section


def recipes_row(settings: Settings) -> Section:
    """Try recipes on many datasets while time is left, and count where reuse holds."""
    listed, kept = trials(), settings.kept / "recipes"
    _train(settings, kept, listed)
    measured = [measure(trial, results) for trial, results in complete(kept, listed)]
    return recipes_report.report(measured, len(listed), _made(f"{len(measured)} of {len(listed)} trials"))


def _train(settings: Settings, kept: Path, listed: Sequence[Trained]) -> None:
    if settings.minutes > 0:
        minutes, processes = settings.minutes, settings.processes
        train_listed(kept, listed, processes=processes, minutes=minutes, report=settings.say)


ROWS: dict[str, Callable[[Settings], Section]] = {
    "simulated": simulated_row,
    "real": real_row,
    "staged": staged_row,
    "recipes": recipes_row,
}


def _made(how_much: str) -> str:
    return f"{_today()}, rule version {RULE_VERSION}, {how_much}"


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
