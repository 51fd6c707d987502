"""The client against the real application: data in, experiments, answers, files."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import numpy as np
import pandas
import polars
import pytest

from muscope.backend.client import AsyncClient, Client, Experiment, run_poc
from muscope.backend.errors import InvalidInput, RequestFailed, TimeIsUp
from tests.backend.client.conftest import PLAN, ROWS
from tests.backend.services.still_open import add_open

COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}


@pytest.fixture
def dataset(client):
    return client.upload(ROWS, "sales.csv", label="sold")


@pytest.fixture
def experiment(client, dataset):
    return client.create({"dataset_id": dataset.id, **PLAN})


@pytest.mark.parametrize(
    "source",
    [ROWS, COLUMNS, polars.DataFrame(COLUMNS), pandas.DataFrame(COLUMNS)],
    ids=["rows", "columns", "polars", "pandas"],
)
def test_a_table_arrives_whole_however_it_is_held(client, source):
    stored = client.upload(source, label="sold")

    assert stored.profile["label"] == "sold"
    assert stored.profile["num_rows"] == len(ROWS)
    assert stored.shape["num_train"] + stored.shape["num_val"] == len(ROWS)


def test_a_polars_table_and_a_pandas_table_have_names_that_say_their_format(client):
    named = [client.upload(kind(COLUMNS), label="size").name for kind in (polars.DataFrame, pandas.DataFrame)]

    assert all(name in {"table.parquet", "table.csv"} for name in named)


def test_two_arrays_become_a_dataset_of_images(client):
    images = np.arange(120 * 64, dtype=np.float32).reshape(120, 8, 8) % 17

    stored = client.upload((images, np.arange(120) % 3))

    assert stored.shape["task"] == "classification"
    assert stored.shape["num_outputs"] == 3


def test_a_file_keeps_its_name(client, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("size,sold\n" + "".join(f"{row['size']},{row['sold']}\n" for row in ROWS))

    assert client.upload(path, label="sold").name == "prices.csv"


@pytest.mark.parametrize(("source", "code"), [(3.5, "client.source"), ("no-such.csv", "client.file")])
def test_what_is_no_data_is_refused_before_anything_is_sent(client, source, code):
    with pytest.raises(InvalidInput, match=code):
        client.upload(source)


def test_a_dataset_is_listed_found_and_deleted(client):
    stored = client.upload([{"a": i * i, "b": i % 2} for i in range(50)], "gone.csv", label="b")

    assert stored.id in {each.id for each in client.list_datasets().datasets}
    assert client.get_dataset(stored.id) == stored
    client.delete_dataset(stored.id)
    with pytest.raises(RequestFailed) as refused:
        client.get_dataset(stored.id)
    assert (refused.value.code, refused.value.status) == ("dataset.not_found", 404)
    assert refused.value.sentence != refused.value.code


def test_a_plan_is_predicted_and_nothing_is_started(client, dataset):
    before = client.list_experiments().total

    plan = client.predict({"dataset_id": dataset.id, **PLAN})

    assert plan.num_runs == 2 * 2 * 2 * 2
    assert plan.predicted_seconds > 0
    assert [each["preset"] for each in client.list_presets({"dataset_id": dataset.id})] == [
        "quick",
        "standard",
        "thorough",
    ]
    assert client.list_experiments().total == before


def test_the_same_key_creates_one_experiment(client, dataset):
    key = str(uuid4())

    first, second = (client.create({"dataset_id": dataset.id, **PLAN}, key=key) for _ in range(2))

    assert first.id == second.id
    assert client.create({"dataset_id": dataset.id, **PLAN}).id != first.id


def test_a_waiting_reader_is_told_when_the_time_is_up(client, experiment):
    seen: list[Experiment] = []

    with pytest.raises(TimeIsUp):
        client.wait(experiment.id, timeout=0.0, on_progress=seen.append)

    assert [each.state for each in seen] == ["queued"]


def test_a_cancelled_experiment_ends_the_wait(client, experiment):
    client.cancel(experiment.id)

    ended = client.wait(experiment.id, timeout=0.0)

    assert (ended.state, ended.is_open) == ("cancelled", False)
    assert client.resume(experiment.id).is_open
    client.cancel(experiment.id)
    client.delete(experiment.id)
    with pytest.raises(RequestFailed, match=r"experiment\.not_found"):
        client.get(experiment.id)


def test_a_refusal_is_said_in_the_language_of_the_client(url):
    with Client(url, language="ja") as client, pytest.raises(RequestFailed) as refused:
        client.get(str(uuid4()))

    assert not refused.value.sentence.isascii()


def test_name_and_tags_are_changed(client, experiment):
    changed = client.label(experiment.id, name="Spring", tags=["shop"])

    assert (changed.name, changed.raw["tags"]) == ("Spring", ["shop"])


def test_a_finished_experiment_gives_its_verdict_figures_and_files(client):
    example = client.open_example()

    result = client.result(example.id)

    assert result.outcome == result.verdict.outcome == example.outcome
    assert result.verdict.spec_sha256 == example.spec_sha256
    assert [figure.name for figure in result.figures] == ["lr_loss", "cost_size"]
    assert client.results(example.id)["overall"]["outcome"] == example.outcome
    assert client.report(example.id, language="ja").startswith(b"<!doctype html>")
    assert client.export(example.id).count(b"\n") > 1000
    assert len(client.export_digest(example.id)) == 64
    cell = client.list_cells(example.id)[0]
    curve = client.curve(cell.id, "train_loss")
    assert len(curve.values) == len(curve.steps) > 0
    assert client.list_runs(example.id, limit=5)["total"] > 5


def test_an_open_answer_is_priced_and_goes_on(client, live):
    context = live.runtime.context
    open_id = str(add_open(context, context.database))

    verdict, price = client.verdict(open_id), client.price_settling(open_id, max_seeds=16)

    assert (verdict.outcome, verdict.can_settle) == ("inconclusive", True)
    assert verdict.more_seeds > 0
    assert (price.can_settle, price.max_seeds) == (True, 16)
    assert client.settle(open_id, max_seeds=16).state == "running"


@pytest.mark.parametrize("kind", [dict, polars.DataFrame, pandas.DataFrame])
def test_a_sweep_is_judged_however_it_is_held(client, kind):
    rows = [
        {"width": width, "lr": 2.0**power, "loss": 2.0 + 4.0 / width + 0.05 * (power + 3) ** 2}
        for width in (64, 128, 256)
        for power in range(-6, 1)
    ]
    rows[-1]["loss"] = float("nan")

    found = client.judge(kind({name: [row[name] for row in rows] for name in rows[0]}))

    assert found.num_rows == len(rows)
    assert found.outcome == client.judge(rows).outcome


def test_the_coroutines_answer_as_the_plain_calls_do(async_client: AsyncClient, client, dataset):
    async def ask():
        async with async_client:
            created = await async_client.create({"dataset_id": dataset.id, **PLAN})
            await async_client.cancel(created.id)
            ended = await async_client.wait(created.id, timeout=0.0)
            example = await async_client.open_example()
            return ended, await async_client.result(example.id)

    ended, result = asyncio.run(ask())

    assert ended == client.get(ended.id)
    assert result == client.result(result.experiment.id)


def test_one_call_goes_from_rows_to_a_result(client, monkeypatch):
    """No worker is here, so the experiment ends as its reader cancels it."""
    create = client.create

    def cancelled(plan, *, key=None):
        return client.cancel(create(plan, key=key).id)

    monkeypatch.setattr(client, "create", cancelled)

    result = run_poc(ROWS, label="sold", client=client, **PLAN)

    assert result.experiment.state == "cancelled"
    assert (result.outcome, result.experiment.num_runs) == ("inconclusive", 16)
