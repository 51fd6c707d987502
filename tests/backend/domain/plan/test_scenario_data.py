"""How many examples a scenario leaves: sums, bounds and shares in closed form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.plan.scenario_data import (
    imbalance_shares,
    imbalanced_per_class,
    num_left,
    num_subsampled,
    subsampled_per_class,
)
from muscope.backend.domain.spec.scenario import Scenario
from tests.backend.domain.specs import SHAPE

COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=12).filter(any)
SHARES = st.floats(0.001, 0.999)


def test_a_subsample_of_equal_classes_keeps_the_same_of_each():
    assert subsampled_per_class([100, 100, 50], 0.3) == [30, 30, 15]


@given(COUNTS, SHARES)
def test_a_subsample_adds_up_and_keeps_no_more_than_there_is(counts, share):
    kept = subsampled_per_class(counts, share)

    assert sum(kept) == num_subsampled(sum(counts), share)
    assert all(0 <= number <= count for number, count in zip(kept, counts, strict=True))


@given(st.lists(st.integers(100, 500), min_size=2, max_size=12), st.floats(0.1, 0.999))
def test_of_classes_of_some_size_a_subsample_keeps_the_share_of_each_within_one(counts, share):
    kept = subsampled_per_class(counts, share)

    total = num_subsampled(sum(counts), share)
    for number, count in zip(kept, counts, strict=True):
        assert abs(number - count * total / sum(counts)) < 1


@given(COUNTS, SHARES)
def test_a_subsample_loses_no_class_while_there_is_room(counts, share):
    kept = subsampled_per_class(counts, share)

    present = sum(count > 0 for count in counts)
    assert sum(number > 0 for number in kept) == min(present, sum(kept))


def test_class_imbalance_is_geometric_from_the_most_frequent_class_to_the_rarest():
    assert imbalance_shares(3, 0.25) == pytest.approx([1.0, 0.5, 0.25])
    assert imbalanced_per_class([100, 400, 200], 0.25) == [25, 400, 100]


@given(COUNTS, SHARES)
def test_class_imbalance_keeps_the_order_of_the_classes_and_loses_none(counts, rarest):
    kept = imbalanced_per_class(counts, rarest)

    assert max(kept) == max(counts)
    for number, count in zip(kept, counts, strict=True):
        assert min(1, count) <= number <= count
    ordered = [number for _, number in sorted(zip(counts, kept, strict=True))]
    assert ordered == sorted(ordered)


@given(COUNTS, SHARES)
def test_what_is_left_is_never_less_than_was_planned_with(counts, share):
    shape = SHAPE.model_copy(update={"num_outputs": len(counts), "num_train": sum(counts)})

    least_imbalanced = num_left(shape, Scenario(f"class_imbalance:{share!r}"))
    subsampled = num_left(shape, Scenario(f"subsample:{share!r}"))

    written = Scenario(f"class_imbalance:{share!r}").number
    assert sum(imbalanced_per_class(counts, written)) >= least_imbalanced
    assert sum(subsampled_per_class(counts, written)) == subsampled


def test_equal_classes_leave_what_was_planned_with():
    shape = SHAPE.model_copy(update={"num_outputs": 3, "num_train": 300})

    assert num_left(shape, Scenario("class_imbalance:0.25")) == 175
    assert sum(imbalanced_per_class([100, 100, 100], 0.25)) == 175


@pytest.mark.parametrize("scenario", ["as_given", "label_noise:0.5", "momentum:0.9"])
def test_other_scenarios_leave_all_there_is(scenario):
    assert num_left(SHAPE, Scenario(scenario)) == SHAPE.num_train


def test_the_smallest_subsample_keeps_one_example():
    assert num_subsampled(10, 0.001) == sum(subsampled_per_class([3, 7], 0.001)) == 1
