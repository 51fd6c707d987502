"""A step up in training: what its cells train with, and by which rule the LR is carried."""

import pytest

from muscope.backend.domain.spec.experiment import size_stepped_up, sizes_under
from muscope.backend.domain.spec.scaling.step_up import BatchRule
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from tests.backend.domain.specs import SPEC, spec

ALL = ("as_given", "batch_axis:16", "batch_axis:32", "steps_axis:48", "step_up")


def lrs_of(under):
    return under.arms[0].lrs


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({}, 4.0),
        ({"optimizer": "adam"}, 2.0),
        ({"optimizer": "adamw"}, 2.0),
        ({"optimizer": "muon"}, 1.0),
        ({"optimizer": "lion"}, 1.0),
        ({"batch_rule": "none"}, 1.0),
        ({"batch_rule": "sqrt"}, 2.0),
        ({"optimizer": "adam", "batch_rule": "linear"}, 4.0),
    ],
)
def test_a_batch_four_times_as_large_trains_with_the_rate_of_its_rule(changes, factor):
    plan = spec(scenarios=ALL, **changes)

    under = plan.under(Scenario("batch_axis:32"))

    assert (under.batch_size, under.num_steps) == (32, 12)
    assert lrs_of(under) == pytest.approx([factor * lr for lr in lrs_of(plan)])


@pytest.mark.parametrize(("rule", "factor"), [("none", 1.0), ("token_horizon", 4**-0.32)])
def test_more_steps_stretch_the_schedule_and_take_the_rate_of_their_rule(rule, factor):
    plan = spec(scenarios=ALL, steps_rule=rule)

    under = plan.under(Scenario("steps_axis:48"))

    assert (under.batch_size, under.num_steps, under.measure_every) == (8, 48, 20)
    assert under.optimizer.schedule == plan.optimizer.schedule
    assert lrs_of(under) == pytest.approx([factor * lr for lr in lrs_of(plan)])


def test_the_whole_step_up_takes_the_most_of_each_axis_and_the_largest_size():
    plan = spec(scenarios=ALL, steps_rule="token_horizon", batch_rule="sqrt")
    whole = Scenario("step_up")

    under = plan.under(whole)

    assert (under.batch_size, under.num_steps) == (32, 48)
    assert lrs_of(under) == pytest.approx([2 * 4**-0.32 * lr for lr in lrs_of(plan)])
    assert size_stepped_up(plan, whole) == Size(16, 2)
    assert sizes_under(plan, Scenario("batch_axis:16")) == (Size(8, 2),)


def test_each_axis_alone_holds_the_others_at_the_base():
    plan = spec(scenarios=ALL)

    assert plan.under(Scenario("batch_axis:16")).num_steps == plan.num_steps
    assert plan.under(Scenario("steps_axis:48")).batch_size == plan.batch_size


def test_a_step_up_adds_one_size_of_the_judged_arm():
    # Two LRs of µP and two seeds, for each of the four scenarios.
    assert spec(scenarios=ALL).num_runs() == SPEC.num_runs() + 4 * 2 * 2


def test_the_answers_of_a_step_up_come_after_those_of_other_scenarios():
    plan = spec(scenarios=("step_up", "batch_axis:16", "as_given", "subsample:0.5"))

    assert plan.judged_scenarios == ("as_given", "subsample:0.5", "step_up", "batch_axis:16")


def test_a_rule_left_out_is_the_published_one_and_none_where_there_is_none():
    kinds = ("sgd", "adam", "adamw", "lion", "muon")

    rules = [spec(optimizer=kind).step_up(Scenario("batch_axis:16")).batch_rule for kind in kinds]

    assert rules == [BatchRule.LINEAR, BatchRule.SQRT, BatchRule.SQRT, BatchRule.NONE, BatchRule.NONE]
