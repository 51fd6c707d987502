"""F1 and F4: over widths, µP keeps sharpness and the optimal LR; NTP keeps neither."""

from __future__ import annotations

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.convnet import ConvNet, ResidualConvNet
from muscope.backend.domain.spec.parametrization import Parametrization
from studies.cells.jobs import Job, Results
from studies.cells.row import Row
from studies.page.checks import Check
from studies.page.figures import Panel
from studies.reproduction.rows.templates import mlp, octaves, template
from studies.reproduction.rows.transfer import both_panels, moves, spread_checks, stays
from studies.reproduction.study import Study

MUP_NTP = {"µP": {}, "NTP": {"parametrization": Parametrization.NTP}}

CONV_CE = Study(
    data="digits",
    template=template(ConvNet(), Loss.CROSS_ENTROPY, width=16, depth=1),
    axis="width",
    sizes=(16, 64, 256),
    arms=MUP_NTP,
    log2_lrs=octaves(-5, 4),
    seeds=(0, 1),
)
CONV_MSE = Study(
    data="digits",
    template=template(ConvNet(), Loss.SQUARED_ERROR, width=16, depth=1),
    axis="width",
    sizes=(16, 64, 256),
    arms=MUP_NTP,
    log2_lrs=octaves(-6, 2),
    seeds=(0, 1),
)
RESIDUAL_CONV = Study(
    data="digits",
    template=template(ResidualConvNet(), Loss.CROSS_ENTROPY, width=8, depth=3),
    axis="width",
    sizes=(8, 16, 32, 64),
    arms=MUP_NTP,
    log2_lrs=octaves(-5, 4),
    seeds=(0, 1),
)
RESIDUAL_MLP = Study(
    data="shapes",
    template=mlp(Loss.CROSS_ENTROPY, width=32),
    axis="width",
    sizes=(32, 128, 512),
    arms=MUP_NTP,
    log2_lrs=octaves(-7, 3),
    seeds=(0, 1, 2),
)


def _plan_f1(results: Results) -> list[Job]:
    return CONV_CE.plan(results) + CONV_MSE.plan(results)


def _judge_f1(results: Results) -> tuple[list[Check], list[Panel]]:
    checks = spread_checks(CONV_CE, results, "µP", "NTP", "cross-entropy, ")
    checks += [
        stays(CONV_CE, results, "µP", "cross-entropy, "),
        moves(CONV_CE, results, "NTP", "cross-entropy, "),
    ]
    # Under squared error NTP's optimum need not move within so few steps; its sharpness must.
    checks += spread_checks(CONV_MSE, results, "µP", "NTP", "squared error, ")
    checks.append(stays(CONV_MSE, results, "µP", "squared error, "))
    return checks, both_panels(CONV_CE, results, "CE, ") + both_panels(CONV_MSE, results, "MSE, ")


def _plan_f4(results: Results) -> list[Job]:
    return RESIDUAL_CONV.plan(results) + RESIDUAL_MLP.plan(results)


def _judge_f4(results: Results) -> tuple[list[Check], list[Panel]]:
    checks = []
    for study, label in ((RESIDUAL_CONV, "conv, "), (RESIDUAL_MLP, "MLP, ")):
        checks += spread_checks(study, results, "µP", "NTP", label)
        checks += [stays(study, results, "µP", label), moves(study, results, "NTP", label)]
    return checks, both_panels(RESIDUAL_CONV, results, "conv, ") + both_panels(RESIDUAL_MLP, results, "MLP, ")


ROWS = (
    Row(
        "f1",
        "Two-layer conv net: under µP sharpness overlaps across widths and the optimal LR stays; under NTP "
        "neither.",
        "digits under cross-entropy and under squared error; widths 16, 64, 256, 240 steps, batch "
        "32, 2 seeds, octave grids; trajectories one octave below the smallest width's best LR.",
        _plan_f1,
        _judge_f1,
    ),
    Row(
        "f4",
        "The same for residual nets and another data set.",
        "cross-entropy: residual conv net on digits (3 blocks, widths 8-64) and residual MLP on shapes "
        "(3 blocks, widths 32, 128, 512), 240 and 300 steps, 2 and 3 seeds.",
        _plan_f4,
        _judge_f4,
    ),
)
