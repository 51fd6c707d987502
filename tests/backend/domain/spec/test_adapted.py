"""Adapters as a model family: its size is a rank, in plans as widths are."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.domain.plan.conclusions import conclusions
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.plan.plan_request import PlanRequest, resolve
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec, chosen_arm, controls_of
from muscope.backend.domain.spec.families.adapted import Adaptable, Adapted, Linear
from muscope.backend.domain.spec.families.brought import (
    Brought,
    BroughtTensor,
    DepthTable,
    Example,
    Leaf,
)
from muscope.backend.domain.spec.families.brought_work import Work
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import OF_RANK, Parametrization
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import InvalidInput

LORA, RSLORA = OF_RANK
SHAPE = DatasetShape(task=Task.CLASSIFICATION, num_features=6, num_outputs=3, num_train=400, num_val=100)
LAYERS = tuple(
    Linear(name=name, num_inputs=n_in, num_outputs=n_out)
    for name, n_in, n_out in (
        ("blocks.0.q_proj", 64, 64),
        ("blocks.0.v_proj", 64, 48),
        ("blocks.1.q_proj", 64, 64),
        ("head", 64, 20),
    )
)
NETWORK = Brought(
    network="ours",
    sha256="ab" * 32,
    sizes=(32, 64),
    tables=tuple(
        DepthTable(
            depth=depth,
            tensors=(BroughtTensor(name="head.weight", role=TensorRole.FIXED, shape=(20, 64), std=0.1),),
            work=(Work(width=32, flops=1e4, numbers=100), Work(width=64, flops=4e4, numbers=200)),
        )
        for depth in (2, 4)
    ),
    example=Example(leaves=(Leaf(shape=(6,)),), num_outputs=3),
)
KNOWN = tuple(
    Adaptable(width=width, depth=depth, layers=LAYERS, weights_sha256="cd" * 32)
    for width in (32, 64)
    for depth in (2, 4)
)


def adapted(**options: Any) -> Adapted:
    return Adapted(network="ours", **options).described_by(NETWORK, KNOWN)


def planned(request: dict[str, Any], **options: Any) -> ExperimentSpec:
    """Resolve a request for adapters as the server does."""
    wished = PlanRequest.model_validate(request | {"model": adapted(**options).model_dump()})
    return resolve(
        wished,
        dataset_sha256="ef" * 32,
        shape=SHAPE,
        capacity=Capacity(slots=2),
        max_runs=2000,
        memory_bytes=1 << 31,
    )


def test_a_plan_without_more_has_four_ranks_and_both_rules_of_the_scale() -> None:
    spec = planned({"optimizer": "adam"}, targets=("q_proj", "v_proj"))
    assert spec.widths == (4, 8, 16, 32)
    assert spec.depths == (2,)
    assert [arm.parametrization for arm in spec.arms] == [LORA, RSLORA]
    assert (chosen_arm(spec), controls_of(spec)) == (LORA, (RSLORA,))
    assert spec.measures == ()


def test_the_rule_of_the_operators_code_is_judged() -> None:
    spec = planned({"optimizer": "adam"}, scale="alpha/sqrt(r)")
    assert (chosen_arm(spec), controls_of(spec)) == (RSLORA, (LORA,))
    assert spec.widths == (2, 4, 8, 16)  # the head has 20 outputs


@given(
    ranks=st.lists(st.integers(1, 20), min_size=1, max_size=4, unique=True).map(tuple),
    scale=st.sampled_from(["alpha/r", "alpha/sqrt(r)"]),
    init=st.sampled_from("AB"),
)
def test_every_rank_of_a_plan_is_a_size_whose_constants_follow_its_arm(
    ranks: tuple[int, ...], scale: str, init: str
) -> None:
    spec = planned({"widths": ranks, "protocol": "full", "num_steps": 60}, scale=scale, init=init)
    model = spec.model
    assert isinstance(model, Adapted)
    assert {(cell.width, cell.depth) for cell in full_grid(spec)} == {(rank, 2) for rank in ranks}
    for rank in ranks:
        for arm, power in ((LORA, -1.0), (RSLORA, -0.5)):
            table = scaling_table(
                arm, dims=SHAPE.dims, width=rank, depth=2, base_width=spec.base_width, model=model
            )
            own = -1.0 if scale == "alpha/r" else -0.5
            expected = 16.0 * spec.base_width**own * (rank / spec.base_width) ** power
            assert math.isclose(table["head.lora_B"].forward_mult, expected)
            assert table["head.lora_A"].forward_mult == table["head.lora_A"].lr_mult == 1.0
            fan_in = 64 if init == "A" else rank
            assert math.isclose(table[f"head.lora_{init}"].init_std, 1 / math.sqrt(3 * fan_in))
        assert model.num_parameters(SHAPE.dims, rank, 2) == rank * (128 + 112 + 128 + 84)


def test_a_target_names_a_layer_or_the_end_of_its_name() -> None:
    assert [layer.name for layer in adapted(targets=("q_proj", "head")).layers] == [
        "blocks.0.q_proj",
        "blocks.1.q_proj",
        "head",
    ]
    assert len(adapted().layers) == 4


def test_a_target_that_names_nothing_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InvalidInput) as refused:
        adapted(targets=("q_proj", "proj"))
    assert refused.value.code == "spec.adapted_target"
    assert refused.value.params["target"] == "proj"
    assert refused.value.params["known"] == "blocks.0.q_proj, blocks.0.v_proj, blocks.1.q_proj, head"


def test_a_network_without_linear_layers_is_refused() -> None:
    bare = (Adaptable(width=64, depth=2, layers=()),)
    with pytest.raises(InvalidInput) as refused:
        Adapted(network="ours").described_by(NETWORK, bare)
    assert refused.value.code == "spec.adapted_nothing"


def test_the_widest_network_is_tuned_unless_one_is_named() -> None:
    assert (adapted().network_width, adapted().network_depth) == (64, 2)
    assert adapted(network_width=32, network_depth=4).tables[0].depth == 4
    with pytest.raises(InvalidInput) as refused:
        adapted(network_width=48)
    assert refused.value.params["known"] == "32 × 2, 32 × 4, 64 × 2, 64 × 4"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"widths": [4, 21]}, "spec.adapted_rank"),
        ({"depths": [4]}, "spec.adapted_depth"),
        ({"arms": [{"parametrization": "mup"}]}, "spec.adapted_arm"),
        ({"optimizer": "muon"}, "spec.adapted_optimizer"),
        ({"optimizer": "adafactor"}, "spec.adapted_optimizer"),
        ({"measures": ["coordinate_check"]}, "spec.adapted_coordinates"),
    ],
)
def test_what_adapters_cannot_have_is_refused(request_: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        planned(request_)
    assert refused.value.code == code


@pytest.mark.parametrize("rank", [0, -1])
def test_rank_zero_is_refused(rank: int) -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        PlanRequest.model_validate({"widths": [rank]})


@pytest.mark.parametrize("arm", OF_RANK)
def test_a_rule_of_the_rank_is_refused_for_any_other_model(arm: Parametrization) -> None:
    with pytest.raises(InvalidInput) as refused:
        scaling_table(arm, dims=SHAPE.dims, width=8, depth=1, base_width=8, optimizer=OptimizerSpec())
    assert refused.value.code == "spec.rank_rule_needs_adapters"


def test_a_thorough_preset_stays_within_the_largest_rank() -> None:
    spec = planned({"optimizer": "adam", "preset": "thorough"})
    assert max(spec.widths) <= 20
    assert [arm.parametrization for arm in spec.arms] == [LORA, RSLORA]


def test_other_options_are_another_question() -> None:
    every: tuple[dict[str, Any], ...] = ({}, {"alpha": 8.0}, {"init": "B"}, {"lr_ratio": 16.0})
    assert len({planned({}, **options).sha256() for options in every}) == 4


def test_what_a_plan_can_conclude_is_said_of_ranks() -> None:
    (reach,) = [each for each in conclusions(planned({})) if each.code == "ranks"]
    assert reach.params == {"base": 2, "target": 16, "factor": 8.0}


def test_a_text_with_another_vocabulary_changes_the_readout_alone() -> None:
    model = adapted()
    changed = [model.of_vocabulary(layer, 20, 50) for layer in model.layers]
    assert changed == list(model.layers)  # the head's matrix has no axis of the vocabulary
    tied = LAYERS[3].model_copy(update={"name": "other", "is_tied": True})
    assert model.of_vocabulary(tied, 20, 50).num_outputs == 50
    assert model.of_vocabulary(tied, 30, 50) == tied
