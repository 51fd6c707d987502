"""The coordinate check as the trainer makes it, judged by the gate of the verdict, on small networks.

Oracles 19 to 21 of docs/science.md §8 on the product's own check; what is wrongly parametrized must fail.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.analysis.measures.coordinate_check import check_coordinates
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.coordinates import Part, component_of
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec, ScheduleSpec
from muscope.backend.domain.spec.parametrization import Parametrization, TensorScaling
from muscope.backend.domain.verdict.verdict import CheckState, CoordinateCheck
from muscope.worker.numerics.ensemble import Stack
from muscope.worker.numerics.measurement import Measurer
from muscope.worker.numerics.network import init
from muscope.worker.numerics.optimizers.update import Update
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.trainer import train
from tests import cases
from tests.backend.analysis.sweeps import sweep_of
from tests.worker.numerics.lion import Lion
from tests.worker.numerics.networks_cases import FAMILY_CASES, FamilyCase, data_of

MUP, NTP, SP = Parametrization.MUP, Parametrization.NTP, Parametrization.SP
SGD, ADAM = OptimizerSpec(), OptimizerSpec(kind=OptimizerKind.ADAM)
LRS = dict.fromkeys(OptimizerKind, 2.0**-10) | {OptimizerKind.SGD: 2.0**-6}
WIDTHS = (32, 64, 128, 256)
MLP = FamilyCase(ResidualMLP(), 2)
Scaling = dict[str, TensorScaling]


def checked(
    case: FamilyCase,
    arm: Parametrization,
    optimizer: OptimizerSpec,
    *,
    widths: tuple[int, ...] = WIDTHS,
    num_seeds: int = 4,
    change: Callable[[Scaling, float], Scaling] | None = None,
    data: TrainingData | None = None,
) -> CoordinateCheck:
    """Return the verdict's check of programs at these widths; `change` falsifies their scaling tables."""
    data = data or data_of(case)
    changes, initial = [], []
    for width in widths:
        program = _program(case, arm, optimizer, width, widths[0], num_seeds)
        if change:
            table = change(dict(program.scaling_of(data.dims)), width / widths[0])
            program = dataclasses.replace(program, scaling=table)
        found = taken(program, data)
        changes.append(found[Metric.COORDINATE_CHANGE][None])
        initial.append(found[Metric.INITIAL_ACTIVATION][None])
    sweep = sweep_of(
        {Metric.VAL_LOSS: np.ones((len(widths), 1, num_seeds))},
        widths=widths,
        lrs=(LRS[optimizer.kind],),
        coordinate_changes=np.stack(changes),
        initial_activations=np.stack(initial),
        has_tied_readout=case.model.is_tied,
    )
    check = check_coordinates(sweep, arm, None, Thresholds())
    assert check is not None
    return check


def taken(program: CellProgram, data: TrainingData) -> dict[Metric, Any]:
    """Return what the trainer's measurer finds in freshly initialised runs, without training them."""
    network = program.network_for(data.dims)
    tensors = program.model.tensors(data.dims, program.width, program.depth)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    seeds = [run.seed for run in program.runs]
    params = init(shapes, network.scaling, spec_seed=program.spec_seed, seeds=seeds, dtype=data.dtype)
    stack = Stack.begin(params, {}, [run.lr for run in program.runs], seeds)
    update = Update(program.optimizer, network.scaling, program.num_steps)
    return Measurer.of(program, data, network, update).check(stack)


def _program(
    case: FamilyCase, arm: Parametrization, optimizer: OptimizerSpec, width: int, base: int, num_seeds: int
) -> CellProgram:
    return cases.program(
        parametrization=arm,
        model=case.model,
        depth=case.depth,
        width=width,
        base_width=base,
        optimizer=optimizer,
        runs=tuple(PlannedRun(0, LRS[optimizer.kind], seed) for seed in range(num_seeds)),
        batch_size=8,
        sharpness_batch_size=32,
        measures=(Measure.COORDINATE_CHECK,),
    )


def slope(check: CoordinateCheck, part: Part, num_updates: int) -> float:
    return next(
        each.slope.value or 0.0
        for each in check.slopes
        if (each.part, each.num_updates) == (part, num_updates)
    )


@lru_cache
def one_output(arm: Parametrization, kind: OptimizerKind) -> CoordinateCheck:
    """Return the check of a network with a single output, whose change no other output blurs."""
    case, data = FamilyCase(ResidualMLP(), 1), cases.regression()
    return checked(case, arm, OptimizerSpec(kind=kind), widths=(64, 128, 256, 512), num_seeds=8, data=data)


@pytest.mark.parametrize("kind", [OptimizerKind.SGD, OptimizerKind.ADAM])
def test_under_mup_all_parts_move_as_much_at_every_width(kind):
    """Oracle 20."""
    check = one_output(MUP, kind)

    assert check.state is CheckState.PASSED
    for part in (Part.INPUT, Part.HIDDEN, Part.OUTPUT):
        assert abs(slope(check, part, 3)) < 0.1


def test_under_ntp_hidden_features_move_less_the_wider_and_outputs_as_much():
    """Oracle 20: -½ in theory, -.486 measured there."""
    check = one_output(NTP, OptimizerKind.SGD)

    assert slope(check, Part.HIDDEN, 3) == pytest.approx(-0.5, abs=0.1)
    assert abs(slope(check, Part.OUTPUT, 3)) < 0.1
    assert check.state is CheckState.PASSED


def test_under_sp_outputs_move_more_the_wider():
    """Oracle 20: +.63 measured there."""
    check = one_output(SP, OptimizerKind.SGD)

    assert slope(check, Part.OUTPUT, 3) > 0.5
    assert check.state is CheckState.PASSED


def test_initial_outputs_fall_with_width_under_mup_only():
    """Oracle 19: E f₀² ~ 1/N under µP, Θ(1) under NTP and SP."""
    slopes = {arm: slope(one_output(arm, OptimizerKind.SGD), Part.OUTPUT, 0) for arm in (MUP, NTP, SP)}

    assert slopes[MUP] == pytest.approx(-0.5, abs=0.15)
    assert slopes[NTP] == pytest.approx(0.0, abs=0.15)
    assert slopes[SP] == pytest.approx(0.0, abs=0.15)


def test_four_times_the_width_changes_little_under_mup():
    """Oracle 21: within a factor 1.2 at t = 1..3."""
    check = one_output(MUP, OptimizerKind.ADAM)

    for part in (Part.INPUT, Part.HIDDEN, Part.OUTPUT):
        for num_updates in (1, 2, 3):
            assert 1 / 1.2 < 4 ** slope(check, part, num_updates) < 1.2


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("case", FAMILY_CASES.values(), ids=FAMILY_CASES)
def test_every_family_passes_under_mup(case, optimizer):
    check = checked(case, MUP, optimizer, widths=(8, 16, 32, 64))

    assert check.state in (CheckState.PASSED, CheckState.WATCH)


OF_GPT = {
    "rms_norm": {"norm": "rms"},
    "tied_embeddings": {"has_tied_embeddings": True},
    "swiglu": {"activation": "swiglu"},
    "rotary_grouped": {"positions": "rotary", "num_kv_heads": 1},
}


@pytest.mark.parametrize("options", OF_GPT.values(), ids=OF_GPT)
def test_every_option_of_the_gpt_is_flat_under_mup(options):
    case = FamilyCase(GPT.model_validate({"num_heads": 2} | options), 1, is_text=True)

    check = checked(case, MUP, ADAM, widths=(8, 16, 32, 64))

    assert check.state in (CheckState.PASSED, CheckState.WATCH)
    for part in (Part.INPUT, Part.HIDDEN):
        assert abs(slope(check, part, 3)) < 0.15


def _all_hidden_lrs(scaling: Scaling, mult: float) -> Scaling:
    return {
        name: constants._replace(lr_mult=constants.lr_mult * mult) if "block" in name else constants
        for name, constants in scaling.items()
    }


def _no_output_multiplier(scaling: Scaling, mult: float) -> Scaling:
    output = scaling["output"]
    return scaling | {"output": output._replace(forward_mult=output.forward_mult * mult)}


def _constant_init(scaling: Scaling, mult: float) -> Scaling:
    return {
        name: constants._replace(init_std=constants.init_std * mult**0.5) if "block" in name else constants
        for name, constants in scaling.items()
    }


MISTAKES = {
    "hidden LRs are not divided by the width": (_all_hidden_lrs, ADAM, Part.HIDDEN),
    "the output multiplier is missing": (_no_output_multiplier, SGD, Part.OUTPUT),
    "hidden weights begin as large at every width": (_constant_init, SGD, Part.HIDDEN),
}


@pytest.mark.parametrize(("change", "optimizer", "part"), MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_parametrization_fails_at_the_part_it_spoils(change, optimizer, part):
    check = checked(MLP, MUP, optimizer, change=change)

    assert check.state is CheckState.FAILED
    assert part in {each.part for each in check.slopes if each.state is CheckState.FAILED}


def test_sp_is_not_taken_for_mup():
    to_sp = {}
    for width in WIDTHS:
        program = _program(MLP, SP, ADAM, width, WIDTHS[0], 1)
        to_sp[width / WIDTHS[0]] = dict(program.scaling_of(data_of(MLP).dims))

    check = checked(MLP, MUP, ADAM, change=lambda _, mult: to_sp[mult])

    assert check.state is CheckState.FAILED


def plain(kind: OptimizerKind, weights: dict[str, torch.nn.Parameter]) -> list[torch.optim.Optimizer]:
    """Return the libraries' optimizers of all weights; Muon leaves those that are not hidden to AdamW."""
    lr, rest = LRS[kind], list(weights.values())
    if kind is OptimizerKind.LION:
        return [Lion([{"params": [weight], "lr": lr, "weight_decay": 0.0} for weight in rest])]
    if kind is OptimizerKind.MUON:
        others = [weight for name, weight in weights.items() if name != "block_0"]
        muon = torch.optim.Muon([weights["block_0"]], lr=lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        return [muon, torch.optim.AdamW(others, lr=lr, weight_decay=0.0)]
    if kind is OptimizerKind.SGD:
        return [torch.optim.SGD(rest, lr=lr)]
    if kind is OptimizerKind.ADAFACTOR:
        return [torch.optim.Adafactor(rest, lr=lr, weight_decay=0.0)]
    method = torch.optim.Adam if kind is OptimizerKind.ADAM else torch.optim.AdamW
    return [method(rest, lr=lr, weight_decay=0.0)]


@pytest.mark.parametrize("kind", list(OptimizerKind))
def test_the_check_is_three_plain_updates_on_centred_outputs(kind, monkeypatch):
    """Against torch.optim on f - f_0, one run in float64, with the schedule left out."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)  # torch's Muon rounds to it
    data = cases.regression(torch.float64)
    optimizer = OptimizerSpec(kind=kind, schedule=ScheduleSpec(warmup_fraction=0.5))
    program = dataclasses.replace(
        _program(FamilyCase(ResidualMLP(), 1), SP, optimizer, 16, 16, 1),
        loss=Loss.SQUARED_ERROR,
        sharpness_batch_size=cases.NUM_TRAIN,
    )

    found_K = taken(program, data)[Metric.COORDINATE_CHANGE][0]

    network = program.network_for(data.dims)
    weights = cases.parameters(network, width=16, seeds=(0,), outputs=1)
    w = {name: torch.nn.Parameter(tensor[0].clone()) for name, tensor in weights.items()}
    steps = plain(kind, w)

    def parts():
        h = data.x_train @ w["input"]
        last = h + torch.relu(h) @ w["block_0"]
        return {Part.INPUT: h, Part.HIDDEN: last, Part.OUTPUT: torch.relu(last) @ w["output"]}

    first = {part: tensor.detach() for part, tensor in parts().items()}
    for num_updates in (1, 2, 3):
        for each in steps:
            each.zero_grad()
        moved = parts()[Part.OUTPUT] - first[Part.OUTPUT]
        (0.5 * (moved - data.y_train[:, None]).square().mean()).backward()
        for each in steps:
            each.step()
        for part, now in parts().items():
            expected = float((now - first[part]).detach().abs().mean())
            assert found_K[component_of(part, num_updates)] == pytest.approx(expected, rel=1e-5)
    assert np.isnan(found_K[component_of(Part.LOGITS, 1)])


@pytest.mark.parametrize("name", ["vit", "gpt"])
@pytest.mark.parametrize(("arm", "expected"), [(MUP, "d^-1/2"), (SP, "1")])
def test_attention_logits_are_scaled_by_the_query_weights(name, arm, expected):
    """Oracle 25: for unit q and k, q·k/d has std d^-½ and q·k/√d has std 1."""
    case = FAMILY_CASES[name]
    model = case.model.model_copy(update={"num_heads": 2, "has_norm": True})
    data, width = data_of(case), 64
    program = cases.program(
        parametrization=arm, model=model, depth=1, width=width, base_width=width, batch_size=8
    )
    if arm is MUP:  # at its base width every arm is SP: let that be heads of one unit
        program = dataclasses.replace(program, base_width=2)
    d_head = width / 2
    network = program.network_for(data.dims)

    assert network.scaling["block_0_query"].forward_mult == pytest.approx(
        1 / d_head if arm is MUP else d_head**-0.5
    )

    std = _logit_std(program, data)
    assert std == pytest.approx(d_head**-0.5 if expected == "d^-1/2" else 1.0, rel=0.15)


def _logit_std(program: CellProgram, data: TrainingData) -> float:
    """Return the rms of the attention logits at initialisation, over 4 seeds; layer norms make q, k unit."""
    runs = tuple(PlannedRun(0, 2.0**-10, seed) for seed in range(4))
    whole = dataclasses.replace(program, runs=runs, measures=(Measure.COORDINATE_CHECK,))
    initial_RP = taken(whole, data)[Metric.INITIAL_ACTIVATION]
    return float(np.sqrt((initial_RP[:, list(Part).index(Part.LOGITS)] ** 2).mean()))


def test_without_the_measure_nothing_is_checked():
    window = next(train(cases.program(), cases.classification()))

    assert not {Metric.COORDINATE_CHANGE, Metric.INITIAL_ACTIVATION} & set(window.values)
