"""One final loss: figure, verdict, card, export and runs table name the same optimum for any sweep."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest

from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow, ExperimentRow
from muscope.backend.domain.lifecycle import CellState, ExperimentState
from muscope.backend.domain.spec.experiment import Arm
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.theme import YScale
from muscope.backend.services.experiments.export import export_lines
from muscope.backend.services.figures.options import FigureOptions, LossChoice
from muscope.backend.services.figures.shown_runs import shown_runs
from muscope.backend.services.figures.sizes import optimum_info
from muscope.backend.services.runs.listing import list_runs
from muscope.backend.services.verdicts.judging import get_verdict
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import spec
from tests.backend.services.judged import evidence_of
from tests.backend.services.recorded import record

MUP = Parametrization.MUP
LRS = tuple(2.0**octave for octave in (-4, -3, -2, -1, 0))
NUM_STEPS, TAIL = 40, 8
CHOICES = {LossChoice.TRAIN: Metric.TRAIN_LOSS, LossChoice.VAL: Metric.VAL_LOSS}


def _spec(measure_every: int):
    """A full grid whose tail of eight steps holds several validation losses, one, or none."""
    arms = tuple(Arm(parametrization=name, lrs=LRS) for name in (MUP, Parametrization.NTP))
    return spec(
        arms=arms, widths=(8, 16, 32), seeds=(3, 7, 9), num_steps=NUM_STEPS, measure_every=measure_every,
        tail_fraction=TAIL / NUM_STEPS,
    )  # fmt: skip


def _curves(draw: np.random.Generator):
    """Return a made-up loss of every run and step: a valley over LRs that moves while it trains."""
    optimum = {width: draw.uniform(-3.2, -0.8) for width in (8, 16, 32)}
    drift = draw.uniform(-1.5, 1.5)

    def value(metric: Metric, lr: float, seed: int, width: int, step: int) -> float:
        if metric is Metric.SHARPNESS:
            return 0.5
        if step == 0:
            return 4.0
        best = optimum[width] + drift * step / NUM_STEPS
        noise = math.sin(97 * seed + 13 * step + 31 * math.log2(lr) + width)
        return 1.0 + 0.1 * (math.log2(lr) - best) ** 2 + 0.05 * noise

    return value


def _experiment(database, measure_every: int, random_seed: int):
    experiment_id, cell_ids = add_experiment(database, _spec(measure_every))
    value = _curves(np.random.default_rng(random_seed))
    for cell_id in cell_ids:
        record(database, cell_id, value=value, tail_from=NUM_STEPS - TAIL + 1)
        with database.write() as session:
            session.get_one(CellRow, cell_id).state = CellState.COMPLETED
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).state = ExperimentState.COMPLETED
    return experiment_id


def _exported(context, experiment_id) -> dict[tuple[str, str, int, float], float]:
    """Return mean final losses by arm, metric, width and LR, computed from the export by hand."""
    steps: dict[tuple[str, str, int, float, int], dict[int, float]] = defaultdict(dict)
    for line in export_lines(context, LOCAL_OWNER, experiment_id):
        _, arm, width, _, lr, seed, metric, step, *_, bits = line.split("\t")
        if metric in ("train_loss", "val_loss"):
            key = arm, metric, int(width), float(lr), int(seed)
            steps[key][int(step)] = float(np.frombuffer(bytes.fromhex(bits), "<f4")[0])
    seeds: dict[tuple[str, str, int, float], list[float]] = defaultdict(list)
    for key, values in steps.items():
        tail = range(NUM_STEPS - TAIL + 1, NUM_STEPS + 1)
        is_train = key[1] == "train_loss"
        final = sum(values[step] for step in tail) / len(tail) if is_train else min(values.values())
        seeds[key[:4]].append(final)
    return {key: sum(finals) / len(finals) for key, finals in seeds.items()}


def _best(finals: dict[tuple[str, str, int, float], float], metric: str, width: int) -> float:
    return min(LRS, key=lambda lr: finals[MUP.value, metric, width, lr])


@pytest.mark.parametrize("measure_every", [1, 3, 10, 40])
@pytest.mark.parametrize("random_seed", range(3))
def test_everything_that_names_an_optimum_names_the_same(context, database, measure_every, random_seed):
    experiment_id = _experiment(database, measure_every, random_seed)
    finals = _exported(context, experiment_id)

    for choice, metric in CHOICES.items():
        options = FigureOptions(loss=choice, parametrization=(MUP,))
        with context.database.read() as session:
            shown = shown_runs(evidence_of(session, experiment_id), options)
            curves = {c.width: c for c in shown.info(YScale.LINEAR).curves}
            shown_index = shown.lr_index
            (line,) = optimum_info(shown).lines
        card = get_verdict(context, LOCAL_OWNER, experiment_id).arm
        by_size = {point.size.width: point.lr for point in line.points}
        of_card = {
            size.width: next(each.optimal_lr for each in size.losses if each.loss is metric)
            for size in card.sizes
        }
        runs = _from_runs_table(context, experiment_id, metric)
        for width in (8, 16, 32):
            best = _best(finals, metric.value, width)
            means = {point.lr: point.mean for point in curves[width].points}
            assert means == pytest.approx({lr: finals[MUP.value, metric.value, width, lr] for lr in LRS})
            assert min(means, key=means.__getitem__) == best
            optimum = curves[width].optimum
            assert optimum is not None
            assert optimum.lr == by_size[width]
            assert runs[width] == best
            if width != 8:
                assert of_card[width] == by_size[width]
        assert LRS[shown_index] == card.base_lr  # the figures open at the rate that the verdict reuses
    assert card.base_lr == _best(finals, "val_loss", 8)


def _from_runs_table(context, experiment_id, metric: Metric) -> dict[int, float]:
    finals: dict[tuple[int, float], list[float]] = defaultdict(list)
    for run in list_runs(context, LOCAL_OWNER, experiment_id).items:
        if run.parametrization is MUP:
            final = run.summaries[metric].final
            assert final is not None
            finals[run.width, run.lr].append(final)
    return {width: min(LRS, key=lambda lr: sum(finals[width, lr])) for width in (8, 16, 32)}


def test_a_summary_has_no_final_value_before_its_run_has_ended(context, database):
    experiment_id, cell_ids = add_experiment(database, _spec(10))
    record(database, cell_ids[0], until=NUM_STEPS - 2, tail_from=NUM_STEPS - TAIL + 1)

    runs = [run for run in list_runs(context, LOCAL_OWNER, experiment_id).items if run.cell_id == cell_ids[0]]

    assert {run.summaries[metric].final for run in runs for metric in CHOICES.values()} == {None}
    with database.read() as session:
        assert metric_rows.summaries_of_experiment(session, experiment_id)
