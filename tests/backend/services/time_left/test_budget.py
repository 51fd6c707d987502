"""A budget as the conductor keeps it: nothing more is begun than it pays for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow
from muscope.backend.domain.lifecycle import OPEN_CELL_STATES
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import RULE_VERSION
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.experiments.store import create_experiment, get_experiment
from muscope.backend.services.plans.draft import ExperimentRequest
from tests.backend.db.stores import NOW, add_dataset, change_cell, take

PLAN = {
    "widths": (8, 64, 256),
    "seeds": (0, 1),
    "num_steps": 60,
    "measure_every": 30,
    "lrs": (0.1, 0.2, 0.4),
}


@pytest.fixture
def created(context, database):
    """Create an experiment that may spend a share of what its grid is predicted to take."""

    def create(share, **more):
        dataset_id = add_dataset(database)
        whole = _create(context, dataset_id, {})
        total = sum(row.predicted_seconds for row in _rows(database, whole))
        limits = {"budget": {"slot_seconds": share * total}}
        return _create(context, dataset_id, limits | more), total

    return create


def _create(context, dataset_id, more):
    request = ExperimentRequest.model_validate({"dataset_id": dataset_id, **PLAN, **more})
    return create_experiment(context, LOCAL_OWNER, request, key=None).experiment.id


def _rows(database, experiment_id):
    with database.read() as session:
        return cell_rows.of_experiment(session, experiment_id)


def _experiment(database, experiment_id):
    with database.read() as session:
        return session.get_one(ExperimentRow, experiment_id)


def _run_to_the_end(context, database, experiment_id, slowness=1.0):
    """Let one cell after another take `slowness` times what was predicted; return what was spent in all."""
    for _ in range(20):
        queued = [row for row in _rows(database, experiment_id) if row.state == "queued"]
        if queued:
            first = min(queued, key=lambda row: row.predicted_seconds)
            spent = slowness * first.predicted_seconds
            change_cell(database, first.id, state="completed", spent_seconds=spent)
        advance_experiments(context)
        if _experiment(database, experiment_id).state == "completed":
            break
    return sum(row.spent_seconds for row in _rows(database, experiment_id))


def test_only_what_the_budget_pays_for_is_queued_and_the_cheapest_comes_first(created, database, bell):
    experiment_id, total = created(0.5)

    rows = _rows(database, experiment_id)
    costs = {row.id: row.predicted_seconds for row in rows}
    assert 0 < sum(costs.values()) <= 0.5 * total
    assert {row.width for row in rows} == {8, 64}
    assert [costs[cell_id] for cell_id in bell.rung[-1]] == sorted(costs.values())


@pytest.mark.parametrize("slowness", [0.5, 1.0, 3.0])
def test_a_budget_is_never_exceeded_by_more_than_the_cell_in_flight(slowness, created, context, database):
    experiment_id, total = created(0.5)

    spent = _run_to_the_end(context, database, experiment_id, slowness)

    rows = _rows(database, experiment_id)
    dearest = max(row.spent_seconds for row in rows)
    assert spent <= 0.5 * total + dearest
    assert _experiment(database, experiment_id).stop_reason == "budget"


def test_when_the_budget_ends_the_verdict_so_far_is_stored(created, context, database):
    experiment_id, _ = created(0.5)

    _run_to_the_end(context, database, experiment_id)

    with database.read() as session:
        assert verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0) is not None
    assert not [row for row in _rows(database, experiment_id) if row.state in OPEN_CELL_STATES]


def _left_out(database, experiment_id):
    with database.read() as session:
        verdict = verdict_rows.find(session, experiment_id, Scenario.AS_GIVEN, RULE_VERSION, look=0)
    assert verdict is not None
    return {
        why.params["width"]: why
        for why in verdict.reasons
        if why.code.startswith(("left_out_by_budget", "size_not_run"))
    }


@pytest.mark.parametrize("rate", [None, 3600.0])
def test_the_verdict_names_the_sizes_a_budget_left_out_and_their_price(created, context, database, rate):
    """At one unit of money a second the price is the time in seconds."""
    experiment_id, total = created(0.5)
    if rate is not None:
        budget = {"money": 0.5 * total, "rate_per_hour": rate}
        experiment_id = _create(context, _dataset_of(database, experiment_id), {"budget": budget})

    _run_to_the_end(context, database, experiment_id)

    (width, why), *others = _left_out(database, experiment_id).items()
    assert (width, others) == (256, [])
    assert why.params["minutes"] > 0
    if rate is None:
        assert why.code == "left_out_by_budget"
    else:
        assert why.code == "left_out_by_budget_costs"
        assert why.params["money"] == pytest.approx(60 * why.params["minutes"], rel=0.01)
        assert why.params["currency"] == "JPY"


def test_verdict_and_progress_give_one_price_for_what_is_left_out(created, context, database):
    experiment_id, _ = created(0.6)
    _run_to_the_end(context, database, experiment_id, 1.5)

    progress = get_experiment(context, LOCAL_OWNER, experiment_id).progress

    minutes = sum(why.params["minutes"] for why in _left_out(database, experiment_id).values())
    assert minutes > 0
    assert progress is not None
    assert progress.left_out is not None
    assert progress.left_out.slot_seconds == pytest.approx(60 * minutes, rel=0.01)


def test_what_is_left_out_costs_more_where_cells_took_longer(created, context, database):
    found = []
    for slowness in (1.0, 1.5):
        experiment_id, _ = created(0.4)
        _run_to_the_end(context, database, experiment_id, slowness)
        found.append(_left_out(database, experiment_id)[256].params["minutes"])

    assert found[1] == pytest.approx(1.5 * found[0], rel=0.02)


def test_without_a_budget_nothing_is_said_of_one(created, context, database):
    experiment_id, _ = created(10.0)

    _run_to_the_end(context, database, experiment_id)

    assert _left_out(database, experiment_id) == {}


def _dataset_of(database, experiment_id):
    return _experiment(database, experiment_id).dataset_id


def test_cells_that_turned_out_too_dear_are_skipped(created, context, database):
    experiment_id, _ = created(0.5)
    first, *others = sorted(_rows(database, experiment_id), key=lambda row: row.predicted_seconds)
    change_cell(database, first.id, state="completed", spent_seconds=1e6)

    advance_experiments(context)

    assert {row.state for row in _rows(database, experiment_id) if row.id != first.id} == {"skipped"}
    assert others


def test_a_running_cell_that_takes_longer_than_predicted_counts_as_long_as_it_has(
    created, context, database, clock
):
    experiment_id, _ = created(0.5)
    first, *_ = sorted(_rows(database, experiment_id), key=lambda row: row.predicted_seconds)
    take(database, first.id)
    clock.now = NOW + timedelta(days=1)
    change_cell(database, first.id, heartbeat_at=clock.now)

    advance_experiments(context)

    states = {row.id: row.state for row in _rows(database, experiment_id)}
    assert states.pop(first.id) == "running"
    assert set(states.values()) == {"skipped"}
    assert _experiment(database, experiment_id).state == "running"


def test_what_a_budget_pays_for_in_full_ends_without_a_word_of_it(created, context, database):
    experiment_id, _ = created(1.1)

    _run_to_the_end(context, database, experiment_id)

    assert _experiment(database, experiment_id).stop_reason is None
    assert {row.state for row in _rows(database, experiment_id)} == {"completed"}
