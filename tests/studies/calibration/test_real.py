"""The harness of the real part: a small task trained for real, and reports on truths that are made up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.outlook import Tally, TrackRecord
from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration import rows
from studies.calibration.__main__ import main
from studies.calibration.real import report as real_report
from studies.calibration.real.judged import JudgedTask, judge_task
from studies.calibration.real.kept import ArrayStore, Cell
from studies.calibration.real.predictors import compare_predictors, rank_correlation
from studies.calibration.real.report import (
    exact_bound,
    not_holding,
    reach,
    reached_doublings,
    report,
    wrong_claims,
)
from studies.calibration.real.still_open import without_benefit
from studies.calibration.real.sweep import visible_sweep, with_seeds
from studies.calibration.real.task import FEWER_SEEDS, SEEDS
from studies.calibration.real.tasks import tasks
from studies.calibration.real.training import complete_tasks
from studies.calibration.real.truth_at_hidden import Held
from studies.calibration.record import track_record, write_record
from studies.calibration.sections import RECORD
from studies.calibration.truth import Truth
from studies.cells.jobs import Result, train_job
from studies.repository import ROOT

pytestmark = pytest.mark.slow

SMALL = replace(
    next(task for task in tasks() if task.name == "sgd mup, teacher mse"),
    visible=(2, 4), hidden=(8,), lowest_log2_lr=-6, num_octaves=2, num_steps=10, batch_size=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def results():
    """Train all cells of the small task."""
    found: dict[str, Result] = {}
    for _ in range(2):
        for cell in SMALL.plan(found):
            if cell.key() not in found:
                found[cell.key()] = train_job(cell)
    return found


def test_truth_and_sharpness_are_planned_once_the_visible_sizes_are_there(results):
    first, then = SMALL.plan({}), SMALL.plan(results)

    assert [cell.program.width for cell in first] == [2, 2, 2, 4, 4, 4]
    assert not any(cell.program.has_curvature for cell in first)
    assert [cell.program.width for cell in then[6:]] == [2, 8, 2, 4]
    assert [cell.program.has_curvature for cell in then[6:]] == [False, False, True, True]


def test_the_truth_has_other_seeds_and_holds_every_rate_the_base_may_name(results):
    base, largest = SMALL.best_at_ends(results)
    hidden = SMALL.true_cells(base, largest)[-1].program

    assert not {run.seed for run in hidden.runs} & set(SEEDS)
    assert {2.0 ** SMALL.log2_lrs[index] for index in base} <= {run.lr for run in hidden.runs}


def test_the_verdict_sees_the_visible_sizes_only_with_sharpness_where_it_was_measured(results):
    sweep = visible_sweep(SMALL, results)

    assert sweep.widths == (2, 4)
    measured = np.isfinite(sweep.sharpness[:, :, : len(FEWER_SEEDS)]).all(axis=(0, 2, 3))
    index = SMALL.best_at_ends(results)[0][0]
    assert list(np.flatnonzero(measured)) == sorted({max(0, index - 2), index})


def test_the_sweep_of_a_size_holds_all_its_parts_ordered_by_rate_and_seed(results):
    cells = SMALL.visible_cells()[:3]
    [sweep, _] = SMALL.visible_results(results)

    losses = sweep.values[Metric.VAL_LOSS].reshape(-1, len(SMALL.log2_lrs), len(SEEDS))
    assert SMALL.log2_lrs == (-6.0, -5.5, -5.0, -4.5, -4.0)
    for cell in cells:
        for column, run in enumerate(cell.program.runs):
            index = SMALL.log2_lrs.index(np.log2(run.lr))
            of_run = results[cell.key()].values[Metric.VAL_LOSS][:, column]
            np.testing.assert_array_equal(losses[:, index, SEEDS.index(run.seed)], of_run)


def test_a_task_is_judged_at_the_rate_the_verdict_names(results):
    judged = judge_task(SMALL, results)

    assert [held.doublings for held in judged.held] == [1.0]
    assert 0.0 <= judged.held[0].truth.regret < 1.0
    assert judged.truth in (Outcome.TRANSFERS, Outcome.FINE_TUNE, Outcome.DOES_NOT_TRANSFER)


def test_fewer_seeds_are_the_first_ones(results):
    sweep = visible_sweep(SMALL, results)

    fewer = with_seeds(sweep, 5)

    np.testing.assert_array_equal(
        fewer.losses[Metric.VAL_LOSS].final, sweep.losses[Metric.VAL_LOSS].final[:, :, :5]
    )
    assert fewer.curves(1, 0).shape[1] == fewer.num_seeds == 5


def test_a_task_without_benefit_at_hidden_sizes_either_is_rightly_open(results):
    like = judge_task(SMALL, results)
    verdict = like.verdict.model_copy(update={"outcome": Outcome.INCONCLUSIVE, "rule": "no_gain"})
    truths = [Truth(0.0, 0.0, gain_loss) for gain_loss in (None, 0.2)]
    right, wrong = (
        replace(like, verdict=verdict, held=(Held(1.0, truth, 0.0, 0.0, False),)) for truth in truths
    )

    part, _ = report([right, wrong], 2, "now")

    assert (without_benefit(right), without_benefit(wrong)) == (True, False)
    [open_table] = [table for table in part.tables if table.title == "What stays inconclusive"]
    assert open_table.rows == (("no gain", "2", "1"),)


def test_a_result_is_the_same_after_it_was_kept_and_a_task_is_complete_with_all_its_cells(results, tmp_path):
    store, cells = ArrayStore(tmp_path), SMALL.plan(results)

    for cell in cells[:-1]:
        store.save(cell, results[cell.key()])
    assert complete_tasks(tmp_path, [SMALL]) == []
    store.save(cells[-1], results[cells[-1].key()])
    [(task, kept)] = complete_tasks(tmp_path, [SMALL])

    assert task == SMALL
    for cell in cells:
        one, other = kept[cell.key()], results[cell.key()]
        assert one.diverged_at == other.diverged_at
        np.testing.assert_array_equal(one.values[Metric.TRAIN_LOSS], other.values[Metric.TRAIN_LOSS])


def test_a_cell_is_known_by_what_it_says_and_not_by_what_it_leaves_out():
    cell = SMALL.visible_cells()[0]
    same = Cell(cell.data, replace(cell.program, spec_seed=0))

    assert cell.key() == same.key()
    assert cell.key() != Cell(cell.data, replace(cell.program, spec_seed=1)).key()
    assert cell.key() != Cell("teacher_classes", cell.program).key()


def test_constants_half_way_to_sp_are_the_geometric_mean_of_both():
    half = replace(SMALL, towards_sp=0.5).visible_cells()[-1].program.scaling
    program = SMALL.visible_cells()[-1].program
    own = program.scaling_of(DataDims(16, 1))
    sp = replace(program, parametrization=Parametrization.SP).scaling_of(DataDims(16, 1))

    assert half is not None
    for name in own:
        assert half[name].lr_mult == pytest.approx((own[name].lr_mult * sp[name].lr_mult) ** 0.5)


def test_the_list_has_enough_tasks_that_ought_to_fail_or_are_near_and_each_name_once():
    listed = tasks()

    assert sum(task.expected != "transfers" for task in listed) >= 59
    assert len({task.name for task in listed}) == len(listed)
    assert {task.axis for task in listed} == {"width", "depth"}
    assert all(len(task.visible) >= 3 and task.hidden[0] > task.visible[-1] for task in listed)


@pytest.mark.parametrize(
    ("count", "of", "bound"), [(0, 59, 0.0495), (0, 24, 0.117), (1, 59, 0.0780), (0, 0, 1.0)]
)
def test_the_bound_is_that_of_the_design(count, of, bound):
    assert exact_bound(count, of) == pytest.approx(bound, abs=5e-4)


def judged_as(outcome: Outcome, *regrets: float, like: JudgedTask) -> JudgedTask:
    """Return a task with a made-up verdict and made-up truths, one a doubling; advice is no better."""
    truths = [Truth(regret, 0.0, None) for regret in regrets]
    held = tuple(
        Held(float(k + 1), truth, 0.0, 0.0, False, advised=(truth,)) for k, truth in enumerate(truths)
    )
    return replace(like, verdict=like.verdict.model_copy(update={"outcome": outcome}), held=held)


def test_a_claim_that_breaks_at_a_hidden_size_is_wrong_and_named(results):
    like = judge_task(SMALL, results)
    right = judged_as(Outcome.TRANSFERS, 0.01, like=like)
    wrong = judged_as(Outcome.SHARPNESS_DRIFTS, 0.03, like=like)
    honest = judged_as(Outcome.DOES_NOT_TRANSFER, 0.5, like=like)

    part, panels = report([right, wrong, honest], 5, "now")
    values = {goal.name: goal.check.measured for goal in part.goals}

    assert wrong_claims([right, wrong, honest]) == [wrong]
    assert not_holding([right, wrong, honest]) == [wrong, honest]
    assert values["real_wrong_transfers"] == 1
    assert values["real_not_near"] == 50.0
    assert (
        next(goal for goal in part.goals if goal.name == "real_wrong_transfers").check.why_not == SMALL.name
    )
    assert len(panels) == 2


def test_a_distance_is_reached_when_enough_was_advised_there_and_nine_of_ten_held(results):
    like = judge_task(SMALL, results)
    holding = [judged_as(Outcome.FINE_TUNE, 0.0, 0.0, like=like)] * 4
    failing = judged_as(Outcome.TRANSFERS, 0.0, 0.5, like=like)
    open_one = judged_as(Outcome.INCONCLUSIVE, 0.5, 0.5, like=like)

    assert reached_doublings(holding) == 0.0
    assert reached_doublings([*holding, failing, open_one]) == 1.0
    assert reached_doublings([*holding, holding[0], open_one]) == 2.0
    assert reached_doublings([*holding, *holding, holding[0], failing]) == 2.0
    assert [each.held for each in reach([*holding, failing])] == [Tally(count=5, of=5), Tally(count=4, of=5)]


def test_what_is_advised_for_a_hidden_size_was_tried_there_and_is_no_better_than_the_best(results):
    [held] = judge_task(SMALL, results).held

    for truth in held.advised:
        assert truth.regret >= 0.0
        assert truth.shift == held.truth.shift


def test_the_record_says_of_every_answer_how_often_its_advice_held(results, tmp_path):
    like = judge_task(SMALL, results)
    judged = [
        judged_as(Outcome.TRANSFERS, 0.0, like=like),
        judged_as(Outcome.TRANSFERS, 0.5, like=like),
        judged_as(Outcome.FINE_TUNE, 0.05, like=like),
        judged_as(Outcome.DOES_NOT_TRANSFER, 0.5, like=like),
    ]

    record = track_record(judged, "2026-11-24")
    write_record(tmp_path / "calibration.json", record)

    assert record.held[Outcome.TRANSFERS] == Tally(count=1, of=2)
    assert record.held[Outcome.FINE_TUNE] == Tally(count=1, of=1)
    assert record.held[Outcome.DOES_NOT_TRANSFER] == Tally(count=1, of=1)
    assert record.held[Outcome.INCONCLUSIVE] == Tally(count=0, of=0)
    assert record.false_transfers == Tally(count=1, of=3)
    assert TrackRecord.model_validate_json((tmp_path / "calibration.json").read_bytes()) == record


def test_the_study_writes_its_record_beside_the_page_and_leaves_the_product_alone(
    results, tmp_path, monkeypatch
):
    """With as many tasks as a record needs: one."""
    store, page = ArrayStore(tmp_path / "kept/real"), tmp_path / "page"
    for cell in SMALL.plan(results):
        store.save(cell, results[cell.key()])
    monkeypatch.setattr(rows, "tasks", lambda: [SMALL])
    monkeypatch.setattr(real_report, "LEAST_TASKS", 1)
    before = product_files()

    main(["real", "--minutes", "0"], folder=page, kept=tmp_path / "kept")

    assert product_files() == before
    assert TrackRecord.model_validate_json((page / RECORD).read_bytes()).false_transfers.of <= 1
    assert {path.name for path in page.iterdir()} == {
        "README.md", "parts.json", RECORD, f"{real_report.FIGURE}.svg",
    }  # fmt: skip


def product_files():
    """Return the content of every file of the product."""
    paths = (path for top in ("backend", "worker") for path in (ROOT / top).rglob("*"))
    return {path: path.read_bytes() for path in paths if path.is_file() and "__pycache__" not in path.parts}


def test_a_search_within_an_octave_loses_no_more_than_the_rate_itself(results):
    [held] = judge_task(SMALL, results).held

    assert 0.0 <= held.search_regret <= held.truth.regret


def test_a_rank_correlation_knows_order_only_and_a_constant_has_none():
    x = np.arange(10.0)

    assert rank_correlation(x, np.exp(x)) == pytest.approx(1.0)
    assert rank_correlation(x, -(x**3)) == pytest.approx(-1.0)
    assert math.isnan(rank_correlation(x, np.ones(10)))


def test_the_better_predictor_is_better_with_an_interval_that_excludes_none():
    truth = [float(index) for index in range(40)]
    blind = [float(index) for index in np.random.default_rng(0).permutation(40)]

    own, [more] = compare_predictors([blind, truth], truth)

    assert own[1].value == pytest.approx(1.0)
    assert more.low > 0.0
