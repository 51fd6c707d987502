"""F5 and the appendix lines on depth: 1/√L transfers with one layer a block, and not otherwise."""

from __future__ import annotations

from dataclasses import replace

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.convnet import ResidualConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import ViT
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from studies.cells.jobs import Job, Results
from studies.cells.row import Row
from studies.page.checks import Check, more_than
from studies.page.figures import Panel
from studies.reproduction.findings import SPREAD_LIMIT
from studies.reproduction.rows.templates import mlp, octaves, template
from studies.reproduction.rows.transfer import both_panels, moves, spread_checks, stays, why_together
from studies.reproduction.statistics import spread_of_sharpness
from studies.reproduction.study import Study

# Under Adam LRs of tensors differ by powers of the width multiplier, which base = width leaves at 1.
ADAM = OptimizerSpec(kind=OptimizerKind.ADAM)
DEPTH_MUP = {"parametrization": Parametrization.DEPTH_MUP}
NO_RULE = {"model": ResidualMLP(branch_exponent=0.0)}
SCALED, UNSCALED = "depth-µP", "no 1/√L"
ONE, TWO = "k = 1", "k = 2"

CONV = Study(
    data="digits",
    template=replace(template(ResidualConvNet(), Loss.CROSS_ENTROPY, width=16, depth=3), base_depth=3),
    axis="depth",
    sizes=(3, 6, 12, 24),
    arms={ONE: DEPTH_MUP, TWO: DEPTH_MUP | {"model": ResidualConvNet(layers_per_block=2)}},
    log2_lrs=octaves(-7, 0),
    seeds=(0, 1),
)
VIT = Study(
    data="digits",
    template=replace(
        template(ViT(), Loss.CROSS_ENTROPY, width=32, depth=2), base_width=32, base_depth=2, optimizer=ADAM
    ),
    axis="depth",
    sizes=(2, 4, 8),
    arms={"ViT": DEPTH_MUP},
    log2_lrs=octaves(-11, -5),
    seeds=(0, 1),
)
_MLP_CE = replace(mlp(Loss.CROSS_ENTROPY, width=64, depth=2), base_depth=2)
MLP_DEPTH = Study(
    data="digits",
    template=_MLP_CE,
    axis="depth",
    sizes=(2, 4, 8, 16),
    arms={SCALED: DEPTH_MUP, UNSCALED: NO_RULE},
    log2_lrs=octaves(-7, 1),
    seeds=(0, 1, 2),
)
MLP_LAYERS = replace(
    MLP_DEPTH, arms={ONE: DEPTH_MUP, TWO: DEPTH_MUP | {"model": ResidualMLP(layers_per_block=2)}}
)
MLP_ADAM = replace(
    MLP_DEPTH,
    template=replace(_MLP_CE, base_width=64, optimizer=ADAM),
    arms={SCALED: DEPTH_MUP, UNSCALED: NO_RULE},
    log2_lrs=octaves(-13, -3),
)


def _plan_f5(results: Results) -> list[Job]:
    return CONV.plan(results) + VIT.plan(results)


def _judge_f5(results: Results) -> tuple[list[Check], list[Panel]]:
    checks = spread_checks(CONV, results, ONE, TWO, "conv, ")
    checks += [stays(CONV, results, ONE, "conv, "), _drifts(CONV, results, TWO, "conv, ")]
    checks.append(_drifts(VIT, results, "ViT", ""))
    return checks, both_panels(CONV, results, "conv, ") + both_panels(VIT, results)


def _drifts(study: Study, results: Results, arm: str, label: str) -> Check:
    """Check that sharpness does not overlap over depths: the paper's sign that nothing transfers."""
    spread = spread_of_sharpness(study.trajectory(results, arm))
    shift, _ = study.shift(results, arm)
    text = f"{label}{arm}: spread of ln sharpness over depths (the optimum moves by {shift:+.2f} octaves)"
    return more_than(text, spread, SPREAD_LIMIT, why_together(study, results, arm))


def _judge_depth(results: Results) -> tuple[list[Check], list[Panel]]:
    checks = spread_checks(MLP_DEPTH, results, SCALED, UNSCALED)
    checks += [stays(MLP_DEPTH, results, SCALED), moves(MLP_DEPTH, results, UNSCALED)]
    return checks, both_panels(MLP_DEPTH, results)


def _judge_layers(results: Results) -> tuple[list[Check], list[Panel]]:
    checks = spread_checks(MLP_LAYERS, results, ONE, TWO)
    checks += [stays(MLP_LAYERS, results, ONE), _drifts(MLP_LAYERS, results, TWO, "")]
    return checks, both_panels(MLP_LAYERS, results)


def _judge_adam(results: Results) -> tuple[list[Check], list[Panel]]:
    checks = spread_checks(MLP_ADAM, results, SCALED, UNSCALED)
    checks += [stays(MLP_ADAM, results, SCALED), moves(MLP_ADAM, results, UNSCALED)]
    return checks, both_panels(MLP_ADAM, results)


_MLP_SETTING = (
    "residual MLP of width 64 on digits under cross-entropy; depths 2, 4, 8, 16, 300 steps, 3 seeds"
)
ROWS = (
    Row(
        "f5",
        "Depth-µP: with one layer a block conv nets transfer over depth and are super consistent; with two "
        "layers, and ViTs, they are not.",
        "digits under cross-entropy: residual conv net of width 16, depths 3-24, SGD; ViT of width 32 "
        "(5 tokens), depths 2-8, Adam; 240 steps, 2 seeds.",
        _plan_f5,
        _judge_f5,
    ),
    Row(
        "app_depth",
        "Without 1/√L neither sharpness nor the optimal LR stays over depth.",
        f"{_MLP_SETTING}, SGD; control: µP with branch exponent 0.",
        MLP_DEPTH.plan,
        _judge_depth,
    ),
    Row(
        "app_k2",
        "Two layers a block: sharpness is not super consistent over depth.",
        f"{_MLP_SETTING}, SGD, depth-µP.",
        MLP_LAYERS.plan,
        _judge_layers,
    ),
    Row(
        "app_adam",
        "Adam under depth-µP: the preconditioned sharpness overlaps over depth and the optimal LR stays.",
        f"{_MLP_SETTING}, Adam; control: µP with branch exponent 0.",
        MLP_ADAM.plan,
        _judge_adam,
    ),
)
