"""Predicted time of the runs a verdict lacks, by the constants that every installation has.

This machine's calibration is not used, so the same evidence gives the same verdict everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, predict
from muscope.backend.domain.protocol import foreseen_cells
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.spec.experiment import chosen_arm
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence


def seconds_of_absent_sizes(evidence: ExperimentEvidence, sweeps: Sequence[Sweep]) -> dict[Size, float]:
    """Predict the seconds of the judged arm's sizes without any planned run."""
    absent = {sweep.sizes[index] for sweep in sweeps for index in sweep.larger if index not in sweep.planned}
    if not absent:
        return {}
    spec = evidence.spec
    seconds = dict.fromkeys(absent, 0.0)
    for cell in foreseen_cells(spec.model_copy(update={"scenarios": spec.judged_scenarios[:1]})):
        size = Size(cell.width, cell.depth)
        if size in absent and cell.parametrization is chosen_arm(spec):
            seconds[size] += predict(spec, evidence.shape, cell, DEFAULT_CALIBRATION).seconds
    return {size: each for size, each in seconds.items() if each > 0}


def run_seconds_of(evidence: ExperimentEvidence, scenario: Scenario) -> Callable[[Size], float]:
    """Return a function that predicts the seconds of one run of the judged arm at a size.

    The run is one of a full stack and without curvature.
    """
    spec, shape, name = evidence.spec, evidence.shape, chosen_arm(evidence.spec)
    lrs = spec.under(scenario).arm(name).lrs
    runs = tuple(PlannedRun(index, lr, seed) for (index, lr), seed in product(enumerate(lrs), spec.seeds))

    def predicted(size: Size) -> float:
        cell = PlannedCell(scenario, name, size.width, size.depth, runs, has_curvature=False)
        return predict(spec, shape, cell, DEFAULT_CALIBRATION).seconds / len(runs)

    return predicted
