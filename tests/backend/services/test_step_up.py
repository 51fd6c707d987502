"""A step up in training is judged from the base as given, and every reader shows it."""

import gzip
import json

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scaling.step_up import BatchRule
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.figures.names import FigureName
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.evidence.sweeps import load_sweeps
from muscope.backend.services.figures.cached_json import build_figure
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.verdicts.judging import get_verdicts
from tests.backend.db.stores import add_experiment
from tests.backend.services.judged import WIDE, evidence_of, finish

pytestmark = pytest.mark.slow

BATCH, STEPS, WHOLE = (Scenario(text) for text in ("batch_axis:32", "steps_axis:48", "step_up"))
PLAN = WIDE.model_copy(
    update={
        "arms": WIDE.arms[:1],
        "widths": (8, 64),
        "scenarios": (Scenario.AS_GIVEN, BATCH, STEPS, WHOLE),
        "batch_rule": BatchRule.SQRT,
    }
)


# Those of losses and verdicts: a step up records no curvature.
FIGURES = (
    FigureName.LOSS,
    FigureName.LR_LOSS,
    FigureName.COST_SIZE,
    FigureName.SCENARIO_COSTS,
    FigureName.OPTIMUM_SIZE,
    FigureName.PREDICTED_SECONDS,
    FigureName.SHARPNESS,
)


@pytest.fixture
def experiment_id(database):
    experiment_id, cell_ids = add_experiment(database, PLAN)
    for cell_id in cell_ids:
        finish(database, cell_id)
    return experiment_id


def test_each_axis_and_the_whole_have_a_verdict_from_the_base_as_given(context, experiment_id):
    advance_experiments(context)

    found = {each.scenario: each for each in get_verdicts(context, LOCAL_OWNER, experiment_id).verdicts}

    assert found[BATCH].outcome == "transfers"
    assert found[STEPS].outcome != "transfers"
    # The root of the batch is followed, the fall with steps and size is not.
    assert found[WHOLE].outcome != "transfers"
    assert [found[name].arm.axes[0].axis for name in (BATCH, STEPS, WHOLE)] == ["batch", "steps", "step_up"]
    assert {found[name].arm.base_lr for name in (BATCH, STEPS, WHOLE)} == {
        found[Scenario.AS_GIVEN].arm.base_lr
    }
    assert (found[BATCH].target_width, found[WHOLE].target_width) == (8, 64)
    carried = found[WHOLE].carried
    assert carried is not None
    assert (carried.lr_factor, carried.step_up.batch_size, carried.step_up.num_steps) == (2.0, 32, 48)


def test_base_and_larger_training_are_read_as_one_sweep(database, experiment_id):
    with database.read() as session:
        loaded = load_sweeps(evidence_of(session, experiment_id), STEPS)
        ((arm, (sweep,)),) = loaded.items()
        curves = (sweep.curves(0, 0).shape, sweep.curves(1, 0).shape)

    assert arm is Parametrization.MUP
    assert [tuple(size) for size in sweep.sizes] == [(8, 2), (8, 2)]
    assert (sweep.num_missing(0), sweep.num_missing(1), sweep.num_steps) == (0, 0, 48)
    assert curves == ((13, 3), (49, 3))


def test_every_figure_can_be_drawn_of_a_step_up(context, experiment_id):
    advance_experiments(context)

    for name in FIGURES:
        options = FigureOptions.model_validate({"scenario": WHOLE if name is FigureName.COST_SIZE else BATCH})
        view = build_figure(context, LOCAL_OWNER, experiment_id, name, "en", options)
        assert json.loads(gzip.decompress(view.compressed))["figure"]["data"], name
