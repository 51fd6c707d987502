import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.spec.budget import Budget, require_budget
from muscope.backend.domain.spec.money import Currency, Price
from muscope.backend.errors import InvalidInput


def _refusal(least=10.0, **fields):
    with pytest.raises(InvalidInput) as caught:
        require_budget(Budget(**fields), least)
    return caught.value.code, caught.value.params["field"], caught.value.params.get("least")


def test_the_smaller_of_time_and_money_limits():
    by_money = Budget(slot_seconds=7200, money=50, rate_per_hour=100)

    assert by_money.limit_seconds == 1800
    assert Budget(slot_seconds=600, money=50, rate_per_hour=100).limit_seconds == 600
    assert by_money.price == Price(rate_per_hour=100, currency=Currency.JPY)


def test_two_hours_at_100_yen_are_200_yen():
    assert Price(rate_per_hour=100).of(7200) == 200


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"slot_seconds": -1}, "budget.not_positive", "budget.slot_seconds"),
        ({"slot_seconds": 0}, "budget.not_positive", "budget.slot_seconds"),
        ({"money": -5, "rate_per_hour": 1}, "budget.not_positive", "budget.money"),
        ({}, "budget.says_nothing", "budget.slot_seconds"),
        ({"rate_per_hour": 100}, "budget.says_nothing", "budget.slot_seconds"),
        ({"money": 100}, "budget.money_needs_rate", "budget.rate_per_hour"),
        ({"money": 100, "rate_per_hour": 0}, "budget.money_needs_rate", "budget.rate_per_hour"),
        ({"slot_seconds": 5}, "budget.too_small", "budget.slot_seconds"),
        ({"slot_seconds": 50, "money": 0.1, "rate_per_hour": 100}, "budget.too_small", "budget.money"),
    ],
)
def test_a_contradictory_budget_is_refused_by_field(fields, code, field):
    assert _refusal(**fields)[:2] == (code, field)


@given(st.floats(1e-3, 1e6), st.floats(0.01, 1e4))
def test_the_least_that_a_refusal_names_would_do(least, rate):
    _, _, seconds = _refusal(least, slot_seconds=least / 2)
    require_budget(Budget(slot_seconds=seconds), least)
    _, _, money = _refusal(least, money=rate * least / 3600 / 2, rate_per_hour=rate)
    require_budget(Budget(money=money, rate_per_hour=rate), least)


def test_without_limits_nothing_is_limited():
    assert math.isinf(Budget().limit_seconds)
