import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric, Schedule, Spacing, eos_threshold

EVERY_STEP = {Metric.TRAIN_LOSS}


@st.composite
def _schedules(draw):
    num_steps = draw(st.integers(1, 400))
    return Schedule(num_steps, draw(st.integers(1, num_steps)), draw(st.integers(1, num_steps + 50)))


@given(_schedules())
def test_windows_cover_every_step_exactly_once(schedule):
    steps = [step for first in schedule.window_starts() for step in schedule.window_steps(first)]

    assert steps == list(range(schedule.num_steps + 1))


@given(_schedules())
def test_window_borders_are_multiples_of_the_chunk_length(schedule):
    starts = list(schedule.window_starts())

    assert starts == [k * schedule.chunk_steps for k in range(len(starts))]
    assert all(len(schedule.window_steps(first)) <= schedule.chunk_steps for first in starts)


@given(_schedules(), st.sampled_from(Metric))
def test_every_metric_has_its_steps_exactly_once(schedule, metric):
    steps = [step for first in schedule.window_starts() for step in schedule.metric_steps(metric, first)]

    if METRIC_INFO[metric].only_first:
        assert steps == [0]
        return
    every = 1 if metric in EVERY_STEP else schedule.measure_every
    assert steps == sorted({*range(0, schedule.num_steps + 1, every), schedule.num_steps})


@given(_schedules(), st.sampled_from(Spacing))
def test_the_first_and_the_last_step_are_measured_and_measurements_are_counted(schedule, spacing):
    schedule = schedule._replace(spacing=spacing)
    measured = [step for step in range(schedule.num_steps + 1) if schedule.measures_at(step)]

    assert (measured[0], measured[-1]) == (0, schedule.num_steps)
    assert schedule.num_measurements() == len(measured)


def _last_steps(schedule):
    return [schedule.window_steps(first)[-1] for first in schedule.window_starts()]


@given(_schedules())
def test_committed_steps_grow_to_the_last_step(schedule):
    last_steps = _last_steps(schedule)

    assert last_steps == sorted(set(last_steps))
    assert last_steps[-1] == schedule.num_steps
    assert len(last_steps) == len(schedule.window_starts())


def test_the_schedule_of_300_steps_measured_every_30_in_chunks_of_100():
    schedule = Schedule(300, 30, 100)

    assert _last_steps(schedule) == [99, 199, 299, 300]
    assert schedule.metric_steps(Metric.SHARPNESS, 100) == [120, 150, 180]
    assert schedule.metric_steps(Metric.SHARPNESS, 300) == [300]
    assert schedule.num_measurements() == 11


def test_a_last_step_that_is_no_multiple_is_measured_too():
    assert Schedule(12, 5, 100).metric_steps(Metric.VAL_LOSS, 0) == [0, 5, 10, 12]


def test_log_spacing_measures_as_often_at_even_ratios():
    schedule = Schedule(256, 32, 300, Spacing.LOG)

    assert schedule.metric_steps(Metric.SHARPNESS, 0) == [0, 1, 2, 5, 11, 24, 53, 116, 256]
    assert schedule.num_measurements() == Schedule(256, 32, 300).num_measurements()
    assert [schedule.measurement_index(step) for step in (0, 1, 53, 256)] == [0, 1, 6, 8]


def test_log_spacing_of_a_short_run_repeats_no_step():
    assert Schedule(3, 1, 10, Spacing.LOG).metric_steps(Metric.SHARPNESS, 0) == [0, 1, 2, 3]
    assert Schedule(1, 1, 10, Spacing.LOG).metric_steps(Metric.SHARPNESS, 0) == [0, 1]


def test_every_metric_is_described():
    assert set(METRIC_INFO) == set(Metric)
    assert {metric for metric, info in METRIC_INFO.items() if info.every_step} == EVERY_STEP


@pytest.mark.parametrize(
    ("options", "kappa"),
    [
        ({}, 2.0),
        ({"momentum": 0.5}, 3.0),
        ({"momentum": 0.5, "nesterov": True}, 1.5),
        ({"momentum": 0.5, "dampening": 0.5}, 6.0),
        ({"momentum": 0.875}, 3.75),
    ],
    ids=["plain", "heavy ball", "nesterov", "damped", "strong heavy ball"],
)
def test_the_edge_of_stability_is_kappa_over_lr(options, kappa):
    assert eos_threshold(0.25, **options) == 4 * kappa


@pytest.mark.parametrize("nesterov", [False, True])
def test_descent_on_a_quadratic_turns_unstable_at_the_threshold(nesterov):
    lr, momentum = 0.1, 0.5

    def final(curvature):
        w, velocity = 1.0, 0.0
        for _ in range(400):
            gradient = curvature * w
            velocity = momentum * velocity + gradient
            w -= lr * (gradient + momentum * velocity if nesterov else velocity)
        return abs(w)

    threshold = eos_threshold(lr, momentum=momentum, nesterov=nesterov)

    assert final(0.97 * threshold) < 1e-3
    assert final(1.03 * threshold) > 1e3
