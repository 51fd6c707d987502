"""Figures from stored values: the infos by equality, one build per state and wish, clear refusals."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
from uuid import UUID, uuid4

import numpy as np
import pytest

from muscope.backend.db import metrics
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.figures.lr_loss import LrCurve, LrLossInfo, LrPoint
from muscope.backend.figures.names import FigureName, figures_of
from muscope.backend.figures.steps.step_curves import Column
from muscope.backend.figures.theme import Mode, YScale
from muscope.backend.services.figures.cached_json import build_figure, figure_etag
from muscope.backend.services.figures.options import FigureOptions, LossChoice
from muscope.backend.services.figures.shown_runs import shown_runs
from muscope.backend.services.figures.steps import Source, StepReader
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import SPEC, spec
from tests.backend.services.judged import evidence_of
from tests.backend.services.recorded import DIVERGES_AT, record, value_of

MUP, NTP = Parametrization.MUP, Parametrization.NTP
OPTIONS = FigureOptions(loss=LossChoice.TRAIN)
EMPTY = {
    FigureName.COST_SIZE: "No cost yet",
    FigureName.LOSS_COMPUTE: "No best rate yet",
    FigureName.PREDICTED_SECONDS: "No time yet",
}


@pytest.fixture
def experiment_id(database):
    """An experiment of which the narrow µP cell is wholly recorded and all else is to come."""
    experiment_id, cell_ids = add_experiment(database)
    finish(database, cell_ids[0])
    return experiment_id


def finish(database, cell_id: UUID) -> None:
    """Record a cell; its LR 0.2 diverges with seed 1."""
    record(database, cell_id)
    with database.write() as session:
        cell = session.get_one(CellRow, cell_id)
        of_arm = SPEC.arm(cell.parametrization).lrs
        metrics.mark_diverged(session, cell_id, {2 * of_arm.index(0.2) + 1: DIVERGES_AT})


def final(lr: float, seed: int) -> float:
    """Return the mean loss of the last two steps, as float32 stores them."""
    return sum(float(np.float32(value_of(Metric.TRAIN_LOSS, lr, seed, 8, step))) for step in (11, 12)) / 2


def shown(context, experiment_id, read, options=OPTIONS):
    """Return what `read` takes of the runs that a figure shows."""
    with context.database.read() as session:
        return read(shown_runs(evidence_of(session, experiment_id), options))


def steps(context, experiment_id, metric=Metric.TRAIN_LOSS, options=OPTIONS):
    with context.database.read() as session:
        read = shown_runs(evidence_of(session, experiment_id), options)
        reader = StepReader(read, read.cells, options)
        return reader.info(Source(metric)), reader.count


def test_the_lr_figure_knows_final_losses_and_diverged_runs(context, experiment_id):
    info = shown(context, experiment_id, lambda runs: runs.info(YScale.LOG))

    low, high = final(0.1, 0), final(0.1, 1)
    survivor = final(0.2, 0)
    points = (
        LrPoint(0.1, (low + high) / 2, low, high, 2, 0),
        LrPoint(0.2, survivor, survivor, survivor, 1, 1),
    )
    (curve,) = info.curves
    assert curve.points == points
    assert info == LrLossInfo(
        (MUP, NTP), (8, 16), (0.05, 0.1, 0.2), 2, Metric.TRAIN_LOSS, Loss.CROSS_ENTROPY,
        (LrCurve(MUP, 8, points, curve.optimum),), shown=(8, 16),
    )  # fmt: skip


def test_the_optimum_is_the_verdicts_and_lies_on_the_line(context, experiment_id):
    (curve,) = shown(context, experiment_id, lambda runs: runs.info(YScale.LOG)).curves

    assert curve.optimum is not None
    assert (curve.optimum.lr, curve.optimum.is_edge) == (pytest.approx(0.1), True)
    assert curve.optimum.loss == pytest.approx(curve.points[0].mean)


def test_the_shown_lr_is_the_best_at_the_base_width_so_far(context, database, experiment_id):
    empty, _ = add_experiment(database)

    def index(experiment_id, options=OPTIONS):
        return shown(context, experiment_id, lambda runs: runs.lr_index, options)

    assert index(experiment_id) == 0
    assert index(empty) == 1  # the middle of two
    assert index(empty, FigureOptions(lr_index=0)) == 0


def test_another_arm_shows_the_nearest_lr_it_has(context, experiment_id):
    of_arms = shown(
        context,
        experiment_id,
        lambda runs: [(runs.lr_of(arm), runs.lr_index_of(arm)) for arm in (MUP, NTP)],
        FigureOptions(lr_index=1),
    )

    assert of_arms == [(0.2, 1), (0.2, 2)]


def test_curves_are_means_and_ranges_over_the_seeds_of_the_shown_lr(context, experiment_id):
    info, count = steps(context, experiment_id)

    (curve,) = info.curves
    values = [[value_of(Metric.TRAIN_LOSS, 0.1, seed, 8, step) for seed in (0, 1)] for step in range(13)]
    assert curve.mean.steps == tuple(range(13))
    assert curve.mean.values == pytest.approx([sum(pair) / 2 for pair in values], rel=1e-6)
    assert curve.low.values == pytest.approx([min(pair) for pair in values], rel=1e-6)
    assert curve.high.values == pytest.approx([max(pair) for pair in values], rel=1e-6)
    assert (curve.num_seeds, curve.diverged_at) == ((2,) * 13, ())
    assert info.columns == (Column(MUP, 0.1), Column(NTP, 0.1))
    assert (info.first_step, info.last_step, info.num_seeds) == (0, 12, 2)
    assert (count.raw, count.returned) == (13, 13)


def test_a_diverged_seed_leaves_the_mean_and_is_marked_at_the_next_measurement(context, experiment_id):
    info, _ = steps(context, experiment_id, Metric.SHARPNESS, FigureOptions(lr_index=1))

    (curve,) = info.curves
    assert curve.mean.steps == (0, 5, 10, 12)
    assert curve.num_seeds == (2, 2, 1, 1)
    assert curve.diverged_at == (10,)


def test_the_range_is_cut_before_anything_is_counted(context, experiment_id):
    info, count = steps(context, experiment_id, options=FigureOptions(first_step=3, last_step=9))

    assert info.curves[0].mean.steps == tuple(range(3, 10))
    assert (info.first_step, info.last_step, count.raw) == (3, 9, 7)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", figures_of(()))
def test_a_figure_is_json_with_what_a_page_says_beside_it(context, experiment_id, name, language):
    view = build_figure(context, LOCAL_OWNER, experiment_id, name, language, OPTIONS)

    assert gzip.decompress(view.compressed) == view.json_bytes()
    content = json.loads(view.json_bytes())
    assert content["figure"]["data"]
    assert content["meta"]["title"] == content["figure"]["layout"]["title"]["text"]
    assert content["meta"]["committed"] == {"mup": {"8": 12, "16": -1}, "ntp": {"8": -1, "16": -1}}
    assert content["meta"]["method"] == "all"


def test_a_long_curve_is_sampled_and_says_so(context, database):
    long = spec(num_steps=3000, measure_every=100)
    experiment_id, cell_ids = add_experiment(database, long, chunk_steps=500)
    record(database, cell_ids[0])

    meta = json.loads(
        build_figure(context, LOCAL_OWNER, experiment_id, FigureName.LOSS, "en", OPTIONS).json_bytes()
    )["meta"]

    assert (meta["n_raw"], meta["method"]) == (3001, "first_min_max_last")
    assert 100 < meta["n_returned"] <= 1000


def test_the_mark_changes_with_data_choice_and_language(context, database, experiment_id):
    def mark(language="en", **choice):
        options = FigureOptions(**choice)
        return figure_etag(context, LOCAL_OWNER, experiment_id, FigureName.LOSS, language, options)

    marks = [mark(), mark("ja"), mark(loss=LossChoice.VAL), mark(mode=Mode.DARK), mark(lr_index=1)]
    assert len(set(marks)) == 5
    assert mark() == marks[0]
    with database.write() as session:
        session.query(CellRow).first().committed_step = 5

    assert mark() != marks[0]


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"depth": 7}, "figure.unknown_depth"),
        ({"lr_index": 2}, "figure.unknown_lr"),
        ({"parametrization": (Parametrization.SP,)}, "figure.unknown_parametrization"),
    ],
)
def test_a_choice_the_experiment_does_not_have_is_refused(context, experiment_id, choice, code):
    with pytest.raises(InvalidInput, match=code.replace(".", r"\.")):
        build_figure(context, LOCAL_OWNER, experiment_id, FigureName.LOSS, "en", FigureOptions(**choice))


def test_an_unknown_experiment_is_not_found(context):
    with pytest.raises(NotFound):
        build_figure(context, LOCAL_OWNER, uuid4(), FigureName.LOSS, "en", OPTIONS)


def test_an_empty_experiment_has_figures_too(context, database):
    experiment_id, _ = add_experiment(database)

    for name in figures_of(()):
        content = build_figure(context, LOCAL_OWNER, experiment_id, name, "en", OPTIONS).json_bytes().decode()
        assert EMPTY.get(name, "No values") in content


@pytest.mark.slow
def test_plotly_is_not_loaded_before_a_figure_is_asked_for():
    program = "import sys, muscope.backend.api.app; print('plotly' in sys.modules)"

    said = subprocess.run((sys.executable, "-c", program), check=True, capture_output=True, text=True).stdout

    assert said.strip() == "False"


def test_finals_on_a_log_axis_hide_what_is_not_above_zero(context, database):
    experiment_id, cell_ids = add_experiment(database)
    record(database, cell_ids[0], value=lambda *_: 0.0)

    log, linear = (
        shown(context, experiment_id, lambda runs, scale=scale: runs.info(scale))
        for scale in (YScale.LOG, YScale.LINEAR)
    )

    assert (log.num_hidden, linear.num_hidden) == (2, 0)
    assert all(math.isnan(point.mean) for point in log.curves[0].points)
    assert [point.mean for point in linear.curves[0].points] == [0, 0]
