"""Scenarios that cannot be, or mean nothing, are refused before anything runs."""

import pytest

from muscope.backend.domain.plan.runnable import require_runnable
from muscope.backend.domain.protocol import Add, next_cells
from muscope.backend.domain.protocol.evidence import Evidence
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import MAX_STEPS
from muscope.backend.errors import InvalidInput
from tests.backend.domain.specs import REGRESSION, SHAPE, spec

TEXT = SHAPE.model_copy(update={"task": Task.LANGUAGE_MODELLING, "num_outputs": 256, "num_features": 64})
ADAM = {"optimizer": "adam"}


def refusal(scenario, shape=SHAPE, **changes):
    with pytest.raises(InvalidInput) as caught:
        require_runnable(spec(scenarios=("as_given", scenario), **changes), shape, max_runs=1000)
    return caught.value


@pytest.mark.parametrize(
    ("scenario", "shape", "changes", "code"),
    [
        ("class_imbalance:0.5", REGRESSION, {"loss": "squared_error"}, "scenario.imbalance_needs_classes"),
        ("class_imbalance:0.5", TEXT, {"model": {"family": "gpt"}}, "scenario.imbalance_needs_classes"),
        ("feature_noise:0.5", TEXT, {"model": {"family": "gpt"}}, "scenario.feature_noise_of_text"),
        ("momentum:0.9", SHAPE, ADAM, "scenario.momentum_needs_sgd"),
        ("momentum:0", SHAPE, ADAM, "scenario.same_as_given"),
        ("momentum:0", SHAPE, {}, "scenario.same_as_given"),
        ("momentum:0.9", SHAPE, {"optimizer": {"momentum": 0.9}}, "scenario.same_as_given"),
        ("weight_decay:0", SHAPE, {}, "scenario.same_as_given"),
        ("batch_size:8", SHAPE, {}, "scenario.same_as_given"),
        ("schedule:constant", SHAPE, {}, "scenario.same_as_given"),
        ("batch_axis:8", SHAPE, {}, "scenario.not_larger"),
        ("steps_axis:12", SHAPE, {}, "scenario.not_larger"),
        ("step_up", SHAPE, {}, "scenario.step_up_of_nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(scenario, shape, changes, code):
    error = refusal(scenario, shape, **changes)

    assert (error.code, error.params["scenario"]) == (code, scenario)


@pytest.mark.parametrize(
    ("scenario", "field", "given", "largest"),
    [
        ("batch_size:49", "batch_size", 49, 48),
        ("batch_axis:49", "batch_size", 49, 48),
        ("subsample:0.25", "sharpness_batch_size", 16, 12),
        ("subsample:0.1", "batch_size", 8, 5),
    ],
)
def test_a_batch_larger_than_what_is_left_is_refused_with_the_largest_that_fits(
    scenario, field, given, largest
):
    error = refusal(scenario)

    assert error.code == "scenario.too_few_examples"
    assert error.params == {"scenario": scenario, "field": field, "given": given, "largest": largest}


def test_under_class_imbalance_a_batch_may_be_as_large_as_what_is_left_of_equal_classes():
    """48 examples of 3 classes: an imbalance of 0.01 keeps 1 + 0.1 + 0.01 thirds of them, rounded up."""
    fitting = spec(scenarios=("as_given", "class_imbalance:0.01"), sharpness_batch_size=18)

    require_runnable(fitting, SHAPE, max_runs=1000)
    assert refusal("class_imbalance:0.01", sharpness_batch_size=19).params["largest"] == 18


@pytest.mark.parametrize(("shape", "limit"), [(SHAPE, "0.667"), (TEXT, "0.996")])
def test_labels_that_say_nothing_are_refused(shape, limit):
    model = {"model": {"family": "gpt"}} if shape is TEXT else {}

    error = refusal("label_noise:0.999", shape, **model)

    assert (error.code, error.params["limit"]) == ("scenario.labels_say_nothing", limit)


def test_label_noise_of_two_standard_deviations_is_fine_for_numbers():
    noisy = spec(scenarios=("as_given", "label_noise:2"), loss="squared_error")

    require_runnable(noisy, REGRESSION, max_runs=1000)


def test_a_horizon_beyond_the_limit_of_steps_is_refused_with_the_largest_number_of_steps():
    error = refusal("horizon:64", num_steps=MAX_STEPS // 64 + 1)

    assert error.code == "scenario.too_many_steps"
    assert error.params["largest"] == MAX_STEPS // 64
    require_runnable(
        spec(scenarios=("as_given", "horizon:64"), num_steps=MAX_STEPS // 64), SHAPE, max_runs=1000
    )


def test_a_horizon_alone_leaves_nothing_to_judge():
    with pytest.raises(InvalidInput, match=r"scenario\.nothing_to_judge"):
        require_runnable(spec(scenarios=("horizon:2",)), SHAPE, max_runs=1000)


def test_every_scenario_counts_towards_the_limit_of_runs():
    two = spec(scenarios=("as_given", "label_noise:0.2"))

    require_runnable(two, SHAPE, max_runs=two.num_runs())
    with pytest.raises(InvalidInput, match=r"spec\.too_many_runs"):
        require_runnable(two, SHAPE, max_runs=two.num_runs() - 1)
    assert two.num_runs() == 2 * spec().num_runs()


@pytest.mark.parametrize("kind", ["lion", "muon", "adafactor"])
def test_curvature_is_refused_where_no_edge_of_stability_is_known(kind):
    asked = spec(optimizer={"kind": kind}, measures=("hessian_trace",))
    with pytest.raises(InvalidInput) as refused:
        require_runnable(asked, SHAPE, max_runs=1000)

    assert refused.value.code == "spec.measures_need_edge"
    assert refused.value.params == {"measures": "hessian_trace", "optimizer": kind}


@pytest.mark.parametrize("protocol", ["staged", "full"])
@pytest.mark.parametrize(("kind", "expected"), [("muon", False), ("lion", False), ("sgd", True)])
def test_cells_measure_curvature_where_an_edge_of_stability_is_known(protocol, kind, expected):
    asked = spec(optimizer={"kind": kind}, protocol=protocol)

    first = next_cells(asked, Evidence({}))

    assert isinstance(first, Add)
    assert any(cell.has_curvature for cell in first.cells) is expected
    assert any(cell.has_curvature for cell in full_grid(asked)) is expected


def test_a_step_up_needs_a_base_tuned_as_given():
    with pytest.raises(InvalidInput) as caught:
        require_runnable(spec(scenarios=("subsample:0.9", "batch_axis:16")), SHAPE, max_runs=1000)

    assert (caught.value.code, caught.value.params["scenario"]) == (
        "scenario.needs_as_given",
        "batch_axis:16",
    )
