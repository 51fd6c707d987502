"""An experiment of several scenarios: every reader must use the conditions of the cell it reads."""

import gzip
import json

import numpy as np
import pytest

from backend.db.tables import LOCAL_OWNER, ExperimentRow
from backend.domain.metrics import Metric
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.errors import InvalidInput
from backend.figures.names import FigureName
from backend.services.cells import get_cell, list_cells, list_runs
from backend.services.curves import read_curve
from backend.services.evidence import load_sweeps
from backend.services.export import export_lines
from backend.services.figure_options import FigureOptions
from backend.services.figures import build_figure
from tests.backend.db.stores import add_experiment
from tests.backend.domain.specs import spec
from tests.backend.services.recorded import record, value_of

MOMENTUM = Scenario("momentum:0.9")
LONG = Scenario("horizon:2")
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
    for run in list_runs(context, LOCAL_OWNER, experiment_id):
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
        experiment = session.get_one(ExperimentRow, experiment_id)
        (given,) = load_sweeps(session, experiment, Scenario.AS_GIVEN)[Parametrization.MUP]
        (under,) = load_sweeps(session, experiment, MOMENTUM)[Parametrization.MUP]

    assert (given.lrs, under.lrs) == ((0.1, 0.2), (0.1 / 8, 0.2 / 8))
    assert (given.kappa, under.kappa) == pytest.approx((2.0, 3.8))
    np.testing.assert_allclose(
        under.losses[Metric.TRAIN_LOSS].initial[0, 0, 0], value_of(Metric.TRAIN_LOSS, 0.1 / 8, 0, 8, 0)
    )


@pytest.mark.parametrize("name", [FigureName.LR_LOSS, FigureName.LOSS, FigureName.STABILITY])
def test_a_figure_shows_the_chosen_scenario_and_the_first_without_a_choice(name, context, experiment_id):
    first = figure(context, experiment_id, name)
    chosen = figure(context, experiment_id, name, scenario=MOMENTUM)

    assert first == figure(context, experiment_id, name, scenario="as_given")
    assert first["figure"]["data"] != chosen["figure"]["data"]
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
