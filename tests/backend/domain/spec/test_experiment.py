import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss, control_for
from muscope.backend.domain.spec.optimizer import PLAIN_SGD, OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.backend.domain.specs import SPEC, spec, specs

CHANGES = {
    "dataset_sha256": "cd" * 32,
    "model": {"branch_exponent": 1.0},
    "arms": ({"parametrization": "mup", "lrs": (0.1,)},),
    "widths": (8,),
    "depths": (3,),
    "base_width": 16,
    "seeds": (0, 2),
    "base_depth": 1,
    "completep_alpha": 0.5,
    "loss": "squared_error",
    "optimizer": "adam",
    "batch_size": 9,
    "num_steps": 13,
    "measure_every": 6,
    "measure_spacing": "log",
    "precision": "bfloat16",
    "sharpness_batch_size": 17,
    "sharpness_tolerance": 2e-3,
    "divergence_factor": 21.0,
    "tail_fraction": 0.2,
    "spec_seed": 1,
    "measures": ("gauss_newton",),
    "density_grid": {"largest": 10.0},
    "thresholds": {"level": 0.95},
    "scenarios": ("as_given", "label_noise:0.2"),
    "protocol": "staged",
    "budget": {"slot_seconds": 60.0},
    "target_width": 4096,
    "target_depth": 12,
    "deciding_loss": "train_loss",
    "cost_unit": "extra_training",
    "settle": {"max_seeds": 16},
    "batch_rule": "sqrt",
    "steps_rule": "token_horizon",
}


@given(specs(), st.randoms(use_true_random=False))
def test_the_hash_is_independent_of_field_order(spec, random):
    fields = list(spec.model_dump(mode="json").items())
    random.shuffle(fields)

    assert ExperimentSpec.model_validate(dict(fields)).sha256() == spec.sha256()


def test_the_hash_survives_the_way_through_json():
    assert ExperimentSpec.model_validate_json(SPEC.model_dump_json()).sha256() == SPEC.sha256()


def test_the_hash_changes_with_every_field():
    hashes = {name: spec(**{name: value}).sha256() for name, value in CHANGES.items()}

    assert set(CHANGES) == set(ExperimentSpec.model_fields)
    assert len({*hashes.values(), SPEC.sha256()}) == len(CHANGES) + 1


def test_the_hash_stays_the_same_over_versions():
    assert SPEC.sha256() == "1058b3132adf598343a817fdb7655487fe32aa03fc70e9ba6be86ad8a287ee99"


@given(st.integers(1, 1_000_000))
def test_the_tail_is_a_tenth_of_the_steps_rounded_up(num_steps):
    assert SPEC.model_copy(update={"num_steps": num_steps}).tail_steps() == -(-num_steps // 10)


def test_the_control_is_the_arm_that_moves_under_the_loss():
    adam = OptimizerSpec(kind=OptimizerKind.ADAM)

    assert control_for(Loss.CROSS_ENTROPY, PLAIN_SGD) is Parametrization.NTP
    assert control_for(Loss.SQUARED_ERROR, PLAIN_SGD) is Parametrization.SP
    assert {control_for(loss, adam) for loss in Loss} == {Parametrization.SP}


def test_a_spec_stored_before_there_were_optimizers_still_loads():
    stored = SPEC.model_dump(mode="json", exclude={"base_depth", "completep_alpha"}) | {"optimizer": "sgd"}

    assert ExperimentSpec.model_validate(stored) == SPEC
    assert SPEC.base_depth == min(SPEC.depths)


def test_an_arm_is_found_by_its_parametrization():
    assert SPEC.arm(Parametrization.NTP) is SPEC.arms[1]


def test_a_spec_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        SPEC.num_steps = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset_sha256": "AB" * 32},
        {"dataset_sha256": "../" * 20},
        {"arms": (*SPEC.arms, SPEC.arms[0])},
        {"seeds": (0, 0)},
        {"sharpness_tolerance": 0.0},
        {"divergence_factor": 1.0},
        {"tail_fraction": 0.0},
        {"surprise": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_spec_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        spec(**changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [("sharpness_tolerance", 1e-300), ("divergence_factor", float("inf")), ("tail_fraction", 5e-324)],
)
def test_a_number_that_storage_or_arithmetic_would_change_is_refused(field: str, value: float):
    with pytest.raises(ValidationError, match=field):
        ExperimentSpec.model_validate(SPEC.model_dump() | {field: value})


@pytest.mark.parametrize("lr", [5e-324, 1e-300, 9.9e-13])
def test_a_learning_rate_that_changes_no_weight_is_refused(lr: float):
    with pytest.raises(ValidationError, match=r"greater than or equal to 0\.000000000001"):
        Arm(parametrization=Parametrization.MUP, lrs=(lr, 1.0))
