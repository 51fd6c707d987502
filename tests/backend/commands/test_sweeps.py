"""Stored sweeps from the command line and from Python: whatever the page does with one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from muscope.backend.client import Client
from muscope.backend.client.choices import changed_choices
from muscope.backend.db.lists.sweeps import SweepOrder
from muscope.backend.errors import RequestFailed
from muscope.backend.grammar.asking import SWEEP_ORDERS
from tests.backend.sweeps.made import judged, sweep

ROWS = [
    {**row, "smooth_loss": row["loss"] + 0.001, "batch": batch}
    for row in sweep(widths=(128.0, 256.0), drift=-2.0)
    for batch in (32, 64)
]


def without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "sweep.csv"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(ROWS[0]))
        writer.writeheader()
        writer.writerows(ROWS)
    return file


def test_a_sweep_is_stored_asked_about_judged_again_and_deleted(typed, told, path, tmp_path):
    stored = typed("sweeps", "store", str(path))[1].strip()
    asked = typed("sweeps", "show", stored)
    chosen = typed("sweeps", "judge", stored, "--columns", "loss=smooth_loss", "--axis", "width")
    other = typed("sweeps", "judge", stored, "--axis", "batch")
    runs = told("sweeps", "runs", stored, "-o", str(tmp_path / "runs.csv"))
    report = told("sweeps", "report", stored, "-o", str(tmp_path / "report.html"))

    loss = without(ROWS, "smooth_loss")
    assert (asked[0], asked[1]) == (1, "")
    assert chosen[0] == judged(loss, axis="width").exit_code == 30
    assert other[0] == judged(loss, axis="batch").exit_code == 0
    assert "tokens" not in other[1]
    assert "lr" in (tmp_path / "runs.csv").read_text().splitlines()[0]
    assert "<svg" in (tmp_path / "report.html").read_text()
    assert report["num_bytes"] > runs["num_bytes"]
    assert stored in typed("sweeps", "list")[1]
    assert told("sweeps", "rename", stored, "Width and batch")["name"] == "Width and batch"
    sought = told("sweeps", "list", "--search", "BATCH width", "--outcome", "transfers", "--sort", "name")
    assert [each["id"] for each in sought] == [stored]
    assert told("sweeps", "list", "--search", "batch", "--outcome", "fine_tune") == []
    assert told("sweeps", "delete", stored) == {"id": stored}
    assert stored not in {each["id"] for each in told("sweeps", "list")}


def test_a_choice_stays_until_it_is_taken_back(client: Client):
    stored = client.store_sweep(without(ROWS, "smooth_loss"), "choices")

    narrowed = client.judge_again(stored.id, axis="width", law=None, initial_loss=11.0)
    renamed = client.rename_sweep(stored.id, "Spring")
    widened = client.judge_again(stored.id, axis=None)

    assert narrowed.answer is not None
    assert widened.answer is not None
    assert [axis["axis"] for axis in narrowed.answer["arms"][0]["axes"]] == ["width"]
    assert narrowed.answer["law"] is None
    assert (renamed.name, renamed.choices) == ("Spring", narrowed.choices)
    assert [axis["axis"] for axis in widened.answer["arms"][0]["axes"]] == ["width", "batch"]
    assert (widened.choices["law"], widened.choices["initial_loss"], widened.edition) == (None, 11.0, 3)


def test_a_table_comes_back_with_its_figures(client: Client, path: Path):
    path.write_text(path.read_text().replace("smooth_loss", "note"))
    stored = client.store_sweep(path, "with figures.csv")

    figure = client.sweep_figure(stored.id, "best_lr", axis=0)

    assert client.sweep_file(stored.id) == path.read_bytes()
    assert figure.content["data"]


def test_a_choice_that_the_server_does_not_know_is_refused_and_changes_nothing(client: Client):
    stored = client.store_sweep(without(ROWS, "smooth_loss"))

    with pytest.raises(RequestFailed) as refused:
        client.judge_again(stored.id, colour="red")

    assert refused.value.status in (400, 422)
    assert client.get_sweep(stored.id) == stored


def test_the_command_offers_every_order_that_the_server_knows():
    assert list(SWEEP_ORDERS) == [str(order) for order in SweepOrder]


def test_a_law_that_is_none_is_named(typed):
    status, _ = typed("sweeps", "judge", "3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11", "--law", "steep", "--json")

    assert status == 1


def test_a_role_is_given_up_by_the_column_that_had_it():
    stored = {"roles": {"a": "loss", "b": "label", "c": "lr"}, "arm": "mup", "axis": "width"}

    changed = changed_choices(stored, {"d": "loss", "e": "label"}, axis=None)

    assert changed["roles"] == {"b": "label", "c": "lr", "d": "loss", "e": "label"}
    assert (changed["arm"], changed["axis"]) == ("mup", None)
    assert json.dumps(stored["roles"]) == '{"a": "loss", "b": "label", "c": "lr"}'
