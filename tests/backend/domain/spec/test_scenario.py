"""Scenarios as text: one spelling each, and clear refusals of everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from muscope.backend.domain.spec.scenario import LIMITS, OF_THE_DATA, WHOLE_NUMBERS, Scenario
from tests.backend.domain.specs import spec

READER: TypeAdapter[Scenario] = TypeAdapter(Scenario)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("as_given", "as_given"),
        ("label_noise:.2", "label_noise:0.2"),
        ("label_noise:0.20", "label_noise:0.2"),
        ("weight_decay:1e-3", "weight_decay:0.001"),
        ("batch_size:32.0", "batch_size:32"),
        ("horizon:4", "horizon:4"),
        ("schedule:cosine", "schedule:cosine"),
        ("batch_axis:512", "batch_axis:512"),
        ("step_up", "step_up"),
    ],
)
def test_a_scenario_has_one_spelling(written, canonical):
    assert Scenario(written) == READER.validate_python(written) == canonical


@pytest.mark.parametrize(
    ("written", "how"),
    [
        ("", "kind"),
        ("rain", "kind"),
        ("Label_noise:0.2", "kind"),
        ("as_given:1", "no_value"),
        ("as_given:", "no_value"),
        ("step_up:512", "no_value"),
        ("batch_axis:1", "whole_number"),
        ("steps_axis:2000000", "whole_number"),
        ("label_noise", "number"),
        ("label_noise:much", "number"),
        ("label_noise:nan", "number"),
        ("label_noise:0", "number"),
        ("subsample:1", "number"),
        ("momentum:1", "number"),
        ("weight_decay:inf", "number"),
        ("batch_size:2.5", "whole_number"),
        ("horizon:1", "whole_number"),
        ("schedule:magic", "name"),
    ],
)
def test_what_is_no_scenario_is_refused_with_what_would_be_one(written, how):
    with pytest.raises(ValueError, match=how):
        Scenario(written)
    with pytest.raises(ValidationError) as caught:
        READER.validate_python(written)

    (finding,) = caught.value.errors()
    assert finding["type"] == f"scenario_{how}"
    allowed = {"kind": ["expected"], "name": ["kind", "expected"], "no_value": ["kind"]}
    assert list(finding["ctx"]) == allowed.get(how, ["kind", "low", "high"])


@given(st.sampled_from(sorted(LIMITS)), st.floats(0.0, 1.0))
def test_reading_what_was_written_gives_the_same_scenario(kind, index):
    low, high = LIMITS[kind]
    value = low + index * (high - low)
    if kind in WHOLE_NUMBERS:
        value = round(value)

    scenario = Scenario(f"{kind}:{value}")

    assert Scenario(str(scenario)) == scenario
    assert scenario.kind is kind
    assert scenario.number == pytest.approx(value, rel=1e-5)


def test_a_scenario_given_in_two_spellings_is_given_twice():
    with pytest.raises(ValidationError, match=r"label_noise:0\.2 is given twice"):
        spec(scenarios=("label_noise:0.2", "label_noise:0.20"))


@pytest.mark.parametrize("kind", sorted(OF_THE_DATA))
def test_a_scenario_of_the_data_leaves_the_training_alone(kind):
    given_spec = spec(scenarios=(f"{kind}:0.5",))

    assert given_spec.scenarios[0].is_of_data
    assert given_spec.under(given_spec.scenarios[0]) == given_spec
