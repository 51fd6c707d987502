"""An experiment of several scenarios: every reader must use the conditions of the cell it reads."""

import gzip
import json

import numpy as np
import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER, VerdictRow
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.errors import InvalidInput
from muscope.backend.figures.names import FigureName
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.evidence.sweeps import load_sweeps
from muscope.backend.services.experiments.cells import get_cell, list_cells
from muscope.backend.services.experiments.curves import read_curve
from muscope.backend.services.experiments.export import export_lines
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.figures.cached_json import build_figure
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.runs.listing import list_runs
from muscope.backend.services.verdicts.judging import get_verdict, get_verdicts
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import spec
from tests.backend.services.judged import WIDE, evidence_of, finish
from tests.backend.services.recorded import record, record_measures, value_of

pytestmark = pytest.mark.slow

MOMENTUM = Scenario("momentum:0.9")
LONG = Scenario("horizon:2")
# Of verdicts, which this evidence is too small for, and of all scenarios: tests/backend/services/figures.
NOT_OF_CURVES = {FigureName.COST_SIZE, FigureName.SCENARIO_COSTS, FigureName.PREDICTED_SECONDS}
SEVERAL = spec(scenarios=("as_given", MOMENTUM, LONG))


@pytest.fixture
def experiment_id(database):
    experiment_id, cell_ids = add_experiment(database, SEVERAL)
    for cell_id in cell_ids:
        record(database, cell_id)
    return experiment_id


def cells_of(context, experiment_id, scenario):
    return [cell for cell in list_cells(context, LOCAL_OWNER, experiment_id) if cell.scenario == scenario]


def figure(context, experiment_id, name, **options):
    view = build_figure(
        context, LOCAL_OWNER, experiment_id, name, "en", FigureOptions.model_validate(options)
    )
    return json.loads(gzip.decompress(view.compressed))


def test_a_cell_says_how_many_steps_it_has(context, experiment_id):
    (long,) = cells_of(context, experiment_id, LONG)

    assert long.num_steps == get_cell(context, LOCAL_OWNER, long.id).num_steps == 24
    assert {cell.num_steps for cell in cells_of(context, experiment_id, MOMENTUM)} == {12}


def test_runs_are_stored_with_the_learning_rate_they_train_with(context, experiment_id):
    lrs: dict[str, set[float]] = {}
    for run in list_runs(context, LOCAL_OWNER, experiment_id).items:
        lrs.setdefault(run.scenario, set()).add(run.lr)

    assert lrs[MOMENTUM] == {lr / 8 for lr in lrs["as_given"]}


def test_curves_are_read_at_the_steps_their_scenario_measures_at(context, experiment_id):
    (long,) = cells_of(context, experiment_id, LONG)

    curve = read_curve(context, LOCAL_OWNER, long.id, Metric.SHARPNESS, after=-1)

    assert curve.steps == (0, 10, 20, 24)


def test_the_export_gives_every_step_of_every_scenario(context, experiment_id):
    keys = [line.split("\t") for line in export_lines(context, LOCAL_OWNER, experiment_id)]

    steps = {scenario: {int(key[7]) for key in keys if key[0] == scenario} for scenario in SEVERAL.scenarios}
    lrs = {float(key[4]) for key in keys if key[0] == MOMENTUM}
    assert steps == {"as_given": set(range(13)), MOMENTUM: set(range(13)), LONG: set(range(25))}
    assert lrs == {0.05 / 8, 0.1 / 8, 0.2 / 8}


def test_evidence_is_read_under_the_conditions_of_its_scenario(database, experiment_id):
    with database.read() as session:
        evidence = evidence_of(session, experiment_id)
        (given,) = load_sweeps(evidence, Scenario.AS_GIVEN)[Parametrization.MUP]
        (under,) = load_sweeps(evidence, MOMENTUM)[Parametrization.MUP]

    assert (given.lrs, under.lrs) == ((0.1, 0.2), (0.1 / 8, 0.2 / 8))
    assert (given.kappa, under.kappa) == pytest.approx((2.0, 3.8))
    np.testing.assert_allclose(
        under.losses[Metric.TRAIN_LOSS].initial[0, 0, 0], value_of(Metric.TRAIN_LOSS, 0.1 / 8, 0, 8, 0)
    )


@pytest.fixture
def measured_id(database):
    """An experiment that has everything measured, and so every figure."""
    everything = spec(scenarios=("as_given", MOMENTUM), measures=tuple(Measure))
    experiment_id, cell_ids = add_experiment(database, everything)
    for cell_id in cell_ids:
        record(database, cell_id)
        record_measures(database, cell_id)
    return experiment_id


@pytest.mark.parametrize("name", [name for name in FigureName if name not in NOT_OF_CURVES])
def test_a_figure_shows_the_chosen_scenario_and_the_first_without_a_choice(name, context, measured_id):
    first = figure(context, measured_id, name)
    chosen = figure(context, measured_id, name, scenario=MOMENTUM)

    assert first == figure(context, measured_id, name, scenario="as_given")
    assert first["figure"] != chosen["figure"]
    assert {arm: lr / 8 for arm, lr in first["meta"]["lr"].items()} == chosen["meta"]["lr"]


def test_the_learning_rates_of_a_figure_are_those_of_its_scenario(context, experiment_id):
    data = figure(context, experiment_id, FigureName.LR_LOSS, scenario=MOMENTUM)["figure"]["data"]

    shown = {x for trace in data for x in trace.get("x") or () if x is not None}
    assert shown
    assert max(shown) <= 0.2 / 8 * 1.01


@pytest.mark.parametrize("scenario", ["label_noise:0.1", LONG])
def test_a_scenario_without_an_answer_of_its_own_has_no_figure(scenario, context, experiment_id):
    with pytest.raises(InvalidInput, match=r"figure\.unknown_scenario.*as_given, momentum:0\.9"):
        figure(context, experiment_id, FigureName.LOSS, scenario=scenario)


JUDGED = WIDE.model_copy(update={"scenarios": (Scenario.AS_GIVEN, MOMENTUM, LONG)})


def fails_under_momentum(cell, run):
    return cell.scenario == MOMENTUM and cell.width == 64 and run.lr >= 2.0**-6


@pytest.fixture
def judged_id(database):
    """An experiment that transfers as given and diverges at the widest under momentum."""
    experiment_id, cell_ids = add_experiment(database, JUDGED)
    for cell_id in cell_ids:
        finish(database, cell_id, diverges=fails_under_momentum)
    return experiment_id


def test_every_judged_scenario_has_a_verdict_and_the_worst_is_the_answer(context, judged_id):
    advance_experiments(context)

    found = get_verdicts(context, LOCAL_OWNER, judged_id)

    given, heavy = found.verdicts
    assert (given.scenario, given.outcome) == ("as_given", "transfers")
    assert (heavy.scenario, heavy.outcome) == (MOMENTUM, "does_not_transfer")
    assert (found.overall.outcome, found.overall.scenario) == ("does_not_transfer", MOMENTUM)
    assert found.overall.breaks_at is not None
    assert (found.overall.breaks_at.scenario, found.overall.breaks_at.width) == (MOMENTUM, 64)
    assert get_experiment(context, LOCAL_OWNER, judged_id).outcome == "does_not_transfer"
    assert given.spec_sha256 == heavy.spec_sha256 == JUDGED.sha256()


def test_a_verdict_can_be_asked_for_by_scenario_and_is_the_deciding_one_otherwise(context, judged_id):
    advance_experiments(context)

    given, heavy = get_verdicts(context, LOCAL_OWNER, judged_id).verdicts

    assert get_verdict(context, LOCAL_OWNER, judged_id) == heavy
    assert get_verdict(context, LOCAL_OWNER, judged_id, scenario=Scenario.AS_GIVEN) == given
    with pytest.raises(InvalidInput, match=r"verdict\.unknown_scenario.*as_given, momentum:0\.9"):
        get_verdict(context, LOCAL_OWNER, judged_id, scenario=LONG)


def test_an_experiment_has_no_outcome_before_all_its_scenarios_have_one(context, database, judged_id):
    advance_experiments(context)
    with database.write() as session:
        session.query(VerdictRow).filter_by(scenario=MOMENTUM).delete()

    assert get_experiment(context, LOCAL_OWNER, judged_id).outcome is None


def test_the_ranges_of_a_verdict_are_those_of_its_scenario(context, judged_id):
    given, heavy = get_verdicts(context, LOCAL_OWNER, judged_id).verdicts

    assert (heavy.ranges.lr_low, heavy.ranges.lr_high) == (given.ranges.lr_low / 8, given.ranges.lr_high / 8)
    assert heavy.arm.base_lr in {lr / 8 for lr in JUDGED.arms[0].lrs}


def test_an_experiment_says_what_each_scenario_trains_with(context, judged_id):
    view = get_experiment(context, LOCAL_OWNER, judged_id)

    given, heavy = view.conditions
    assert view.task == "classification"
    assert (given.scenario, heavy.scenario) == ("as_given", MOMENTUM)
    assert heavy.lrs[Parametrization.MUP] == tuple(lr / 8 for lr in given.lrs[Parametrization.MUP])
