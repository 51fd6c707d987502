"""The table of runs: filters, order, pages, and the same as a file for spreadsheets; one run by itself."""

from __future__ import annotations

import csv
import io
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.db import metrics
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.lifecycle import RunState
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import NotFound
from muscope.backend.figures.theme import DASHES, Mode
from muscope.backend.services.runs.csv_lines import run_lines
from muscope.backend.services.runs.listing import RunFilter, RunOrder, RunQuery, list_runs
from muscope.backend.services.runs.one_run import figure_json, get_run, series_lines
from muscope.backend.spreadsheet import BYTE_ORDER_MARK, csv_lines
from tests.backend.db.stores import add_experiment, change_cell
from tests.backend.domain.specs import SPEC
from tests.backend.services.recorded import DIVERGES_AT, record
from tests.backend.services.recorded import value_of as value_of_run

METRICS = {metric.value for metric in Metric}


@pytest.fixture
def experiment_id(database):
    """Return an experiment whose first cell is complete, its second running, the others queued."""
    experiment_id, cell_ids = add_experiment(database)
    record(database, cell_ids[0])
    change_cell(database, cell_ids[0], state="completed")
    record(database, cell_ids[1], until=7)
    change_cell(database, cell_ids[1], state="running")
    mark_diverged(database, cell_ids[0])
    return experiment_id


def mark_diverged(database, cell_id):
    with database.write() as session:
        metrics.mark_diverged(session, cell_id, {3: DIVERGES_AT})  # LR 0.2, seed 1


@pytest.fixture
def read(context, experiment_id):
    def ask(**wishes):
        return list_runs(context, LOCAL_OWNER, experiment_id, RunQuery(**wishes))

    return ask


def test_without_a_wish_all_runs_come_in_the_order_of_the_grid(read):
    page = read()

    assert page.total == len(page.items) == SPEC.num_runs()
    keys = [(run.parametrization, run.width, run.lr, run.seed) for run in page.items]
    assert keys == sorted(keys)
    assert page.metrics == (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS)


@pytest.mark.parametrize(
    ("wishes", "is_wanted"),
    [
        ({"width": (8,)}, lambda run: run.width == 8),
        ({"parametrization": (Parametrization.SP,)}, lambda run: run.parametrization == "sp"),
        ({"seed": (1,), "width": (8, 16)}, lambda run: run.seed == 1),
        ({"lr_low": 0.15}, lambda run: run.lr >= 0.15),
        ({"lr_low": 0.1, "lr_high": 0.1}, lambda run: run.lr == 0.1),
        ({"diverged": True}, lambda run: run.diverged_at is not None),
        ({"diverged": False, "state": (RunState.COMPLETED,)}, lambda run: run.state == "completed"),
        ({"state": (RunState.DIVERGED, RunState.RUNNING)}, lambda run: run.state in ("diverged", "running")),
        ({"depth": (99,)}, lambda run: run.depth == 99),
    ],
)
def test_filters_leave_the_runs_that_are_sought(read, wishes, is_wanted):
    every = read().items

    page = read(**wishes)

    assert [run.id for run in page.items] == [run.id for run in every if is_wanted(run)]
    assert page.total == len(page.items)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", RunOrder)
def test_every_column_sorts_and_runs_without_a_value_come_last(read, sort, order):
    page = read(sort=sort, order=order)

    values = [value_of(run, sort) for run in page.items]
    known = list(itertools.takewhile(lambda value: value is not None, values))
    assert set(values[len(known) :]) <= {None}
    assert known == sorted(known, reverse=order == "desc")


def value_of(run, sort):
    if sort is RunOrder.GRID:
        return run.parametrization, run.width, run.depth, run.lr, run.seed
    if sort.value in METRICS:
        summary = run.summaries.get(Metric(sort.value))
        return None if summary is None else summary.final
    return getattr(run, sort.value)


def test_every_summarised_metric_can_be_sorted_by():
    summarised = {metric.value for metric, info in METRIC_INFO.items() if info.is_summarised}

    assert summarised == {order.value for order in RunOrder if order.value in METRICS}


def test_pages_put_together_are_the_whole(read):
    whole = read(sort=RunOrder.TRAIN_LOSS).items

    pages = [read(sort=RunOrder.TRAIN_LOSS, limit=5, offset=first) for first in range(0, len(whole), 5)]

    assert [run.id for page in pages for run in page.items] == [run.id for run in whole]
    assert {page.total for page in pages} == {len(whole)}


def test_a_file_has_the_runs_that_are_sought_with_every_digit(context, experiment_id, read):
    sought = RunFilter(width=(8,), sort=RunOrder.LR, order="desc")

    text = "\n".join(run_lines(context, LOCAL_OWNER, experiment_id, sought))

    assert text.startswith(BYTE_ORDER_MARK + "scenario,parametrization,width,depth,lr,seed,state")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    runs = read(width=(8,), sort=RunOrder.LR, order="desc").items
    assert [row["run_id"] for row in rows] == [str(run.id) for run in runs]
    assert [float(row["lr"]) for row in rows] == [run.lr for run in runs]
    losses = [run.summaries[Metric.TRAIN_LOSS].minimum if run.summaries else None for run in runs]
    assert [row["train_loss_minimum"] or None for row in rows] == [
        None if loss is None else str(loss) for loss in losses
    ]


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20))
def test_no_text_is_computed_by_a_spreadsheet_and_none_is_lost(text):
    (line,) = itertools.islice(csv_lines(("a", "b"), [(text, -1.5)]), 1, None)

    ((shown, number),) = csv.reader(io.StringIO(line, newline=""))
    assert number == "-1.5"  # a number is none of them
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert shown in (text, f"'{text}")


@pytest.fixture
def diverged(context, experiment_id, read):
    """Return what is told of the one run that has diverged."""
    (run,) = read(diverged=True).items
    return get_run(context, LOCAL_OWNER, experiment_id, run.id)


def test_a_run_knows_what_was_recorded_and_the_runs_beside_it(diverged):
    run = diverged.run

    assert (run.lr, run.seed, run.diverged_at) == (0.2, 1, DIVERGES_AT)
    assert diverged.series == (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS)
    assert [(other.lr, other.seed) for other in diverged.same_lr] == [(0.2, 0)]
    assert [(other.lr, other.seed) for other in diverged.same_seed] == [(0.1, 1)]


def test_the_series_of_a_run_are_every_stored_value(context, experiment_id, diverged):
    text = "\n".join(series_lines(context, LOCAL_OWNER, experiment_id, diverged.run.id))

    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    losses = [row["value"] for row in rows if row["metric"] == "train_loss"]
    expected = [value_of_run(Metric.TRAIN_LOSS, 0.2, 1, diverged.run.width, step) for step in range(13)]
    assert [float(value) for value in losses[:DIVERGES_AT]] == pytest.approx(expected[:DIVERGES_AT])
    assert losses[DIVERGES_AT:] == [""] * (13 - DIVERGES_AT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_of_a_run_ends_where_it_diverged_and_says_so(context, experiment_id, diverged, language):
    content = figure_json(
        context, LOCAL_OWNER, experiment_id, diverged.run.id, Metric.SHARPNESS, language, Mode.DARK
    )

    drawn = json.loads(content)
    (line,) = drawn["figure"]["data"]
    assert line["x"] == [0, 5, 10, 12]  # measured every 5 steps, and at the end
    assert [value is None for value in line["y"]] == [step >= DIVERGES_AT for step in line["x"]]
    assert line["line"]["dash"] == DASHES[diverged.run.parametrization]
    words = drawn["figure"]["layout"]["annotations"][-1]
    assert str(DIVERGES_AT) in words["text"]
    assert words["xanchor"] == "left"  # in the first half there is no room on that side
    assert drawn["figure"]["layout"]["shapes"][0]["x0"] == DIVERGES_AT


def test_a_metric_without_a_course_and_a_run_of_another_experiment_are_not_found(
    context, database, experiment_id, diverged
):
    other, _ = add_experiment(database)

    ask = (context, LOCAL_OWNER, experiment_id, diverged.run.id)
    with pytest.raises(NotFound, match=r"run\.no_series"):
        figure_json(*ask, Metric.HESSIAN_DENSITY, "en", Mode.LIGHT)
    with pytest.raises(NotFound, match=r"run\.not_found"):
        get_run(context, LOCAL_OWNER, other, diverged.run.id)
