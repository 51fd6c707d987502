import math

import pytest
from pydantic import ValidationError

from muscope.backend.domain.spec.optimizer import (
    PLAIN_SGD,
    OptimizerKind,
    OptimizerSpec,
    ScheduleKind,
    ScheduleSpec,
)
from muscope.backend.errors import InvalidInput


def test_a_name_stands_for_the_defaults():
    assert OptimizerSpec.model_validate("adam") == OptimizerSpec.model_validate({"kind": "adam"})
    assert OptimizerSpec.model_validate("sgd") == PLAIN_SGD


def test_a_constant_schedule_changes_nothing():
    assert {ScheduleSpec().factor(step, num_steps=7) for step in range(7)} == {1.0}


def test_warm_up_rises_linearly_to_the_whole_rate():
    schedule = ScheduleSpec(warmup_fraction=0.4)

    factors = [schedule.factor(step, num_steps=10) for step in range(10)]

    assert factors == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("kind", [ScheduleKind.COSINE, ScheduleKind.LINEAR])
@pytest.mark.parametrize(("warmup", "final"), [(0.0, 0.0), (0.2, 0.1)])
def test_a_decay_has_its_closed_form(kind, warmup, final):
    schedule = ScheduleSpec(kind=kind, warmup_fraction=warmup, final_fraction=final)
    start = round(warmup * 100)

    for step in range(start, 100):
        t = (step - start) / (100 - start)
        share = math.cos(math.pi * t / 2) ** 2 if kind is ScheduleKind.COSINE else 1 - t
        assert schedule.factor(step, num_steps=100) == pytest.approx(final + (1 - final) * share)
    assert schedule.factor(start, num_steps=100) == 1.0


@pytest.mark.parametrize(
    ("changes", "kappa", "moments"),
    [
        ({}, 2.0, 0),
        ({"momentum": 0.9}, 3.8, 1),
        ({"momentum": 0.9, "nesterov": True}, 3.8 / 2.8, 1),
        ({"kind": "adam"}, 38.0, 2),
        ({"kind": "adamw", "beta1": 0.8}, 18.0, 2),
    ],
)
def test_the_edge_of_stability_and_the_state_follow_the_optimizer(changes, kappa, moments):
    spec = OptimizerSpec.model_validate(changes)

    assert spec.kappa == pytest.approx(kappa)
    assert spec.num_moments == moments


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "adam", "momentum": 0.9}, "spec.momentum_needs_sgd"),
        ({"nesterov": True}, "spec.nesterov_needs_momentum"),
    ],
)
def test_a_setting_that_does_nothing_is_refused(changes, code):
    with pytest.raises(InvalidInput, match=code.replace(".", r"\.")):
        OptimizerSpec.model_validate(changes).require_consistent()


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "adagrad"},
        {"momentum": 1.0},
        {"beta2": -0.1},
        {"epsilon": float("nan")},
        {"weight_decay": float("inf")},
        {"schedule": {"warmup_fraction": 1.0}},
        {"surprise": 1},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        OptimizerSpec.model_validate(changes)


def test_an_optimizer_has_its_own_defaults_for_what_is_left_out():
    muon, lion = OptimizerSpec(kind=OptimizerKind.MUON), OptimizerSpec.model_validate("lion")

    assert (muon.momentum, muon.nesterov, lion.beta2) == (0.95, True, 0.99)
    assert OptimizerSpec.model_validate({"kind": "muon", "momentum": 0.9}).momentum == 0.9
    assert muon.model_dump(exclude_unset=True) == {"kind": OptimizerKind.MUON}
    assert OptimizerSpec.model_validate(muon.model_dump()) == muon


def test_arguments_that_came_later_change_no_hash_of_others():
    assert not {"muon_scale", "adam_lr_ratio", "scale_parameter"} & set(OptimizerSpec().content())
    assert "scale_parameter" in OptimizerSpec.model_validate("adafactor").content()
    assert {"muon_scale", "adam_lr_ratio"} <= set(OptimizerSpec.model_validate("muon").content())
