"""The staged protocol against the full grid, on the same numbers (ADR 0021)."""

from statistics import median

import numpy as np
import pytest

from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.lifecycle import StopReason
from muscope.backend.domain.protocol.evidence import group_of
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Outcome
from studies.calibration.replay import mask, replay
from tests.backend.analysis.sweeps import parabolas, spec_of, with_diverged

pytestmark = pytest.mark.slow

MUP, NTP = Parametrization.MUP, Parametrization.NTP
AS_GIVEN = Scenario.AS_GIVEN
DIGITS = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)
# The default plan's sizes, which is what the share of compute is asked of.
DEFAULTS = {"batch_size": 64, "num_steps": 300, "measure_every": 30, "sharpness_batch_size": 256}

TRUTHS = {
    Outcome.TRANSFERS: {"slope": 0.0},
    Outcome.FINE_TUNE: {"slope": -0.6, "curvature": 0.06},
    Outcome.DOES_NOT_TRANSFER: {"slope": -1.0},
    Outcome.INCONCLUSIVE: {"slope": -0.5, "curvature": 0.05, "noise": 0.08},
}


def _both(seed, truth, control=None):
    """Return the full verdict, the staged one and the replay of a sweep with a control that moves."""
    sweeps = {
        MUP: [parabolas(random_seed=seed, **truth)],
        NTP: [parabolas(random_seed=1000 + seed, **(control or {"slope": -1.0}))],
    }
    spec = spec_of(sweeps[MUP][0], MUP, NTP).model_copy(update=DEFAULTS)
    replayed = replay(spec, {(AS_GIVEN, name): of_arm for name, of_arm in sweeps.items()}, DIGITS)
    full = judge(spec, AS_GIVEN, sweeps, is_interim=False)
    of_staged = {name: replayed.sweeps[AS_GIVEN, name] for name in sweeps}
    return full, judge(spec, AS_GIVEN, of_staged, is_interim=False), replayed


@pytest.mark.parametrize("outcome", TRUTHS)
def test_the_staged_verdict_is_the_full_one_for_every_kind_of_truth(outcome):
    pairs = [_both(seed, TRUTHS[outcome]) for seed in range(5)]

    assert {full.outcome for full, _, _ in pairs} == {outcome}
    assert {staged.outcome for _, staged, _ in pairs} == {outcome}
    assert {staged.arm.base_lr for _, staged, _ in pairs} == {full.arm.base_lr for full, _, _ in pairs}


def test_it_needs_at_most_a_quarter_of_the_full_compute_in_the_median():
    shares = [_both(seed, truth)[2].share for truth in TRUTHS.values() for seed in range(3)]

    assert median(shares) <= 0.25
    assert max(shares) <= 0.25


def test_what_it_plans_is_part_of_the_full_grid_and_every_run_comes_once():
    _, _, replayed = _both(0, TRUTHS[Outcome.FINE_TUNE])

    runs = [(group_of(cell), run) for cell in replayed.cells for run in cell.runs]
    spec = spec_of(parabolas(), MUP, NTP)
    assert len(runs) == len(set(runs))
    assert set(runs) <= {(group_of(cell), run) for cell in full_grid(spec) for run in cell.runs}
    assert 0 < replayed.seconds < replayed.full_seconds


def test_a_failure_at_a_small_size_saves_the_large_ones():
    _, staged, replayed = _both(0, TRUTHS[Outcome.DOES_NOT_TRANSFER])

    assert staged.outcome is Outcome.DOES_NOT_TRANSFER
    assert replayed.stop_reason is StopReason.SETTLED
    assert max(cell.width for cell in replayed.cells if cell.parametrization is MUP) < 256


def test_divergence_at_the_reused_lr_is_seen_in_the_window():
    sweep = parabolas()
    sweep = with_diverged(sweep, *[(3, lr, seed) for lr in range(4, 9) for seed in range(5)])
    spec = spec_of(sweep, MUP)

    replayed = replay(spec, {(AS_GIVEN, MUP): [sweep]}, DIGITS)
    staged = judge(spec, AS_GIVEN, {MUP: replayed.sweeps[AS_GIVEN, MUP]}, is_interim=False)

    assert (staged.outcome, staged.rule) == (Outcome.DOES_NOT_TRANSFER, "diverges")


def test_a_masked_sweep_holds_what_its_cells_measured_and_nothing_else():
    sweep = parabolas()
    spec = spec_of(sweep, MUP)
    replayed = replay(spec, {(AS_GIVEN, MUP): [sweep]}, DIGITS)

    masked = mask(sweep, spec.seeds, replayed.cells)

    assert masked.is_planned is not None
    assert masked.is_planned.sum() == sum(len(cell.runs) for cell in replayed.cells)
    assert (masked.is_measured == masked.is_planned).all()
    final = masked.losses[Metric.VAL_LOSS].final
    assert (np.isfinite(final) == masked.is_planned).all()
    assert (final == sweep.losses[Metric.VAL_LOSS].final)[masked.is_planned].all()
    curved = sum(len(cell.runs) for cell in replayed.cells if cell.has_curvature)
    assert np.isfinite(masked.sharpness).all(axis=-1).sum() == curved
