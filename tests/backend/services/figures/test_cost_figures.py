"""Figures of the cost of reuse hold the numbers of the stored verdict, in every state of an experiment."""

from __future__ import annotations

import json

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow, VerdictRow
from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Axis, Size
from muscope.backend.figures.cost.cost_axis import Unknown
from muscope.backend.figures.cost.cost_size import FarCost
from muscope.backend.figures.names import FigureName
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.figures.cached_json import build_figure
from muscope.backend.services.figures.cost.verdict_costs import cost_size_info, scenario_costs_info
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.figures.shown_runs import shown_runs
from muscope.backend.services.verdicts.judging import get_verdicts, shown_verdict
from tests.backend.db.stores import add_experiment
from tests.backend.services.judged import WIDE, evidence_of, finish

pytestmark = pytest.mark.slow

MUP, NTP = Parametrization.MUP, Parametrization.NTP
MOMENTUM = Scenario("momentum:0.9")
SEVERAL = WIDE.model_copy(update={"scenarios": (Scenario.AS_GIVEN, MOMENTUM)})


def judged(context, database, asked=WIDE, widths=None):
    """Return an experiment whose cells, or those of some widths, are finished, and which is judged."""
    experiment_id, cell_ids = add_experiment(database, asked)
    with database.read() as session:
        cells = {cell.id: cell.width for cell in evidence_of(session, experiment_id).cells}
    for cell_id in cell_ids:
        if widths is None or cells[cell_id] in widths:
            finish(database, cell_id)
    advance_experiments(context)
    return experiment_id


def costs(context, experiment_id, options=None):
    with context.database.read() as session:
        evidence = evidence_of(session, experiment_id)
        shown = shown_runs(evidence, options or FigureOptions())
        return cost_size_info(shown, shown_verdict(context, evidence, shown.scenario))


def scenarios(context, experiment_id):
    with context.database.read() as session:
        evidence = evidence_of(session, experiment_id)
        return scenario_costs_info(evidence, lambda name: shown_verdict(context, evidence, name), "en")


def test_costs_intervals_and_limits_are_the_stored_verdicts(context, database):
    experiment_id = judged(context, database)

    info = costs(context, experiment_id)
    (verdict,) = get_verdicts(context, LOCAL_OWNER, experiment_id).verdicts

    assert (info.axes, info.base, info.unit, info.unknown) == (
        (Axis.WIDTH,),
        Size(8, 2),
        CostUnit.SHARE,
        None,
    )
    for arm, name in ((verdict.arm, MUP), (verdict.control, NTP)):
        assert arm is not None
        for loss in info.losses:
            (line,) = [each for each in info.lines if (each.parametrization, each.loss) == (name, loss)]
            found = {
                (size.width, size.depth): each
                for size in arm.sizes
                for each in size.losses
                if each.loss is loss
            }
            assert {tuple(p.size) for p in line.points} == {
                size for size, each in found.items() if each.transfer_regret.value is not None
            }
            for point in line.points:
                wanted = found[tuple(point.size)]
                assert point.cost == wanted.transfer_regret.value
                assert point.limit == wanted.limit_in(CostUnit.SHARE, verdict.thresholds)
                interval = wanted.transfer_regret.interval
                assert (point.low, point.high) == (
                    (None, None) if interval is None else (interval.low, interval.high)
                )


def test_what_is_expected_beyond_is_the_verdicts_at_twice_the_largest_size(context, database):
    experiment_id = judged(context, database)

    info = costs(context, experiment_id)
    (verdict,) = get_verdicts(context, LOCAL_OWNER, experiment_id).verdicts

    assert verdict.beyond is not None
    beyond = verdict.beyond.cost
    assert beyond.value is not None
    assert beyond.interval is not None
    far = FarCost(16.0, beyond.value, beyond.interval.low, beyond.interval.high, beyond.interval.level)
    assert [line.far for line in info.lines if line.far is not None] == [far]
    assert next(line for line in info.lines if line.far is not None).parametrization is MUP


def test_the_chosen_arm_and_widths_are_shown(context, database):
    experiment_id = judged(context, database)

    info = costs(context, experiment_id, FigureOptions(parametrization=(NTP,), width=(8, 16)))

    assert {line.parametrization for line in info.lines} == {NTP}
    assert {point.size.width for line in info.lines for point in line.points} == {16}


def test_another_scenario_shows_the_numbers_of_its_own_verdict(context, database):
    experiment_id = judged(context, database, SEVERAL)
    _, momentum = get_verdicts(context, LOCAL_OWNER, experiment_id).verdicts

    info = costs(context, experiment_id, FigureOptions(scenario=MOMENTUM))

    found = {point.cost for line in info.lines if line.parametrization is MUP for point in line.points}
    sizes = momentum.arm.sizes
    assert found == {each.transfer_regret.value for size in sizes for each in size.losses}


def test_while_sizes_are_training_the_costs_so_far_are_interim(context, database):
    experiment_id = judged(context, database, widths=(8, 16))

    info = costs(context, experiment_id)

    assert (info.is_interim, info.unknown) == (True, None)
    assert {point.size.width for line in info.lines for point in line.points} == {16}
    assert {size.width for size in info.missing} == {32, 64}


@pytest.mark.parametrize(
    ("state", "why"),
    [(ExperimentState.RUNNING, Unknown.WAITING), (ExperimentState.CANCELLED, Unknown.NONE)],
)
def test_without_results_it_says_whether_to_wait(context, database, state, why):
    experiment_id, _ = add_experiment(database, WIDE)
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).state = state

    assert (costs(context, experiment_id).lines, costs(context, experiment_id).unknown) == ((), why)
    view = build_figure(context, LOCAL_OWNER, experiment_id, FigureName.COST_SIZE, "ja", FigureOptions())
    assert "取りこぼし" in view.json_bytes().decode()


def test_when_every_run_diverged_there_is_no_cost(context, database):
    experiment_id, cell_ids = add_experiment(database, WIDE)
    for cell_id in cell_ids:
        finish(database, cell_id, diverges=lambda *_: True)
    advance_experiments(context)

    assert costs(context, experiment_id).unknown is Unknown.NONE


def test_one_size_asks_for_a_larger_one(context, database):
    experiment_id = judged(context, database, WIDE.model_copy(update={"widths": (8,), "depths": (2,)}))

    assert costs(context, experiment_id).unknown is Unknown.ONE_SIZE


def test_a_verdict_of_earlier_rules_is_read_as_it_is(context, database):
    """It names no deciding number and no limits: those of its thresholds stand in their place."""
    experiment_id = judged(context, database)
    with database.write() as session:
        row = session.query(VerdictRow).one()
        body = json.loads(json.dumps(row.body)) | {"deciding": None, "beyond": None}
        for arm in ("arm", "control"):
            for size in body[arm]["sizes"]:
                for loss in size["losses"]:
                    del loss["cost_limit"]
        row.body = body

    info = costs(context, experiment_id)

    assert {point.limit for line in info.lines for point in line.points} == {WIDE.thresholds.cost_limit(0.0)}
    assert all(line.far is None for line in info.lines)
    (row,) = scenarios(context, experiment_id).scenarios
    assert row.size == Size(64, 2)


def test_scenarios_stand_side_by_side_with_the_deciding_number_of_each(context, database):
    experiment_id = judged(context, database, SEVERAL)

    info = scenarios(context, experiment_id)
    answers = get_verdicts(context, LOCAL_OWNER, experiment_id)

    assert next(row.name for row in info.scenarios) == "Data and conditions as given"
    for row, verdict in zip(info.scenarios, answers.verdicts, strict=True):
        assert verdict.deciding is not None
        assert (row.outcome, row.cost) == (verdict.outcome, verdict.deciding.cost.value)
        assert row.limit == verdict.deciding.limit
        assert row.decides is (verdict.scenario == answers.overall.scenario)


def test_scenarios_are_compared_only_where_there_are_several(context, database):
    one, _ = add_experiment(database, WIDE)
    several, _ = add_experiment(database, SEVERAL)

    assert FigureName.SCENARIO_COSTS not in get_experiment(context, LOCAL_OWNER, one).figures
    assert FigureName.SCENARIO_COSTS in get_experiment(context, LOCAL_OWNER, several).figures
    assert len(scenarios(context, several).scenarios) == 2
    assert scenarios(context, several).unknown is Unknown.WAITING
