"""F6 and the appendix lines on SP and random features: progressive sharpening, present and absent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from muscope.backend.analysis.sweep import Values, mean_of_finite
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import OUTPUT
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.program import CellProgram
from studies.cells.datasets import RANDOM, dataset
from studies.cells.jobs import Results
from studies.cells.linear_net import LinearNet
from studies.cells.row import Row
from studies.page.checks import Check, at_most, more_than
from studies.page.figures import Panel
from studies.reproduction.panels import metric_panel, sharpness_panel
from studies.reproduction.rows.templates import mlp, octaves, template
from studies.reproduction.rows.transfer import both_panels, moves, spread_checks, stays
from studies.reproduction.rows.width import MUP_NTP
from studies.reproduction.study import Study

# Full-batch gradient descent, as in the paper's linear example.
_LINEAR = replace(
    template(LinearNet(), Loss.SQUARED_ERROR, width=16, depth=1, steps=200),
    batch_size=len(dataset(RANDOM).x_train),
    sharpness_tolerance=1e-3,
)
LINEAR = Study(
    data=RANDOM,
    template=_LINEAR,
    axis="width",
    sizes=(16, 64, 256, 1024),
    arms=MUP_NTP,
    log2_lrs=octaves(-7, 1),
    seeds=(0, 1, 2),
    measures_at=25,
    sweeps_all=False,
    changes={"measures": (Measure.GAUSS_NEWTON,)},
)
MLP_SP = Study(
    data="digits",
    template=mlp(Loss.SQUARED_ERROR, width=32),
    axis="width",
    sizes=(32, 64, 128, 256),
    arms={"µP": {}, "SP": {"parametrization": Parametrization.SP}},
    log2_lrs=octaves(-10, 0),
    seeds=(0, 1, 2),
)
GAUSS_NEWTON, RESIDUAL = Metric.GAUSS_NEWTON_SHARPNESS, Metric.RESIDUAL_SHARPNESS
_PARTS = {GAUSS_NEWTON: "G", RESIDUAL: "R"}
SHARPENS = 1.3  # final over initial sharpness
STAYS = 1.1


def _growth(values_WMS: Values) -> Values:
    """Return the largest over the first sharpness of the seeds' mean, [W]."""
    mean_WM = mean_of_finite(values_WMS, axis=2)
    growth: Values = np.nanmax(mean_WM, axis=1) / mean_WM[:, 0]
    return growth


def _judge_f6(results: Results) -> tuple[list[Check], list[Panel]]:
    found = {
        (arm, metric): LINEAR.measured(results, arm, metric)
        for arm in LINEAR.arms
        for metric in (GAUSS_NEWTON, RESIDUAL)
    }
    g, r = (mean_of_finite(found["µP", metric][1], axis=2) for metric in (GAUSS_NEWTON, RESIDUAL))
    late = g.shape[1] // 2
    mup, ntp = (_growth(found[arm, GAUSS_NEWTON][1]) for arm in ("µP", "NTP"))
    wide = LINEAR.sizes[-1]
    checks = [
        at_most(
            "µP: largest late λ(R)/λ(G) of any width",
            float(np.nanmax(r[:, late:] / g[:, late:])),
            0.25,
            "the noise of the labels leaves residuals, and with them R",
        ),
        more_than("µP: λ(G) grows, factor, least over widths", float(mup.min()), SHARPENS, "too few steps"),
        at_most(
            f"NTP: λ(G) grows at N = {wide}, factor", float(ntp[-1]), STAYS, "not wide enough to be lazy"
        ),
        more_than(
            f"NTP: growth at N = 16 ({ntp[0]:.2f}) over that at N = {wide}",
            float(ntp[0] / ntp[-1]),
            SHARPENS / STAYS,
            "under NTP the output starts as large as its target: the narrow net has as little to gain",
        ),
    ]
    return checks, [
        metric_panel(LINEAR, f"{arm}: λ({_PARTS[metric]})", "eigenvalue · C", *values, log_x=False)
        for (arm, metric), values in found.items()
    ]


def _judge_sp(results: Results) -> tuple[list[Check], list[Panel]]:
    checks = spread_checks(MLP_SP, results, "µP", "SP")
    checks += [stays(MLP_SP, results, "µP"), moves(MLP_SP, results, "SP")]
    return checks, both_panels(MLP_SP, results)


def _readout_only(program: CellProgram, width: int) -> CellProgram:
    """Return the program at a width with every LR multiplier 0 but the readout's: random features."""
    wider = replace(program, width=width)
    table = wider.scaling_of(dataset("digits").dims)
    frozen = {
        name: constants if name == OUTPUT else constants._replace(lr_mult=0.0)
        for name, constants in table.items()
    }
    return replace(wider, scaling=frozen)


class FeatureStudy(Study):
    """Study whose arm `readout` trains the last layer only."""

    def _program(self, arm: str, size: int) -> CellProgram:
        program = super()._program(arm, size)
        return _readout_only(program, size) if arm == READOUT else program


READOUT = "readout"
FEATURES = FeatureStudy(
    data="digits",
    template=mlp(Loss.SQUARED_ERROR, width=128),
    axis="width",
    sizes=(128, 512),
    arms={"all layers": {}, READOUT: {}},
    log2_lrs=octaves(-6, 3),
    seeds=(0, 1, 2),
    # Far below the edge of stability, which would end the sharpening before it begins.
    octaves=-4.0,
    sweeps_all=False,
)


def _judge_features(results: Results) -> tuple[list[Check], list[Panel]]:
    growth = {arm: _growth(FEATURES.measured(results, arm, Metric.SHARPNESS)[1]) for arm in FEATURES.arms}
    checks = [
        at_most("readout: largest growth of sharpness", float(growth[READOUT].max()), STAYS, "it must not"),
        more_than("all layers: least growth", float(growth["all layers"].min()), SHARPENS, "too few steps"),
    ]
    return checks, [sharpness_panel(FEATURES, results, arm) for arm in FEATURES.arms]


ROWS = (
    Row(
        "f6",
        "Two-layer linear net, squared error: under µP the Gauss-Newton part dominates and sharpens at every "
        "width; under NTP sharpening dies out with width.",
        "random data (128 × 16, noisy linear target), full batch, 200 steps, widths 16-1024, 3 "
        "seeds, one octave below the smallest width's best LR.",
        LINEAR.plan,
        _judge_f6,
    ),
    Row(
        "app_sp",
        "SP: sharpness grows with width and the optimal LR falls.",
        "residual MLP of 3 blocks on digits under squared error; widths 32-256, 300 steps, 3 seeds.",
        MLP_SP.plan,
        _judge_sp,
    ),
    Row(
        "app_random_features",
        "Random features (only the readout is trained): no progressive sharpening.",
        "residual MLP of 3 blocks on digits under squared error, µP; widths 128 and 512, 300 steps, 3 seeds, "
        "four octaves below the best LR; control: all layers trained.",
        FEATURES.plan,
        _judge_features,
    ),
)
