"""Commands about experiments against the real application."""

from __future__ import annotations

import json

import pytest
import yaml

from muscope.backend.cli import main
from muscope.backend.grammar.asking import EXIT_STATUS
from tests.backend.client.conftest import PLAN, ROWS
from tests.backend.services.still_open import add_open


@pytest.fixture
def folder(tmp_path):
    lines = ["size,colour,sold", *(f"{row['size']},{row['colour']},{row['sold']}" for row in ROWS)]
    (tmp_path / "sales.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def spec(folder):
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump({"data": {"file": "sales.csv", "label": "sold"}, **PLAN}))
    return str(path)


@pytest.fixture
def open_id(live):
    context = live.runtime.context
    return str(add_open(context, context.database))


@pytest.fixture
def example(client):
    return client.open_example()


def test_a_plan_of_yaml_starts_an_experiment_on_the_file_beside_it(typed, client, spec):
    status, out = typed("submit", spec)

    created = client.get(out.strip())
    assert status == 0
    assert (created.state, created.num_runs) == ("queued", 16)
    assert client.get_dataset(created.dataset_id).profile["label"] == "sold"


def test_a_plan_of_json_repeated_with_its_key_starts_nothing_new(told, client, folder):
    dataset = client.upload(ROWS, label="sold")
    path = folder / "plan.json"
    path.write_text(json.dumps({"dataset_id": dataset.id, **PLAN}))

    first, second = (told("submit", str(path), "--key", "ci-17") for _ in range(2))

    assert first["id"] == second["id"]
    assert len(first["spec_sha256"]) == 64


def test_a_plan_is_predicted_without_being_started(told, client, spec):
    before = client.list_experiments().total

    assert told("submit", spec, "--preview")["num_runs"] == 16
    assert client.list_experiments().total == before


def test_a_plan_may_name_a_built_in_example(told, folder, client):
    path = folder / "digits.yml"
    path.write_text(yaml.safe_dump({"data": {"example": "digits"}, **PLAN}))

    created = told("submit", str(path))

    assert client.get(created["id"]).raw["dataset"]["name"] == "digits"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("widths: [8]", "is no plan"),
        ("a: b: c", "cannot be read as a plan"),
        ("data: {label: x}", "names no data"),
        ("dataset_id: x\nwidht: 8", "“widht”"),
    ],
)
@pytest.mark.usefixtures("typed")
def test_a_plan_that_is_none_is_refused_with_a_sentence(folder, capsys, content, sentence):
    path = folder / "wrong.yaml"
    path.write_text(content)

    assert main(["submit", str(path)]) == 1
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.out == ""


def test_the_exit_status_says_the_answer(typed, example):
    status, out = typed("wait", example.id)

    assert status == EXIT_STATUS[example.outcome]
    assert len(out.splitlines()) == 3


def test_an_open_answer_names_how_many_seeds_would_settle_it(typed, open_id):
    status, out = typed("wait", open_id, "--json")
    said = typed("results", open_id)[1]

    found = json.loads(out)
    (step,) = found["next_steps"]
    assert (status, found["outcome"]) == (40, "inconclusive")
    assert (step["action"], step["experiment_id"]) == ("settle", open_id)
    assert step["more_seeds"] > 0
    assert len(found["spec_sha256"]) == 64
    assert f"muscope settle {open_id}" in said
    assert typed("wait", open_id, "--require", "does_not_transfer")[0] == 40


@pytest.mark.parametrize("required", ["transfers", "sharpness_drifts", "fine_tune", "does_not_transfer"])
@pytest.mark.parametrize("outcome", list(EXIT_STATUS))
def test_an_answer_as_good_as_required_passes(typed, client, example, monkeypatch, outcome, required):
    from dataclasses import replace

    from muscope.backend.client import Client

    verdict = replace(client.verdict(example.id), outcome=outcome)
    monkeypatch.setattr(Client, "verdict", lambda *_, **__: verdict)

    status, _ = typed("wait", example.id, "--require", required)

    order = list(EXIT_STATUS)
    assert (status == 0) == (order.index(outcome) <= order.index(required))
    assert status in {0, EXIT_STATUS[outcome]}


def test_time_that_is_up_is_an_error_and_the_experiment_goes_on(typed, client, spec, capsys):
    experiment_id = typed("submit", spec)[1].strip()

    assert main(["wait", experiment_id, "--timeout", "0"]) == 1
    assert experiment_id in capsys.readouterr().err
    assert client.get(experiment_id).is_open


def test_status_lists_experiments_and_shows_one(typed, told, spec):
    experiment_id = typed("submit", spec)[1].strip()

    assert experiment_id in typed("status")[1]
    assert "Queued" in typed("status", experiment_id)[1]
    assert told("status", experiment_id)["state"] == "queued"
    assert told("status")["items"][0]["id"] == experiment_id
    assert told("cancel", experiment_id)["state"] == "cancelled"
    assert told("resume", experiment_id)["state"] == "queued"
    assert told("cancel", experiment_id)["state"] == "cancelled"


def test_results_for_a_program_are_the_verdicts_of_all_scenarios(told, client, example):
    assert told("results", example.id) == client.results(example.id)


def test_settling_has_a_price_before_it_goes_on(told, typed, open_id):
    price = told("settle", open_id, "--max-seeds", "16", "--preview")

    assert (price["can_settle"], price["max_seeds"]) == (True, 16)
    assert "would take" in typed("settle", open_id, "--preview")[1]
    assert told("settle", open_id, "--max-seeds", "16")["state"] == "running"
    assert typed("settle", open_id, "--preview")[1].strip() != ""


@pytest.mark.parametrize(
    ("name", "file", "begins"),
    [
        ("report", "r.html", b"<!doctype html>"),
        ("report", "R.PDF", b"%PDF"),
        ("export", "e.tsv", b"as_given"),
    ],
)
def test_a_file_is_saved_where_it_is_wanted(typed, example, tmp_path, name, file, begins):
    path = tmp_path / file

    assert typed(name, example.id, "-o", str(path)) == (0, f"{path}\n")
    assert path.read_bytes().startswith(begins)


def test_every_point_is_saved_as_a_table(typed, example, client, tmp_path):
    path = tmp_path / "points.csv"

    typed("export", example.id, "--points", "csv", "-o", str(path))

    assert path.read_bytes() == client.points(example.id)
    assert client.points(example.id, "parquet").startswith(b"PAR1")


def test_an_experiment_leaves_as_one_file_and_comes_back_the_same(typed, told, example, client, tmp_path):
    path = tmp_path / "experiment.zip"

    typed("export", example.id, "--archive", "--without-data", "-o", str(path))
    copy = told("import", str(path))["id"]

    assert copy != example.id
    assert client.export_digest(copy) == client.export_digest(example.id)


@pytest.mark.usefixtures("typed")
def test_a_file_that_cannot_be_written_is_named(example, tmp_path, capsys):
    path = str(tmp_path / "none" / "e.tsv")

    assert main(["export", example.id, "-o", path]) == 1
    assert path in capsys.readouterr().err


def test_an_export_may_go_to_a_pipe(example, client, url, capfdbinary):
    assert main(["export", example.id, "-o", "-", "--server", url]) == 0
    assert capfdbinary.readouterr().out == client.export(example.id)
