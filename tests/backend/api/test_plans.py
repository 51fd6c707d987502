"""Comparing the presets over REST."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

PRESETS = "/api/v1/plans/presets"


def _ask(client: httpx.Client, dataset: dict[str, Any], **wishes: Any) -> Any:
    reply = client.post(PRESETS, json={"dataset_id": dataset["id"], **wishes})
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_each_preset_is_priced_and_says_what_it_can_conclude(client: httpx.Client, dataset: dict[str, Any]):
    found = _ask(client, dataset, rate_per_hour=100, currency="USD")

    assert [item["preset"] for item in found["presets"]] == ["quick", "standard", "thorough"]
    for item in found["presets"]:
        expected, most = item["expected"], item["most"]
        assert expected["money"] == pytest.approx(expected["slot_seconds"] / 36)
        assert (expected["currency"], most["currency"]) == ("USD", "USD")
        assert 0 < expected["num_runs"] <= most["num_runs"]
        assert item["conclusions"]
    assert found["num_workers"] == 0


def test_without_a_rate_there_is_no_money(client: httpx.Client, dataset: dict[str, Any]):
    first = _ask(client, dataset)["presets"][0]["expected"]

    assert (first["money"], first["currency"]) == (None, None)


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        (None, None),
        ({"slot_seconds": 7200}, 7200),
        ({"money": 300, "rate_per_hour": 100}, 3 * 3600),
        ({"slot_seconds": 7200, "money": 100, "rate_per_hour": 100}, 3600),
    ],
)
def test_a_preset_says_what_the_budget_allows(
    budget: dict[str, float] | None, limit: float | None, client: httpx.Client, dataset: dict[str, Any]
):
    found = _ask(client, dataset, budget=budget)

    assert [item["limit_seconds"] for item in found["presets"]] == [limit] * 3


def test_wishes_hold_for_every_preset(client: httpx.Client, dataset: dict[str, Any]):
    found = _ask(client, dataset, widths=[8, 16])

    assert {tuple(item["spec"]["widths"]) for item in found["presets"]} == {(8, 16)}


def test_a_plan_of_a_preset_shows_what_is_expected_of_it(client: httpx.Client, dataset: dict[str, Any]):
    body = {"dataset_id": dataset["id"], "preset": "standard"}
    plan = client.post("/api/v1/experiments/preview", json=body).json()

    (standard,) = (item for item in _ask(client, dataset)["presets"] if item["preset"] == "standard")
    assert plan["spec"] == standard["spec"]
    assert plan["expected"] == standard["expected"]
    assert plan["predicted_seconds"] == standard["expected"]["wall_seconds"]


@pytest.mark.parametrize(
    ("budget", "field"),
    [
        ({"slot_seconds": 1e-3}, "budget.slot_seconds"),
        ({"money": 100}, "budget.rate_per_hour"),
        ({"slot_seconds": -3}, "budget.slot_seconds"),
    ],
)
def test_a_contradictory_budget_is_refused_by_name(
    budget: dict[str, float], field: str, client: httpx.Client, dataset: dict[str, Any]
):
    body = {"dataset_id": dataset["id"], "budget": budget}

    reply = client.post("/api/v1/experiments", json=body)

    assert reply.status_code == 400
    assert reply.json()["error"]["params"]["field"] == field
    assert field in reply.json()["error"]["message"]
