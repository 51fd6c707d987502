"""Why an open answer cannot be settled, read over HTTP in both languages; nothing is run, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from muscope.backend.catalogue import LANGUAGES, text
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.schema.tables import ExperimentRow, VerdictRow
from muscope.backend.domain.spec.budget import Budget
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.context import Context
from tests.backend.db.stores import add_experiment
from tests.backend.services.judged import finish
from tests.backend.services.still_open import add_open, finish_open, open_spec, runs_of
from tests.backend.services.two_conductors import advance_twice_at_once

# One hundred a second, so that even a short batch has a price.
PER_HOUR = 360_000


@pytest.fixture
def context(server) -> Context:
    found: Context = server.runtime.context
    return found


def without_dataset(context: Context) -> UUID:
    found = add_open(context, context.database)
    context.blobs.delete(open_spec().dataset_sha256)
    return found


def under_old_rules(context: Context) -> UUID:
    found = add_open(context, context.database)
    with context.database.write() as session:
        row = session.query(VerdictRow).filter_by(experiment_id=found).one()
        row.id, row.rule_version, row.body = uuid4(), "4", row.body | {"rule_version": "4"}
    return found


def without_budget(context: Context) -> UUID:
    budget = Budget(slot_seconds=1e-3, rate_per_hour=PER_HOUR)
    return add_open(context, context.database, open_spec(budget=budget))


def settling_already(context: Context) -> UUID:
    """Return an experiment that another conductor settles."""
    found = add_open(context, context.database)
    with context.database.write() as session:
        experiment_rows.go_on(session.get_one(ExperimentRow, found), granted_seeds=16)
    return found


CASES: dict[str, Callable[[Context], UUID]] = {
    "dataset_deleted": without_dataset,
    "old_rules": under_old_rules,
    "budget_spent": without_budget,
    "already_running": settling_already,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CASES)
def test_a_refusal_says_why_in_the_readers_language_and_leaves_all_as_it_was(
    client: httpx.Client, context: Context, code: str, language: str
):
    experiment_id = CASES[code](context)
    route, headers = f"/api/v1/experiments/{experiment_id}", {"Accept-Language": language}
    before, runs = client.get(route).json(), runs_of(context.database, experiment_id)

    offer = client.get(f"{route}/settle").json()
    reply = client.post(f"{route}/settle", json={"max_seeds": 48}, headers=headers)

    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (409, f"settle.{code}")
    assert error["message"] == text(f"error.settle.{code}", language, **error["params"])
    assert before["name"] in error["message"]
    assert (offer["can_settle"], offer["reason"]) == (False, f"settle.{code}")
    after = client.get(route).json()
    assert (after["state"], after["outcome"]) == (before["state"], before["outcome"])
    assert runs_of(context.database, experiment_id) == runs


def test_a_spent_budget_is_told_with_the_price_of_the_next_runs(client: httpx.Client, context: Context):
    experiment_id = without_budget(context)

    offer = client.get(f"/api/v1/experiments/{experiment_id}/settle").json()
    error = client.post(f"/api/v1/experiments/{experiment_id}/settle", json={}).json()["error"]

    batch = offer["next_batch"]
    assert batch["num_runs"] == 10
    assert batch["money"] == pytest.approx(batch["slot_seconds"] * PER_HOUR / 3600)
    assert str(error["params"]["needed"]) in error["message"]
    assert error["params"]["needed"] >= batch["slot_seconds"] > error["params"]["left"]


def test_earlier_rules_are_settled_once_it_was_judged_again(client: httpx.Client, context: Context):
    route = f"/api/v1/experiments/{under_old_rules(context)}"

    assert client.post(f"{route}/verdicts", json={}).status_code in {200, 201}

    assert client.get(f"{route}/settle").json()["can_settle"]


def test_what_two_conductors_settle_is_run_once(client: httpx.Client, context: Context):
    experiment_id = add_open(context, context.database)
    assert client.post(f"/api/v1/experiments/{experiment_id}/settle", json={}).status_code == 202

    assert advance_twice_at_once(context) == []

    runs = runs_of(context.database, experiment_id)
    assert len(runs) == len(set(runs)) == 4 * 7 * 3 + 10
    finish_open(context.database, experiment_id)


def all_diverged(context: Context) -> UUID:
    """Return an ended experiment of which every run diverged."""
    experiment_id, cell_ids = add_experiment(context.database, open_spec())
    for cell_id in cell_ids:
        finish(context.database, cell_id, diverges=lambda *_: True)
    advance_experiments(context)
    return experiment_id


def test_where_every_run_diverged_no_number_is_told_and_nothing_is_offered(
    client: httpx.Client, context: Context
):
    route = f"/api/v1/experiments/{all_diverged(context)}"

    verdict = client.get(f"{route}/verdict").json()
    offer = client.get(f"{route}/settle").json()

    assert (verdict["outcome"], verdict["rule"]) == ("inconclusive", "nothing_learned")
    assert verdict["deciding"]["within"] is verdict["benefit"] is verdict["beyond"] is None
    assert list(_values(verdict["arm"]["sizes"])) == []
    assert (offer["can_settle"], offer["reason"]) == (False, "settle.not_open")


def _values(found: Any) -> list[float]:
    """List every estimate's value and every best rate below a part of a verdict."""
    if isinstance(found, list):
        return [value for each in found for value in _values(each)]
    if not isinstance(found, dict):
        return []
    own = [
        found[key]
        for key in ("value", "optimal_lr", "best_loss", "reused_loss")
        if found.get(key) is not None
    ]
    return own + [value for each in found.values() for value in _values(each)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_every_run_diverged_the_figure_says_so(client: httpx.Client, context: Context, language: str):
    route = f"/api/v1/experiments/{all_diverged(context)}/figures/lr_loss"

    drawn = client.get(route, headers={"Accept-Language": language}).json()

    assert text("figure.all_diverged", language) in json.dumps(drawn, ensure_ascii=False)
