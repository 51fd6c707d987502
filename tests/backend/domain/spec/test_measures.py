import pytest
from pydantic import ValidationError

from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from muscope.backend.domain.plan.plan_request import PlanRequest
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.measures import CURVATURE_MEASURES, MEASURE_INFO, Measure, measured_metrics
from muscope.backend.domain.spec.metrics import METRIC_INFO
from tests.backend.domain.specs import SHAPE, SPEC, spec

# Of the small spec before measures existed: verdicts stored then still name their spec.
KNOWN_SHA256 = "1058b3132adf598343a817fdb7655487fe32aa03fc70e9ba6be86ad8a287ee99"


def test_a_spec_that_asks_for_no_measure_keeps_the_hash_it_always_had():
    assert SPEC.sha256() == KNOWN_SHA256
    assert spec(measures=tuple(Measure)).sha256() != KNOWN_SHA256


def test_the_order_measures_are_asked_for_in_does_not_matter():
    assert spec(measures=tuple(Measure)[::-1]) == spec(measures=tuple(Measure))


@pytest.mark.parametrize("measures", [["raw_sharpness", "raw_sharpness"], ["flatness"]])
def test_a_measure_asked_for_twice_or_unknown_is_refused(measures):
    with pytest.raises(ValidationError):
        PlanRequest.model_validate({"measures": measures})


def test_every_measure_has_metrics_of_its_own_at_measurement_steps():
    metrics = measured_metrics(Measure)

    assert set(MEASURE_INFO) == set(Measure)
    assert len(set(metrics)) == len(metrics)
    assert not any(METRIC_INFO[metric].every_step for metric in metrics)


@pytest.mark.parametrize("measure", list(Measure))
def test_every_measure_is_priced(measure):
    cell = full_grid(SPEC)[0]

    plain = predict(SPEC, SHAPE, cell, DEFAULT_CALIBRATION)
    more = predict(spec(measures=(measure,)), SHAPE, cell, DEFAULT_CALIBRATION)

    assert more.seconds > plain.seconds
    # What the coordinate check holds is freed before sharpness needs more.
    assert (more.num_bytes > plain.num_bytes) == (measure in CURVATURE_MEASURES)
