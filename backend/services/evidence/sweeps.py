"""LR sweeps of an experiment as arrays, for verdict and figures."""

from __future__ import annotations

from muscope.backend.analysis.step_up import joined
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.domain.spec.experiment import (
    STEP_UP_AXES,
    axes_of,
    base_size,
    chosen_arm,
    size_stepped_up,
    sizes_on,
)
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.sweep_loader import SweepLoader, fetch_measured, fetch_tails


def load_sweeps(evidence: ExperimentEvidence, scenario: Scenario) -> dict[Parametrization, list[Sweep]]:
    """Return the sweeps of every arm, one per axis on which the spec has larger sizes.

    The width axis is always included, and first. Train-loss curves are read on access, so the session of the
    evidence must stay open until then. A step up has the judged arm alone, with the base as given.
    """
    if scenario.is_step_up:
        return {chosen_arm(evidence.spec): [_step_up_sweep(evidence, scenario)]}
    spec = evidence.spec.under(scenario)
    loaders = [
        SweepLoader(evidence, spec, arm.parametrization, axis, sizes_on(spec, axis), base_size(spec))
        for arm in spec.arms
        for axis in axes_of(spec)
    ]
    cells = [cell for cell in evidence.cells if cell.scenario == scenario]
    fetch_measured(evidence, spec, cells)
    for cell in cells:
        for loader in loaders:
            loader.offer(cell)
    return {
        arm.parametrization: [
            loader.sweep() for loader in loaders if loader.parametrization is arm.parametrization
        ]
        for arm in spec.arms
    }


def _step_up_sweep(evidence: ExperimentEvidence, scenario: Scenario) -> Sweep:
    """Return the base as given and the larger training that reuses its LR, as one sweep."""
    spec, size = evidence.spec, size_stepped_up(evidence.spec, scenario)
    base = load_one_size(evidence, Scenario.AS_GIVEN, base_size(spec))
    larger = load_one_size(evidence, scenario, size)
    return joined(base, larger, STEP_UP_AXES[scenario.kind], spec.step_up(scenario))


def load_one_size(evidence: ExperimentEvidence, scenario: Scenario, size: Size) -> Sweep:
    """Return the judged arm's sweep of one size alone, with the LRs it trains with."""
    spec = evidence.spec.under(scenario)
    loader = SweepLoader(evidence, spec, chosen_arm(spec), Axis.WIDTH, (size,), size)
    cells = [cell for cell in evidence.cells if cell.scenario == scenario and cell.size == size]
    fetch_measured(evidence, spec, cells)
    for cell in cells:
        loader.offer(cell)
    return loader.sweep()


def load_losses(
    evidence: ExperimentEvidence,
    scenario: Scenario,
    parametrization: Parametrization,
    depth: int,
    loss: Metric,
) -> Sweep:
    """Return the sweep over the widths of one depth with one loss alone, as its figure needs it."""
    spec = evidence.spec.under(scenario)
    sizes = tuple(sorted(Size(width, depth) for width in spec.widths))
    base = Size(base_size(spec).width, depth)
    loader = SweepLoader(evidence, spec, parametrization, Axis.WIDTH, sizes, base, only=loss)
    cells = [cell for cell in evidence.cells if cell.scenario == scenario and loader.takes(cell)]
    evidence.fetch(cells, (loss,), to_step=0)
    if loss is Metric.TRAIN_LOSS:
        fetch_tails(evidence, spec, cells, spec.num_steps)
    else:
        evidence.fetch(cells, (loss,), to_step=spec.num_steps)
    for cell in cells:
        loader.add(cell)
    return loader.sweep()
