"""Choices of the viewer on stored values: sizes, seeds, one run, the rate of a figure, the table."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.db import metrics
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import InvalidInput
from muscope.backend.figures.names import FigureName, figures_of
from muscope.backend.figures.theme import YScale
from muscope.backend.services.figures.cached_json import build_figure, read_table
from muscope.backend.services.figures.options import FigureOptions, SeedView, TableFormat, TableOptions
from muscope.backend.services.figures.shown_rate import at_rate_with_values
from muscope.backend.services.figures.shown_runs import shown_runs
from muscope.backend.services.figures.steps import Source, StepReader
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import SPEC
from tests.backend.services.judged import evidence_of
from tests.backend.services.recorded import DIVERGES_AT, record, value_of

MUP = Parametrization.MUP


def only_at(lr_measured: float):
    """Return values whose sharpness was measured at one LR only, as in a staged plan."""

    def value(metric: Metric, lr: float, seed: int, width: int, step: int) -> float:
        if metric is Metric.SHARPNESS and lr != lr_measured:
            return math.nan
        return value_of(metric, lr, seed, width, step)

    return value


@pytest.fixture
def experiment_id(database):
    experiment_id, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        record(database, cell_id, value=only_at(0.2))
    with database.write() as session:
        cell = session.get_one(CellRow, cell_ids[0])
        metrics.mark_diverged(
            session, cell_ids[0], {2 * SPEC.arm(cell.parametrization).lrs.index(0.2) + 1: DIVERGES_AT}
        )
    return experiment_id


def read(context, experiment_id, take, **choice):
    options = FigureOptions(**choice)
    with context.database.read() as session:
        return take(shown_runs(evidence_of(session, experiment_id), options), options)


def curves(metric, **changes):
    def take(shown, options):
        return StepReader(replace(shown, **changes), shown.cells, options).info(Source(metric))

    return take


def meta(context, experiment_id, name, **choice):
    view = build_figure(context, LOCAL_OWNER, experiment_id, name, "en", FigureOptions(**choice))
    return json.loads(view.json_bytes())["meta"]


def test_only_the_chosen_sizes_are_drawn(context, experiment_id):
    info = read(context, experiment_id, curves(Metric.TRAIN_LOSS), width=(16,))

    assert {curve.width for curve in info.curves} == {16}
    assert (info.widths, info.shown, info.missing) == ((8, 16), (16,), [])


def test_only_the_chosen_seeds_are_averaged(context, experiment_id):
    info = read(
        context, experiment_id, curves(Metric.TRAIN_LOSS), seed=(1,), lr_index=0, parametrization=(MUP,)
    )

    narrow = info.curves[0]
    expected = [value_of(Metric.TRAIN_LOSS, 0.1, 1, 8, step) for step in range(13)]
    assert narrow.mean.values == pytest.approx(expected, rel=1e-6)
    assert info.num_seeds == 1


def test_the_best_rate_is_of_all_seeds_or_not_shown(context, experiment_id):
    all_seeds, one_seed = (
        read(
            context, experiment_id, lambda shown, _: shown.info(YScale.LOG), parametrization=(MUP,), **choice
        )
        for choice in ({}, {"seed": (0,)})
    )

    assert any(curve.optimum for curve in all_seeds.curves)
    assert not any(curve.optimum for curve in one_seed.curves)


def test_each_seed_and_the_run_in_front_have_lines_of_their_own(context, experiment_id):
    info = read(
        context, experiment_id, curves(Metric.TRAIN_LOSS),
        seeds=SeedView.EACH, run="mup.16.1", lr_index=0, parametrization=(MUP,),
    )  # fmt: skip

    narrow, wide = info.curves
    assert [line.seed for line in narrow.runs.each] == [0, 1]
    assert narrow.runs.front is None
    assert wide.runs.front is not None
    expected = [value_of(Metric.TRAIN_LOSS, 0.1, 1, 16, step) for step in range(13)]
    assert wide.runs.front.values == pytest.approx(expected, rel=1e-6)


def test_smoothing_changes_the_mean_and_nothing_else(context, experiment_id):
    plain, smooth = (
        read(context, experiment_id, curves(Metric.TRAIN_LOSS), lr_index=1, smooth=share).curves[0]
        for share in (0.0, 0.2)
    )

    assert smooth.raw == plain.mean
    assert smooth.mean.values != plain.mean.values
    assert (smooth.diverged_at, smooth.low, smooth.high) == (plain.diverged_at, plain.low, plain.high)
    assert smooth.diverged_at


def test_a_figure_opens_where_most_sizes_have_values_and_the_page_keeps_its_rate(context, experiment_id):
    def rates(shown, _):
        return shown.lr_index, at_rate_with_values(shown, shown.cells, Metric.SHARPNESS).lr_index

    assert read(context, experiment_id, rates) == (0, 1)
    assert read(context, experiment_id, rates, lr_index=0) == (0, 0)  # the viewer's choice stands
    found = meta(context, experiment_id, FigureName.SHARPNESS)
    assert (found["lr"]["mup"], found["lr_index"], found["lrs_with_values"]) == (0.2, 0, [1])
    assert meta(context, experiment_id, FigureName.LOSS)["lr"]["mup"] == 0.1


def test_figures_open_on_the_loss_that_decides(context, experiment_id):
    assert meta(context, experiment_id, FigureName.LOSS)["title"] == "Validation loss"
    assert "validation" in meta(context, experiment_id, FigureName.LR_LOSS)["title"]
    assert "validation" in meta(context, experiment_id, FigureName.OPTIMUM_SIZE)["title"]


@pytest.mark.parametrize(
    ("choice", "code"),
    [({"width": (7,)}, "figure.unknown_width"), ({"seed": (99,)}, "figure.unknown_seed")],
)
def test_a_size_or_seed_the_experiment_does_not_have_is_refused(context, experiment_id, choice, code):
    with pytest.raises(InvalidInput, match=code.replace(".", r"\.")):
        meta(context, experiment_id, FigureName.LOSS, **choice)


@pytest.mark.parametrize("name", figures_of(()))
def test_every_figure_has_its_numbers_as_a_table(context, experiment_id, name):
    table = read_table(context, LOCAL_OWNER, experiment_id, name, "ja", TableOptions(format=TableFormat.CSV))

    assert table.columns
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert len(table.csv.splitlines()) == len(table.rows) + 1


def test_the_table_has_the_numbers_of_the_curves(context, experiment_id):
    options = TableOptions(lr_index=0, width=(8,), parametrization=(MUP,))

    rows = read_table(context, LOCAL_OWNER, experiment_id, FigureName.LOSS, "en", options).rows

    values = [
        np.mean([value_of(Metric.VAL_LOSS, 0.1, seed, 8, step) for seed in (0, 1)]) for step in (0, 5, 10, 12)
    ]
    assert [row[4] for row in rows] == [0, 5, 10, 12]
    assert [row[6] for row in rows] == pytest.approx(values, rel=1e-5)
