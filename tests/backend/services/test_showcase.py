"""The finished example: measured by the product, opened whole, counted nowhere, and deletable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from muscope.backend.db import cells as cell_rows
from muscope.backend.db.archive import archived
from muscope.backend.db.machines import paces
from muscope.backend.db.schema.tables import CalibrationRow, DatasetRow
from muscope.backend.domain.lifecycle import CellState, ExperimentState
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.verdict.verdict import RULE_VERSION
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.experiments.export import export_sha256
from muscope.backend.services.experiments.store import delete_experiment
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.showcase.opening import example_id, open_finished_example
from muscope.backend.services.verdicts.judging import get_verdict, judge_scenario
from tests.backend.services.listed import listed
from tests.differences import differences

OWNER = "local"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def opened(context):
    return open_finished_example(context, OWNER, "ja")


def test_it_is_complete_and_says_that_it_is_an_example(opened):
    experiment = opened.experiment

    assert opened.is_new
    assert experiment.state == ExperimentState.COMPLETED
    assert set(experiment.cell_counts) == {CellState.COMPLETED}
    assert "完成例" in experiment.name


def test_opening_it_again_gives_the_same_one(context, opened):
    again = open_finished_example(context, OWNER, "en")

    assert (again.experiment.id, again.is_new) == (opened.experiment.id, False)
    assert len(listed(context)) == 1


def test_the_data_it_was_measured_on_are_those_of_the_built_in_example(context, opened):
    with context.database.read() as session:
        dataset = session.get_one(DatasetRow, opened.experiment.dataset_id)

    assert opened.experiment.spec.dataset_sha256 == dataset.arrays_sha256


def test_its_verdict_is_of_the_present_rules_and_follows_from_its_measurements(context, opened):
    stored = get_verdict(context, OWNER, opened.experiment.id)
    with context.database.read() as session:
        evidence = ExperimentEvidence(session, find_experiment(session, OWNER, opened.experiment.id))
        judged = judge_scenario(evidence, stored.scenario)

    assert stored.rule_version == RULE_VERSION
    assert (judged.outcome, judged.rule) == (stored.outcome, stored.rule)
    found, shown = (each.model_dump(mode="json")["deciding"] for each in (judged, stored))
    assert found is not None
    assert differences(found, shown) == []


@pytest.mark.usefixtures("opened")
def test_nothing_is_learned_from_its_times(context):
    with context.database.read() as session:
        assert paces.ended_since(session, BEGINNING) == []
        assert session.query(CalibrationRow).count() == 0


def test_its_cells_have_the_ids_that_planning_would_give_them(context, opened):
    with context.database.read() as session:
        for cell in cell_rows.of_experiment(session, opened.experiment.id):
            planned = PlannedCell(
                cell.scenario,
                cell.parametrization,
                cell.width,
                cell.depth,
                tuple(cell_rows.planned_runs(session, cell.id)),
                has_curvature=cell.has_curvature,
            )
            assert planned.id_in(opened.experiment.id) == cell.id


def test_an_archive_of_the_copy_restores_the_same_measurements(context, opened):
    before = export_sha256(context, OWNER, opened.experiment.id)
    with context.database.read() as session:
        rows = archived(session, opened.experiment.id)
    delete_experiment(context, OWNER, opened.experiment.id)

    open_finished_example(context, OWNER, "ja")

    assert export_sha256(context, OWNER, example_id(OWNER)) == before
    assert len(rows["run"]) == sum(cell["num_runs"] for cell in rows["cell"])


def test_it_can_be_deleted_for_good(context, opened):
    delete_experiment(context, OWNER, opened.experiment.id)

    assert listed(context) == ()


def test_the_list_shows_the_answer_of_the_copy_as_its_page_does(context):
    created = open_finished_example(context, OWNER, "en").experiment

    (item,) = listed(context)

    assert (item.id, item.outcome, item.rule_version) == (created.id, created.outcome, created.rule_version)
    assert item.outcome is not None
