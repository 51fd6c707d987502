"""The harness of the staged part: what is compared, and what the report makes of a difference."""

from __future__ import annotations

import pytest

from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration.in_parts import in_parts
from studies.calibration.real.sweep import shape_of
from studies.calibration.real.task import Task
from studies.calibration.real.tasks import tasks
from studies.calibration.simulated.cases import draw
from studies.calibration.staged.compared import Compared, _control_of, compare_case
from studies.calibration.staged.report import report
from studies.cells.jobs import Results
from studies.repository import digest_of

SAME = Compared("case", Outcome.TRANSFERS, Outcome.TRANSFERS, "transfers", 0.2, 4)
OTHER = Compared("case", Outcome.INCONCLUSIVE, Outcome.TRANSFERS, "transfers", 0.4, 5)


def test_a_case_is_judged_twice_and_the_stages_cost_less():
    index = next(index for index in range(400) if not draw(index).num_missing)
    compared = compare_case(index)

    assert compared.name == f"case {index}"
    assert 0.0 < compared.share < 1.0
    assert compared.stages >= 2


def test_a_case_and_its_control_have_as_many_seeds():
    assert all(draw(index).num_seeds == draw(12_000 + index - index % 4 + 3).num_seeds for index in range(24))


def test_the_report_counts_what_is_the_same_and_names_what_is_not():
    part, _ = report({"simulated": [SAME, SAME, SAME, OTHER], "real": [SAME]}, "now")
    values = {goal.name: goal.check.measured for goal in part.goals}

    assert values["staged_simulated_same"] == 75.0
    assert values["staged_simulated_share"] == pytest.approx(20.0)
    assert values["staged_real_same"] == 100.0
    assert "| inconclusive | transfers | transfers | 1 |" in part.to_markdown()


def test_a_real_task_has_the_control_that_is_trained_on_everything_else_alike():
    listed = {task.name: task for task in tasks()}
    done: list[tuple[Task, Results]] = [(task, {}) for task in listed.values()]

    def control_of(name: str) -> str | None:
        found = _control_of(listed[name], done)
        return None if found is None else found[0].name

    assert control_of("sgd mup, teacher mse") == "sgd sp, teacher mse"
    assert control_of("adam -50% sp mup, digits ce") == "adam sp, digits ce"
    assert control_of("sgd mup, digits ce") == "sgd ntp, digits ce"
    assert control_of("sgd sp, teacher mse") is None
    assert control_of("sgd depth k1 depth_mup, teacher mse") is None


def test_the_shape_of_a_dataset_is_that_of_its_arrays():
    shape = shape_of("teacher_classes")

    assert (shape.num_features, shape.num_outputs, shape.num_train, shape.num_val) == (16, 6, 2048, 512)


def case_content(index: int) -> dict[str, int]:
    """Return a case as JSON knows it."""
    return {"index": index}


def test_parts_that_are_kept_are_not_made_again(tmp_path):
    sources = ["studies/calibration/in_parts.py"]
    folder = tmp_path / "kept" / digest_of(sources)
    folder.mkdir(parents=True)
    (folder / "00000.json").write_text('[{"index": 7}, {"index": 8}]', encoding="utf-8")
    said: list[str] = []

    kept = in_parts(case_content, 2, tmp_path / "kept", sources, processes=1, report=said.append)

    assert kept == [{"index": 7}, {"index": 8}]
    assert said == ["kept: 1 of 1 parts were there already"]
