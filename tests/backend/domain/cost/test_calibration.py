import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.cost.calibration import (
    MOST_LOG_RATIO,
    REMEMBERED_CELLS,
    Learned,
    device_sha256,
    kind_of,
)

RATIOS = st.lists(st.floats(0.2, 5.0), max_size=80)


def _after(ratios):
    learned = Learned()
    for ratio in ratios:
        learned = learned.with_cell(actual_seconds=10 * ratio, predicted_seconds=10)
    return learned


def test_nothing_is_corrected_before_a_cell_has_finished():
    assert Learned().factor() == 1.0


def test_one_cell_corrects_half_of_what_it_showed_and_many_nearly_all():
    assert math.isclose(_after([4.0]).factor(), 2.0)
    assert math.isclose(_after([4.0] * 3).factor(), 4.0**0.75)
    assert math.isclose(_after([4.0] * 29).factor(), 4.0 ** (29 / 30))


@given(RATIOS)
def test_a_correction_lies_within_what_was_seen(ratios):
    factor = _after(ratios).factor()

    assert min([1.0, *ratios]) * (1 - 1e-9) <= factor <= max([1.0, *ratios]) * (1 + 1e-9)


def test_a_machine_that_became_slower_is_believed_in_the_end():
    assert _after([1.0] * 200 + [3.0] * 100).factor() > 2.7


@given(RATIOS)
def test_old_cells_fade_so_that_sums_stay_bounded(ratios):
    learned = _after(ratios * 3)

    assert learned.num_cells <= REMEMBERED_CELLS
    assert abs(learned.log_ratio_sum) <= REMEMBERED_CELLS * math.log(5.0) + 1e-9
    assert learned.log_ratio_sum**2 <= learned.num_cells * learned.log_ratio_squares + 1e-6


def test_a_cell_that_slept_overnight_teaches_no_more_than_a_bound():
    assert _after([10_000.0]).log_ratio_sum == pytest.approx(MOST_LOG_RATIO)


@pytest.mark.parametrize(("actual", "predicted"), [(0.1, 5.0), (5.0, 0.1), (0.0, 0.0)])
def test_cells_too_short_to_tell_anything_teach_nothing(actual, predicted):
    assert Learned().with_cell(actual_seconds=actual, predicted_seconds=predicted) == Learned()


def test_kinds_tell_families_widths_and_curvature_apart():
    kinds = {
        kind_of(family, width, has_curvature=has)
        for family in ("gpt", "vit")
        for width in (16, 64, 512, 513)
        for has in (True, False)
    }

    assert len(kinds) == 16
    assert max(map(len, kinds)) <= 64
    assert kind_of("gpt", 33, has_curvature=True) == kind_of("gpt", 128, has_curvature=True)


def test_a_device_is_its_environment_in_any_order():
    assert device_sha256({"torch": "2", "cpu": "x"}) == device_sha256({"cpu": "x", "torch": "2"})
    assert device_sha256({"torch": "2"}) != device_sha256({"torch": "3"})
