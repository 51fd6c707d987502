import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.divergence import (
    DivergenceCount,
    PlannedWork,
    done_and_left,
    lived_share,
    mean_living,
    survival,
)
from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from tests.backend.domain.specs import SHAPE, spec

MUP, SP = Parametrization.MUP, Parametrization.SP
LRS = tuple(2.0**power for power in range(-8, 1))
REGRESSION = spec(
    loss="squared_error",
    widths=(32, 64, 128),
    base_width=32,
    num_steps=300,
    arms=[{"parametrization": arm, "lrs": LRS} for arm in (MUP, SP)],
)
WORK = PlannedWork(10.0, start_share=0.2, stack_share=0.1, living=0.5)


def _cell(width=32, arm=MUP, lrs=LRS, scenario=Scenario.AS_GIVEN):
    return PlannedCell(scenario, arm, width, 2, tuple(PlannedRun(i, lr, 0) for i, lr in enumerate(lrs)))


def _trial(lr, num_alive, width=32, arm=MUP, scenario=Scenario.AS_GIVEN):
    return DivergenceCount(scenario, arm, Size(width, 2), lr, 5, num_alive)


def _area(divergence=(), **where):
    """Return how many of the grid's LRs are expected to live: the border, in octaves above the lowest."""
    return sum(survival(REGRESSION, _cell(**where), divergence))


@pytest.mark.parametrize(
    ("arm", "width", "measured"),
    # Sum over LRs of the share of runs that lived: `usual sgd mup, friedman mse` and `sgd sp, teacher mse`.
    [(MUP, 32, 7.2), (MUP, 64, 6.8), (MUP, 128, 6.6), (SP, 32, 7.2), (SP, 64, 5.6), (SP, 128, 4.2)],
)
def test_before_anything_ran_the_border_is_that_of_the_study_within_an_octave(arm, width, measured):
    assert _area(arm=arm, width=width) == pytest.approx(measured, abs=1.0)


@given(st.lists(st.tuples(st.sampled_from(LRS), st.integers(0, 5)), max_size=9), st.sampled_from((32, 128)))
def test_a_larger_lr_never_has_a_better_chance(seen, width):
    chances = survival(REGRESSION, _cell(width=width), [_trial(lr, alive) for lr, alive in seen])

    assert all(0 <= chance <= 1 for chance in chances)
    assert list(chances) == sorted(chances, reverse=True)


@pytest.mark.parametrize("dead_from", [2, 4, 6])
def test_what_diverged_at_one_size_is_expected_to_at_the_next(dead_from):
    divergence = [_trial(lr, 0 if index >= dead_from else 5) for index, lr in enumerate(LRS)]

    assert _area(divergence, width=64) == pytest.approx(dead_from, abs=0.5)


def test_trials_of_another_arm_say_nothing_and_of_other_conditions_less():
    dead = [lr > 0.01 for lr in LRS]
    own, noisy, sp = (
        [
            _trial(lr, 0 if is_dead else 5, arm=arm, scenario=scenario)
            for lr, is_dead in zip(LRS, dead, strict=True)
        ]
        for arm, scenario in (
            (MUP, Scenario.AS_GIVEN),
            (MUP, Scenario("label_noise:0.2")),
            (SP, Scenario.AS_GIVEN),
        )
    )

    assert _area(sp) == _area()
    assert _area(own) < _area(noisy) < _area()


@given(st.lists(st.tuples(st.sampled_from(LRS), st.integers(0, 5)), min_size=1, max_size=5))
def test_what_is_asked_again_is_answered_by_what_is_known_then(seen):
    divergence = [_trial(lr, alive) for lr, alive in seen]
    answer = survival(REGRESSION, _cell(), divergence)
    with_dead = survival(REGRESSION, _cell(), [*divergence, _trial(LRS[4], 0)])

    assert sum(with_dead) < sum(answer)
    assert survival(REGRESSION, _cell(), divergence) == answer
    assert survival(REGRESSION, _cell(width=64), divergence) != answer


def test_seeds_of_one_lr_have_one_chance_and_keep_their_places():
    runs = [PlannedRun(index, lr, seed) for seed in (0, 1) for index, lr in enumerate(LRS)]
    both = survival(REGRESSION, PlannedCell(Scenario.AS_GIVEN, MUP, 32, 2, tuple(runs)))

    assert both == survival(REGRESSION, _cell()) * 2


def test_momentum_moves_the_border_with_what_is_stable():
    """Heavy ball is stable up to 2 (1 + b) / λ: 0.93 octaves more; the grid moves 3 octaves down."""
    grid = REGRESSION.under(momentum := Scenario("momentum:0.9")).arm(MUP).lrs
    given, moved = (survival(REGRESSION, _cell(lrs=lrs, scenario=scenario)) for lrs, scenario in (
        (LRS, Scenario.AS_GIVEN), (grid, momentum),
    ))  # fmt: skip

    assert grid[0] == LRS[0] / 8
    assert sum(moved) > sum(given)
    assert moved[-1] > 0.9 > given[-1]


@pytest.mark.parametrize(
    ("kind", "loss", "width", "measured"),
    # Residual MLP of `python -m studies.borders`, log2 of the LR that half of the seeds survive.
    [
        ("muon", "cross_entropy", 16, -0.5),
        ("muon", "cross_entropy", 64, -2.2),
        ("muon", "squared_error", 64, -2.5),
        ("adafactor", "cross_entropy", 64, -1.8),
        ("adafactor", "squared_error", 16, -1.5),
        ("adafactor", "squared_error", 64, -1.8),
    ],
)
def test_the_borders_of_muon_and_adafactor_are_those_measured_within_the_scatter(kind, loss, width, measured):
    lrs = tuple(2.0**power for power in range(-12, 8))
    asked = spec(
        loss=loss,
        optimizer=kind,
        widths=(width, 2 * width),
        base_width=width,
        arms=[{"parametrization": SP, "lrs": lrs}],
    )

    lived = sum(survival(asked, _cell(width=width, arm=SP, lrs=lrs)))

    # Half of the seeds survive at the border: a grid point at it counts for a half.
    assert lived - 12.5 == pytest.approx(measured, abs=1.8)


def test_muons_momentum_is_a_mean_of_gradients_and_moves_no_border():
    given, without = (
        REGRESSION.model_copy(
            update={"optimizer": REGRESSION.optimizer.changed(kind="muon", momentum=b, nesterov=False)}
        )
        for b in (0.95, 0.5)
    )

    assert survival(given, _cell()) == survival(without, _cell())


def test_a_dead_run_was_trained_until_it_was_noticed():
    assert lived_share(100, None) == 1.0
    assert lived_share(100, 20) == 0.3
    assert lived_share(100, 99) == 1.0
    assert mean_living(100, (1.0, 0.0)) == pytest.approx(0.55)


def test_cells_that_will_diverge_are_cheaper_but_for_their_start():
    dead = [_trial(lr, 0) for lr in LRS]
    free, known = (predict(REGRESSION, SHAPE, _cell(), DEFAULT_CALIBRATION, each) for each in ((), dead))

    assert known.planned.living < 0.2 < free.planned.living
    assert known.seconds == pytest.approx(free.planned.total(known.planned.living, 1.0))
    assert known.seconds > free.planned.start_seconds


@pytest.mark.parametrize(
    ("lived", "share", "done", "left"),
    [
        ({}, 0.0, 0.0, 2 + 1 + 7 * 0.505 / 0.5),  # a run lives, the other is dropped after 10 of 1,000 steps
        ({}, 0.5, 2 + 0.5 + 7 * 0.5 / 0.5, 0.5 + 7 * 0.5 / 0.5),
        ({1: 0.1}, 0.5, 2 + 0.5 + 7 * (0.5 + 0.1) / 2 / 0.5, 0.5 + 7 * 0.25 / 0.5),
        ({0: 0.1, 1: 0.1}, 0.5, 2.0 + 0.1 + 7.0 * 0.1 / 0.5, 0.0),  # the stack ends with its last run
        ({1: 0.1}, 1.0, 2 + 1 + 7 * 0.55 / 0.5, 0.0),
    ],
)
def test_what_is_done_and_left_follows_the_runs_that_live(lived, share, done, left):
    found = done_and_left(WORK, (1.0, 0.0), lived, share, 1000)

    assert found[0] == pytest.approx(done)
    assert found[1] == pytest.approx(left)


@given(st.floats(0, 1), st.floats(0.05, 1), st.integers(0, 4))
def test_without_a_death_all_steps_come_to_the_whole(share, living, num_runs):
    work = PlannedWork(10.0, 0.2, 0.1, living)
    done, left = done_and_left(work, (1.0,) * num_runs, {}, share, 100)

    assert math.isfinite(done + left)
    if num_runs and share:
        assert done + left == pytest.approx(work.total(1.0, 1.0))


def test_a_stack_without_a_run_left_takes_no_time():
    """All of the control's runs at a large size diverge at once: no time is its stack's."""
    work = PlannedWork(10.0, start_share=0.2, stack_share=0.6, living=0.1)
    of_start = work.start_seconds

    done, left = done_and_left(work, (0.1, 0.1), {0: 0.02, 1: 0.03}, 1.0, 300)

    assert left == 0
    assert of_start < done < of_start + 1
    assert work.total(0.0, 0.0) == of_start
    assert done_and_left(work, (0.0, 0.0), {}, 0.0, 300)[1] < done_and_left(work, (0.5, 0.0), {}, 0.0, 300)[1]
