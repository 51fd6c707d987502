"""Time left under the staged protocol, against replays whose whole course is known."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from muscope.backend.domain.plan.presets import refined
from muscope.backend.domain.protocol import foreseen_cells, further_runs
from muscope.backend.domain.protocol.evidence import (
    CellGroup,
    Evidence,
    GroupEvidence,
    GroupStatistics,
    group_of,
)
from muscope.backend.domain.protocol.expected_runs import OptimumSpan, expected_span
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.experiment import Protocol, base_size
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from studies.calibration.replay import Stage, replay
from studies.calibration.staged.compared import case_of
from tests.backend.domain.specs import SHAPE, spec

STAGED = spec(
    protocol=Protocol.STAGED,
    widths=(8, 16, 32),
    arms=[
        {"parametrization": name, "lrs": [2.0**power for power in range(-6, 3)]}
        for name in (Parametrization.MUP, Parametrization.NTP)
    ],
)


def _seconds(asked, cells):
    return sum(predict(asked, SHAPE, cell, DEFAULT_CALIBRATION).seconds for cell in cells)


@cache
def _looks():
    """Return (share of the time that is over, what is left, foreseen, and with what windows should take).

    Cases other than those the expectation was measured on.
    """
    looks = []
    for index in range(60, 68):
        asked, sweeps = case_of(index)
        stages: list[Stage] = []
        replayed = replay(asked, sweeps, SHAPE, on_stage=stages.append)
        staged = asked.model_copy(update={"protocol": Protocol.STAGED})
        total = _seconds(staged, replayed.cells)
        for planned, evidence in stages:
            over = _seconds(staged, planned)
            cells = foreseen_cells(staged, evidence)
            plain = [cell for cell in cells if not cell.has_curvature]
            runs = Counter({group_of(cell): 0 for cell in plain})
            for cell in plain:
                runs[group_of(cell)] += len(cell.runs)
            extra = sum(
                further_runs(staged, evidence, group, runs[group]) / runs[group] * _seconds(staged, [cell])
                for cell in plain
                for group in [group_of(cell)]
            )
            hoped = _seconds(staged, cells)
            looks.append((over / total, total - over, hoped, hoped + extra))
    return looks


@pytest.mark.slow
def test_at_the_first_look_the_widening_of_windows_is_expected():
    counted = [(left, hoped, told) for over, left, hoped, told in _looks() if over <= 0.85]
    of_hoped, of_told = (
        sum(abs(each[which] / each[0] - 1) <= 0.2 for each in counted) / len(counted) for which in (1, 2)
    )

    assert len(counted) > 30
    assert of_told >= 0.65
    assert of_told > of_hoped


def test_what_is_told_is_neither_too_much_nor_too_little_in_sum():
    left, told = (sum(look[which] for look in _looks()) for which in (1, 3))

    assert told == pytest.approx(left, rel=0.15)


def _seen(best, *, size=None, **look):
    """Return the whole grid at the base, or at another size, as run, with what the statistics say."""
    cells = [cell for cell in full_grid(STAGED) if group_of(cell).size == (size or base_size(STAGED))]
    return {
        group_of(cell): GroupEvidence(
            frozenset((run.lr_index, run.seed) for run in cell.runs),
            num_cells=1,
            statistics=GroupStatistics({Metric.VAL_LOSS: best}, **look),
        )
        for cell in cells
    }


def test_windows_at_larger_sizes_lie_where_the_base_was_best():
    cells = foreseen_cells(STAGED, Evidence(_seen(6)))

    assert {group_of(cell).size.width for cell in cells} == {16, 32}
    assert {run.lr_index for cell in cells for run in cell.runs} == {5, 6, 7}


def test_a_failure_that_was_seen_leaves_nothing_to_come():
    failed = _seen(4) | _seen(4, size=Size(16, 2), fails=True, fails_early=True)

    assert foreseen_cells(STAGED, Evidence(failed)) == ()


def test_nothing_is_expected_beyond_the_base_or_under_the_full_grid():
    at_base = CellGroup(Scenario.AS_GIVEN, Parametrization.MUP, base_size(STAGED))
    larger = at_base._replace(size=Size(16, 2))
    control = larger._replace(parametrization=Parametrization.NTP)

    assert further_runs(STAGED, Evidence(), at_base, 10) == 0
    assert further_runs(STAGED, Evidence(), larger, 10) > 0
    full = STAGED.model_copy(update={"protocol": Protocol.FULL})
    assert further_runs(full, Evidence(), control, 10) == 0


def test_the_control_takes_a_share_more_and_less_once_it_was_looked_at():
    control = CellGroup(Scenario.AS_GIVEN, Parametrization.NTP, Size(32, 2))
    before = further_runs(STAGED, Evidence(), control, 10)
    after = further_runs(STAGED, Evidence(_seen(4, size=Size(32, 2))), control, 10)

    assert 0 < after < before < 10


def test_a_window_widened_once_is_expected_to_grow_by_lrs_and_one_not_widened_by_octaves():
    larger = CellGroup(Scenario.AS_GIVEN, Parametrization.MUP, Size(16, 2))
    fine = STAGED.model_copy(update={"arms": tuple(refined(arm, 2) for arm in STAGED.arms)})
    judged = Evidence(_seen(4) | _seen(4, size=Size(16, 2)))

    assert further_runs(fine, judged, larger, 10) == further_runs(STAGED, judged, larger, 10) > 0
    before, finer = (further_runs(each, Evidence(), larger, 10) for each in (STAGED, fine))
    assert finer == pytest.approx(2 * before)


def test_a_grid_of_one_lr_cannot_be_widened():
    larger = CellGroup(Scenario.AS_GIVEN, Parametrization.MUP, Size(16, 2))
    arms = tuple(arm.model_copy(update={"lrs": arm.lrs[:1]}) for arm in STAGED.arms)

    assert further_runs(STAGED.model_copy(update={"arms": arms}), Evidence(), larger, 10) == 0


def _under_adam(widths=(8, 16, 32)):
    arm, names = STAGED.arms[0], (Parametrization.MUP, Parametrization.SP)
    return STAGED.model_copy(
        update={
            "optimizer": OptimizerSpec(kind="adam"),
            "widths": widths,
            "seeds": (0, 1, 2, 3, 4),
            "arms": tuple(arm.model_copy(update={"parametrization": name}) for name in names),
        }
    )


def test_under_adam_a_window_is_not_expected_to_be_widened_unless_optima_drift():
    adam = _under_adam((8, 16, 32, 64))
    largest = CellGroup(Scenario.AS_GIVEN, Parametrization.MUP, Size(64, 2))
    drifting = _seen(3) | _seen(6, size=Size(16, 2)) | _seen(8, size=Size(32, 2))

    evidence = (Evidence(), Evidence(_seen(4)), Evidence(drifting))
    told = [further_runs(adam, each, largest, 10) for each in evidence]

    assert told[:2] == [0, 0]
    assert told[2] > len(adam.seeds)


def test_under_adam_the_control_is_foreseen_with_all_seeds_and_widened_once():
    adam = _under_adam()
    control = CellGroup(Scenario.AS_GIVEN, Parametrization.SP, Size(32, 2))
    cells = [cell for cell in foreseen_cells(adam) if group_of(cell) == control]
    first = frozenset((run.lr_index, run.seed) for run in cells[0].runs)
    every = frozenset((run.lr_index, run.seed) for cell in cells for run in cell.runs)

    assert [len({run.seed for run in cell.runs}) for cell in cells] == [3, len(adam.seeds) - 3]
    before, at_first, at_all = (
        further_runs(adam, Evidence({control: GroupEvidence(open=runs)}), control, len(runs))
        for runs in (frozenset(), first, every)
    )
    assert before == at_first == len(adam.seeds)
    assert at_all == 0


def test_an_optimum_that_drifts_is_expected_to_go_on_by_octaves_per_doubling():
    """A grid of octaves: best at the 5th LR of the base, at the 6th and 7th of the next sizes."""
    largest = CellGroup(Scenario.AS_GIVEN, Parametrization.MUP, Size(64, 2))
    wide = STAGED.model_copy(update={"widths": (8, 16, 32, 64)})
    still = _seen(4) | _seen(4, size=Size(16, 2)) | _seen(4, size=Size(32, 2))
    drifting = _seen(4) | _seen(5, size=Size(16, 2)) | _seen(6, size=Size(32, 2))

    told = [further_runs(wide, Evidence(each), largest, 10) for each in (still, drifting, _seen(4))]

    assert told[0] == told[2] < told[1]


def test_a_drift_along_one_axis_says_nothing_of_the_other():
    both = STAGED.model_copy(update={"depths": (2, 4), "base_depth": 2})
    deeper = CellGroup(Scenario.AS_GIVEN, Parametrization.MUP, Size(8, 4))
    drifting = _seen(4) | _seen(8, size=Size(32, 2))

    assert further_runs(both, Evidence(drifting), deeper, 10) == further_runs(
        both, Evidence(_seen(4)), deeper, 10
    )


def test_the_line_through_sizes_is_the_least_squares_line_with_a_doubling_that_says_nothing():
    """Slope Σ(x−x̄)(y−ȳ) / (Σ(x−x̄)² + 1): 2 / (2 + 1) for optimum_spans 0, 1, 2 at 0, 1, 2 doublings."""
    seen = [OptimumSpan(0, 0, 0), OptimumSpan(1, -1, 1), OptimumSpan(2, -2, 2)]

    assert expected_span(seen, 3) == pytest.approx((3, -1 - 4 / 3, 1 + 4 / 3))
    assert expected_span(seen[:1], 3) == (3, 0, 0)
