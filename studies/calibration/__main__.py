"""Calibrate the verdict: `make calibrate`, or one part with `make calibrate ONLY=simulated`.

Does what is not kept in build/calibrate yet, writes docs/calibration, ends with a line per goal:
`<name> <value> <goal> ok|short`.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from backend.domain.verdict.verdict import RULE_VERSION
from studies.calibration.part import Part, load, page, save
from studies.calibration.real import report as real_report
from studies.calibration.real import training as real
from studies.calibration.real.judged import judge_task
from studies.calibration.real.tasks import tasks
from studies.calibration.simulated import judged as simulated
from studies.calibration.simulated import report as simulated_report
from studies.calibration.staged import compared as staged
from studies.calibration.staged import report as staged_report
from studies.calibration.track_record import track_record, write_record
from studies.page.figures import draw
from studies.repository import ROOT

PAGE = ROOT / "docs/calibration"
RECORD = ROOT / "backend/analysis/advice/calibration.json"
KEPT = ROOT / "build/calibrate"


def main() -> None:
    """Do the parts that are wanted, and write the page after each."""
    arguments = _arguments()
    began, lines = time.monotonic(), []
    for name in arguments.parts or PARTS:
        part = PARTS[name](arguments)
        parts = load(PAGE / "parts.json") | {name: part}
        save(PAGE / "parts.json", parts, list(PARTS))
        (PAGE / "README.md").write_text(page(parts, list(PARTS)), encoding="utf-8")
        lines += [goal.line() for goal in part.goals]
    _say(f"── {PAGE.relative_to(ROOT)}/README.md, {time.monotonic() - began:.0f} s")
    print("\n".join(lines))


def _simulated(arguments: argparse.Namespace) -> Part:
    cases = simulated.judge_all(KEPT / "simulated", arguments.cases, arguments.processes, _say)
    part, panels = simulated_report.report(cases, _made(f"{len(cases)} cases"))
    draw(panels, PAGE / f"{simulated_report.POWER}.svg")
    return part


def _real(arguments: argparse.Namespace) -> Part:
    listed = tasks()
    if arguments.minutes > 0:
        real.train_tasks(
            KEPT / "real", listed, processes=arguments.processes, minutes=arguments.minutes, report=_say
        )
    judged = [judge_task(task, results) for task, results in real.complete_tasks(KEPT / "real", listed)]
    part, panels = real_report.report(judged, len(listed), _made(f"{len(judged)} of {len(listed)} tasks"))
    draw(panels, PAGE / f"{real_report.FIGURE}.svg")
    if len(judged) >= real_report.LEAST_TASKS:
        write_record(RECORD, track_record(judged, _today()))
    return part


def _staged(arguments: argparse.Namespace) -> Part:
    cases = staged.compare_cases(
        KEPT / "staged", min(arguments.cases, staged.NUM_CASES), arguments.processes, _say
    )
    real_tasks, alone = staged.compare_tasks(real.complete_tasks(KEPT / "real", tasks()))
    made = _made(f"{len(cases)} cases, {len(real_tasks)} tasks with and {len(alone)} without a control")
    part, panels = staged_report.report({"simulated": cases, "real": real_tasks, "real_alone": alone}, made)
    draw(panels, PAGE / f"{staged_report.FIGURE}.svg")
    return part


PARTS: dict[str, Callable[[argparse.Namespace], Part]] = {
    "simulated": _simulated,
    "real": _real,
    "staged": _staged,
}


def _made(how_much: str) -> str:
    return f"{_today()}, rule version {RULE_VERSION}, {how_much}"


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _say(line: str) -> None:
    print(line, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m studies.calibration", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="ROW", help=", ".join(PARTS))
    parser.add_argument("--processes", type=int, default=2, help="processes side by side, a thread each")
    parser.add_argument("--cases", type=int, default=simulated.NUM_CASES, help="simulated cases")
    parser.add_argument("--minutes", type=float, default=math.inf, help="for training; 0 judges what is kept")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}; rows: {', '.join(PARTS)}")
    return arguments


if __name__ == "__main__":
    main()
