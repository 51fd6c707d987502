"""Answers and truths of judged tasks as a file beside the page, so that a study goes on where no run is kept.

Trained runs stay on the machine that trained them. A task whose runs are there is judged anew; any other
keeps what the file says of it, as long as the rules have the version it was judged under.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from muscope.backend.domain.verdict.verdict import RULE_VERSION, Outcome
from studies.calibration.real.judged import JudgedTask
from studies.calibration.real.measured_truth import Held
from studies.calibration.real.task import Task
from studies.calibration.truth import Truth

# Name of the file beside the page.
TASKS = "tasks.json"


def read_tasks(path: Path, listed: Iterable[Task]) -> dict[str, JudgedTask]:
    """Return the listed tasks that a file holds, by name; none of another version of the rules."""
    content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if content.get("rule_version") != RULE_VERSION:
        return {}
    by_name = {task.name: task for task in listed}
    kept = {one["task"]: one for one in content["tasks"] if one["task"] in by_name}
    return {name: _judged(by_name[name], one) for name, one in kept.items()}


def write_tasks(path: Path, judged: Sequence[JudgedTask]) -> None:
    """Write judged tasks, one a line."""
    lines = [json.dumps(asdict(one) | {"task": one.task.name}, ensure_ascii=False) for one in judged]
    head = f'{{"rule_version": {json.dumps(RULE_VERSION)}, "tasks": [\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + ",\n".join(lines) + "\n]}\n", encoding="utf-8")


def in_order_of_need(listed: Sequence[Task], kept: dict[str, JudgedTask]) -> list[Task]:
    """Return the tasks to train: those never judged, then those taken over from a page in part."""
    new = [task for task in listed if task.name not in kept]
    in_part = [task for task in listed if task.name in kept and kept[task.name].is_taken_over]
    return [*new, *in_part]


def _judged(task: Task, content: dict[str, Any]) -> JudgedTask:
    planned = content["planned"]
    typed = {
        "task": task,
        "outcome": Outcome(content["outcome"]),
        "planned": None if planned is None else Outcome(planned),
        "held": tuple(_held(one) for one in content["held"]),
    }
    return JudgedTask(**content | typed)


def _held(content: dict[str, Any]) -> Held:
    advised = tuple(Truth(**one) for one in content["advised"])
    return Held(**content | {"truth": Truth(**content["truth"]), "advised": advised})
