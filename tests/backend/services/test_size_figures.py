"""Figures over sizes: statistics of `analysis` on stored values, and the stored verdict beyond them."""

import json

import pytest

from muscope.backend.analysis.display.by_size import optima_by_size
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow, VerdictRow
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.domain.verdict.outlook import Basis, Extrapolation
from muscope.backend.domain.verdict.verdict import Estimate, Interval, Verdict
from muscope.backend.figures.names import FigureName
from muscope.backend.figures.optimum_size import FarPoint
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.evidence.sweeps import load_sweeps
from muscope.backend.services.figures.cached_json import build_figure
from muscope.backend.services.figures.options import FigureOptions, LossChoice
from muscope.backend.services.figures.shown_runs import shown_runs
from muscope.backend.services.figures.sizes import optimum_info, spread_info
from tests.backend.db.stores import add_experiment, change_cell
from tests.backend.services.judged import WIDE, evidence_of, finish
from tests.backend.services.outlooks import outlook

pytestmark = pytest.mark.slow

MUP, NTP = Parametrization.MUP, Parametrization.NTP
OPTIONS = FigureOptions(loss=LossChoice.TRAIN)


@pytest.fixture
def experiment_id(database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id)
    return experiment_id


def optima(context, experiment_id, options=OPTIONS):
    with context.database.read() as session:
        return optimum_info(shown_runs(evidence_of(session, experiment_id), options))


def spreads(context, experiment_id, options=OPTIONS):
    with context.database.read() as session:
        return spread_info(shown_runs(evidence_of(session, experiment_id), options), options)


def test_every_size_has_its_optimum_with_the_interval_of_the_verdict(context, experiment_id):
    info = optima(context, experiment_id)

    with context.database.read() as session:
        (arrays,) = load_sweeps(evidence_of(session, experiment_id), Scenario.AS_GIVEN)[MUP]
        expected = optima_by_size(arrays, Metric.TRAIN_LOSS, WIDE.thresholds.level)
    (mup, ntp) = info.lines
    assert (info.parametrizations, info.axes, info.base) == ((MUP, NTP), (Axis.WIDTH,), Size(8, 2))
    assert [point.lr for point in mup.points] == [2.0**each.optimum.log2_lr for each in expected]
    assert [point.low for point in mup.points] == [
        each.interval and 2.0**each.interval.low for each in expected
    ]
    assert (mup.reused_lr, ntp.reused_lr) == (2.0**-3, 2.0**-3)
    assert ntp.points[-1].lr < ntp.points[0].lr / 4


def test_only_the_chosen_arm_is_shown(context, experiment_id):
    info = optima(context, experiment_id, FigureOptions(parametrization=(NTP,)))

    assert [line.parametrization for line in info.lines] == [NTP]


def test_what_the_verdict_expects_at_the_target_is_drawn_on_its_arm(context, database, experiment_id):
    advance_experiments(context)
    expected = Extrapolation(
        target=Size(width=256, depth=2),
        claim=Basis.EXTRAPOLATED,
        doublings=2.0,
        lr=Estimate(value=0.12, interval=Interval(low=0.05, high=0.3, level=0.9, method="prediction")),
        lr_shift=Estimate(),
    )
    with database.write() as session:
        row = session.query(VerdictRow).one()
        verdict = Verdict.model_validate(row.body).model_copy(update={"outlook": outlook(expected)})
        row.body = json.loads(verdict.model_dump_json())

    mup, ntp = optima(context, experiment_id).lines

    assert mup.far == FarPoint(Size(256, 2), 0.12, 0.05, 0.3, 0.9)
    assert ntp.far is None


def test_the_spread_is_compared_at_the_reused_rate(context, experiment_id):
    info = spreads(context, experiment_id)

    assert [(column.parametrization, column.lr) for column in info.steps.columns] == [
        (MUP, 0.125),
        (NTP, 0.125),
    ]
    assert (info.limit, info.largest) == (1.5, 64)
    assert [curve.width for curve in info.steps.curves] == [8, 16, 32] * 2
    assert {value for curve in info.steps.curves for value in curve.mean.values} == {0.0}


def test_another_rate_can_be_chosen(context, experiment_id):
    info = spreads(context, experiment_id, FigureOptions(lr_index=0))

    assert info.steps.columns[0].lr == WIDE.arms[0].lrs[0]


def test_before_there_are_values_both_are_empty_and_drawn(context, database):
    experiment_id, _ = add_experiment(database, WIDE)

    assert not any(line.points for line in optima(context, experiment_id).lines)
    assert spreads(context, experiment_id).steps.curves == ()
    for name in (FigureName.OPTIMUM_SIZE, FigureName.SHARPNESS_SPREAD):
        content = build_figure(context, LOCAL_OWNER, experiment_id, name, "ja", OPTIONS).json_bytes()
        assert "値がありません" in content.decode()


def test_an_optimum_of_a_window_is_marked_once_its_planned_runs_are_done(context, database, experiment_id):
    """Runs of a skipped cell are not planned any more: they leave an optimum where it is."""
    with database.read() as session:
        largest = session.query(CellRow).filter_by(width=64, parametrization="ntp").one().id
    change_cell(database, largest, state="skipped", committed_step=-1)

    with context.database.read() as session:
        curves = shown_runs(evidence_of(session, experiment_id), OPTIONS).info(OPTIONS.y_scale).curves

    marked = [(curve.parametrization, curve.width) for curve in curves if curve.optimum is not None]
    assert marked == [(MUP, width) for width in WIDE.widths] + [(NTP, width) for width in (8, 16, 32)]
