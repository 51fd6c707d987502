import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.savings import Assumptions, compare, gain_of
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.money import Currency


def _assumptions(**changes):
    usual = {
        "target_width": 1024,
        "num_lrs": 9,
        "num_seeds": 3,
        "num_steps": 300,
        "hours_per_run": 0.1,
        "poc_hours": 0.5,
        "rate_per_hour": 100.0,
        "staff_rate": 5000.0,
        "currency": Currency.JPY,
    }
    return Assumptions.model_validate(usual | changes)


def _compare(run_seconds=400.0, spent_seconds=1800.0, slowness=1.0, **changes):
    return compare(
        _assumptions(**changes),
        target_run_seconds=run_seconds,
        spent_seconds=spent_seconds,
        slowness=slowness,
        is_final=True,
    )


def test_a_saving_is_what_27_runs_at_the_target_would_have_taken_less_what_was_spent():
    found = _compare()

    assert (found.direct.device_hours, found.spent.device_hours) == (3.0, 0.5)
    assert found.direct.staff_hours == pytest.approx(2.7)
    assert found.direct.money == pytest.approx(3 * 100 + 2.7 * 5000)
    assert found.saved.money == pytest.approx(2.5 * 100 + 2.2 * 5000)
    assert (found.is_saving, found.device_ratio) == (True, 6.0)


def test_a_machine_slower_than_predicted_would_have_been_slower_at_the_target_too():
    assert _compare(slowness=2.0).direct.device_hours == 6.0


def test_a_study_that_cost_more_than_direct_tuning_says_so():
    found = _compare(run_seconds=4.0, hours_per_run=0.0)

    assert found.saved.device_hours < 0
    assert (found.is_saving, found.saved.money) == (False, pytest.approx(-47 - 2500))


def test_without_any_rate_there_is_no_money_and_it_saves_if_it_saves_both():
    found = _compare(rate_per_hour=None, staff_rate=None)

    assert (found.direct.money, found.spent.money, found.saved.money) == (None, None, None)
    assert found.is_saving is True


def test_hours_of_a_device_against_hours_of_staff_are_not_weighed_without_rates():
    found = _compare(spent_seconds=1e9, rate_per_hour=None, staff_rate=None)

    assert found.saved.device_hours < 0 < found.saved.staff_hours
    assert found.is_saving is None


@given(st.floats(0.001, 1e5), st.floats(0, 1e6), st.floats(0.1, 10))
def test_saved_is_always_direct_minus_spent(run_seconds, spent_seconds, slowness):
    found = _compare(run_seconds, spent_seconds, slowness)

    for name in ("device_hours", "staff_hours", "money"):
        difference = getattr(found.direct, name) - getattr(found.spent, name)
        assert getattr(found.saved, name) == pytest.approx(difference)
    assert found.is_saving == (found.saved.money > 0)


def _gain(metric, base, larger, base_seconds=3600.0, seconds=3 * 3600.0):
    return gain_of(
        metric,
        base_width=32,
        width=256,
        base_values=base,
        values=larger,
        base_run_seconds=base_seconds,
        run_seconds=seconds,
    )


def test_better_is_positive_whichever_way_a_metric_counts():
    assert _gain(Metric.VAL_LOSS, [0.6, 0.4], [0.3, 0.3]).gain == pytest.approx(0.2)
    assert _gain(Metric.VAL_ACCURACY, [0.8], [0.9]).gain == pytest.approx(0.1)
    assert _gain(Metric.VAL_MAE, [1.0], [1.5]).gain == pytest.approx(-0.5)


def test_a_gain_is_told_per_hour_that_the_larger_model_takes_more():
    assert _gain(Metric.VAL_LOSS, [0.6], [0.4]).gain_per_device_hour == pytest.approx(0.1)
    assert _gain(Metric.VAL_LOSS, [0.6], [0.4], seconds=3600.0).gain_per_device_hour is None
