"""The harness of the real part: a small task trained for real, and reports on truths that are made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.judging.decision import MOST_SEEDS
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.outlook import Tally, TrackRecord
from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration import rows
from studies.calibration.__main__ import main
from studies.calibration.kept import ArrayStore, Cell, _said
from studies.calibration.real import report as real_report
from studies.calibration.real.baselines import BASELINES
from studies.calibration.real.judged import JudgedTask, judge_task
from studies.calibration.real.measured_truth import Held
from studies.calibration.real.report import (
    exact_bound,
    not_holding,
    reach,
    reached_doublings,
    report,
    wrong_claims,
)
from studies.calibration.real.sweep import visible_sweep, with_settle_seeds
from studies.calibration.real.task import FEWER_SEEDS, LATE_SEEDS, SEEDS, SETTLE_SEEDS
from studies.calibration.real.task_file import TASKS
from studies.calibration.real.tasks import tasks
from studies.calibration.record import track_record, write_record
from studies.calibration.sections import RECORD
from studies.calibration.training import complete
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
    assert [cell.program.width for cell in then[6:]] == [2, 4, 8, 2, 4, 4]
    assert [cell.program.has_curvature for cell in then[6:]] == [False, False, False, True, True, False]


def test_the_truth_has_other_seeds_and_holds_every_rate_the_base_may_name(results):
    base, largest = SMALL.best_at_ends(results)
    hidden = SMALL.true_cells(base, largest)[-1].program

    assert not {run.seed for run in hidden.runs} & {*SEEDS, *SETTLE_SEEDS, *LATE_SEEDS}
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

    assert [held.doublings for held in judged.held] == [0.0, 1.0]
    assert 0.0 <= judged.measured.truth.regret < 1.0
    assert judged.share is not None
    assert 0.0 < judged.share < 2.0
    assert set(judged.says_yes) == {baseline.name for baseline in BASELINES}


def test_the_seeds_a_settle_stage_may_add_are_at_the_largest_visible_size_only(results):
    sweep = with_settle_seeds(SMALL, results)

    assert sweep.further is not None
    assert sweep.further.num_seeds == len(SETTLE_SEEDS) + len(LATE_SEEDS) == MOST_SEEDS - len(SEEDS)
    assert not sweep.further.is_measured[0].any()
    trained = sweep.further.is_measured[1, :, : len(SETTLE_SEEDS)]
    tried = np.flatnonzero(trained.all(axis=1))
    base, largest = SMALL.best_at_ends(results)
    assert {*base, *largest} <= set(tried.tolist())
    assert not sweep.further.is_measured[1, :, len(SETTLE_SEEDS) :].any()


def test_the_last_seeds_are_trained_where_the_settle_stage_asks_for_them(results):
    late = replace(SMALL, has_late_seeds=True)
    [cell] = [cell for cell in late.plan(results) if cell.key() not in results]
    found = results | {cell.key(): train_job(cell)}

    sweep, before = with_settle_seeds(late, found).further, with_settle_seeds(SMALL, results).further

    assert {run.seed for run in cell.program.runs} == set(LATE_SEEDS)
    assert sweep is not None
    assert before is not None
    first = slice(len(SETTLE_SEEDS))
    for loss in sweep.losses:
        np.testing.assert_array_equal(
            sweep.losses[loss].final[..., first], before.losses[loss].final[..., first]
        )
        tried = sweep.is_measured[1].all(axis=1)
        assert np.isfinite(sweep.losses[loss].final[1, tried]).all()
    shape = (len({run.lr_index for run in cell.program.runs}), len(LATE_SEEDS))
    own = found[cell.key()].values[Metric.VAL_LOSS].min(axis=0).reshape(shape)
    np.testing.assert_allclose(sweep.losses[Metric.VAL_LOSS].final[1, tried][:, 16:], own)


def test_an_open_answer_is_counted_by_its_rule_and_by_what_is_true(results):
    like = judge_task(SMALL, results)
    cheap, dear = (
        replace(judged_as(Outcome.INCONCLUSIVE, regret, regret, like=like), rule="unresolved")
        for regret in (0.0, 0.03)
    )

    part, _ = report([cheap, dear], 2, "now")

    [open_table] = [table for table in part.tables if table.title == "What stays inconclusive"]
    assert open_table.rows == (("unresolved", "2", "1", "0"),)


def test_a_result_is_the_same_after_it_was_kept_and_a_task_is_complete_with_all_its_cells(results, tmp_path):
    store, cells = ArrayStore(tmp_path), SMALL.plan(results)

    for cell in cells[:-1]:
        store.save(cell, results[cell.key()])
    assert complete(tmp_path, [SMALL]) == []
    store.save(cells[-1], results[cells[-1].key()])
    [(task, kept)] = complete(tmp_path, [SMALL])

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


def test_a_new_constant_with_its_default_makes_no_other_cell_of_moved_constants():
    cell = replace(SMALL, towards_sp=0.5).visible_cells()[0]
    table = cell.program.scaling
    assert table is not None
    name, own = next(iter(table.items()))
    said = [0.5, 2.0, 1.0]

    assert _said({name: own._replace(forward_mult=0.5, init_std=2.0, lr_mult=1.0)}) == {name: said}
    assert _said(own._replace(init_mean=1.0))[-1] == 1.0
    assert cell.key() != replace(SMALL, towards_sp=0.25).visible_cells()[0].key()


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


def at_distance(doublings: int, regret: float) -> Held:
    """Return a made-up truth; advice is no better, and the benefit of size allows a cost of 1%."""
    truth = Truth(regret, 0.0, None, benefit=0.1)
    return Held(float(doublings), truth, 0.0, regret, False, advised=(truth,))


def judged_as(outcome: Outcome, *regrets: float, like: JudgedTask) -> JudgedTask:
    """Return a task with a made-up verdict and made-up truths, from the measured size on, one a doubling."""
    held = tuple(at_distance(doublings, regret) for doublings, regret in enumerate(regrets))
    return replace(like, outcome=outcome, claims_beyond=outcome is Outcome.TRANSFERS, held=held)


def test_a_claim_that_does_not_hold_is_wrong_and_named_measured_and_beyond(results):
    like = judge_task(SMALL, results)
    right = judged_as(Outcome.TRANSFERS, 0.001, 0.001, like=like)
    wrong = judged_as(Outcome.SHARPNESS_DRIFTS, 0.012, 0.012, like=like)
    too_far = judged_as(Outcome.TRANSFERS, 0.001, 0.5, like=like)
    honest = judged_as(Outcome.DOES_NOT_TRANSFER, 0.5, 0.5, like=like)
    needless = judged_as(Outcome.FINE_TUNE, 0.001, 0.001, like=like)
    judged = [right, wrong, too_far, honest, needless]

    part, panels = report(judged, 5, "now")
    checks = {goal.name: goal.check for goal in part.goals}

    assert wrong_claims(judged) == [wrong]
    assert not_holding(judged) == [wrong, honest]
    assert checks["real_not"].measured == 2
    assert checks["real_not_near"].measured == 50.0
    assert checks["real_found"].measured == pytest.approx(200 / 3)
    assert (checks["real_wrong_measured"].measured, checks["real_wrong_measured"].why_not) == (
        50.0,
        SMALL.name,
    )
    assert checks["real_wrong_beyond"].measured == pytest.approx(100 / 3)
    assert checks["real_fine_tune_needed"].measured == 0.0
    assert checks["real_open"].measured == 0.0
    assert len(panels) == 2


def test_both_rules_that_people_use_stand_beside_the_verdict(results):
    like = judge_task(SMALL, results)
    names = [baseline.name for baseline in BASELINES]
    judged = [
        replace(judged_as(Outcome.FINE_TUNE, 0.5, 0.5, like=like), says_yes=dict.fromkeys(names, True)),
        replace(judged_as(Outcome.TRANSFERS, 0.0, 0.0, like=like), says_yes=dict.fromkeys(names, False)),
    ]

    part, _ = report(judged, 2, "now")

    [table] = [table for table in part.tables if "rules that people use" in table.title]
    assert [row[1:5] for row in table.rows] == [
        ("100", "0", "0", "0"),
        ("0", "100", "100", "0"),
        ("0", "100", "100", "0"),
    ]


def test_a_distance_is_reached_when_enough_was_advised_there_and_nine_of_ten_held(results):
    like = judge_task(SMALL, results)
    holding = [judged_as(Outcome.FINE_TUNE, 0.0, 0.0, 0.0, like=like)] * 4
    failing = judged_as(Outcome.TRANSFERS, 0.0, 0.0, 0.5, like=like)
    open_one = judged_as(Outcome.INCONCLUSIVE, 0.5, 0.5, 0.5, like=like)

    assert reached_doublings(reach(holding)) == 0.0
    assert reached_doublings(reach([*holding, failing, open_one])) == 1.0
    assert reached_doublings(reach([*holding, holding[0], open_one])) == 2.0
    assert reached_doublings(reach([*holding, *holding, holding[0], failing])) == 2.0
    assert [each.held for each in reach([*holding, failing])] == [Tally(count=5, of=5), Tally(count=4, of=5)]


def test_what_is_advised_for_a_hidden_size_was_tried_there_and_is_no_better_than_the_best(results):
    held = judge_task(SMALL, results).beyond

    for truth in held.advised:
        assert truth.regret >= 0.0
        assert truth.shift == held.truth.shift


def test_the_record_says_of_every_answer_how_often_its_advice_held(results, tmp_path):
    like = judge_task(SMALL, results)
    judged = [
        judged_as(Outcome.TRANSFERS, 0.0, 0.0, like=like),
        judged_as(Outcome.TRANSFERS, 0.5, 0.5, like=like),
        judged_as(Outcome.FINE_TUNE, 0.005, 0.0, like=like),
        judged_as(Outcome.DOES_NOT_TRANSFER, 0.5, 0.5, like=like),
    ]

    record = track_record(judged, "2026-11-24")
    write_record(tmp_path / "calibration.json", record)

    assert record.held[Outcome.TRANSFERS] == Tally(count=1, of=2)
    assert record.held[Outcome.FINE_TUNE] == Tally(count=1, of=1)
    assert record.held[Outcome.DOES_NOT_TRANSFER] == Tally(count=1, of=1)
    assert record.held[Outcome.INCONCLUSIVE] == Tally(count=0, of=0)
    assert record.false_transfers == Tally(count=1, of=2)
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
        "README.md", "parts.json", RECORD, TASKS, f"{real_report.FIGURE}.svg",
    }  # fmt: skip


def product_files():
    """Return the content of every file of the product."""
    paths = (path for top in ("backend", "worker") for path in (ROOT / top).rglob("*"))
    return {path: path.read_bytes() for path in paths if path.is_file() and "__pycache__" not in path.parts}


def test_a_search_within_an_octave_loses_no_more_than_the_rate_itself(results):
    for held in judge_task(SMALL, results).held:
        assert held.search_regret is not None
        assert 0.0 <= held.search_regret <= held.truth.regret
